"""The report page with many leads: how large it is, how long it takes to write and to open."""
