"""N09: files that hang together by several kinds of shared things."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from matcher.overlap import Stream, months, stream
from matcher.rules import kinship, networks, payees, reading, sharing, sums
from matcher.rules.explaining import count
from matcher.rules.network import n01_shared_account, n04_reused_document
from matcher.rules.networks import Cluster
from matcher.rules.rule import Evidence, Example, Facts, Grade, Lead, Rule, Words

KINDS: dict[str, Words] = {
    "account": ("收款账户", "account"),
    "document": ("证明材料", "document"),
    "payee": ("户外收款人", "payee outside the household"),
    "phone": ("联系电话", "telephone"),
}
TWO = 2


@dataclass(frozen=True, slots=True)
class Link:
    """One thing that binds files, its kind (KINDS) and how strongly."""

    kind: str
    weight: float
    cluster: Cluster


@dataclass(frozen=True, slots=True)
class Component:
    """Files that hang together; `split` where it is a part of something larger than may be shown."""

    households: tuple[str, ...]
    families: int
    links: tuple[Link, ...]
    split: bool


def find(facts: Facts) -> Iterator[Lead]:
    """四户以上互无亲属关系的档案，由两种以上的共用物（收款账户、联系电话、证明材料、户外收款人）连在一起。亲属先算作一户；很多档案共有的、
    登记在册的、机构的不作关联；同一账户的同一收款人只算一种。超过规定户数的网络先去掉最弱的关联，再分开报告。金额只是本户在N01、N04
    中涉及的款项；关联本身不说明任何一户有问题。

    Four or more files of households that are not kin hang together by two or more kinds of things they share:
    accounts, telephones, documents, payees outside the household. Kin count as one first; what very many share, what is on
    a register and what is an institution's binds nobody; one payee of one account is one kind. A network larger than
    allowed loses its weakest links and is told in parts. The amount is what leads N01 and N04 put at risk of this
    household alone; to hang together says nothing against any of them.
    """
    links = _links(facts)
    least = facts.policy.value("network.component_files", facts.as_of)
    kinds = facts.policy.value("network.component_kinds", facts.as_of)
    most = facts.policy.value("network.component_most", facts.as_of)
    found = [
        each
        for each in _components(facts, links, most)
        if each.families >= least and len({link.kind for link in each.links}) >= kinds
    ]
    members = sorted({household for each in found for household in each.households})
    grave, grades = _grave(facts, members), _grades(facts)
    heads = networks.heads(facts)
    for component in found:
        total = sum((sums.paid_in(grave[each], _months(grave[each])) for each in component.households), Decimal(0))
        for household in component.households:
            yield _lead(
                facts, component, household, networks.person(heads, household), grave[household], total, grades
            )


def _links(facts: Facts) -> list[Link]:
    value = facts.policy.at(facts.as_of, None)
    hub = value("network.hub_files")
    held = {"account": _accounts(facts), "phone": sharing.phones(facts)}
    if "documents" in facts.tables:
        held["document"] = sharing.documents(facts)
    found = {kind: networks.clusters(facts, frame, TWO, hub) for kind, frame in held.items()}
    together = [set(cluster.households) for cluster in found["account"]]
    found["payee"] = [
        cluster
        for cluster in networks.clusters(facts, _payees(facts), value("network.payee_files"), hub)
        if not any(set(cluster.households) <= one for one in together)
    ]
    return [Link(kind, value(f"network.weight_{kind}"), cluster) for kind in sorted(found) for cluster in found[kind]]


def _accounts(facts: Facts) -> pl.DataFrame:
    """Accounts that aid was paid into, but for those that are an institution's or the service's."""
    rows = sharing.accounts(facts).filter(pl.col("grade") != "G5")
    shared = rows.filter(pl.col("household_id").n_unique().over("key") >= TWO)
    kept = [(row["household_id"], row["key"]) for row in shared.iter_rows(named=True) if not payees.by_design(row)]
    return pl.DataFrame(kept, schema=sharing.HELD, orient="row")


def _payees(facts: Facts) -> pl.DataFrame:
    """Payees outside the household, by name within one division: a name alone is no person."""
    if facts.linked["aid"].get_column("payee_name").is_null().all():
        return sharing.HELD.to_frame()
    divisions = dict(facts.households.select("household_id", "division_code").iter_rows())
    rows = [
        (each.household_id, f"{code[:6]}|{each.name}")
        for each in payees.outside(facts)
        if (code := divisions.get(each.household_id)) and len(each.name) > 1
    ]
    return pl.DataFrame(rows, schema=sharing.HELD, orient="row")


def _components(facts: Facts, links: Sequence[Link], most: float, split: bool = False) -> Iterator[Component]:
    """What hangs together; what is too large without its weakest links, or without its largest where all weigh the same."""
    kin = kinship.families(facts)
    pairs = [
        (kin.get(link.cluster.households[0], link.cluster.households[0]), kin.get(each, each))
        for link in links
        for each in link.cluster.households
    ]
    first = kinship.components(pairs)
    together: dict[str, list[Link]] = defaultdict(list)
    for link in links:
        one = link.cluster.households[0]
        together[first[kin.get(one, one)]].append(link)
    for _, its in sorted(together.items()):
        households = tuple(sorted({each for link in its for each in link.cluster.households}))
        if len(households) <= most:
            yield Component(households, kinship.unrelated(facts, households), tuple(its), split)
            continue
        weakest = min(link.weight for link in its)
        rest = [link for link in its if link.weight > weakest]
        if not rest:
            largest = max(its, key=lambda link: (len(link.cluster.households), link.kind, link.cluster.key))
            rest = [link for link in its if link is not largest]
        yield from _components(facts, rest, most, split=True)


def _grave(facts: Facts, households: Sequence[str]) -> dict[str, list[Stream]]:
    """The payments that a HIGH lead of this family puts at risk, of each household, each once."""
    found: dict[str, set[Stream]] = {each: set() for each in households}
    for _, paid in n01_shared_account.shared(facts):
        for household, rows in paid.items():
            if household in found:
                found[household] |= {each for row in rows if (each := stream(row, facts.as_of))}
    if "documents" in facts.tables:
        again = {each for cluster in n04_reused_document.reused(facts) for each in cluster.households} & found.keys()
        for household, streams in reading.payments(facts, again).items():
            found[household] |= set(sums.needs_tested(streams))
    return {
        household: sorted(streams, key=lambda each: (each.first, each.record_id))
        for household, streams in found.items()
    }


def _months(streams: Sequence[Stream]) -> list[dt.date]:
    return sorted({month for each in streams for month in months(each.first, each.last)})


def _grades(facts: Facts) -> dict[str, Grade]:
    """The weakest link of a household's aid to its accounts."""
    rows = sharing.accounts(facts).filter(pl.col("grade") != "G5").group_by("household_id").agg(pl.col("grade").max())
    return dict(rows.iter_rows())


def _lead(
    facts: Facts, component: Component, household: str, persons: tuple[str, ...], grave: list[Stream], total: Decimal,
    grades: dict[str, Grade],
) -> Lead:  # fmt: skip
    own = [link for link in component.links if household in link.cluster.households]
    near = sorted({each for link in own for each in link.cluster.households})
    kinds = sorted({link.kind for link in component.links})
    counts = [(KINDS[kind], sum(link.kind == kind for link in component.links)) for kind in kinds]
    paid_by_aid = any(link.kind in ("account", "payee") for link in own)
    when = _months(grave)
    return Lead(
        household_id=household,
        person_ids=persons,
        natural_key=("component",),
        severity="MEDIUM",
        grade=grades.get(household, "G1") if paid_by_aid else "G1",
        evidence=(
            *(Evidence("households", each, "") for each in near),
            *(Evidence("aid", each.record_id, each.person_id) for each in grave),
        ),
        exceptions=(("kin", kinship.known(facts)), ("hubs", "NO"), ("split", "YES" if component.split else "NO")),
        facts={
            **sums.words(grave, when),
            "files": str(len(component.households)),
            "families": str(component.families),
            "kinds_zh": "、".join(f"{zh} {number} 个" for (zh, _), number in counts),
            "kinds_en": ", ".join(_counted(number, en) for (_, en), number in counts),
            "own": str(len(own)),
            "total": f"{total:.2f}",
        },
        amount=(Decimal(0), sums.paid_in(grave, when)),
        period=(when[0], when[-1]) if when else (None, None),
        steps=sums.steps(grave, when),
    )


def _counted(number: int, kind: str) -> str:
    noun, _, rest = kind.partition(" ")
    return f"{count(number, noun)} {rest}".rstrip()


def _home(number: int, **more: object) -> dict[str, object]:
    return {"household_id": f"H{number}", "division_code": "410502", "file_opened_on": "2024-04-01", **more}


def _head(number: int) -> dict[str, object]:
    return {
        "person_id": f"P{number}",
        "household_id": f"H{number}",
        "relation": "HEAD",
        "name": f"赵国{'庆强伟明'[number - 1]}",
    }


def _aid(number: int, account: str) -> dict[str, object]:
    return {
        "person_id": f"P{number}", "programme": "DIBAO", "start_month": "2024-05", "end_month": "2024-08",
        "amount_yuan": 500, "payee_account": account, "payee_name": _head(number)["name"],
    }  # fmt: skip


def _document(number: int) -> dict[str, object]:
    return {"household_id": f"H{number}", "document_hash": "9f86d081884c7d659a2feaa0c55ad015"}


FOUR = range(1, 5)
CARD, CARDS = (
    "6217002430001234567",
    ("6217002430001234567", "6217002430001234567", "6217002430007654321", "6217002430008888881"),
)
PHONE = {"phone": "13803721234"}
MEMBERS = tuple(map(_head, FOUR))
EXAMPLES = (
    Example(
        zh="两户共用账户，两户共用电话，并与第四户共用一份材料",
        en="Two share an account, two a telephone, two a document: four files, three kinds",
        given={
            "households": (_home(1), _home(2, **PHONE), _home(3, **PHONE), _home(4)),
            "members": MEMBERS,
            "aid": tuple(_aid(each, CARDS[each - 1]) for each in FOUR),
            "documents": (_document(3), _document(4)),
        },
        severity="MEDIUM",
        leads=4,
    ),
    Example(
        zh="四户只共用一个电话：只有一种关联",
        en="Four with one telephone: one kind only",
        given={
            "households": tuple(_home(each, **PHONE) for each in FOUR),
            "members": MEMBERS,
            "aid": tuple(_aid(each, f"62170024300012345{each}7") for each in FOUR),
        },
        severity=None,
    ),
    Example(
        zh="其中两户是亲属：只算三户",
        en="Two of the four are kin: they are three",
        given={
            "households": (_home(1), _home(2, **PHONE), _home(3, **PHONE), _home(4)),
            "members": MEMBERS,
            "aid": tuple(_aid(each, CARDS[each - 1]) for each in FOUR),
            "documents": (_document(3), _document(4)),
        },
        same_person=(("P3", "P4"),),
        severity=None,
    ),
)

RULE = Rule(
    id="N09",
    version="1",
    title_zh="关联网络",
    title_en="Component",
    basis="安政办〔2019〕15号 三（一）：收入和财产核对机制；社会救助暂行办法第六十八条",
    valid_from=dt.date(2019, 1, 1),
    published=dt.date(2026, 11, 27),
    severity="MEDIUM",
    inputs={
        "households": "phone division_code payee_name payee_account",
        "members": "name former_name birth_date relation",
        "aid": f"{reading.AID} payee_account* payee_name name household_head_name",
    },
    optional={
        "documents": "household_id document_hash certificate_no",
        "handlers": "phone",
        "population": "household_no name former_name",
        "marriage": "event",
        "finance": "account_no agent_name",
    },
    minimum_grade="G4",
    only_in_a_scan=True,
    find=find,
    zh="本户与其他档案共 {files} 份（其中互无亲属关系的 {families} 户），由{kinds}连在一起，与本户直接相关的 {own} 个。各户在规则 N01、N04 中涉及金额合计 "
    "{total} 元。",
    en="This file and others, {files} in all ({families} unrelated households), hang together by {kinds}; of these, {own} bound to this file. Leads "
    "N01 and N04 put {total} yuan of all of them at risk.",
    clears_zh="亲属关系、代管机构或公用电话的证明；逐一核对各关联后，关联消失的，本条自行撤回。",
    clears_en="Proof of kinship, of an institution or of an office's telephone; when the links have gone, so has this lead.",
    exceptions={
        "kin": ("各户是否为亲属", "the households are kin"),
        "hubs": ("是否经由很多档案共有的电话、材料或账户", "linked by what very many files share"),
        "split": ("是否为更大网络的一部分", "a part of a larger network"),
    },
    parameters=(
        "network.component_files", "network.component_kinds", "network.component_most", "network.hub_files",
        "network.payee_files", "network.account_files", "network.account_cycles", "network.document_files",
        "network.elderly_age", "network.booklet_files", "network.weight_account", "network.weight_document",
        "network.weight_payee", "network.weight_phone",
    ),
    examples=EXAMPLES,
)  # fmt: skip
