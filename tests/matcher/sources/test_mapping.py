"""feeds.toml: every slip is refused with its section and key, and what it says reaches the feed."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from matcher.errors import InputRefused
from matcher.sources import feeds, mapping
from matcher.sources.delivery import open_folder


def written(folder: Path, content: str) -> Path:
    (folder / "vehicles.csv").write_text("姓名,车牌号\n张伟,豫E1\n", encoding="utf-8")
    path = folder / mapping.MAPPING_FILE
    path.write_text(content, encoding="utf-8")
    return path


def test_no_file_says_nothing(tmp_path: Path) -> None:
    assert mapping.read(tmp_path / mapping.MAPPING_FILE) == {}


def test_everything_that_may_be_said(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        '\ufeff[vehicles]\nfiles = "jdc*.csv"\nencoding = "gbk"\nas_of = 2024-12-31T08:00:00\ncomplete = true\n'
        "answers_due = 2025-01-15\n"
        '[vehicles.columns]\nplate = "hp"\n[vehicles.values]\nstatus = { "好" = "ACTIVE" }\n[vehicles.units]\nvalue_yuan = "万元"\n'
        '[aid]\nas_of = "2024-11-30"\n[aid.values.programme]\n"老低保" = "DIBAO"\n',
    )
    assert mapping.read(path) == {
        "vehicles": mapping.Section(
            files=("jdc*.csv",),
            encoding="gbk",
            as_of=dt.date(2024, 12, 31),
            complete=True,
            answers_due=dt.date(2025, 1, 15),
            columns={"plate": "hp"},
            values={"status": {"好": "ACTIVE"}},
            units={"value_yuan": 10_000},
        ),
        "aid": mapping.Section(as_of=dt.date(2024, 11, 30), values={"programme": {"老低保": "DIBAO"}}),
    }


@pytest.mark.parametrize(
    ("content", "match"),
    [
        ("[cars]\n", r"\[cars\] is no source"),
        ("vehicles = 1\n", r"\[vehicles\] is no section"),
        ("[vehicles]\ncolour = 1\n", "holds colour"),
        ("[vehicles]\nas_of = 'soon'\n", "as_of"),
        ("[vehicles]\nanswers_due = 'in January'\n", "`answers_due` is no date"),
        ("[vehicles]\ncomplete = 'yes'\n", "complete"),
        ("[vehicles]\nencoding = 5\n", "`encoding` is no text"),
        ("[vehicles]\nencoding = 'hex'\n", "no text encoding"),
        ("[vehicles]\nencoding = 'klingon'\n", "no text encoding"),
        ("[vehicles]\nfiles = 5\n", "`files` is no list"),
        ("[vehicles]\nfiles = [5]\n", "`files` is no list"),
        ("[vehicles]\nfiles = ['../secret.csv']\n", "leaves the folder"),
        ("[vehicles]\nfiles = ['/etc/passwd']\n", "leaves the folder"),
        ("[vehicles]\nfiles = ['none*.csv']\n", "no file is called"),
        ("[vehicles]\nfiles = ['feeds.toml']\n", "no file is called"),
        ("[vehicles]\ncolumns = 'x'\n", "unknown columns"),
        ("[vehicles.columns]\ncolour = 'x'\n", "unknown columns"),
        ("[vehicles.columns]\nplate = 5\n", r"`columns.plate` is no text"),
        ("[vehicles.columns]\nplate = 'x'\n", "no heading of the file"),
        ("[vehicles.values.status]\n'好' = 'FINE'\n", "no value of status"),
        ("[vehicles.values]\nstatus = 'ACTIVE'\n", "no value of status"),
        ("[vehicles.values.plate]\n'豫' = 'E'\n", "plate is no enumeration"),
        ("[vehicles.units]\nvalue_yuan = '两'\n", "unknown unit"),
        ("[vehicles.units]\nvalue_yuan = ['元']\n", "unknown unit"),
        ("[vehicles.units]\nplate = '元'\n", "plate is no money"),
        ("[finance]\nas_of = 2024-01-01\n", "no file of the folder"),
        ("vehicles = [", "not TOML"),
    ],
)
def test_a_wrong_mapping_is_refused_with_its_place(tmp_path: Path, content: str, match: str) -> None:
    written(tmp_path, content)
    with pytest.raises(InputRefused, match=match):
        list(feeds.chunks(open_folder(tmp_path).feeds["vehicles"], 10))


def test_a_mapping_outside_the_folder_is_refused(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / mapping.MAPPING_FILE).symlink_to(written(tmp_path, ""))
    with pytest.raises(InputRefused, match="symbolic link"):
        open_folder(inside)
