"""What is planted: for every rule a few true leads, and beside them innocents that look alike."""
