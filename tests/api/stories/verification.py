"""How a city is verified, from nine departments' files to a lead that a correction takes back: as its clients tell it, step by step.

Each step is one thing that somebody does and would do again if they heard nothing. Whatever of it is refused is an error.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from api.domain.clocks import months_after
from tests.api.sending import Parcel
from tests.api.stories.centre import CITY, DEPARTMENTS, Centre
from tests.api.stories.clients import Client, machine_token
from tests.api.stories.kills import Kills

CUT, CORRECTED = "2024-12-31", "2025-01-15"
"""The day up to which the departments' files speak, and the correction's."""

ASKS_SECONDS = 0.4
"""As long as a client waits before it asks again how far something is."""

LEADS = """{ findings(first: 100) { totalCount nodes { id reference version state rule { id }
  household { id reference } evidence { source recordId } withdrawal { because } } } }"""
QUEUE = "{ reviewQueue(first: 100) { nodes { reference queuePlace } } }"
LOOK = "query ($id: ID!) { finding(id: $id) { version explanationZh evidence { recordId } } }"
VERSION = "query ($id: ID!) { finding(id: $id) { version } }"
SCAN = "query ($id: ID!) { scan(id: $id) { status failure leads { new again changed withdrawn } } }"
UPLOAD = (
    "query ($id: ID!) { upload(id: $id) { state refusal { message } receipt { rowsIn rowsAccepted rowsSetAside } } }"
)
ASKED = "{ inquiries(filter: {states: [OPEN]}) { nodes { id version recordId question } } }"
HELD_BY = "finding { version state }"

Node = Mapping[str, Any]


@dataclass
class Verification:
    """One telling: by whom it is told, what is killed meanwhile, and what was answered that is to be the same each time."""

    centre: Centre
    kills: Kills
    http: httpx.AsyncClient
    today: dt.date
    answered: dict[str, Any] = field(default_factory=dict)

    def by(self, login: str) -> Client:
        """An officer at work."""
        return Client(self.http, self.centre.tokens[login])

    async def tell(self) -> None:
        """All of it."""
        machines = {
            code: Client(self.http, await machine_token(self.http, f"{code}-machine", secret))
            for code, secret in self.centre.secrets.items()
        }
        await self._sent(machines)
        raised = await self._scanned("scan", CUT)
        undeclared, doubted, *others = await self._leads()
        await self._concluded(undeclared)
        await self._doubted(doubted, machines["police"])
        await self._at_once(others[:3])
        await self._decided(undeclared["household"]["id"])
        await self._corrected(doubted, machines["police"])
        again = await self._scanned("scan again", CORRECTED)
        assert again["again"] + again["changed"] == raised["new"] - 1
        assert (again["new"], again["withdrawn"]) == (0, 1)
        self.answered["what became of leads"] = [raised, again]
        async with self.kills.step("what is left"):
            left = await self._listed()
        self.answered["leads at the end"] = [(each["reference"], each["state"], each["version"]) for each in left]
        (gone,) = [each for each in left if each["id"] == doubted["id"]]
        assert (gone["state"], gone["withdrawal"]) == ("WITHDRAWN", {"because": "RECORD_DELETED"})
        states = {each["id"]: each["state"] for each in left}
        assert [states[each["id"]] for each in (undeclared, *others[:3])] == ["CLOSED"] * 4

    async def _sent(self, machines: Mapping[str, Client]) -> None:
        """Eight departments push their nine files, and get their receipts."""
        sent = {}
        for code, (_, sources) in DEPARTMENTS.items():
            for source in sources:
                file = self.centre.feeds[source].read_bytes()
                parcel = Parcel(file, source, f"{source}_202412.csv", f"{source}-2024-12", as_of=CUT)
                async with self.kills.step(f"push {source}"):
                    sent[source] = (code, await machines[code].send(parcel, f"push-{source}"))
        for source, (code, upload) in sent.items():
            async with self.kills.step(f"receipt of {source}"):
                self.answered[f"receipt of {source}"] = await self._receipt(machines[code], upload)

    async def _receipt(self, machine: Client, upload: str) -> Any:
        while (told := (await machine.ask(UPLOAD, id=upload))["upload"])["state"] not in ("ACCEPTED", "REFUSED"):
            await asyncio.sleep(ASKS_SECONDS)
        assert told["state"] == "ACCEPTED", told["refusal"]
        return told["receipt"]

    async def _scanned(self, name: str, day: str) -> Mapping[str, int]:
        """An auditor asks for a scan, and follows it to its end; what became of leads."""
        auditor = self.by("auditor")
        async with self.kills.step(f"ask for the {name}"):
            given = {"divisionCode": CITY, "asOf": day}
            scan = (await auditor.act("startScan", f"the-{name}", "scan { id }", **given))["scan"]["id"]
        async with self.kills.step(name):
            while (told := (await auditor.ask(SCAN, id=scan))["scan"])["status"] in ("QUEUED", "RUNNING"):
                await asyncio.sleep(ASKS_SECONDS)
        assert (told["status"], told["failure"]) == ("SUCCEEDED", None)
        leads: Mapping[str, int] = told["leads"]
        return leads

    async def _listed(self) -> Sequence[Node]:
        nodes: Sequence[Node] = (await self.by("reviewer").ask(LEADS))["findings"]["nodes"]
        return sorted(nodes, key=lambda each: (each["rule"]["id"], each["household"]["reference"], each["reference"]))

    async def _leads(self) -> Sequence[Node]:
        """Leads as they are ranked: two on cars that nobody declared come first here, then others that were planted."""
        async with self.kills.step("the queue"):
            leads = await self._listed()
            while len(queue := (await self.by("reviewer").ask(QUEUE))["reviewQueue"]["nodes"]) < len(leads):
                await asyncio.sleep(ASKS_SECONDS)  # they are ranked behind the scan
        self.answered["the queue"] = queue
        places = {each["reference"] for each in queue}
        cars = [each for each in leads if each["rule"]["id"] == "H05"]
        assert len(cars) == 2
        assert places == {each["reference"] for each in leads}
        return [*cars, *(each for each in leads if each["rule"]["id"] in ("H03", "P05"))]

    async def _did(self, step: str, by: str, field_: str, lead: Node, **given: Any) -> Any:
        """Somebody does something with a lead as it stands."""
        async with self.kills.step(step):
            officer = self.by(by)
            version = (await officer.ask(VERSION, id=lead["id"]))["finding"]["version"]
            of = {"findingId": lead["id"], "expectedVersion": version}
            key = f"{step}: {field_}"
            self.answered[step] = (await officer.act(field_, key, HELD_BY, **of, **given))["finding"]

    async def _concluded(self, lead: Node) -> None:
        """The household forgot its car: asked, told, heard, and concluded by two officers."""
        today = self.today.isoformat()
        await self._did("claim", "reviewer", "claimFinding", lead)
        question = {"askedOf": "HOUSEHOLD", "question": "何时购车？", "dueOn": today}
        await self._did("ask", "reviewer", "askFacts", lead, **question)
        async with self.kills.step("facts"):
            clerk = self.by("clerk")
            (inquiry,) = (await clerk.ask(ASKED))["inquiries"]["nodes"]
            told = {"inquiryId": inquiry["id"], "expectedVersion": inquiry["version"], "answer": "去年三月。"}
            await clerk.act("answerFacts", "facts-of-the-car", "inquiry { state }", **told)
        notice = {"documentNo": "核〔2026〕1号", "delivery": "HANDED_OVER", "deliveredOn": today}
        await self._did("notice", "reviewer", "notifyFinding", lead, **notice)
        await self._did("hear", "clerk", "recordAnswer", lead, answeredOn=today, answer="忘了申报。")
        error = {"outcome": "CLAIMANT_ERROR", "reason": "申报时漏填。"}
        await self._did("propose", "reviewer", "proposeConclusion", lead, **error)
        await self._did("confirm", "second-reviewer", "confirmConclusion", lead, reason="同意。")

    async def _doubted(self, lead: Node, police: Client) -> None:
        """The other car was sold; the police look at their record, and find that it is wrong."""
        await self._did("claim the other", "second-reviewer", "claimFinding", lead)
        (record,) = [each for each in lead["evidence"] if each["source"] == "vehicles"]
        report = {**record, "reason": "SOLD", "statement": "已于前年出售，有合同。"}
        await self._did("doubt", "clerk", "reportRepair", lead, **report)
        async with self.kills.step("the record is looked at"):
            (inquiry,) = (await police.ask(ASKED))["inquiries"]["nodes"]
            assert inquiry["recordId"] == record["recordId"]
            answer = {"expectedVersion": inquiry["version"], "outcome": "CORRECTED", "answer": "已过户，漏录。"}
            done = await police.act(
                "answerFacts", "the-record-is-wrong", "inquiry { state }", inquiryId=inquiry["id"], **answer
            )
        assert done["inquiry"]["state"] == "ANSWERED"

    async def _at_once(self, leads: Sequence[Node]) -> None:
        """Three leads without an issue are concluded on at once, each looked at by itself before."""
        reviewer, some = self.by("reviewer"), []
        for place, lead in enumerate(leads):
            async with self.kills.step(f"look at {place + 1}"):
                version = (await reviewer.ask(LOOK, id=lead["id"]))["finding"]["version"]
            told = {"findingId": lead["id"], "expectedVersion": version}
            some.append({**told, "outcome": "NO_ISSUE", "note": "已核实。"})
        async with self.kills.step("conclude at once"):
            done = await reviewer.act("reviewFindings", "three-at-once", "findings { state }", leads=some)
        assert done["findings"] == [{"state": "CLOSED"}] * 3

    async def _decided(self, household: str) -> None:
        """A living subsidy that was granted to the household of the car is stopped, which two officers decide once it was heard."""
        clerk, chief, first = self.by("clerk"), self.by("reviewer"), self.today.replace(day=1)

        def month(place: int) -> str:
            return f"{months_after(first, place):%Y-%m}"

        terms = {"programmeCode": "LIVING_SUBSIDY", "period": "MONTH", "amount": "500.00", "reason": "生活困难。"}
        of = {"householdId": household, "firstMonth": month(0), "lastMonth": month(5)}
        async with self.kills.step("propose a grant"):
            asked = await clerk.act("proposeGrant", "grant-proposed", "grant { id version }", **of, **terms)
        grant = {"grantId": asked["grant"]["id"], "expectedVersion": asked["grant"]["version"]}
        async with self.kills.step("grant"):
            given = {**grant, "approve": True, "reason": "同意。"}
            done = await chief.act("decideGrant", "grant-decided", "grant { state }", **given)
        assert done["grant"]["state"] == "GRANTED"
        async with self.kills.step("refer"):
            to = {"organisation": "social-security", "note": "请协助就业。"}
            due = (self.today + dt.timedelta(days=90)).isoformat()
            referred = await clerk.act(
                "refer", "referred-1", "referral { id }", householdId=household, dueOn=due, **to
            )
        request = {"grantId": grant["grantId"], "kind": "STOP_AID", "fromMonth": month(2)}
        state = "proposal { id version state }"
        async with self.kills.step("propose to stop"):
            stop = await clerk.act("proposeStop", "stop-proposed", state, request=request, statement="拟停发。")
        proposal = {"proposalId": stop["proposal"]["id"]}
        notice = {"documentNo": "告〔2026〕9号", "facts": "名下有车，未申报。", "delivery": "HANDED_OVER"}
        today = self.today.isoformat()
        async with self.kills.step("tell of the stop"):
            told = {**proposal, "expectedVersion": 1, **notice, "deliveredOn": today}
            await clerk.act("recordAidNotice", "stop-notice", state, **told)
        async with self.kills.step("hear of the stop"):
            heard = {**proposal, "expectedVersion": 2, "answeredOn": today, "answer": "车将卖出。"}
            await clerk.act("recordAidAnswer", "stop-answer", state, **heard)
        async with self.kills.step("stop"):
            why = {"reason": "有车辆，已转介就业。", "referralId": referred["referral"]["id"]}
            ended = await chief.act("decideStop", "stop-decided", state, **proposal, expectedVersion=3, **why)
        assert ended["proposal"]["state"] == "DECIDED"

    async def _corrected(self, lead: Node, police: Client) -> None:
        """The police delete the record of the car that was sold."""
        (record,) = [each["recordId"] for each in lead["evidence"] if each["source"] == "vehicles"]
        content = f"record_id,change\n{record},DELETE\n".encode()
        parcel = Parcel(
            content, "vehicles", "vehicles_202501.csv", "vehicles-2025-01", kind="CHANGES", as_of=CORRECTED
        )
        async with self.kills.step("push a correction"):
            upload = await police.send(parcel, "push-a-correction")
        async with self.kills.step("receipt of the correction"):
            self.answered["receipt of the correction"] = await self._receipt(police, upload)
