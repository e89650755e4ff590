"""N08: very many applications on one day with one handler."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator

import polars as pl

from matcher.rules import masking, sharing
from matcher.rules.rule import Evidence, Example, Facts, Lead, Rule


def find(facts: Facts) -> Iterator[Lead]:
    """同一经办人一日受理的申请达到规定件数，并超过其其他各日平均数加规定倍数的标准差（受理日数太少的，与全部经办人的各日相比）。
    登记在册的摸底、集中办理日不构成疑点。每个经办人每日一条，只提示抽查，不涉及任何家庭。

    On one day a handler took in the set number of applications, and more than the mean of their other days plus so many
    standard deviations (of all handlers' other days, where they have too few). Days on the register of campaigns are no
    lead. There is one a handler and day; it asks for a sample to be checked, and is about no household.
    """
    value = facts.policy.at(facts.as_of, None)
    least, sigmas, enough = value("network.intake_day"), value("network.intake_sigmas"), value("network.intake_days")
    taken = facts.households.filter(
        pl.col("handler_id").is_not_null(), pl.col("applied_on").is_not_null(), pl.col("applied_on") <= facts.as_of
    )
    days = taken.group_by("handler_id", "applied_on").agg(
        pl.col("household_id").sort(), count=pl.len(), division=pl.col("division_code").mode().sort().first()
    )
    everyone = _Days(days.get_column("count").to_list())
    busy = days.filter((pl.col("count") >= least).any().over("handler_id"))
    for (handler,), own in sorted(busy.partition_by("handler_id", as_dict=True).items()):
        theirs = _Days(own.get_column("count").to_list())
        for row in own.filter(pl.col("count") >= least).sort("applied_on").iter_rows(named=True):
            usual = theirs if theirs.days - 1 >= enough else everyone
            mean, sigma = usual.without(row["count"])
            if row["count"] <= mean + sigmas * sigma or sharing.open_campaign(
                facts, row["applied_on"], row["division"]
            ):
                continue
            yield Lead(
                household_id=row["household_id"][0],
                person_ids=(),
                natural_key=(str(handler), row["applied_on"].isoformat()),
                severity="INFO",
                grade="G1",
                evidence=tuple(Evidence("households", each, "") for each in row["household_id"]),
                exceptions=(("campaign", "NO"), ("entered_later", "UNKNOWN")),
                facts={
                    "handler": masking.code(str(handler)),
                    "date": row["applied_on"].isoformat(),
                    "count": str(row["count"]),
                },
                period=(row["applied_on"], row["applied_on"]),
                steps=(
                    (
                        f"其他各日平均 {mean:.2f} 件，标准差 {sigma:.2f}；{mean:.2f} + {sigmas:g} × {sigma:.2f} = {mean + sigmas * sigma:.2f}；当日 {row['count']} 件",
                        f"other days: mean {mean:.2f}, standard deviation {sigma:.2f}; {mean:.2f} + {sigmas:g} × {sigma:.2f} = "
                        f"{mean + sigmas * sigma:.2f}; on this day {row['count']}",
                    ),
                ),
            )


class _Days:
    """Counts of many days, and what is usual on them but for one: a burst must not hide itself."""

    def __init__(self, counts: list[int]) -> None:
        self.days = len(counts)
        self._sum, self._squares = sum(counts), sum(count * count for count in counts)

    def without(self, count: int) -> tuple[float, float]:
        """Mean and standard deviation of the other days; both 0 where there are none."""
        others = self.days - 1
        if others < 1:
            return 0.0, 0.0
        mean = (self._sum - count) / others
        return mean, math.sqrt(max((self._squares - count * count) / others - mean * mean, 0.0))


def _home(number: int, **more: object) -> dict[str, object]:
    return {
        "household_id": f"H{number:03d}", "division_code": "410502", "applied_on": "2024-05-17", "handler_id": "JB-702100",
        **more,
    }  # fmt: skip


USUAL = tuple(_home(100 + day, applied_on=f"2024-04-{day:02d}") for day in range(1, 21))
EXAMPLES = (
    Example(
        zh="平日一件，一日三十五件",
        en="One a day as a rule, and thirty-five on one day",
        given={"households": (*map(_home, range(1, 36)), *USUAL), "members": ()},
        severity="INFO",
    ),
    Example(
        zh="一日二十件",
        en="Twenty on one day",
        given={"households": (*map(_home, range(1, 21)), *USUAL), "members": ()},
        severity=None,
    ),
    Example(
        zh="窗口经办人天天三十五件",
        en="A clerk at the counter with thirty-five every day",
        given={
            "households": tuple(
                _home(day * 40 + each, applied_on=f"2024-04-{day:02d}") for day in range(1, 13) for each in range(35)
            ),
            "members": (),
        },
        severity=None,
    ),
)

RULE = Rule(
    id="N08",
    version="1",
    title_zh="单日受理异常集中",
    title_en="Intake burst",
    basis="安政办〔2019〕15号 三（一）：入户调查、逐户核实",
    valid_from=dt.date(2019, 1, 1),
    published=dt.date(2026, 11, 27),
    severity="INFO",
    inputs={"households": "handler_id* applied_on* division_code"},
    minimum_grade="G5",
    only_in_a_scan=True,
    find=find,
    zh="经办人 {handler} 于 {date} 受理申请 {count} 件，远多于平日。建议抽查其入户调查记录。",
    en="Handler {handler} took in {count} applications on {date}, far more than usual. A sample of the home visits should be checked.",
    clears_zh="当日为摸底或集中受理日的通知（请登记在册），或补录日期的说明。",
    clears_en="Notice that it was a campaign day (to be put on the register), or a word that older forms were entered that day.",
    exceptions={
        "campaign": ("是否为登记在册的摸底或集中受理日", "a campaign day on the register"),
        "entered_later": ("是否为集中补录", "older forms entered together"),
    },
    parameters=("network.intake_day", "network.intake_sigmas", "network.intake_days"),
    examples=EXAMPLES,
)
