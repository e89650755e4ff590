"""One household's life through GraphQL, from the application to the exit and back, with everything that stands in the way."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from sqlalchemy import select

from api.database import reading, transaction
from api.domain import days
from api.models import Transition
from api.services import audit, notices, watches
from tests.api.conftest import Service
from tests.api.numbers import numbered

CLERK, CHIEF, CITY, AUDITOR = "caseworker", "county-reviewer", "reviewer", "auditor"
SOURCES = ["DECLARED", "TAX", "SOCIAL_INSURANCE", "UNEMPLOYMENT_BENEFIT", "AID"]
ERRORS = "userErrors { __typename code message path ... on MissingConsentError { missing { personId sources } } }"
HOUSEHOLD = "household { id stage version actions file { id number openedOn closedOn closing previous { number } } }"
SHOWN = {"openPublicNotice": f"notice {{ id {HOUSEHOLD} }}"}
"""What is asked of an answer that shows the household within something else."""

FAMILY = (
    ("张三丰", "HEAD", numbered("410502", "19750302", 11), "MALE", "1975-03-02"),
    ("李四妹", "SPOUSE", numbered("410502", "19770918", 22), "FEMALE", "1977-09-18"),
    ("张小宝", "CHILD", numbered("410502", "20140601", 31), "MALE", "2014-06-01"),
)


@dataclass
class Life:
    """A household as its officers see it: its id, the version that they read last, and its people's ids."""

    service: Service
    id: str = ""
    version: int = 0
    people: list[str] = field(default_factory=list)
    keys: Any = field(default_factory=lambda: itertools.count(1))

    @property
    def today(self) -> dt.date:
        """The day by the service's clock."""
        return days.today(self.service.now())

    async def ask(self, mutation: str, shown: str, by: str = CLERK, **given: Any) -> Any:
        """What a mutation answers, whether or not it was done."""
        kind = mutation[0].upper() + mutation[1:] + "Input"
        query = f"mutation ($input: {kind}!) {{ {mutation}(input: $input) {{ {shown} {ERRORS} auditId }} }}"
        variables = {"input": {"idempotencyKey": f"life-{next(self.keys):08}", **given}}
        return (await self.service.data(query, variables, by=by))[mutation]

    async def step(self, mutation: str, by: str = CLERK, **given: Any) -> Any:
        """The household after a step of its life."""
        given = {"householdId": self.id, "expectedVersion": self.version, **given}
        answer = done(await self.ask(mutation, SHOWN.get(mutation, HOUSEHOLD), by, **given))
        household = answer.get("household") or answer["notice"]["household"]
        self.version = household["version"]
        return household

    async def refused(self, mutation: str, by: str = CLERK, **given: Any) -> Any:
        """Why a step is not taken; nothing has changed then."""
        given = {"householdId": self.id, "expectedVersion": self.version, **given}
        answer = await self.ask(mutation, SHOWN.get(mutation, HOUSEHOLD), by, **given)
        assert answer["auditId"] is None
        (error,) = answer["userErrors"]
        return error

    async def read(self, shown: str, by: str = CLERK) -> Any:
        """The household."""
        query = f"query ($id: ID!) {{ household(id: $id) {{ version {shown} }} }}"
        found = (await self.service.data(query, {"id": self.id}, by=by))["household"]
        self.version = found["version"]
        return found

    async def upload(self, kind: str, content: bytes) -> str:
        """A scanned paper; its id."""
        headers = {
            "Authorization": f"Bearer {self.service.tokens[CLERK]}",
            "Idempotency-Key": f"upload-{next(self.keys):06}",
            "Jiekun-File-Name": quote("扫描件.pdf"),
        }
        where = {"household": self.id, "kind": kind}
        answer = await self.service.client.post("/attachments", params=where, content=content, headers=headers)
        assert answer.status_code in (200, 201), answer.text
        return str(answer.json()["id"])

    async def consents(self, person: int) -> None:
        """An adult has signed that every department may be asked."""
        paper = await self.upload("AUTHORISATION", b"%PDF-1.7 signed by " + str(person).encode())
        given: dict[str, Any] = {"personId": self.people[person], "attachmentId": paper, "sources": ["ALL"]}
        done(await self.ask("recordAuthorisation", "authorisation { id }", **given, validFrom=str(self.today)))

    async def fill(self) -> None:
        """The national form, as far as anything is missing."""
        fields = "formFields { code part kind words { code } }"
        missing = "missingFields(householdId: $id) { code personReference }"
        told = await self.service.data(f"query ($id: ID!) {{ {fields} {missing} }}", {"id": self.id}, by=CLERK)
        by_code = {each["code"]: each for each in told["formFields"]}
        references = {
            each["reference"]: each["id"] for each in (await self.read("members { id reference }"))["members"]
        }

        def value(code: str) -> dict[str, str]:
            found = by_code[code]
            by_kind = {"DAY": str(self.today - dt.timedelta(days=800)), "MONEY": "1200.00", "COUNT": "24"}
            return {
                "field": code,
                "value": found["words"][0]["code"] if found["words"] else by_kind.get(found["kind"], "无"),
            }

        people: dict[str, list[dict[str, str]]] = {}
        household = []
        for each in told["missingFields"]:
            if each["personReference"] is None:
                household.append(value(each["code"]))
            else:
                people.setdefault(references[each["personReference"]], []).append(value(each["code"]))
        await self.step(
            "fillForm",
            household=household,
            people=[{"personId": person, "values": values} for person, values in people.items()],
        )

    async def earns(self, yuan: int, months: list[str]) -> None:
        """Every source has answered of everybody: the worker has this wage, and nobody anything else."""
        span = {"firstMonth": months[0], "lastMonth": months[-1]}
        for place, person in enumerate(self.people):
            quiet = [each for each in SOURCES if place or each != "TAX"]
            statements = [{"sources": quiet, "answer": "NO_RECORD", **span}]
            if place == 0:
                wage = {"kind": "WAGE", "amount": f"{yuan}.00"}
                statements.append({"sources": ["TAX"], "answer": "VALUE", **wage, **span})
            done(await self.ask("recordIncome", "person { id }", personId=person, statements=statements))


def done(answer: Any) -> Any:
    """The answer, which has no errors and is on record."""
    assert answer["userErrors"] == []
    assert answer["auditId"]
    return answer


def _year_before(day: dt.date) -> list[str]:
    month, found = day.replace(day=1), []
    for _ in range(12):
        month = (month - dt.timedelta(days=1)).replace(day=1)
        found.append(f"{month:%Y-%m}")
    return found[::-1]


async def _applied(service: Service) -> Life:
    """A family of three applies: one of them is a child."""
    life = Life(service)
    people = []
    for place, (name, relation, number, sex, born) in enumerate(FAMILY):
        person = {"name": name, "relation": relation, "idNumber": number, "sex": sex, "birthDate": born}
        grown = {"phone": f"1380013800{place}", "maritalStatus": "MARRIED", "employment": "失业"}
        people.append({"person": person | {"monthlyIncome": "0.00"} | (grown if relation != "CHILD" else {})})
    answer = done(
        await life.ask(
            "submitApplication",
            f"household {{ members {{ id relation }} }} {HOUSEHOLD}",
            divisionCode="410502", targetGroup="BELOW_LINE", residence="URBAN", people=people,
            address="河南省安阳市文峰区紫薇大道12号3单元401", phone="13800138000",
            declared=[{"monthlyIncome": "900.00", "deposits": "2000.00", "vehicles": 0, "homes": 1, "businesses": 0}],
        )
    )  # fmt: skip
    household = answer["household"]
    assert household["stage"] == "APPLIED"
    life.id, life.version = household["id"], household["version"]
    life.people = [each["id"] for each in household["members"]]
    return life


async def test_a_household_s_life_from_application_to_exit_and_back(service: Service) -> None:
    life = await _applied(service)

    # 申请: nothing goes on before the form is complete, the papers are signed and every adult has consented
    assert (await life.refused("reviewApplication", outcome="ACCEPT"))["code"] == "REQUIRED"
    await life.fill()
    await life.refused("reviewApplication", outcome="ACCEPT")
    await life.upload("APPLICATION_FORM", b"%PDF-1.7 application")
    await life.consents(0)
    lacking = await life.refused("reviewApplication", outcome="ACCEPT")
    assert lacking["__typename"] == "MissingConsentError"
    assert len(lacking["missing"]) == 1, "the wife has not signed; a child need not"
    assert "李四妹" not in str(lacking)
    await life.consents(1)
    stranger = await life.refused("reviewApplication", by=AUDITOR, outcome="ACCEPT")
    assert stranger["code"] == "FORBIDDEN"
    assert (await life.step("reviewApplication", outcome="ACCEPT"))["stage"] == "UNDER_REVIEW"

    # 审核: somebody goes there; who decides is another than who keeps files
    where = {"places": ["COMMUNITY"], "channels": ["HOTLINE"]}
    await life.refused("openPublicNotice", CHIEF, **where)
    shown = "request { id version answers { answer } }"
    asked = done(await life.ask("requestVerification", shown, householdId=life.id, occasion="APPLICATION"))["request"]
    assert asked["answers"]
    visit = {
        "kind": "BASELINE_SURVEY", "visitedOn": str(life.today), "visitors": [CLERK, CHIEF], "met": "本人及配偶",
        "findings": "家中无贵重物品。", "incomeChanged": "NO", "causesGone": "NO", "toBeClosed": "NO",
    }  # fmt: skip
    done(await life.ask("recordHomeVisit", "visit { id }", householdId=life.id, visit=visit))
    cause = done(
        await life.ask(
            "addCause",
            "cause { id version }",
            householdId=life.id,
            cause="LAID_OFF",
            main=True,
            since=str(life.today),
        )
    )["cause"]
    await life.read("id")
    assert (await life.refused("openPublicNotice", CHIEF, **where))["code"] == "REQUIRED", (
        "departments are asked still"
    )
    closing = {"requestId": asked["id"], "expectedVersion": asked["version"], "conclusion": "查无不符。"}
    assert done(await life.ask("closeVerification", "request { state }", **closing))["request"]["state"] == "CLOSED"
    assert (await life.refused("openPublicNotice", CLERK, **where))["code"] == "FORBIDDEN"
    assert (await life.step("openPublicNotice", CHIEF, **where))["stage"] == "PUBLIC_NOTICE"

    # 公示: masked, for its days, and not recorded while somebody's objection waits
    (notice,) = (await life.read("notices { id applicant idNumber street people toDay }"))["notices"]
    number = FAMILY[0][2]
    assert notice["applicant"] == "张*"
    assert number[4:14] not in str(notice)
    assert "12号" not in str(notice)
    assert "张小宝" not in str(notice)
    await life.refused("recordFile", CHIEF, tier="COUNTY", category="DEEP")
    raised = done(
        await life.ask(
            "raiseObjection", "objection { id version }", householdId=life.id, noticeId=notice["id"],
            grounds=["INCOME_OR_PROPERTY"], objector="ANONYMOUS", text="据说有出租房屋。",
        )
    )["objection"]  # fmt: skip
    service.ahead = (
        dt.datetime.fromisoformat(notice["toDay"]).replace(tzinfo=dt.UTC) - service.now() + dt.timedelta(days=2)
    )
    await life.read("id")
    await life.refused("recordFile", CHIEF, tier="COUNTY", category="DEEP")
    done(
        await life.ask(
            "answerObjection", "objection { id }", CITY, objectionId=raised["id"], expectedVersion=raised["version"],
            outcome="REJECTED", answer="已核查，该房屋属于同名他人。",
        )
    )  # fmt: skip
    await life.read("id")
    recorded = await life.step("recordFile", CHIEF, tier="COUNTY", category="DEEP")
    assert recorded["stage"] == "RECORDED"
    assert recorded["file"]["openedOn"] == str(life.today)
    async with transaction(service.engine) as connection:
        await notices.take_down(connection, service.vault, service.now())
    (gone,) = (await life.read("notices { applicant street state }"))["notices"]
    assert (gone["applicant"], gone["street"]) == (None, None), "a notice that is over says nothing"

    # 动态管理: what changes is told, and looked at again
    changed = await life.step(
        "reportChange", reason="妻子临时务工。", declared=[{"monthlyIncome": "1500.00"}], on=str(life.today)
    )
    assert changed["stage"] == "RECORDED"
    assert (await life.step("reverifyFile", reason="入户复核，情况属实。"))["stage"] == "RECORDED"

    # 脱困: six months in a row above the line, causes gone, a statement, two officers
    service.ahead += dt.timedelta(days=300)
    months = _year_before(life.today)
    await life.earns(9_000, months)
    proposal = {"action": "GRADUATE", "statement": "已入户核实，家庭生活脱离困境。"}
    shown = "proposal { id version state }"

    async def proposed() -> Any:
        await life.read("id")
        return await life.ask("proposeExit", shown, householdId=life.id, expectedVersion=life.version, **proposal)

    assert (await proposed())["proposal"] is None, "the cause is not resolved"
    done(
        await life.ask(
            "resolveCause", "cause { id }", causeId=cause["id"], expectedVersion=cause["version"],
            resolvedOn=str(life.today), statement="已签订两年劳动合同。",
        )
    )  # fmt: skip
    waiting = done(await proposed())["proposal"]
    decision = {
        "proposalId": waiting["id"],
        "expectedVersion": waiting["version"],
        "approve": True,
        "reason": "同意。",
    }
    assert (await life.ask("decideExit", shown, CLERK, **decision))["userErrors"][0]["code"] == "FORBIDDEN"
    done(await life.ask("decideExit", shown, CHIEF, **decision))
    left = await life.read("stage file { number } files { number closedOn closing }")
    assert (left["stage"], left["file"]) == ("GRADUATED", None)
    (closed,) = left["files"]
    assert (closed["closedOn"], closed["closing"]) == (str(life.today), "GRADUATED")

    # 跟踪: looked after, and taken back without a new application
    service.ahead += dt.timedelta(days=95)
    async with transaction(service.engine) as connection:
        await watches.remind(connection, service.vault, service.now())
    query = "query ($id: ID!) { tasks(filter: {householdIds: [$id], states: [OPEN]}) { nodes { kind } } }"
    kinds = [each["kind"] for each in (await service.data(query, {"id": life.id}, by=CLERK))["tasks"]["nodes"]]
    assert "WATCH_DUE" in kinds
    back = await life.step("returnToHardship", CHIEF, reason="再次失业。")
    assert back["stage"] == "RECORDED"
    assert back["file"]["previous"]["number"] == closed["number"]

    # who, when and why: gapless, and provable
    history = (await life.read("history { number action toStage by reason adverse } files { number }"))["history"]
    actions = [each["action"] for each in sorted(history, key=lambda each: each["number"])]
    assert actions == [
        "APPLY", "ACCEPT", "PUBLISH", "RECORD", "REPORT_CHANGE", "REVERIFY", "GRADUATE", "FALL_BACK",
    ]  # fmt: skip
    async with reading(service.engine) as connection:
        numbers = await connection.scalars(
            select(Transition.number).where(Transition.household_id == service.vault.key("Household", life.id))
        )
        assert sorted(numbers) == list(range(1, len(actions) + 1))
        assert (await audit.prove(connection)).broken is None


async def test_a_household_is_read_as_it_was_on_any_day(service: Service) -> None:
    life = await _applied(service)
    born = life.today
    service.ahead += dt.timedelta(days=10)
    since = str(life.today)
    baby = {"name": "张小贝", "relation": "CHILD", "birthDate": since, "sex": "FEMALE", "idKind": "NONE"}
    joined: dict[str, Any] = {"householdId": life.id, "expectedVersion": life.version, "person": baby, "since": since}
    done(await life.ask("addMember", "person { id }", **joined))
    await life.read("id")
    await life.step("withdrawApplication", reason="申请人要求撤回。")
    query = "query ($id: ID!, $on: Date) { household(id: $id, asOf: $on) { stage members { relation } } }"

    async def on(day: dt.date) -> tuple[str, int]:
        found = (await service.data(query, {"id": life.id, "on": str(day)}, by=CLERK))["household"]
        return found["stage"], len(found["members"])

    assert await on(born) == ("APPLIED", 3)
    assert await on(life.today) == ("WITHDRAWN", 4)
