"""A scan since an earlier one writes the bytes of a whole scan, whatever was new meanwhile; and keeps nothing of whom nobody asked."""

from __future__ import annotations

import datetime as dt
import json
import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl
import pytest

from matcher import pipeline
from matcher.engines import since
from matcher.errors import UsageError
from matcher.index import build
from matcher.pipeline import ScanRequest
from matcher.plan import load
from matcher.progress import Step
from matcher.synthetic.city import write_city

FILES = ("links", "findings", "coverage", "rejects", "flooded")
STEPS = 4


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("since") / "city"
    write_city(folder, households=60, records=1_500, seed=11)
    return folder


@dataclass
class World:
    """A city that changes: `absent` households have not applied yet, and `unsent` rows have not come yet."""

    whole: Path
    folder: Path
    chance: random.Random

    def begin(self) -> None:
        """Some households apply later, and of every feed some rows come later."""
        shutil.copytree(self.whole, self.folder)
        homes = self.read("households").get_column("household_id").to_list()
        self.keep("members", "household_id", set(self.chance.sample(homes, 45)))
        for path in sorted(self.folder.glob("*.parquet")):
            if path.stem not in ("households", "members", "authorisations", "answers", "handlers", "documents"):
                rows = pl.read_parquet(path)
                rows.sample(fraction=0.9, seed=1).write_parquet(path)

    def read(self, table: str) -> pl.DataFrame:
        return pl.read_parquet(self.folder / f"{table}.parquet")

    def write(self, table: str, rows: pl.DataFrame) -> None:
        rows.write_parquet(self.folder / f"{table}.parquet")

    def keep(self, table: str, column: str, keys: set[str]) -> None:
        self.write(table, self.read(table).filter(pl.col(column).is_in(list(keys))))

    def new_batch(self) -> None:
        """A department sends all it has."""
        source = self.chance.choice(["vehicles", "real_estate", "tax", "population", "marriage", "aid"])
        shutil.copyfile(self.whole / f"{source}.parquet", self.folder / f"{source}.parquet")

    def correction(self) -> None:
        """A department takes back some records, and names others otherwise."""
        source = self.chance.choice(["vehicles", "business", "school", "deaths", "social_insurance"])
        rows = self.read(source).sample(fraction=0.8, seed=self.chance.randrange(99))
        if "name" in rows.columns:
            odd = pl.int_range(pl.len()) % 7 == 0
            rows = rows.with_columns(name=pl.when(odd).then(pl.lit("欧阳无忌")).otherwise("name"))
        self.write(source, rows)

    def new_applicants(self) -> None:
        """Households apply that had not."""
        every = pl.read_parquet(self.whole / "members.parquet")
        here = set(self.read("members").get_column("household_id"))
        absent = sorted(set(every.get_column("household_id")) - here)
        here |= set(absent[:3])
        self.write("members", every.filter(pl.col("household_id").is_in(list(here))))

    def changed_household(self) -> None:
        """Somebody is known by another name, a household has another telephone, and declares otherwise."""
        members = self.read("members")
        somebody = self.chance.choice(members.get_column("person_id").to_list())
        named = pl.when(pl.col("person_id") == somebody).then(pl.lit("张无忌")).otherwise("name")
        self.write("members", members.with_columns(name=named))
        home = members.filter(person_id=somebody).get_column("household_id")[0]
        its = pl.col("household_id") == home
        phone = pl.when(its).then(pl.lit("13800138000")).otherwise("phone")
        cars = pl.when(its).then(3).otherwise("declared_vehicles").cast(pl.Int64)
        households = self.read("households")
        self.write(
            "households",
            households.with_columns(phone=phone, declared_vehicles=cars.cast(households.schema["declared_vehicles"])),
        )

    def left(self) -> None:
        """Somebody is in no household any more."""
        members = self.read("members")
        somebody = self.chance.choice(members.get_column("person_id").to_list())
        self.write("members", members.filter(pl.col("person_id") != somebody))

    def withdrawn_consent(self) -> None:
        """Some people may not be looked up any more."""
        signed = self.read("authorisations")
        people = self.chance.sample(sorted(set(signed.get_column("person_id"))), 5)
        day = pl.when(pl.col("person_id").is_in(people)).then(pl.lit(dt.date(2024, 6, 1))).otherwise("withdrawn_on")
        self.write("authorisations", signed.with_columns(withdrawn_on=day.cast(signed.schema["withdrawn_on"])))

    def given_again(self) -> None:
        """All who had signed may be looked up again."""
        shutil.copyfile(self.whole / "authorisations.parquet", self.folder / "authorisations.parquet")

    @property
    def changes(self) -> list[Callable[[], None]]:
        return [
            self.new_batch, self.correction, self.new_applicants, self.changed_household, self.left,
            self.withdrawn_consent, self.given_again,
        ]  # fmt: skip


def written(out: Path) -> dict[str, bytes]:
    """Every table of the outputs, and of the inputs that are kept beside them."""
    paths = [out / f"{name}.parquet" for name in FILES] + sorted((out / "inputs").rglob("*.parquet"))
    return {str(path.relative_to(out)): path.read_bytes() for path in paths}


def told(out: Path) -> dict[str, object]:
    """The summary but for what a scan since another cannot say, and seconds and bytes."""
    summary = json.loads((out / "summary.json").read_text("utf-8"))
    summary["pairs"] = {name: summary["pairs"][name] for name in ("candidates", "bound", "kept")}
    for rule in summary["rules"].values():
        del rule["seconds"]
    timed = ("timings_seconds", "rows_per_second", "peak_memory_bytes")
    return {name: value for name, value in summary.items() if name not in timed}


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_since_any_earlier_scan_the_bytes_are_those_of_a_whole_one(city: Path, tmp_path: Path, seed: int) -> None:
    world = World(city, tmp_path / "in", random.Random(seed))
    world.begin()
    earlier = tmp_path / "0"
    pipeline.scan(ScanRequest(world.folder, earlier, keep=True))
    for step in range(1, STEPS + 1):
        for change in world.chance.sample(world.changes, 2):
            change()
        whole, part = tmp_path / f"{step}-whole", tmp_path / str(step)
        pipeline.scan(ScanRequest(world.folder, whole))
        pipeline.scan(ScanRequest(world.folder, part, since=earlier, keep=True))
        assert written(part) == written(whole)
        assert told(part) == told(whole)
        earlier = part


def test_with_an_index_too(city: Path, tmp_path: Path) -> None:
    world = World(city, tmp_path / "in", random.Random(5))
    world.begin()
    build(world.folder, tmp_path / "index", load(None))
    own = tmp_path / "own"
    own.mkdir()

    def scan(out: str, earlier: Path | None) -> Path:
        for name in ("households", "members", "authorisations", "answers", "handlers", "documents"):
            shutil.copyfile(world.folder / f"{name}.parquet", own / f"{name}.parquet")
        request = ScanRequest(own, tmp_path / out, index=tmp_path / "index", since=earlier, keep=True)
        pipeline.scan(request)
        return request.out

    earlier = scan("0", None)
    for change in (world.new_applicants, world.changed_household, world.withdrawn_consent):
        change()
    assert written(scan("part", earlier)) == written(scan("whole", None))


def test_a_feed_of_which_nothing_is_new_is_not_read(city: Path, tmp_path: Path) -> None:
    """And where a department sent something, that feed alone is."""
    folder = tmp_path / "in"
    shutil.copytree(city, folder)
    pipeline.scan(ScanRequest(folder, tmp_path / "one", keep=True))
    rows = pl.read_parquet(folder / "vehicles.parquet")
    rows.head(len(rows) - 1).write_parquet(folder / "vehicles.parquet")
    steps: list[Step] = []
    pipeline.scan(ScanRequest(folder, tmp_path / "two", since=tmp_path / "one"), steps.append)
    matched = {step.stage.removeprefix("match "): step.unit for step in steps if step.stage.startswith("match ")}
    assert matched.pop("vehicles") != "chunks"
    assert set(matched.values()) == {"chunks"}
    assert not (tmp_path / "two" / since.FOLDER).exists(), "kept only where that was asked for"


def test_f25_only_matched_rows_are_kept_and_for_their_owner_alone(city: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    pipeline.scan(ScanRequest(city, out, keep=True))
    kept = out / since.FOLDER
    assert kept.stat().st_mode & 0o077 == 0
    linked = pl.read_parquet(out / "links.parquet")
    for path in sorted(kept.glob("*/*.records.parquet")):
        records = pl.read_parquet(path).get_column("record_id").to_list()
        named = linked.filter(source=path.parent.name).get_column("record_id").str.split("~").list.first()
        assert set(records) <= set(named), "a record that matched nobody"


@pytest.mark.parametrize("change", ["withdrawn_consent", "left"])
def test_f25_nothing_is_kept_on_of_whoever_withdrew_consent_or_left(city: Path, tmp_path: Path, change: str) -> None:
    world = World(city, tmp_path / "in", random.Random(3))
    shutil.copytree(city, world.folder)
    one, two = tmp_path / "one", tmp_path / "two"
    pipeline.scan(ScanRequest(world.folder, one, keep=True))
    for _ in range(5):
        getattr(world, change)()
    pipeline.scan(ScanRequest(world.folder, two, since=one, keep=True))
    for path in sorted((two / since.FOLDER).glob("*/*.records.parquet")):
        pairs = pl.read_parquet(path.with_name(path.name.replace(".records.", ".pairs.")))
        rest = pl.read_parquet(path).join(pairs, on=["record_id", "content"], how="anti")
        assert rest.is_empty(), f"rows of {path.parent.name} on which no pair rests"


def test_what_another_plan_or_program_kept_is_not_used(city: Path, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    pipeline.scan(ScanRequest(city, one, keep=True))
    told_ = json.loads((one / since.FOLDER / since.FILE).read_text("utf-8"))
    (one / since.FOLDER / since.FILE).write_text(json.dumps(told_ | {"bound_to": "another"}), "utf-8")
    steps: list[Step] = []
    pipeline.scan(ScanRequest(city, two, since=one), steps.append)
    assert "chunks" not in {step.unit for step in steps}
    assert written(two) == written(one)


def test_a_scan_since_itself_is_refused(city: Path, tmp_path: Path) -> None:
    request = ScanRequest(city, tmp_path / "one", keep=True)
    pipeline.scan(request)
    with pytest.raises(UsageError, match="another"):
        pipeline.scan(replace(request, since=request.out))
