"""The shipped models, one JSON a version."""
