"""databases.toml: what it may say, where it may lie, and that no secret is in it or comes out of it."""

from __future__ import annotations

import pickle
import re
from pathlib import Path

import pytest

from matcher.errors import InputRefused, MatcherError, UsageError
from matcher.sources.delivery import file_hashes, open_folder

URL_ENV, URL = "TEST_VEHICLES_URL", "postgresql://asker:Geheim-7391@db.example/register"
GOOD = f'[vehicles]\nurl_env = "{URL_ENV}"\nquery = "SELECT name FROM v"\n'


@pytest.fixture(autouse=True)
def _url(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(URL_ENV, URL)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


def refused(folder: Path, text: str) -> str:
    path = folder.parent / "databases.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(MatcherError) as caught:
        open_folder(folder, path)
    assert "Geheim" not in str(caught.value)
    return str(caught.value)


def test_a_query_is_a_feed_and_its_url_is_no_part_of_it(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "databases.toml"
    said = 'as_of = 2024-12-31\ncomplete = true\n[vehicles.columns]\nname = "xm"\n[vehicles.units]\nvalue_yuan = "万元"\n'
    path.write_text(GOOD + said, encoding="utf-8")
    delivery = open_folder(folder, path)
    feed = delivery.feeds["vehicles"]
    assert feed.query is not None
    assert (feed.files, feed.name, feed.complete, str(feed.as_of)) == ((), "sql:vehicles", True, "2024-12-31")
    assert (feed.columns, feed.units) == ({"name": "xm"}, {"value_yuan": 10_000})
    assert list(file_hashes(delivery)) == ["sql:vehicles"]
    assert b"Geheim" not in pickle.dumps(feed)
    asked = feed.query.with_url()
    assert asked.url == URL.replace("postgresql:", "postgresql+psycopg:")
    assert "Geheim" not in repr(asked)


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ('[cars]\nurl_env = "A"\nquery = "SELECT 1"', "is no source"),
        ("vehicles = 3", "is no section"),
        ('[vehicles]\nurl = "postgresql://a:Geheim-7391@b/c"', "holds url.*environment variable"),
        ('[vehicles]\npassword = "Geheim-7391"', "holds password"),
        ('[vehicles]\nfiles = ["a.csv"]', "holds files"),
        ('[vehicles]\nurl_env = "postgresql://a:Geheim-7391@b/c"\nquery = "SELECT 1"', "no name of an environment"),
        ('[vehicles]\nquery = "SELECT 1"', "no name of an environment"),
        ('[vehicles]\nurl_env = "A"', "`query` is no text"),
        ('[vehicles]\nurl_env = "A"\nquery = "SELECT 1; DELETE FROM v"', "semicolon"),
        ('[vehicles]\nurl_env = "A"\nquery = "DELETE FROM v"', "is no SELECT"),
        ('[vehicles]\nurl_env = "A"\nquery = "/*M! DELETE FROM v */ SELECT 1"', "is no SELECT"),
        ('[vehicles]\nurl_env = "A"\nquery = "selected"', "is no SELECT"),
        ('[vehicles]\nurl_env = "A"\nquery = "SELECT 1"\n[vehicles.columns]\nwheels = "a"', "unknown columns"),
        ("[vehicles", "not TOML"),
        (GOOD.replace(URL_ENV, "TEST_NOWHERE"), "TEST_NOWHERE is not set"),
    ],
)
def test_what_cannot_be_meant_is_refused(folder: Path, section: str, said: str) -> None:
    message = refused(folder, section)
    assert "databases.toml" in message
    assert re.search(said, message)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("sqlite:///Geheim.db", "begins with sqlite://"),
        ("oracle+cx_oracle://a:Geheim-7391@b", "begins with oracle+cx_oracle://"),
        ("Geheim-7391", "holds no URL"),
        ("postgresql+asyncpg://a:Geheim-7391@b/c", "begins with postgresql+asyncpg://"),
    ],
)
def test_only_two_databases_are_asked(folder: Path, url: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(URL_ENV, url)
    assert said in refused(folder, GOOD)


@pytest.mark.parametrize(
    "query", ["SELECT 1;", " \n(select 1)", "-- 车辆\nWITH a AS (SELECT 1) SELECT * FROM a", "/* a */SELECT 1"]
)
def test_a_single_select_is_taken_in_any_dress(folder: Path, tmp_path: Path, query: str) -> None:
    path = tmp_path / "databases.toml"
    path.write_text(f"[vehicles]\nurl_env = '{URL_ENV}'\nquery = '''{query}'''", encoding="utf-8")
    found = open_folder(folder, path).feeds["vehicles"].query
    assert found is not None
    assert not found.text.endswith(";")


def test_a_department_can_bring_no_query(folder: Path, tmp_path: Path) -> None:
    inside = folder / "databases.toml"
    inside.write_text(GOOD, encoding="utf-8")
    with pytest.raises(InputRefused, match="lies in the folder of feeds"):
        open_folder(folder, inside)
    link = tmp_path / "link.toml"
    link.symlink_to(inside)
    with pytest.raises(InputRefused, match="lies in the folder of feeds"):
        open_folder(folder, link)
    out = tmp_path / "out.toml"
    out.write_text(GOOD, encoding="utf-8")
    (folder / "in.toml").symlink_to(out)
    with pytest.raises(InputRefused, match="lies in the folder of feeds"):
        open_folder(folder, folder / "in.toml")
    with pytest.raises(InputRefused, match="no such file"):
        open_folder(folder, tmp_path / "nowhere.toml")
    (folder / "feeds.toml").write_text(GOOD, encoding="utf-8")
    with pytest.raises(InputRefused, match=r"feeds.toml: \[vehicles\] holds query, url_env"):
        open_folder(folder)


def test_a_source_comes_from_one_place(folder: Path) -> None:
    (folder / "vehicles_2024.csv").write_text("姓名\n张伟\n", encoding="utf-8")
    assert "[vehicles] is a query, and the folder holds vehicles_2024.csv" in refused(folder, GOOD)


def test_a_missing_url_is_a_wrong_call(folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "databases.toml"
    path.write_text(GOOD, encoding="utf-8")
    monkeypatch.delenv(URL_ENV)
    with pytest.raises(UsageError, match=URL_ENV):
        open_folder(folder, path)
