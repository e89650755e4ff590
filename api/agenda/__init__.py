"""The agenda pack of the joint meeting: the figures of a division on a day, as one page and as tables; nothing of any person.

pack        what is in it, and the digest by which two packs are known to be the same
gathering   reads the figures, by the loaders that answer GraphQL
pictures    shares and ratios as drawings that need no script
page        the page, in Chinese and English, for screens and for paper
tables      the same figures as tables for spreadsheets
"""
