"""The one door to the matcher: scans run as a subprocess that sees a folder and nothing of ours."""

from api.matching.scans import MatcherFailed, program_hash, run

__all__ = ["MatcherFailed", "program_hash", "run"]
