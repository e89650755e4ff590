"""Findings of many rules together: what holds whatever the rule is."""

from __future__ import annotations

import dataclasses
import datetime as dt
import random
import re
from collections.abc import Callable
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matcher import frames
from matcher.errors import UsageError
from matcher.identity import numbers
from matcher.rules import book, finding
from matcher.rules.rule import OWN, SEVERITIES, Facts

Scene = Callable[..., Facts]

NAMES = ("张伟", "李娜", "张明", "王秀英")


def number(seventeen: str) -> str:
    return seventeen + numbers.check_character(seventeen)


def person(place: int, household: str, relation: str, birth: str, **other: Any) -> dict[str, Any]:
    written = birth.replace("-", "")
    return {
        "person_id": f"P{place}", "household_id": household, "relation": relation, "name": NAMES[place % 4],
        "id_number": number(f"410502{written}{place:03d}"), "birth_date": birth, "phone": "13800138000",
        "address": "人民大道12号", **other,
    }  # fmt: skip


def aid(who: str, programme: str, start: str, end: str | None = None, **other: Any) -> dict[str, Any]:
    return {
        "person_id": who, "programme": programme, "start_month": start, "end_month": end, "amount_yuan": 300,
        "division_code": "410502", "payee_account": "6222020200112233445", "payee_name": "张伟", **other,
    }  # fmt: skip


@pytest.fixture
def everything(scene: Scene) -> Facts:
    """Two households in which many rules find something."""
    home = {
        "household_id": "H1", "applied_on": "2023-03-01", "file_opened_on": "2023-04-01", "division_code": "410502",
        "declared_vehicles": 0, "declared_homes": 1, "declared_businesses": 0, "address": "人民大道12号",
        "payee_account": "6222020200112233445",
    }  # fmt: skip
    members = [
        person(1, "H1", "HEAD", "1970-01-01"), person(2, "H1", "CHILD", "2010-06-01"),
        person(3, "H1", "PARENT", "1940-02-02"), person(4, "H2", "HEAD", "1970-01-01"),
    ]  # fmt: skip
    flat = {"person_id": "P1", "use": "HOME", "status": "CURRENT", "property_address": "人民大道12号3号楼"}
    return scene(
        [home, {**home, "household_id": "H2", "file_opened_on": "2024-01-10", "declared_vehicles": None}],
        members,
        same_person=[("P1", "P4")],
        deaths=[{"person_id": "P3", "death_date": "2024-05-20", "register": "POLICE"}],
        business=[
            {"person_id": "P1", "uscc": "91410500MA12345678", "company_name": "张伟小吃店", "role": "OWNER",
             "status": "LIVE", "established_on": "2018-01-01", "turnover_yuan": 90000, "employees": 2},
        ],
        marriage=[
            {"person_id": "P1", "party": "A", "event": "MARRIED", "event_date": "1995-10-01",
             "certificate_no": "J410502-1995-001234", "b_name": "赵敏", "b_id_number": number("41050219720505002")},
        ],
        real_estate=[
            {**flat, "unit_no": "410502001001GB00001F00010001", "acquired_on": "2010-01-01"},
            {**flat, "unit_no": "410502001001GB00001F00020002", "acquired_on": "2015-01-01"},
        ],
        vehicles=[
            {"person_id": "P1", "plate": "豫E12345", "vehicle_kind": "CAR", "registered_on": "2020-05-06", "status": "ACTIVE"},
            {"person_id": "P3", "plate": "豫E54321", "vehicle_kind": "VAN", "registered_on": "2021-05-06", "status": None},
        ],
        aid=[
            aid("P1", "DIBAO", "2023-05"), aid("P1", "DIBAO", "2024-06", division_code="410581"),
            aid("P3", "TEKUN", "2023-05"), aid("P3", "DIBAO", "2024-01", "2024-03"),
            aid("P1", "UI_BENEFIT", "2024-01", "2024-06"), aid("P1", "PUBLIC_WELFARE_POST", "2024-04"),
            aid("P1", "TEMPORARY_AID", "2024-07", "2024-07", amount_yuan=None),
        ],
        school=[{"person_id": "P2", "school": "市一中", "term_start": "2024-09-01", "status": "ENROLLED"}],
    )  # fmt: skip


def found(facts: Facts) -> pl.DataFrame:
    return finding.run(facts, book.BOOK)


def shuffled(facts: Facts, seed: int) -> Facts:
    def mix(frame: pl.DataFrame) -> pl.DataFrame:
        return frame.sample(fraction=1.0, shuffle=True, seed=seed)

    sources = list(facts.linked)
    random.Random(seed).shuffle(sources)
    return dataclasses.replace(
        facts,
        households=mix(facts.households),
        members=mix(facts.members),
        same_person=mix(facts.same_person),
        linked={source: mix(facts.linked[source]) for source in sources},
    )


def test_rules_speak_once_in_the_frame_that_is_promised(everything: Facts) -> None:
    findings = found(everything)
    assert findings.schema == frames.FINDINGS
    assert {"P01", "P05", "P11", "H01", "H04", "H05", "C02", "C06", "U04"} <= set(findings.get_column("rule_id"))
    assert findings.get_column("finding_id").is_unique().all()
    assert set(findings.get_column("status")) == {"LEAD"}
    assert findings.equals(findings.sort("rule_id", "household_id", "finding_id"))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10_000))
def test_the_order_of_rows_changes_nothing(everything: Facts, seed: int) -> None:
    assert found(shuffled(everything, seed)).equals(found(everything))


def test_an_unrelated_household_changes_nothing(scene: Scene, everything: Facts) -> None:
    other = scene(
        [{"household_id": "H8", "file_opened_on": "2022-01-01", "declared_vehicles": 0}],
        [person(8, "H8", "HEAD", "1980-08-08")],
        vehicles=[{"person_id": "P8", "plate": "豫E88888", "vehicle_kind": "CAR", "registered_on": "2020-05-06"}],
        aid=[aid("P8", "LIVING_SUBSIDY", "2023-05")],
    )
    linked = {
        source: pl.concat([frame, other.linked[source].with_columns(record_id=pl.col("record_id") + "-8")])
        if source in other.linked
        else frame
        for source, frame in everything.linked.items()
    }
    both = dataclasses.replace(
        everything,
        households=pl.concat([everything.households, other.households]),
        members=pl.concat([everything.members, other.members]),
        linked=linked,
    )
    assert found(both).filter(pl.col("household_id") != "H8").equals(found(everything))
    assert found(both).filter(pl.col("household_id") == "H8").get_column("rule_id").to_list() == ["H05"]


def test_two_rows_without_identifiers_are_two_things(scene: Scene) -> None:
    """Nulls never equal nulls: no plate, no certificate and no credit code join two households or two records."""
    home = {"file_opened_on": "2022-01-01", "declared_vehicles": 0, "declared_homes": 0, "declared_businesses": 0}
    rows: dict[str, dict[str, Any]] = {
        "vehicles": {"vehicle_kind": "CAR"},
        "real_estate": {"use": "HOME"},
        "business": {"role": "OWNER", "employees": 1, "established_on": "2010-01-01", "status": "LIVE"},
        "marriage": {"party": "A", "event": "MARRIED", "event_date": "2000-01-01"},
        "aid": {"programme": "DIBAO"},
        "deaths": {"death_date": "2024-01-01"},
        "school": {},
    }
    facts = scene(
        [{**home, "household_id": "H1"}, {**home, "household_id": "H2"}],
        [{"person_id": "P1", "household_id": "H1"}, {"person_id": "P2", "household_id": "H2"}],
        **{
            source: [{**row, "person_id": who} for who in ("P1", "P2") for _ in range(2)]
            for source, row in rows.items()
        },
    )
    counts = dict(found(facts).group_by("rule_id").len().iter_rows())
    assert counts == {"H01": 2, "H04": 2, "H05": 2, "P11": 4}


def test_the_amount_is_never_above_what_was_paid(everything: Facts) -> None:
    aid_rows = everything.linked["aid"].with_columns(
        end=pl.coalesce("end_month", pl.lit(dt.date(2024, 12, 1))), yuan=pl.col("amount_yuan").fill_null(0)
    )
    paid = sum(
        row["yuan"]
        * ((row["end"].year - row["start_month"].year) * 12 + row["end"].month - row["start_month"].month + 1)
        for row in aid_rows.iter_rows(named=True)
    )
    findings = found(everything)
    assert (findings.get_column("amount_low_yuan") <= findings.get_column("amount_high_yuan")).all()
    assert 0 < max(findings.get_column("amount_high_yuan").to_list()) <= paid


@pytest.mark.parametrize(("grade", "most"), [("G1", "HIGH"), ("G2", "HIGH"), ("G4", "MEDIUM"), ("G5", "LOW")])
def test_a_weak_link_makes_a_weak_lead(everything: Facts, grade: str, most: str) -> None:
    weaker = {source: frame.with_columns(grade=pl.lit(grade)) for source, frame in everything.linked.items()}
    findings = found(dataclasses.replace(everything, linked=weaker)).filter(pl.col("rule_id") != "P05")
    seen = findings.get_column("severity").unique().to_list()
    assert max(map(SEVERITIES.index, seen)) == SEVERITIES.index(most)
    assert set(findings.get_column("grade")) == {grade}
    assert ("P01" in findings.get_column("rule_id")) == (grade in ("G1", "G2"))


def test_a_stale_feed_informs_only(everything: Facts) -> None:
    old = {source: dataclasses.replace(feed, stale=True) for source, feed in everything.feeds.items()}
    findings = found(dataclasses.replace(everything, feeds=old)).filter(pl.col("rule_id") != "P05")
    assert set(findings.get_column("severity")) == {"INFO"}


def test_a_rule_is_silent_where_its_source_was_not_asked(everything: Facts) -> None:
    for rule in book.BOOK:
        for source in set(rule.inputs) - set(OWN):
            rest = {name: frame for name, frame in everything.linked.items() if name != source}
            assert finding.run(dataclasses.replace(everything, linked=rest), [rule]).is_empty()


def test_no_facts_no_findings(everything: Facts) -> None:
    nothing = {source: frame.clear() for source, frame in everything.linked.items()}
    facts = dataclasses.replace(everything, linked=nothing, same_person=everything.same_person.clear())
    assert found(facts).is_empty()
    assert found(facts).schema == frames.FINDINGS


def test_the_id_stays_and_the_hash_follows_the_evidence(everything: Facts) -> None:
    def identity(facts: Facts, rule_id: str) -> list[tuple[str, str]]:
        return found(facts).filter(pl.col("rule_id") == rule_id).select("finding_id", "evidence_hash").rows()

    changed = everything.linked["vehicles"].with_columns(content=pl.col("content") + "x")
    facts = dataclasses.replace(everything, linked={**everything.linked, "vehicles": changed})
    before, after = identity(everything, "H05"), identity(facts, "H05")
    assert [row[0] for row in before] == [row[0] for row in after]
    assert {row[1] for row in before}.isdisjoint(row[1] for row in after)
    assert identity(facts, "H04") == identity(everything, "H04")
    later = dataclasses.replace(
        everything, households=everything.households.with_columns(file_opened_on=dt.date(2024, 2, 1))
    )
    (old,), (new,) = identity(everything, "P05"), identity(later, "P05")
    assert (old[0], old[1] != new[1]) == (new[0], True)


FORBIDDEN = re.compile(r"嫌疑|欺诈|骗子|诈骗|fraud|suspect|crimin", re.I)


def test_explanations_are_complete_and_name_nobody(everything: Facts) -> None:
    secrets = [
        *everything.members.select("name", "id_number", "phone", "address").unpivot().get_column("value").drop_nulls(),
        "赵敏", "410502197205050", "6222020200112233445", "张伟小吃店", "人民大道", "豫E12345", "91410500MA12345678",
        "410502001001GB00001F00010001", "J410502-1995-001234",
    ]  # fmt: skip
    for row in found(everything).iter_rows(named=True):
        (rule,) = book.chosen((row["rule_id"],), everything.as_of)
        for text, title, lead in (
            (row["explanation_zh"], rule.title_zh, "疑点"),
            (row["explanation_en"], rule.title_en, "lead"),
        ):
            assert rule.id in text
            assert title in text
            assert lead in text
            assert rule.basis in text
            assert "2024-12-31" in text or row["rule_id"] == "P05"
            assert "{" not in text
            assert "None" not in text
            assert not FORBIDDEN.search(text)
            assert not [secret for secret in secrets if secret in text]
        for name, result in ((each["name"], each["result"]) for each in row["exceptions"]):
            assert result in ("NO", "UNKNOWN")
            assert rule.exceptions[name][0] in row["explanation_zh"]
            assert rule.exceptions[name][1] in row["explanation_en"]


def test_a_source_without_a_date_says_so(everything: Facts) -> None:
    undated = {source: dataclasses.replace(feed, as_of=None) for source, feed in everything.feeds.items()}
    (row,) = finding.run(
        dataclasses.replace(everything, feeds=undated), book.chosen(("H01",), everything.as_of)
    ).to_dicts()
    assert "日期未注明" in row["explanation_zh"]
    assert "date not stated" in row["explanation_en"]


def test_the_book_is_a_list_of_distinct_rules() -> None:
    ids = [rule.id for rule in book.BOOK]
    assert len(set(ids)) == len(ids)
    assert [rule.id for rule in book.chosen(("H05", "P01"), dt.date(2024, 1, 1))] == ["H05", "P01"]
    assert book.chosen((), dt.date(1990, 1, 1)) == ()
    with pytest.raises(UsageError, match="X99"):
        book.chosen(("X99",), dt.date(2024, 1, 1))
