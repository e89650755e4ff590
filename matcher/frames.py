"""Named schemas of the tables that pass between the stages, one sentence each.

Dates are `pl.Date`; a month is the date of its first day; money is `Decimal(18, 2)` yuan; a probability is a share
of 1; a weight is in bits (log2 of m/u).
"""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl
from polars.datatypes import DataType, DataTypeClass

MONEY = pl.Decimal(18, 2)


def schema(columns: dict[str, DataType | DataTypeClass]) -> pl.Schema:
    """A schema whose column types may be mixed as freely as polars allows."""
    return pl.Schema(columns)


IDENTITY = schema(
    {
        "name": pl.String,
        "id_number": pl.String,
        "sex": pl.String,
        "birth_date": pl.Date,
        "phone": pl.String,
        "address": pl.String,
        "division_code": pl.String,
    }
)
"""Who a row is about, as the department wrote it: text untouched, sex MALE or FEMALE, birth date read."""

PAIRS = schema(
    {
        "applicant": pl.UInt32,  # row of the applicants' table
        "record": pl.UInt32,  # row of the batch
        "blocks": pl.UInt32,  # bit i: block i of the plan proposed the pair
        "weight_bits": pl.Float64,
        "probability": pl.Float64,
    }
)
"""Scored candidate pairs of one batch at or above the review threshold, with one level column a comparison."""

PROPOSED = schema({"applicant": pl.UInt32, "block": pl.UInt8, "records": pl.UInt64})
"""How many records a block proposed to an applicant, whether they were compared or not."""

FLOODED = schema({"person_id": pl.String, "source": pl.String, "block": pl.String, "records": pl.UInt64})
"""Applicants to whom a block proposed more records of a source than its cap: what only it proposed was left out."""


def links(fields: Iterable[str]) -> pl.Schema:
    """The links of a plan with these fields: every pair at or above the review threshold, sorted by all keys."""
    return schema(
        {
            "person_id": pl.String,
            "source": pl.String,
            "record_id": pl.String,
            "party": pl.String,
            "probability": pl.Float64,
            "weight_bits": pl.Float64,
            "grade": pl.String,
            "decision": pl.String,
            "levels": pl.Struct(dict.fromkeys(fields, pl.String)),
            "blocks": pl.List(pl.String),
        }
    )


EVIDENCE = pl.List(pl.Struct({"source": pl.String, "record_id": pl.String, "person_id": pl.String}))
EXCEPTIONS = pl.List(pl.Struct({"name": pl.String, "result": pl.String}))

FINDINGS = schema(
    {
        "finding_id": pl.String,
        "evidence_hash": pl.String,
        "rule_id": pl.String,
        "rule_version": pl.String,
        "household_id": pl.String,
        "person_ids": pl.List(pl.String),
        "severity": pl.String,
        "basis": pl.String,
        "grade": pl.String,
        "status": pl.String,
        "amount_low_yuan": MONEY,
        "amount_high_yuan": MONEY,
        "period_start": pl.Date,
        "period_end": pl.Date,
        "evidence": EVIDENCE,
        "exceptions": EXCEPTIONS,
        "explanation_zh": pl.String,
        "explanation_en": pl.String,
    }
)
"""One lead a row: what a rule noticed about a household, how sure we are of whom, and what would clear it."""

COVERAGE = schema(
    {
        "person_id": pl.String,
        "source": pl.String,
        "state": pl.String,
        "as_of": pl.Date,
    }
)
"""What each source said of each person: VALUE, NO_RECORD, NO_ANSWER, NOT_ASKED or NOT_AUTHORISED."""

REJECTS = schema(
    {
        "source": pl.String,
        "file": pl.String,
        "row_number": pl.Int64,
        "column": pl.String,
        "reason": pl.String,
        "raw_value": pl.String,
    }
)
"""Rows and values set aside, with the place they stand in and why; the value is masked."""
