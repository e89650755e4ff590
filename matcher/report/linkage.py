"""How well a linkage does, on one self-contained page of charts: thresholds, calibration, errors, look-alikes, weights.

Nothing of a person stands in it: pairs are numbered, and told by their levels and bits alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import polars as pl

from matcher import plan as plans
from matcher.comparing.levels import MISSING, NOT_NEEDED
from matcher.errors import InputRefused
from matcher.plan import Plan
from matcher.report import selfcontained
from matcher.report.selfcontained import Language
from matcher.scoring import model as models
from matcher.scoring.evaluation import Evaluation
from matcher.scoring.judging import Judged
from matcher.scoring.model import Model
from matcher.sources.contract import all_contracts

TITLE = ("关联质量", "How well records are linked")
TOLERANCE = 1e-4
"""Weights are kept with six decimals; what a model leaves unexplained beyond this is not its own."""

EXAMPLES = {"false": 6, "missed": 7, "strongest": 5, "threshold": 6, "weakest": 6}
"""How many pairs are shown of each kind, in the order in which they are chosen; a pair is shown once."""


@dataclass(frozen=True)
class Subject:
    """What was measured: the plan and the model that gave the links their weights."""

    plan: Plan
    model: Model

    @property
    def link_bits(self) -> float:
        """The weight from which on a pair may be linked."""
        return self.model.bits_for(self.plan.link if self.plan.link is not None else self.model.link_probability)

    @property
    def review_bits(self) -> float:
        """The weight from which on a pair is shown."""
        return self.model.bits_for(
            self.plan.review if self.plan.review is not None else self.model.review_probability
        )


@dataclass(frozen=True, slots=True)
class Bar:
    """One step of a waterfall: what a field's level adds, in bits.

    `kind`: prior, field, or rarity, what the value's own rarity adds to its level. `muted`: it agrees, and adds nothing
    because a field that contains it agrees too.
    """

    kind: Literal["prior", "field", "rarity"]
    field: str
    level: str
    bits: float
    muted: bool = False


def subject(out: Path, plan: Path | None = None, model: Path | None = None) -> Subject:
    """The plan and model of the links in OUT; without paths the scan's plan, and the plan's model.

    Raises InputRefused where OUT says that another model weighed its links, or the plan comes without one.
    """
    chosen = plans.load(plan)
    if model is None and chosen.model is None:
        raise InputRefused(
            "this plan comes without a model", file=plan, remedy="Name the model of the links with --model"
        )
    read = models.load(model if model is not None else chosen.model or "")
    summary = out / "summary.json"
    if summary.is_file():
        try:
            used = json.loads(summary.read_text(encoding="utf-8")).get("versions", {}).get("model")
        except (ValueError, AttributeError) as error:
            raise InputRefused("this is no summary of a scan", file=summary, remedy="Scan again") from error
        if used not in (None, read.version):
            raise InputRefused(
                f"its links were weighed by model {used}, and this is model {read.version}",
                file=summary,
                remedy="Name the model of the scan with --model",
            )
    return Subject(chosen, read)


def waterfall(levels: Mapping[str, str | None], weight_bits: float, subject: Subject) -> tuple[Bar, ...]:
    """The steps from the prior to the weight of a pair; they add up to it, but for the rounding of the weight.

    A level's rarity is not kept with the pair: it is what the other steps leave over.
    """
    bars = [Bar("prior", "", "", subject.model.prior_bits), *_fields(levels, subject)]
    rare = _rare(levels, subject)
    if rare:
        rest = Bar("rarity", " + ".join(rare), "", weight_bits - sum(bar.bits for bar in bars))
        bars.insert([bar.field for bar in bars].index(rare[-1]) + 1, rest)
    return tuple(bars)


def _fields(levels: Mapping[str, str | None], subject: Subject) -> list[Bar]:
    shown = {
        field.name: next((one for one in comparison.levels if one.name == levels.get(field.name)), MISSING)
        for field, comparison in zip(subject.plan.fields, subject.plan.comparisons, strict=True)
    }
    bars = []
    for field in subject.plan.fields:
        level = levels.get(field.name) or MISSING.name
        weight = subject.model.weights.get(field.name, {}).get(level)
        beside = shown[field.muted_beside] if field.muted_beside else MISSING
        muted = shown[field.name].agrees and beside.agrees and not beside.partly
        bars.append(Bar("field", field.name, level, weight.bits if weight and not muted else 0.0, muted))
    return bars


def _rare(levels: Mapping[str, str | None], subject: Subject) -> list[str]:
    """The fields whose level adds the rarity of the value."""
    weights = {name: subject.model.weights.get(name, {}).get(levels.get(name) or "") for name in subject.plan.names}
    return [name for name, weight in weights.items() if weight is not None and weight.rarity]


def write_page(path: Path, subject: Subject, judged: Judged, outcome: Evaluation, language: Language = "zh") -> None:
    """Writes the page, whole or not at all."""
    text = render(subject, judged, outcome, language)
    try:
        selfcontained.write(path, text)
    except OSError as error:
        raise InputRefused(
            f"the page cannot be written ({error.strerror})",
            file=path,
            remedy="Name a file in a folder that is there",
        ) from error


def render(subject: Subject, judged: Judged, outcome: Evaluation, language: Language = "zh") -> str:
    """The page as text. Raises InputRefused where the model does not explain the weights of the links."""
    return selfcontained.render("linkage", TITLE, content(subject, judged, outcome), language, shared=("drawing",))


def content(subject: Subject, judged: Judged, outcome: Evaluation) -> dict[str, Any]:
    """All that the page shows."""
    pairs = _patterns(judged.pairs, subject)
    figures = outcome.as_dict()
    return {
        "versions": {"plan": subject.plan.version, "model": subject.model.version},
        "prior_bits": subject.model.prior_bits,
        "link_bits": subject.link_bits,
        "review_bits": subject.review_bits,
        "slope": subject.model.slope,
        "intercept": subject.model.intercept,
        "titles": {contract.id: [contract.title_zh, contract.title_en] for contract in all_contracts()},
        **{
            section: figures[section] and [{"name": name, **entry} for name, entry in figures[section].items()]
            for section in ("links", "review", "findings", "slices", "lookalikes", "grades")
        },
        "curve": figures["curve"],
        "calibration": figures["calibration"],
        "weights": _weights(subject, pairs),
        "examples": _examples(pairs, subject),
    }


def _patterns(pairs: pl.DataFrame, subject: Subject) -> pl.DataFrame:
    """The pairs with `pattern`, their levels in one text, and `rest`, the bits that the levels alone do not explain."""
    if not isinstance(pairs.schema.get("levels"), pl.Struct):
        raise InputRefused(
            "the links do not hold the levels of their fields", remedy="Give them as the matcher wrote them"
        )
    pairs = pairs.with_columns(pattern=pl.col("levels").struct.json_encode())
    explained = []
    for pattern, levels in pairs.unique("pattern").select("pattern", "levels").iter_rows():
        bits = subject.model.prior_bits + sum(bar.bits for bar in _fields(levels, subject))
        rare = _rare(levels, subject)
        explained.append((pattern, bits, bool(rare), rare[0] if len(rare) == 1 else None))
    known = pl.DataFrame(
        explained,
        schema={"pattern": pl.String, "explained": pl.Float64, "rare": pl.Boolean, "rare_field": pl.String},
        orient="row",
    )
    pairs = pairs.join(known, on="pattern", how="left", maintain_order="left").with_columns(
        rest=pl.col("weight_bits") - pl.col("explained")
    )
    foreign = pl.when("rare").then(pl.col("rest") < -TOLERANCE).otherwise(pl.col("rest").abs() > TOLERANCE)
    if strange := len(pairs.filter(foreign)):
        raise InputRefused(
            f"model {subject.model.version} and plan {subject.plan.version} do not explain the weights of {strange:,} links",
            remedy="Name those that weighed them with --model and --plan",
        )
    return pairs


def _weights(subject: Subject, pairs: pl.DataFrame) -> list[dict[str, Any]]:
    """Every level's m and u by field; `typical` is the median of what the values' rarity added in these links."""
    usual: dict[tuple[str, str], float] = {}
    for name in subject.plan.names:
        rare = pairs.filter(pl.col("rare_field") == name)
        if not rare.is_empty():
            levels = rare.group_by(pl.col("levels").struct.field(name)).agg(pl.col("rest").median())
            usual |= {(name, level): rest for level, rest in levels.iter_rows()}
    fields = []
    for field, comparison in zip(subject.plan.fields, subject.plan.comparisons, strict=True):
        weights = subject.model.weights.get(field.name, {})
        fields.append(
            {
                "field": field.name,
                "muted_beside": field.muted_beside,
                "levels": [
                    {
                        "name": level.name,
                        "doc": level.doc,
                        "m": weights[level.name].m,
                        "u": weights[level.name].u,
                        "bits": weights[level.name].bits,
                        "rarity": weights[level.name].rarity,
                        "typical": usual.get((field.name, level.name)),
                    }
                    for level in comparison.graded
                    if level.name in weights
                ],
            }
        )
    return fields


def _examples(pairs: pl.DataFrame, subject: Subject) -> list[dict[str, Any]]:
    """Pairs worth looking at, no two of a kind with the same levels; by kind, then by weight."""
    # whether a field was not there or not needed makes no other picture
    pairs = pairs.with_columns(looks=pl.col("pattern").str.replace_all(NOT_NEEDED.name, MISSING.name, literal=True))
    linked, same = pl.col("decision") == "LINK", pl.col("same")
    distance = (pl.col("weight_bits") - subject.link_bits).abs()
    candidates = {
        "false": pairs.filter(~same).sort(~linked, -pl.col("weight_bits"), maintain_order=True),
        "missed": pairs.filter(same & ~linked),
        "strongest": pairs.filter(linked),
        "threshold": pairs.sort(distance, maintain_order=True),
        "weakest": pairs.filter(linked).reverse(),
    }
    shown: list[dict[str, Any]] = []
    taken = pairs.head(0).select("looks", "weight_bits")
    for why, count in EXAMPLES.items():
        chosen = (
            candidates[why]
            .join(taken, on=["looks", "weight_bits"], how="anti", maintain_order="left")
            .unique("looks", keep="first", maintain_order=True)
            .head(count)
        )
        taken = pl.concat([taken, chosen.select("looks", "weight_bits")])
        shown += [{"why": why, **_example(row, subject)} for row in chosen.iter_rows(named=True)]
    order = ("strongest", "weakest", "threshold", "missed", "false")
    return sorted(shown, key=lambda example: (order.index(example["why"]), -example["bits"]))


def _example(row: dict[str, Any], subject: Subject) -> dict[str, Any]:
    return {
        "decision": row["decision"],
        "grade": row.get("grade"),
        "same": row["same"],
        "relation": row["relation"],
        "bits": row["weight_bits"],
        "probability": row["probability"],
        "bars": [asdict(bar) for bar in waterfall(row["levels"], row["weight_bits"], subject)],
    }
