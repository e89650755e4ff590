"""The catalogue of error codes: closed, in both languages, and printed as it is in the repository."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import api.app  # noqa: F401  whoever answers defines refusals of its own
from api.domain import errors
from api.domain.errors import Refused, UserErrorCode, refusals
from api.schema.catalogue import LANGUAGES, printed

DOCS = Path(__file__).parents[3] / "docs"
CHINESE = re.compile(r"[一-鿿]")


@pytest.mark.parametrize(("language", "name"), [("en", "errors.md"), ("zh", "errors.zh.md")])
def test_the_page_stands_as_it_is_printed(language: str, name: str) -> None:
    page = (DOCS / name).read_text(encoding="utf-8")
    assert page == printed(language), f"run: jiekun errors --language {language} > docs/{name}"


def everywhere(kind: type[Refused] = Refused) -> list[type[Refused]]:
    return [each for below in kind.__subclasses__() for each in (below, *everywhere(below))]


def test_every_code_stands_on_one_page_and_is_one_kind_s() -> None:
    codes = [each.code for each in refusals()]
    assert len(set(codes)) == len(codes) > 10
    assert {each.__module__ for each in refusals()} == {errors.__name__}


def test_whatever_is_refused_anywhere_has_a_status_of_its_code() -> None:
    statuses = {each.code: {each.status, *each.also} for each in refusals()}
    for each in everywhere():
        assert each.status in statuses[each.code], f"{each.__name__}: {each.status}"


@pytest.mark.parametrize("kind", [*refusals()], ids=lambda kind: kind.code)
def test_a_code_says_what_it_means_and_what_to_do_in_both_languages(kind: type[Refused]) -> None:
    assert re.fullmatch(r"[A-Z]+(_[A-Z]+)*", kind.code)
    for chinese in (kind.zh, kind.advice_zh):
        assert CHINESE.search(chinese), chinese
        assert chinese.endswith("。"), chinese
    for english in (kind.en, kind.advice_en):
        assert english.endswith("."), english
        assert not CHINESE.search(english), english


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_has_every_code(language: str) -> None:
    listed = set(re.findall(r"^\| `([A-Z_]+)` \|", printed(language), re.M))
    assert listed == {each.code for each in refusals()} | set(UserErrorCode)
