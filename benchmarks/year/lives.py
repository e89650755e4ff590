"""What becomes of households in a month: grants, moves, deaths, births, corrections, stops, exits and returns, as services do them.

Each act is one that an officer would do, in its own transaction; what has to be refused is tried as well, and it is a
fault where it is not refused.
"""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from sqlalchemy import Date, bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database import reading, transaction
from api.domain import days
from api.domain.casework import HardshipCause
from api.domain.clocks import months_after
from api.domain.errors import NotDone, StopHeld
from api.domain.exits import ExitAction
from api.domain.files import Closing
from api.domain.grants import GrantHeld, GrantPeriod, Request
from api.domain.income_statements import Statement
from api.domain.incomes import IncomeKind, IncomeSource, SourceAnswer
from api.domain.official_errors import OfficialErrorKind
from api.domain.people import Entered, Relation
from api.domain.recoveries import RecoveryCause
from api.domain.stops import Delivery, StopKind
from api.matching import income
from api.services import (
    aid_notices,
    causes,
    corrections,
    exits,
    files,
    granting,
    incomes,
    memberships,
    official_errors,
    recoveries,
    referrals,
    stop_decisions,
    stops,
    transfers,
)  # fmt: skip
from api.services.official_errors import Wrong
from api.services.recognition import Kept
from api.services.referrals import Sent
from api.services.stop_requests import Asking
from benchmarks.year import recount
from benchmarks.year.city import AUTUMN, LIVING, TEKUN, TEMPORARY, City, County
from benchmarks.year.homes import Aid, Home, Homes, version
from benchmarks.year.recount import Checks
from matcher.identity import numbers

SHARES = {
    "granted": 0.004, "aid by cause": 0.002, "autumn": 0.004, "tekun": 0.0005, "clash": 0.0005, "transfer": 0.002,
    "death": 0.001, "birth": 0.0015, "marriage": 0.0003, "name": 0.001, "household": 0.001, "stop": 0.0008,
    "reduce": 0.0004, "unanswered": 0.0002, "recover": 0.0003, "exit": 0.0004, "moved away": 0.0003, "return": 0.0002,
    "alone": 0.0002,
}  # fmt: skip
"""Of the households on file, how many a month; at least one each."""

AUTUMN_MONTHS = (8, 9)
CAUSES = (HardshipCause.ACCIDENT, HardshipCause.NATURAL_DISASTER, HardshipCause.SEVERE_ILLNESS)
PENDING = text("SELECT id, cause, version FROM causes WHERE file_id = :file AND resolved_on IS NULL ORDER BY id")
PAID = text(
    "SELECT m.month, m.amount_fen FROM order_months m JOIN payment_orders o ON o.id = m.order_id "
    "WHERE m.grant_id = :grant AND o.state = 'PAID' ORDER BY m.month DESC LIMIT 1"
)
STOP_VERSION = text("SELECT version FROM stop_proposals WHERE id = :key")
RECOVERY = text(
    "SELECT r.id, r.most_fen FROM recoveries r JOIN stops s ON s.id = r.stop_id WHERE s.proposal_id = :key"
)
WAGE_FEN = 20_000_00


@dataclass
class Lives:
    """The month's acts upon households; `done` counts them, `refused` what was asked for and not done, and why."""

    city: City
    checks: Checks
    rng: random.Random
    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    unanswered: list[tuple[Home, int, int]] = field(default_factory=list)
    """Stops of which a household was told and has not answered: the household, the proposal, the referral."""
    bereaved: dict[int, Aid] = field(default_factory=dict)
    """Households in which somebody died, and the aid that goes on for the others."""
    homes: Homes = field(default_factory=lambda: Homes({}, [], []))
    month: dt.date = dt.date.min

    async def begin(self, month: dt.date) -> None:
        """The month's households are read."""
        self.month, self.homes = month, await Homes.read(self.city.engine, self.rng)
        self.bereaved.clear()

    async def before_payment(self) -> None:
        """What is done in the first days of the month."""
        await self._each("granted", self._grant, lambda home: not home.aided(self.month))
        await self._each("aid by cause", self._by_cause, lambda home: True)
        await self._each("tekun", self._tekun, lambda home: not home.aided(self.month) and len(home.people) == 1)
        await self._each("clash", self._clash, self._has_living)
        await self._each("transfer", self._transfer, lambda home: True)
        await self._each("death", self._death, self._outlived)
        await self._each("birth", self._birth, lambda home: True)
        if self.month.month in AUTUMN_MONTHS:
            await self._each("autumn", self._autumn, lambda home: self._pupil(home) is not None)

    async def while_paying(self) -> None:
        """What is done between a cycle's approval and its settlement."""
        await self._each("alone", self._alone, lambda home: len(home.people) == 1)
        await self._each("transfer", self._transfer, lambda home: True)
        await self._each("death", self._death, self._outlived)

    async def after_payment(self) -> None:
        """What is done in the rest of the month."""
        await self._each("marriage", self._marriage, lambda home: self._grown(home) is not None)
        await self._each("name", self._name, lambda home: any(person.named for person in home.people))
        await self._each("household", self._household, lambda home: True)
        for home, proposal, referral in self.unanswered:
            now = self.homes.by_key.get(home.id, home)
            await self._act("decided unanswered", now, self._decided(now, proposal, referral))
        self.unanswered.clear()
        ahead = months_after(self.month, 2)
        await self._each("stop", self._stop, self._has_living)
        await self._each("reduce", self._reduce, self._has_living)
        await self._each("unanswered", self._not_answered, lambda home: bool(self._living(home, ahead)))
        await self._each("recover", self._recover, lambda home: bool(home.aid))
        leaves = months_after(self.month, 1)
        away = lambda home: not home.aided(leaves) and home.stage == "RECORDED"  # noqa: E731
        await self._each("exit", self._graduate, lambda home: away(home) and len(home.people) <= 3)
        await self._each("moved away", self._moved_away, away)
        await self._returns()

    async def went_on(self) -> None:
        """Where somebody died, the others' aid of this month is in a cycle, and nobody held it (F-5)."""
        ordered = text(
            "SELECT count(*) FROM order_months m JOIN payment_orders o ON o.id = m.order_id "
            "WHERE m.grant_id = :grant AND m.month = :month AND o.state IN ('SETTLED', 'PAID', 'RETURNED')"
        ).bindparams(bindparam("month", type_=Date()))
        async with reading(self.city.engine) as connection:
            for home, aid in self.bereaved.items():
                found = (await connection.execute(ordered, {"grant": aid.grant, "month": self.month})).scalar_one()
                self.checks.holds("a death stops nobody's aid", found > 0, home)

    async def _each(self, what: str, act: Callable[[Home], Awaitable[None]], which: Callable[[Home], bool]) -> None:
        for home in self.homes.take(max(1, round(len(self.homes.by_key) * SHARES[what])), which):
            await self._act(what, home, act(home))

    async def _act(self, what: str, home: Home, act: Awaitable[None]) -> None:
        try:
            await act
        except GrantHeld as held:
            self.refused[f"{what}: {held.findings[0].kind}"] += 1
        except NotDone as refused:
            self.refused[f"{what}: {refused.en[:60]}"] += 1
        else:
            self.done[what] += 1

    # Aid

    async def _grant(self, home: Home) -> None:
        months, quarterly = self.rng.randint(3, 12), self.rng.random() < 0.1
        first = self.month
        if quarterly:
            first, months = months_after(first, -((first.month - 1) % 3)), 6
        if str(first) < f"{home.opened[:7]}-01":
            first = self.month
            months, quarterly = 3, False
        period = GrantPeriod.QUARTER if quarterly else GrantPeriod.MONTH
        request = Request(
            home.id, LIVING, first, months_after(first, months - 1), period, self.rng.randint(300, 900) * 100
        )
        await self._made(home, request, approve=self.rng.random() > 0.1)

    async def _by_cause(self, home: Home) -> None:
        county, cause = self._county(home), self.rng.choice(CAUSES)
        async with transaction(self.city.engine) as connection:
            key = await causes.add(
                connection, self.city.vault, county.clerk, home.id, cause, self.month, "突发。", None, self.city.now
            )
        fen = self.rng.randint(500, 3_000) * 100
        await self._made(
            home, Request(home.id, TEMPORARY, self.month, self.month, GrantPeriod.ONCE, fen, cause_id=key)
        )

    async def _autumn(self, home: Home) -> None:
        pupil = self._pupil(home)
        fen = self.rng.randint(1_000, 5_000) * 100
        await self._made(home, Request(home.id, AUTUMN, self.month, self.month, GrantPeriod.ONCE, fen, pupil))

    async def _tekun(self, home: Home) -> None:
        last = months_after(self.month, 5)
        fen = self.rng.randint(700, 900) * 100
        member = home.people[0].member
        await self._made(home, Request(home.id, TEKUN, self.month, last, GrantPeriod.MONTH, fen, member))

    async def _clash(self, home: Home) -> None:
        """Neither the same aid twice nor an excluded one is even proposed."""
        (aid, *_) = self._living(home, self.month)
        again = Request(home.id, LIVING, self.month, self.month, GrantPeriod.MONTH, 500_00)
        member = home.people[0].member
        excluded = Request(home.id, TEKUN, self.month, self.month, GrantPeriod.MONTH, 800_00, member)
        for request in (again, excluded):
            try:
                await self._made(home, request)
            except GrantHeld:
                self.checks.holds("two that exclude one another are refused", True)
            else:
                self.checks.holds("two that exclude one another are refused", False, (home.id, aid))

    async def _made(self, home: Home, request: Request, *, approve: bool = True) -> None:
        county, vault, now = self._county(home), self.city.vault, self.city.now
        async with transaction(self.city.engine) as connection:
            key = await granting.propose(connection, vault, county.clerk, request, "已入户核实。", now)
        async with transaction(self.city.engine) as connection:
            await granting.decide(connection, vault, county.chief, key, 1, approve, "经审核。", None, now)

    # People

    async def _transfer(self, home: Home) -> None:
        to = self._county(home)
        if self.rng.random() < 0.5:
            to = self.rng.choice([each for each in self.city.counties.values() if each.code != home.division])
        union = next(each for each in to.unions if each != home.union)
        async with transaction(self.city.engine) as connection:
            told = (home.id, await version(connection, home.id), union, to.code, "单位关停，随迁。", self.city.now)
            await transfers.transfer(connection, self.city.vault, self._county(home).chief, *told)

    async def _death(self, home: Home) -> None:
        """Somebody dies; the file goes into another's name where it was in theirs, and aid goes on."""
        who = self.rng.choice(home.people)
        county, vault, now, today = self._county(home), self.city.vault, self.city.now, self._today
        async with transaction(self.city.engine) as connection:
            if who.member == home.subject or (home.subject is None and who.relation == "HEAD"):
                other = next(each for each in home.people if each is not who)
                at = await version(connection, home.id)
                await exits.change_subject(connection, county.chief, home.id, at, other.member, now)
            at = await version(connection, home.id)
            await memberships.end(connection, vault, county.clerk, who.member, at, today, "去世。", now)
        due = [
            each
            for each in self._living(home, self.month)
            if each.period == "MONTH" and each.first <= str(self.month)
        ]
        if due:
            self.bereaved[home.id] = due[0]

    async def _alone(self, home: Home) -> None:
        """Who lived alone died: two officers close the file."""
        await self._closed(home, Closing.DECEASED)

    async def _moved_away(self, home: Home) -> None:
        await self._closed(home, Closing.MOVED)

    async def _closed(self, home: Home, closing: Closing) -> None:
        county, vault, now = self._county(home), self.city.vault, self.city.now
        async with transaction(self.city.engine) as connection:
            if closing is Closing.DECEASED and home.subject is None:
                at = await version(connection, home.id)
                await exits.change_subject(connection, county.chief, home.id, at, home.people[0].member, now)
            at = await version(connection, home.id)
            told = (home.id, at, ExitAction.DEREGISTER, closing, "已核实。", (), now)
            proposal = await exits.propose(connection, vault, county.clerk, *told)
        async with transaction(self.city.engine) as connection:
            await exits.decide(connection, vault, county.chief, proposal, 1, True, "同意。", None, now)

    async def _birth(self, home: Home) -> None:
        self.city.newborn += 1
        born, place = self._today - dt.timedelta(days=self.rng.randint(0, 3)), self.city.newborn % 1_000
        first = f"{home.division}{born:%Y%m%d}{place:03d}"
        number = first + numbers.check_character(first)
        child = Entered(f"新{self.city.newborn}", Relation.CHILD, id_number=number, birth_date=born)
        async with transaction(self.city.engine) as connection:
            at = await version(connection, home.id)
            told = (home.id, at, child, born, "出生。", self.city.now)
            await memberships.add(connection, self.city.vault, self._county(home).clerk, *told)

    async def _marriage(self, home: Home) -> None:
        """Somebody grown moves into another household of the county."""
        who = self._grown(home)
        assert who is not None
        homes = self.homes.take(1, lambda other: other.division == home.division)
        if not homes:
            return
        async with transaction(self.city.engine) as connection:
            here, there = await version(connection, home.id), await version(connection, homes[0].id)
            told = (who, here, homes[0].id, there, self._today, Relation.OTHER, "结婚。", self.city.now)
            await memberships.move(connection, self.city.vault, self._county(home).clerk, *told)

    async def _name(self, home: Home) -> None:
        who = self.rng.choice([person for person in home.people if person.named])
        async with transaction(self.city.engine) as connection:
            at = await version(connection, home.id)
            told = (who.member, at, {"name": f"更{home.id}"}, "原登记有误。", self.city.now)
            await memberships.correct(connection, self.city.vault, self._county(home).clerk, *told)

    async def _household(self, home: Home) -> None:
        changed = {"phone": f"139{self.rng.randrange(10**8):08d}", "address": f"某路{self.rng.randint(1, 999)}号"}
        async with transaction(self.city.engine) as connection:
            told = (home.id, await version(connection, home.id), changed, (), "已搬迁。", self.city.now)
            await corrections.correct(connection, self.city.vault, self._county(home).clerk, *told)

    # Stops, recoveries and errors of ours

    async def _stop(self, home: Home) -> None:
        await self._less(home, Asking(StopKind.STOP_AID, months_after(self.month, 1)))

    async def _reduce(self, home: Home) -> None:
        fen = self._living(home, months_after(self.month, 1))[0].fen // 2
        await self._less(home, Asking(StopKind.REDUCE_AID, months_after(self.month, 1), amount_fen=fen))

    async def _not_answered(self, home: Home) -> None:
        """The household says nothing; it is decided once its days are over."""
        proposal, referral = await self._proposed(home, Asking(StopKind.STOP_AID, months_after(self.month, 2)))
        await self._noticed(home, proposal)
        await self._refused_stop(home, proposal, referral)
        self.unanswered.append((home, proposal, referral))

    async def _less(self, home: Home, asking: Asking, aid: Aid | None = None) -> int:
        """Proposed, told, answered and decided; before the household is told, it cannot be decided."""
        proposal, referral = await self._proposed(home, asking, aid)
        await self._refused_stop(home, proposal, referral)
        await self._noticed(home, proposal)
        county, vault, now = self._county(home), self.city.vault, self.city.now
        async with transaction(self.city.engine) as connection:
            told = (proposal, await _stop_version(connection, proposal), self._today, "知道了。", now)
            await aid_notices.answer(connection, vault, county.clerk, *told)
        await self._decided(home, proposal, referral)
        return proposal

    async def _proposed(self, home: Home, asking: Asking, aid: Aid | None = None) -> tuple[int, int]:
        county, vault, now = self._county(home), self.city.vault, self.city.now
        of = aid or self._living(home, months_after(self.month, 1))[0]
        async with transaction(self.city.engine) as connection:
            sent = Sent(county.unions[0], None, self._today + dt.timedelta(days=90), "请协助安排。")
            referral = await referrals.refer(connection, vault, county.clerk, home.id, sent, now)
            key = await stops.propose(connection, vault, county.clerk, of.grant, asking, "情况已变化。", now)
        return key, referral

    async def _noticed(self, home: Home, proposal: int) -> None:
        county, vault, now = self._county(home), self.city.vault, self.city.now
        async with transaction(self.city.engine) as connection:
            at = await _stop_version(connection, proposal)
            told = (proposal, at, "收入已高于标准。", f"告〔{proposal}〕号", Delivery.HANDED_OVER, self._today, now)
            await aid_notices.record(connection, vault, county.clerk, *told)

    async def _refused_stop(self, home: Home, proposal: int, referral: int) -> None:
        try:
            await self._decided(home, proposal, referral)
        except StopHeld:
            self.checks.holds("nothing is stopped before the household was heard", True)
        else:
            self.checks.holds("nothing is stopped before the household was heard", False, proposal)

    async def _decided(self, home: Home, proposal: int, referral: int) -> None:
        async with transaction(self.city.engine) as connection:
            told = (proposal, await _stop_version(connection, proposal), "经审核。", None, referral, self.city.now)
            await stop_decisions.decide(connection, self.city.vault, self._county(home).chief, *told)

    async def _recover(self, home: Home) -> None:
        """Too much was paid: mostly by an error of ours, which is written down as ours and waived, else in instalments."""
        aid, county, vault, now = home.aid[0], self._county(home), self.city.vault, self.city.now
        async with reading(self.city.engine) as connection:
            paid = (await connection.execute(PAID, {"grant": aid.grant})).one_or_none()
        if paid is None:
            self.refused["recover: nothing was paid yet"] += 1
            return
        month, most = dt.date.fromisoformat(str(paid[0])), min(int(paid[1]), 240_00)
        ours = self.rng.random() < 0.6
        cause = RecoveryCause.OFFICIAL_ERROR if ours else RecoveryCause.UNCLEAR
        proposal = await self._less(home, Asking(StopKind.RECOVER_AID, month, month, most, cause), aid)
        if ours:
            async with transaction(self.city.engine) as connection:
                kind = self.rng.choice((OfficialErrorKind.WRONG_AMOUNT, OfficialErrorKind.WRONG_DATA))
                wrong = Wrong(kind, "多付。", self._today, home.id, None, aid.grant, month)
                error = await official_errors.record(connection, vault, county.clerk, wrong, now)
                if self.rng.random() < 0.7:
                    told = (error, 1, self._today, "已豁免。", now)
                    await official_errors.put_right(connection, vault, county.chief, *told)
            return
        await self._earning(home, self.month, self.month)
        async with transaction(self.city.engine) as connection:
            recovery, instalment = (await connection.execute(RECOVERY, {"key": proposal})).one()
            await recoveries.pay_in(connection, county.clerk, recovery, self.month, instalment, self._today, now)
            fund = text(
                "SELECT c.fund_id FROM fund_entries e JOIN payment_orders o ON o.id = e.order_id "
                "JOIN payment_cycles c ON c.id = o.cycle_id WHERE e.kind = 'RECOVERED' ORDER BY e.id DESC LIMIT 1"
            )
            await recount.fund(connection, self.checks, (await connection.execute(fund)).scalar_one())
        self.done["instalment"] += 1

    # Out of hardship, and back

    async def _graduate(self, home: Home) -> None:
        county, vault, now = self._county(home), self.city.vault, self.city.now
        last = income.tested_until(self._today, home.division)
        await self._earning(home, months_after(last, -5), last)
        async with transaction(self.city.engine) as connection:
            rows = await connection.execute(PENDING, {"file": home.file})
            pending = [(row[0], row[2]) for row in rows]
            if not pending:
                told = (HardshipCause.LAID_OFF, self.month - dt.timedelta(days=90), None, True, now)
                pending = [(await causes.add(connection, vault, county.chief, home.id, *told), 1)]
            for cause, at in pending:
                await causes.resolve(connection, vault, county.chief, cause, at, self._today, "已就业。", (), now)
        async with transaction(self.city.engine) as connection:
            at = await version(connection, home.id)
            told_so = (home.id, at, ExitAction.GRADUATE, None, "已脱离困境。", (), now)
            proposal = await exits.propose(connection, vault, county.clerk, *told_so)
        async with transaction(self.city.engine) as connection:
            await exits.decide(connection, vault, county.chief, proposal, 1, True, "同意。", None, now)

    async def _earning(self, home: Home, first: dt.date, last: dt.date) -> None:
        """The first of them earns well, the others nothing; all sources were asked."""
        for place, person in enumerate(home.people):
            told = [Statement(tuple(IncomeSource), SourceAnswer.NO_RECORD, first, last)]
            if place == 0:
                others = tuple(each for each in IncomeSource if each is not IncomeSource.TAX)
                told = [
                    Statement(others, SourceAnswer.NO_RECORD, first, last),
                    Statement(
                        (IncomeSource.TAX,), SourceAnswer.VALUE, first, last, kind=IncomeKind.WAGE, fen=WAGE_FEN
                    ),
                ]
            async with transaction(self.city.engine) as connection:
                clerk = self._county(home).clerk
                await incomes.record(connection, self.city.vault, clerk, person.member, told, None, self.city.now)

    async def _returns(self) -> None:
        """Hardship returns to some who left it by the end of last month; they are granted aid anew."""
        left = [each for each in self.homes.gone if each[2] < str(self.month)]
        self.rng.shuffle(left)
        for household, division, _ in left[: max(1, round(len(self.homes.by_key) * SHARES["return"]))]:
            home = Home(household, division, "GRADUATED", 0, None, str(self._today), None)
            await self._act("return", home, self._return(home))

    async def _return(self, home: Home) -> None:
        county, now = self._county(home), self.city.now
        async with transaction(self.city.engine) as connection:
            told = (home.id, await version(connection, home.id), Kept(), "再次失业。", (), now)
            await files.fall_back(connection, self.city.vault, county.chief, *told)
        request = Request(home.id, LIVING, self.month, months_after(self.month, 2), GrantPeriod.MONTH, 450_00)
        await self._made(home, request)

    # Whom it is about

    @property
    def _today(self) -> dt.date:
        return days.today(self.city.now)

    def _county(self, home: Home) -> County:
        return self.city.counties[home.division]

    def _living(self, home: Home, month: dt.date) -> list[Aid]:
        return [each for each in home.aided(month) if each.programme == LIVING]

    def _has_living(self, home: Home) -> bool:
        going_on = self._living(home, months_after(self.month, 1))
        return bool(going_on) and going_on[0].first <= str(self.month) and going_on[0].fen > 200_00

    def _outlived(self, home: Home) -> bool:
        return len(home.people) > 1

    def _pupil(self, home: Home) -> int | None:
        for person in home.people:
            aged = person.aged(self.month)
            if person.relation == "CHILD" and aged is not None and 7 <= aged <= 22 and not person.overlapping:
                return person.member
        return None

    def _grown(self, home: Home) -> int | None:
        for person in home.people:
            aged = person.aged(self.month)
            if person.relation == "CHILD" and aged is not None and aged >= 20 and not person.overlapping:
                return person.member
        return None


async def _stop_version(connection: AsyncConnection, key: int) -> int:
    return int((await connection.execute(STOP_VERSION, {"key": key})).scalar_one())
