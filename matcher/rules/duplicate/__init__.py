"""Rules about aid that is granted twice or beside what excludes it."""
