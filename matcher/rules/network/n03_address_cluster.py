"""N03: many unrelated files in one dwelling."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from matcher.rules import kinship, networks, sharing
from matcher.rules.rule import Example, Facts, Lead, Rule


def find(facts: Facts) -> Iterator[Lead]:
    """四份以上互无亲属关系的在册档案填报同一套住房（到门牌室号）。只写到楼栋的地址不作比对；宿舍、救助和养老机构、集体户以及登记在册
    的地址不构成疑点。同住一处本身不影响救助，只提示核对居住情况。

    Four or more open files of households that are not kin give one dwelling, down to the door. An address that ends
    with the building is not compared; dormitories, shelters, homes, collective registers and what stands on the
    register of addresses are no lead. To live at one address touches no aid: it asks that the dwelling be visited.
    """
    yield from networks.leads(
        facts,
        sharing.dwellings(facts),
        "network.address_files",
        ("住址", "address"),
        lambda _: ("一套住房（到室号）", "one dwelling, down to the door"),
        (("dormitory", "NO"), ("cut_at_building", "NO"), ("shared_flat", "UNKNOWN")),
    )


def _home(number: int, **more: object) -> dict[str, object]:
    return {
        "household_id": f"H{number}", "division_code": "410502", "file_opened_on": "2024-04-01",
        "address": "河南省安阳市文峰区人民大道12号3号楼2单元501室", **more,
    }  # fmt: skip


def _head(number: int) -> dict[str, object]:
    return {"person_id": f"P{number}", "household_id": f"H{number}", "relation": "HEAD"}


FOUR = range(1, 5)
MEMBERS = tuple(map(_head, FOUR))
EXAMPLES = (
    Example(
        zh="四份档案填报同一套住房，写法不同",
        en="Four files in one flat, written in different ways",
        given={
            "households": (
                *map(_home, range(1, 4)),
                _home(4, address="文峰区人民大道１２号三号楼二单元501"),
            ),
            "members": MEMBERS,
        },
        severity="LOW",
        leads=4,
    ),
    Example(
        zh="地址只写到楼栋",
        en="Addresses that end with the building",
        given={
            "households": tuple(_home(each, address="安阳市文峰区迎宾路22号院6号楼") for each in FOUR),
            "members": MEMBERS,
        },
        severity=None,
    ),
    Example(
        zh="职工宿舍",
        en="A workers' dormitory",
        given={
            "households": tuple(_home(each, address="殷都区梅园路1号安钢职工宿舍3号楼101室") for each in FOUR),
            "members": MEMBERS,
        },
        severity=None,
    ),
    Example(
        zh="同一户口簿的四兄弟",
        en="Four brothers of one household booklet",
        given={
            "households": tuple(map(_home, FOUR)),
            "members": MEMBERS,
            "population": tuple({"person_id": f"P{each}", "household_no": "HK-1"} for each in FOUR),
        },
        severity=None,
    ),
)

RULE = Rule(
    id="N03",
    version="1",
    title_zh="同一住房多份档案",
    title_en="Address cluster",
    basis="安政办〔2019〕15号 三（一）：入户调查、档案信息真实准确",
    valid_from=dt.date(2019, 1, 1),
    published=dt.date(2026, 11, 27),
    severity="LOW",
    inputs={"households": "address* division_code"},
    optional=kinship.SOURCES,
    minimum_grade="G5",
    only_in_a_scan=True,
    find=find,
    zh="{files} 份在册档案（其中互无亲属关系的 {families} 户）填报同一套住房。",
    en="{files} open files ({families} unrelated households) give one dwelling.",
    clears_zh="租赁合同、合租说明或入户调查记录，或更正后的住址。",
    clears_en="A tenancy, a word on who shares the flat, the record of a visit, or the corrected address.",
    exceptions={
        "kin": ("各户是否为亲属", "the households are kin"),
        "dormitory": (
            "是否为宿舍、机构、集体户或登记在册的地址",
            "a dormitory, an institution, a collective register or a listed address",
        ),
        "cut_at_building": ("地址是否只到楼栋", "the address ends with the building"),
        "shared_flat": ("是否为合租", "a flat shared by tenants"),
    },
    parameters=("network.address_files", "network.hub_files", "network.booklet_files"),
    examples=EXAMPLES,
)
