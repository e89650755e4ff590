"""A section of feeds.toml as text: what a person has said as it stands, what was guessed with the reason beside it."""

from __future__ import annotations

import glob
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from matcher.sources.contract import load
from matcher.sources.delivery import source_of
from matcher.sources.mapping import Section
from matcher.suggesting import appearance, likeness
from matcher.suggesting.guessing import Guess

DOUBTFUL = 0.86
"""Below this score a line says that it may well be wrong."""

_UNIT_NAMES = {1: "元", 10_000: "万元"}


def section(source: str, said: Section, guesses: Sequence[tuple[Path, Guess]]) -> str:
    """The whole section of a source, as TOML."""
    guess = guesses[0][1] if guesses else Guess(source, ())
    return "\n".join(
        [*_head(source, said, guesses), *_columns(source, said, guess), *_words(source, said, guess), ""]
    )


def commented(text: str) -> str:
    """The same text, of which nothing counts."""
    return "\n".join(f"# {line}" if line and not line.startswith("#") else line for line in text.split("\n"))


def _head(source: str, said: Section, guesses: Sequence[tuple[Path, Guess]]) -> Iterator[str]:
    yield f"[{source}]  # {load(source).title_zh}"
    files = list(said.files)
    if not files and any(source_of(path.name) != source for path, _ in guesses):
        files = [glob.escape(path.name) for path, _ in guesses]
    if files:
        yield f"files = [{', '.join(map(_text, files))}]"
    encodings = {guess.encoding for _, guess in guesses} - {None}
    if said.encoding or len(encodings) == 1:
        yield f"encoding = {_text(said.encoding or str(encodings.pop()))}" + (
            "" if said.encoding else "  # 依据: 由内容检测"
        )
    day = max((guess.as_of for _, guess in guesses if guess.as_of), default=None)
    if said.as_of:
        yield f"as_of = {said.as_of}"
    else:
        yield f"# as_of = {day or 'YYYY-MM-DD'}  # 数据截止日期，须由人填写" + ("；此处由文件名推测" if day else "")
    yield (
        "complete = true"
        if said.complete
        else "complete = false  # 全量数据才可改为 true：那时查不到即为没有 (true only for a full extract)"
    )
    if said.answers_due:
        yield f"answers_due = {said.answers_due}"
    if said.departments:
        yield f"departments = [{', '.join(map(_text, said.departments))}]"


def _columns(source: str, said: Section, guess: Guess) -> Iterator[str]:
    yield ""
    yield f"[{source}.columns]"
    for column, heading in said.columns.items():
        yield f"{column} = {_text(heading)}"
    for pair in guess.pairs:
        doubt = "；把握不大，请细看" if pair.score < DOUBTFUL else ""
        yield f"{pair.column} = {_text(guess.headings[pair.place])}  # 依据: {pair.why}{doubt}"
    for heading, pairs in guess.open.items():
        if likeness.ends_like_a_heading(heading) or not appearance.personal(heading):
            maybe = "、".join(f"{pair.column} ({pair.score:.2f})" for pair in pairs)
            yield f"# ??? = {_text(heading)}  # 可能是 {maybe}"
    for heading in guess.unlike:
        if likeness.ends_like_a_heading(heading) or not appearance.personal(heading):
            yield f"# ??? = {_text(heading)}  # 没有相近的列，不会读取 (like no column, and not read)"
    units = {column: _UNIT_NAMES[unit] for column, unit in said.units.items()}
    guessed = {column: "万元" for column in guess.units if column not in units}
    if units | guessed:
        yield ""
        yield f"[{source}.units]"
        yield from (f"{column} = {_text(unit)}" for column, unit in units.items())
        yield from (f"{column} = {_text(unit)}  # 依据: 标题中写有万元" for column, unit in guessed.items())


def _words(source: str, said: Section, guess: Guess) -> Iterator[str]:
    for column in dict.fromkeys([*said.values, *guess.words]):
        told = said.values.get(column, {})
        words = guess.words.get(column)
        meant = {word: value for word, value in words.meant.items() if word not in told} if words else {}
        unclear = [word for word in words.unclear if word not in told] if words else []
        if not told and not meant and not unclear:
            continue
        yield ""
        yield f"[{source}.values.{column}]"
        yield from (f"{_text(word)} = {_text(value)}" for word, value in told.items())
        yield from (f"{_text(word)} = {_text(value)}  # 依据: 词语相近" for word, value in sorted(meant.items()))
        values = " ".join(dict.fromkeys(_column_values(source, column).values()))
        yield from (f"# ??? {_text(word)} =  # 可选 {values}" for word in unclear)


def _column_values(source: str, name: str) -> Mapping[str, str]:
    return next(column.values for column in load(source).columns if column.name == name)


def _text(word: str) -> str:
    return json.dumps(word, ensure_ascii=False).replace("\x7f", "\\u007f")
