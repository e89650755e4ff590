"""A household's whole life, written row by row into every table that knows households: for whoever walks through them all."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, Column, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database import UtcDateTime
from api.domain.accounts import OPERATOR, OrganisationKind
from api.domain.permissions import Role
from api.models import Base, Department, File, Finding, Household, Organisation, Programme, Scan, User
from api.models.base import SealedBytes
from api.sealing import Vault
from api.services import accounts, organisations
from api.services.organisations import Described
from api.services.rotation import INDEXES, NAME, NUMBER

NOW = dt.datetime(2015, 3, 2, 8, tzinfo=dt.UTC)
DAY = NOW.date()
LATER = dt.timedelta(days=30)
NUMBERS = ("11010519491231002X", "110105199001012218", "110105201205060028")


@dataclass(frozen=True)
class Place:
    """What a household needs to live: officers, an organisation, a programme, a scan."""

    officer: int
    second: int
    organisation: int
    scan: int


@dataclass(frozen=True)
class Lived:
    """A household that lived: its keys, and every word and number that names it or its people."""

    household: int
    file: int
    members: tuple[int, ...]
    people: tuple[int, ...]
    canaries: frozenset[str]


async def settle(connection: AsyncConnection) -> Place:
    """Officers and an organisation, in an empty database."""
    await organisations.save(
        connection, OPERATOR, Described("总工会", "Union", OrganisationKind.UNION, "410500", ()), NOW, code="union"
    )
    for login in ("officer", "second"):
        await accounts.add_user(connection, login, login.title(), Role.REVIEWER, "410500", NOW, None)
    keys = dict((await connection.execute(select(User.login, User.id))).all())
    await connection.execute(
        insert(Programme).values(code="DIBAO", name_zh="低保", name_en="dibao", unit="HOUSEHOLD", position=0)
    )
    await connection.execute(insert(Department).values(code="tax", title_zh="税务", title_en="Tax", agency_zh=None))
    scan = insert(Scan).values(
        status="SUCCEEDED", division_code="410500", division_from="4105", division_to="4106", requested_by=None,
        as_of=DAY, rules=[], created_at=NOW, started_at=NOW, finished_at=NOW,
    )  # fmt: skip
    key = (await connection.execute(scan.returning(Scan.id))).scalar_one()
    union = (await connection.execute(select(Organisation.id))).scalar_one()
    return Place(keys["officer"], keys["second"], union, key)


class Writing:
    """Writes rows: what a column is not given and has to have is made up, sealed where it is sealed, and remembered."""

    def __init__(self, connection: AsyncConnection, vault: Vault, mark: str) -> None:
        self.connection, self.vault, self.mark = connection, vault, mark
        self.canaries: set[str] = set()

    async def add(self, into: str, /, **given: Any) -> int:
        """One row; its key, or 0."""
        of = Base.metadata.tables[into]
        row = dict(given)
        for column in of.columns:
            if column.name in given and not isinstance(column.type, SealedBytes):
                continue
            if isinstance(column.type, SealedBytes):
                row[column.name] = self._sealed(str(column), given)
            elif column.name == "version":
                row[column.name] = 1
            elif not column.nullable and column.name != "id" and column.server_default is None:
                row[column.name] = self._made_up(column)
        statement = insert(of).values(**{key: value for key, value in row.items() if value is not ABSENT})
        if "id" in of.c:
            return int((await self.connection.execute(statement.returning(of.c.id))).scalar_one())
        await self.connection.execute(statement)
        return 0

    def _sealed(self, column: str, given: Mapping[str, Any]) -> Any:
        name = column.split(".")[1]
        if name in given and given[name] is None:
            return None
        if column in INDEXES:
            source, (label, normal) = INDEXES[column]
            return self.vault.index(label, normal(given.get(source, self._word(f"{column.split('.')[0]}.{source}"))))
        if name == "digest":
            return self.vault.digest(column, self.mark)
        if isinstance(given.get(name), bytes):
            return given[name]
        said = given.get(name) or self._word(column)
        if name in ("others", "form", "before"):
            said = f'{{"{name}": "{said}"}}'
        self.canaries.add(said)
        return self.vault.seal(column, said)

    def _word(self, column: str) -> str:
        return f"金丝雀{self.mark}{column}"

    def _made_up(self, column: Column[Any]) -> Any:
        name, kind = column.name, column.type.python_type
        if isinstance(column.type, UtcDateTime):
            return NOW
        if isinstance(column.type, JSON):
            return {} if name in ("detail", "levels") else []
        if kind is str:
            word = f"{self.mark}-{name}"
            self.canaries.add(word)
            return word
        if kind is bytes:
            return hashlib.sha256(self.mark.encode()).digest()
        return {int: 1, bool: False, float: 0.5, dt.date: DAY}[kind]


ABSENT = object()


async def live(
    connection: AsyncConnection,
    vault: Vault,
    place: Place,
    mark: str,
    *,
    data_dir: Path | None = None,
    ended: dt.date | None = None,
    unsettled: Collection[str] = (),
) -> Lived:
    """A household of three with something in every table; where `ended`, its file was closed on that day.

    `unsettled` tells what of its money is open: "payment", "recovery", "error".
    """
    w = Writing(connection, vault, mark)
    officer, second = place.officer, place.second
    household = await w.add(
        "households", reference=f"{mark}-household", division_code="410502", stage="RECORDED", transition_number=1,
        target_group=None, residence=None, phone="13987650123", organisation_id=place.organisation,
        applied_on=DAY, file_opened_on=DAY,
    )  # fmt: skip
    people, members = [], []
    for number, relation in zip(NUMBERS, ("HEAD", "SPOUSE", "CHILD"), strict=True):
        name = f"金{relation[0]}{mark}"
        index = {
            "number_index": vault.index(NUMBER[0], NUMBER[1](number)),
            "name_index": vault.index(NAME[0], NAME[1](name)),
        }
        people.append(await w.add("people", **index))
        members.append(
            await w.add(
                "members", reference=f"{mark}-{relation}", household_id=household, person_id=people[-1],
                relation=relation, name=name, id_number=number, phone="13987650123", former_name=None,
                birth_date=dt.date(1949, 12, 31), valid_from=DAY,
            )
        )  # fmt: skip
    w.canaries |= {f"{mark}-household", *(f"{mark}-{relation}" for relation in ("HEAD", "SPOUSE", "CHILD"))}
    file = await w.add("files", household_id=household, number=f"{mark}-file", subject_member_id=members[0],
                       applied_on=DAY, opened_on=DAY, tier="COUNTY", category="DIBAO",
                       organisation_id=place.organisation)  # fmt: skip
    w.canaries.add(f"{mark}-file")
    mine: dict[str, Any] = {"household_id": household, "file_id": file}
    for member, person in zip(members, people, strict=True):
        await w.add("file_people", file_id=file, person_id=person, member_id=member, since=DAY, disputed=False)
    move = await w.add("transitions", **mine, number=1, from_stage="NOTHING", action="TAKE_OVER", to_stage="RECORDED",
                       user_id=officer)  # fmt: skip
    await w.add("listed_answers", member_id=members[0], organisation_id=place.organisation)
    await w.add("declarations", household_id=household, member_id=members[0], item="EMPLOYMENT", word=f"{mark}-word")
    w.canaries.add(f"{mark}-word")
    await w.add("declarations", household_id=household, item="DEPOSITS", amount=100_00)
    await w.add("external_references", household_id=household, member_id=members[1], reference=f"{mark}-external")
    w.canaries.add(f"{mark}-external")
    enrolment = await w.add("enrolments", household_id=household, member_id=members[0], programme_code="DIBAO",
                            source_record=f"{mark}-aid")  # fmt: skip
    w.canaries.add(f"{mark}-aid")
    await w.add("payments", enrolment_id=enrolment)
    finding = await w.add(
        "findings", household_id=household, state="OPEN", explanation_zh=f"{mark}说明", explanation_en=f"{mark} told",
        severity="LOW", rule_id="P06", first_scan_id=place.scan, last_scan_id=place.scan,
        evidence=[{"source": "tax", "record_id": f"{mark}-taxed"}],
    )  # fmt: skip
    w.canaries |= {f"{mark}说明", f"{mark} told", f"{mark}-taxed"}
    for member in members[:2]:
        await w.add("finding_persons", finding_id=finding, member_id=member)
    judged = {"source": "tax", "record_id": f"{mark}-taxed", "levels": {}, "weight_bits": 1.0, "rarity_bits": 0.0}
    await w.add("pair_judgements", finding_id=finding, member_id=members[0], judged_by=officer, **judged)
    review = await w.add("reviews", finding_id=finding, reviewer_id=officer, outcome="NO_ISSUE",
                         decision_document=f"{mark}-document")  # fmt: skip
    w.canaries.add(f"{mark}-document")
    await connection.execute(update(Finding).where(Finding.id == finding).values(state="CLOSED", review_id=review))
    await _reviewed(w, place, household, finding)
    await w.add(
        "income_months", member_id=members[0], month=dt.date(2015, 3, 1), answer="VALUE", kind="WAGE", amount_fen=1
    )
    await w.add("links", scan_id=place.scan, member_id=members[0], source="tax", decision="LINK", party="SELF")
    await w.add("member_changes", household_id=household, member_id=members[1], user_id=officer, kind="CORRECTED",
                fields=["name"])  # fmt: skip
    await w.add("member_changes", household_id=household, user_id=officer, kind="CORRECTED", fields=["phone"])
    referral = await w.add(
        "referrals", household_id=household, member_id=members[2], organisation_id=place.organisation, state="CLOSED",
        outcome="PROVIDED", referred_by=officer, answered_by=second, answered_at=NOW, programme_code="DIBAO",
    )  # fmt: skip
    asked = await w.add("verification_requests", **mine, state="CLOSED", occasion="APPLICATION", previous_id=None,
                        objection_id=None, round=1, requested_by=officer, closed_by=second, closed_at=NOW, sources=["tax"])  # fmt: skip
    await w.add("verification_answers", household_id=household, member_id=members[0], request_id=asked, source="tax",
                answer="VALUE", origin="DEPARTMENT", organisation_id=place.organisation, due_on=DAY, answered_by=officer, answered_at=NOW)  # fmt: skip
    await w.add("household_checks", household_id=household, request_id=asked, feed_index=1)
    await w.add("applicant_checks", household_id=household, request_id=asked, member_id=members[0], user_id=officer)
    stored = hashlib.sha256(mark.encode()).hexdigest()[:32]
    attachment = await w.add("attachments", **mine, member_id=members[0], stored=stored, size=6, uploaded_by=officer,
                             kind="APPLICATION_FORM", media_type="application/pdf")  # fmt: skip
    w.canaries.add(stored)
    if data_dir is not None:
        (data_dir / "attachments").mkdir(parents=True, exist_ok=True)
        (data_dir / "attachments" / stored).write_text(f"{mark}-bytes", encoding="utf-8")
        w.canaries.add(f"{mark}-bytes")
    await w.add("authorisations", member_id=members[0], attachment_id=attachment, guardian_id=None,
                withdrawn_on=DAY, withdrawn_by=officer, withdrawn_at=NOW, source="tax", purpose="VERIFICATION",
                recorded_by=officer, recorded_at=NOW)  # fmt: skip
    await w.add("authorisations", member_id=members[2], guardian_id=members[0], guardian_name=None,
                withdrawal_reason=None, source="ALL", purpose="VERIFICATION")  # fmt: skip
    await w.add(
        "emergency_exceptions", household_id=household, recorded_by=officer, sources=["tax"], purpose="VERIFICATION"
    )
    cause = await w.add("causes", **mine, cause="ILLNESS", place=0, main=True)
    await w.add("cause_events", cause_id=cause, user_id=officer, change="NAMED")
    assessment = await w.add("exit_assessments", **mine, user_id=officer, graduation="NO", relief="NO")
    await w.add("recognitions", **mine, tier="COUNTY", category="DIBAO", method="A2016", since=DAY, transition_id=move,
                decided_by=officer, user_kind="PERSON")  # fmt: skip
    await w.add("file_transfers", file_id=file, to_organisation_id=place.organisation, user_id=officer)
    visit = await w.add("home_visits", **mine, recorded_by=officer, correction=None, kind="BASELINE_SURVEY")
    await w.add("visit_photos", visit_id=visit, attachment_id=attachment)
    await w.add("visitors", visit_id=visit, user_id=officer)
    plan = await w.add("plans", **mine, made_by=officer)
    measure = await w.add("planned_measures", plan_id=plan, organisation_id=place.organisation, measure="MEDICAL_AID",
                          state="OPEN")  # fmt: skip
    await w.add("progress", measure_id=measure, user_id=officer, state="OPEN")
    await w.add("tasks", **mine, member_id=members[0], reference=f"{mark}-task", kind="REVERIFY", state="CANCELLED",
                done_at=NOW, done_by=officer)  # fmt: skip
    w.canaries.add(f"{mark}-task")
    await w.add("watches", **mine, outcome="FINE", done_at=NOW, done_by=officer)
    notice = await w.add("notices", **mine, transition_id=move, state="TAKEN_DOWN", taken_down_at=NOW, form="NAMED",
                         from_day=DAY, to_day=DAY + LATER, opened_by=officer, division_code="410502",
                         number=f"{mark}-notice")  # fmt: skip
    w.canaries.add(f"{mark}-notice")
    await w.add(
        "objections", **mine, notice_id=notice, objector="PUBLIC", received_by=officer, state="ANSWERED",
        outcome="REJECTED", answered_by=second, answered_by_kind="PERSON", answered_at=NOW, stage="RECORDED",
        grounds=["OTHER"],
    )  # fmt: skip
    await _granted(w, place, mine, members[0], people[0], referral, unsettled)
    await w.add("contact_officers", household_id=household, user_id=officer, assigned_by=second)
    await w.add("protections", person_id=people[2], protected_by=officer, ending_reason=None)
    decision = await w.add(
        "decisions", **mine, kind="DEREGISTER", proposed_by=officer, user_id=second, user_kind="PERSON"
    )
    await w.add("proposals", **mine, action="DEREGISTER", closing="MOVED", assessment_id=assessment, proposed_by=officer,
                state="APPROVED", decision_id=decision, decided_by=second, decided_at=NOW, rejection=None, withdrawn_at=None)  # fmt: skip
    if ended is not None:
        await w.add(
            "transitions", **mine, number=2, previous_number=1, from_stage="RECORDED", action="DEREGISTER",
            to_stage="DEREGISTERED", adverse=True, user_id=second, decision_id=decision, effective_on=ended,
        )  # fmt: skip
        moved = update(Household).where(Household.id == household)
        await connection.execute(moved.values(stage="DEREGISTERED", transition_number=2, file_closed_on=ended))
        await connection.execute(update(File).where(File.id == file).values(closed_on=ended, closing="MOVED"))
        closed = update(table_of("file_people")).where(table_of("file_people").c.file_id == file)
        await connection.execute(closed.values(until=ended))
    await _frozen(w, place, file)
    draw = await w.add(
        "blind_draws", division_code=f"{household:06}", quarter=DAY, seed="seed", cases=1, drawn=1, beside=0
    )
    await w.add(
        "blind_cases",
        draw_id=draw,
        household_id=household,
        has_lead=False,
        verdict="NO_ISSUE",
        reviewer_id=officer,
        reviewed_at=NOW,
    )
    return Lived(household, file, tuple(members), tuple(people), frozenset(w.canaries))


async def _reviewed(w: Writing, place: Place, household: int, finding: int) -> None:
    """A lead that was held, asked about, told, doubted and concluded on by two officers, and then cleared."""
    officer, second = place.officer, place.second
    of = {"household_id": household, "finding_id": finding, "evidence_hash": "x"}
    await w.add("lead_holders", finding_id=finding, user_id=officer, until=DAY)
    await w.add("lead_views", finding_id=finding, user_id=officer, viewed_at=NOW)
    asked = {"asked_by": officer, "state": "ANSWERED", "answered_by": second, "answered_at": NOW}
    await w.add("inquiries", **of, **asked, kind="FACTS", asked_of="COLLEAGUE", assigned_to=second)
    await w.add("inquiries", **of, **asked, kind="REPAIR", asked_of="DEPARTMENT", source="tax",
                record_id=f"{w.mark}-doubted", reason="SOLD", outcome="STANDS")  # fmt: skip
    w.canaries.add(f"{w.mark}-doubted")
    told = {"delivered_on": DAY, "wait_until": DAY + LATER, "answered_on": DAY}
    notice = await w.add("lead_notices", **of, **told, working_days=10, delivery="POST", recorded_by=officer,
                         answer_recorded_by=officer)  # fmt: skip
    proposed = {
        "outcome": "CLAIMANT_ERROR",
        "state": "PROPOSED",
        "proposed_by": officer,
        "proposed_on": DAY,
        "closing": None,
    }
    conclusion = await w.add("conclusions", **of, **told, **proposed, notice_id=notice)
    conclusions = table_of("conclusions")
    confirmed = {"state": "CONFIRMED", "confirmed_by": second, "confirmed_by_kind": "PERSON", "confirmed_at": NOW}
    await w.connection.execute(update(conclusions).where(conclusions.c.id == conclusion).values(**confirmed))


async def _frozen(w: Writing, place: Place, file: int) -> None:
    """A baseline in which its file stands, sealed, and a goal for it."""
    of = {
        "kind": "BASELINE",
        "division_code": "410502",
        "since": DAY - LATER,
        "as_of": DAY,
        "taken_by": place.officer,
    }
    snapshot = await w.add("snapshots", **of)
    facts = {"division_code": "410502", "stage": "RECORDED", "opened_on": DAY, "contact_officer": True}
    await w.add("snapshot_rows", snapshot_id=snapshot, file_id=file, **facts)
    sealed = update(table_of("snapshots")).where(table_of("snapshots").c.id == snapshot)
    await w.connection.execute(sealed.values(rows=1, digest="0" * 64))
    goal = {
        "kind": "RELIEVED_OR_GRADUATED",
        "percent": 50,
        "due_on": DAY,
        "document_no": "15",
        "set_by": place.officer,
    }
    await w.add("targets", snapshot_id=snapshot, **goal)
    aside = {
        "rule_id": f"R{file}",
        "division_code": "410502",
        "reviewed": 30,
        "confirmed": 0,
        "since": NOW,
        "reason": None,
    }
    await w.add("rule_shadows", **aside)
    await w.add("feed_indexes", sources=["tax"], as_of=DAY, failure=None, ready_at=NOW)


async def _granted(
    w: Writing,
    place: Place,
    mine: Mapping[str, Any],
    member: int,
    person: int,
    referral: int,
    unsettled: Collection[str],
) -> None:
    """Aid that was granted, and that is given back after all that has to stand before that; and an error of ours."""
    officers = {"proposed_by": place.officer, "user_id": place.second, "user_kind": "PERSON"}
    month, of = DAY.replace(day=1), {"household_id": mine["household_id"]}
    terms = {"programme_code": "DIBAO", "amount_fen": 300_00}
    grant = await w.add("grants", **mine, **terms, member_id=member, division_code="410502", first_month=month,
                        last_month=month, period="MONTH", state="PROPOSED", proposed_by=place.officer)  # fmt: skip
    await w.add("claims", grant_id=grant, person_id=person, month=month, cell="DIBAO")
    cost = await w.add("costs", **of, member_id=member, reference=f"{w.mark}-bill", cost_fen=900_00, covered_fen=0,
                       recorded_by=place.officer)  # fmt: skip
    w.canaries.add(f"{w.mark}-bill")
    await w.add("cost_shares", cost_id=cost, grant_id=grant, programme_code="DIBAO", amount_fen=300_00)
    enrolment = await w.add("enrolments", **of, **terms, member_id=member, source_record=f"GRANT:{grant}",
                            start_month=month, end_month=month)  # fmt: skip
    granted = await w.add("decisions", **mine, **officers, kind="GRANT")
    made = {"state": "GRANTED", "decided_as": "GRANT", "decided_by": place.second}
    grants = table_of("grants")
    values = {**made, "decision_id": granted, "enrolment_id": enrolment}
    await w.connection.execute(update(grants).where(grants.c.id == grant).values(**values))
    await _paid(w, place, mine["household_id"], grant, enrolment, answered="payment" not in unsettled)
    what = {"grant_id": grant, "kind": "RECOVER_AID", "from_month": month, "amount_fen": 300_00}
    proposal = await w.add("stop_proposals", **mine, **what, to_month=month, cause="UNCLEAR", state="PROPOSED",
                           proposed_by=place.officer, closing=None)  # fmt: skip
    told = {"delivered_on": DAY, "working_days": 10, "wait_until": DAY + LATER, "answered_on": DAY}
    notice = await w.add("aid_notices", **of, **told, proposal_id=proposal, delivery="POST", recorded_by=place.officer,
                         answer_recorded_by=place.officer)  # fmt: skip
    decision = await w.add("decisions", **mine, **officers, kind="RECOVER_AID")
    stop = await w.add(
        "stops", **of, **what, **told, proposal_id=proposal, enrolment_id=enrolment, notice_id=notice,
        last_month=dt.date(2015, 2, 1), proposed_by=place.officer, decided_by=place.second, decision_id=decision,
        floor="UNKNOWN", referral_id=referral,
    )  # fmt: skip
    proposals = table_of("stop_proposals")
    await w.connection.execute(update(proposals).where(proposals.c.id == proposal).values(state="DECIDED"))
    whole = {**of, "total_fen": 300_00, "most_fen": 25_00, "cause": "UNCLEAR"}
    recovery = await w.add("recoveries", **whole, stop_id=stop, kind="RECOVER_AID")
    entry = {**whole, "recovery_id": recovery, "user_id": place.second}
    await w.add("recovery_entries", **entry, number=1, kind="OPENED", before_fen=300_00, amount_fen=0,
                left_fen=300_00, reason=None)  # fmt: skip
    if "recovery" not in unsettled:
        await w.add("recovery_entries", **entry, number=2, previous_number=1, kind="WAIVED", before_fen=300_00,
                    amount_fen=300_00, left_fen=0)  # fmt: skip
    put_right = {"put_right_on": DAY, "put_right_by": place.second}
    if "error" in unsettled:
        put_right = {**dict.fromkeys(put_right), "remedy": None}
    await w.add("official_errors", **of, division_code="410502", kind="OTHER", decision_id=decision, grant_id=grant,
                month=month, recorded_by=place.officer, **put_right)  # fmt: skip


async def _paid(w: Writing, place: Place, household: int, grant: int, enrolment: int, *, answered: bool) -> None:
    """A month of that aid, paid from a fund by an order that two officers made, and a recipient who was asked."""
    of, month = {"household_id": household}, DAY.replace(day=1)
    nothing = dict.fromkeys(("allocated_fen", "available_fen", "committed_fen", "paid_fen"), 0)
    fund = await w.add("funds", **nothing, source="UNION", division_code="410502", year=2000 + household)
    cycle = await w.add("payment_cycles", fund_id=fund, kind="REGULAR", programme_code="DIBAO", division_code="410502",
                        month=month, state="DRAWN_UP", seed="seed", drawn_up_by=place.officer,
                        cancelled_because=None)  # fmt: skip
    order = await w.add("payment_orders", **of, cycle_id=cycle, reference=f"{w.mark}-order", grant_id=grant,
                        enrolment_id=enrolment, amount_fen=300_00, state="DRAWN_UP")  # fmt: skip
    w.canaries.add(f"{w.mark}-order")
    await w.add("order_months", order_id=order, grant_id=grant, month=month, amount_fen=300_00, live=True)
    for kind, credit, debit, of_order in (
        ("ALLOCATED", "OUTSIDE", "AVAILABLE", None), ("COMMITTED", "AVAILABLE", "COMMITTED", order),
        ("SETTLED", "COMMITTED", "PAID", order),
    ):  # fmt: skip
        told = {"credit": credit, "debit": debit, "order_id": of_order, "reference": f"{kind}:{order}"}
        await w.add("fund_entries", **told, fund_id=fund, kind=kind, amount_fen=300_00, user_id=place.officer)
    approved = {"approved_by": place.second, "approved_by_kind": "PERSON", "approved_at": NOW}
    cycles, orders = table_of("payment_cycles"), table_of("payment_orders")
    of_cycle = update(cycles).where(cycles.c.id == cycle)
    await w.connection.execute(of_cycle.values(state="APPROVED", **approved))
    await w.add("bank_lists", cycle_id=cycle, number=1, orders=1, reason=None, user_id=place.second)
    await w.add("bank_answers", cycle_id=cycle, sha256="0" * 64, user_id=place.second)
    await w.connection.execute(of_cycle.values(state="SETTLED", settled_by=place.second, settled_at=NOW))
    await w.connection.execute(update(orders).where(orders.c.id == order).values(state="SETTLED"))
    await w.add("payments", enrolment_id=enrolment, month=month, amount_fen=300_00, order_id=order)
    if answered:
        paid = update(orders).where(orders.c.id == order).values(state="PAID", answered_on=DAY)
        await w.connection.execute(paid)
    await w.add("payment_checks", order_id=order, outcome="RECEIVED", checked_by=place.second, checked_at=NOW)


async def donated(w: Writing, place: Place) -> None:
    """Money that a donor promised and gave, as it came into a fund: nothing of it is about a household."""
    nothing = dict.fromkeys(("allocated_fen", "available_fen", "committed_fen", "paid_fen"), 0)
    fund = await w.add("funds", **nothing, source="SOCIAL", division_code="410502", year=1999)
    told = {"credit": "OUTSIDE", "debit": "AVAILABLE", "reference": f"{w.mark}-receipt", "order_id": None}
    entry = await w.add(
        "fund_entries", **told, fund_id=fund, kind="ALLOCATED", amount_fen=500_00, user_id=place.officer
    )
    donor = await w.add(
        "donors", kind="ORGANISATION", anonymous=False, division_code="410502", registered_by=place.officer
    )
    pledge = await w.add(
        "donation_pledges", donor_id=donor, kind="MONEY", amount_fen=900_00, goods=None, division_code="410502",
        until=DAY + LATER, received_fen=0, state="PLEDGED", closing=None, recorded_by=place.officer,
    )  # fmt: skip
    await w.add("donation_receipts", pledge_id=pledge, amount_fen=500_00, complete=False, received_on=DAY,
                receipt_no=f"{w.mark}-receipt", fund_entry_id=entry, user_id=place.officer)  # fmt: skip


def table_of(name: str) -> Any:
    """The table of this name."""
    return Base.metadata.tables[name]
