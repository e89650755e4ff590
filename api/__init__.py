"""The service: households, programmes, findings and their review; it reaches the matcher through one door."""
