"""One linking task, given to the kernel and to Splink alike."""
