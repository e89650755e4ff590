"""N02: one telephone in many unrelated files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from matcher.rules import kinship, networks, sharing
from matcher.rules.rule import Example, Facts, Lead, Rule


def find(facts: Facts) -> Iterator[Lead]:
    """五份以上互无亲属关系的在册档案填报同一联系电话。登记在册的热线、站点和经办人的电话，全部成年成员均为老年人而留他人电话的
    家庭，以及超过规定户数共有的电话（多为机构电话），不构成疑点。联系电话雷同本身不影响救助，只提示核对联系方式。

    Five or more open files of households that are not kin give one telephone. Hotlines, stations and officers on the
    register, case handlers' own numbers, households of old people alone, who leave somebody else's number, and
    telephones that more files share than any net would (an office's) are no lead. A shared telephone alone touches no aid: it asks
    that the contact be checked.
    """
    yield from networks.leads(
        facts,
        sharing.phones(facts),
        "network.phone_files",
        ("联系电话（末四位）", "telephone (last four digits)"),
        lambda key: (f"…{key[-4:]}", f"…{key[-4:]}"),
        (("office", "NO" if "handlers" in facts.tables else "UNKNOWN"), ("elderly", "NO")),
    )


def _home(number: int, **more: object) -> dict[str, object]:
    return {
        "household_id": f"H{number}", "division_code": "410502", "file_opened_on": "2024-04-01", "phone": "13803721234",
        **more,
    }  # fmt: skip


def _head(number: int, **more: object) -> dict[str, object]:
    return {
        "person_id": f"P{number}",
        "household_id": f"H{number}",
        "relation": "HEAD",
        "birth_date": "1980-05-05",
        **more,
    }


FIVE = range(1, 6)
EXAMPLES = (
    Example(
        zh="五份档案填报同一手机",
        en="Five files with one mobile, however it is written",
        given={
            "households": (*map(_home, range(1, 5)), _home(5, phone="+86 138-0372-1234")),
            "members": tuple(map(_head, FIVE)),
        },
        severity="LOW",
        leads=5,
    ),
    Example(
        zh="五户高龄老人留村医电话",
        en="Five households of old people with the village doctor's number",
        given={
            "households": tuple(map(_home, FIVE)),
            "members": tuple(_head(each, birth_date="1941-05-05") for each in FIVE),
        },
        severity=None,
    ),
    Example(
        zh="电话是经办人的",
        en="The telephone is a case handler's",
        given={
            "households": tuple(map(_home, FIVE)),
            "members": tuple(map(_head, FIVE)),
            "handlers": ({"handler_id": "JB-1", "phone": "13803721234"},),
        },
        severity=None,
    ),
    Example(
        zh="工会热线不是可比对的电话",
        en="The unions' hotline is no telephone of anybody",
        given={
            "households": tuple(_home(each, phone="12351") for each in FIVE),
            "members": tuple(map(_head, FIVE)),
        },
        severity=None,
    ),
)

RULE = Rule(
    id="N02",
    version="1",
    title_zh="多户共用联系电话",
    title_en="Shared telephone",
    basis="安政办〔2019〕15号 三（一）：档案信息真实、准确，联系制度",
    valid_from=dt.date(2019, 1, 1),
    published=dt.date(2026, 11, 27),
    severity="LOW",
    inputs={"households": "phone*", "members": "relation birth_date"},
    optional={**kinship.SOURCES, "handlers": "phone"},
    minimum_grade="G5",
    only_in_a_scan=True,
    find=find,
    zh="{files} 份在册档案（其中互无亲属关系的 {families} 户）填报同一联系电话。",
    en="{files} open files ({families} unrelated households) give one telephone.",
    clears_zh="本人的联系电话，或说明该电话为社区、站点、亲友代留。",
    clears_en="A telephone of one's own, or a word that it is a community's, a station's or a friend's.",
    exceptions={
        "kin": ("各户是否为亲属", "the households are kin"),
        "office": ("是否为经办人或登记在册的公用电话", "a handler's or a registered office's telephone"),
        "elderly": ("是否为无电话的老人代留", "old people without a telephone"),
    },
    parameters=("network.phone_files", "network.hub_files", "network.elderly_age", "network.booklet_files"),
    examples=EXAMPLES,
)
