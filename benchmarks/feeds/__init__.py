"""Reading a department's feed and holding it against its contract, beside polars' own read of the same file."""
