"""Files that share things: plants for N01 to N04, N07 and N09 that bind several households together."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice

from matcher.synthetic.households import Household, Ledger, enrol
from matcher.synthetic.lives import files
from matcher.synthetic.plants.plant import Needs, on_file, with_parent, with_pupil

HOUSEHOLDS_A_ROUND = 500
WORKING_AGE = 58
TEMPLATE_AMONG, TEMPLATE_SHARE = 200, 0.45
"""In a city of so many households, the share of files with the printed page that everybody has scanned."""

Bind = Callable[[list[Household], Ledger], None]


@dataclass(frozen=True, slots=True)
class Network:
    """Several households that share something. `alone`: they bear no other plant, since their aid is arranged."""

    kind: str
    size: int
    bind: Bind
    needs: Needs
    alone: bool = False


def plant(homes: Sequence[Household], ledger: Ledger, *, alone: bool) -> None:
    """Arranges every network among households that fit, none in two networks, and none that shares a member with another."""
    homes_of = Counter(person.human for home in homes for person in home.people)
    bound = {home.household_id for home in homes if any(homes_of[person.human] > 1 for person in home.people)}
    for network in NETWORKS:
        if network.alone != alone:
            continue
        for _ in range(max(1, len(homes) // HOUSEHOLDS_A_ROUND)):
            free = (home for home in homes if home.household_id not in bound and (home.planted is None or not alone))
            fits = (
                home
                for home in free
                if not {"address", "phone", "networked"} & set(home.file) and network.needs(home, ledger.as_of)
            )
            fitting = list(islice(fits, network.size))
            if len(fitting) < network.size:
                break
            bound |= {home.household_id for home in fitting}
            for home in fitting:
                home.file["networked"] = network.kind
                if alone:
                    home.planted = network.kind
            network.bind(fitting, ledger)


def dibao(home: Household, ledger: Ledger, **columns: str) -> None:
    """Dibao, raised once: two rows, the second without an end."""
    yuan = ledger.number(300, 900)
    ledger.pay(home.head, "DIBAO", ledger.months_ago(9), ledger.months_ago(5), yuan, **columns)
    ledger.pay(home.head, "DIBAO", ledger.months_ago(4), None, yuan + 30, **columns)


def one_strangers_card(homes: list[Household], ledger: Ledger) -> None:
    """Four households' dibao goes to the card of one of them."""
    card, owner = files.new_account(ledger), homes[0].head.identity["name"]
    for home in homes:
        dibao(home, ledger, payee_account=card, payee_name=owner)
        home.settled |= {"aid", "school"}
        ledger.lead("N01", home, home.head)
        if home is not homes[0]:
            ledger.lead("N05", home, home.head)


def schools_account(homes: list[Household], ledger: Ledger) -> None:
    """Student aid of three pupils, paid to their school."""
    account = files.new_account(ledger)
    for home in homes:
        child = home.pupils(ledger.as_of)[0]
        enrol(child, ledger)
        for months in (2, 3):
            ledger.pay(child, "STATE_STUDENT_AID", ledger.months_ago(months), ledger.months_ago(months), 750,
                       payee_account=account, payee_name="安阳市第五中学")  # fmt: skip
        home.settled |= {"aid", "school"}
        ledger.innocent("schools_account", "N01", home, child)


def nursing_home(homes: list[Household], ledger: Ledger) -> None:
    """Parents who live in a home, paid through its account."""
    account = files.new_account(ledger)
    for home in homes:
        parent = home.having("PARENT")[0]
        ledger.pay(parent, "TEKUN", ledger.months_ago(10), None, 900, payee_account=account,
                   payee_name="安阳市文峰区光荣敬老院")  # fmt: skip
        home.settled |= {"aid", "school"}
        ledger.innocent("nursing_home", "N01", home, parent)


def collective_account(homes: list[Household], ledger: Ledger) -> None:
    """Paid through the account that the register of collective accounts names, under its keeper's name."""
    keeper = next(ledger.outsiders).identity["name"]
    for home in homes:
        dibao(home, ledger, payee_account=files.COLLECTIVE_ACCOUNT, payee_name=keeper)
        home.settled |= {"aid", "school"}
        ledger.innocent("collective_account", "N01", home, home.head)


def chain(homes: list[Household], ledger: Ledger) -> None:
    """Two share a card, three a telephone, two a document: four files hang together by three kinds."""
    card = files.new_account(ledger)
    phone = _new_phone(ledger)
    for place, home in enumerate(homes):
        own = {"payee_account": card, "payee_name": home.head.identity["name"]} if place < 2 else {}
        dibao(home, ledger, **own)
        home.settled |= {"aid", "school"}
        ledger.lead("N09", home, home.head)
    for home in homes[:3]:
        home.file["phone"] = phone
    _share_document(homes[2:], ledger)
    for home in homes[2:]:
        ledger.lead("N04", home, home.head)


def three_in_a_chain(homes: list[Household], ledger: Ledger) -> None:
    """Two share a card and two a telephone: three files are no component."""
    card, phone = files.new_account(ledger), _new_phone(ledger)
    for place, home in enumerate(homes):
        own = {"payee_account": card, "payee_name": home.head.identity["name"]} if place < 2 else {}
        dibao(home, ledger, **own)
        home.settled |= {"aid", "school"}
        ledger.innocent("three_in_a_chain", "N09", home, home.head)
    for home in homes[1:]:
        home.file["phone"] = phone


def one_phone(homes: list[Household], ledger: Ledger) -> None:
    """Five or more files with one telephone; fewer are no lead."""
    phone = _new_phone(ledger)
    for home in homes:
        home.file["phone"] = phone
        if len(homes) >= 5:
            ledger.lead("N02", home, home.head)
        else:
            ledger.innocent("four_files_one_phone", "N02", home, home.head)


def office_phone(homes: list[Household], ledger: Ledger) -> None:
    """Files with the number of an office that stands on the register of telephones."""
    for home in homes:
        home.file["phone"] = files.OFFICE_PHONES[7]
        ledger.innocent("office_phone", "N02", home, home.head)


def one_dwelling(homes: list[Household], ledger: Ledger) -> None:
    """Four files in one flat, not all written alike."""
    number, room = ledger.number(1, 300), ledger.number(1, 20) * 100 + 1
    forms = ("河南省安阳市文峰区彰德路{}号9号楼2单元{}室", "彰德路{}号9栋2单元{}", "文峰区彰德路{}号院9-2-{}")
    for place, home in enumerate(homes):
        home.file |= {"address": forms[place % len(forms)].format(number, room), "division_code": "410502"}
        ledger.lead("N03", home, home.head)


def dormitory(homes: list[Household], ledger: Ledger) -> None:
    """Files in one room of a building that the register of addresses knows as a dormitory."""
    for home in homes:
        home.file |= {"address": "".join(files.DORMITORY) + "101室", "division_code": "410505"}
        ledger.innocent("dormitory", "N03", home, home.head)


def cut_at_building(homes: list[Household], ledger: Ledger) -> None:
    """Files whose address ends with the building."""
    building = f"安阳市北关区灯塔路{ledger.number(1, 300)}号6号楼"
    for home in homes:
        home.file |= {"address": building, "division_code": "410503"}
        ledger.innocent("cut_at_building", "N03", home, home.head)


def one_document(homes: list[Household], ledger: Ledger) -> None:
    """One document in two files."""
    _share_document(homes, ledger)
    for home in homes:
        ledger.lead("N04", home, home.head)


def one_employer(homes: list[Household], ledger: Ledger) -> None:
    """Ten or more files of one employer; fewer are no lead."""
    uscc = f"91410500MA8{ledger.number(10**6, 10**7 - 1)}"
    for home in homes:
        home.file["employer_uscc"] = uscc
        home.file.setdefault("target_group", "BELOW_LINE")
        if len(homes) >= 10:
            ledger.lead("N07", home, home.head)
        else:
            ledger.innocent("nine_of_one_employer", "N07", home, home.head)


def template_page(homes: Sequence[Household], ledger: Ledger) -> None:
    """The form's printed instructions, scanned into very many files."""
    if len(homes) < TEMPLATE_AMONG:
        return
    page = f"{ledger.number(0, 1 << 62):016x}"
    scanned = [home for home in homes if ledger.chance(TEMPLATE_SHARE)]
    ledger.documents += [(home.household_id, page) for home in scanned]
    ledger.innocent("template_page", "N04", scanned[0], scanned[0].head)


def _share_document(homes: list[Household], ledger: Ledger) -> None:
    page = f"{ledger.number(0, 1 << 62):016x}"
    ledger.documents += [(home.household_id, page) for home in homes]


def _new_phone(ledger: Ledger) -> str:
    return f"15{ledger.number(10**8, 10**9 - 1)}"


def of_working_age(household: Household, as_of: dt.date) -> bool:
    """A household on file that is not one of old people alone, who leave somebody else's telephone."""
    return on_file(household, as_of) and household.head.age(as_of) < WORKING_AGE


NETWORKS: tuple[Network, ...] = (
    Network("one_strangers_card", 4, one_strangers_card, on_file, alone=True),
    Network("chain", 4, chain, of_working_age, alone=True),
    Network("three_in_a_chain", 3, three_in_a_chain, of_working_age, alone=True),
    Network("schools_account", 3, schools_account, with_pupil, alone=True),
    Network("nursing_home", 3, nursing_home, with_parent, alone=True),
    Network("collective_account", 3, collective_account, on_file, alone=True),
    Network("one_phone", 5, one_phone, of_working_age),
    Network("four_files_one_phone", 4, one_phone, of_working_age),
    Network("office_phone", 6, office_phone, of_working_age),
    Network("one_dwelling", 4, one_dwelling, on_file),
    Network("dormitory", 5, dormitory, on_file),
    Network("cut_at_building", 5, cut_at_building, on_file),
    Network("one_document", 2, one_document, on_file),
    Network("one_employer", 10, one_employer, on_file),
    Network("nine_of_one_employer", 9, one_employer, on_file),
)

FEEDS: dict[str, frozenset[str]] = {
    "N01": frozenset({"aid"}),
    "N02": frozenset(),
    "N03": frozenset(),
    "N04": frozenset(),
    "N05": frozenset({"aid"}),
    "N06": frozenset({"handlers", "marriage"}),
    "N07": frozenset(),
    "N08": frozenset(),
    "N09": frozenset({"aid"}),
    "U07": frozenset({"aid"}),
    "H11": frozenset({"school"}),
}
"""The feeds in which these rules' plants stand."""
