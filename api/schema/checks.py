"""The live check: what the feeds in use say of one person of an open round of verification, at once."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from typing import Annotated, Any

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain.errors import NotDone, UserErrorCode
from api.domain.permissions import Permission, Viewer
from api.domain.verifications import stale
from api.loaders import checks as loaders
from api.loaders.reading import Reading, Rows
from api.matching import MatcherError, covered
from api.schema import guards, nodes
from api.schema.changes import named
from api.schema.context import Info
from api.schema.households import NOT_LOADED, Person, person_at
from api.schema.nodes import Kind, kind
from api.schema.results import MutationInput, Payload, carry_out
from api.schema.selection import Wanted
from api.schema.sizes import about
from api.schema.tree import branch
from api.schema.values import Node
from api.schema.verification_terms import DepartmentAnswer
from api.schema.words import FindingState, Grade, Severity
from api.services import checks

ATTEMPTS = 3
"""How often it is looked for anew what changed while it was looked for."""


@strawberry.type(description="A pair of a person and a department's record that a live check found.")
class CheckedLink:
    """A pair of a person and a department's record."""

    source: str = strawberry.field(description="The kind of department data, as in `departments`.")
    record_id: str = strawberry.field(description="The record's own number in its source.")
    party: str = strawberry.field(description="SELF, or A or B in a marriage record.")
    probability: float = strawberry.field(description="That both are one person, 0 to 1.")
    grade: Grade | None = strawberry.field(description="How sure the identity is; null where a person has to look.")
    decision: str = strawberry.field(description="LINK, or REVIEW where a person has to look.")


@strawberry.type(
    description="A lead about the household as a scan would raise it, or has; it is recorded by a scan alone."
)
class CheckedLead:
    """A lead that a scan would raise."""

    reference: str = strawberry.field(description="By which a scan finds it again.")
    rule: str = strawberry.field(description="The rule's number.")
    severity: Severity = strawberry.field(description="How grave it would be if it proved true.")
    grade: Grade | None = strawberry.field(description="How sure the identity is.")
    explanation_zh: str | None = strawberry.field(description="In Chinese; null where it is hidden.")
    explanation_en: str | None = strawberry.field(description="In English; null where it is hidden.")
    finding_id: strawberry.ID | None = strawberry.field(
        description="Its finding, where a scan has raised it before; null where it is new."
    )
    state: FindingState | None = strawberry.field(
        description="Where that finding stands: one that is CLOSED somebody has concluded on; null where it is new."
    )
    on_current_evidence: bool | None = strawberry.field(
        description="Whether that finding rests on the same evidence; on other evidence it is a new question."
    )


@strawberry.type(description="What one kind of data says of the person.")
class CheckedSource:
    """What one kind of data says."""

    source: str = strawberry.field(description="The kind of department data, as in `departments`.")
    answer: DepartmentAnswer = strawberry.field(description="What it says.")
    as_of: dt.date | None = strawberry.field(description="The day that its feed speaks of.")


@strawberry.type(description="What the feeds in use say of one person of a round of verification.")
class ApplicantCheck(Node):
    """A live check."""

    key: strawberry.Private[int]
    household_key: strawberry.Private[int]
    member_key: strawberry.Private[int]
    as_of: dt.date = strawberry.field(description="The day that is asked about: of the latest feed.")
    checked_at: dt.datetime = strawberry.field(description="When this was found; it stands until something changes.")
    sources: list[CheckedSource] = strawberry.field(
        description="What each kind of data says of the person.", metadata=about(20)
    )
    links: list[CheckedLink] = strawberry.field(description="Records of the person.", metadata=about(30))
    leads: list[CheckedLead] = strawberry.field(
        description="Leads about the household, of rules that judge one household alone.", metadata=about(5)
    )
    scan_rules: list[str] = strawberry.field(
        description="Rules that hold several households beside one another: of these only a scan tells.",
        metadata=about(30),
    )
    rules_not_asked: list[str] = strawberry.field(
        description="Rules that could not be asked, since what they need is not there: of these nothing is known.",
        metadata=about(10),
    )
    person: Person | None = strawberry.field(default=NOT_LOADED, description="Of whom.")


def check_objects(reading: Reading, rows: Rows, _: Wanted) -> list[ApplicantCheck]:
    """Rows as live checks; of somebody protected the explanations are hidden from who is not cleared (F-29)."""
    found = []
    for row, public_id in zip(rows, reading.ids("ApplicantCheck", rows), strict=True):
        content, aside = checks.opened(reading.vault, row.content, row.reference), (row.set_aside or "").split(",")
        raised = loaders.raised(row)
        said = {each["source"]: each for each in content["coverage"]}
        found.append(
            ApplicantCheck(
                id=strawberry.ID(public_id),
                key=row.id,
                household_key=row.household_id,
                member_key=row.member_id,
                as_of=row.as_of,
                checked_at=row.checked_at,
                sources=[_source(source, said.get(source), reading.today) for source in row.sources],
                links=[_link(each) for each in content["links"]],
                leads=[
                    _lead(each, reading, raised.get(each["finding_id"]), hidden=reading.hides(row))
                    for each in content["leads"]
                    if each["rule_id"] not in aside
                ],
                scan_rules=content["only_in_a_scan"],
                rules_not_asked=content["not_asked"],
            )
        )
    return found


def _source(source: str, said: dict[str, Any] | None, today: dt.date) -> CheckedSource:
    """That there is none is not known where what says so is stale (F-8)."""
    if said is None:
        return CheckedSource(source=source, answer=DepartmentAnswer.NOT_ASKED, as_of=None)
    day = None if said["as_of"] is None else dt.date.fromisoformat(said["as_of"])
    answer = DepartmentAnswer(said["state"])
    if answer is DepartmentAnswer.NO_RECORD and stale(day, covered.limits().get(source), today):
        answer = DepartmentAnswer.NO_ANSWER
    return CheckedSource(source=source, answer=answer, as_of=day)


def _link(each: dict[str, Any]) -> CheckedLink:
    return CheckedLink(
        source=each["source"],
        record_id=each["record_id"],
        party=each["party"],
        probability=each["probability"],
        grade=each["grade"] and Grade(each["grade"]),
        decision=each["decision"],
    )


def _lead(
    each: dict[str, Any], reading: Reading, raised: tuple[int, str, str] | None, *, hidden: bool
) -> CheckedLead:
    key, state, evidence = raised or (None, None, None)
    return CheckedLead(
        reference=each["finding_id"],
        rule=each["rule_id"],
        severity=Severity(each["severity"]),
        grade=each["grade"] and Grade(each["grade"]),
        explanation_zh=None if hidden else each["explanation_zh"],
        explanation_en=None if hidden else each["explanation_en"],
        finding_id=None if key is None else strawberry.ID(reading.vault.ids("Finding", [key])[0]),
        state=None if state is None else FindingState(state),
        on_current_evidence=None if evidence is None else evidence == each["evidence_hash"],
    )


@strawberry.input(description="Somebody of an open round of verification.")
class CheckApplicantInput(MutationInput):
    """Whom to check."""

    request_id: strawberry.ID = strawberry.field(description="The round, which is open.")
    person_id: strawberry.ID = strawberry.field(description="Whom of it; nobody else can be asked about.")


@strawberry.type(description="What `checkApplicant` answers.")
class CheckApplicantPayload(Payload):
    """What `checkApplicant` answers."""

    check: ApplicantCheck | None = strawberry.field(description="What the feeds in use say.")


@strawberry.type(description="What may be checked live.")
class CheckMutations:
    """Live checks."""

    @guards.mutation(
        Permission.KEEP_FILES,
        "Asks the feeds in use about one person of an open round of verification; written down with who asked.",
    )
    async def check_applicant(
        self, info: Info, input: Annotated[CheckApplicantInput, strawberry.argument(description="Whom.")]
    ) -> CheckApplicantPayload:
        """Checks somebody."""
        context = info.context
        request = nodes.key_of(info, "VerificationRequest", input.request_id)
        person = named(info, "Person", input.person_id)
        found: dict[str, dict[str, Any]] = {}
        looked = 0

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            now = context.now()
            asked = await checks.asked(connection, context.vault, viewer, request, person, context.data_dir, now)
            if asked.mark in found:
                await checks.keep(connection, context.vault, [(asked, found[asked.mark])], now)
            elif looked < ATTEMPTS:
                checks.require_looked(asked)
            else:
                raise _changed()
            return await checks.note(connection, viewer, asked, now)

        while True:
            try:
                done = await carry_out(info, Permission.KEEP_FILES, input, act)
                break
            except checks.ToLook as to_look:  # outside of the transaction, which holds up others
                looked += 1
                with suppress(
                    MatcherError
                ):  # the index may have gone meanwhile: the next attempt asks the one after it
                    found[to_look.asked.mark] = await context.desk.check(
                        to_look.asked.where, to_look.asked.home(context.vault)
                    )
        check = await nodes.below_payload(info, "ApplicantCheck", "check", done.subject)
        return CheckApplicantPayload(check=check, **done.answered)


def _changed() -> NotDone:
    return NotDone(
        UserErrorCode.CONFLICT,
        ("input",),
        "查询期间数据已变化，请重新查询。",
        "Something changed meanwhile: ask again.",
    )


branch(ApplicantCheck, "person", person_at("member_key", "person"))
kind("ApplicantCheck", Kind(loaders.by_key, check_objects, Permission.KEEP_FILES))
