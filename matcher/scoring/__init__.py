"""How much each level of agreement weighs, kept as numbers in one versioned file."""
