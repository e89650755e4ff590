"""H05: a car, van or truck that the household owns."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

from matcher.overlap import first_day, paid, span
from matcher.rules import masking, reading, sums
from matcher.rules.explaining import count
from matcher.rules.holdings import Holding, judge, known
from matcher.rules.reading import Row
from matcher.rules.rule import Example, Facts, Lead, Result, Rule

COUNTED = ("CAR", "VAN", "TRUCK", None)
ACTIVE = ("ACTIVE", None)
DAYS_A_YEAR = 365.25


def find(facts: Facts) -> Iterator[Lead]:
    """申请日机动车登记中该家庭的轿车、客车或货车多于申报；或目前超过规定数量。摩托车、三轮车、残疾人专用车、老旧车和价值
    很低的车不计；此前已报废、被盗、出售或注销的不计。

    At the application date the vehicle register held more cars, vans or trucks of the household than it declared;
    or it holds more now than the limit allows. Motorcycles, tricycles, vehicles for the disabled, old vehicles and
    vehicles of little value do not count; what was scrapped, stolen, sold or cancelled by then does not either.
    """
    by_household = reading.rows_by(reading.owned(facts, "vehicles", "registered_on", "ended_on"), "household_id")
    homes = reading.households(facts, by_household)
    streams = reading.payments(facts, by_household)
    for household_id, rows in sorted(by_household.items()):
        home = homes[household_id]
        applied, today = reading.application_date(home, facts.as_of), reading.last_day(home, facts.as_of)
        value = facts.policy.at(facts.as_of, home["division_code"])
        years, least_value = value("vehicle.tolerated_age_years"), Decimal(str(value("vehicle.tolerated_value_yuan")))
        cars: dict[str, list[Row]] = {}
        for row in rows:
            cheap = row["value_yuan"] is not None and row["value_yuan"] < least_value
            if row["vehicle_kind"] in COUNTED and not cheap:
                cars.setdefault(known(row["plate"], row["vin"], row["record_id"]), []).append(row)
        found = judge(
            [_holding(key, records, years) for key, records in cars.items()],
            home["declared_vehicles"],
            limit=int(value("vehicle.limit")),
            tolerance=int(value("declaration.tolerance")),
            applied=applied,
            as_of=today,
            lag_days=int(value("transfer.registration_lag_days")),
        )
        if found is None:
            continue
        since = first_day(found.since or applied)
        aid = sums.needs_tested(streams.get(household_id, []))
        records = [record for holding in found.holdings for record in holding.records]
        unknown_kind: Result = "UNKNOWN" if any(record["vehicle_kind"] is None for record in records) else "NO"
        yield Lead(
            household_id=household_id,
            person_ids=found.person_ids,
            natural_key=found.natural_key,
            severity=found.severity,
            basis=found.basis,
            grade=found.grade,
            evidence=found.evidence,
            exceptions=(
                ("kind", unknown_kind),
                ("age", "UNKNOWN" if any(record["registered_on"] is None for record in records) else "NO"),
                ("value", "UNKNOWN" if any(record["value_yuan"] is None for record in records) else "NO"),
                ("sold_not_transferred", "UNKNOWN"),
                ("livelihood", "UNKNOWN"),
            ),
            facts={
                **sums.words(aid, sums.since(since, facts.as_of)),
                **found.words(home["declared_vehicles"]),
                "found_zh": str(len(found.holdings)),
                "found_en": count(len(found.holdings), "counted vehicle"),
                "limit": f"{value('vehicle.limit'):g}",
                "plates_zh": "、".join(dict.fromkeys(masking.plate(record["plate"]) for record in records)),
                "plates_en": ", ".join(dict.fromkeys(masking.plate(record["plate"]) for record in records)),
            },
            amount=(Decimal(0), paid(aid, since)[1]),
            period=span(aid, since) or (None, None),
            compared=found.compared(("机动车", "vehicles"), home["declared_vehicles"], "vehicles", "辆"),
            steps=sums.steps(aid, sums.since(since, facts.as_of)),
        )


def _holding(key: str, records: list[Row], years: float) -> Holding:
    active = [record for record in records if record["status"] in ACTIVE]
    ends = [day for record in records if (day := _end(record, years))]
    open_ended = any(_end(record, years) is None for record in active)
    return Holding(
        key=key,
        source="vehicles",
        records=tuple(records),
        started=min((record["held_from"] for record in records if record["held_from"]), default=None),
        ended=None if open_ended else max(ends, default=None),
        gone=not active,
        sure=any(record["vehicle_kind"] is not None for record in records),
    )


def _end(record: Row, years: float) -> dt.date | None:
    """When it was no longer theirs, or too old to count, whichever came first; None where neither is known."""
    end: dt.date | None = record["held_to"]
    if record["status"] in ACTIVE and record["registered_on"]:
        worn: dt.date = record["registered_on"] + dt.timedelta(days=years * DAYS_A_YEAR)
        return min(end, worn) if end else worn
    return end


HOME = {"household_id": "H1", "applied_on": "2024-03-01", "file_opened_on": "2024-04-01", "division_code": "410502"}
HEAD = {"person_id": "P1", "household_id": "H1", "relation": "HEAD"}

CAR = {
    "person_id": "P1",
    "plate": "豫E12345",
    "vehicle_kind": "CAR",
    "registered_on": "2020-05-06",
    "status": "ACTIVE",
}
NONE_DECLARED = {**HOME, "declared_vehicles": 0}
EXAMPLES = (
    Example(
        zh="名下轿车一辆，申报为零",
        en="One car registered, none declared",
        given={"households": (NONE_DECLARED,), "members": (HEAD,), "vehicles": (CAR,)},
        severity="MEDIUM",
        basis="UNDECLARED",
    ),
    Example(
        zh="残疾人专用车",
        en="A vehicle for the disabled",
        given={
            "households": (NONE_DECLARED,),
            "members": (HEAD,),
            "vehicles": ({**CAR, "vehicle_kind": "DISABILITY"},),
        },
        severity=None,
    ),
)

RULE = Rule(
    id="H05",
    version="1",
    title_zh="名下车辆",
    title_en="Vehicle",
    basis="安政办〔2019〕15号 三（一）收入和财产核对机制；最低生活保障地方实施细则",
    valid_from=dt.date(2019, 1, 1),
    published=dt.date(2026, 11, 27),
    severity="MEDIUM",
    inputs={"vehicles": "plate vin vehicle_kind value_yuan registered_on status ended_on"},
    optional={"aid": reading.AID},
    minimum_grade="G5",
    find=find,
    rests_on=("vehicles",),
    zh="{date} 车辆登记中该家庭名下计入的机动车 {found} 辆（{plates}），申报 {declared} 辆，规定不超过 {limit} 辆，{why}。",
    en="On {date} the vehicle register held {found} of the household ({plates}); declared: {declared}, "
    "limit: {limit}; that is {why}.",
    clears_zh="过户、报废或被盗证明，残疾人专用或经营必需的证明，或说明登记有误（如“已卖未过户”“不是本人”）。",
    clears_en="Proof of sale, scrapping or theft, of disability or livelihood use, or a statement that the register errs "
    "(sold but not transferred; not mine).",
    exceptions={
        "kind": ("车辆类型是否不计入", "of a kind that does not count"),
        "age": ("是否超过规定车龄", "older than the tolerated age"),
        "value": ("价值是否低于规定", "below the tolerated value"),
        "sold_not_transferred": ("是否已卖未过户", "sold but not transferred"),
        "livelihood": ("是否为谋生所必需", "needed for a livelihood"),
    },
    parameters=(
        "vehicle.limit", "vehicle.tolerated_age_years", "vehicle.tolerated_value_yuan", "declaration.tolerance",
        "transfer.registration_lag_days",
    ),
    examples=EXAMPLES,
)  # fmt: skip
