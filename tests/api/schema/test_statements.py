"""Statements an operation takes: as many as it has levels, for one row as for a hundred (F-38)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database import transaction
from api.domain import divisions
from api.domain.permissions import Role, Viewer
from api.domain.targets import TargetKind
from api.models import Alarm, Finding, Household, Member, Organisation, Scan, User
from api.schema.root import schema
from api.services import blind, reads, snapshots, targets
from tests.api.conftest import Service
from tests.api.papers import exception, paper
from tests.api.scheduled import scheduled
from tests.api.schema.authorisation import TO_COME
from tests.api.sending import doubted_of, sent_by
from tests.api.services.atwork import at_work
from tests.api.services.doubted import doubted
from tests.api.services.hooked import hooked
from tests.api.services.left import left
from tests.api.services.paid import paid
from tests.api.services.reviewed import under_review
from tests.api.services.taken import taken
from tests.api.services.test_notices import opened
from tests.api.services.test_objections import raised

HOUSEHOLD = """
  id reference stage division { nameZh } address phone
  members { id name idNumber phone links(first: 20) { source grade } household { reference } }
  enrolments { id programme { code } person { name } payments(first: 24) { month amount { amount } } }
  findings(first: 20) { id severity rule { titleZh } persons { name } reviews { outcome } lastScan { status } }
"""
FINDING = """
  id severity rule { id } explanationZh evidence { source recordId } exceptions { name result }
  household { reference members { name } enrolments { programme { nameZh } } }
  persons { name links { source } } reviews { note } lastScan { asOf } holder { until } inquiries { question }
  notices { textZh } objections { text } conclusions { reason } proof { byPeople acts { action } }
"""
FILE = """
  id number stage tier category deadline { dueOn workingDaysLeft } union { code } household { reference history { action } }
  subject { name } recognitions { category } transfers { reason } transitions { action by reason }
"""
LONG_AGO = dt.date(2001, 1, 1)
"""Before any file of the city was opened."""

ONE = {
    "file": (f"query ($id: ID!) {{ file(id: $id) {{ {FILE} }} }}", "file", 7),
    "fileHistory": ("query ($id: ID!) { fileHistory(householdId: $id) { number action reason } }", "household", 1),
    "nextSteps": (
        "query ($id: ID!) { nextSteps(householdId: $id) { action obstacles { message } } }",
        "household",
        11,
    ),
    "sideBySide": (
        "query ($id: ID!) { sideBySide(findingId: $id) { source record { value } waterfall { svg } person { name } } }",
        "finding",
        2,
    ),
    "household": (f"query ($id: ID!) {{ household(id: $id) {{ {HOUSEHOLD} }} }}", "household", 12),
    "person": (
        "query ($id: ID!) { person(id: $id) { name links { source } household { reference members { name } } "
        "memberships { name } declarations { item } changes { reason } } }",
        "person",
        7,
    ),
    "accessLog": (
        "query ($id: ID!) { accessLog(personId: $id) { totalCount nodes { readAt reader { login } fields { labelZh } } } }",
        "person",
        2,
    ),
    "upload": ("query ($id: ID!) { upload(id: $id) { state receipt { number } } }", "upload", 1),
    "feed": ("query ($id: ID!) { feed(id: $id) { department ageDays uploadId } }", "feed", 1),
    "attachment": (
        "query ($id: ID!) { attachment(id: $id) { kind name household { reference } person { name } } }",
        "attachment",
        3,
    ),
    "missingFields": ("query ($id: ID!) { missingFields(householdId: $id) { code labelZh } }", "household", 4),
    "incomes": ("query ($id: ID!) { incomes(personId: $id) { month evidence recordedBy } }", "person", 1),
    "perCapitaIncome": (
        'query ($id: ID!) { perCapitaIncome(householdId: $id, month: "2024-05") { known line { amount } steps { source } } }',
        "household",
        4,
    ),
    "exitAssessment": (
        "query ($id: ID!) { exitAssessment(householdId: $id) { graduation { months { standing } } relief { missing { gap } } } }",
        "household",
        4,
    ),
    "exitAssessments": (
        "query ($id: ID!) { exitAssessments(householdId: $id) { graduation { missing { personId } } assessedBy } }",
        "household",
        1,
    ),
    "proposal": ("query ($id: ID!) { proposal(id: $id) { statement household { reference } } }", "proposal", 2),
    "watch": ("query ($id: ID!) { watch(id: $id) { note household { reference } } }", "watch", 2),
    "checkGrant": (
        'query ($id: ID!) { checkGrant(request: {householdId: $id, programmeCode: "WINTER_WARMTH", period: ONCE, '
        'firstMonth: "2026-03", lastMonth: "2026-03", amount: "500.00"}) { grantable findings { kind months } } }',
        "household",
        5,
    ),
    "eligibleFor": (
        "query ($id: ID!) { eligibleFor(householdId: $id) { answer standing hinders { kind } programme { nameZh } "
        "person { name } } }",
        "household",
        11,
    ),
    "educationChain": (
        "query ($id: ID!) { educationChain(householdId: $id) { stage person { name } links { link due standing } } }",
        "household",
        10,
    ),
    "grant": ("query ($id: ID!) { grant(id: $id) { state reason household { reference } } }", "grant", 2),
    "previewStop": (
        f'query ($id: ID!) {{ previewStop(request: {{grantId: $id, kind: STOP_AID, fromMonth: "{TO_COME:%Y-%m}"}}) '
        "{ lost { amount } floor months { month } possibleProgrammes } }",
        "grant",
        9,
    ),
    "fund": ("query ($id: ID!) { fund(id: $id) { source available { amount } } }", "fund", 1),
    "snapshot": ("query ($id: ID!) { snapshot(id: $id) { asOf rows digest takenBy } }", "snapshot", 1),
    "targetProgress": (
        "query ($id: ID!) { targetProgress(targetId: $id, groupBy: TIER) { target { dueOn } share reached returned "
        "closings { closing files } groups { code files achieved returned withheld } } }",
        "target",
        2,
    ),
    "cohorts": (
        'query ($id: ID!) { cohorts(snapshotId: $id, openedAfter: "2001-01-01") '
        "{ begins files exited returned daysToAid { value withheld } } }",
        "snapshot",
        3,
    ),
    "figures": (
        "query ($id: ID!) { figures(snapshotId: $id, groupBy: CAUSE) { indicator { code version } whole { value } "
        "groups { code labelZh figure { numerator denominator value withheld } returned excluded } } }",
        "snapshot",
        3,
    ),
    "donationUse": (
        "query ($id: ID!) { donationUse(pledgeId: $id) { known funds { paidAtMost { amount } } } }",
        "pledge",
        2,
    ),
    "paymentCycle": (
        "query ($id: ID!) { paymentCycle(id: $id) { state cancelledBecause sums { orders } fund { year } } }",
        "cycle",
        3,
    ),
    "finding": (f"query ($id: ID!) {{ finding(id: $id) {{ {FINDING} }} }}", "finding", 15),
    "previewFindingNotice": (
        "query ($id: ID!) { previewFindingNotice(findingId: $id) { textZh textEn } }",
        "finding",
        1,
    ),
    "notice": (
        "query ($id: ID!) { notice(id: $id) { number applicant household { reference notices { number objections { text } } } } }",
        "notice",
        4,
    ),
    "scan": ("query ($id: ID!) { scan(id: $id) { id status progress { done } result { findings } } }", "scan", 1),
    "node": (f"query ($id: ID!) {{ node(id: $id) {{ id ... on Household {{ {HOUSEHOLD} }} }} }}", "household", 12),
}
"""Fields that give one thing: the query, of which thing, and how many statements it takes."""

PLAIN: dict[str, tuple[Any, ...]] = {
    "programmes": ("{ programmes { code } }", 1),
    "departments": ("{ departments { code rows } }", 1),
    "seasons": ("{ seasons { isOn households reached notReached programme { nameZh } } }", 2),
    "targets": ("{ targets { kind percent dueOn division { code } } }", 1),
    "fundUse": ("{ fundUse { source paid { amount } } }", 1),
    "scorecards": (
        "{ scorecards { measures { units { organisation { code } data { coverage { share } } referrals { medianDays } "
        "tasks { waiting } leads { raised } unknown { reason } } } } }",
        8,
    ),
    "agendaPack": ("{ agendaPack { digest html files { name csv } } }", 13),
    "doubts": ("{ doubts { source openRows overdueRows openRecords } }", 1),
    "blindReport": ("{ blindReport { withoutLead { drawn share } withLead { share } } }", 1, "auditor"),
    "ruleQuality": (
        "{ ruleQuality { rules { rule { titleZh } leads shareAtLeast byOutcome { leads } } } }",
        1,
        "auditor",
    ),
    "ruleShadows": ("{ ruleShadows { rule { id } reviewed approvedBy reason restoredBy } }", 1, "auditor"),
    "reviewQueueStanding": ("{ reviewQueueStanding { opened waiting units { reviewers openedThisWeek } } }", 3),
    "equityReport": ("{ equityReport { households tables { groups { group rate ratio alarm withheld } } } }", 2),
    "officialErrorCounts": ("{ officialErrorCounts { kind discovered putRight } }", 1),
    "measures": ("{ measures { number lead { role holders { code } } responsible { holders { nameZh } } } }", 1),
    "officers": ('{ officers(divisionCode: "410502") { login role organisation { code } } }', 1),
    "organisationTree": ("{ organisationTree { code nameZh hasChildren } }", 1),
}
NOTHING_READ = {
    "lifecycle": "{ lifecycle { moves { action guards } terms { stage workingDays months basis } } }",
    "formFields": "{ formFields { code words { code labelZh } } }",
    "parameters": "{ parameters { key value division { code } } }",
    "dibaoLine": '{ dibaoLine(month: "2026-05") { amount { amount } } }',
    "serviceList": "{ serviceList { code measure programmeCodes } }",
    "enumerations": "{ enumerations { name values { value labelZh } } }",
    "viewer": "{ viewer { login permissions } }",
    "indicators": "{ indicators { code version countsZh overZh } }",
}
AT_WORK = """causes { kind note resolution { statement } } contactOfficer { officer { login } }
  contactOfficers { since } visits { findings visitors { login } photos { id } } referrals { note }
  plan { goal measures { what progress { note } } } plans { number }"""
KEPT = {
    "inquiries": (
        "query ($n: Int) { inquiries(first: $n) { totalCount nodes { question finding { reference holder { until } "
        "inquiries { answer } notices { textZh } conclusions { reason } proof { byPeople acts { action } } } } } }",
        "reviewer",
        9,
    ),
    "users": (
        "query ($n: Int) { users(first: $n) { totalCount nodes { login identities { subject } } } }",
        "administrator",
        3,
    ),
    "organisations": (
        "query ($n: Int) { organisations(first: $n) { totalCount nodes { code parent { code } names { nameZh } } } }",
        "administrator",
        4,
    ),
    "measureRoles": (
        "query ($n: Int) { measureRoles(first: $n) { totalCount nodes { role organisation { code } } } }",
        "administrator",
        3,
    ),
    "clients": (
        "query ($n: Int) { clients(first: $n) { totalCount nodes "
        "{ clientId organisation { code } secrets { expiresAt } identities { subject } } } }",
        "administrator",
        5,
    ),
    "exports": (
        "query ($n: Int) { exports(first: $n) { totalCount nodes { rows requester { login } division { code } } } }",
        "auditor",
        2,
    ),
    "scanSchedules": (
        "query ($n: Int) { scanSchedules(first: $n) { totalCount nodes { nextAt createdBy lastRun { late } lastScan { status } } } }",
        "auditor",
        3,
    ),
    "webhooks": (
        "query ($n: Int) { webhooks(first: $n) { totalCount nodes { url registeredBy division { code } } } }",
        "administrator",
        2,
    ),
    "webhookDeliveries": (
        "query ($n: Int) { webhookDeliveries(first: $n) { totalCount nodes { status webhook { url } } } }",
        "administrator",
        3,
    ),
    "emergencyExceptions": (
        "query ($n: Int) { emergencyExceptions(first: $n) { totalCount nodes { sources household { reference } } } }",
        "auditor",
        3,
    ),
    "publicNotices": (
        "query ($n: Int) { publicNotices(first: $n) { totalCount nodes "
        "{ number applicant household { reference } objections { grounds } } } }",
        "reviewer",
        4,
    ),
    "objections": (
        "query ($n: Int) { objections(first: $n) { totalCount nodes "
        "{ grounds text household { reference } notice { number household { reference } } } } }",
        "reviewer",
        5,
    ),
    "tasks": (
        "query ($n: Int) { tasks(first: $n, filter: {kinds: [VISIT_DUE]}) { totalCount nodes { kind assignee { login } "
        f"entitlement {{ rule }} prefilledReferral {{ noteZh }} household {{ reference {AT_WORK} }} }} }} }}",
        "caseworker",
        16,
    ),
    "referrals": (
        "query ($n: Int) { referrals(first: $n) { totalCount nodes { note organisation { code } household { reference } } } }",
        "caseworker",
        3,
    ),
    "verificationRequests": (
        "query ($n: Int) { verificationRequests(first: $n) { totalCount nodes { reason household { reference } "
        "answers { note organisation { code } person { name } } report { source value stale feedAsOf } leads { rule { id } } } } }",
        "caseworker",
        7,
    ),
    "verificationAnswers": (
        "query ($n: Int) { verificationAnswers(first: $n) { totalCount nodes { subject note person { name } } } }",
        "caseworker",
        3,
    ),
    "blindCases": (
        "query ($n: Int) { blindCases(first: $n) { totalCount nodes { verdict note household { reference } } } }",
        "reviewer",
        3,
    ),
    "proposals": (
        "query ($n: Int) { proposals(first: $n) { totalCount nodes { statement proposedBy household { reference } } } }",
        "caseworker",
        3,
    ),
    "grants": (
        "query ($n: Int) { grants(first: $n) { totalCount nodes { reason proposedBy { login } outcome { reason } "
        "programme { agency } person { reference } household { reference } } } }",
        "caseworker",
        5,
    ),
    "stopProposals": (
        "query ($n: Int) { stopProposals(first: $n) { totalCount nodes "
        "{ statement notice { facts } decision { floor } household { reference } } } }",
        "caseworker",
        3,
    ),
    "recoveries": (
        "query ($n: Int) { recoveries(first: $n) { totalCount nodes "
        "{ left { amount } entries { kind reason } household { reference } } } }",
        "caseworker",
        4,
    ),
    "officialErrors": (
        "query ($n: Int) { officialErrors(first: $n) { totalCount nodes { what remedy household { reference } } } }",
        "caseworker",
        3,
    ),
    "funds": (
        "query ($n: Int) { funds(first: $n) { totalCount nodes { source available { amount } } } }",
        "caseworker",
        2,
    ),
    "fundEntries": (
        "query ($n: Int) { fundEntries(first: $n) { totalCount nodes { kind fundId orderId enteredBy } } }",
        "caseworker",
        2,
    ),
    "donors": (
        "query ($n: Int) { donors(first: $n) { totalCount nodes { name contact organisation { code } } } }",
        "caseworker",
        2,
    ),
    "pledges": (
        "query ($n: Int) { pledges(first: $n) { totalCount nodes { goods donor { name } receipts { receiptNo fundId } } } }",
        "caseworker",
        4,
    ),
    "paymentCycles": (
        "query ($n: Int) { paymentCycles(first: $n) { totalCount nodes { state drawnUpBy sums { orders } fund { year } } } }",
        "caseworker",
        4,
    ),
    "snapshots": (
        "query ($n: Int) { snapshots(first: $n) { totalCount nodes { asOf rows digest takenBy } } }",
        "caseworker",
        2,
    ),
    "paymentOrders": (
        "query ($n: Int) { paymentOrders(first: $n) { totalCount nodes "
        "{ state returnedBecause months { month } household { reference } cycle { state } } } }",
        "caseworker",
        5,
    ),
    "paymentChecks": (
        "query ($n: Int) { paymentChecks(first: $n) { totalCount nodes { note order { state } household { reference } } } }",
        "caseworker",
        4,
    ),
    "watches": (
        "query ($n: Int) { watches(first: $n) { totalCount nodes { note doneBy household { reference } } } }",
        "caseworker",
        3,
    ),
    "reads": ("query ($n: Int) { reads(first: $n) { totalCount nodes { id reader { login } } } }", "auditor", 2),
    "auditEvents": (
        "query ($n: Int) { auditEvents(first: $n) { totalCount nodes { number user { login } subjectId detail { value } } } }",
        "auditor",
        2,
    ),
    "alarms": ("query ($n: Int) { alarms(first: $n) { totalCount nodes { id reader { login } } } }", "auditor", 2),
}
"""Lists of what is kept about those who ask, by whom they are asked for."""

LISTS = {
    "files": (
        "query ($n: Int, $filter: HardshipFileFilter) "
        f"{{ files(first: $n, filter: $filter, orderBy: {{field: DUE_ON, direction: ASC}}) {{ totalCount nodes {{ {FILE} }} }} }}",
        8,
    ),
    "households": (
        "query ($n: Int, $filter: HouseholdFilter) "
        f"{{ households(first: $n, filter: $filter) {{ totalCount nodes {{ {HOUSEHOLD} }} }} }}",
        13,
    ),
    "findings": (
        "query ($n: Int, $filter: FindingFilter) "
        f"{{ findings(first: $n, filter: $filter) {{ totalCount edges {{ node {{ {FINDING} }} }} }} }}",
        16,
    ),
    "reviewQueue": (
        "query ($n: Int, $filter: FindingFilter) "
        f"{{ reviewQueue(first: $n, opened: false, filter: $filter) {{ totalCount edges {{ node {{ {FINDING} }} }} }} }}",
        16,
    ),
    "scans": ("query ($n: Int) { scans(first: $n) { totalCount nodes { id status result { findings } } } }", 2),
    "uploads": ("query ($n: Int) { uploads(first: $n) { totalCount nodes { id state receipt { number } } } }", 2),
    "doubtfulRows": (
        "query ($n: Int) { doubtfulRows(first: $n) { totalCount nodes { id reasonZh overdue answer upload { batch doubtfulKinds { "
        "open } } } } }",
        4,
    ),
    "feeds": ("query ($n: Int) { feeds(first: $n) { totalCount nodes { id department uploadId ageDays } } }", 2),
}


def selects(service: Service) -> list[str]:
    """The selects since they were last cleared, but for that which finds the viewer, every few seconds."""
    taken = [statement.strip() for statement in service.statements if " tokens" not in statement]
    return [statement for statement in taken if statement.upper().startswith(("SELECT", "WITH"))]


LINKED = "{ findings(first: 100) { nodes { reference household { reference enrolments { person { id } } } } } }"


async def full(service: Service) -> dict[str, dict[str, list[str]]]:
    """A household that leads to every level there is, and a finding about it: where nothing leads, nothing is asked."""
    for finding in (await service.data(LINKED))["findings"]["nodes"]:
        if any(each["person"] for each in finding["household"]["enrolments"]):
            household = {"references": [finding["household"]["reference"]]}
            return {
                "households": household,
                "files": {"numbers": household["references"]},
                "findings": {"references": [finding["reference"]]},
                "reviewQueue": {"references": [finding["reference"]]},
                "scans": {},
                "uploads": {},
                "feeds": {},
                "doubtfulRows": {},
            }
    raise AssertionError("the city has no such household")


@pytest.mark.parametrize("name", LISTS)
async def test_a_list_takes_as_many_statements_for_one_row_as_for_a_hundred(service: Service, name: str) -> None:
    query, statements = LISTS[name]
    one = (await full(service))[name]
    if name == "reviewQueue":
        async with transaction(service.engine) as connection:
            await connection.execute(update(Finding).values(opened_on=None, opened_for=None))
    if name == "scans":  # the city has one; a list of one proves nothing
        low, high = divisions.span("410500")
        row = {"status": "QUEUED", "rules": [], "created_at": dt.datetime.now(dt.UTC)}
        where = {"division_code": "410500", "division_from": low, "division_to": high}
        async with transaction(service.engine) as connection:
            await connection.execute(insert(Scan), [row | where] * 150)
    if name in ("uploads", "feeds", "doubtfulRows"):
        now = service.now()
        async with transaction(service.engine) as connection:
            police = await connection.scalar(select(Organisation.id).where(Organisation.code == "police"))
            user = await connection.scalar(select(User.id).where(User.login == "department"))
            for _ in range(110):
                batch = await sent_by(connection, police, user, "410502", now)
                await doubted_of(connection, batch["Upload"], police, "410502", now)
    rows = {}
    for number, which in ((1, one), (100, None)):
        service.statements.clear()
        found = (await service.data(query, {"n": number, "filter": which} if one else {"n": number}))[name]
        rows[number] = len(found.get("nodes") or found.get("edges"))
        assert len(selects(service)) == statements, f"for {number}"
    assert rows[1] == 1
    assert rows[100] > 40


@pytest.mark.parametrize("name", PLAIN)
async def test_a_plain_list_takes_one(service: Service, name: str) -> None:
    query, statements, *by = PLAIN[name]
    service.statements.clear()
    await service.data(query, by=by[0] if by else "reviewer")
    assert len(selects(service)) == statements


@pytest.mark.parametrize("name", NOTHING_READ)
async def test_what_the_program_knows_by_itself_takes_none(service: Service, name: str) -> None:
    service.statements.clear()
    await service.data(NOTHING_READ[name])
    assert selects(service) == []


async def some_ids(service: Service) -> dict[str, str]:
    """A household that leads to every level, somebody of it, a finding about it, and a scan."""
    which = await full(service)
    found = await service.data(
        """query ($household: HouseholdFilter, $finding: FindingFilter) {
          households(filter: $household) { nodes { id file { id } members { id links { source } } } }
          findings(filter: $finding) { nodes { id } } scans { nodes { id } }
        }""",
        {"household": which["households"], "finding": which["findings"]},
    )
    (household,) = found["households"]["nodes"]
    notice = (await opened(service, await under_review(service)))["notice"]
    home, member = household["id"], household["members"][0]["id"]
    async with transaction(service.engine) as connection:
        keys = [service.vault.key(kind, each) for kind, each in (("Household", home), ("Person", member))]
        user = (await connection.execute(select(User.id).where(User.login == "caseworker"))).scalar_one()
        attached = await paper(connection, service.vault, keys[0], user, dt.datetime.now(dt.UTC), person=keys[1])
        gone = await left(connection, service.vault, keys[0], keys[1], user, dt.datetime.now(dt.UTC))
        away = await taken_away(connection, service, user, 1)
        frozen = await snapshots.freeze(
            connection,
            Viewer(user, "caseworker", "", Role.REVIEWER, "410502"),
            "410502",
            None,
            LONG_AGO,
            dt.datetime.now(dt.UTC),
        )
        police = await connection.scalar(select(Organisation.id).where(Organisation.code == "police"))
        batch = await sent_by(connection, police, user, "410502", dt.datetime.now(dt.UTC))
        at_school = update(Member).where(Member.id == keys[1]).values(declared_employment="学生")
        await connection.execute(at_school)
        goal = (TargetKind.RELIEVED_OR_GRADUATED, 50, dt.date(2999, 12, 31), "安政办〔2019〕15号")
        viewer, now = Viewer(user, "caseworker", "", Role.REVIEWER, "410502"), dt.datetime.now(dt.UTC)
        target = await targets.set_goal(connection, viewer, frozen, *goal, now)
    return {
        "target": service.vault.ids("Target", [target])[0],
        **{kind.lower(): service.vault.ids(kind, [key])[0] for kind, key in batch.items()},
        "grant": service.vault.ids("Grant", [away["Grant"]])[0],
        "snapshot": service.vault.ids("Snapshot", [frozen])[0],
        "fund": service.vault.ids("Fund", [away["Fund"]])[0],
        "pledge": service.vault.ids("DonationPledge", [away["DonationPledge"]])[0],
        "cycle": service.vault.ids("PaymentCycle", [away["PaymentCycle"]])[0],
        "proposal": service.vault.ids("Proposal", [gone["Proposal"]])[0],
        "watch": service.vault.ids("Watch", [gone["Watch"]])[0],
        "attachment": service.vault.ids("Attachment", [attached])[0],
        "notice": notice["id"],
        "household": household["id"],
        "file": household["file"]["id"],
        "person": household["members"][0]["id"],
        "finding": found["findings"]["nodes"][0]["id"],
        "scan": found["scans"]["nodes"][0]["id"],
    }


@pytest.mark.parametrize("name", ONE)
async def test_one_thing_takes_as_many_statements_as_it_has_levels(service: Service, name: str) -> None:
    query, thing, statements = ONE[name]
    ids = await some_ids(service)
    service.statements.clear()
    assert (await service.data(query, {"id": ids[thing]}))[name]
    assert len(selects(service)) == statements


async def test_many_things_take_one_statement_for_each_type(service: Service) -> None:
    page = await service.data(
        """{ households(first: 30) { nodes { id members { id } } } findings(first: 30) { nodes { id } }
            scans { nodes { id } } }"""
    )
    households = [node["id"] for node in page["households"]["nodes"]]
    people = [person["id"] for node in page["households"]["nodes"] for person in node["members"]][:30]
    others = [node["id"] for name in ("findings", "scans") for node in page[name]["nodes"]]
    ids = [*households, *people, *others, "0" * 32][:100]
    query = """query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id
      ... on Household { reference members { name } } ... on Person { household { reference } } } }"""
    for some in (ids, [households[0], people[0], *others[:1], *others[-1:]]):
        service.statements.clear()
        found = (await service.data(query, {"ids": some}))["nodes"]
        assert [node and node["id"] for node in found] == [each if each in ids[:-1] else None for each in some]
        assert len(selects(service)) == 4 + 2, "one for each of four types, and one for each of two levels below"


async def people_of_the_office(service: Service) -> None:
    """Organisations and programs beside the users there are, reads of theirs, and alarms."""
    given = {"kind": "DEPARTMENT", "divisionCode": "410500", "sources": ["tax"], "nameZh": "局", "nameEn": "Bureau"}
    bureau: dict[str, Any] | None = None
    for number in range(3):
        code = f"bureau-{number}"
        saved = await service.data(
            "mutation ($i: SaveOrganisationInput!) { saveOrganisation(input: $i) { organisation { id version } } }",
            {"i": {**given, "code": code, "idempotencyKey": f"organisation-{number}"}},
            by="administrator",
        )
        above, bureau = bureau, saved["saveOrganisation"]["organisation"]
        placed = {"organisationId": bureau["id"], "expectedVersion": 1, "parentId": above and above["id"]}
        held = {
            "role": "TAXATION",
            "divisionCode": "410500",
            "organisationId": bureau["id"],
            "validFrom": "2020-01-01",
        }
        for name, asked in (("placeOrganisation", placed), ("assignMeasureRole", held)):
            title = name[0].upper() + name[1:]
            done = await service.data(
                f"mutation ($i: {title}Input!) {{ {name}(input: $i) {{ userErrors {{ message }} }} }}",
                {"i": {**asked, "idempotencyKey": f"{name}-{number}"}},
                by="administrator",
            )
            assert done[name]["userErrors"] == []
        program = {
            "clientId": f"machine-{number}",
            "name": "机",
            "kind": "SERVICE",
            "idempotencyKey": f"client-{number}",
        }
        program["organisationId"] = saved["saveOrganisation"]["organisation"]["id"]
        await service.data(
            "mutation ($i: SaveClientInput!) { saveClient(input: $i) { client { id } userErrors { message } } }",
            {"i": program},
            by="administrator",
        )
        await service.data("{ households(first: 5) { nodes { members { name } } } }")
    for number in range(3):
        household = await under_review(service)
        notice = (await opened(service, household))["notice"]
        said = {"noticeId": notice["id"], "idempotencyKey": f"objection-{number}"}
        assert (await raised(service, household.id, **said))["userErrors"] == []
    now = dt.datetime.now(dt.UTC)
    row = {"kind": "PEOPLE_A_DAY", "role": "REVIEWER", "division_code": "410500", "people": 900, "threshold": 500}
    when = {"window_from": now, "window_to": now, "raised_at": now}
    async with transaction(service.engine) as connection:
        readers = (
            await connection.execute(select(User.id).where(User.login.in_(["reviewer", "caseworker"])))
        ).scalars()
        await connection.execute(insert(Alarm), [{**row, **when, "user_id": each} for each in readers])
        user = await connection.scalar(select(User.id).where(User.login == "caseworker"))
        homes = select(Household.id).where(Household.division_code == "410502").order_by(Household.id).limit(3)
        await blind.chore(connection, service.vault, service.now())
        for home in (await connection.execute(homes)).scalars().all():
            await at_work(connection, service.vault, home, user or 0, now)
            await exception(connection, service.vault, home, user or 0, now)
            somebody = select(Member.id).where(Member.household_id == home).limit(1)
            member = (await connection.execute(somebody)).scalar_one()
            await left(connection, service.vault, home, member, user or 0, now)
        await taken_away(connection, service, user or 0, 3)
        leads = select(Finding.id, Finding.household_id).order_by(Finding.id).limit(3)
        for lead in (await connection.execute(leads)).all():
            await doubted(connection, service.vault, lead.household_id, lead.id, user or 0, now)
        for _ in range(3):
            await hooked(connection, service.vault, "410502", user or 0, now)
            await scheduled(connection, "410502", user or 0, now)
        for _ in range(3):
            await snapshots.freeze(
                connection, Viewer(user or 0, "caseworker", "", Role.REVIEWER, "410502"), "410502", None, None, now
            )
        await reads.seal(connection)


async def taken_away(connection: AsyncConnection, service: Service, user: int, count: int) -> dict[str, int]:
    """What is left of aid that was taken away, of so many households on file; the last one's."""
    on_file = select(Household.id).where(Household.division_code == "410502", Household.stage == "RECORDED")
    found: dict[str, int] = {}
    for home in (await connection.execute(on_file.order_by(Household.id).limit(count))).scalars().all():
        somebody = select(Member.id).where(Member.household_id == home, Member.left_on.is_(None)).limit(1)
        member = (await connection.execute(somebody)).scalar_one()
        found = await taken(connection, service.vault, home, member, user, dt.datetime.now(dt.UTC))
        found |= await paid(connection, service.vault, found["Grant"], user, dt.datetime.now(dt.UTC))
    return found


@pytest.mark.parametrize("name", KEPT)
async def test_a_list_of_the_office_takes_the_same_for_one_row_as_for_all(service: Service, name: str) -> None:
    query, by, statements = KEPT[name]
    await people_of_the_office(service)
    rows = []
    for number in (1, 100):
        service.statements.clear()
        rows.append(len((await service.data(query, {"n": number}, by=by))[name]["nodes"]))
        assert len(selects(service)) == statements, f"for {number}: {selects(service)}"
    assert rows[0] == 1
    assert rows[1] > 1


def test_every_field_of_the_root_says_how_many_statements_it_takes() -> None:
    query = schema._schema.query_type
    assert query is not None
    told = [*LISTS, *ONE, *PLAIN, *NOTHING_READ, *KEPT, "nodes"]
    assert sorted(told) == sorted(query.fields), "a new field of the root has a line in one of the tables above"


async def test_what_is_not_asked_for_is_not_read(service: Service) -> None:
    service.statements.clear()
    await service.data("{ households(first: 50) { nodes { id } } }")
    assert len(selects(service)) == 1
