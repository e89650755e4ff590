"""What is kept no longer than its time (F-26): a class a table (`classes`), a clock a class (`clocks`), and what goes then.

`households` whole, with everything that refers to them · `leads` that were cleared, but for a minimal record · `extracts`
of departments, and what scans wrote, `sweeping` files whose rows are gone · `traces`: reads on record, tokens, jobs · `holds` what stops a clock · `running` all
of it, some at a time.
"""

from __future__ import annotations

from api.services.retention.running import Outcome, chore, run
from api.services.retention.sweeping import sweep

__all__ = ["Outcome", "chore", "run", "sweep"]
