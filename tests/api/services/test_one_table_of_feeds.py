"""One table of two hundred files, four doors (F-36): what a file comes to is the same by upload, import, `matcher validate` and library.

The table is that of the library's own test, of which every state of ten forms is taken: half of them on each database.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sqlalchemy import select

from api import intake
from api.database import reading
from api.matching import MatcherError, folders
from api.models import Upload
from api.services import registers
from matcher.quality import run
from tests.api.conftest import Service
from tests.api.sending import Parcel, announce, asked, tus
from tests.matcher.sources import nasty
from tests.matcher.sources.test_nasty import EXPECTED, outcome

FORMS = [*nasty.FORMS][:10]
CASES = [(name, state, content) for name, state, content in nasty.corpus() if name in FORMS]
REGISTER = {
    "households.csv": "household_id,division_code\nH1,410502\n",
    "members.csv": "person_id,household_id,name,relation\nP1,H1,王小明,HEAD\n",
}


def told(source: dict[str, Any], rejects: Path) -> str:
    """What quality.json says of a feed, in the table's words."""
    if (refused := source["refused"]) is not None:
        return f"refused: {refused['what']}" + (f" [row {refused['row']}]" if refused["row"] else "")
    return in_words(source["rows_in"], source["accepted"], rejects)


def in_words(rows_in: int, accepted: int, rejects: Path) -> str:
    reasons = Counter(pl.read_parquet(rejects)["reason"])
    return f"{rows_in} in, {accepted} accepted" + "".join(
        f", {count} {why}" for why, count in sorted(reasons.items())
    )


def by_validate(folder: Path, out: Path) -> str:
    """What `matcher validate` finds; a folder that it does not open is refused as a whole."""
    try:
        content = run.validate(run.Request(folder, out, dt.date(2025, 1, 31), ("vehicles",)))
    except MatcherError as why:
        return f"refused: {getattr(why, 'what', why)}"
    return told(content["sources"][0], out / run.REJECTED)


async def by_upload(service: Service, name: str, content: bytes, number: int) -> str:
    """What the receipt says, or the refusal; an empty file is none that could be announced."""
    parcel = Parcel(content, name=name, batch=f"F36-{number}")
    begun = await announce(service, parcel)
    if not content:
        assert [each["path"] for each in begun["userErrors"]] == [["input", "size"]]
        return "refused: the file is empty"
    upload = begun["upload"]
    assert (await tus(service, "PATCH", upload["url"], content, Upload_Offset="0")).status_code == 204
    await service.work()
    found = await asked(service, upload["id"])
    if (refused := found["refusal"]) is not None:
        assert (found["state"], found["receipt"]["outcome"]) == ("REFUSED", "REFUSED")
        return f"refused: {refused['message']}" + (f" [row {refused['row']}]" if refused["row"] else "")
    receipt = found["receipt"]
    rows_in, accepted, aside = (int(receipt[name]) for name in ("rowsIn", "rowsAccepted", "rowsSetAside"))
    assert rows_in == accepted + aside
    async with reading(service.engine) as connection:
        folder = await connection.scalar(select(Upload.folder).where(Upload.batch == f"F36-{number}"))
    return in_words(rows_in, accepted, service.data_dir / str(folder) / "quality" / run.REJECTED)


async def by_import(service: Service, folder: Path, out: Path) -> str:
    """What a scan reads of the feed that `jiekun import` took over; or why it did not."""
    try:
        await intake.take_over(service.engine, service.vault, folder, service.data_dir, "410502", service.now())
    except MatcherError as why:
        return f"refused: {getattr(why, 'what', why)}" + (
            f" [row {row}]" if (row := getattr(why, "row", None)) else ""
        )
    async with reading(service.engine) as connection:
        sent = folders.in_use(await registers.came(connection, service.data_dir, "vehicles"))
    out.mkdir()
    folders.lay_out(out, folders.Layout({}, sent, None), folders.link)
    (laid,) = [path for path in out.iterdir() if path.name.startswith("vehicles-0")]
    content = laid.read_bytes()
    laid.unlink()
    return outcome(out, laid.name, content)


def test_the_table_has_two_hundred_rows() -> None:
    assert len(CASES) >= 200
    assert {(name, state) for name, state, _ in CASES} <= EXPECTED.keys()


@pytest.mark.parametrize("form", FORMS)
async def test_f_36_a_file_comes_to_the_same_by_every_door(service: Service, tmp_path: Path, form: str) -> None:
    half = 0 if service.engine.dialect.name == "sqlite" else 1
    some = [(state, content) for name, state, content in CASES if name == form][half::2]
    for number, (state, content) in enumerate(some):
        folder = tmp_path / f"in-{number}"
        folder.mkdir()
        (folder / form).write_bytes(content)
        expected = EXPECTED[form, state]
        found = {
            "validate": by_validate(folder, tmp_path / f"out-{number}"),
            "upload": await by_upload(service, form, content, number),
        }
        for name, text in REGISTER.items():
            (folder / name).write_text(text, encoding="utf-8")
        found["import"] = await by_import(service, folder, tmp_path / f"laid-{number}")
        assert found == dict.fromkeys(found, expected), state
