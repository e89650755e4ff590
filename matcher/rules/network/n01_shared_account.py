"""N01: one account into which unrelated households are paid."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from matcher.overlap import Stream, months, stream
from matcher.rules import kinship, masking, networks, payees, reading, sharing, sums
from matcher.rules.explaining import count
from matcher.rules.networks import Cluster
from matcher.rules.reading import Row
from matcher.rules.rule import Compared, Evidence, Example, Facts, Lead, Result, Rule


def find(facts: Facts) -> Iterator[Lead]:
    """三户以上互无亲属关系的家庭，各有两期以上的救助发入同一银行账户。有共同成员、婚姻或同一户口簿的家庭算作一户；供养机构、
    学校、医院、村（居）委会等机构的账户和登记在册的集体账户，以及按规定付给学校、医院、出租人和用人单位的项目，不构成疑点。
    每户一条，金额只是该户发入该账户的款项。

    Aid of three or more households that are not kin, of two or more months each, went into one bank account. Households
    with a common member, a marriage between them or one household booklet count as one; the accounts of homes, schools, hospitals
    and committees, those on the register of collective accounts, and programmes that are paid to the school, the hospital,
    the landlord or the employer are no lead. There is one lead a household; its amount is what that household's aid paid into the account.
    """
    for cluster, paid in shared(facts):
        heads = networks.heads(facts)
        for household in cluster.households:
            yield _lead(facts, cluster, household, paid[household], networks.person(heads, household))


def shared(facts: Facts) -> list[tuple[Cluster, dict[str, list[Row]]]]:
    """The accounts that unrelated households share, and the rows of aid that each was paid into it, by household."""
    return facts.once("n01.shared", _shared)


def _shared(facts: Facts) -> list[tuple[Cluster, dict[str, list[Row]]]]:
    least = facts.policy.value("network.account_files", facts.as_of)
    cycles = facts.policy.value("network.account_cycles", facts.as_of)
    rows = sharing.accounts(facts).unique([*reading.SAME_PAYMENT, "key"], keep="first", maintain_order=True)
    rows = rows.unique(["household_id", "record_id"], keep="first", maintain_order=True)
    rows = sharing.kept(rows, networks.candidates(rows, least))
    paid: dict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in rows.iter_rows(named=True):
        if payees.by_design(row):
            continue
        paid[row["key"]][row["household_id"]].append(row)
    found = []
    for key, by_household in sorted(paid.items()):
        often = sorted(h for h, rows in by_household.items() if len(_months(_streams(rows, facts))) >= cycles)
        count = kinship.unrelated(facts, often)
        if count >= least:
            found.append((Cluster(key, tuple(often), count), {each: by_household[each] for each in often}))
    return found


def _streams(rows: list[Row], facts: Facts) -> list[Stream]:
    return [paid for row in rows if (paid := stream(row, facts.as_of))]


def _months(streams: list[Stream]) -> set[dt.date]:
    return {month for each in streams for month in months(each.first, each.last)}


def _lead(facts: Facts, cluster: Cluster, household: str, rows: list[Row], persons: tuple[str, ...]) -> Lead:
    streams = _streams(rows, facts)
    when = sorted(_months(streams))
    others = len(cluster.households) - 1
    named: Result = "NO" if any(row["payee_name"] for row in rows) else "UNKNOWN"
    return Lead(
        household_id=household,
        person_ids=persons,
        natural_key=(cluster.key,),
        severity="HIGH" if named == "NO" else "MEDIUM",
        grade=reading.weakest(row["grade"] for row in rows),
        evidence=tuple(Evidence("aid", row["record_id"], row["person_id"]) for row in rows),
        exceptions=(
            ("kin", kinship.known(facts)),
            ("institution", named),
            ("registered", "NO"),
            ("guardian", "UNKNOWN"),
        ),
        facts={
            **sums.words(streams, when),
            "account": masking.code(cluster.key),
            "files": str(len(cluster.households)),
            "families": str(cluster.families),
            "months_zh": f"{len(when)} 个月",
            "months_en": count(len(when), "month"),
        },
        amount=(Decimal(0), sums.paid_in(streams, when)),
        period=(when[0], when[-1]),
        compared=(
            Compared(
                ("收款账户（末四位）", "account (last four characters)"),
                (masking.code(cluster.key), masking.code(cluster.key)),
                (f"另有 {others} 户发入同一账户", f"the same for {count(others, 'other household')}"),
                "aid",
                rows[0]["record_id"],
                beside="aid",
            ),
        ),
        steps=sums.steps(streams, when),
    )


def _home(number: int, **more: object) -> dict[str, object]:
    return {"household_id": f"H{number}", "division_code": "410502", "file_opened_on": "2024-04-01", **more}


def _head(number: int) -> dict[str, object]:
    return {"person_id": f"P{number}", "household_id": f"H{number}", "relation": "HEAD"}


def _aid(number: int, **more: object) -> dict[str, object]:
    return {
        "person_id": f"P{number}", "programme": "DIBAO", "start_month": "2024-05", "end_month": "2024-08",
        "amount_yuan": 500, "payee_account": "6217002430001234567", "payee_name": "钱守财", **more,
    }  # fmt: skip


THREE = (1, 2, 3)
GIVEN = {"households": tuple(map(_home, THREE)), "members": tuple(map(_head, THREE))}
EXAMPLES = (
    Example(
        zh="三户低保四个月发入同一个人账户",
        en="The dibao of three households, four months each, into one person's account",
        given={**GIVEN, "aid": tuple(map(_aid, THREE))},
        severity="HIGH",
        amount=("0", "2000"),
        leads=3,
    ),
    Example(
        zh="敬老院代管三名特困人员的账户",
        en="A home's account for three residents",
        given={
            **GIVEN,
            "aid": tuple(_aid(each, programme="TEKUN", payee_name="安阳市文峰区光荣敬老院") for each in THREE),
        },
        severity=None,
    ),
    Example(
        zh="每户只发过一次",
        en="Each household was paid once only",
        given={**GIVEN, "aid": tuple(_aid(each, end_month="2024-05") for each in THREE)},
        severity=None,
    ),
    Example(
        zh="三户中两户有同一成员：只算两户",
        en="Two of the three share a member: they are two",
        given={**GIVEN, "aid": tuple(map(_aid, THREE))},
        same_person=(("P1", "P2"),),
        severity=None,
    ),
    Example(
        zh="账号只给出首尾，不作比对",
        en="Accounts of which only the ends are told are not compared",
        given={**GIVEN, "aid": tuple(_aid(each, payee_account="6217********4567") for each in THREE)},
        severity=None,
    ),
)

RULE = Rule(
    id="N01",
    version="1",
    title_zh="多户共用收款账户",
    title_en="Shared bank account",
    basis="社会救助暂行办法：救助金应当发放到户到人；安政办〔2019〕15号 一：精准帮扶",
    valid_from=dt.date(2019, 1, 1),
    published=dt.date(2026, 11, 27),
    severity="HIGH",
    inputs={"aid": f"{reading.AID} payee_account* payee_name"},
    optional=kinship.SOURCES,
    minimum_grade="G5",
    only_in_a_scan=True,
    find=find,
    zh="尾号为 {account} 的账户收有 {files} 户（其中互无亲属关系的 {families} 户）各两期以上的救助；本户 {months}。",
    en="The account ending {account} received aid of {files} households ({families} of them unrelated), two or more months "
    "each; {months} of this household's.",
    clears_zh="代管机构、监护人或登记在册的集体账户的证明，亲属关系证明，或发放单位账号录入有误的说明。",
    clears_en="Proof that the account is an institution's, a guardian's or a registered collective one, proof of kinship, or a statement "
    "that the paying office mistyped the account.",
    exceptions={
        "kin": ("各户是否为亲属", "the households are kin"),
        "institution": ("是否为供养机构、学校等机构账户", "the account of an institution"),
        "registered": ("是否为登记在册的集体账户", "an account on the register"),
        "guardian": ("收款人是否为监护人", "the payee is a guardian"),
    },
    parameters=("network.account_files", "network.account_cycles", "network.booklet_files"),
    examples=EXAMPLES,
)
