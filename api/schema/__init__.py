"""The GraphQL face: types, and what may be asked and done; no SQL and no rules.

context, guards, results     who asks; what it takes; what a mutation answers
selection, tree, connections what is asked for; loading it level by level; pages of it
values, words                money; enumerations with their words
households … scans           one file a noun
root                         the whole schema
"""
