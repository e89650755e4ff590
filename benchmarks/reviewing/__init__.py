"""Reviewers at work at the same time."""
