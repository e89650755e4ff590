"""Everybody else: the records of citizens who never applied, a block of families at a time, in flat memory."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import numpy as np
import polars as pl

from matcher.frames import MONEY
from matcher.synthetic import places
from matcher.synthetic.families import families
from matcher.synthetic.households import IDENTITY
from matcher.synthetic.numbering import Issuer

PEOPLE_A_FAMILY = 2.8
SHARES: Mapping[str, float] = {
    "population": 1.0,
    "social_insurance": 0.62,
    "real_estate": 0.34,
    "vehicles": 0.22,
    "school": 0.15,
    "marriage": 0.12,
    "aid": 0.12,
    "business": 0.09,
    "deaths": 0.04,
}
"""Records of each source for one citizen."""


def families_needed(records: int) -> int:
    """How many families yield about so many records."""
    return max(1, round(records / sum(SHARES.values()) / PEOPLE_A_FAMILY))


def block(
    rng: np.random.Generator, issuer: Issuer, count: int, first_family: int, as_of: dt.date
) -> dict[str, pl.DataFrame]:
    """The records of `count` families by source, identity columns clean."""
    people = families(rng, issuer, count, first_family, as_of)
    frames = {}
    for source, share in SHARES.items():
        if source == "marriage":
            frames[source] = _marriages(rng, people, as_of)
            continue
        chosen = people if share == 1 else people.filter(pl.Series(rng.random(len(people)) < share))
        frames[source] = chosen.select(IDENTITY).with_columns(**_columns(rng, source, chosen, as_of))
    return frames


def _columns(rng: np.random.Generator, source: str, people: pl.DataFrame, as_of: dt.date) -> dict[str, pl.Series]:
    n = len(people)

    def pick(*values: str | None, p: tuple[float, ...] | None = None) -> pl.Series:
        return pl.Series(values, dtype=pl.String).gather(rng.choice(len(values), n, p=p))

    def days(low: int, high: int) -> pl.Series:
        zero = (as_of - dt.date(1970, 1, 1)).days
        return pl.Series(zero - rng.integers(low, high, n)).cast(pl.Int32).cast(pl.Date)

    def month(low: int, high: int) -> pl.Series:
        return days(low * 30, high * 30).dt.strftime("%Y-%m")

    def money(low: int, high: int) -> pl.Series:
        return pl.Series(rng.integers(low, high, n)).cast(MONEY)

    def code(prefix: str, digits: int) -> pl.Series:
        return prefix + pl.Series(rng.integers(10 ** (digits - 1), 10**digits, n)).cast(pl.String)

    match source:
        case "population":
            return {
                "household_no": "HK" + people.get_column("family").cast(pl.String),
                "relation_to_head": people.get_column("relation"),
                "status": pick("ACTIVE", "DECEASED", "MOVED_OUT", "CANCELLED", p=(0.96, 0.02, 0.015, 0.005)),
            }
        case "social_insurance":
            return {
                "kind": pick("EMPLOYEE_PENSION", "RESIDENT_PENSION", "MEDICAL", "UNEMPLOYMENT"),
                "payer": pick("EMPLOYER", "FLEXIBLE", "RESIDENT"),
                "status": pick("PAYING", "DRAWING", "PAUSED", "ENDED", p=(0.6, 0.2, 0.12, 0.08)),
                "employer_uscc": code("91410500MA", 8),
                "wage_base_yuan": money(2200, 9000),
                "start_month": month(14, 200),
            }
        case "real_estate":
            return {
                "certificate_no": code("豫2019安阳市不动产权第", 7),
                "unit_no": code("410503", 10),
                "use": pick("HOME", "SHOP", "OFFICE", "PARKING", "OTHER", p=(0.78, 0.06, 0.03, 0.1, 0.03)),
                "area_m2": pl.Series(rng.integers(20, 180, n)).cast(pl.Float64),
                "property_address": people.get_column("address"),
                "status": pick("CURRENT", "HISTORIC", "PRESALE", p=(0.8, 0.15, 0.05)),
                "acquired_on": days(60, 9000),
            }
        case "vehicles":
            return {
                "plate": code("豫E", 5),
                "vin": code("LSV", 14),
                "vehicle_kind": pick(
                    "CAR", "VAN", "TRUCK", "MOTORCYCLE", "TRICYCLE", p=(0.7, 0.06, 0.06, 0.15, 0.03)
                ),
                "value_yuan": money(8_000, 250_000),
                "registered_on": days(30, 5500),
                "status": pick(
                    "ACTIVE", "TRANSFERRED", "SCRAPPED", "CANCELLED", "STOLEN", p=(0.84, 0.1, 0.03, 0.02, 0.01)
                ),
            }
        case "school":
            return {
                "school": "安阳市" + pick(*places.SCHOOLS),
                "stage": pick("小学", "中学", "高中", "大学"),
                "term_start": pick("2024-09-01", "2023-09-01").str.to_date(),
                "status": pick("ENROLLED", "GRADUATED", "SUSPENDED", p=(0.9, 0.08, 0.02)),
                "fee_yuan": money(0, 5000),
            }
        case "aid":
            return {
                "programme": pick("DIBAO", "TEKUN", "TEMPORARY_AID", "MEDICAL_AID", "STATE_STUDENT_AID"),
                "agency": pick("民政局", "医疗保障局", "教育局"),
                "start_month": month(2, 40),
                "end_month": pick("2024-12", None),
                "amount_yuan": money(200, 1500),
            }
        case "business":
            return {
                "uscc": code("92410502MA", 8),
                "company_name": "安阳市" + pick(*places.EMPLOYERS),
                "role": pick("LEGAL_REPRESENTATIVE", "OWNER", "SHAREHOLDER", "SUPERVISOR", "COOP_MEMBER"),
                "share_percent": pl.Series(rng.integers(1, 100, n)).cast(pl.Float64),
                "status": pick("LIVE", "DEREGISTERED", "REVOKED", p=(0.7, 0.25, 0.05)),
                "established_on": days(60, 6000),
                "turnover_yuan": money(0, 900_000),
                "employees": pl.Series(rng.integers(0, 20, n)),
            }
        case _:
            return {"death_date": days(1, 3000), "register": pick("POLICE", "CREMATION", "HOSPITAL")}


def _marriages(rng: np.random.Generator, people: pl.DataFrame, as_of: dt.date) -> pl.DataFrame:
    """Couples of the block, each with one event."""
    columns = ["name", "id_number", "birth_date"]
    heads = people.filter(pl.col("relation") == "HEAD").select("family", "sex", *columns)
    couples = heads.join(
        people.filter(pl.col("relation") == "SPOUSE").select("family", "sex", *columns), on="family", suffix="_other"
    )
    couples = couples.filter(pl.Series(rng.random(len(couples)) < SHARES["marriage"] * 4))
    man_first = pl.col("sex") == "MALE"
    sides = [
        pl.when(man_first == first).then(column).otherwise(f"{column}_other").alias(f"{side}_{column}")
        for side, first in (("a", True), ("b", False))
        for column in columns
    ]
    n = len(couples)
    zero = (as_of - dt.date(1970, 1, 1)).days
    return couples.select(
        pl.Series("certificate_no", rng.integers(10**8, 10**9, n)).cast(pl.String),
        pl.Series("event", ["MARRIED", "DIVORCED"]).gather((rng.random(n) < 0.2).astype(np.int64)),
        pl.Series("event_date", zero - rng.integers(100, 12_000, n)).cast(pl.Int32).cast(pl.Date),
        *sides,
    )
