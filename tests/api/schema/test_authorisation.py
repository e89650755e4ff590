"""Every field × every role × its division, one below, one beside, and nobody: each cell is what the reviewed table says.

The table is `tests/api/schema/authorisation.py`; the schema itself says which fields there are, so that a new one without
a line fails here.
"""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from graphql import GraphQLInterfaceType, GraphQLList, GraphQLObjectType, get_named_type, is_leaf_type
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from strawberry.types import get_object_definition

from api import sealing
from api.app import create_app
from api.database import open_engine, transaction
from api.domain import divisions
from api.domain.accounts import OPERATOR, ClientKind, OrganisationKind
from api.domain.permissions import MATRIX, Permission, Role, Viewer
from api.domain.purposes import OF_CASE_WORK, PURPOSES, Purpose
from api.domain.responsibilities import MeasureRole
from api.domain.targets import TargetKind
from api.models import (
    Alarm,
    Attachment,
    Authorisation,
    BlindCase,
    BlindDraw,
    EmergencyException,
    Enrolment,
    File,
    FileTransfer,
    Finding,
    FindingPerson,
    Household,
    Member,
    MemberChange,
    Notice,
    Objection,
    Organisation,
    Read,
    Review,
    RuleShadow,
    Scan,
    Transition,
    User,
)
from api.schema import guards
from api.schema.nodes import _KINDS as KINDS
from api.schema.root import Mutation, Query, Subscription, schema
from api.schema.tree import _BRANCHES as BRANCHES
from api.services import accounts, audit, clients, identities, measures, organisations, snapshots, targets
from tests.api.conftest import KEY, Prepared
from tests.api.scheduled import scheduled
from tests.api.schema.authorisation import (
    EVERYBODY,
    MUTATIONS,
    NODES,
    QUERIES,
    SIGNED_IN,
    SUBSCRIPTIONS,
    TYPES,
    Asked,
    Fields,
)
from tests.api.sending import doubted_of, sent_by
from tests.api.services.atwork import at_work
from tests.api.services.doubted import doubted
from tests.api.services.hooked import hooked
from tests.api.services.left import left
from tests.api.services.paid import paid
from tests.api.services.taken import taken
from tests.conftest import copied

pytestmark = pytest.mark.asyncio(loop_scope="module")

COUNTY = "410502"
PLACES = {"in its division": COUNTY, "above it": "410500", "beside it": "410505"}
NOBODY = "nobody"
VIEWERS = {f"{role} {place}": (role, code) for role in Role for place, code in PLACES.items()}
WIDE = "authorisation.py"
DATA, EMPTY, NULL, FORBIDDEN, UNAUTHENTICATED = "data", "empty", "null", "FORBIDDEN", "UNAUTHENTICATED"


@dataclass
class Office:
    """One service that all cells ask: a viewer of each role and place, and one thing of each type in the county."""

    client: httpx.AsyncClient
    engine: Any
    tokens: dict[str, str]
    targets: dict[str, str]

    def filled(self, text: str) -> str:
        """The text with the targets in the place of their names, longer names first."""
        for name in sorted(self.targets, key=len, reverse=True):
            text = text.replace(f"${name}", self.targets[name])
        return text

    async def ask(
        self,
        query: str,
        variables: Any = None,
        by: str = NOBODY,
        accept: str = "application/json",
        purpose: str | None = None,
    ) -> httpx.Response:
        """The answer to one of the viewers, who reads for this purpose."""
        headers = {"Accept": accept, "Accept-Language": "en"} | ({"Jiekun-Purpose": purpose} if purpose else {})
        if by != NOBODY:
            headers["Authorization"] = f"Bearer {self.tokens[by]}"
        return await self.client.post("/graphql", json={"query": query, "variables": variables}, headers=headers)


async def _targets(connection: AsyncConnection, vault: sealing.Vault, now: dt.datetime) -> dict[str, str]:
    """One thing of each type in the county, by the name of its type its id."""
    found = select(
        Finding.id, Finding.household_id, Finding.evidence_hash, FindingPerson.member_id, Household.reference
    )
    found = found.join(Household, Household.id == Finding.household_id)
    found = found.join(FindingPerson, FindingPerson.finding_id == Finding.id)
    found = found.join(Enrolment, Enrolment.household_id == Household.id)
    found = found.join(Member, Member.id == FindingPerson.member_id).where(Member.household_id == Household.id)
    lead = (await connection.execute(found.where(Household.division_code == COUNTY).limit(1))).one()
    enrolment = await connection.scalar(select(Enrolment.id).where(Enrolment.household_id == lead.household_id))
    low, high = divisions.span(COUNTY)
    ended = {"status": "FAILED", "rules": [], "created_at": now, "finished_at": now, "failure": "x"}
    where = {"division_code": COUNTY, "division_from": low, "division_to": high}
    scan = await connection.scalar(insert(Scan).values(**ended, **where).returning(Scan.id))
    described = organisations.Described("目标", "Target", OrganisationKind.UNION, COUNTY)
    organisation = await organisations.save(connection, OPERATOR, described, now, code="target")
    held = (MeasureRole.FINANCE, COUNTY, organisation, dt.date(2024, 1, 1))
    assignment = await measures.assign(connection, OPERATOR, *held, now)
    police = await connection.scalar(select(Organisation.id).where(Organisation.code == "police"))
    grants = (MeasureRole.TRADE_UNION_FEDERATION, "410500", police, dt.date(2024, 1, 1))
    await measures.assign(connection, OPERATOR, *grants, now)
    machine = clients.Registered("目标", ClientKind.SERVICE, organisation)
    client = await clients.save(connection, OPERATOR, machine, now, client_id="target")
    user = await accounts.add_user(connection, "target", "目标", Role.REVIEWER, COUNTY, now)
    await identities.link(connection, OPERATOR, user, "issuer", "target", now)
    read = {
        "read_at": now, "user_id": user, "role": "REVIEWER", "division_code": COUNTY, "request_id": "x", "document": b"x",
        "purpose": "REVIEW", "outcome": "ANSWERED", "codes": [], "identity": "NONE", "whole": 0, "fields": [],
        "searches": [], "people": [], "households": [],
    }  # fmt: skip
    read_id = await connection.scalar(insert(Read).values(**read).returning(Read.id))
    alarm = {
        "kind": "PEOPLE_AN_HOUR", "user_id": user, "role": "REVIEWER", "division_code": COUNTY, "window_from": now,
        "window_to": now, "people": 9, "threshold": 1, "raised_at": now,
    }  # fmt: skip
    alarm_id = await connection.scalar(insert(Alarm).values(**alarm).returning(Alarm.id))
    review = {"outcome": "NEEDS_INQUIRY", "note": vault.seal("reviews.note", "有人说了什么"), "reviewed_at": now}
    concluded = {"finding_id": lead.id, "reviewer_id": user, "evidence_hash": lead.evidence_hash}
    await connection.execute(insert(Review).values(**review, **concluded))
    named = {"address": vault.seal("members.address", "安阳市文峰区某路八号院二号楼301室")}
    named["former_name"] = vault.seal("members.former_name", "曾用名")
    await connection.execute(update(Member).where(Member.id == lead.member_id).values(**named))
    await _by_hand(connection, vault, lead.household_id, lead.member_id, user, now)
    notice, objection = await _on_notice(connection, vault, lead.household_id, user, now)
    paper, consent, exception = await _papers(connection, vault, lead.household_id, lead.member_id, user, now)
    file = await _handed_over(connection, vault, lead.household_id, user, organisation, now)
    work = await at_work(connection, vault, lead.household_id, user, now)
    gone = await left(connection, vault, lead.household_id, lead.member_id, user, now)
    away = await taken(connection, vault, lead.household_id, lead.member_id, user, now)
    doubts = await doubted(connection, vault, lead.household_id, lead.id, user, now)
    money = await paid(connection, vault, away["Grant"], user, now)
    hooks = await hooked(connection, vault, COUNTY, user, now)
    reviewer = Viewer(user, "target", "目标", Role.REVIEWER, COUNTY)
    snapshot = await snapshots.freeze(connection, reviewer, COUNTY, None, dt.date(2001, 1, 1), now)
    goal = (TargetKind.RELIEVED_OR_GRADUATED, 50, dt.date(2999, 12, 31), "安政办〔2019〕15号")
    target = await targets.set_goal(connection, reviewer, snapshot, *goal, now)
    aside = {"rule_id": "X00", "division_code": COUNTY, "reviewed": 30, "confirmed": 0, "since": now, "version": 1}
    aside |= {"approved_by": user, "approved_at": now, "reason": vault.seal("rule_shadows.reason", "某人说过")}
    shadow = await connection.scalar(insert(RuleShadow).values(**aside).returning(RuleShadow.id))
    looked = {
        "division_code": COUNTY,
        "quarter": dt.date(2001, 1, 1),
        "seed": "x",
        "cases": 1,
        "drawn": 1,
        "beside": 0,
    }
    draw = await connection.scalar(insert(BlindDraw).values(**looked, drawn_at=now).returning(BlindDraw.id))
    blind = {
        "draw_id": draw,
        "household_id": lead.household_id,
        "has_lead": False,
        "version": 1,
        "verdict": "NO_ISSUE",
    }
    blind |= {"note": vault.seal("blind_cases.note", "某人说过"), "reviewer_id": user, "reviewed_at": now}
    case = await connection.scalar(insert(BlindCase).values(**blind).returning(BlindCase.id))
    await audit.record(
        connection, user, "household.record", ("Household", lead.household_id), now, {"from": "APPLIED"}
    )
    sent = await sent_by(connection, police, user, COUNTY, now)
    of_police = update(User).where(User.id == user).values(organisation_id=police)
    await connection.execute(of_police)  # a department sees what its own accounts had exported
    said = vault.seal("doubtful_rows.answer", "登记簿上就是这样")
    sent["DoubtfulRow"] = await doubted_of(connection, sent["Upload"], police, COUNTY, now, said, user)
    keys = work | gone | away | money | hooks | doubts | {
        "Snapshot": snapshot, "Target": target, "RuleShadow": shadow, "BlindCase": case,
        "AuditEvent": await audit.added(connection),
        "HardshipFile": file,
        "Attachment": paper, "Authorisation": consent, "EmergencyException": exception,
        "PublicNotice": notice, "Objection": objection,
        "Household": lead.household_id, "Person": lead.member_id, "Enrolment": enrolment, "Finding": lead.id,
        **sent, "Scan": scan, "ScanSchedule": await scheduled(connection, COUNTY, user, now), "User": user, "Organisation": organisation, "MeasureAssignment": assignment, "Client": client, "Read": read_id, "Alarm": alarm_id,
    }  # fmt: skip
    return {name: vault.ids(name, [key])[0] for name, key in keys.items()} | {"reference": lead.reference}


async def _by_hand(
    connection: AsyncConnection, vault: sealing.Vault, household: int, member: int, user: int, now: dt.datetime
) -> None:
    """What the form says of somebody and their household, and a correction with its reason."""
    filled = {"HOUSING": "王大力家的老房"}
    form = {"form": vault.seal("households.form", json.dumps(filled)), "form_fields": [*filled]}
    await connection.execute(update(Household).where(Household.id == household).values(**form))
    filled = {"WORK_STATUS": "王大力失业"}
    form = {"form": vault.seal("members.form", json.dumps(filled)), "form_fields": [*filled]}
    await connection.execute(update(Member).where(Member.id == member).values(**form))
    corrected = {
        "kind": "CORRECTED",
        "fields": ["PHONE"],
        "reason": vault.seal("member_changes.reason", "王大力换号"),
    }
    whose = {"household_id": household, "member_id": member, "user_id": user}
    await connection.execute(
        insert(MemberChange).values(**corrected, **whose, effective_on=now.date(), happened_at=now)
    )


async def _handed_over(
    connection: AsyncConnection, vault: sealing.Vault, household: int, user: int, organisation: int, now: dt.datetime
) -> int:
    """The household's file, which was taken over and handed to a union, each for a reason."""
    file = (await connection.execute(select(File.id).where(File.household_id == household))).scalar_one()
    why = {"reason": vault.seal("transitions.reason", "王大力家由原系统转入")}
    await connection.execute(update(Transition).where(Transition.household_id == household).values(**why))
    handed = {
        "file_id": file, "to_organisation_id": organisation, "from_division_code": COUNTY, "to_division_code": COUNTY,
        "reason": vault.seal("file_transfers.reason", "王大力所在企业破产"), "user_id": user,
        "transferred_on": now.date(), "transferred_at": now,
    }  # fmt: skip
    await connection.execute(insert(FileTransfer).values(**handed))
    return int(file)


async def _papers(
    connection: AsyncConnection, vault: sealing.Vault, household: int, member: int, user: int, now: dt.datetime
) -> tuple[int, int, int]:
    """A signed paper, the consent on it, given by a guardian and taken back, and an exception."""
    paper = {
        "household_id": household, "member_id": member, "kind": "AUTHORISATION", "media_type": "application/pdf", "size": 9,
        "sha256": "0" * 64, "name": vault.seal("attachments.name", "王大力授权书.pdf"), "stored": "0" * 32,
        "uploaded_by": user, "uploaded_at": now,
    }  # fmt: skip
    paper_id = await connection.scalar(insert(Attachment).values(**paper).returning(Attachment.id))
    sealed = {"guardian_name": "王大力", "withdrawal_reason": "不愿再查"}
    consent = {
        "member_id": member, "source": "tax", "purpose": "ECONOMIC_CHECK", "valid_from": dt.date(2024, 1, 1),
        "withdrawn_on": dt.date(2024, 2, 1), "withdrawn_by": user, "withdrawn_at": now, "attachment_id": paper_id,
        "recorded_by": user, "recorded_at": now, "version": 2,
        **{name: vault.seal(f"authorisations.{name}", text) for name, text in sealed.items()},
    }  # fmt: skip
    consent_id = await connection.scalar(insert(Authorisation).values(**consent).returning(Authorisation.id))
    exception = {
        "household_id": household, "sources": ["tax"], "purpose": "ECONOMIC_CHECK", "starts_on": dt.date(2024, 1, 1),
        "ends_on": dt.date(2024, 1, 9), "recorded_by": user, "recorded_at": now,
        "reason": vault.seal("emergency_exceptions.reason", "住院抢救"),
    }  # fmt: skip
    made = insert(EmergencyException).values(**exception).returning(EmergencyException.id)
    exception_id = await connection.scalar(made)
    assert paper_id is not None
    assert consent_id is not None
    assert exception_id is not None
    return paper_id, consent_id, exception_id


async def _on_notice(
    connection: AsyncConnection, vault: sealing.Vault, household: int, user: int, now: dt.datetime
) -> tuple[int, int]:
    """A notice of the household's that is down, and an objection to it that was answered."""
    move = (await connection.execute(select(Transition).where(Transition.household_id == household).limit(1))).one()
    of = {"household_id": household, "file_id": move.file_id}
    notice = {
        "number": "GS-BCDFGHJ", "transition_id": move.id, "form": "UNNAMED", "division_code": COUNTY, "places": ["WEBSITE"],
        "channels": ["LETTER"], "from_day": dt.date(2024, 1, 2), "to_day": dt.date(2024, 1, 9), "digest": b"", "version": 1,
        "state": "TAKEN_DOWN", "taken_down_at": now, "taken_down_because": "ENDED", "opened_by": user, "opened_at": now,
    }  # fmt: skip
    notice_id = await connection.scalar(insert(Notice).values(**of, **notice).returning(Notice.id))
    others = select(User.id).where(User.id != user, User.kind == "PERSON").limit(1)
    said = {"objector_name": "王大力", "objector_contact": "13987654321", "text": "有两辆车", "answer": "不属实"}
    objection = {
        "notice_id": notice_id, "stage": "RECORDED", "objector": "PUBLIC", "grounds": ["OTHER"], "received_by": user,
        "received_on": now.date(), "due_on": now.date(), "raised_at": now, "state": "ANSWERED", "outcome": "REJECTED",
        "answered_by": await connection.scalar(others), "answered_by_kind": "PERSON", "answered_at": now, "version": 1,
        **{name: vault.seal(f"objections.{name}", text) for name, text in said.items()},
    }  # fmt: skip
    objection_id = await connection.scalar(insert(Objection).values(**of, **objection).returning(Objection.id))
    assert notice_id is not None
    assert objection_id is not None
    return notice_id, objection_id


@pytest_asyncio.fixture(params=["sqlite", "postgresql"], scope="module", loop_scope="module")
async def office(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    prepared: Prepared = request.getfixturevalue(f"on_{request.param}")
    folder: Path = tmp_path_factory.mktemp("office")
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(copied(prepared.url, folder))
        engine, vault, now = open_engine(url), sealing.vault(KEY), dt.datetime.now(dt.UTC)
        stack.push_async_callback(engine.dispose)
        tokens = {}
        async with transaction(engine) as connection:
            targets = await _targets(connection, vault, now)
            for name, (role, division) in VIEWERS.items():
                login = name.replace(" ", "-")
                belongs_to = "police" if role is Role.DEPARTMENT else None
                await accounts.add_user(connection, login, "", role, division, now, belongs_to)
                tokens[name] = await accounts.issue_token(connection, login, 1, now)
        app = create_app(url, vault)
        await stack.enter_async_context(app.router.lifespan_context(app))
        transport = httpx.ASGITransport(app)
        asking = httpx.AsyncClient(transport=transport, base_url="http://service", timeout=60)
        yield Office(await stack.enter_async_context(asking), engine, tokens, targets)


def may(takes: Permission | str, viewer: str) -> bool:
    """Whether a viewer's role permits it."""
    return takes in (EVERYBODY, SIGNED_IN) or takes in MATRIX[VIEWERS[viewer][0]]


def reaches(viewer: str) -> bool:
    """Whether a viewer answers for the county."""
    return divisions.holds(VIEWERS[viewer][1], COUNTY)


def answered(asked: Asked, viewer: str, outside: str) -> str:
    """What the table says that a viewer is answered."""
    if viewer == NOBODY:
        return (NULL if asked.query.startswith("{ viewer") else DATA) if asked.takes == EVERYBODY else UNAUTHENTICATED
    if not may(asked.takes, viewer):
        return FORBIDDEN
    return DATA if reaches(viewer) or not asked.lies else outside


def seen(content: dict[str, Any], field: str) -> str:
    """What an answer shows of its only field, in one word."""
    if "errors" in content:
        (error,) = content["errors"]
        assert (content.get("data") or {}).get(field) is None
        return str(error["extensions"]["code"])
    value = content["data"][field]
    if value is None:
        return NULL
    rows = value["nodes"] if isinstance(value, dict) and "nodes" in value else value
    return DATA if rows else EMPTY


def guards_of(root: type) -> dict[str, Permission | str]:
    """The fields of a root by the guard that stands before them."""
    name, found = schema.config.name_converter.get_graphql_name, {}
    for each in get_object_definition(root, strict=True).fields:
        assert each.base_resolver is not None, f"{each.name} has no resolver to guard"
        found[name(each)] = getattr(each.base_resolver.wrapped_func, guards.GUARD)
    return found


def same(takes: Permission | str) -> str:
    return {EVERYBODY: guards.ANYBODY, SIGNED_IN: guards.SIGNED_IN}.get(str(takes), str(takes))


@pytest.mark.parametrize(
    ("root", "reviewed", "elsewhere"),
    [(Query, QUERIES, {"node", "nodes"}), (Mutation, MUTATIONS, set()), (Subscription, SUBSCRIPTIONS, set())],
)
async def test_every_field_of_a_root_has_its_line(root: type, reviewed: dict[str, Any], elsewhere: set[str]) -> None:
    found = guards_of(root)
    assert found.keys() - reviewed.keys() - elsewhere == set(), f"{root.__name__}: add a line for each to {WIDE}"
    assert reviewed.keys() - found.keys() == set(), f"{root.__name__}: these are gone; remove their lines"
    differ = {name for name, line in reviewed.items() if same(line.takes) != str(found[name])}
    assert differ == set(), f"{root.__name__}: the guard in the schema is not the one that was reviewed"


async def test_every_object_and_field_has_its_line() -> None:
    kinds = schema._schema.type_map
    fields = {
        name: set(kind.fields)
        for name, kind in kinds.items()
        if isinstance(kind, GraphQLObjectType) and not name.startswith("__")
    }
    for root in ("Query", "Mutation", "Subscription"):
        del fields[root]
    lines = {name: set(line.names()) for name, line in TYPES.items()}
    missing = {f"{name}.{field}" for name in fields for field in fields[name] - lines.get(name, set())}
    assert missing == set(), f"say in {WIDE} how each of these is shown to whom; what tells of somebody is masked"
    gone = {f"{name}.{field}" for name in lines for field in lines[name] - fields.get(name, set())}
    assert gone == set(), "these are gone; remove their lines"


async def test_every_kind_of_node_and_every_branch_with_a_permission_has_its_line() -> None:
    assert {name: how.permission for name, how in KINDS.items()} == NODES, f"add a line for each to NODES in {WIDE}"
    guarded = {
        (kind.__name__, field, to.permission)
        for kind, branches in BRANCHES.items()
        for field, to in branches.items()
        if to.permission is not None
    }
    assert guarded == {(name, *each) for name, line in TYPES.items() for each in line.permitted}


@pytest.mark.parametrize("field", QUERIES)
async def test_a_query_is_answered_as_reviewed(office: Office, field: str) -> None:
    asked = QUERIES[field]
    query_type = schema._schema.query_type
    assert query_type is not None
    outside = EMPTY if "nodes" in asked.query or isinstance(query_type.fields[field].type, GraphQLList) else NULL
    cells = {
        viewer: seen((await office.ask(office.filled(asked.query), by=viewer)).json(), field)
        for viewer in (*VIEWERS, NOBODY)
    }
    assert cells == {viewer: answered(asked, viewer, outside) for viewer in (*VIEWERS, NOBODY)}


@pytest.mark.parametrize("kind", NODES)
@pytest.mark.parametrize("field", ["node", "nodes"])
async def test_a_node_is_shown_as_reviewed(office: Office, field: str, kind: str) -> None:
    """Whoever may not see it, or answers for another division, sees what they would see of nothing."""
    argument = 'id: "$"' if field == "node" else 'ids: ["$"]'

    async def shown(public_id: str, viewer: str) -> Any:
        query = f"{{ {field}({argument.replace('$', public_id)}) {{ __typename id }} }}"
        return (await office.ask(query, by=viewer)).json()

    for viewer in VIEWERS:
        found, nothing = await shown(office.targets[kind], viewer), await shown("0" * 32, viewer)
        if may(NODES[kind], viewer) and reaches(viewer):
            node = {"__typename": kind, "id": office.targets[kind]}
            assert found["data"][field] == (node if field == "node" else [node]), viewer
        else:
            assert found["data"] == nothing["data"], viewer
            assert "errors" not in found, viewer
    assert seen(await shown(office.targets[kind], NOBODY), field) == UNAUTHENTICATED


def _outcome(content: dict[str, Any], field: str) -> str:
    """What became of a mutation, in one word."""
    if "errors" in content:
        (error,) = content["errors"]
        return str(error["extensions"]["code"])
    errors = content["data"][field]["userErrors"]
    return str(errors[0]["code"]) if errors else "DONE"


@pytest.mark.parametrize("field", MUTATIONS)
async def test_a_mutation_is_done_as_reviewed(office: Office, field: str) -> None:
    line = MUTATIONS[field]
    title = field[0].upper() + field[1:]
    query = f"mutation ($input: {title}Input!) {{ {field}(input: $input) {{ userErrors {{ code }} }} }}"
    given = json.loads(office.filled(json.dumps(line.given)))
    cells, expected = {}, {}
    for viewer in (*VIEWERS, NOBODY):
        variables = {"input": {**given, "idempotencyKey": uuid.uuid4().hex}}
        cells[viewer] = _outcome((await office.ask(query, variables, by=viewer)).json(), field)
        if viewer == NOBODY:
            expected[viewer] = UNAUTHENTICATED
        elif not may(line.takes, viewer):
            expected[viewer] = FORBIDDEN
        else:
            expected[viewer] = line.within if reaches(viewer) else line.beyond
        if cells[viewer] == "DONE":
            async with transaction(office.engine) as connection:
                user = await accounts.key_of(connection, "target")
                await identities.link(connection, OPERATOR, user, "issuer", "target", dt.datetime.now(dt.UTC))
    assert cells == expected


@pytest.mark.parametrize("field", SUBSCRIPTIONS)
async def test_a_subscription_tells_as_reviewed(office: Office, field: str) -> None:
    asked = SUBSCRIPTIONS[field]
    cells = {}
    for viewer in (*VIEWERS, NOBODY):
        answer = await office.ask(office.filled(asked.query), by=viewer, accept="text/event-stream")
        told = [
            json.loads(line.removeprefix("data: ")) for line in answer.text.splitlines() if line.startswith("data: {")
        ]
        cells[viewer] = seen(told[0], field) if told else EMPTY
    assert cells == {viewer: answered(asked, viewer, EMPTY) for viewer in (*VIEWERS, NOBODY)}


AT_A_TIME = 6
"""Of how many fields that lead on one operation asks at a time: all of a household's together are more than it may."""


def portions(kind: Any, depth: int) -> list[str]:
    """All that there is below an object, so many levels deep, in selections that can be asked for."""
    leading = [name for name, field in kind.fields.items() if not is_leaf_type(get_named_type(field.type))]
    return [
        selection(kind, depth, set(leading[start : start + AT_A_TIME])) for start in range(0, len(leading), AT_A_TIME)
    ]


def selection(kind: Any, depth: int, only: set[str] | None = None) -> str:
    """All that there is below an object, so many levels deep; of what it leads to, only some."""
    parts = []
    for name, field in kind.fields.items():
        inner = get_named_type(field.type)
        if is_leaf_type(inner):
            parts.append(name)
        elif only is not None and name not in only:
            continue
        elif depth and isinstance(inner, GraphQLObjectType | GraphQLInterfaceType):
            parts.append(f"{name} {selection(inner, depth - 1)}")
    return "{ __typename " + " ".join(parts) + " }"


def pairs(whole: Any, shown: Any) -> Iterator[tuple[str, str, Any, Any]]:
    """Type, field, and both values of every field below: as who sees all is shown it, and as another is."""
    if isinstance(whole, list) and isinstance(shown, list):
        if any(isinstance(each, str) for each in (*whole, *shown)):
            return  # words, such as what a viewer may do
        assert len(whole) == len(shown)
        for one, other in zip(whole, shown, strict=True):
            yield from pairs(one, other)
    elif isinstance(whole, dict) and isinstance(shown, dict):
        for name, value in whole.items():
            if name != "__typename":
                yield whole["__typename"], name, value, shown[name]
                yield from pairs(value, shown[name])


def check(line: Fields, field: str, whole: Any, shown: Any, role: Role) -> str | None:
    """Compares one value with what the table says; how it was shown, where that tells something."""
    permissions = MATRIX[role]
    needed = dict(line.permitted).get(field)
    if needed is not None:
        assert shown == (whole if needed in permissions else None)
        return None
    if field in line.plain.split() or Permission.READ_IDENTITY in permissions:
        assert type(shown) is type(whole)
        assert isinstance(whole, dict | list) or shown == whole
        return None
    if field in line.telling.split():
        assert shown is True
        return None
    if whole is None:
        assert shown is None
        return None
    if field in line.hidden.split():
        assert shown is None
        return "hidden"
    assert field in line.masked.split()
    assert shown != whole
    assert shown is None or str(whole) not in shown
    return "masked"


@pytest.mark.parametrize("role", [role for role, may_do in MATRIX.items() if Permission.READ_CASES in may_do])
async def test_every_field_is_shown_to_each_role_as_reviewed(office: Office, role: Role) -> None:
    portion = portions(schema._schema.type_map["Household"], 2)
    which = f'filter: {{divisionCode: "{COUNTY}"}}, orderBy: {{field: REFERENCE}}, first: 10'
    several = [(f"{{ households({which}) {{ nodes {below} }} }}", "households") for below in portion]
    one = [(f'{{ household(id: "{office.targets["Household"]}") {below} }}', "household") for below in portion]
    told: Counter[tuple[str, str, str]] = Counter()
    shown_kinds = set()
    nodes = [
        f'{{ node(id: "{office.targets[kind]}") {{ ... on {kind} {selection(schema._schema.type_map[kind], 1)} }} }}'
        for kind in (
            "Task",
            "PlannedMeasure",
            "Proposal",
            "Watch",
            "Authorisation",
            "Finding",
            "Inquiry",
            "DoubtfulRow",
            "StopProposal",
            "Recovery",
            "OfficialError",
            "PaymentCycle",
            "PaymentOrder",
            "PaymentCheck",
            "Donor",
            "DonationPledge",
            "VerificationRequest",
            "VerificationAnswer",
            "ApplicantCheck",
        )
    ]
    told_of_income = selection(schema._schema.type_map["Income"], 1)
    income = f'{{ incomes(personId: "{office.targets["Person"]}") {told_of_income} }}'
    asked = (*several, *one, (income, "incomes"), *((node, "node") for node in nodes))
    for text, field in asked:
        whole = (await office.ask(text, by=f"{Role.REVIEWER} in its division")).json()
        shown = (await office.ask(text, by=f"{role} in its division")).json()
        assert "errors" not in whole, whole["errors"]
        assert "errors" not in shown, shown["errors"]
        rows = (whole["data"][field], shown["data"][field])
        both = [each["nodes"] if field == "households" else each for each in rows]
        for kind, name, value, other in pairs(*both):
            shown_kinds.add(kind)
            try:
                if how := check(TYPES[kind], name, value, other, role):
                    told[kind, name, how] += 1
            except AssertionError:
                pytest.fail(f"{kind}.{name} is not shown to {role} as reviewed")  # without the values themselves
    assert shown_kinds >= {"Household", "Person", "Link", "Enrolment", "Payment", "Finding", "Review", "Rule"}
    if Permission.READ_IDENTITY not in MATRIX[role]:
        lines = {(kind, field) for kind, line in TYPES.items() for field in (line.masked + " " + line.hidden).split()}
        never = lines - {(kind, name) for kind, name, _ in told}
        assert never == set(), "of these no value was there to be masked"


def told_of(role: Role, code: str, purpose: Purpose | None) -> str:
    """What the matrices say that somebody of a role sees of a person in the county who reads for a purpose, or names none."""
    if purpose is not None and purpose not in PURPOSES[role]:
        return "BAD_PURPOSE"
    if Permission.READ_CASES not in MATRIX[role]:
        return NULL
    if not divisions.holds(code, COUNTY):
        return NULL
    whole = Permission.READ_IDENTITY in MATRIX[role] and (purpose or PURPOSES[role][0]) in OF_CASE_WORK
    return "whole" if whole else "masked"


async def test_a_person_is_shown_by_role_division_and_purpose(office: Office) -> None:
    """Every role × division × purpose; and what is shown is on record with the purpose it was shown for."""
    query = f'{{ node(id: "{office.targets["Person"]}") {{ ... on Person {{ name idNumber masked }} }} }}'
    cells, expected = {}, {}
    for viewer, (role, code) in VIEWERS.items():
        for purpose in (None, *Purpose):
            answer = (await office.ask(query, by=viewer, purpose=purpose and purpose.value)).json()
            found = (answer.get("data") or {}).get("node")
            if "errors" in answer:
                cells[viewer, purpose] = answer["errors"][0]["extensions"]["code"]
            elif found is None:
                cells[viewer, purpose] = NULL
            else:
                stars = {"*" in value for value in (found["name"], found["idNumber"]) if value}
                assert stars == {found["masked"]}
                cells[viewer, purpose] = "masked" if found["masked"] else "whole"
            expected[viewer, purpose] = told_of(role, code, purpose)
    assert cells == expected
    async with transaction(office.engine) as connection:
        shown = select(Read.role, Read.purpose, Read.identity).where(
            Read.outcome == "ANSWERED", Read.request_id != "x"
        )
        seen = {(*row,) for row in await connection.execute(shown.where(Read.fields.is_not(None)))}
    whole = {(role, purpose) for role, purpose, identity in seen if identity == "WHOLE"}
    assert whole >= {
        (role.value, each.value)
        for role in (Role.CASEWORKER, Role.REVIEWER)
        for each in PURPOSES[role]
        if each in OF_CASE_WORK
    }
    assert not [purpose for _, purpose in whole if purpose not in OF_CASE_WORK]


@pytest.mark.parametrize("purpose", [each for each in Purpose if each not in OF_CASE_WORK])
async def test_nobody_is_searched_for_by_identity_but_for_case_work(office: Office, purpose: Purpose) -> None:
    query = '{ households(filter: {phone: "13800000000"}) { totalCount } }'
    for role in (Role.CASEWORKER, Role.REVIEWER):
        answer = (await office.ask(query, by=f"{role} in its division", purpose=purpose.value)).json()
        assert answer["errors"][0]["extensions"]["code"] == (
            "FORBIDDEN" if purpose in PURPOSES[role] else "BAD_PURPOSE"
        )


async def test_the_household_s_union_widens_nothing(office: Office) -> None:
    """Who belongs to the union that keeps a file sees it as far as their division goes, and no further."""
    async with transaction(office.engine) as connection:
        vault = sealing.vault(KEY)
        union, home = (vault.key(name, office.targets[name]) for name in ("Organisation", "Household"))
        await connection.execute(update(Household).where(Household.id == home).values(organisation_id=union))
        members = update(User).where(User.login == "REVIEWER-beside-it")
        await connection.execute(members.values(organisation_id=union))
    query = f'{{ household(id: "{office.targets["Household"]}") {{ id }} }}'
    assert (await office.ask(query, by="REVIEWER beside it")).json()["data"] == {"household": None}
    assert (await office.ask(query, by="REVIEWER in its division")).json()["data"]["household"]
