"""How contracts are shown: the pages of docs/ are up to date, and a filled template is a feed without a fault."""

from __future__ import annotations

import csv
import json
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import get_args

import pytest
from typer.testing import CliRunner, Result

from matcher.cli import app
from matcher.errors import UsageError
from matcher.sources import catalogue, contract, feeds, reference, values
from matcher.sources.checks import NULLED, SET_ASIDE
from matcher.sources.chunking import HEADER_AGAIN
from matcher.sources.delivery import Feed

DOCS = Path(__file__).parents[3] / "docs"
LANGUAGES = ("zh", "en")


@cache
def page(language: str) -> str:
    return reference.page(language)


def matcher(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


@pytest.mark.parametrize(("name", "language"), [("sources.md", "en"), ("sources.zh.md", "zh")])
def test_the_page_in_docs_is_what_the_contracts_say(name: str, language: str) -> None:
    written = (DOCS / name).read_text(encoding="utf-8")
    again = f"rm docs/{name}; matcher sources --markdown --lang {language} --out docs/{name}"
    assert written == page(language), f"docs/{name} is out of date; write it again: {again}"


def test_every_word_of_the_contracts_has_its_name() -> None:
    assert set(catalogue.KINDS) == set(get_args(contract.Kind))
    assert set(catalogue.UNITS) == set(get_args(contract.Unit))
    assert set(catalogue.MARKS) == set(get_args(contract.Sensitivity))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("source", contract.source_ids())
def test_a_source_tells_all_of_itself(source: str, language: str) -> None:
    described = contract.load(source)
    for shown in (catalogue.text(described, language), page(language)):
        assert described.title_zh in shown
        for column in described.columns:
            assert column.name in shown
            assert all(value in shown for value in catalogue.words(column))
            assert all(heading in shown for heading in column.headers)
    facts = catalogue.facts(described)
    assert json.loads(json.dumps(facts)) == facts
    assert [column["name"] for column in facts["columns"]] == described.schema().names()


@pytest.mark.parametrize(
    ("column", "zh", "en"),
    [
        (contract.Column("c", "text"), "按空值处理并计数", "is made empty and counted"),
        (contract.Column("c", "name"), "原样保留", "is kept as it stands"),
        (contract.Column("c", "date", on_error="reject"), "该行剔出", "sets its row aside"),
        (contract.Column("c", "text", never_null=True), "该行剔出，空值亦然", "sets its row aside, and so does an empty one"),
        (contract.Column("c", "text", never_null=True, on_error="refuse"), "整份数据退回", "refuses the whole feed"),
    ],
)  # fmt: skip
def test_the_fate_of_a_value_in_words(column: contract.Column, zh: str, en: str) -> None:
    assert (catalogue.fate(column, "zh"), catalogue.fate(column, "en")) == (zh, en)


@pytest.mark.parametrize("source", contract.source_ids())
def test_a_filled_template_is_a_feed_without_a_fault(source: str, tmp_path: Path) -> None:
    described = contract.load(source)
    empty = catalogue.template(described)
    assert empty.startswith(b"\xef\xbb\xbf")
    assert empty.endswith(b"\r\n")
    assert empty.count(b"\n") == 1
    file = tmp_path / f"{source}.csv"
    examples = {column.name: catalogue.example(column) for column in described.columns}
    keys = {column.name for column in described.columns if column.must_exist or column.never_null}
    with file.open("wb") as written:
        written.write(empty)
    with file.open("a", encoding="utf-8", newline="") as written:
        rows = csv.writer(written, lineterminator="\r\n")
        rows.writerow(examples.values())  # a row that is full, and one for each column that is filled beside the keys
        rows.writerows([v if n == name or n in keys else "" for n, v in examples.items()] for name in examples)
    chunk = feeds.read_all(Feed(source, described, (file,)))
    assert (chunk.rows_in, len(chunk.frame), len(chunk.rejects)) == (len(examples) + 1, len(examples) + 1, 0)
    assert not chunk.nulled
    for column in described.columns:
        filled = chunk.frame.get_column(column.name)
        assert filled[0] is not None, column.name
        assert filled.null_count() == (0 if column.name in keys else len(examples) - 1), column.name


def test_units_in_headings_are_read_as_units(tmp_path: Path) -> None:
    file = tmp_path / "aid.csv"
    described = contract.load("aid")
    file.write_bytes(catalogue.template(described))
    assert "金额（元/月）" in feeds.headings(file, Feed("aid", described, (file,)))
    with file.open("a", encoding="utf-8", newline="") as written:
        named = {"name": "张示例", "programme": "DIBAO", "amount_yuan": "650", "start_month": "202403"}
        csv.writer(written).writerow([named.get(column.name, "") for column in described.columns])
    row = feeds.read_all(Feed("aid", described, (file,))).frame.row(0, named=True)
    assert (row["amount_yuan"], row["start_month"]) == (Decimal("650.00"), date(2024, 3, 1))


def test_the_command(tmp_path: Path) -> None:
    out = tmp_path / "vehicles.csv"
    assert matcher("sources", "vehicles", "--template", "csv").stdout_bytes == catalogue.template(
        contract.load("vehicles")
    )
    assert matcher("sources", "vehicles", "--template", "csv", "--out", str(out)).exit_code == 0
    assert out.read_bytes() == catalogue.template(contract.load("vehicles"))
    again = matcher("sources", "vehicles", "--template", "csv", "--out", str(out))
    assert isinstance(again.exception, UsageError)  # it may have been filled
    assert json.loads(matcher("sources", "aid", "--json").stdout) == catalogue.facts(contract.load("aid"))
    assert [each["id"] for each in json.loads(matcher("sources", "--json").stdout)] == list(contract.source_ids())


@pytest.mark.parametrize(
    "words",
    [
        ("--template", "csv"), ("vehicles", "--template", "xlsx"), ("vehicles", "--markdown"), ("cars", "--template", "csv"),
        ("--markdown", "--json"), ("--out", "list.txt"),
    ],
)  # fmt: skip
def test_a_wrong_call_is_told(words: tuple[str, ...]) -> None:
    assert isinstance(matcher("sources", *words).exception, UsageError)


GUIDE = (DOCS / "departments.zh.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "word",
    [
        *(f"`UNREADABLE_{kind.upper()}`" for kind in ("date", "month", "money", "integer", "decimal", "enum", "id_number", "text")),
        "`MISSING_KEY`", "_FIELDS_OF_", f"`{HEADER_AGAIN}`", f"`{NULLED}`", f"`{SET_ASIDE}`", "FULL", "`UPSERT`", "`DELETE`",
        "`RECORD`", "`NO_RECORD`", "`NO_ANSWER`", *(f"| Q{number:02}" for number in range(1, 11)),
    ],
)  # fmt: skip
def test_the_guide_for_departments_explains_every_word(word: str) -> None:
    assert word.replace("FULL", "FULL") in GUIDE


@pytest.mark.parametrize("said", ["2024-03-14", "20240314", "2024/3/14", "2024年3月14日"])
def test_dates_are_read_as_the_guide_says(said: str) -> None:
    assert said in GUIDE
    assert values.date(said) == "2024-03-14"
