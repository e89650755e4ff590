"""One file: which source it seems to come from, and which of its headings are which columns of that contract."""

from __future__ import annotations

import calendar
import datetime as dt
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import polars as pl

from matcher.sources.contract import Contract, all_contracts, fold, load
from matcher.sources.glancing import Glance
from matcher.sources.mapping import Section
from matcher.suggesting import appearance, likeness, pairing, vocabulary
from matcher.suggesting.pairing import Pair
from matcher.suggesting.vocabulary import Words

Question = tuple[str, str]
NEVER_GUESSED = {"answers", "authorisations", "documents"}
"""Tables of our own; a department does not send them."""

POSSIBLE = 0.42
"""From this score on a heading might be a column's, and a person is asked."""

ENOUGH, CLEAR = 1.0, 0.35
"""What the evidence for a source must come to, and by how much it must exceed that for any other."""

_GIVEAWAYS = ("id", "phone", "plate", "uscc", "vin", "date")
_UNICODE = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32")
_SHARED = {"record_id", "name", "id_number", "sex", "birth_date", "phone", "address", "division_code"}
_SHARED_WEIGHT, _MISSING = 0.12, 1.5


@dataclass(frozen=True)
class Guess:
    """What a file seems to be; `source` None where nobody can tell.

    `headings` by place; `open`: headings left over, each with the pairs that it might be, and `unlike`, those that are like no column; `questions` to a person.
    """

    source: str | None
    questions: tuple[Question, ...]
    headings: Mapping[str, str] = field(default_factory=dict)
    pairs: tuple[Pair, ...] = ()
    open: Mapping[str, tuple[Pair, ...]] = field(default_factory=dict)
    unlike: tuple[str, ...] = ()
    words: Mapping[str, Words] = field(default_factory=dict)
    units: tuple[str, ...] = ()
    encoding: str | None = None
    as_of: dt.date | None = None

    @property
    def known(self) -> bool:
        """Whether the file is read as it stands, without a section."""
        return (
            all(pair.exact for pair in self.pairs)
            and not self.open
            and not self.units
            and not any(self.words.values())
        )


def of_file(path: Path, glances: Sequence[Glance], owner: str | None, section: Section) -> Guess:
    """The guess for a file; `owner` and `section` are what its name and feeds.toml already say of it."""
    readable = [glance for glance in glances if not headerless(glance)]
    if not readable:
        return Guess(None, (_no_header(path),))
    guesses = [_of_table(path, glance, owner, section) for glance in readable]
    best = max(guesses, key=lambda guess: (guess.source is not None, len(guess.pairs)))
    if len({frozenset(glance.headings) for glance in glances}) > 1:
        said = (
            f"{path.name}：其中各表的表头不同，只按一张表推测；请分开报送或删去多余的表",
            f"{path.name}: its tables have different headings, and one of them was looked at; send them apart",
        )
        return replace(best, questions=(*best.questions, said))
    return best


def headerless(glance: Glance) -> bool:
    """Whether the first row holds values rather than headings. Then nothing of it may be shown."""
    known = _every_heading()
    filled = [heading for heading in glance.headings if fold(heading)]
    if not filled:
        return True
    numeric = 0
    surely = sum(fold(heading) in known for heading in filled) >= 2
    for place, heading in enumerate(glance.headings):
        if not fold(heading) or fold(heading) in known:
            continue
        own = appearance.look(pl.Series([heading]))
        if any(own.share(kind) for kind in _GIVEAWAYS) or (own.share("address") and re.search(r"\d", heading)):
            return True
        numeric += bool(own.share("amount"))
        if surely:
            continue
        column = glance.rows.get_column(str(place)) if str(place) in glance.rows.columns else None
        below = appearance.look(column) if column is not None else None
        if below and own.share("name") and below.share("name") > 0.8 and not likeness.ends_like_a_heading(heading):
            return True
        if below and fold(heading) in below.words:
            return True
    return 2 * numeric > len(filled)


def _of_table(path: Path, glance: Glance, owner: str | None, section: Section) -> Guess:
    headings = {place: glance.headings[int(place)] for place in glance.rows.columns}
    looks = {place: appearance.look(glance.rows.get_column(place)) for place in headings}
    name = f"{path.stem} {glance.name.partition('/')[2]}"
    tried = [load(owner)] if owner else [one for one in all_contracts() if one.id not in NEVER_GUESSED]
    found = {contract.id: pairing.pairs(contract, headings, looks) for contract in tried}
    chosen = {source: _assigned(load(source), each, section) for source, each in found.items()}
    merits = {
        source: named(load(source), name) + _merit(load(source), each) for source, each in chosen.items()
    }  # fmt: skip
    ranked = sorted(merits, key=lambda source: (-merits[source], source))
    if owner is None and merits[ranked[0]] < ENOUGH:
        return Guess(None, (_unknown(path),))
    source, questions = ranked[0], []
    if owner is None:
        rivals = [other for other in ranked[1:4] if merits[source] - merits[other] < CLEAR]
        questions.append(_which_source(path, source, rivals))
    contract = load(source)
    pairs = _as_told(found[source], chosen[source], headings, section)
    taken = {pair.place for pair in pairs}
    filled = {pair.column for pair in pairs} | set(section.columns)
    left = {
        headings[place]: tuple(
            pair
            for pair in found[source]
            if pair.place == place and pair.column not in filled and pair.score >= POSSIBLE
        )[:3]
        for place in headings
        if place not in taken
    }
    columns = {column.name: column for column in contract.columns}
    words = {
        pair.column: vocabulary.of_column(columns[pair.column], looks[pair.place])
        for pair in pairs
        if columns[pair.column].kind == "enum"
    }
    questions += [
        _lacking(path, contract, column.name)
        for column in contract.columns
        if column.must_exist and column.name not in filled
    ]
    return Guess(
        source=source,
        questions=tuple(questions),
        headings=headings,
        pairs=tuple(pairs),
        open={heading: each for heading, each in left.items() if each},
        unlike=tuple(heading for heading, each in left.items() if not each and fold(heading)),
        words={name: each for name, each in words.items() if each.meant or each.unclear or each.hidden},
        units=tuple(
            pair.column
            for pair in pairs
            if columns[pair.column].kind == "money" and re.search("万元?", headings[pair.place])
        ),
        encoding=None if glance.encoding in (None, *_UNICODE) else glance.encoding,
        as_of=day_in(path.name),
    )


def named(contract: Contract, name: str) -> float:
    """How much a file's name speaks for a source: by its aliases in Chinese, their pinyin or its initials, or its id."""
    word = fold(name)
    tokens = re.findall(r"[a-z]+", word)
    best = 0.0
    for alias in (*contract.aliases, contract.title_zh):
        if fold(alias) in word:
            best = max(best, 1.3 + 0.1 * len(alias))
        short, whole = likeness.initials(alias), likeness.spoken(alias)
        if whole in tokens:
            best = max(best, 1.5)
        if short in tokens:
            best = max(best, 0.5 + 0.2 * len(short))
    if contract.id.removesuffix("s") in word:
        best = max(best, 1.6)
    return best


def day_in(name: str) -> dt.date | None:
    """The day, or the last day of the month, that a file's name ends a period with; None where it names none.

    >>> day_in("jdc_20241231.csv"), day_in("婚姻2024年11月.xlsx"), day_in("b1.csv")
    (datetime.date(2024, 12, 31), datetime.date(2024, 11, 30), None)
    """
    days = []
    for year, month, day in re.findall(r"(?<!\d)(20\d\d)[-_.年]?(\d{1,2})(?:[-_.月]?(\d{1,2}))?(?:日|(?!\d))", name):
        try:
            days.append(
                dt.date(int(year), int(month), int(day) if day else calendar.monthrange(int(year), int(month))[1])
            )
        except (ValueError, calendar.IllegalMonthError):
            continue
    return max(days, default=None)


def _merit(contract: Contract, pairs: Iterable[Pair]) -> float:
    """What the pairs say for the source: columns that few contracts have count most, a column that must be there and
    is not against it."""
    pairs = list(pairs)
    filled = {pair.column for pair in pairs}
    lacking = sum(column.must_exist and column.name not in filled for column in contract.columns)
    return sum(_weight(contract, pair.column) * pair.score for pair in pairs) - _MISSING * lacking


def _weight(contract: Contract, column: str) -> float:
    if column in _SHARED:
        return _SHARED_WEIGHT
    if contract.parties and column.split("_")[0] in contract.parties:
        return 0.5
    return 1 / math.sqrt(_owners()[column])


def _as_told(found: list[Pair], chosen: list[Pair], headings: Mapping[str, str], section: Section) -> list[Pair]:
    """The pairs that were chosen, where feeds.toml has not already said otherwise."""
    told = {fold(heading) for heading in section.columns.values()}
    return [
        pair for pair in chosen if pair.column not in section.columns and fold(headings[pair.place]) not in told
    ]  # fmt: skip


def _assigned(contract: Contract, found: list[Pair], section: Section) -> list[Pair]:
    """The pairs that are best together; a column that must be there and has none takes the one heading left, if it is one."""
    pairs = pairing.assigned(found)
    taken, filled = {pair.place for pair in pairs}, {pair.column for pair in pairs} | set(section.columns)
    for column in contract.columns:
        if column.must_exist and column.name not in filled:
            might = [pair for pair in found if pair.column == column.name and pair.place not in taken]
            might = [pair for pair in might if pair.score >= POSSIBLE]
            if len(might) == 1:
                pairs.append(might[0])
                taken.add(might[0].place)
    return pairs


@cache
def _owners() -> Counter[str]:
    return Counter(column.name for contract in all_contracts() for column in contract.columns)


@cache
def _every_heading() -> frozenset[str]:
    return frozenset(word for contract in all_contracts() for word in contract.headings())


def _no_header(path: Path) -> Question:
    return (
        f"{path.name}：第一行不像表头，不能按位置对应各列；请在第一行补上列名",
        f"{path.name}: its first row does not look like headings, and columns are never mapped by position; add a header",
    )


def _unknown(path: Path) -> Question:
    return (
        f"{path.name}：看不出是哪个部门的数据；请写明它属于哪个来源（matcher sources 列出全部来源）",
        f"{path.name}: nothing tells which source it is; write a section for it (`matcher sources` lists them)",
    )


def _which_source(path: Path, source: str, rivals: Sequence[str]) -> Question:
    zh, en = load(source).title_zh, source
    if not rivals:
        return f"{path.name}：像是“{zh}”，请确认", f"{path.name}: it seems to be {en}; confirm"
    return (
        f"{path.name}：像是“{zh}”，也可能是{'、'.join(load(other).title_zh for other in rivals)}；请确认",
        f"{path.name}: it seems to be {en}, but could be {', '.join(rivals)}; confirm",
    )


def _lacking(path: Path, contract: Contract, column: str) -> Question:
    return (
        f"{path.name}：没有找到必需的列 {column}；请在 [{contract.id}.columns] 中写明对应的列名",
        f"{path.name}: the column {column}, which must be there, was not found; name it under [{contract.id}.columns]",
    )
