"""What departments send: contracts, files opened in chunks, values read or set aside with the reason."""
