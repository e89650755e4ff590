"""What every operation passes before anything is resolved: its form, its size, its cost, and who may send it.

asked       what a request asks for, read strictly
shape       how large a document is, before its meaning is known
weight      what an operation may cost, by the sizes of its lists
variables   within their limits, and of their types
documents   parsed, validated and weighed once, whoever sends it
trusted     documents that clients have registered
bucket      what a client may still ask for
passage     the whole way: from what is asked to what is answered
"""
