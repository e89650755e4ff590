"""What officers' dashboards ask, over the app, of the city as its year left it: python -m benchmarks.year.dashboards DATA

`DATA` is the folder that `python -m benchmarks.year --data` filled. Each query is asked many times by a reviewer of the whole
city and by a clerk of one county; what is told is the least, the median and the 95th percentile of the time until the whole
answer is there, how much of the processors that took, ours and the database's where it runs beside us on Linux (the figure
that a busy machine disturbs least), and how many statements.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import statistics
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import event, text
from starlette.applications import Starlette

from api import sealing
from api.app import create_app
from api.database import open_engine, reading, transaction
from api.domain import days
from api.domain.permissions import Role, Viewer
from api.gate.passage import Limits
from api.services import accounts, snapshots
from api.settings import PREFIX
from benchmarks.graphql import task
from benchmarks.graphql.cpu import answer, ask
from benchmarks.year.city import UNBOUND, moment

TIMES, MOST_MS = 21, 100
CITY = "410500"
NODE = "household { reference division { code } }"
HOUSEHOLD = "id reference stage division { code nameZh } appliedOn version members { name relation }"
QUERIES: Mapping[str, str] = {
    "households": f"{{ households(first: 25) {{ totalCount nodes {{ {HOUSEHOLD} }} }} }}",
    "households on file": f"{{ households(first: 25, filter: {{ stages: [RECORDED] }}) {{ totalCount nodes {{ {HOUSEHOLD} }} }} }}",
    "households of a county": "query ($county: String) { households(first: 25, filter: { divisionCode: $county }) "
    f"{{ totalCount nodes {{ {HOUSEHOLD} }} }} }}",
    "households in deep hardship": "{ households(first: 25, filter: { categories: [DEEP] }) { totalCount nodes { reference } } }",
    "households by cause": "{ households(first: 25, filter: { causes: [ACCIDENT] }) { totalCount nodes { reference } } }",
    "households never assisted": "{ households(first: 25, filter: { neverAssisted: true }) { totalCount nodes { reference } } }",
    "households with no officer": "{ households(first: 25, filter: { hasContactOfficer: false }) "
    "{ totalCount nodes { reference } } }",
    "households with findings": "{ households(first: 25, filter: { hasOpenFindings: true }) { totalCount nodes { reference } } }",
    "a family's timeline": "query ($household: ID!) { household(id: $household) { reference stage members { name relation } "
    "enrolments { startMonth endMonth programme { code } } grants { state amount { amount } } } }",
    "what stands in the way": "query ($household: ID!) { nextSteps(householdId: $household) { action obstacles { guard } } }",
    "queue of overdue tasks": f"query ($today: Date) {{ tasks(first: 25, filter: {{ states: [OPEN], overdue: true }}) "
    f"{{ totalCount nodes {{ kind dueOn {NODE} }} }} files(first: 1, filter: {{ dueBefore: $today }}) {{ totalCount }} }}",
    "queue of files": "query ($today: Date) { files(first: 25, filter: { dueBefore: $today }, "
    "orderBy: [{ field: DUE_ON, direction: ASC }]) { totalCount nodes { number stage deadline { clock dueOn } "
    "household { reference } } } }",
    "tasks of a kind": f"{{ tasks(first: 25, filter: {{ kinds: [PAYMENT_CHECK], states: [OPEN] }}) "
    f"{{ totalCount nodes {{ dueOn {NODE} }} }} }}",
    "payment cycles": "{ paymentCycles(first: 25) { totalCount nodes { state month programmeCode division { code } drawnUpBy "
    "sums { state orders amount { amount } } fund { source } } } }",
    "payments of a cycle": "query ($cycle: ID!) { paymentOrders(first: 25, filter: { cycleIds: [$cycle] }) "
    f"{{ totalCount nodes {{ reference state amount {{ amount }} months {{ month }} {NODE} }} }} }}",
    "orders that came back": f"{{ paymentOrders(first: 25, filter: {{ states: [HELD, RETURNED] }}) "
    f"{{ totalCount nodes {{ reference heldBecause cycle {{ month }} {NODE} }} }} }}",
    "recipients to ask": f"{{ paymentChecks(first: 25, filter: {{ made: false }}) "
    f"{{ totalCount nodes {{ id order {{ reference }} {NODE} }} }} }}",
    "fundUse": "{ fundUse { source allocated { amount } available { amount } committed { amount } paid { amount } } }",
    "funds": "{ funds(first: 25) { totalCount nodes { source year available { amount } } } }",
    "fundEntries": "{ fundEntries(first: 25) { totalCount nodes { kind amount { amount } happenedAt enteredBy } } }",
    "fundEntries by kind": "{ fundEntries(first: 25, filter: { kinds: [RETURNED] }) { totalCount nodes { amount { amount } } } }",
    "grants": f"{{ grants(first: 25) {{ totalCount nodes {{ state firstMonth amount {{ amount }} programme {{ code }} {NODE} }} }} }}",
    "grants of a month": "query ($month: Month) { grants(first: 25, filter: { month: $month, states: [GRANTED], "
    f"programmeCodes: [\"LIVING_SUBSIDY\"] }}) {{ totalCount nodes {{ state amount {{ amount }} {NODE} }} }} }}",
    "grants to be decided": f"{{ grants(first: 25, filter: {{ states: [PROPOSED] }}) {{ totalCount nodes {{ {NODE} }} }} }}",
    "stops": f"{{ stopProposals(first: 25) {{ totalCount nodes {{ state kind {NODE} }} }} }}",
    "recoveries": f"{{ recoveries(first: 25, filter: {{ open: true }}) {{ totalCount nodes {{ left {{ amount }} {NODE} }} }} }}",
    "errors of ours": f"{{ officialErrorCounts {{ kind discovered putRight }} officialErrors(first: 25) "
    f"{{ totalCount nodes {{ kind {NODE} }} }} }}",
    "proposed exits": f"{{ proposals(first: 25) {{ totalCount nodes {{ state action {NODE} }} }} }}",
    "watches": f"{{ watches(first: 25) {{ totalCount nodes {{ dueOn {NODE} }} }} }}",
    "figures by cause": "query ($snapshot: ID!) { figures(snapshotId: $snapshot, groupBy: CAUSE) { indicator { code } "
    "whole { value } groups { code figure { value withheld } } } }",
    "seasons": "{ seasons { isOn households reached notReached programme { nameZh } } }",
    "scorecards": "{ scorecards { measures { units { organisation { code } data { coverage { share } } "
    "referrals { medianDays } tasks { waiting } leads { raised } } } } }",
    "equity report": "{ equityReport { households tables { groups { group rate ratio alarm withheld } } } }",
    "what a household may be given": "query ($household: ID!) { eligibleFor(householdId: $household) "
    "{ answer standing programme { nameZh } } }",
    "a family's education": "query ($household: ID!) { educationChain(householdId: $household) { stage links { link due } } }",
}  # fmt: skip


@dataclass(frozen=True)
class Timed:
    """How long an answer took, in milliseconds, and how many statements."""

    least: float
    median: float
    worst: float
    processors: float
    statements: int

    @property
    def told(self) -> str:
        """As a table has it."""
        return f"{self.processors:.0f} | {self.least:.0f} / {self.median:.0f} / {self.worst:.0f}"


async def timed(app: Starlette, token: str, query: str, variables: Mapping[str, Any], times: int = TIMES) -> Timed:
    """Asked so many times, the first of which is not counted: it compiles what all after it use."""
    said: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if statement.lstrip()[:6].upper().startswith(("SELECT", "WITH")):
            said.append(statement)

    await answer(app, token, query, variables)
    event.listen(app.state.engine.sync_engine, "before_cursor_execute", note)
    await answer(app, token, query, variables)
    statements = len([each for each in said if " tokens" not in each])
    event.remove(app.state.engine.sync_engine, "before_cursor_execute", note)
    taken, beside = [], await _servers(app)
    used = time.process_time() + _used(beside)
    for _ in range(times):
        began = time.perf_counter()
        await ask(app, token, query, variables)
        taken.append((time.perf_counter() - began) * 1000)
    used = (time.process_time() + _used(beside) - used) * 1000 / times
    taken.sort()
    return Timed(taken[0], statistics.median(taken), taken[round(0.95 * (times - 1))], used, statements)


async def _servers(app: Starlette) -> list[int]:
    """The database's processes that answer us; none where it is a file."""
    if app.state.engine.dialect.name != "postgresql":
        return []
    async with reading(app.state.engine) as connection:
        found = await connection.scalars(text("SELECT pid FROM pg_stat_activity WHERE datname = current_database()"))
        return list(found)


def _used(processes: list[int]) -> float:
    """Seconds of processor time that these processes have used, as far as the system tells."""
    told = [Path(f"/proc/{process}/schedstat") for process in processes]
    return sum(int(each.read_text(encoding="ascii").split()[0]) for each in told if each.exists()) / 1e9


async def measure(given: task.Task, data: Path, wanted: str) -> list[str]:
    """A table's rows; a query whose median and processors both take longer is named."""
    engine, vault = open_engine(given.url), sealing.vault(given.key)
    async with reading(engine) as connection:
        last, county = (await connection.execute(text(
            "SELECT max(month), min(division_code) FROM payment_cycles"
        ))).one()  # fmt: skip
        cycle = (
            await connection.execute(text(
                "SELECT cycle_id FROM payment_orders GROUP BY cycle_id ORDER BY count(*) DESC, cycle_id LIMIT 1"
            ))
        ).scalar_one()  # fmt: skip
        household = (
            await connection.execute(text("SELECT household_id FROM payment_orders WHERE state = 'PAID' LIMIT 1"))
        ).scalar_one()
    month = dt.date.fromisoformat(str(last))
    now = moment(month.replace(day=28))
    tokens = {}
    async with transaction(engine) as connection:
        for login, (role, division) in {
            "dashboards-city": (Role.REVIEWER, CITY), "dashboards-county": (Role.CASEWORKER, county),
        }.items():  # fmt: skip
            key = await accounts.add_user(connection, login, "", role, division, now)
            if role is Role.REVIEWER:
                viewer = Viewer(key, login, login, role, division)
            tokens[division] = await accounts.issue_token(connection, login, 1, days.this_moment())
        frozen = await snapshots.freeze(connection, viewer, CITY, None, None, now)
    await engine.dispose()
    limits = Limits(per_second=UNBOUND, burst=UNBOUND)
    app = create_app(given.url, vault, limits, data_dir=data, clock=lambda: now)
    variables = {
        "county": county, "today": str(now.date()), "month": f"{month:%Y-%m}",
        "cycle": vault.ids("PaymentCycle", [cycle])[0], "household": vault.ids("Household", [household])[0],
        "snapshot": vault.ids("Snapshot", [frozen])[0],
    }  # fmt: skip
    rows = []
    for name, query in QUERIES.items():
        if wanted not in name:
            continue
        used = {key: value for key, value in variables.items() if f"${key}:" in query}
        found = [await timed(app, token, query, used) for token in tokens.values()]
        slow = " **over**" if any(min(each.processors, each.median) > MOST_MS for each in found) else ""
        told = " | ".join(each.told for each in found)
        rows.append(f"| {name}{slow} | {told} | {found[0].statements} |")
        sys.stdout.write(f"{rows[-1]}\n")
        sys.stdout.flush()
    await app.state.engine.dispose()
    return rows


def main() -> None:
    """Prints least, median and 95th percentile in milliseconds, for the city and for a county, and the statements."""
    data = Path(sys.argv[1])
    os.environ[f"{PREFIX}DATA_DIR"] = str(data)
    sys.stdout.write(
        "| query | city: processors, ms | least / median / p95 | a county: processors | least / median / p95 | statements |\n"
        "|---|---|---|---|---|---|\n"
    )
    asyncio.run(measure(task.read(data / "task"), data, sys.argv[2] if len(sys.argv) > 2 else ""))


if __name__ == "__main__":
    main()
