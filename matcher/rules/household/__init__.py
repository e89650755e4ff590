"""Rules about a household as a whole."""
