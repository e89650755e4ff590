"""A model fitted to tables: what chance gives, what one person gives, how common values are, and what a weight is worth."""
