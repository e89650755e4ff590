"""Linking FEBRL 4 and deduplicating FEBRL 3: the shipped example plans against Splink 5 with the same blocks."""
