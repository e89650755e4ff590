"""Record linkage and rules for Chinese social assistance: department files go in, explained leads come out."""

__version__ = "0.1.0"
