"""The GraphQL face: types, and what may be asked and done; no SQL and no rules.

context, guards, results     who asks; what it takes; what a mutation answers
sizes, selection             how long lists are; what a document asks for
tree, connections, straight  loading it level by level; pages of it; building the answer
filters, changes             what must hold of a list's rows; which row a change is for
values, scalars              money, divisions, days; how each is written
enumerations, words, levels  every enumerated value in two languages, for the schema and as data
nodes                        anything by its id
errors, catalogue            what is told when something goes wrong; the page of all codes
evolution                    how the schema changes
households … reads           one file a noun
root                         the whole schema
"""
