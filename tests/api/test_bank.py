"""Payments as clients make them: a cycle through GraphQL, its list for the bank and the bank's answers through their door."""

from __future__ import annotations

import asyncio
import csv
import io
import itertools
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import DatabaseError

from api import bank, files, migrations, sheets
from api.app import create_app
from api.database import transaction
from api.gate.passage import Limits
from api.models import AuditEvent, BankList, File, Household, Member, Read, User, table
from api.sheets import Table
from tests.api import paying
from tests.api.conftest import Service
from tests.api.county import Life
from tests.api.granted import programme
from tests.api.paying import MONTH, NOW, SUBSIDY, Paying
from tests.api.services.reviewed import viewer

ACCOUNT = "6222020200112233445"
MANY = "nodes { id state heldBecause amount { amount } months { month amount { amount } } household { reference } version }"
CYCLE = (
    "cycle { id state version approvedBy sums { state orders amount { amount } } fund { id available { amount } } }"
)
ERRORS = "userErrors { code message path }"
_keys = itertools.count(1)


async def act(service: Service, field: str, by: str, shown: str = CYCLE, **told: Any) -> Any:
    title = field[0].upper() + field[1:]
    query = f"mutation ($input: {title}Input!) {{ {field}(input: $input) {{ {shown} {ERRORS} }} }}"
    given = {"idempotencyKey": f"{field}-{next(_keys):06}", **told}
    return (await service.data(query, {"input": given}, by=by))[field]


async def file_of(
    service: Service, cycle: str, suffix: str = "csv", by: str | None = "caseworker", why: str | None = None
) -> httpx.Response:
    headers = {"Accept-Language": "en"} | ({"Authorization": f"Bearer {service.tokens[by]}"} if by else {})
    headers |= {"Jiekun-Reason": quote(why)} if why else {}
    return await service.client.get(f"/payments/{cycle}.{suffix}", headers=headers)


async def answered(
    service: Service,
    cycle: str,
    content: bytes,
    name: str = "answers.csv",
    by: str = "caseworker",
    client: httpx.AsyncClient | None = None,
) -> httpx.Response:
    headers = {
        "Authorization": f"Bearer {service.tokens[by]}",
        "Accept-Language": "en",
        "Jiekun-File-Name": quote(name),
    }
    return await (client or service.client).post(f"/payments/{cycle}", content=content, headers=headers)


@pytest.fixture
async def homes(service: Service) -> list[Life]:
    """Three of the county's households, each with an account and aid of this month."""
    officers = {"clerk": await viewer(service, "caseworker"), "chief": await viewer(service, "county-reviewer")}
    books, found = Paying(service.engine, service.vault, officers, 0), []
    async with transaction(service.engine) as connection:
        await programme(connection, SUBSIDY)
        rows = (
            select(Household.id, File.id.label("file"))
            .join(File, File.household_id == Household.id)
            .where(Household.division_code == "410502", Household.stage == "RECORDED", File.closed_on.is_(None))
        )
        for home in (await connection.execute(rows.order_by(Household.id).limit(3))).all():
            of_it = (
                select(Member.id).where(Member.household_id == home.id, Member.left_on.is_(None)).order_by(Member.id)
            )
            found.append(Life(home.id, home.file, tuple((await connection.scalars(of_it)).all())))
    for place, life in enumerate(found):
        await paying.granted(books, (place + 1) * 100_00, life=life, account=ACCOUNT)
    async with transaction(service.engine) as connection:
        name = service.vault.seal("households.payee_name", "=cmd|' /C calc'!A0")
        await connection.execute(
            update(Household).where(Household.id == found[0].household_id).values(payee_name=name)
        )
    return found


async def fund(service: Service, amount: str = "1000.00") -> str:
    told = {"source": "UNION", "divisionCode": "410502", "year": MONTH.year, "amount": amount}
    done = await act(
        service,
        "allocateFund",
        "county-reviewer",
        "fund { id available { amount } }",
        documentNo=f"文{next(_keys)}",
        **told,
    )
    assert done["userErrors"] == []
    found: str = done["fund"]["id"]
    return found


async def drawn_up(service: Service, by: str = "caseworker", **told: Any) -> Any:
    given = {"programmeCode": SUBSIDY, "divisionCode": "410502", "month": f"{MONTH:%Y-%m}", **told}
    return await act(service, "drawUpCycle", by, **given)


async def settled(service: Service) -> Any:
    """A cycle that was drawn up, approved and settled."""
    cycle = (await drawn_up(service, fundId=await fund(service)))["cycle"]
    for field in ("approveCycle", "settleCycle"):
        done = await act(service, field, "county-reviewer", cycleId=cycle["id"], expectedVersion=cycle["version"])
        assert done["userErrors"] == []
        cycle = done["cycle"]
    return cycle


async def orders(service: Service, cycle: str) -> list[Any]:
    query = f"query ($ids: [ID!]) {{ paymentOrders(filter: {{cycleIds: $ids}}) {{ totalCount {MANY} }} }}"
    found: list[Any] = (await service.data(query, {"ids": [cycle]}, by="caseworker"))["paymentOrders"]["nodes"]
    return found


async def test_a_cycle_through_graphql_from_the_fund_to_the_bank_and_back(
    service: Service, homes: list[Life]
) -> None:
    money = await fund(service, "700.00")
    cycle = (await drawn_up(service, fundId=money))["cycle"]
    assert (cycle["state"], cycle["fund"]["available"]["amount"]) == ("DRAWN_UP", "100.00")
    refused = await act(service, "approveCycle", "caseworker", cycleId=cycle["id"], expectedVersion=1)
    assert [each["code"] for each in refused["userErrors"]] == ["FORBIDDEN"]
    for field in ("approveCycle", "settleCycle"):
        done = await act(service, field, "county-reviewer", cycleId=cycle["id"], expectedVersion=cycle["version"])
        assert done["userErrors"] == []
        cycle = done["cycle"]
    assert cycle["sums"] == [{"state": "SETTLED", "orders": 3, "amount": {"amount": "600.00"}}]
    paid = await service.data(
        "query ($id: ID!) { household(id: $id) { enrolments { sourceRecord payments(first: 3) { month amount { amount } } } } }",
        {"id": service.vault.ids("Household", [homes[1].household_id])[0]},
    )
    told = [each["payments"] for each in paid["household"]["enrolments"] if each["sourceRecord"].startswith("GRANT:")]
    assert told == [[{"month": f"{MONTH:%Y-%m}", "amount": {"amount": "200.00"}}]], "it is aid like any other"
    listed = list(csv.reader(io.StringIO((await file_of(service, cycle["id"])).content.decode("utf-8-sig"))))
    answers = "指令号,结果,金额（元）,原因\n" + "\n".join(
        f"{row[0]},{'退回' if place == 0 else '成功'},{row[4]},{'账号有误' if place == 0 else ''}"
        for place, row in enumerate(listed[1:])
    )
    for _ in range(2):
        done = await act(
            service,
            "reconcileCycle",
            "caseworker",
            f"{CYCLE} rowErrors {{ row }}",
            cycleId=cycle["id"],
            answers=answers,
        )
        assert (done["userErrors"], done["rowErrors"], done["cycle"]["state"]) == ([], [], "RECONCILED")
    sums = [(each["state"], each["orders"]) for each in done["cycle"]["sums"]]
    assert sums == [("PAID", 2), ("RETURNED", 1)]
    (back,) = [each for each in await orders(service, cycle["id"]) if each["state"] == "RETURNED"]
    again = await act(service, "repayOrder", "caseworker", orderId=back["id"], expectedVersion=back["version"])
    assert (again["userErrors"], again["cycle"]["state"]) == ([], "DRAWN_UP")
    gone = {"cycleId": again["cycle"]["id"], "expectedVersion": 1, "reason": "户主要求改期。"}
    assert (await act(service, "cancelCycle", "county-reviewer", **gone))["cycle"]["state"] == "CANCELLED"
    ledger = await service.data(
        """query ($ids: [ID!], $year: Int) {
          fundEntries(filter: {fundIds: $ids}, first: 50) { totalCount nodes { kind amount { amount } } }
          fundUse(year: $year) { source allocated { amount } available { amount } committed { amount } paid { amount } }
          paymentOrders(filter: {fundIds: $ids, states: [PAID]}, first: 50) { nodes { amount { amount } household { reference } } }
        }""",
        {"ids": [money], "year": MONTH.year},
    )
    kinds = [each["kind"] for each in ledger["fundEntries"]["nodes"]]
    assert sorted(kinds) == sorted(["ALLOCATED", *["COMMITTED"] * 4, *["SETTLED"] * 3, "RETURNED", "RELEASED"])
    (use,) = ledger["fundUse"]
    assert [use[name]["amount"] for name in ("allocated", "available", "committed", "paid")] == [
        "700.00", "200.00", "0.00", "500.00",
    ]  # fmt: skip
    down = ledger["paymentOrders"]["nodes"]
    assert sum(Decimal(each["amount"]["amount"]) for each in down) == Decimal(use["paid"]["amount"])
    assert len({each["household"]["reference"] for each in down}) == 2


async def test_a_request_that_is_sent_again_draws_nothing_up_again(service: Service, homes: list[Life]) -> None:
    money = await fund(service)
    given = {"fundId": money, "idempotencyKey": "draw-up-once-and-once"}
    first, second = [await drawn_up(service, **given) for _ in range(2)]
    assert first["cycle"]["id"] == second["cycle"]["id"]
    (error,) = (await drawn_up(service, fundId=money))["userErrors"]
    assert (error["code"], error["message"]) == ("INVALID", "By this month nothing is due.")


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
async def test_accounts_stand_open_in_the_bank_s_list_alone_and_whoever_takes_it_is_on_record(
    service: Service, homes: list[Life], suffix: str, tmp_path: Path
) -> None:
    cycle = await settled(service)
    answer = await file_of(service, cycle["id"], suffix)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store, private")
    rows: list[list[Any]]
    if suffix == "csv":
        rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
        assert rows[1][1].startswith("'="), "a name that a sheet would take for a formula is none"
    else:
        (tmp_path / "bank.xlsx").write_bytes(answer.content)
        rows = CalamineWorkbook.from_path(str(tmp_path / "bank.xlsx")).get_sheet_by_index(0).to_python()
    assert [row[2] for row in rows[1:]] == [ACCOUNT] * 3
    assert [row[4] for row in rows[1:]] == ["100.00", "200.00", "300.00"]
    async with transaction(service.engine) as connection:
        clerk = await connection.scalar(select(User.id).where(User.login == "caseworker"))
        assert await connection.scalar(select(AuditEvent.user_id).where(AuditEvent.action == "cycle.listed")) == clerk
        read = (await connection.execute(select(Read).order_by(Read.id.desc()).limit(1))).one()
        assert (read.user_id, read.identity, read.outcome) == (clerk, "WHOLE", "ANSWERED")
        assert set(read.households) == {each.household_id for each in homes}
    shown = await service.ask("{ paymentOrders { nodes { reference household { payeeAccount } } } }", by="auditor")
    assert ACCOUNT not in str(shown)


async def test_a_list_is_taken_again_for_a_reason_alone(service: Service, homes: list[Life]) -> None:
    cycle = (await settled(service))["id"]
    first = await file_of(service, cycle)
    assert (first.status_code, first.headers["jiekun-list-number"]) == (200, "1")
    for why in (None, " ", "长" * 201):
        refused = await file_of(service, cycle, why=why)
        assert refused.status_code == 400, why
        assert ACCOUNT.encode() not in refused.content
    assert "twice" in (await file_of(service, cycle)).json()["errors"][0]["message"]
    why = "银行网银故障，未收到文件"
    again = await file_of(service, cycle, why=why)
    assert (again.status_code, again.headers["jiekun-list-number"]) == (200, "2")
    assert again.content == first.content, "nothing was answered meanwhile"
    assert (await file_of(service, cycle, "xlsx", why=why)).headers["jiekun-list-number"] == "3"
    query = "query ($id: ID!) { paymentCycle(id: $id) { timesListed } }"
    assert (await service.data(query, {"id": cycle}, by="auditor"))["paymentCycle"] == {"timesListed": 3}
    async with transaction(service.engine) as connection:
        acts = select(AuditEvent.action, AuditEvent.detail).where(AuditEvent.action.startswith("cycle.listed"))
        told = [
            (action, detail["number"]) for action, detail in await connection.execute(acts.order_by(AuditEvent.id))
        ]
        kept = (await connection.scalars(select(BankList.reason).order_by(BankList.number))).all()
    assert told == [("cycle.listed", 1), ("cycle.listed_again", 2), ("cycle.listed_again", 3)]
    assert kept[0] is None
    assert not any(why.encode() in bytes(each or b"") for each in kept[1:])
    for statement in (
        insert(BankList).values(cycle_id=1, number=4, orders=1, user_id=1, taken_at=NOW),
        delete(BankList),
    ):
        with pytest.raises(DatabaseError):
            async with transaction(service.engine) as connection:
                await connection.execute(statement)


async def test_a_list_that_was_taken_before_lists_were_kept_takes_a_reason_too(
    service: Service, homes: list[Life]
) -> None:
    cycle = (await settled(service))["id"]
    first = await file_of(service, cycle)
    async with transaction(service.engine) as connection:
        kept = select(BankList.number, BankList.orders, BankList.user_id, BankList.taken_at)
        before = (await connection.execute(kept)).all()
    await migrations.downgrade(service.engine, "0026")
    await migrations.upgrade(service.engine)
    async with transaction(service.engine) as connection:
        assert (await connection.execute(kept)).all() == before
    assert (await file_of(service, cycle)).status_code == 400
    again = await file_of(service, cycle, why="银行未收到")
    assert (again.headers["jiekun-list-number"], again.content) == ("2", first.content)


async def test_of_eight_who_take_a_list_at_once_one_needs_no_reason(service: Service, homes: list[Life]) -> None:
    cycle = (await settled(service))["id"]
    answers = await asyncio.gather(*(file_of(service, cycle) for _ in range(8)))
    assert sorted(each.status_code for each in answers) == [200] + [400] * 7


async def test_f_28_whose_orders_and_checks_somebody_looked_at_is_on_record(
    service: Service, homes: list[Life]
) -> None:
    cycle = (await settled(service))["id"]
    theirs = sorted(each.household_id for each in homes)
    for asked in ("paymentOrders(first: 9, filter: $f) { nodes { amount { amount } heldBecause } }",
                  "paymentChecks(first: 9, filter: $f) { nodes { outcome } }"):  # fmt: skip
        kind = "PaymentOrderFilter" if "Orders" in asked else "PaymentCheckFilter"
        await service.data(f"query ($f: {kind}) {{ {asked} }}", {"f": {"cycleIds": [cycle]}}, by="caseworker")
        async with transaction(service.engine) as connection:
            row = (await connection.execute(select(*table(Read).c).order_by(Read.id.desc()).limit(1))).one()
        assert row.households == theirs


async def test_who_may_not_gets_no_list(service: Service, homes: list[Life]) -> None:
    cycle = await settled(service)
    statuses = {
        by: (await file_of(service, cycle["id"], by=by)).status_code for by in ("auditor", "department", "elsewhere")
    }
    assert statuses == {"auditor": 403, "department": 403, "elsewhere": 404}
    assert (await file_of(service, cycle["id"], by=None)).status_code == 401
    assert (await file_of(service, cycle["id"], "pdf")).status_code == 404
    assert (await file_of(service, "0" * 32)).status_code == 404
    headers = {"Authorization": f"Bearer {service.tokens['caseworker']}", "Jiekun-Purpose": "STATISTICS"}
    masked = await service.client.get(f"/payments/{cycle['id']}.csv", headers=headers)
    assert masked.status_code == 403, "for statistics nobody's account is needed"


async def test_the_bank_s_file_is_taken_in_by_its_door_or_told_row_by_row(
    service: Service, homes: list[Life], tmp_path: Path
) -> None:
    cycle = await settled(service)
    waiting = list(csv.reader(io.StringIO((await file_of(service, cycle["id"])).content.decode("utf-8-sig"))))[1:]
    bad = f"reference,result,amount,date\n{waiting[0][0]},PAID,1.00,\n{waiting[1][0]},MAYBE,200.00,2026-13-01\nJK1-00001-1,PAID,1.00,\n"
    answer = await answered(service, cycle["id"], bad.encode())
    assert answer.status_code == 422
    places = [(each["row"], each["column"]) for each in answer.json()["rows"]]
    assert places == [(2, "金额（元）"), (3, "结果"), (3, "日期"), (4, "指令号")]
    rows = [(row[0], "成功", row[4]) for row in waiting]
    sheets.write(tmp_path / "answers.xlsx", [Table("answers", ("指令号", "结果", "金额（元）"), rows)])
    content = (tmp_path / "answers.xlsx").read_bytes()
    for _ in range(2):
        answer = await answered(service, cycle["id"], content, "回盘.xlsx")
        assert (answer.status_code, answer.json()) == (200, {"paid": 3, "returned": 0, "unchanged": 0})
    assert {each["state"] for each in await orders(service, cycle["id"])} == {"PAID"}
    assert (await answered(service, cycle["id"], b"\x00\x01", "answers.xlsx")).status_code == 400
    assert (await answered(service, cycle["id"], content, by="auditor")).status_code == 403
    assert (await answered(service, cycle["id"], content, "a.xlsx", by="elsewhere")).status_code == 404


async def test_the_bank_s_bytes_are_paid_for_from_the_bucket_that_pays_for_questions(service: Service) -> None:
    """A cycle that is not there answers 404, once the bytes were paid for; what is too large is not read, nor paid for."""
    content = b"reference,result\n" * 1_000
    limits = Limits(cost=5_000, burst=files.cost(len(content)) * 2 + 100, per_second=0.001)
    app = create_app(service.url, service.vault, data_dir=service.data_dir, limits=limits)
    async with app.router.lifespan_context(app):
        client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service")
        sent = [b"x" * (bank.MOST_BYTES + 1), content, content, content]
        answers = [await answered(service, "0" * 32, each, client=client) for each in sent]
        assert [each.status_code for each in answers] == [413, 404, 404, 429]
        assert int(answers[-1].headers["retry-after"]) > 0
        other = await answered(service, "0" * 32, content, by="reviewer", client=client)
        assert other.status_code == 404, "another's bucket is another's"
