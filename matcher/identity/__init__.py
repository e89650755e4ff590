"""The shared vocabulary: what a citizen number, a name, a division, a month and a programme are."""
