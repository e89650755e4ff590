"""Characters, readings, variants and names as tables; built by `build`, or written by hand with their sources."""
