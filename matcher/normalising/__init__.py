"""One kind of value a file, a column at a time; `people` runs a whole row through all of them."""
