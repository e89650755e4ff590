"""Everything that is held about a person, and who looked at it, for that person to read (PIPL 44-47).

`gathering` walks through every table that refers to people, members or households, as the foreign keys tell · `bounds`
what of a household is not for that person · `saying` what is left out and why, and what things are called · `page` the
whole as a page to be printed.
"""

from __future__ import annotations

from api.services.subject_access.gathering import Dossier, Section, gather
from api.services.subject_access.page import printed

__all__ = ["Dossier", "Section", "gather", "printed"]
