"""What donors give: every yuan is traced from the donor to the fund that paid, and no donor is told of a household."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Any

import pytest
from graphql import GraphQLObjectType
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import DatabaseError

from api.database import transaction
from api.domain.accounts import OPERATOR, OrganisationKind
from api.domain.donations import DonorKind, SpendingKnown, spent
from api.domain.errors import NotDone
from api.domain.ledger import FundSource
from api.models import (
    AuditEvent,
    DonationPledge,
    DonationReceipt,
    Donor,
    Fund,
    FundEntry,
    Human,
    Member,
    Organisation,
    PaymentOrder,
    Referral,
    table,
)
from api.schema.root import schema
from api.services import donations, funds, organisations, upkeep
from api.services.donations import Pledged, Received, Registered
from api.services.organisations import Described
from tests.api.conftest import Service
from tests.api.county import COUNTY
from tests.api.paying import MONTH, NOW, TODAY, Paying, granted, said
from tests.api.services.atwork import DAY, OnFile, errors, on_file
from tests.api.services.test_referrals import answer, listed, refer

G, D, F = table(DonationPledge).c, table(Donor).c, table(Fund).c
_ORGANISATION = table(Organisation)
NAME, CONTACT = "李大善", "13900001111"
PLEDGE = "id state version kind amount { amount } received { amount } goods receipts { amount { amount } receiptNo fundId }"


async def donor(books: Paying, by: str = "clerk", **told: Any) -> int:
    given = Registered(
        **{"kind": DonorKind.PERSON, "division_code": COUNTY, "name": NAME, "contact": CONTACT, **told}
    )
    async with transaction(books.engine) as connection:
        return await donations.register(connection, books.vault, books.officers[by], given, NOW)


async def pledged(books: Paying, who: int, fen: int | None = 100_00, by: str = "clerk", /, **told: Any) -> int:
    given: dict[str, Any] = {"division_code": COUNTY, "until": TODAY + 30 * DAY, "amount_fen": fen, **told}
    async with transaction(books.engine) as connection:
        return await donations.pledge(connection, books.vault, books.officers[by], who, Pledged(**given), NOW)


async def received(books: Paying, pledge: int, number: str, fen: int | None = 100_00, **told: Any) -> None:
    async with transaction(books.engine) as connection:
        version = await connection.scalar(select(G.version).where(G.id == pledge)) or 0
        given = Received(**{"received_on": TODAY, "receipt_no": number, "amount_fen": fen, **told})
        await donations.receive(connection, books.officers["chief"], pledge, version, given, NOW)


async def stands(books: Paying, pledge: int) -> tuple[str, int]:
    async with transaction(books.engine) as connection:
        return tuple((await connection.execute(select(G.state, G.received_fen).where(G.id == pledge))).one())


async def test_every_yuan_is_traced_from_the_donor_to_the_payment(books: Paying) -> None:
    pledge = await pledged(books, await donor(books), 300_00, programme="LIVING_SUBSIDY")
    await received(books, pledge, "票1", 100_00)
    assert await stands(books, pledge) == ("PARTLY_RECEIVED", 100_00)
    await received(books, pledge, "票2", 200_00)
    assert await stands(books, pledge) == ("RECEIVED", 300_00)
    async with transaction(books.engine) as connection:
        entries = (
            select(FundEntry.fund_id, FundEntry.amount_fen, FundEntry.document_no)
            .join(DonationReceipt, DonationReceipt.fund_entry_id == FundEntry.id)
            .order_by(FundEntry.id)
        )
        (one, two) = (await connection.execute(entries)).all()
        fund = (await connection.execute(select(*F).where(F.id == one.fund_id))).one()
    assert ((one.amount_fen, one.document_no), (two.amount_fen, two.document_no)) == (
        (100_00, "票1"),
        (200_00, "票2"),
    )
    assert (fund.source, fund.division_code, fund.year, fund.available_fen) == ("SOCIAL", COUNTY, TODAY.year, 300_00)
    await granted(books, 80_00)
    cycle = await books.draw_up(fund=fund.id)
    await books.approve(cycle)
    await books.settle(cycle)
    await books.answer(cycle, [said(each, "成功", row) for row, each in enumerate(await books.orders(cycle), 2)], "a")
    async with transaction(books.engine) as connection:
        paid = (await connection.execute(select(F.paid_fen).where(F.id == fund.id))).scalar_one()
        orders = select(PaymentOrder.state).join(FundEntry, FundEntry.order_id == PaymentOrder.id)
        states = (await connection.scalars(orders.where(FundEntry.fund_id == fund.id).distinct())).all()
    assert (paid, list(states)) == (80_00, ["PAID"])
    assert await books.sound()


@given(st.integers(1, 500), st.integers(0, 500), st.integers(0, 1000), st.data())
def test_what_was_paid_of_a_pledge_lies_in_its_range_whoever_s_money_went_first(
    own: int, others: int, paid: int, data: st.DataObject
) -> None:
    paid = min(paid, own + others)
    told = spent(own, own + others, paid)
    of_others = data.draw(st.integers(max(0, paid - own), min(others, paid)))
    assert told.least <= paid - of_others <= told.most
    assert (told.known is SpendingKnown.EXACT) == (told.least == told.most)
    assert spent(own, own, min(paid, own)).known is SpendingKnown.EXACT, "nobody else's money stands there"


async def test_what_donors_give_comes_in_by_a_pledge_alone(books: Paying) -> None:
    async with transaction(books.engine) as connection:
        told = (FundSource.SOCIAL, COUNTY, MONTH.year, 1_00, "文", NOW)
        with pytest.raises(NotDone):
            await funds.allocate(connection, books.officers["chief"], *told)
    pledge = await pledged(books, await donor(books))
    await received(books, pledge, "票1")
    async with transaction(books.engine) as connection:
        back = (FundSource.SOCIAL, COUNTY, MONTH.year, 40_00, "退", NOW)
        await funds.allocate(connection, books.officers["chief"], *back, back=True)
    assert await stands(books, pledge) == ("RECEIVED", 100_00), "what was received was received"


GIVEN = {"division_code": COUNTY, "until": TODAY, "amount_fen": 1_00}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"amount_fen": None}, "amount"),
        ({"goods": "轮椅"}, "amount"),
        ({"amount_fen": 0}, "amount"),
        ({"amount_fen": None, "goods": " "}, "goods"),
        ({"until": TODAY - DAY}, "until"),
        ({"programme": "NO_SUCH"}, "programmeCode"),
        ({"division_code": "110000"}, "divisionCode"),
    ],
)
async def test_what_cannot_be_promised_is_not_recorded(books: Paying, wrong: dict[str, Any], field: str) -> None:
    who = await donor(books)
    with pytest.raises(NotDone) as refused:
        await pledged(books, who, **{**GIVEN, **wrong})
    assert refused.value.path[-1] == field


async def test_no_more_comes_than_was_promised_and_a_receipt_is_given_once(books: Paying) -> None:
    who = await donor(books)
    pledge, other = await pledged(books, who), await pledged(books, who)
    goods = await pledged(books, who, None, goods="十台轮椅")
    await received(books, pledge, "票1", 60_00)
    for wrong, number, of, field in (
        ({"fen": 50_00}, "票2", pledge, "amount"),
        ({"fen": 0}, "票2", pledge, "amount"),
        ({"fen": None}, "票2", pledge, "amount"),
        ({"fen": 1_00}, "票1", other, "receiptNo"),
        ({"fen": 1_00}, " ", other, "receiptNo"),
        ({"fen": 1_00, "received_on": TODAY + DAY}, "票2", other, "receivedOn"),
        ({"fen": 1_00}, "票2", goods, "amount"),
    ):
        with pytest.raises(NotDone) as refused:
            await received(books, of, number, **wrong)
        assert refused.value.path[-1] == field
    assert await stands(books, other) == ("PLEDGED", 0)
    await received(books, goods, "票3", None, complete=False)
    assert await stands(books, goods) == ("PARTLY_RECEIVED", 0)
    await received(books, goods, "票4", None)
    assert await stands(books, goods) == ("RECEIVED", 0)
    with pytest.raises(NotDone):
        await received(books, goods, "票5", None)
    assert await books.sound()


async def receiving(books: Paying, pledge: int, number: str, year: int = TODAY.year) -> str:
    """What becomes of one who enters a receipt while others do: "done", or which field is told to be wrong."""
    given = Received(TODAY.replace(year=year, day=1), number, 100_00)
    try:
        async with transaction(books.engine) as connection:
            await donations.receive(connection, books.officers["chief"], pledge, 1, given, NOW)
    except NotDone as why:
        return why.path[-1]
    return "done"


async def test_of_many_who_receive_at_once_none_is_lost_and_no_receipt_is_given_twice(books: Paying) -> None:
    who, many = await donor(books), range(32)
    some = [await pledged(books, who) for _ in many]
    found = await asyncio.gather(*(receiving(books, each, f"票{each}") for each in some))
    assert found == ["done"] * 32
    async with transaction(books.engine) as connection:
        social = select(F.allocated_fen, F.available_fen).where(F.source == "SOCIAL")
        assert (await connection.execute(social)).all() == [(3200_00, 3200_00)]
    large = await pledged(books, who, 3200_00)
    found = await asyncio.gather(*(receiving(books, large, f"票甲{each}") for each in many))
    assert sorted(found) == ["done"] + ["expectedVersion"] * 31
    some = [await pledged(books, who) for _ in many]
    same = (receiving(books, each, "票乙", TODAY.year - place % 3) for place, each in enumerate(some))
    assert sorted(await asyncio.gather(*same)) == ["done"] + ["receiptNo"] * 31
    assert await books.sound()


async def test_a_pledge_is_withdrawn_without_a_reason_and_lapses_without_a_word(books: Paying) -> None:
    who = await donor(books)
    withdrawn, lapsed, done = [await pledged(books, who) for _ in range(3)]
    await received(books, withdrawn, "票1", 10_00)
    await received(books, done, "票2")
    async with transaction(books.engine) as connection:
        told = (withdrawn, 2, None, NOW)
        await donations.withdraw(connection, books.vault, books.officers["clerk"], *told)
    assert await stands(books, withdrawn) == ("WITHDRAWN", 10_00), "what came stays"
    for days, many in ((30, 0), (31, 1), (32, 0)):
        async with transaction(books.engine) as connection:
            later = NOW + dt.timedelta(days=days)
            assert await upkeep.CHORES["pledges"](connection, books.vault, later) == many
    assert [(await stands(books, each))[0] for each in (lapsed, done)] == ["LAPSED", "RECEIVED"]
    for each in (withdrawn, lapsed, done):
        with pytest.raises(NotDone):
            await received(books, each, "票9", 1_00)
    async with transaction(books.engine) as connection:
        acts = (await connection.scalars(select(AuditEvent.action).order_by(AuditEvent.id))).all()
    assert {"donor.registered", "pledge.recorded", "pledge.received", "pledge.withdrawn", "pledge.lapsed"} <= {*acts}


async def test_the_database_keeps_pledges_as_they_are_by_itself(books: Paying) -> None:
    who = await donor(books)
    pledge, gone = await pledged(books, who), await pledged(books, who)
    await received(books, pledge, "票1", 60_00)
    async with transaction(books.engine) as connection:
        await donations.withdraw(connection, books.vault, books.officers["clerk"], gone, 1, "另有安排", NOW)
        elsewhere = await connection.scalar(select(FundEntry.id).where(FundEntry.fund_id == books.fund).limit(1))
        entry = await connection.scalar(select(DonationReceipt.fund_entry_id))
    row = {"complete": False, "received_on": TODAY, "user_id": books.officers["chief"].user_id, "received_at": NOW}
    P, R = table(DonationPledge), table(DonationReceipt)
    for statement in (
        update(P).where(G.id == pledge).values(received_fen=99_00),
        update(P).where(G.id == pledge).values(amount_fen=60_00),
        update(P).where(G.id == pledge).values(state="RECEIVED"),
        update(P).where(G.id == gone).values(state="PLEDGED"),
        delete(P).where(G.id == gone),
        insert(R).values(**row, pledge_id=pledge, amount_fen=40_00, receipt_no="a", fund_entry_id=elsewhere),
        insert(R).values(**row, pledge_id=pledge, amount_fen=40_00, receipt_no="a", fund_entry_id=None),
        insert(R).values(**row, pledge_id=pledge, amount_fen=60_00, receipt_no="a", fund_entry_id=entry),
        insert(R).values(**row, pledge_id=gone, amount_fen=None, receipt_no="a", fund_entry_id=None),
        update(R).values(amount_fen=1),
        delete(R),
    ):
        with pytest.raises(DatabaseError):
            async with transaction(books.engine) as connection:
                await connection.execute(statement)
    assert await stands(books, pledge) == ("PARTLY_RECEIVED", 60_00)


async def test_who_gives_is_sealed(books: Paying) -> None:
    await pledged(books, await donor(books), None, goods=f"{NAME}赠轮椅")
    async with transaction(books.engine) as connection:
        kept = [
            *(await connection.execute(select(D.name, D.contact))).one(),
            await connection.scalar(select(G.goods)),
        ]
        audited = (await connection.scalars(select(AuditEvent.detail))).all()
    assert not any(word.encode() in bytes(each) for each in kept for word in (NAME, CONTACT))
    assert NAME not in str(audited)


async def act(service: Service, field: str, answers: str, by: str = "caseworker", **told: Any) -> Any:
    nobody = OnFile(service, 0, 0, "", "")
    return await nobody.act(field, answers, by, **told)


async def giving(service: Service, **told: Any) -> str:
    given = {"kind": "PERSON", "divisionCode": "410502", "name": NAME, "contact": CONTACT, **told}
    found: str = (await act(service, "registerDonor", "donor { id }", **given))["donor"]["id"]
    return found


async def promised(service: Service, who: str, by: str = "caseworker", **told: Any) -> Any:
    given = {"donorId": who, "divisionCode": "410502", "until": str(TODAY + 30 * DAY), "amount": "500.00", **told}
    return (await act(service, "recordPledge", f"pledge {{ {PLEDGE} }}", by, **given))["pledge"]


async def came(service: Service, pledge: Any, amount: str | None, number: str) -> Any:
    told = {"pledgeId": pledge["id"], "expectedVersion": pledge["version"], "receivedOn": str(TODAY)}
    told |= {"receiptNo": number, "amount": amount}
    return await act(service, "receivePledge", f"pledge {{ {PLEDGE} }}", "county-reviewer", **told)


USE = "query ($id: ID!) { donationUse(pledgeId: $id) { received { amount } paidAtLeast { amount } paidAtMost { amount } known funds { fundId given { amount } paid { amount } known } } }"


async def test_what_became_of_a_pledge_is_told_as_exactly_as_the_fund_allows(service: Service) -> None:
    one = await promised(service, await giving(service))
    one = (await came(service, one, "500.00", "票1"))["pledge"]
    assert (one["state"], one["received"], one["receipts"][0]["receiptNo"]) == (
        "RECEIVED",
        {"amount": "500.00"},
        "票1",
    )
    fund = one["receipts"][0]["fundId"]
    async with transaction(service.engine) as connection:
        user, key = 1, service.vault.key("Fund", fund)
        for number, (kind, credit, debit) in enumerate(
            (("COMMITTED", "AVAILABLE", "COMMITTED"), ("SETTLED", "COMMITTED", "PAID"))
        ):
            told = {"fund_id": key, "kind": kind, "credit": credit, "debit": debit, "amount_fen": 200_00}
            which = {"reference": f"HAND:{number}", "order_id": 9, "user_id": user, "happened_at": NOW}
            await connection.execute(insert(FundEntry).values(**told, **which))
    use = (await service.data(USE, {"id": one["id"]}, by="caseworker"))["donationUse"]
    assert (use["paidAtLeast"], use["paidAtMost"], use["known"]) == (
        {"amount": "200.00"},
        {"amount": "200.00"},
        "EXACT",
    )
    other = await promised(service, await giving(service, anonymous=True), amount="300.00")
    other = (await came(service, other, "300.00", "票2"))["pledge"]
    uses = [(await service.data(USE, {"id": each["id"]}, by="auditor"))["donationUse"] for each in (one, other)]
    assert [(each["paidAtLeast"]["amount"], each["paidAtMost"]["amount"], each["known"]) for each in uses] == [
        ("0.00", "200.00", "BY_FUND"), ("0.00", "200.00", "BY_FUND"),
    ]  # fmt: skip
    assert uses[0]["funds"][0] == uses[1]["funds"][0] == {
        "fundId": fund, "given": {"amount": "800.00"}, "paid": {"amount": "200.00"}, "known": "BY_FUND",
    }  # fmt: skip
    waiting = await promised(service, await giving(service))
    nothing = (await service.data(USE, {"id": waiting["id"]}, by="caseworker"))["donationUse"]
    assert (nothing["received"], nothing["known"], nothing["funds"]) == ({"amount": "0.00"}, "EXACT", [])
    assert (await service.data(USE, {"id": one["id"]}, by="elsewhere"))["donationUse"] is None


async def test_who_gives_is_told_to_those_who_see_identities_and_unnamed_donors_to_nobody_else(
    service: Service,
) -> None:
    for told in (
        {},
        {"anonymous": True},
        {"kind": "ORGANISATION", "name": "某某集团"},
        {"anonymous": True, "name": None},
    ):
        await giving(service, **told)
    query = "{ donors(orderBy: [{field: REGISTERED, direction: ASC}]) { nodes { name contact } } }"
    whole = (await service.data(query, by="caseworker"))["donors"]["nodes"]
    assert [each["name"] for each in whole] == [NAME, NAME, "某某集团", None]
    masked = (await service.data(query, by="auditor"))["donors"]["nodes"]
    assert [each["name"] for each in masked] == ["李**", None, "某某集团", None]
    assert {each["contact"] for each in masked} == {None}
    refused = await service.ask(query, by="department")
    assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    unnamed = {"kind": "PERSON", "divisionCode": "410502"}
    assert errors(await act(service, "registerDonor", "donor { id }", **unnamed)) == [("REQUIRED", ["input", "name"])]


async def charity(service: Service, code: str = "charity", division: str = "410500") -> str:
    async with transaction(service.engine) as connection:
        told = Described("安阳慈善总会", "Charity Federation", OrganisationKind.SOCIAL_ORGANISATION, division)
        await organisations.save(connection, OPERATOR, told, NOW, code=code)
    return code


async def test_a_charity_draws_on_a_pledge_and_the_donor_is_told_of_nobody(service: Service) -> None:
    house, code = await on_file(service), await charity(service)
    pledge = await promised(
        service, await giving(service), amount=None, goods="免费治疗两名", programmeCode="CHARITY_MEDICAL"
    )
    drawn = {"organisation": code, "programme": "CHARITY_MEDICAL", "pledgeId": pledge["id"]}
    sent = (await refer(house, **drawn))["referral"]
    shown = await house.read("referrals { id pledgeId }")
    assert shown["referrals"] == [{"id": sent["id"], "pledgeId": pledge["id"]}]
    for type_name in ("Donor", "DonationPledge", "DonationReceipt", "DonationUse", "DonationFundUse"):
        kind = schema._schema.type_map[type_name]
        assert isinstance(kind, GraphQLObjectType)
        fields = kind.fields.values()
        assert not {"Household", "Person", "Referral", "PaymentOrder"} & {
            str(each.type).strip("[]!") for each in fields
        }
    own = await giving(service, kind="ORGANISATION", name="安阳慈善总会", organisation=code)
    theirs = await promised(service, own)
    elsewhere = await promised(service, await giving(service), divisionCode="410502")
    beside = await charity(service, "beside", "410581")
    for wrong, refused in (
        (drawn | {"organisation": "police"}, ("INVALID", ["input", "organisation"])),
        (drawn | {"organisation": beside}, ("INVALID", ["input", "organisation"])),
        (drawn | {"pledgeId": theirs["id"]}, ("INVALID", ["input", "organisation"])),
        (drawn | {"programme": "DIBAO"}, ("INVALID", ["input", "programme"])),
        (drawn | {"pledgeId": "0" * 32}, ("NOT_FOUND", ["input", "pledgeId"])),
    ):
        assert errors(await refer(house, **wrong)) == [refused]
    gone = {"pledgeId": elsewhere["id"], "expectedVersion": 1, "reason": "另有安排"}
    done = await act(service, "withdrawPledge", "pledge { state withdrawnBecause }", **gone)
    assert done["pledge"] == {"state": "WITHDRAWN", "withdrawnBecause": "另有安排"}
    assert errors(await refer(house, **drawn | {"pledgeId": elsewhere["id"]})) == [("INVALID", ["input", "pledgeId"])]


async def test_f_29_nothing_that_a_donor_may_be_told_changes_with_a_protected_household(service: Service) -> None:
    house, code = await on_file(service), await charity(service)
    pledge = await promised(service, await giving(service), amount=None, goods="免费治疗")

    async def told() -> Any:
        query = f"query ($id: ID!) {{ node(id: $id) {{ ... on DonationPledge {{ {PLEDGE} donor {{ name }} }} }} donationUse(pledgeId: $id) {{ known funds {{ fundId }} }} }}"
        return await service.data(query, {"id": pledge["id"]}, by="caseworker")

    before = await told()
    async with transaction(service.engine) as connection:
        somebody = select(Member.person_id).where(Member.household_id == house.key).limit(1).scalar_subquery()
        await connection.execute(update(Human).where(Human.id == somebody).values(protected_since=NOW))
    await refer(house, organisation=code, pledgeId=pledge["id"])
    assert await told() == before
    async with transaction(service.engine) as connection:
        assert await connection.scalar(select(Referral.pledge_id)) is not None


async def test_whoever_receives_a_referral_is_not_told_who_pays(service: Service) -> None:
    house = await on_file(service)
    async with transaction(service.engine) as connection:
        changed = {"kind": OrganisationKind.SOCIAL_ORGANISATION.value}
        await connection.execute(update(_ORGANISATION).where(_ORGANISATION.c.code == "police").values(**changed))
    pledge = await promised(service, await giving(service))
    sent = (await refer(house, pledgeId=pledge["id"]))["referral"]
    query = "query ($id: ID!) { node(id: $id) { ... on Referral { id pledgeId } } }"
    shown = (await service.data(query, {"id": sent["id"]}, by="department"))["node"]
    assert shown == {"id": sent["id"], "pledgeId": None}
    assert (await answer(house, sent))["referral"]["state"] == "ACCEPTED"
    assert len(await listed(service, "department")) == 1
