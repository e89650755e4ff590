"""Rules about one person."""
