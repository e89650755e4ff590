"""Any two tables linked, one table grouped, a model trained: on files, as a user has them."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from matcher import joins
from matcher.engines.workspace import Workspace
from matcher.errors import InputRefused, UsageError
from matcher.scoring import model as models

FIRST = [
    "anna",
    "peter",
    "maria",
    "john",
    "lucy",
    "mark",
    "helen",
    "paul",
    "clara",
    "hugo",
    "nina",
    "oscar",
    "irene",
    "felix",
    "rosa",
    "simon",
    "greta",
    "leo",
    "vera",
    "otto",
]
LAST = [
    "smith",
    "jones",
    "brown",
    "taylor",
    "davis",
    "miller",
    "wilson",
    "moore",
    "clark",
    "lewis",
    "walker",
    "young",
    "king",
    "wright",
    "hill",
    "green",
    "adams",
    "baker",
]
PLAN = """
version = "people"
[ids]
left = "id"
right = "id"
[fields.first]
kind = "text"
frequency = true
[fields.last]
kind = "text"
frequency = true
[fields.born]
kind = "written_date"
[fields.phone]
kind = "digits"
[[blocks]]
keys = "last.soundex & born.year"
[[blocks]]
keys = "phone"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two tables of 600 people, of whom 400 stand in both, the second damaged."""
    place, rng = tmp_path_factory.mktemp("tables"), random.Random(4)
    people = [
        {
            "id": f"p{n}",
            "first": rng.choice(FIRST),
            "last": rng.choice(LAST),
            "born": f"{rng.randint(1930, 2005)}{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}",
            "phone": str(rng.randint(10**8, 10**9)),
        }
        for n in range(800)
    ]
    damaged = []
    for person in people[200:]:
        copy = {**person, "id": f"c{person['id'][1:]}"}
        if rng.random() < 0.2:
            copy["first"] = copy["first"][:-1] + "x"
        if rng.random() < 0.1:
            copy["phone"] = str(rng.randint(10**8, 10**9))
        damaged.append(copy)
    pl.DataFrame(people[:600]).write_csv(place / "left.csv")
    pl.DataFrame(damaged).write_parquet(place / "right.parquet")
    pl.concat([pl.DataFrame(people[:600]), pl.DataFrame(damaged)]).sample(fraction=1, shuffle=True, seed=1).write_csv(
        place / "both.csv"
    )
    (place / "plan.toml").write_text(PLAN, encoding="utf-8")
    return place


def linked(folder: Path, **how: object) -> tuple[dict[str, object], pl.DataFrame]:
    out = folder / f"links-{len(list(folder.iterdir()))}.parquet"
    request = joins.LinkRequest(folder / "left.csv", folder / "right.parquet", out, folder / "plan.toml", **how)  # type: ignore[arg-type]
    return joins.link(request), pl.read_parquet(out)


def right(pairs: pl.DataFrame) -> int:
    return int((pairs.get_column("left_id").str.slice(1) == pairs.get_column("right_id").str.slice(1)).sum())


def test_two_tables_are_linked_with_a_model_trained_on_them(folder: Path) -> None:
    report, pairs = linked(folder, train=True)
    sure = pairs.filter(pl.col("decision") == "LINK")
    assert right(sure) >= 390
    assert right(sure) >= 0.99 * len(sure)
    assert report["left"] == report["right_rows"] == 600
    assert set(pairs.schema["levels"].to_schema()) == {"first", "last", "born", "phone"}  # type: ignore[attr-defined]


def test_everybody_has_one_partner_where_that_is_asked(folder: Path) -> None:
    _, pairs = linked(folder, train=True, one_to_one=True)
    assert pairs.get_column("left_id").is_unique().all()
    assert pairs.get_column("right_id").is_unique().all()


def test_a_model_is_trained_once_alike_and_read_back(folder: Path) -> None:
    tables, plan = [folder / "left.csv", folder / "right.parquet"], folder / "plan.toml"
    for name in ("one.json", "two.json"):
        joins.train(tables, plan, folder / name)
    assert (folder / "one.json").read_bytes() == (folder / "two.json").read_bytes()
    _, trained = linked(folder, model=folder / "one.json")
    _, at_once = linked(folder, train=True)
    assert trained.equals(at_once)
    model = models.load(folder / "one.json")
    assert 1e-4 < model.prior < 1e-2  # 400 of 360,000
    assert sum(weight.m for weight in model.weights["first"].values()) == pytest.approx(1, abs=1e-6)
    text = (folder / "one.json").read_text(encoding="utf-8")
    assert not any(name in text for name in ("anna", "walker"))


def test_rows_of_one_table_are_grouped_whatever_their_order(folder: Path) -> None:
    out, plan = folder / "groups.csv", folder / "plan.toml"
    report = joins.dedupe(joins.DedupeRequest(folder / "both.csv", out, plan, train=True))
    groups = pl.read_csv(out)
    assert report["rows"] == len(groups) == 1_200
    sizes = groups.group_by("group_id").agg(people=pl.col("row_id").str.slice(1).n_unique(), rows=pl.len())
    assert (sizes.get_column("people") == 1).mean() > 0.99  # type: ignore[operator]
    assert sizes.filter(pl.col("rows") == 2).height >= 390
    pl.read_csv(folder / "both.csv").sort("born", "id").write_csv(folder / "sorted.csv")
    joins.dedupe(joins.DedupeRequest(folder / "sorted.csv", folder / "again.csv", plan, train=True))
    assert pl.read_csv(folder / "again.csv").equals(groups)


def test_an_interrupted_link_goes_on_and_gives_the_same(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    joins.train([folder / "left.csv", folder / "right.parquet"], folder / "plan.toml", folder / "m.json")
    plan = folder / "small.toml"
    plan.write_text(PLAN.replace('version = "people"', 'version = "people"\nchunk_rows = 50'), encoding="utf-8")
    request = joins.LinkRequest(
        folder / "left.csv", folder / "right.parquet", folder / "r.parquet", plan, folder / "m.json"
    )
    keep = Workspace.keep
    kept: list[object] = []

    def stop_after_four(self: Workspace, *what: object) -> None:
        if len(kept) == 4:
            raise KeyboardInterrupt
        kept.append(what[2])
        keep(self, *what)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(Workspace, "keep", stop_after_four)
        with pytest.raises(KeyboardInterrupt):
            joins.link(request)
    assert not (folder / "r.parquet").exists()
    joins.link(replace(request, resume=True))
    resumed = (folder / "r.parquet").read_bytes()
    joins.link(request)
    assert (folder / "r.parquet").read_bytes() == resumed
    assert kept == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        ({"left": "none.csv"}, InputRefused, "no such file"),
        ({"left": "plan.toml"}, InputRefused, "not read"),
        ({"left": "strange.csv"}, InputRefused, "none of the plan's columns"),
        ({"left": "half.csv"}, InputRefused, "no block of the plan"),
        ({"left": "twice.csv", "train": False, "model": "one.json"}, InputRefused, "same id"),
        ({"train": False}, UsageError, "comes without a model"),
        ({"model": "one.json"}, UsageError, "give one of them"),
        ({"one_to_one": True, "best_match": True}, UsageError, "exclude each other"),
    ],
)
def test_what_cannot_be_linked_is_refused(
    folder: Path, change: dict[str, object], error: type[Exception], says: str
) -> None:
    (folder / "strange.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    (folder / "half.csv").write_text("id,first\n1,anna\n", encoding="utf-8")
    (folder / "twice.csv").write_text("id,phone\n1,123456789\n1,123456780\n", encoding="utf-8")
    given = {
        "left": folder / "left.csv", "right": folder / "right.parquet", "out": folder / "x.parquet",
        "plan": folder / "plan.toml", "train": True,
    }  # fmt: skip
    for name, value in change.items():
        given[name] = folder / value if isinstance(value, str) else value
    with pytest.raises(error, match=says):
        joins.link(joins.LinkRequest(**given))  # type: ignore[arg-type]


def test_the_report_is_plain(folder: Path) -> None:
    report, _ = linked(folder, train=True)
    assert json.loads(json.dumps(report)) == report


def test_keys_that_too_many_rows_bear_are_named_for_each_row_beside_the_output(folder: Path) -> None:
    place = folder / "hot"
    place.mkdir()
    people = [
        {"id": f"p{n}", "first": FIRST[n], "last": LAST[n], "born": "19600101", "phone": "1234567"} for n in range(9)
    ]
    pl.DataFrame(people).write_csv(place / "left.csv")
    plan = place / "plan.toml"
    plan.write_text(PLAN + "cap = 4\n", encoding="utf-8")
    joins.train([folder / "both.csv"], folder / "plan.toml", place / "model.json")
    request = joins.LinkRequest(
        place / "left.csv", place / "left.csv", place / "links.csv", plan, place / "model.json"
    )
    report = joins.link(request)
    flooded = pl.read_parquet(place / "links.flooded.parquet")
    assert flooded.columns == ["left_id", "block", "records"]
    assert flooded.rows() == [(person["id"], "phone", 9) for person in people]
    assert report["flooded"] == 9
    assert report["pairs"] <= report["candidates"] <= report["bound"] == 9 * (1_000 + 4)
    again = joins.dedupe(joins.DedupeRequest(place / "left.csv", place / "links.csv", plan, place / "model.json"))
    assert pl.read_parquet(place / "links.flooded.parquet").columns == ["row_id", "block", "records"]
    assert again["rows"] == 9
    joins.link(replace(request, plan=folder / "plan.toml"))
    assert not (place / "links.flooded.parquet").exists()


def test_a_date_is_read_in_the_form_that_the_plan_gives(tmp_path: Path) -> None:
    for side, first in (("l", "01/02/1980"), ("r", "01/02/1980")):
        people = [
            (f"{side}{row}", f"person {row} smith", first if row == 0 else f"{row % 27 + 1:02}/11/19{row + 20}")
            for row in range(60)
        ]
        pl.DataFrame(people, schema=["id", "name", "born"], orient="row").write_csv(tmp_path / f"{side}.csv")
    plan = """
    version = "dates"
    [ids]
    left = "id"
    right = "id"
    [fields.name]
    kind = "text"
    [fields.born]
    kind = "date"
    form = "%d/%m/%Y"
    [[blocks]]
    keys = "born"
    """
    (tmp_path / "plan.toml").write_text(plan, encoding="utf-8")
    request = joins.LinkRequest(
        tmp_path / "l.csv", tmp_path / "r.csv", tmp_path / "out.parquet", tmp_path / "plan.toml", train=True
    )
    joins.link(request)
    found = pl.read_parquet(tmp_path / "out.parquet")
    assert set(found.get_column("levels").struct.field("born")) == {"equal"}
    assert len(found) >= 60
