"""What a scan tells people: files, a summary, and tables on a terminal."""
