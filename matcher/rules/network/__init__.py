"""Rules about several files that share a thing, a payee, a handler or an employer."""
