"""Which of a household's causes are addressed, by what, and which by nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, cast

import strawberry

from api.domain import coverage as rules
from api.domain.casework import ReferralOutcome, ReferralState
from api.domain.catalogue import Catalogue
from api.domain.coverage import OF_MEASURES, Cover, PlanCover
from api.domain.measures import Measure as PolicyMeasure
from api.loaders import coverage as loaders
from api.loaders.coverage import Done
from api.loaders.reading import Reading, Rows
from api.matching import catalogue
from api.schema.enumerations import Words, described
from api.schema.households import Household
from api.schema.measures import Measure
from api.schema.selection import Wanted
from api.schema.sizes import about
from api.schema.tree import Branch, branch
from api.schema.words import HardshipCause

described(
    Cover,
    "How far a cause of hardship is addressed.",
    {
        "COVERED": Words("已有帮扶", "Covered", "有措施在落实或有救助。", "A measure is under way, or aid is given."),
        "PLANNED": Words("已有安排", "Planned", "已计划、已提出或已转介。", "It is planned, proposed or referred."),
        "LEFT_OPEN": Words("无对应措施", "Left open", "没有对应的措施、救助或转介。", "Nothing addresses it."),
        "CANNOT_TELL": Words(
            "无法判断", "Cannot tell", "没有规定对应的措施。", "No measure is named for such a cause."
        ),
    },
)
described(
    PlanCover,
    "Whether a household has a plan, and whether each of its causes is addressed.",
    {
        "NO_PLAN": Words("无帮扶方案", "No plan", "没有现行方案。", "It has no plan in force."),
        "CAUSE_LEFT_OPEN": Words(
            "有原因未对应", "A cause left open", "至少一项原因没有对应措施。", "Nothing addresses one."
        ),
        "CANNOT_TELL": Words(
            "无法判断",
            "Cannot tell",
            "未写明原因，或原因没有规定措施。",
            "It names no cause, or one of another kind.",
        ),
        "EVERY_CAUSE": Words("各原因均有对应", "Every cause", "各项原因均有措施、救助或转介。", "Each is addressed."),
    },
)


@strawberry.type(description="A cause of a household's hardship, and what addresses it.")
class CauseCover:
    """A cause, and what addresses it."""

    cause_id: strawberry.ID = strawberry.field(description="The cause.")
    kind: HardshipCause = strawberry.field(description="Which of the national form's.")
    main: bool = strawberry.field(description="Whether it is the main one.")
    since: dt.date = strawberry.field(description="Since when.")
    cover: Cover = strawberry.field(description="How far it is addressed.")
    remedies: list[Measure] = strawberry.field(
        description="The policy's measures that address such a cause.", metadata=about(1)
    )
    measure_ids: list[strawberry.ID] = strawberry.field(
        description="Measures of the plan in force, those that were dropped left out.", metadata=about(1)
    )
    enrolment_ids: list[strawberry.ID] = strawberry.field(
        description="Aid that goes on, whoever pays it, or was given once within twelve months.", metadata=about(1)
    )
    grant_ids: list[strawberry.ID] = strawberry.field(description="Grants that are proposed.", metadata=about(1))
    referral_ids: list[strawberry.ID] = strawberry.field(
        description="Referrals that wait, or led to help within twelve months.", metadata=about(1)
    )
    refused_referral_ids: list[strawberry.ID] = strawberry.field(
        description="Referrals that led to none within twelve months.", metadata=about(1)
    )


@strawberry.type(
    description="Whether a household's causes are addressed today, by its plan and whatever else is done."
)
class PlanCoverage:
    """Whether a household's causes are addressed."""

    cover: PlanCover = strawberry.field(description="What is found of all of them together.")
    causes: list[CauseCover] = strawberry.field(
        description="The causes of its open file that are not resolved, the main one first.", metadata=about(2)
    )


def _of_cause(reading: Reading, known: Catalogue, row: Any, done: Done) -> CauseCover:
    day, division = reading.today, reading.viewer.division_code
    kind = HardshipCause(row.cause)
    remedies = known.remedy(kind, day, division)

    def fits(code: str, cause_id: int | None = None) -> bool:
        entry = known.programme(code, day, division)
        return cause_id == row.id or (entry is not None and not set(entry.measures).isdisjoint(remedies))

    steps = [each for each in done.steps if PolicyMeasure(each.measure) in remedies]
    aid = [each for each in done.aid if fits(each.programme_code, each.cause_id)]
    proposed = [each for each in done.proposed if fits(each.programme_code, each.cause_id)]
    sent = {each.id: _helps(each) for each in done.sent if fits(each.programme_code)}
    helping = [key for key, helps in sent.items() if helps is not None]
    taken = [OF_MEASURES[each.state] for each in steps] + [True] * len(aid) + [False] * len(proposed)

    def ids(type_name: str, keys: Sequence[int]) -> list[strawberry.ID]:
        return [strawberry.ID(each) for each in reading.vault.ids(type_name, keys)]

    return CauseCover(
        cause_id=ids("Cause", [row.id])[0],
        kind=kind,
        main=row.main,
        since=row.since,
        cover=rules.cover(remedies, [*taken, *(bool(sent[key]) for key in helping)]),
        remedies=[*remedies],
        measure_ids=ids("PlannedMeasure", [each.id for each in steps]),
        enrolment_ids=ids("Enrolment", [each.id for each in aid]),
        grant_ids=ids("Grant", [each.id for each in proposed]),
        referral_ids=ids("Referral", helping),
        refused_referral_ids=ids("Referral", [key for key, helps in sent.items() if helps is None]),
    )


def _helps(row: Any) -> bool | None:
    return rules.referral_helps(ReferralState(row.state), row.outcome and ReferralOutcome(row.outcome))


async def _done(reading: Reading, keys: Sequence[int], below: Wanted) -> Rows:
    """Nothing of a day that is past: what was done then is told by plans and causes themselves."""
    if reading.as_of is not None:
        return []
    return cast(Rows, [*(await loaders.of_households(reading, keys)).items()])


def _coverage(reading: Reading, rows: Rows, below: Wanted) -> list[PlanCoverage]:
    known, found = catalogue.in_force(), []
    for _, done in rows:
        causes = [_of_cause(reading, known, each, done) for each in done.causes]
        cover = rules.altogether((each.cover for each in causes), planned=done.planned)
        found.append(PlanCoverage(cover=cover, causes=causes))
    return found


branch(Household, "planCoverage", Branch("key", _done, _coverage, "plan_coverage", False))
