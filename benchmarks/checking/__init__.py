"""The live check over HTTP, at ten million indexed records."""
