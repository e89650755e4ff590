"""What of an act's detail is shown to nobody, by whichever door it is asked for."""

from __future__ import annotations

LEFT_OUT = frozenset({"cause", "scans", "sha256"})
"""An illness and what a paper is known by, which older rows of the chain still hold; and rows by their keys."""
