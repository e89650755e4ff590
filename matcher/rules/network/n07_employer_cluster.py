"""N07: many files of one employer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import polars as pl

from matcher.rules import masking, networks
from matcher.rules.explaining import count
from matcher.rules.rule import Evidence, Example, Facts, Lead, Result, Rule

ENDED = ("DEREGISTERED", "REVOKED")
GROUP_FIVE = "STRUCTURAL_REFORM"


def find(facts: Facts) -> Iterator[Lead]:
    """同一用人单位（统一社会信用代码）的在册档案达到规定户数，或达到其职工人数的规定比例。已按对象类别五（供给侧改革）建档的
    不计。本条只是提示：企业确已停产、关闭或欠薪的，属于第五类对象，或按规则 U02 核对欠缴社保，应当帮扶，而不是追究。

    The open files of one employer reach the set number, or the set share of its staff. Files already opened for
    target group five (structural reform) do not count. This only informs: where the employer has really stopped, closed or
    owes wages, its workers belong to target group five, or rule U02 asks for the insurance that it owes: a reason to help.
    """
    files = networks.on_file(facts).select(
        "household_id", key=pl.col("employer_uscc").str.strip_chars().str.to_uppercase(), group="target_group"
    )
    files = files.filter(
        pl.col("group").is_null() | (pl.col("group") != GROUP_FIVE), pl.col("key").str.len_bytes() >= 8
    )
    least = facts.policy.value("network.employer_files", facts.as_of)
    floor = facts.policy.value("network.employer_least_files", facts.as_of)
    share = facts.policy.value("network.employer_share", facts.as_of)
    staff, ended = _known(facts)
    counted = (
        files.group_by("key").agg(pl.col("household_id").sort()).filter(pl.col("household_id").list.len() >= floor)
    )
    for key, households in counted.sort("key").iter_rows():
        people = staff.get(key)
        if len(households) < least and not (people and len(households) / people >= share):
            continue
        heads = networks.heads(facts)
        closed: Result = "UNKNOWN" if key not in ended else "YES" if ended[key] else "NO"
        for household in households:
            yield Lead(
                household_id=household,
                person_ids=networks.person(heads, household),
                natural_key=(key,),
                severity="INFO",
                grade="G1",
                evidence=(Evidence("households", household, ""),),
                exceptions=(("closed", closed), ("arrears", "UNKNOWN"), ("group_five", "NO")),
                facts={
                    "employer": masking.code(key),
                    "files_zh": str(len(households)),
                    "files_en": count(len(households), "open file"),
                    "staff_zh": f"，登记职工 {people} 人" if people else "，职工人数不明",
                    "staff_en": f", of a registered staff of {people}" if people else ", staff unknown",
                },
            )


def _known(facts: Facts) -> tuple[dict[str, int], dict[str, bool]]:
    """By credit code the staff, and whether the business has ended, where some applicant's register entry says so."""
    if "business" not in facts.linked:
        return {}, {}
    rows = (
        facts.linked["business"]
        .with_columns(key=pl.col("uscc").str.strip_chars().str.to_uppercase())
        .drop_nulls("key")
    )
    known = rows.group_by("key").agg(
        pl.col("employees").max(),
        ended=pl.col("status").is_in(ENDED).any(),
        told=pl.col("status").is_not_null().any(),
    )
    staff = {key: people for key, people in known.select("key", "employees").iter_rows() if people}
    return staff, {key: bool(over) for key, over, told in known.select("key", "ended", "told").iter_rows() if told}


def _home(number: int, **more: object) -> dict[str, object]:
    return {
        "household_id": f"H{number:02d}", "division_code": "410502", "file_opened_on": "2024-04-01",
        "employer_uscc": "91410500MA12345678", **more,
    }  # fmt: skip


def _head(number: int) -> dict[str, object]:
    return {"person_id": f"P{number:02d}", "household_id": f"H{number:02d}", "relation": "HEAD"}


SHOP = {"person_id": "P01", "uscc": "91410500MA12345678", "employees": 12, "status": "LIVE"}
EXAMPLES = (
    Example(
        zh="同一单位十份在册档案",
        en="Ten open files of one employer",
        given={"households": tuple(map(_home, range(1, 11))), "members": tuple(map(_head, range(1, 11)))},
        severity="INFO",
        leads=10,
    ),
    Example(
        zh="十二名职工中三户建档",
        en="Three files from a staff of twelve",
        given={
            "households": tuple(map(_home, range(1, 4))),
            "members": tuple(map(_head, range(1, 4))),
            "business": (SHOP,),
        },
        severity="INFO",
        leads=3,
    ),
    Example(
        zh="同一单位九份档案",
        en="Nine files of one employer",
        given={"households": tuple(map(_home, range(1, 10))), "members": tuple(map(_head, range(1, 10)))},
        severity=None,
    ),
    Example(
        zh="关停企业职工已按第五类建档",
        en="Workers of a closed mill, on file as target group five",
        given={
            "households": tuple(_home(each, target_group=GROUP_FIVE) for each in range(1, 15)),
            "members": tuple(map(_head, range(1, 15))),
        },
        severity=None,
    ),
)

RULE = Rule(
    id="N07",
    version="1",
    title_zh="同一用人单位档案集中",
    title_en="Employer cluster",
    basis="安政办〔2019〕15号 二：供给侧结构性改革中的困难职工；三（一）：精准识别",
    valid_from=dt.date(2019, 1, 1),
    published=dt.date(2026, 11, 27),
    severity="INFO",
    inputs={"households": "employer_uscc* target_group"},
    optional={"business": "uscc employees status"},
    minimum_grade="G5",
    only_in_a_scan=True,
    find=find,
    zh="用人单位 {employer} 有 {files} 份在册档案{staff}。若单位确已关闭、停产或欠薪欠保，应改按第五类对象帮扶，并按规则 U02 核对欠缴。",
    en="Employer {employer} has {files}{staff}. If it has really closed, stopped or owes wages or insurance, its workers "
    "belong to target group five, and rule U02 asks for what it owes.",
    clears_zh="企业停产、关闭、欠薪的材料（转为第五类对象），或核对各户情况无误的说明。",
    clears_en="Papers on the closure or the arrears (then target group five), or a word that the files have been checked.",
    exceptions={
        "closed": ("企业是否已关闭", "the employer has closed"),
        "arrears": ("企业是否欠薪欠保", "the employer owes wages or insurance"),
        "group_five": ("是否已按第五类对象建档", "on file as target group five already"),
    },
    parameters=("network.employer_files", "network.employer_share", "network.employer_least_files"),
    examples=EXAMPLES,
)
