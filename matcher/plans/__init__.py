"""Linkage plans that are shipped: `persons` for Chinese applicants, others as examples for any tables."""
