"""Side by side: what speaks for a link adds up, what a record says is kept from whom it is to be kept, and reading it is on record."""

from __future__ import annotations

import shutil
from typing import Any
from xml.etree import ElementTree

import pytest
from sqlalchemy import select, update

from api.database import transaction
from api.domain import days
from api.models import Finding, FindingPerson, Human, Member, Read, Scan
from tests.api.conftest import Service

BESIDE = """query ($id: ID!) { sideBySide(findingId: $id) {
  source titleZh asOf recordId decision grade probability weightBits person { id name }
  record { column titleZh unit value masked }
  waterfall { model linkBits reviewBits svg bars { kind field level bits total muted } } } }"""
LEADS = '{ findings(filter: {divisionCode: "410502"}, first: 100) { nodes { id reference evidence { source recordId } persons { id } } } }'


async def leads(service: Service) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await service.data(LEADS))["findings"]["nodes"]
    return [each for each in found if each["evidence"]]


async def beside(service: Service, lead: dict[str, Any], by: str = "reviewer") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await service.data(BESIDE, {"id": lead["id"]}, by=by))["sideBySide"]
    return found


async def told(service: Service) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A lead of which a record is told, with what stands beside."""
    for lead in await leads(service):
        found = await beside(service, lead)
        if any(each["record"] for each in found):
            return lead, found
    raise AssertionError("no lead rests on a linked record")


async def test_f13_every_record_stands_beside_its_person_and_what_speaks_for_it_adds_up(service: Service) -> None:
    seen = 0
    for lead in (await leads(service))[:12]:
        evidence = {(each["source"], each["recordId"]) for each in lead["evidence"]}
        people = {each["id"] for each in lead["persons"]}
        for each in await beside(service, lead):
            assert (each["source"], each["recordId"]) in evidence
            assert each["person"]["id"] in people
            bars = each["waterfall"]["bars"]
            assert bars[0]["kind"] == "prior"
            assert sum(bar["bits"] for bar in bars) == pytest.approx(each["weightBits"], abs=1e-4)
            assert bars[-1]["total"] == pytest.approx(each["weightBits"], abs=1e-4)
            assert each["waterfall"]["reviewBits"] <= each["waterfall"]["linkBits"]
            if each["decision"] == "LINK":
                assert each["weightBits"] >= each["waterfall"]["linkBits"] - 1e-4
            assert each["record"]
            assert each["asOf"]
            seen += 1
    assert seen > 5


async def test_the_picture_is_whole_and_tells_of_nobody(service: Service) -> None:
    _, found = await told(service)
    for each in found:
        picture = ElementTree.fromstring(each["waterfall"]["svg"])
        words = "".join(picture.itertext())
        assert len(picture.findall("{http://www.w3.org/2000/svg}rect")) == len(each["waterfall"]["bars"])
        assert each["person"]["name"] not in words
        assert each["recordId"] not in words
        for value in each["record"]:
            assert value["value"] is None or len(value["value"]) < 6 or value["value"] not in words


async def test_whoever_sees_masks_sees_no_personal_column_and_reading_is_on_record(service: Service) -> None:
    lead, whole = await told(service)
    masked = await beside(service, lead, by="auditor")
    assert [each["recordId"] for each in masked] == [each["recordId"] for each in whole]
    for mine, theirs in zip(whole, masked, strict=True):
        assert not any(value["masked"] for value in mine["record"])
        for open_value, value in zip(mine["record"], theirs["record"], strict=True):
            assert value["column"] == open_value["column"]
            assert value["value"] == (None if value["masked"] else open_value["value"])
    async with transaction(service.engine) as connection:
        read = (await connection.execute(select(Read).order_by(Read.id.desc()).limit(1))).one()
        key = service.vault.key("Finding", lead["id"])
        household = await connection.scalar(select(Finding.household_id).where(Finding.id == key))
        people = [*await connection.scalars(select(FindingPerson.member_id).where(FindingPerson.finding_id == key))]
    assert read.households == [household]
    assert set(read.people) <= set(people)
    assert read.people
    assert read.purpose


async def test_f29_what_a_record_says_of_protected_people_is_told_to_nobody_who_is_not_cleared(
    service: Service,
) -> None:
    lead, _ = await told(service)
    async with transaction(service.engine) as connection:
        persons = select(Member.person_id).where(Member.id == FindingPerson.member_id)
        of = persons.where(FindingPerson.finding_id == service.vault.key("Finding", lead["id"]))
        since = {"protected_since": days.today(service.now())}
        await connection.execute(update(Human).where(Human.id.in_(of)).values(since))
    found = await beside(service, lead)
    assert found
    assert all(each["record"] is None for each in found)


async def test_where_the_scan_left_nothing_any_more_the_record_is_unknown_and_the_levels_still_add_up(
    service: Service,
) -> None:
    lead, _ = await told(service)
    async with transaction(service.engine) as connection:
        scan = await connection.scalar(select(Scan.id).order_by(Scan.id.desc()).limit(1))
    shutil.rmtree(service.data_dir / "scans" / str(scan))
    for each in await beside(service, lead):
        assert each["record"] is None
        assert each["asOf"] is None
        assert each["waterfall"] is not None


async def test_who_answers_for_another_division_is_told_nothing(service: Service) -> None:
    lead, _ = await told(service)
    assert (await service.data(BESIDE, {"id": lead["id"]}, by="elsewhere"))["sideBySide"] == []
