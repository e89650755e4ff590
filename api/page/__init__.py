"""GraphiQL and worked examples, served from the package: built from page/, so that a newcomer needs no npm."""
