"""The GraphQL face: types, and what may be asked and done; no SQL and no rules.

context, guards, results     who asks; what it takes; what a mutation answers
limits, selection            what a document may be; what it asks for
tree, connections, straight  loading it level by level; pages of it; building the answer
values, words                money; enumerations with their words
nodes, errors                anything by its id; what is told when something goes wrong
households … scans           one file a noun
root                         the whole schema
"""
