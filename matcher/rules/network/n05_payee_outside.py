"""N05: aid paid to somebody who is no member of the household."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from decimal import Decimal

from matcher.overlap import months, stream
from matcher.rules import networks, payees, reading, sums
from matcher.rules.payees import Payee
from matcher.rules.rule import Compared, Evidence, Example, Facts, Grade, Lead, Result, Rule


def find(facts: Facts) -> Iterator[Lead]:
    """救助发放或档案所载收款人不是该家庭的成员。成员（含曾用名、已故或已离开的成员，以及同一人所在另一户的成员），银行截断、以拼音或异体字书写的姓名，银行登记的
    代理人，无成年人家庭的监护人，供养机构、学校、村（居）委会等机构，按规定付给学校、医院、出租人和用人单位的项目，以及登记在册的
    集体账户，不构成疑点。

    By the payment or by the file, the account's holder is no member of the household. Members (their former names, the
    dead, those who left, and the members of another household that one of them belongs to included), names that a bank cuts short, spells in letters or in variants, an agent on the bank's
    record, the guardian of children without an adult, homes, schools and committees, programmes that are paid to the school, the
    hospital, the landlord or the employer, and accounts on the register are no lead.
    """
    found = payees.outside(facts)
    heads = networks.heads(facts)
    for payee in found:
        yield _lead(facts, payee, networks.person(heads, payee.household_id))


def _lead(facts: Facts, payee: Payee, head: tuple[str, ...]) -> Lead:
    rows = {row["record_id"]: row for row in reversed(payee.rows)}
    streams = sorted(paid for row in rows.values() if (paid := stream(row, facts.as_of)))
    when = sorted({month for each in streams for month in months(each.first, each.last)})
    grade: Grade = reading.weakest(row["grade"] for row in payee.rows) if payee.rows else "G1"
    agents: Result = "NO" if "finance" in facts.linked else "UNKNOWN"
    masked = f"{payee.name[:1]}{'*' * (len(payee.name) - 1)}" if len(payee.name) > 1 else "*"
    by_aid, by_file = bool(payee.rows), payee.on_file
    return Lead(
        household_id=payee.household_id,
        person_ids=tuple(sorted({row["person_id"] for row in payee.rows})) or head,
        natural_key=(payee.name,),
        severity="MEDIUM",
        grade=grade,
        evidence=(
            *(Evidence("aid", row["record_id"], row["person_id"]) for row in payee.rows),
            *((Evidence("households", payee.household_id, ""),) if by_file else ()),
        ),
        exceptions=(
            ("guardian", "UNKNOWN"),
            ("agent", agents),
            ("name_cut_short", "NO"),
            ("dead_head", "NO"),
            ("institution", "NO"),
        ),
        facts={
            **sums.words(streams, when),
            "where_zh": "和".join(w for w, yes in (("救助发放", by_aid), ("家庭档案", by_file)) if yes),
            "where_en": " and ".join(w for w, yes in (("the payments", by_aid), ("the file", by_file)) if yes),
        },
        amount=(Decimal(0), sums.paid_in(streams, when)),
        period=(when[0], when[-1]) if when else (None, None),
        compared=(
            Compared(
                ("收款人", "payee"),
                ("家庭成员中无此人", "no member of that name"),
                (f"{masked}（共 {len(payee.name)} 字）", f"{masked} ({len(payee.name)} characters)"),
                "aid" if by_aid else "households",
                beside="members",
            ),
        ),
        steps=sums.steps(streams, when),
    )


HOME = {"household_id": "H1", "division_code": "410502", "file_opened_on": "2024-04-01"}
HEAD = {"person_id": "P1", "household_id": "H1", "relation": "HEAD", "name": "赵国庆", "birth_date": "1975-05-05"}
AID = {
    "person_id": "P1", "programme": "DIBAO", "start_month": "2024-05", "end_month": "2024-08", "amount_yuan": 500,
    "payee_name": "钱守财", "payee_account": "6217002430001234567",
}  # fmt: skip


def _given(**more: object) -> dict[str, tuple[Mapping[str, object], ...]]:
    return {"households": (HOME,), "members": (HEAD,), "aid": ({**AID, **more},)}


EXAMPLES = (
    Example(
        zh="低保四个月发给户外的人",
        en="Four months of dibao paid to somebody outside the household",
        given=_given(),
        severity="MEDIUM",
        amount=("0", "2000"),
    ),
    Example(
        zh="收款人为已故的原户主",
        en="The payee is the former head, who has died",
        given={
            **_given(payee_name="赵老栓"),
            "members": (
                HEAD,
                {
                    "person_id": "P2",
                    "household_id": "H1",
                    "relation": "PARENT",
                    "name": "赵老栓",
                    "valid_to": "2024-07-20",
                },
            ),
        },
        severity=None,
    ),
    Example(
        zh="收款人为敬老院",
        en="The payee is the home that cares for him",
        given=_given(programme="TEKUN", payee_name="安阳市文峰区光荣敬老院"),
        severity=None,
    ),
    Example(
        zh="银行把长姓名截断",
        en="A bank that cuts a long name short",
        given={
            **_given(payee_name="阿卜杜热西提买买提"),
            "members": ({**HEAD, "name": "阿卜杜热西提·买买提明"},),
        },
        severity=None,
    ),
    Example(
        zh="银行登记的代理人",
        en="An agent on the bank's record",
        given={
            **_given(),
            "finance": ({"person_id": "P1", "account_no": "6217002430009999999", "agent_name": "钱守财"},),
        },
        severity=None,
    ),
    Example(
        zh="孤儿由监护人代收",
        en="An orphan who lives without an adult: the guardian receives it",
        given={**_given(programme="TEKUN"), "members": ({**HEAD, "birth_date": "2012-05-05"},)},
        severity=None,
    ),
)

RULE = Rule(
    id="N05",
    version="1",
    title_zh="收款人不是家庭成员",
    title_en="Payee is not the beneficiary",
    basis="社会救助暂行办法：救助金应当发放到户到人",
    valid_from=dt.date(2019, 1, 1),
    published=dt.date(2026, 11, 27),
    severity="MEDIUM",
    inputs={
        "members": "name* former_name birth_date relation",
        "aid": f"{reading.AID} payee_name* payee_account name household_head_name",
    },
    optional={
        "households": "payee_name payee_account",
        "population": "name former_name household_no",
        "marriage": "event",
        "finance": "account_no agent_name",
    },
    minimum_grade="G5",
    only_in_a_scan=True,
    find=find,
    zh="{where}所载收款人不是该家庭现在或过去的成员。",
    en="By {where}, the payee is no member of the household, past or present.",
    clears_zh="监护、委托或代办的手续，收款人为成员（姓名有别写）的证明，或更正后的账户。",
    clears_en="Papers of guardianship or agency, proof that the payee is a member under another name, or the corrected account.",
    exceptions={
        "guardian": ("收款人是否为监护人", "the payee is a guardian"),
        "agent": ("是否为银行登记的代理人", "an agent on the bank's record"),
        "name_cut_short": ("是否为成员姓名的截断或别写", "a member's name, cut short or written otherwise"),
        "dead_head": ("是否为已故或已离开的成员", "a member who died or left"),
        "institution": ("是否为代管机构", "an institution that cares for them"),
    },
    parameters=("network.booklet_files",),
    examples=EXAMPLES,
)
