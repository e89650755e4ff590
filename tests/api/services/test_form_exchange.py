"""The national form goes out to the other system and comes back: filled in, linked, and telling what it says otherwise."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api import sheets
from api.database import locked, transaction
from api.domain.casework import HardshipCause
from api.domain.permissions import Permission, Viewer
from api.domain.stages import ACTIVE, Stage
from api.models import AuditEvent, Cause, ExternalReference, File, Household, Human, Member, Task, table
from api.services import causes, corrections, form_exchange, forms, tasks, viewers
from api.services.form_exchange import ACFTU_NUMBER, ACFTU_PERSON_NUMBER, HOUSEHOLDS, MEMBERS, NUMBER
from api.sheets import SheetRefused, Table
from tests.api import county
from tests.api.conftest import Service
from tests.api.county import Life
from tests.api.services.test_waiting import ahead

NOW = dt.datetime.now(dt.UTC)
STAGES = [each.value for each in ACTIVE]


async def exported(service: Service, login: str = "caseworker") -> list[Table]:
    async with transaction(service.engine) as connection:
        viewer = await viewers.of_login(connection, login)
        assert viewer is not None
        return await form_exchange.tables(connection, service.vault, viewer, STAGES, NOW)


async def taken_in(service: Service, source: Path, login: str = "caseworker") -> form_exchange.TakenIn:
    async with transaction(service.engine) as connection:
        return await take_in(service, connection, source, login)


async def take_in(
    service: Service, connection: AsyncConnection, source: Path, login: str = "caseworker"
) -> form_exchange.TakenIn:
    viewer = await viewers.of_login(connection, login)
    assert isinstance(viewer, Viewer)
    assert viewer.may(Permission.KEEP_FILES)
    return await form_exchange.take_in(connection, service.vault, viewer, sheets.read(source), NOW)


def changed(table: Table, column: str, values: dict[int, str]) -> Table:
    place = table.headings.index(column)
    rows = [
        [values.get(number, cell) if at == place else cell for at, cell in enumerate(row)]
        for number, row in enumerate(table.rows)
    ]
    return Table(table.name, table.headings, rows)


@pytest.mark.parametrize("kind", ["folder", "book.xlsx"])
async def test_what_goes_out_comes_back_and_changes_nothing(service: Service, tmp_path: Path, kind: str) -> None:
    tables = await exported(service)
    assert tables[0].rows
    assert all(row[0] for row in tables[0].rows)
    sheets.write(tmp_path / kind, tables)
    taken = await taken_in(service, tmp_path / kind)
    assert (taken.households, taken.changed, taken.differing, taken.linked) == (len(tables[0].rows), 0, 0, 0)
    assert [list(map(list, table.rows)) for table in await exported(service)] == [
        list(map(list, table.rows)) for table in tables
    ]


async def test_the_other_systems_answers_are_filled_in_and_its_numbers_known(
    service: Service, tmp_path: Path
) -> None:
    workers, members = await exported(service)
    told = changed(workers, "住房类型", {0: "公租房", 1: "公租房"})
    told = changed(told, ACFTU_NUMBER, {0: "QG4105020001"})
    told = changed(told, "民族", {0: "回族"})
    told = changed(told, "工作单位", {0: "=cmd|'/c calc'!A1"})
    sheets.write(tmp_path / "in", [told, members])
    taken = await taken_in(service, tmp_path / "in")
    assert (taken.changed, taken.linked, taken.differing) == (2, 1, 0)
    async with transaction(service.engine) as connection:
        household = (
            await connection.execute(select(Household).where(Household.reference == workers.rows[0][0]))
        ).one()
        assert forms.opened(service.vault, "households.form", household.form) == {"HOUSING": "PUBLIC"}
        assert b"PUBLIC" not in household.form
        held = (
            await connection.execute(
                select(Member.form).where(Member.household_id == household.id, Member.form.is_not(None))
            )
        ).scalar_one()
        worker = forms.opened(service.vault, "members.form", held)
        assert worker == {"ETHNIC_GROUP": "回族", "EMPLOYER": "=cmd|'/c calc'!A1"}
        linked = (await connection.execute(select(ExternalReference))).one()
        assert (linked.system, linked.kind, linked.reference) == ("ACFTU", "HOUSEHOLD", "QG4105020001")
        event = (await connection.execute(select(AuditEvent).order_by(AuditEvent.id.desc()).limit(1))).one()
        assert (event.action, event.user_id is not None) == ("form.taken_in", True)
        of_each = select(Household.reference, AuditEvent.detail).join(Household, Household.id == AuditEvent.subject)
        of_each = of_each.where(AuditEvent.action == "form.filled", AuditEvent.user_id == event.user_id)
        acts = {row.reference: row.detail["fields"] for row in await connection.execute(of_each)}
    assert acts == {
        workers.rows[0][0]: ["EMPLOYER", "ETHNIC_GROUP", "HOUSING", "acftu_reference"], workers.rows[1][0]: ["HOUSING"],
    }, "of each household that was changed, which fields"  # fmt: skip
    sheets.write(tmp_path / "again.xlsx", await exported(service))
    assert (await taken_in(service, tmp_path / "again.xlsx")).changed == 0
    by_their_number = changed(changed(told, NUMBER, {0: ""}), "住房类型", {0: "租赁"})
    sheets.write(tmp_path / "theirs", [by_their_number])
    assert (await taken_in(service, tmp_path / "theirs")).changed == 1
    found = await service.data(
        '{ households(filter: {externalReferences: ["QG4105020001"]}) { nodes { reference externalReferences '
        "{ system kind reference personReference } } } }"
    )
    assert found["households"]["nodes"] == [
        {
            "reference": workers.rows[0][0],
            "externalReferences": [
                {"system": "ACFTU", "kind": "HOUSEHOLD", "reference": "QG4105020001", "personReference": None}
            ],
        }
    ]


async def test_a_name_that_they_have_otherwise_is_told_and_not_taken(service: Service, tmp_path: Path) -> None:
    workers, _ = await exported(service)
    name = workers.rows[0][workers.headings.index("姓名")]
    sheets.write(
        tmp_path / "in",
        [changed(workers, "姓名", {0: f"{name}改", 1: f" {workers.rows[1][workers.headings.index('姓名')]}"})],
    )
    for _ in range(2):
        taken = await taken_in(service, tmp_path / "in")
        assert (taken.changed, taken.differing) == (0, 1)
    async with transaction(service.engine) as connection:
        told = (await connection.execute(select(Task).where(Task.kind == "REGISTER_DIFFERS"))).all()
        assert [task.detail for task in told] == [{"fields": ["NAME"], "respects": ["form"]}]
    assert (await exported(service))[0].rows[0] == workers.rows[0]


async def test_what_they_have_otherwise_anew_is_told_again_though_the_last_task_was_ended(
    service: Service, tmp_path: Path
) -> None:
    workers, _ = await exported(service)
    name = workers.rows[0][workers.headings.index("姓名")]
    seen = []
    for told in (f"{name}改", f"{name}改", f"{name}更"):
        sheets.write(tmp_path / "in", [changed(workers, "姓名", {0: told})])
        await taken_in(service, tmp_path / "in")
        async with transaction(service.engine) as connection:
            found = select(Task.reference, Task.state).where(Task.kind == "REGISTER_DIFFERS").order_by(Task.id)
            rows = (await connection.execute(found)).all()
            seen.append([row.state for row in rows])
            assert name not in repr(rows)
            await tasks.cancel(connection, [rows[-1].reference], NOW)
    assert seen == [["OPEN"], ["CANCELLED"], ["CANCELLED", "OPEN"]]


async def test_nothing_is_lost_that_somebody_fills_in_while_tables_are_taken_in(
    service: Service, tmp_path: Path
) -> None:
    workers, _ = await exported(service)
    sheets.write(tmp_path / "in", [changed(workers, "住房类型", {0: "公租房"})])

    async def import_it(connection: AsyncConnection) -> int:
        return (await take_in(service, connection, tmp_path / "in")).changed

    async with ahead(service.engine, import_it) as (first, came_to):
        household = select(Household.id).where(Household.reference == workers.rows[0][0])
        key = (await first.execute(household)).scalar_one()
        await forms.put(first, service.vault, key, {"GRASSROOTS_OPINION": "情况属实，同意"}, {})
    assert came_to == [1]
    async with transaction(service.engine) as connection:
        form = (await connection.execute(select(Household.form).where(Household.id == key))).scalar_one()
    filled = forms.opened(service.vault, "households.form", form)
    assert filled == {"HOUSING": "PUBLIC", "GRASSROOTS_OPINION": "情况属实，同意"}


async def test_two_imports_of_the_same_households_never_wait_for_each_other(service: Service, tmp_path: Path) -> None:
    """One names them from the first to the last, the other from the last to the first; both wait for somebody ahead."""
    workers, _ = await exported(service)
    housing = changed(workers, "住房类型", dict.fromkeys(range(len(workers.rows)), "公租房"))
    postcodes = changed(workers, "邮政编码", dict.fromkeys(range(len(workers.rows)), "455000"))
    sheets.write(tmp_path / "one", [housing])
    sheets.write(tmp_path / "other", [Table(HOUSEHOLDS, postcodes.headings, list(reversed(postcodes.rows)))])

    def taking(source: str) -> Callable[[AsyncConnection], Awaitable[int]]:
        async def import_it(connection: AsyncConnection) -> int:
            return (await take_in(service, connection, tmp_path / source)).changed

        return import_it

    async with ahead(service.engine, taking("one"), taking("other")) as (first, came_to):
        middle = select(Household.id).where(Household.reference == workers.rows[len(workers.rows) // 2][0])
        await first.execute(locked(middle, first, table(Household)))
    assert came_to == [len(workers.rows)] * 2
    async with transaction(service.engine) as connection:
        kept = select(Household.form).where(Household.form.is_not(None))
        forms_now = [forms.opened(service.vault, "households.form", form) for form in await connection.scalars(kept)]
    assert forms_now == [{"HOUSING": "PUBLIC", "POSTCODE": "455000"}] * len(workers.rows)


async def test_what_is_corrected_while_tables_are_taken_in_is_what_they_are_compared_with(
    service: Service, tmp_path: Path
) -> None:
    workers, _ = await exported(service)
    sheets.write(tmp_path / "in", [changed(workers, "家庭住址", {0: "文峰区新居"})])

    async def import_it(connection: AsyncConnection) -> int:
        return (await take_in(service, connection, tmp_path / "in")).differing

    async with ahead(service.engine, import_it) as (first, came_to):
        home = select(Household.id, Household.version).where(Household.reference == workers.rows[0][0])
        there = (await first.execute(home)).one()
        clerk = await viewers.of_login(first, "caseworker")
        assert clerk is not None
        told = {"address": "文峰区新居"}
        await corrections.correct(
            first, service.vault, clerk, there.id, there.version, told, [], "已搬家", service.now()
        )
    assert came_to == [0]


async def standing(service: Service, stage: Stage = Stage.APPLIED) -> tuple[Life, Table]:
    """A household that stands there, and the form as it goes out with it alone."""
    async with transaction(service.engine) as connection:
        life = await county.taken_over(connection, stage, NOW)
        viewer = await viewers.of_login(connection, "caseworker")
        assert viewer is not None
        workers, _ = await form_exchange.tables(connection, service.vault, viewer, [stage], NOW)
        reference = await connection.scalar(select(Household.reference).where(Household.id == life.household_id))
    rows = [row for row in workers.rows if row[0] == reference]
    return life, Table(HOUSEHOLDS, workers.headings, rows)


async def named(service: Service, life: Life) -> list[tuple[str, bool, dt.date]]:
    async with transaction(service.engine) as connection:
        causes = select(Cause.cause, Cause.main, Cause.since).where(Cause.file_id == life.file_id)
        return [(row.cause, row.main, row.since) for row in await connection.execute(causes.order_by(Cause.place))]


async def told(service: Service, life: Life) -> list[list[str]]:
    async with transaction(service.engine) as connection:
        tasks_of = select(Task.detail).where(Task.kind == "REGISTER_DIFFERS", Task.household_id == life.household_id)
        return [row.detail["fields"] for row in await connection.execute(tasks_of.order_by(Task.id))]


@pytest.mark.parametrize("kind", ["folder", "book.xlsx"])
async def test_tier_category_and_causes_go_out_with_the_form_and_come_back_as_they_are(
    service: Service, tmp_path: Path, kind: str
) -> None:
    life, _ = await standing(service, Stage.RECORDED)
    async with transaction(service.engine) as connection:
        clerk = await viewers.of_login(connection, "caseworker")
        assert clerk is not None
        for cause in (HardshipCause.LAID_OFF, HardshipCause.SCHOOLING, HardshipCause.UNINSURED):
            await causes.add(connection, service.vault, clerk, life.household_id, cause, NOW.date(), None, None, NOW)
    workers, members = await exported(service)
    async with transaction(service.engine) as connection:
        reference = await connection.scalar(select(Household.reference).where(Household.id == life.household_id))
    row = next(dict(zip(workers.headings, row, strict=True)) for row in workers.rows if row[0] == reference)
    shown = [row[each] for each in ("档案级别", "困难类别", "主要致困原因", *(f"次要致困原因{n}" for n in (1, 2, 3)))]
    assert shown == ["区县级", "相对困难", "下岗失业", "子女上学", "未参加社保", ""]
    sheets.write(tmp_path / kind, [workers, members])
    taken = await taken_in(service, tmp_path / kind)
    assert (taken.changed, taken.differing) == (0, 0)
    assert len(await named(service, life)) == 3


async def test_what_they_say_otherwise_of_a_file_is_told_and_changes_nothing(
    service: Service, tmp_path: Path
) -> None:
    life, form = await standing(service, Stage.RECORDED)
    for column, word in (("档案级别", "省级"), ("困难类别", "深度困难"), ("主要致困原因", "重特大疾病")):
        form = changed(form, column, {0: word})
    sheets.write(tmp_path / "in", [form])
    taken = await taken_in(service, tmp_path / "in")
    assert (taken.changed, taken.differing) == (0, 1)
    assert await told(service, life) == [["CATEGORY", "MAIN_CAUSE", "TIER"]]
    assert await named(service, life) == [], "a file on record is changed by people"
    async with transaction(service.engine) as connection:
        kept = (await connection.execute(select(File.tier, File.category).where(File.id == life.file_id))).one()
    assert tuple(kept) == ("COUNTY", "RELATIVE")


async def test_an_application_that_names_no_cause_takes_those_of_the_form(service: Service, tmp_path: Path) -> None:
    life, form = await standing(service)
    form = changed(changed(form, "主要致困原因", {0: "下岗失业"}), "次要致困原因2", {0: "子女上学"})
    with_others = changed(changed(form, "次要致困原因1", {0: "其他"}), "档案级别", {0: "全国级"})
    sheets.write(tmp_path / "in", [with_others])
    taken = await taken_in(service, tmp_path / "in")
    since = NOW.date() - dt.timedelta(days=100)
    assert await named(service, life) == [("LAID_OFF", True, since), ("SCHOOLING", False, since)]
    assert (taken.changed, taken.differing) == (1, 1)
    assert await told(service, life) == [["CAUSE_1", "TIER"]], "what has to be said in words, and what is decided"
    async with transaction(service.engine) as connection:
        of_causes = select(AuditEvent.action).where(AuditEvent.action == "cause.added")
        assert len((await connection.execute(of_causes)).all()) == 2
    sheets.write(tmp_path / "in", [changed(form, "主要致困原因", {0: "意外事故"})])
    again = await taken_in(service, tmp_path / "in")
    assert (again.changed, again.differing, len(await named(service, life))) == (0, 1, 2)
    assert (await told(service, life))[1:] == [["MAIN_CAUSE"]], "once somebody has named them, a difference is told"


async def test_causes_without_a_main_one_are_told_and_one_that_stands_twice_is_refused(
    service: Service, tmp_path: Path
) -> None:
    life, form = await standing(service)
    alone = changed(form, "次要致困原因1", {0: "自然灾害"})
    sheets.write(tmp_path / "in", [alone])
    await taken_in(service, tmp_path / "in")
    assert (await named(service, life), await told(service, life)) == ([], [["CAUSE_1"]])
    sheets.write(tmp_path / "in", [changed(alone, "主要致困原因", {0: "自然灾害"})])
    with pytest.raises(SheetRefused, match=r"row 2, column 次要致困原因1: the cause stands here twice"):
        await taken_in(service, tmp_path / "in")


async def test_a_number_that_is_somebody_elses_is_refused_at_its_place(service: Service, tmp_path: Path) -> None:
    """Beyond reach, too; the refusal does not say whose it is."""
    workers, members = await exported(service)
    mine = {row[0] for row in workers.rows}
    async with transaction(service.engine) as connection:
        beyond = select(Member).join(Household, Household.id == Member.household_id)
        them = (await connection.execute(beyond.where(Household.reference.not_in(mine)).limit(1))).one()
        row = {"system": "ACFTU", "kind": "PERSON", "reference": "QG-P-1", "created_at": NOW}
        await connection.execute(
            insert(ExternalReference).values(**row, household_id=them.household_id, member_id=them.id)
        )
    sheets.write(tmp_path / "in", [workers, changed(members, ACFTU_PERSON_NUMBER, {0: "QG-P-1"})])
    with pytest.raises(SheetRefused, match=f"row 2, column {ACFTU_PERSON_NUMBER}: .*somebody else's") as refused:
        await taken_in(service, tmp_path / "in")
    assert str(them.household_id) not in str(refused.value)


async def test_errors_name_file_row_and_column_and_nothing_is_taken(service: Service, tmp_path: Path) -> None:
    workers, members = await exported(service)
    wrong = changed(changed(workers, "住房类型", {0: "公租房", 1: "城堡"}), NUMBER, {2: "NOWHERE"})
    sheets.write(tmp_path / "in", [changed(wrong, "参加工作时间", {1: "明天"}), members])
    with pytest.raises(SheetRefused) as refused:
        await taken_in(service, tmp_path / "in")
    lines = str(refused.value).splitlines()
    assert [line.split(":")[0] for line in lines[:3]] == [
        f"{HOUSEHOLDS}.csv, row 3, column 参加工作时间",
        f"{HOUSEHOLDS}.csv, row 3, column 住房类型",
        f"{HOUSEHOLDS}.csv, row 4, column {NUMBER}",
    ]
    assert "城堡" not in str(refused.value)
    assert "NOWHERE" not in str(refused.value)
    async with transaction(service.engine) as connection:
        assert (await connection.execute(select(Household.id).where(Household.form.is_not(None)))).all() == []


async def test_a_household_beyond_ones_division_is_not_there(service: Service, tmp_path: Path) -> None:
    everywhere = (await exported(service, "reviewer"))[0]
    mine = {row[0] for row in (await exported(service))[0].rows}
    beyond = next(row for row in everywhere.rows if row[0] not in mine)
    sheets.write(tmp_path / "in", [Table(HOUSEHOLDS, everywhere.headings, [beyond])])
    with pytest.raises(SheetRefused, match=f"row 2, column {NUMBER}"):
        await taken_in(service, tmp_path / "in")


async def test_f_29_protected_households_are_not_in_the_export(service: Service) -> None:
    workers, members = await exported(service)
    async with transaction(service.engine) as connection:
        household = select(Household.id).where(Household.reference == workers.rows[0][0]).scalar_subquery()
        person = (
            await connection.execute(select(Member.person_id).where(Member.household_id == household).limit(1))
        ).scalar_one()
        marked = update(Human).where(Human.id == person)
        await connection.execute(marked.values(protected_since=NOW.date()))
    without = {row[0] for table in await exported(service) for row in table.rows}
    assert workers.rows[0][0] not in without
    assert workers.rows[1][0] in without
    assert members.name == MEMBERS
