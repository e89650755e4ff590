"""All rules together beside the linkage of the same scan, and what each rule takes.

    JIEKUN_BENCH_HOUSEHOLDS=35000 JIEKUN_BENCH_RECORDS=10000000 python -m pytest benchmarks/test_rules.py -s -o python_files="test_*.py"

JIEKUN_BENCH_CITY names a city that is there already. Whole processes; JIEKUN_BENCH_ROUNDS scans, of which the medians are told.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

from matcher.synthetic.city import write_city

HOUSEHOLDS = int(os.environ.get("JIEKUN_BENCH_HOUSEHOLDS", "5000"))
RECORDS = int(os.environ.get("JIEKUN_BENCH_RECORDS", "600000"))
ROUNDS = int(os.environ.get("JIEKUN_BENCH_ROUNDS", "3"))
SLOWEST = 12


def test_rules_beside_the_linkage(tmp_path: Path) -> None:
    city = Path(os.environ.get("JIEKUN_BENCH_CITY", tmp_path / "city"))
    if not city.exists():
        write_city(city, households=HOUSEHOLDS, records=RECORDS, seed=int.from_bytes(os.urandom(2), "big"))
    scans = [_scan(city, tmp_path / f"out{turn}") for turn in range(ROUNDS)]
    stages = {
        stage: median(scan["timings_seconds"][stage] for scan in scans) for stage in scans[0]["timings_seconds"]
    }
    linkage = stages["match"] + stages["link"]
    first = scans[0]
    rows = sum(source["rows_in"] for source in first["sources"].values())
    by_rule = {rule: median(scan["rules"][rule]["seconds"] for scan in scans) for rule in first["rules"]}
    lines = [
        f"{first['persons']:,} applicants × {rows:,} rows",
        f"{first['findings']['total']:,} leads; peak {max(scan['peak_memory_bytes'] for scan in scans) >> 20:,} MiB",
        " · ".join(f"{stage} {seconds:.1f} s" for stage, seconds in stages.items()),
        f"rules {stages['rules']:.1f} s against linkage {linkage:.1f} s: {stages['rules'] / linkage:.2f} ×",
        *(
            f"{rule} {seconds:6.2f} s {first['rules'][rule]['findings']:>8,} leads"
            for rule, seconds in sorted(by_rule.items(), key=lambda each: -each[1])[:SLOWEST]
        ),
    ]
    sys.stdout.write("\n" + "\n".join(lines) + "\n")


def _scan(city: Path, out: Path) -> dict[str, Any]:
    subprocess.run(
        [sys.executable, "-m", "matcher", "scan", city, "--out", out, "--quiet"],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    told: dict[str, Any] = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    return told
