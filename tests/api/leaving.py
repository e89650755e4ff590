"""A household on file that is on its way out of hardship: its months, its causes, what is proposed, through the running service."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select, update

from api.database import transaction
from api.domain import days
from api.domain.casework import HardshipCause
from api.domain.stages import Stage
from api.matching import income
from api.models import Base, Enrolment, File, FilePerson, Household, Human, Member, Payment, Transition, table
from api.services import causes
from tests.api.conftest import Service
from tests.api.services.reviewed import viewer

NOW = dt.datetime.now(dt.UTC)
TODAY = days.today(NOW)
LAST = income.tested_until(TODAY, "410502")
MONTHS = income.months(income.add_months(LAST, -5), LAST)
"""The six months that are tested today."""

SOURCES = ("DECLARED", "TAX", "SOCIAL_INSURANCE", "UNEMPLOYMENT_BENEFIT", "AID")
_keys = itertools.count(1)

ERRORS = "userErrors { code message path }"
RECORD = f"mutation ($input: RecordIncomeInput!) {{ recordIncome(input: $input) {{ person {{ id }} {ERRORS} }} }}"
PROPOSAL = "proposal { id state action reason version household { stage version fileClosedOn } }"
PROPOSE = f"mutation ($input: ProposeExitInput!) {{ proposeExit(input: $input) {{ {PROPOSAL} {ERRORS} }} }}"
CLOSE = f"mutation ($input: DeregisterFileInput!) {{ deregisterFile(input: $input) {{ {PROPOSAL} {ERRORS} }} }}"
DECIDE = f"mutation ($input: DecideExitInput!) {{ decideExit(input: $input) {{ {PROPOSAL} {ERRORS} auditId }} }}"
ASSESSMENT = """
query ($id: ID!, $asOf: Date) { exitAssessment(householdId: $id, asOf: $asOf) {
  asOf causesResolved openCauses policyVersion
  graduation { verdict months { month members known standing low { amount } high { amount } line { amount } }
               missing { gap month personId source } }
  relief { verdict months { month standing } missing { gap } } } }"""


@dataclass
class Leaving:
    """A household, by its keys and ids, and the service it is kept in."""

    service: Service
    key: int
    file_key: int
    people_keys: tuple[int, ...]

    @property
    def id(self) -> str:
        """The household's id."""
        return self.service.vault.ids("Household", [self.key])[0]

    @property
    def people(self) -> list[str]:
        """The ids of the people in it."""
        return self.service.vault.ids("Person", self.people_keys)

    async def version(self) -> int:
        """The version that it is at now."""
        async with transaction(self.service.engine) as connection:
            found = select(Household.version).where(Household.id == self.key)
            return int((await connection.execute(found)).scalar_one())

    async def stage(self) -> str:
        """Where it stands."""
        async with transaction(self.service.engine) as connection:
            return str(
                (await connection.execute(select(Household.stage).where(Household.id == self.key))).scalar_one()
            )

    async def act(self, query: str, by: str = "caseworker", **given: Any) -> Any:
        """What a mutation answers."""
        given = {"idempotencyKey": f"leaving-{next(_keys):06}", **given}
        (answer,) = (await self.service.data(query, {"input": given}, by=by)).values()
        return answer

    async def told(self, person: int, statements: Sequence[dict[str, Any]], by: str = "caseworker") -> Any:
        """What sources say of somebody."""
        return await self.act(RECORD, by, personId=self.people[person], statements=list(statements))

    async def earning(self, *yuan: int | None, months: Sequence[dt.date] = MONTHS) -> None:
        """The first of them has these wages by the tax office (None: no answer yet), the others have nothing; all were asked."""
        for person in range(len(self.people)):
            silent = ("TAX",) if person == 0 else ()
            await self.heard(person, [each for each in SOURCES if each not in silent], "NO_RECORD", months)
        statements = [
            said(["TAX"], "VALUE", [month], kind="WAGE", amount=f"{amount}.00")
            if amount is not None
            else said(["TAX"], "NO_ANSWER", [month])
            for month, amount in zip(months, yuan, strict=True)
        ]
        done(await self.told(0, statements))

    async def heard(
        self, person: int, sources: Sequence[str], answer: str, months: Sequence[dt.date] = MONTHS
    ) -> None:
        """These sources gave this answer of somebody."""
        done(await self.told(person, [said(sources, answer, months)]))

    async def paid(self, programme: str, yuan: int, months: Sequence[dt.date] = MONTHS) -> None:
        """The household was paid so much a month, by the register of aid."""
        async with transaction(self.service.engine) as connection:
            row = {"household_id": self.key, "programme_code": programme, "source_record": f"{programme}-{self.key}"}
            enrolment = await connection.scalar(insert(Enrolment).values(**row).returning(Enrolment.id))
            rows = [{"enrolment_id": enrolment, "month": month, "amount_fen": yuan * 100} for month in months]
            await connection.execute(insert(Payment), rows)

    async def caused(self, *, resolved: bool) -> None:
        """The file names a cause of hardship, which is resolved or not."""
        reviewer = await viewer(self.service, "county-reviewer")
        since = TODAY - dt.timedelta(days=90)
        async with transaction(self.service.engine) as connection:
            vault = self.service.vault
            cause = await causes.add(
                connection, vault, reviewer, self.key, HardshipCause.LAID_OFF, since, None, True, NOW
            )
            if resolved:
                await causes.resolve(connection, vault, reviewer, cause, 1, TODAY, "已重新就业。", [], NOW)

    async def assessment(self, as_of: dt.date | None = None, by: str = "caseworker") -> Any:
        """How it stands to the ways out."""
        variables = {"id": self.id, "asOf": as_of and as_of.isoformat()}
        return (await self.service.data(ASSESSMENT, variables, by=by))["exitAssessment"]

    async def propose(self, action: str = "GRADUATE", by: str = "caseworker", **given: Any) -> Any:
        """What is answered to a proposal."""
        given = {"expectedVersion": await self.version(), "statement": "已入户核实，家庭生活脱离困境。", **given}
        return await self.act(PROPOSE, by, householdId=self.id, action=action, **given)

    async def close(self, reason: str, by: str = "caseworker", **given: Any) -> Any:
        """What is answered to a proposal to close the file."""
        given = {"expectedVersion": await self.version(), "statement": "已核实。", **given}
        return await self.act(CLOSE, by, householdId=self.id, reason=reason, **given)

    async def decide(self, proposal: Any, by: str = "county-reviewer", approve: bool = True, **given: Any) -> Any:
        """What is answered to a decision."""
        given = {"expectedVersion": proposal["version"], "reason": "材料齐全，同意。", **given}
        return await self.act(DECIDE, by, proposalId=proposal["id"], approve=approve, **given)

    async def graduated(self) -> Any:
        """It has left hardship, as two officers would have it."""
        await self.earning(*[3_000] * 6)
        await self.caused(resolved=True)
        proposed = done(await self.propose())["proposal"]
        return done(await self.decide(proposed))["proposal"]


def said(sources: Sequence[str], answer: str, months: Sequence[dt.date], **more: Any) -> dict[str, Any]:
    """A statement as the mutation takes it."""
    span = {"firstMonth": f"{months[0]:%Y-%m}", "lastMonth": f"{months[-1]:%Y-%m}"}
    return {"sources": list(sources), "answer": answer, **span, **more}


def done(answer: Any) -> Any:
    """The answer, which has no errors."""
    assert answer["userErrors"] == []
    return answer


def refusal(answer: Any) -> tuple[str, str]:
    """Code and message of the one error."""
    (error,) = answer["userErrors"]
    return error["code"], error["message"]


async def on_file(
    service: Service, stage: Stage = Stage.RECORDED, people: int = 2, target_group: str = "BELOW_LINE"
) -> Leaving:
    """A household whose file is open, taken over from another register, in the name of the first of its people."""
    reference, day = f"LEAVING-{next(_keys)}", TODAY - dt.timedelta(days=400)
    async with transaction(service.engine) as connection:

        async def add(model: type[Base], **values: Any) -> int:
            added = await connection.execute(insert(model).values(**values).returning(table(model).c.id))
            return int(added.scalar_one())

        household = await add(
            Household, reference=reference, division_code="410502", stage=stage, transition_number=1, digest=b"",
            target_group=target_group, applied_on=day, file_opened_on=day, version=1, updated_at=NOW,
        )  # fmt: skip
        file = await add(
            File, household_id=household, number=reference, applied_on=day, opened_on=day, version=1, created_at=NOW
        )
        await add(
            Transition, household_id=household, number=1, file_id=file, from_stage="NOTHING", action="TAKE_OVER",
            to_stage=stage, adverse=False, evidence=[], effective_on=day, happened_at=NOW,
        )  # fmt: skip
        members = []
        for place in range(people):
            human = await add(Human, created_at=NOW)
            members.append(
                await add(
                    Member, reference=f"{reference}-{place}", household_id=household, person_id=human,
                    relation="SPOUSE" if place else "HEAD", birth_date=dt.date(1980, 5, 1), overlapping=False,
                )
            )  # fmt: skip
            await add(FilePerson, file_id=file, person_id=human, member_id=members[-1], since=day, disputed=False)
        await connection.execute(update(File).where(File.id == file).values(subject_member_id=members[0]))
    return Leaving(service, household, file, tuple(members))
