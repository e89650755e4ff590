"""How often each rule's leads prove right, by county and quarter; and rules that are set aside for it (F-17, F-18)."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from decimal import Decimal
from typing import Annotated, Any

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain import divisions, figures, quality
from api.domain.clocks import months_after
from api.domain.permissions import Permission, Viewer
from api.domain.progress import quarter
from api.domain.scorecards import Period
from api.loaders import rule_quality as loaders
from api.loaders.reading import Reading, Rows
from api.schema import guards, nodes
from api.schema.context import Info
from api.schema.findings import Rule, rule_of
from api.schema.measures import InDivision, OnDay, day_asked, division_asked
from api.schema.nodes import Kind, kind
from api.schema.results import MutationInput, Payload, carry_out
from api.schema.scorecards import LeadOutcomeCount
from api.schema.selection import Wanted, wanted
from api.schema.sizes import about
from api.schema.tree import grow
from api.schema.values import Division, Node, division_of
from api.schema.words import Outcome
from api.services import rule_quality

VALUES = 12
"""How many values are told of a rule in a county."""


@strawberry.type(
    description="A rule that is, or was, set aside in a county: it runs and counts, and its new leads are shown to nobody "
    "who reviews. Two people bring it back."
)
class RuleShadow(Node):
    """A rule that is, or was, set aside in a county."""

    key: strawberry.Private[int]
    rule: Rule = strawberry.field(description="Which rule.")
    division: Division = strawberry.field(description="Where.")
    since: dt.datetime = strawberry.field(description="Since when.")
    reviewed: int = strawberry.field(description="How many of its leads had been concluded on.")
    confirmed: int = strawberry.field(description="How many of these had proved right.")
    approved_by: str | None = strawberry.field(
        description="Who said first that it may come back; null while nobody did."
    )
    approved_at: dt.datetime | None = strawberry.field(description="When.")
    reason: str | None = strawberry.field(description="Why.")
    restored_by: str | None = strawberry.field(description="Who agreed; null while it is set aside.")
    restored_at: dt.datetime | None = strawberry.field(
        description="Since when it is back; null while it is set aside."
    )
    version: int = strawberry.field(description="Counts changes; to be given back by `approveRuleReturn`.")


@strawberry.type(description="What became of the leads of one rule in one county that were raised in the quarter.")
class RuleQuality:
    """What became of the leads of one rule in one county."""

    rule: Rule = strawberry.field(description="The rule.")
    division: Division = strawberry.field(description="The county.")
    leads: int = strawberry.field(description="Leads raised in the quarter.")
    reviewed: int = strawberry.field(description="Of these, concluded on.")
    by_outcome: list[LeadOutcomeCount] = strawberry.field(
        description="By the conclusion in force, inquiries that go on among them.", metadata=about(4)
    )
    confirmed: int = strawberry.field(description="Of those concluded on, how many proved right.")
    share: Decimal | None = strawberry.field(description="Their share; null where nothing was concluded.")
    share_at_least: Decimal | None = strawberry.field(
        description="The lower bound of Wilson's interval of 95 % for it; null where nothing was concluded."
    )
    reversed: int = strawberry.field(description="Had proved right once, and did not after all.")
    median_days: Decimal | None = strawberry.field(description="Days from the lead to the conclusion: the median.")


@strawberry.type(description="How often rules' leads prove right in a division, of those raised in one quarter.")
class RuleQualityReport:
    """How often rules' leads prove right."""

    division: Division = strawberry.field(description="Of which division.")
    first_day: dt.date = strawberry.field(description="The quarter's first day.")
    last_day: dt.date = strawberry.field(description="The quarter's last day.")
    confirmed_low: Decimal = strawberry.field(
        description="Below which share, surely, a rule is set aside (`quality.confirmed_low`)."
    )
    least_reviews: int = strawberry.field(description="After how many conclusions at least.")
    rules: list[RuleQuality] = strawberry.field(
        description="Each rule in each county where it raised a lead, by rule and county.", metadata=about(60)
    )


def shadow_objects(reading: Reading, rows: Rows, asked: Wanted) -> list[RuleShadow]:
    """Rows as rules that are set aside."""
    reason = reading.shown("rule_shadows.reason", asked.has("reason"), lambda said: said)
    return [
        RuleShadow(
            id=strawberry.ID(public_id),
            key=row.id,
            rule=rule_of(row.rule_id),
            division=division_of(row.division_code),
            since=row.since,
            reviewed=row.reviewed,
            confirmed=row.confirmed,
            approved_by=row.approver_name,
            approved_at=row.approved_at,
            reason=reason(row.reason),
            restored_by=row.restorer_name,
            restored_at=row.restored_at,
            version=row.version,
        )
        for row, public_id in zip(rows, reading.ids("RuleShadow", rows), strict=True)
    ]


def _by_rule(rows: Rows) -> list[RuleQuality]:
    grouped: dict[tuple[str, str], list[Any]] = {}
    for row in rows:
        grouped.setdefault((row.rule_id, row.division_code), []).append(row)
    return [_quality(rule, code, of) for (rule, code), of in grouped.items()]


def _quality(rule: str, code: str, rows: list[Any]) -> RuleQuality:
    outcomes, took = Counter[Outcome](), Counter[int]()
    for row in rows:
        if row.outcome is not None:
            outcomes[Outcome(row.outcome)] += row.leads
        if row.days is not None:
            took[max(0, row.days)] += row.leads
    reviewed = sum(number for outcome, number in outcomes.items() if outcome not in quality.INCONCLUSIVE)
    confirmed = sum(outcomes[outcome] for outcome in quality.CONFIRMED)
    return RuleQuality(
        rule=rule_of(rule),
        division=division_of(code),
        leads=sum(row.leads for row in rows),
        reviewed=reviewed,
        by_outcome=[LeadOutcomeCount(outcome=each, leads=outcomes[each]) for each in Outcome if outcomes[each]],
        confirmed=confirmed,
        share=figures.part(confirmed, reviewed),
        share_at_least=quality.at_least(confirmed, reviewed),
        reversed=sum(row.leads for row in rows if row.reversed),
        median_days=figures.median(took),
    )


@strawberry.type(description="What may be asked about the quality of rules.")
class RuleQualityQueries:
    """The quality of rules."""

    @guards.query(
        Permission.START_SCAN,
        "How often each rule's leads prove right, by county, of those raised in a quarter; those of rules that are set aside "
        "are counted. Null for a division that the viewer does not answer for.",
    )
    async def rule_quality(
        self, info: Info, division_code: InDivision = None, on: OnDay = None
    ) -> RuleQualityReport | None:
        """The quality of rules in the quarter of a day."""
        code, day, asked = division_asked(info, division_code), day_asked(info, on), wanted(info)
        if not divisions.holds(info.context.viewer_who_may(None).division_code, code):
            return None
        first = quarter(day)
        last = months_after(first, 3) - dt.timedelta(days=1)
        async with info.context.reading() as reading:
            found = _by_rule(await loaders.by_rule(reading, code, Period(first, last)))
            reading.budget.spend(asked.times * VALUES * len(found))
        bounds = rule_quality.bounds_in_force(day, code)
        return RuleQualityReport(
            division=division_of(code),
            first_day=first,
            last_day=last,
            confirmed_low=bounds.low,
            least_reviews=bounds.least,
            rules=found,
        )

    @guards.query(
        Permission.START_SCAN,
        "Rules that are set aside in a division or below it, then those that are back, the latest first; up to two hundred.",
        rows=10,
    )
    async def rule_shadows(self, info: Info, division_code: InDivision = None) -> list[RuleShadow] | None:
        """Rules that are or were set aside."""
        code, asked = division_asked(info, division_code), wanted(info)
        async with info.context.reading() as reading:
            found = shadow_objects(reading, await loaders.shadows_of(reading, code), asked)
            await grow(reading, found, asked, asked.times)
        return found


@strawberry.input(description="Somebody's word that a rule may come back.")
class ApproveRuleReturnInput(MutationInput):
    """Somebody's word that a rule may come back."""

    shadow_id: strawberry.ID = strawberry.field(description="By what it is set aside.")
    expected_version: int = strawberry.field(description="Its `version` as it was read.")
    reason: str = strawberry.field(
        description="Why it may come back, up to 2,000 characters; the first one's is kept, sealed."
    )


@strawberry.type(description="What `approveRuleReturn` answers.")
class ApproveRuleReturnPayload(Payload):
    """What `approveRuleReturn` answers."""

    rule_shadow: RuleShadow | None = strawberry.field(description="As it stands now.")


@strawberry.type(description="What may be done with rules that are set aside.")
class RuleQualityMutations:
    """Rules come back."""

    @guards.mutation(
        Permission.START_SCAN,
        "Says that a rule may come back in a county; it does when a second person has said so, other than the first.",
    )
    async def approve_rule_return(
        self, info: Info, input: Annotated[ApproveRuleReturnInput, strawberry.argument(description="The word.")]
    ) -> ApproveRuleReturnPayload:
        """Approves that a rule comes back."""

        async def act(connection: AsyncConnection, viewer: Viewer) -> int:
            key = nodes.key_of(info, "RuleShadow", input.shadow_id)
            told = (key, input.expected_version, input.reason, info.context.now())
            return await rule_quality.approve(connection, info.context.vault, viewer, *told)

        done = await carry_out(info, Permission.START_SCAN, input, act)
        shadow = await nodes.below_payload(info, "RuleShadow", "ruleShadow", done.subject)
        return ApproveRuleReturnPayload(rule_shadow=shadow, **done.answered)


kind("RuleShadow", Kind(loaders.shadows_by_key, shadow_objects, Permission.START_SCAN))
