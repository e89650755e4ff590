"""Commands of `jiekun` that belong together, one noun or two a file."""
