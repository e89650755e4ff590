"""Exports: what the lists show, as files, each cell as its requester is shown it; on record, marked, taken by them alone."""

from __future__ import annotations

import csv
import hashlib
import io
import itertools
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pyarrow.parquet as pq
import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import func, select, update

from api import auth
from api.database import reading, transaction
from api.domain import privacy
from api.domain.exports import ExportFormat, ExportKind
from api.domain.permissions import Role
from api.exports_store import ExportStore, Lost
from api.models import AuditEvent, Export, Household, Human, Job, Member, Read, User
from api.services import protection, viewers
from api.sheets import LIKE_FORMULAS
from api.work import export_files, exporting
from api.work.export_files import Mark
from api.work.export_sheets import SHEETS, Column, Holds
from api.worker import Worker
from tests.api.conftest import Service

START = """mutation ($i: StartExportInput!) { startExport(input: $i) {
    export { id status } userErrors { code path message } } }"""
SEEN = """query ($id: ID!) { node(id: $id) { ... on Export {
    status rows size digest href failure timesTaken purpose requester { login } expiresAt } } }"""
KEYS = itertools.count()
Rows = list[dict[str, str]]


async def started(service: Service, kind: str, by: str = "reviewer", **given: Any) -> dict[str, Any]:
    """What is answered to whoever asks for an export."""
    told = {"idempotencyKey": f"export-{next(KEYS)}", "kind": kind, "format": "CSV", **given}
    answer: dict[str, Any] = (await service.data(START, {"i": told}, by=by))["startExport"]
    return answer


async def exported(service: Service, kind: str, by: str = "reviewer", **given: Any) -> tuple[str, dict[str, Any]]:
    """An export that was carried out: its id, and what it says of itself."""
    answer = await started(service, kind, by, **given)
    assert answer["userErrors"] == []
    await service.work()
    key = answer["export"]["id"]
    return key, (await service.data(SEEN, {"id": key}, by=by))["node"]


async def taken(service: Service, href: str, by: str = "reviewer") -> httpx.Response:
    return await service.client.get(href, headers={"Authorization": f"Bearer {service.tokens[by]}"})


def rows_of(content: bytes) -> Rows:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


async def test_a_list_is_had_as_the_list_shows_it(service: Service) -> None:
    _, told = await exported(service, "FINDINGS", findings={"severities": ["HIGH"], "raised": {"from": "2000-01-01"}})
    answer = await taken(service, told["href"])
    assert (answer.status_code, told["status"], told["requester"]["login"]) == (200, "SUCCEEDED", "reviewer")
    assert hashlib.sha256(answer.content).hexdigest() == told["digest"] == answer.headers["jiekun-sha256"]
    assert (len(answer.content), answer.headers["cache-control"]) == (int(told["size"]), "no-store, private")
    shown = await service.data(
        """{ findings(first: 100, filter: {severities: [HIGH]}) { totalCount nodes {
            reference explanationZh rule { id } household { reference } persons { name } amountHigh { amount } } } }"""
    )
    listed = {row["疑点编号 lead"]: row for row in rows_of(answer.content)}
    assert len(listed) == shown["findings"]["totalCount"] == int(told["rows"]) > 0
    for node in shown["findings"]["nodes"]:
        row = listed[node["reference"]]
        assert row["户编号 household"] == node["household"]["reference"]
        assert row["说明 explanation"] == node["explanationZh"]
        assert row["涉及人员 persons"] == "、".join(person["name"] for person in node["persons"])
        assert row["至多涉及金额（元） amount at most"] == ((node["amountHigh"] or {}).get("amount") or "")


async def test_each_role_has_it_masked_as_the_role_is_shown_it_and_only_of_its_division(service: Service) -> None:
    async with reading(service.engine) as connection:
        number, division = Member.id_number, Household.division_code
        columns = select(Household.reference, division, number).join(Member, Member.household_id == Household.id)
        people = (await connection.execute(columns.where(number.is_not(None), Member.left_on.is_(None)))).all()
    numbers = {service.vault.open("members.id_number", row.id_number) or "" for row in people}
    for by, whole, own in (("reviewer", True, "4105"), ("auditor", False, "4105"), ("caseworker", True, "410502")):
        _, told = await exported(service, "HOUSEHOLDS", by)
        rows = rows_of((await taken(service, told["href"], by)).content)
        shown = {number for row in rows for number in row["证件号码 numbers"].split("、") if number}
        here = {row.reference for row in people if row.division_code.startswith(own)}
        assert here <= {row["户编号 household"] for row in rows}
        assert all(row["区划代码 division"].startswith(own) for row in rows)
        assert bool(shown & numbers) is whole
        assert whole or shown <= {privacy.number(number) for number in numbers}


async def test_f_28_everybody_who_is_shown_is_on_record_as_read_by_the_requester(service: Service) -> None:
    async with reading(service.engine) as connection:
        before = await connection.scalar(select(func.coalesce(func.max(Read.id), 0)))
    _, told = await exported(service, "HOUSEHOLDS", by="caseworker")
    async with reading(service.engine) as connection:
        columns = select(Read.people, Read.households, Read.whole, Read.identity, Read.purpose, User.login)
        found = columns.join(User, User.id == Read.user_id).where(Read.id > before)
        reads = [row for row in (await connection.execute(found)).all() if row.whole]
    members: set[int] = set()
    after = None
    while True:
        query = """query ($after: String) { households(first: 100, after: $after) {
            pageInfo { hasNextPage endCursor } nodes { members { id } } } }"""
        page = (await service.data(query, {"after": after}, by="caseworker"))["households"]
        members |= {service.vault.key("Person", each["id"]) for node in page["nodes"] for each in node["members"]}
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert {(row.login, row.identity, row.purpose) for row in reads} == {("caseworker", "WHOLE", "CASE_WORK")}
    assert {person for row in reads for person in row.people} == members
    assert len({household for row in reads for household in row.households}) == int(told["rows"])
    assert sum(row.whole for row in reads) == len(members), "and counts for the alarm of bulk reading"


async def test_f_29_where_somebody_protected_is_stands_in_no_export_even_of_who_is_cleared(service: Service) -> None:
    async with transaction(service.engine) as connection:
        found = select(Household.reference, Member.person_id, Household.address).join(Member)
        home = (await connection.execute(found.where(Household.address.is_not(None)).limit(1))).one()
        await connection.execute(
            update(Human).where(Human.id == home.person_id).values(protected_since=service.now().date())
        )
        await connection.execute(update(User).where(User.login == "reviewer").values(cleared=True))
    _, told = await exported(service, "HOUSEHOLDS", households={"references": [home.reference]})
    (row,) = rows_of((await taken(service, told["href"])).content)
    assert (row["户编号 household"], row["住址 address"], row["电话 telephone"]) == (home.reference, "", "")


async def test_a_file_says_whose_it_is_in_every_row_and_in_its_own_data(service: Service, tmp_path: Path) -> None:
    for file_format in ExportFormat:
        key, told = await exported(service, "FINDINGS", format=file_format.value, findings={"severities": ["HIGH"]})
        answer = await taken(service, told["href"])
        path = tmp_path / answer.headers["content-disposition"].split('"')[1]
        assert path.name == f"jiekun-findings-{key[:8]}.{file_format.lower()}"
        path.write_bytes(answer.content)
        if file_format is ExportFormat.CSV:
            listed = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
            (words, *numbers) = [row[-1] for row in listed]
        elif file_format is ExportFormat.XLSX:
            book = CalamineWorkbook.from_path(str(path))
            (words, *numbers) = [str(row[-1]) for row in book.get_sheet_by_index(0).to_python()]
        else:
            table = pq.read_table(path)
            words, numbers = table.schema.metadata[b"jiekun.export"].decode(), table["导出 export"].to_pylist()
            assert str(table.schema.field("首次提出 raised").type) == "date32[day]"
            assert str(table.schema.field("至多涉及金额（元） amount at most").type) == "decimal128(18, 2)"
        assert set(numbers) == {key[:8]}
        assert len(numbers) == int(told["rows"])
        for part in (key[:8], "reviewer", "REVIEW", str(service.now().year)):
            assert part in words


async def test_nobody_else_takes_it_and_nobody_when_its_days_are_over(service: Service) -> None:
    key, told = await exported(service, "FINDINGS", by="caseworker")
    for by, status in (
        ("reviewer", 404),
        ("auditor", 404),
        ("elsewhere", 404),
        ("department", 404),
        ("administrator", 403),
    ):
        assert (await taken(service, told["href"], by)).status_code == status, by
    assert (await service.client.get(told["href"])).status_code == 401
    others = (await service.data(SEEN, {"id": key}, by="reviewer"))["node"]
    assert (others["href"], others["rows"]) == (None, told["rows"]), "whose division it is sees that it was had"
    for _ in range(2):
        assert (await taken(service, told["href"], "caseworker")).status_code == 200
    assert (await service.data(SEEN, {"id": key}, by="caseworker"))["node"]["timesTaken"] == 2
    async with transaction(service.engine) as connection:
        await connection.execute(update(Export).values(expires_at=service.now()))
        acts = (await connection.execute(select(AuditEvent.action, User.login).outerjoin(User))).all()
    assert (await taken(service, told["href"], "caseworker")).status_code == 404
    done = [(act.action, act.login) for act in acts if act.action.startswith("export.")]
    assert done == [
        ("export.requested", "caseworker"), ("export.finished", None), *[("export.taken", "caseworker")] * 2
    ]  # fmt: skip


CHANGES: dict[str, dict[str, Any]] = {
    "masks": {"role": Role.AUDITOR},
    "department": {"role": Role.DEPARTMENT},
    "elsewhere": {"division_code": "410503"},
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("gathered", [True, False])
async def test_whoever_is_somebody_else_meanwhile_has_nothing_of_it(
    service: Service, change: str, gathered: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "REMEMBERED_SECONDS", 0.0)
    answer = await started(service, "HOUSEHOLDS", by="caseworker")
    changed = update(User).where(User.login == "caseworker")
    if not gathered:
        async with transaction(service.engine) as connection:
            await connection.execute(changed.values(**CHANGES[change]))
    await service.work()
    href = f"/exports/{answer['export']['id']}"
    if gathered:
        assert (await taken(service, href, "caseworker")).status_code == 200
        async with transaction(service.engine) as connection:
            await connection.execute(changed.values(**CHANGES[change]))
    assert (await taken(service, href, "caseworker")).status_code in (403, 404)
    if not gathered:
        assert not list((service.data_dir / "exports").glob("*"))


async def test_whose_division_grew_has_what_was_asked_for_and_no_more(service: Service) -> None:
    answer = await started(service, "HOUSEHOLDS", by="caseworker")
    async with transaction(service.engine) as connection:
        await connection.execute(update(User).where(User.login == "caseworker").values(division_code="410500"))
    await service.work()
    content = (await taken(service, f"/exports/{answer['export']['id']}", "caseworker")).content
    assert {row["区划代码 division"][:6] for row in rows_of(content)} == {"410502"}


async def test_f_29_what_was_gathered_before_somebody_was_protected_is_not_handed_out(service: Service) -> None:
    _, told = await exported(service, "HOUSEHOLDS")
    assert (await taken(service, told["href"])).status_code == 200
    async with transaction(service.engine) as connection:
        within = Household.division_code.startswith("4105")
        member = (await connection.scalars(select(Member.id).join(Household).where(within).limit(1))).one()
        viewer = await viewers.of_login(connection, "reviewer")
        assert viewer is not None
        await protection.protect(
            connection,
            service.vault,
            replace(viewer, cleared=True),
            member,
            "受到人身威胁，须保护住址。",
            service.now(),
        )
    answer = await taken(service, told["href"])
    assert (answer.status_code, "重新导出" in answer.text) == (404, True)


async def test_on_the_disk_it_is_sealed_and_what_was_changed_is_not_handed_out(service: Service) -> None:
    _, told = await exported(service, "HOUSEHOLDS", by="caseworker")
    content = (await taken(service, told["href"], "caseworker")).content
    files = [path for path in (service.data_dir / "exports").rglob("*") if path.is_file()]
    assert [path.name for path in files] == ["file"], "no part and no plain text is left"
    references = [row["户编号 household"].encode() for row in rows_of(content)]
    stored = files[0].read_bytes()
    assert not any(reference in stored for reference in references)
    key = int(files[0].parent.name)
    for spoilt in (stored[:-1], stored[:-60], stored[:50] + bytes([stored[50] ^ 1]) + stored[51:], b""):
        files[0].write_bytes(spoilt)
        with pytest.raises(Lost):
            async for _ in ExportStore(service.data_dir, service.vault, key).read():
                pass


async def test_killed_after_any_part_another_worker_goes_on_behind_it(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No row is left out or doubled, and nobody is on record twice for what was kept."""
    _, whole = await exported(service, "FINDINGS")
    expected = rows_of((await taken(service, whole["href"])).content)
    monkeypatch.setattr(exporting, "PAGES_A_PART", 1)
    answer = await started(service, "FINDINGS")
    real, calls = exporting._page, itertools.count(1)

    async def breaking(*given: Any) -> Any:
        if next(calls) % 2 == 0:
            raise OSError("killed")
        return await real(*given)

    monkeypatch.setattr(exporting, "_page", breaking)
    monkeypatch.setattr("api.jobs.ATTEMPTS", 99)
    for _ in range(30):
        async with transaction(service.engine) as connection:
            await connection.execute(update_jobs(service))
        if not await Worker(service.engine, service.vault, service.data_dir).step():
            break
    told = (await service.data(SEEN, {"id": answer["export"]["id"]}))["node"]
    rows = rows_of((await taken(service, told["href"])).content)
    last = {name for name in rows[0] if name.startswith("导出")}
    plain = [{name: value for name, value in row.items() if name not in last} for row in rows]
    was = [{name: value for name, value in row.items() if not name.startswith("导出")} for row in expected]
    assert plain == was


def update_jobs(service: Service) -> Any:
    """Jobs that wait may be taken up at once."""
    return update(Job).where(Job.state == "WAITING").values(run_after=service.now())


async def test_who_may_not_see_the_rows_any_more_gets_none(service: Service) -> None:
    answer = await started(service, "FINDINGS", by="caseworker")
    async with transaction(service.engine) as connection:
        await connection.execute(update(User).where(User.login == "caseworker").values(role=Role.DEPARTMENT))
    await service.work()
    told = (await service.data(SEEN, {"id": answer["export"]["id"]}))["node"]
    assert (told["status"], told["digest"]) == ("FAILED", None)
    assert "may not see" in told["failure"]
    assert not list((service.data_dir / "exports").glob("*"))


async def test_a_filter_of_another_kind_is_refused_and_so_are_too_many_at_once(service: Service) -> None:
    wrong = await started(service, "FINDINGS", households={"stages": ["APPLIED"]})
    assert [each["path"] for each in wrong["userErrors"]] == [["input", "kind"]]
    answers = [await started(service, "FINDINGS") for _ in range(6)]
    assert [bool(answer["userErrors"]) for answer in answers] == [False] * 5 + [True]


@pytest.mark.parametrize("kind", ExportKind)
async def test_every_kind_answers_its_document(service: Service, kind: ExportKind) -> None:
    _, told = await exported(service, kind.value)
    assert told["status"] == "SUCCEEDED", told["failure"]
    names = [column.heading for column in SHEETS[kind].columns]
    assert len(set(names)) == len(names)


def test_no_cell_is_a_formula(tmp_path: Path) -> None:
    cells = [f"{sign}1+1" for sign in LIKE_FORMULAS]
    cells += [f"{blank}{sign}1+1" for sign in "=+-@＝＋－＠" for blank in (" ", "\u3000", "\ufeff", " \t\r\n")]
    columns, mark = [Column("甲", lambda node: None)], Mark("ab", "words")
    export_files.write(tmp_path / "a.csv", ExportFormat.CSV, columns, mark, [[[cell] for cell in cells]])
    read = list(csv.reader(io.StringIO((tmp_path / "a.csv").read_bytes().decode("utf-8-sig"), newline="")))
    assert [row[0] for row in read[1:]] == [f"'{cell}" for cell in cells]
    export_files.write(tmp_path / "a.xlsx", ExportFormat.XLSX, columns, mark, [[[cell] for cell in cells]])
    book = CalamineWorkbook.from_path(str(tmp_path / "a.xlsx")).get_sheet_by_index(0)
    assert [str(row[0]).replace("_x000D_", "\r") for row in book.to_python()[1:]] == cells
    with zipfile.ZipFile(tmp_path / "a.xlsx") as packed:
        assert b"<f>" not in packed.read("xl/worksheets/sheet1.xml")


def test_what_is_unknown_is_an_empty_cell_and_never_zero(tmp_path: Path) -> None:
    columns = [Column(holds.value, lambda node: None, holds) for holds in Holds]
    export_files.write(tmp_path / "a.parquet", ExportFormat.PARQUET, columns, Mark("ab", "w"), [[[None] * 4]])
    assert [
        value for column in columns for value in pq.read_table(tmp_path / "a.parquet")[column.heading].to_pylist()
    ] == [None] * 4
