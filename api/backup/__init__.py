"""Backups: the database and the files beside it in one sealed file, and back again."""
