"""Writes the shipped model's name frequencies from the name tables; the weights in the file are left as they are.

    python -m matcher.scoring.models.build

Until a model is trained on a loaded register, a given name's frequency is taken from the order of the table by Zipf's
law: half of the population bears characters for men, half for women.
"""

from __future__ import annotations

import json
from pathlib import Path

from matcher.identity import names

FILE = Path(__file__).parent / "persons-2.json"
ZIPF_EXPONENT = 0.75
LISTED_CHARACTERS_SHARE = 0.9
LISTED_WHOLE_SHARE = 0.10


def main() -> None:
    """Replaces `surnames`, `given_characters` and `given_names` in the model file."""
    model = json.loads(FILE.read_text(encoding="utf-8"))
    given = names.given_name_table()
    characters: dict[str, float] = {}
    for sex in ("men", "women"):
        for character, share in _zipf(given[sex], LISTED_CHARACTERS_SHARE / 2).items():
            characters[character] = characters.get(character, 0.0) + share
    model["name_frequency"]["surnames"] = {
        surname: round(share / 100, 7) for surname, share in names.surname_shares().items()
    }
    model["name_frequency"]["given_characters"] = {c: round(share, 6) for c, share in characters.items()}
    model["name_frequency"]["given_names"] = {
        name: round(share, 6) for name, share in _zipf(given["whole"], LISTED_WHOLE_SHARE).items()
    }
    FILE.write_text(json.dumps(model, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _zipf(ranked: tuple[str, ...], total: float) -> dict[str, float]:
    """Each item's share of `total`, falling with its rank."""
    weights = [(rank + 1) ** -ZIPF_EXPONENT for rank in range(len(ranked))]
    return {item: total * weight / sum(weights) for item, weight in zip(ranked, weights, strict=True)}


if __name__ == "__main__":
    main()
