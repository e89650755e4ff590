"""The one door to the matcher: scans run as a subprocess that sees a folder and nothing of ours.

scans       runs the matcher's commands and tells their progress
desk        households checked at once, in a process apart
folders     reads the register and the feeds of a folder, and lays out the folder that a scan works on
outputs     what a scan found, in batches
sent        a batch that a department sends alone, and what came of its check
doubts      what of a batch goes back to its department, in words
withdrawals why a lead that an earlier scan raised does not stand in a later one
reference   programmes, departments and rules, as the matcher publishes them
identity    the normal forms by which a person is found
income      the test for leaving hardship, and months
policy      dated values by division, the city's own before the shipped ones
compatibility  how aid stands to other aid, month by month
catalogue   programmes as they are in force here, the city's own entries before the shipped ones
"""

from api.matching.scans import MatcherFailed, Progress, Step, kept, program_hash, run, scan, validate
from api.matching.withdrawals import withdrawn
from matcher.errors import InputRefused, MatcherError

__all__ = [
    "InputRefused",
    "MatcherError",
    "MatcherFailed",
    "Progress",
    "Step",
    "kept",
    "program_hash",
    "run",
    "scan",
    "validate",
    "withdrawn",
]
