"""H04: two homes, or a shop or office."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from matcher.identity import contacts
from matcher.identity.contacts import Address
from matcher.overlap import first_day, paid, span
from matcher.rules import masking, reading, sums
from matcher.rules.explaining import count
from matcher.rules.holdings import Holding, judge, known
from matcher.rules.reading import Row
from matcher.rules.rule import Example, Facts, Lead, Rule

RESIDENTIAL = ("HOME", None)
COMMERCIAL = ("SHOP", "OFFICE")
WHOLE = 100.0


def find(facts: Facts) -> Iterator[Lead]:
    """申请日不动产登记中该家庭的住房多于申报；或目前超过规定套数，或有商铺、办公用房。同一套的预售与登记算一套，夫妻共有
    算一套；不足一半的继承份额、车位和储藏间不计；申请前已出售的不计。

    At the application date the real-estate register held more homes of the household than it declared; or it holds
    more now than the limit allows, or a shop or an office. A presale contract and the registration of one unit are
    one home; what a couple owns together is one home; an inherited share below one half, parking spaces and store
    rooms do not count; what was sold by then does not either.
    """
    by_household = reading.rows_by(reading.owned(facts, "real_estate", "acquired_on", "ended_on"), "household_id")
    homes = reading.households(facts, by_household)
    streams = reading.payments(facts, by_household)
    for household_id, rows in sorted(by_household.items()):
        home = homes[household_id]
        applied, today = reading.application_date(home, facts.as_of), reading.last_day(home, facts.as_of)
        value = facts.policy.at(facts.as_of, home["division_code"])
        least_share = value("home.counted_share_percent")
        limit = int(value("home.limit"))
        units = _units([row for row in rows if row["use"] in RESIDENTIAL or row["use"] in COMMERCIAL])
        counted = {unit: records for unit, records in units.items() if _share(records) >= least_share}
        found = judge(
            [_holding(unit, records) for unit, records in counted.items()],
            home["declared_homes"],
            limit=limit,
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
        commercial = sum(not holding.residential for holding in found.holdings)
        yield Lead(
            household_id=household_id,
            person_ids=found.person_ids,
            natural_key=found.natural_key,
            severity=found.severity,
            basis=found.basis,
            grade=found.grade,
            evidence=found.evidence,
            exceptions=(
                ("use", "NO" if all(holding.sure for holding in found.holdings) else "UNKNOWN"),
                ("inherited_share", "NO"),
                ("presale_of_same_unit", "NO"),
                ("undelivered", "UNKNOWN" if any(record["status"] == "PRESALE" for record in records) else "NO"),
                ("seized", "UNKNOWN"),
                ("resettlement", "UNKNOWN"),
                ("ancestral", "UNKNOWN"),
                ("area_per_head", "UNKNOWN"),
            ),
            facts={
                **sums.words(aid, sums.since(since, facts.as_of)),
                **found.words(home["declared_homes"]),
                "homes_zh": str(len(found.holdings) - commercial),
                "commercial_zh": str(commercial),
                "homes_en": count(len(found.holdings) - commercial, "home"),
                "commercial_en": count(commercial, "shop or office", "shops or offices"),
                "limit": str(limit),
                "units_zh": "、".join(masking.code(holding.key) for holding in found.holdings),
                "units_en": ", ".join(masking.code(holding.key) for holding in found.holdings),
            },
            amount=(Decimal(0), paid(aid, since)[1]),
            period=span(aid, since) or (None, None),
            compared=found.compared(
                ("房屋", "homes, shops and offices"), home["declared_homes"], "real_estate", "处"
            ),
            steps=sums.steps(aid, sums.since(since, facts.as_of)),
        )


def _units(rows: list[Row]) -> dict[str, list[Row]]:
    """The records by the unit that they are about.

    A presale contract bears a number of its own and no unit's: where its address, down to the door, is that of a
    numbered unit, it is about that one.
    """
    doors: dict[Address, str] = {}
    if any(not row["unit_no"] for row in rows):
        doors = {door: row["unit_no"] for row in rows if row["unit_no"] and (door := _door(row))}
    units: dict[str, list[Row]] = {}
    for row in rows:
        door = _door(row) if doors and not row["unit_no"] else None
        unit = row["unit_no"] or (doors.get(door) if door else None)
        others = (row["certificate_no"], row["property_address"], row["record_id"])
        units.setdefault(known(unit, *others), []).append(row)
    return units


def _door(row: Row) -> Address | None:
    """Where the flat lies, if its address names building and room; one office writes the district, another does not."""
    place = contacts.parse(row["property_address"]) if row["property_address"] else None
    return replace(place, division="") if place and place.building and place.room else None


def _share(records: list[Row]) -> float:
    """The per cent of a unit that members own together; a record without a share is the whole."""
    by_person: dict[str, float] = {}
    for record in records:
        share = WHOLE if record["share_percent"] is None else record["share_percent"]
        by_person[record["person_id"]] = max(by_person.get(record["person_id"], 0.0), share)
    return sum(by_person.values())


def _holding(unit: str, records: list[Row]) -> Holding:
    open_ended = [record for record in records if record["held_to"] is None and record["status"] != "HISTORIC"]
    return Holding(
        key=unit,
        source="real_estate",
        records=tuple(records),
        started=min((record["held_from"] for record in records if record["held_from"]), default=None),
        ended=None
        if open_ended
        else max((record["held_to"] for record in records if record["held_to"]), default=None),
        gone=not open_ended,
        sure=any(record["use"] is not None for record in records),
        residential=all(record["use"] in RESIDENTIAL for record in records),
    )


HOME = {"household_id": "H1", "applied_on": "2024-03-01", "file_opened_on": "2024-04-01", "division_code": "410502"}
HEAD = {"person_id": "P1", "household_id": "H1", "relation": "HEAD"}

FLAT = {
    "person_id": "P1",
    "unit_no": "410502001001GB00001F00010001",
    "use": "HOME",
    "status": "CURRENT",
    "acquired_on": "2010-01-01",
}
SECOND = {**FLAT, "unit_no": "410502001001GB00001F00020002", "acquired_on": "2015-01-01"}
ONE_DECLARED = {**HOME, "declared_homes": 1}
EXAMPLES = (
    Example(
        zh="申报一套，登记两套",
        en="One home declared, two registered",
        given={"households": (ONE_DECLARED,), "members": (HEAD,), "real_estate": (FLAT, SECOND)},
        severity="MEDIUM",
        basis="UNDECLARED",
    ),
    Example(
        zh="同一套房屋先预售网签、后登记",
        en="A presale contract and the registration of one and the same unit",
        given={
            "households": (ONE_DECLARED,),
            "members": (HEAD,),
            "real_estate": (FLAT, {**FLAT, "status": "PRESALE", "certificate_no": "Y1"}),
        },
        severity=None,
    ),
)

RULE = Rule(
    id="H04",
    version="1",
    title_zh="两套以上住房或非住宅",
    title_en="Two homes or non-residential property",
    basis="安政办〔2019〕15号 三（一）收入和财产核对机制；最低生活保障地方实施细则",
    valid_from=dt.date(2019, 1, 1),
    published=dt.date(2026, 11, 27),
    severity="MEDIUM",
    inputs={"real_estate": "certificate_no unit_no property_address share_percent use status acquired_on ended_on"},
    optional={"aid": reading.AID},
    minimum_grade="G5",
    find=find,
    rests_on=("real_estate",),
    zh="{date} 不动产登记中该家庭计入的住房 {homes} 套、商铺或办公用房 {commercial} 处（{units}），申报住房 {declared} 套，"
    "规定不超过 {limit} 套，{why}。",
    en="On {date} the real-estate register held {homes} and {commercial} of the household ({units}); "
    "homes declared: {declared}, limit: {limit}; that is {why}.",
    clears_zh="买卖、继承份额、查封、未交付、安置或危旧房的证明，或说明登记有误（如“不是本人”“已出售”）。",
    clears_en="Proof of sale, of an inherited share, seizure, non-delivery, resettlement or dereliction, or a statement that "
    "the register errs.",
    exceptions={
        "use": ("用途是否不计入", "of a use that does not count"),
        "inherited_share": ("是否仅为不足一半的继承份额", "only an inherited share below one half"),
        "presale_of_same_unit": ("预售与登记是否为同一套", "presale and registration of one unit"),
        "undelivered": ("是否尚未交付", "not yet delivered"),
        "seized": ("是否被查封", "seized"),
        "resettlement": ("是否为待安置过渡房", "pending resettlement"),
        "ancestral": ("是否为祖宅或危旧房", "ancestral or derelict"),
        "area_per_head": ("人均面积是否低于当地标准", "area per head below the city's average"),
    },
    parameters=(
        "home.limit",
        "home.counted_share_percent",
        "declaration.tolerance",
        "transfer.registration_lag_days",
    ),
    examples=EXAMPLES,
)
