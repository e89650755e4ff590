"""Batches that came over HTTP: read by the next scan, joined with what came before, taken over once, and gone in time."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import time
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sqlalchemy import func, select, update

from api.database import reading, transaction
from api.domain.accounts import OPERATOR, OrganisationKind
from api.domain.permissions import Role
from api.domain.retention import RetentionClass
from api.domain.scans import ScanStatus
from api.matching import folders, policy
from api.matching import scans as door
from api.models import Feed, Job, ListedAnswer, Member, Receipt, Upload
from api.services import accounts, organisations, registers, retention, scans, upkeep
from api.services.organisations import Described
from api.worker import Worker
from tests.api.conftest import Service
from tests.api.sending import CARS, ERRORS, Parcel, asked, begun, delivered, push, tus, vehicles


async def in_use(service: Service, source: str = "vehicles") -> folders.FeedFiles:
    """What a scan would read of the source."""
    async with reading(service.engine) as connection:
        (feed,) = folders.in_use(await registers.came(connection, service.data_dir, source))
    return feed


async def laid_out(service: Service, out: Path) -> Path:
    """The folder that a scan of everybody would read."""
    out.mkdir()
    async with reading(service.engine) as connection:
        order = scans.Order(1, "000000", None, (), ScanStatus.RUNNING)
        folders.lay_out(
            out, await scans.laid_out(connection, service.vault, order, service.data_dir, service.now()), folders.link
        )
    return out


async def test_the_next_scan_reads_what_was_accepted(service: Service, tmp_path: Path) -> None:
    await delivered(service)
    (feed,) = [
        each
        for each in folders.department_feeds(await laid_out(service, tmp_path / "out"))
        if each.source == "vehicles"
    ]
    assert (feed.as_of, feed.complete) == (dt.date(2024, 12, 31), True)
    (rows,) = map(pl.read_parquet, feed.files)
    assert rows.get_column("plate").to_list() == ["豫E00001", "豫E00002"]
    started = await service.data(
        'mutation { startScan(input: {idempotencyKey: "scan-0001"}) { scan { id } userErrors { code } } }',
        by="auditor",
    )
    await service.work()
    query = "query ($id: ID!) { scan(id: $id) { status failure } }"
    told = await service.data(query, {"id": started["startScan"]["scan"]["id"]})
    assert told["scan"] == {"status": "SUCCEEDED", "failure": None}


async def test_batches_of_one_department_speak_together_and_a_full_one_begins_anew(service: Service) -> None:
    first = b"record_id,\xe5\xa7\x93\xe5\x90\x8d,\xe8\xbd\xa6\xe7\x89\x8c\xe5\x8f\xb7\n1,a,A1\n2,b,B2\n"
    await delivered(service, Parcel(first))
    changed = "record_id,姓名,车牌号,change\n2,b,B9,变更\n1,,,删除\n".encode()
    await delivered(service, Parcel(changed, batch="JDC-2", kind="CHANGES", as_of="2025-01-31"))
    feed = await in_use(service)
    assert [each["batch"] for each in feed.mapping["batches"]["in_force"]] == ["JDC-1", "JDC-2"]
    assert (feed.as_of, feed.complete, len(feed.files)) == (dt.date(2025, 1, 31), True, 2)
    await delivered(service, Parcel(vehicles("王五,,豫E9,正常"), batch="JDC-3", as_of="2025-02-28"))
    feed = await in_use(service)
    assert [each["batch"] for each in feed.mapping["batches"]["in_force"]] == ["JDC-3"]
    late = await delivered(service, Parcel(vehicles("赵六,,豫E8,正常"), batch="JDC-0", as_of="2024-01-31"))
    assert late["state"] == "ACCEPTED"
    assert [each["batch"] for each in (await in_use(service)).mapping["batches"]["in_force"]] == ["JDC-3"]


async def test_two_departments_of_one_kind_of_data_speak_each_of_their_own(service: Service, tmp_path: Path) -> None:
    now = service.now()
    described = Described("县公安局", "County police", OrganisationKind.DEPARTMENT, "410502", ("vehicles",))
    async with transaction(service.engine) as connection:
        await organisations.save(connection, OPERATOR, described, now, code="county-police")
        await accounts.add_user(connection, "county", "County", Role.DEPARTMENT, "410502", now, "county-police")
        token = await accounts.issue_token(connection, "county", 1, now)
    tokens = {**service.tokens, "county": token}
    service.tokens = tokens
    await delivered(service)
    assert (await delivered(service, Parcel(vehicles("王五,,豫E9,正常"), batch="WF-1"), by="county"))[
        "state"
    ] == "ACCEPTED"
    feed = await in_use(service)
    assert {each["department"] for each in feed.mapping["batches"]["in_force"]} == {"公安局", "县公安局"}
    assert feed.complete
    assert "vehicles" in {each.source for each in folders.department_feeds(await laid_out(service, tmp_path / "out"))}
    seen = "{ uploads { nodes { batch } } feeds { nodes { batch } } }"
    for by, batch in (("department", "JDC-1"), ("county", "WF-1")):
        told = await service.data(seen, by=by)
        assert [each["batch"] for name in ("uploads", "feeds") for each in told[name]["nodes"]] == [batch, batch]


async def test_no_department_withdraws_what_another_sent(service: Service) -> None:
    now = service.now()
    described = Described("县公安局", "County police", OrganisationKind.DEPARTMENT, "410502", ("vehicles",))
    async with transaction(service.engine) as connection:
        await organisations.save(connection, OPERATOR, described, now, code="county-police")
        await accounts.add_user(connection, "county", "County", Role.DEPARTMENT, "410502", now, "county-police")
        service.tokens = {**service.tokens, "county": await accounts.issue_token(connection, "county", 1, now)}
    await delivered(service)
    theirs = Parcel(vehicles("王五,,豫E9,正常"), batch="WF-1", as_of="2025-01-31", supersedes=("JDC-1",))
    told = await delivered(service, theirs, by="county")
    assert (told["state"], "another department" in told["refusal"]["message"]) == ("REFUSED", True)
    ahead = theirs.but(batch="WF-2", supersedes=("JDC-2",))
    assert (await delivered(service, ahead, by="county"))["state"] == "ACCEPTED", "of a number that nobody has sent"
    later = Parcel(vehicles("赵六,,豫E8,正常"), batch="JDC-2", kind="PARTIAL", as_of="2025-02-28")
    assert (await delivered(service, later))["state"] == "ACCEPTED"
    in_force = [each["batch"] for each in (await in_use(service)).mapping["batches"]["in_force"]]
    assert in_force == ["JDC-1", "WF-2", "JDC-2"]


async def test_a_number_is_once_in_its_source(service: Service, tmp_path: Path) -> None:
    """A batch that was imported under the number is known, too."""
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "vehicles_1.csv").write_bytes(CARS)
    promised = Parcel()
    manifest = [
        'source = "vehicles"', 'batch = "JDC-1"', 'department = "公安局"', "as_of = 2024-12-31", 'kind = "FULL"', "[[files]]",
        'name = "vehicles_1.csv"', f'sha256 = "{promised.input()["contentHash"]}"',
    ]  # fmt: skip
    (folder / "a.manifest.toml").write_text("\n".join(manifest), encoding="utf-8")
    sent = folders.department_feeds(folder)
    async with transaction(service.engine) as connection:
        copied = registers.copy(sent, service.data_dir)
        await registers.feeds.save(connection, sent, copied, service.now())
    other = await delivered(service, Parcel(vehicles("王五,,豫E9,正常")))
    assert other["state"] == "REFUSED"
    assert "was taken over before" in other["refusal"]["message"]
    assert (await delivered(service))["state"] == "ACCEPTED"


async def test_a_check_that_is_interrupted_is_done_once(service: Service) -> None:
    upload = await begun(service)
    await push(service, upload["url"], CARS)
    step = asyncio.create_task(Worker(service.engine, service.vault, service.data_dir).step())
    while (await asked(service, upload["id"]))["state"] == "RECEIVED":
        await asyncio.sleep(0.01)
    step.cancel()  # while the matcher works, as a worker is stopped
    await asyncio.gather(step, return_exceptions=True)
    await service.work()
    assert (await asked(service, upload["id"]))["state"] == "ACCEPTED"
    await tus(service, "HEAD", upload["url"])
    await service.work()
    async with reading(service.engine) as connection:
        feeds = select(func.count()).select_from(Feed).where(Feed.organisation_id.is_not(None))
        counts = [
            (await connection.execute(each)).scalar_one()
            for each in (feeds, select(func.count()).select_from(Receipt))
        ]
        left = (await connection.scalars(select(Job.state).where(Job.kind == "feed"))).all()
    assert counts == [1, 1]
    assert left == ["DONE"]
    assert not list((service.data_dir / "checks").iterdir())


async def test_the_matcher_that_reads_a_batch_is_given_no_secret(
    service: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """F-1: what it can see of our environment."""
    monkeypatch.setenv("JIEKUN_KEY", "secret")
    monkeypatch.setenv("JIEKUN_DATABASE_URL", service.url)
    assert not any(name.startswith("JIEKUN") for name in door.seen(os.environ))
    assert (await delivered(service))["state"] == "ACCEPTED"


def aged(folder: Path) -> None:
    """What lies there has lain there for two days."""
    for path in folder.iterdir():
        os.utime(path, (time.time() - 2 * 86_400,) * 2)


async def clean(service: Service, days: int) -> retention.Outcome:
    """What is over so many days from now is gone."""
    aged(service.data_dir / "feeds")
    now = service.now() + dt.timedelta(days=days)
    return await retention.run(service.engine, service.vault, service.data_dir, now, now.date(), dry=False)


def there(service: Service) -> set[str]:
    """The files that departments sent, and the pages about them."""
    found = (service.data_dir / "feeds").rglob("*")
    return {path.name for path in found if path.name.startswith(("vehicles_", "quality.html"))}


async def test_f_26_what_was_sent_goes_when_superseded_and_at_most_after_its_days(service: Service) -> None:
    kept = policy.whole("retention.feed_days", service.now().date())
    before = there(service)
    await delivered(service, Parcel(name="vehicles_full.csv"))
    await delivered(service, Parcel(b"plate\nx\n", name="vehicles_bad.csv", batch="JDC-2"))
    unfinished = await begun(service, Parcel(CARS + b"\n", name="vehicles_part.csv", batch="JDC-3"))
    await push(service, unfinished["url"], CARS[:20])
    await delivered(service, Parcel(name="vehicles_later.csv", batch="JDC-4", as_of="2025-01-31"))
    await clean(service, 1)
    names = {"vehicles_bad.csv", "vehicles_part.csv", "vehicles_later.csv"}
    assert {name for name in there(service) - before if name != "quality.html"} == names, (
        "superseded by a later full one"
    )
    async with transaction(service.engine) as connection:
        await upkeep.CHORES["uploads"](connection, service.vault, service.now() + dt.timedelta(days=8))
    await clean(service, 8)
    assert (await asked(service, unfinished["id"]))["state"] == "EXPIRED"
    assert "vehicles_part.csv" not in there(service)
    outcome = await clean(service, kept + 2)
    assert outcome.counts[RetentionClass.FEED_EXTRACT] >= 1
    assert there(service) == set()
    told = await service.data(
        "{ uploads { nodes { state receipt { digest } } } feeds { totalCount } }", by="department"
    )
    assert len(told["uploads"]["nodes"]) == 4, "that they came is known"
    assert told["feeds"]["totalCount"] == 0
    async with reading(service.engine) as connection:
        assert (await connection.scalars(select(Upload.feed_id).where(Upload.feed_id.is_not(None)))).all() == []


async def push_answers(
    service: Service, *answers: tuple[str, str, str], source: str = "vehicles", by: str = "department"
) -> Any:
    query = f"mutation ($input: PushAnswersInput!) {{ pushAnswers(input: $input) {{ taken {ERRORS} }} }}"
    listed = [{"personReference": who, "answer": what, "answeredOn": on} for who, what, on in answers]
    key = {"idempotencyKey": f"answers-{hash((answers, source, by))}"}
    return (await service.data(query, {"input": {**key, "source": source, "answers": listed}}, by=by))["pushAnswers"]


async def test_a_list_is_as_long_over_http_as_it_may_be(service: Service) -> None:
    """Nobody is known of these: it is the list that is judged, and not the request's size."""
    for length, told in ((500, ("NOT_FOUND", ["0", "personReference"])), (501, ("INVALID", []))):
        listed = await push_answers(
            service, *((f"nobody-{place}", "NO_RECORD", "2024-12-31") for place in range(length))
        )
        (error,) = listed["userErrors"]
        assert (error["code"], error["path"]) == (told[0], ["input", "answers", *told[1]])


async def test_answers_by_list_are_laid_out_for_scans_and_the_later_one_stands(
    service: Service, tmp_path: Path
) -> None:
    async with reading(service.engine) as connection:
        one, two = (await connection.scalars(select(Member.reference).order_by(Member.id).limit(2))).all()
    assert (await push_answers(service, (one, "NO_RECORD", "2024-12-30"), (two, "RECORD", "2024-12-30")))[
        "taken"
    ] == 2
    assert (await push_answers(service, (one, "NO_ANSWER", "2024-12-31")))["taken"] == 1
    assert (await push_answers(service, (one, "RECORD", "2024-12-01")))["taken"] == 1
    out = await laid_out(service, tmp_path / "out")

    rows = pl.read_parquet(out / "answers.parquet").select("source", "person_id", "answer", "answered_on").rows()
    assert sorted(rows) == sorted(
        [("vehicles", one, "NO_ANSWER", dt.date(2024, 12, 31)), ("vehicles", two, "RECORD", dt.date(2024, 12, 30))]
    )
    refusals = (
        ([("nobody", "RECORD", "2024-12-31")], "vehicles", "department", "NOT_FOUND"),
        ([(one, "RECORD", "2999-12-31")], "vehicles", "department", "INVALID"),
        ([(one, "RECORD", "2024-12-31")] * 2, "vehicles", "department", "INVALID"),
        ([(one, "RECORD", "2024-12-31")], "tax", "department", "FORBIDDEN"),
        ([(one, "RECORD", "2024-12-31")], "vehicles", "reviewer", "FORBIDDEN"),
    )
    for answers, source, by, code in refusals:
        told = await push_answers(service, *answers, source=source, by=by)
        assert (told["taken"], [each["code"] for each in told["userErrors"]]) == (0, [code])
    async with transaction(service.engine) as connection:
        assert await connection.scalar(select(func.count()).select_from(ListedAnswer)) == 2
        await connection.execute(update(ListedAnswer).values(pushed_at=service.now() - dt.timedelta(days=900)))
    await clean(service, 0)
    async with reading(service.engine) as connection:
        assert await connection.scalar(select(func.count()).select_from(ListedAnswer)) == 0
