"""What is done, one noun a file; each runs in the caller's transaction, and none commits."""
