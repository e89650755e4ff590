"""How alike two values are, as ordered levels: the first that holds is the one that counts."""
