"""Batches: what is in force after any sequence of them, what is retracted, and that rows in = accepted + set aside."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.errors import InputRefused
from matcher.sources import feeds
from matcher.sources.chunking import chunks
from matcher.sources.delivery import Delivery, open_folder
from matcher.sources.retracting import fingerprint

HEADER = "记录编号,姓名,车牌号"
CHANGED = "变更类型,记录编号,姓名,车牌号"
NOVEMBER, DECEMBER, JANUARY = dt.date(2024, 11, 30), dt.date(2024, 12, 31), dt.date(2025, 1, 31)
NO_RECORDS: tuple[str, ...] = ()


def send(
    folder: Path,
    batch: str,
    kind: str,
    as_of: dt.date,
    *rows: str,
    source: str = "vehicles",
    header: str | None = None,
    department: str = "安阳市公安局车管所",
    supersedes: Sequence[str] = (),
    rows_said: int | None = None,
    name: str | None = None,
) -> Path:
    """Writes a batch of one file and its manifest; the path of the manifest."""
    text = "\r\n".join([header or (CHANGED if kind == "CHANGES" else HEADER), *rows, ""]).encode("gb18030")
    file = folder / f"{name or batch}.csv"
    file.write_bytes(text)
    lines = [
        f'source = "{source}"',
        f'batch = "{batch}"',
        f'department = "{department}"',
        f"as_of = {as_of}",
        f'kind = "{kind}"',
        *([f"supersedes = {list(supersedes)}"] if supersedes else []),
        "[[files]]",
        f'name = "{file.name}"',
        f'sha256 = "{hashlib.sha256(text).hexdigest()}"',
        *([f"rows = {rows_said}"] if rows_said is not None else []),
    ]
    manifest = folder / f"{name or batch}.manifest.toml"
    manifest.write_text("\n".join(lines), encoding="utf-8")
    return manifest


def in_force(delivery: Delivery, source: str = "vehicles") -> list[tuple[str, str]]:
    """Record and plate of every accepted row, sorted; asserts that no row is lost."""
    frames = []
    for chunk in chunks(delivery.feeds[source], 2):
        assert not isinstance(chunk, tuple)
        aside = chunk.rejects.filter(pl.col("reason").str.starts_with("ROW_SET_ASIDE"))
        assert chunk.rows_in == len(chunk.frame) + aside.get_column("row_number").n_unique()
        frames.append(chunk.frame.select("record_id", "plate"))
    return sorted(pl.concat(frames).rows())


def aside(delivery: Delivery) -> list[tuple[str, int, str, str | None]]:
    """File, row, reason and mark of what was set aside."""
    rejects = pl.concat(chunk.rejects for chunk in feeds.chunks(delivery.feeds["vehicles"], 100))
    return rejects.select("file", "row_number", "reason", "raw_value").rows()


def test_the_story_of_a_correction(tmp_path: Path) -> None:
    send(tmp_path, "JDC-2024-12", "FULL", DECEMBER, "A1,张伟,豫E1", "A2,李娜,豫E2", "A3,王芳,豫E3", rows_said=3)
    assert in_force(open_folder(tmp_path)) == [("A1", "豫E1"), ("A2", "豫E2"), ("A3", "豫E3")]
    send(
        tmp_path,
        "JDC-2025-01",
        "CHANGES",
        JANUARY,
        "更正,A1,张伟,豫E9",
        "撤回,A2,,",
        "新增,A4,赵六,豫E4",
        "删除,A8,,",
    )
    delivery = open_folder(tmp_path)
    assert in_force(delivery) == [("A1", "豫E9"), ("A3", "豫E3"), ("A4", "豫E4")]
    assert aside(delivery) == [
        ("JDC-2024-12.csv", 1, "ROW_SET_ASIDE:CORRECTED", f"{fingerprint('vehicles', 'A1')}@JDC-2025-01"),
        ("JDC-2024-12.csv", 2, "ROW_SET_ASIDE:DELETED", f"{fingerprint('vehicles', 'A2')}@JDC-2025-01"),
        ("JDC-2025-01.csv", 2, "ROW_SET_ASIDE:DELETION", None),
        ("JDC-2025-01.csv", 4, "ROW_SET_ASIDE:DELETION", None),
    ]
    feed = delivery.feeds["vehicles"]
    assert (feed.as_of, feed.complete) == (JANUARY, True)
    send(tmp_path, "JDC-2025-02", "FULL", dt.date(2025, 2, 28), "A3,王芳,豫E3")
    delivery = open_folder(tmp_path)
    assert in_force(delivery) == [("A3", "豫E3")]
    assert aside(delivery) == []
    assert [batch.number for batch in delivery.feeds["vehicles"].standing.history] == ["JDC-2024-12", "JDC-2025-01"]


def test_a_batch_that_came_twice_counts_once(tmp_path: Path) -> None:
    send(tmp_path, "1", "FULL", DECEMBER, "A1,张伟,豫E1")
    once = open_folder(tmp_path)
    send(tmp_path, "1", "FULL", DECEMBER, "A1,张伟,豫E1", name="again")
    twice = open_folder(tmp_path)
    assert in_force(twice) == in_force(once)
    assert twice.feeds["vehicles"].standing == once.feeds["vehicles"].standing


@pytest.mark.parametrize(
    ("batches", "expected", "complete"),
    [
        ([("1", "PARTIAL", NOVEMBER, ["A1,张伟,豫E1"])], [("A1", "豫E1")], False),
        ([("1", "CHANGES", NOVEMBER, ["U,A1,张伟,豫E1"])], [("A1", "豫E1")], False),
        # extracts of one day stand side by side; a later one holds the record as it is now
        ([("1", "PARTIAL", NOVEMBER, ["A1,张伟,豫E1"]), ("2", "PARTIAL", NOVEMBER, ["A1,张伟,豫E2"])],
         [("A1", "豫E1"), ("A1", "豫E2")], False),
        ([("1", "PARTIAL", NOVEMBER, ["A1,张伟,豫E1"]), ("2", "PARTIAL", DECEMBER, ["A1,张伟,豫E2"])],
         [("A1", "豫E2")], False),
        ([("1", "FULL", NOVEMBER, ["A1,张伟,豫E1", "A2,李娜,豫E2"]), ("2", "PARTIAL", DECEMBER, ["A1,张伟,豫E1"])],
         [("A1", "豫E1"), ("A2", "豫E2")], True),
        # of one day the changes come last, whatever they are numbered; and numbers count as numbers
        ([("9", "FULL", NOVEMBER, ["A1,张伟,豫E1"]), ("8", "CHANGES", NOVEMBER, ["D,A1,,"])], NO_RECORDS, True),
        ([("10", "FULL", NOVEMBER, ["A1,张伟,豫E1"]), ("9", "FULL", NOVEMBER, ["A1,张伟,豫E2"])],
         [("A1", "豫E1")], True),
        # in one batch an order to delete comes before what takes its place, in whatever order they stand
        ([("1", "FULL", NOVEMBER, ["A1,张伟,豫E1"]), ("2", "CHANGES", DECEMBER, ["新增,A1,张伟,豫E2", "删除,A1,,"])],
         [("A1", "豫E2")], True),
        # deleted and come again
        ([("1", "FULL", NOVEMBER, ["A1,张伟,豫E1"]), ("2", "CHANGES", DECEMBER, ["D,A1,,"]),
          ("3", "CHANGES", JANUARY, ["U,A1,张伟,豫E3"])], [("A1", "豫E3")], True),
        # rows without a name of their own are never taken for each other
        ([("1", "FULL", NOVEMBER, [",张伟,豫E1"]), ("2", "PARTIAL", DECEMBER, [",张伟,豫E1"])],
         [(None, "豫E1"), (None, "豫E1")], True),
    ],
)  # fmt: skip
def test_what_is_in_force(
    tmp_path: Path,
    batches: list[tuple[str, str, dt.date, list[str]]],
    expected: list[tuple[str, str]],
    complete: bool,
) -> None:
    for number, kind, day, rows in batches:
        send(tmp_path, number, kind, day, *rows)
    delivery = open_folder(tmp_path)
    assert in_force(delivery) == list(expected)
    assert delivery.feeds["vehicles"].complete is complete


def test_a_wrong_batch_is_withdrawn_by_the_one_that_supersedes_it(tmp_path: Path) -> None:
    send(tmp_path, "1", "FULL", NOVEMBER, "A1,张伟,豫E1")
    send(tmp_path, "2", "CHANGES", DECEMBER, "D,A1,,")
    send(tmp_path, "3", "CHANGES", DECEMBER, "D,A7,,", supersedes=["2", "1999"])
    delivery = open_folder(tmp_path)
    assert in_force(delivery) == [("A1", "豫E1")]
    assert delivery.feeds["vehicles"].standing.in_force[-1].unknown == ("1999",)


def test_departments_that_share_a_source_speak_of_their_own_records(tmp_path: Path) -> None:
    send(tmp_path, "A-1", "FULL", NOVEMBER, "1,张伟,豫E1", department="甲银行")
    send(tmp_path, "B-1", "FULL", DECEMBER, "1,李娜,豫E2", department="乙银行")
    send(tmp_path, "B-2", "CHANGES", JANUARY, "D,1,,", department="乙银行")
    with pytest.raises(InputRefused, match="name both in feeds"):
        open_folder(tmp_path)
    (tmp_path / "feeds.toml").write_text('[vehicles]\ndepartments = ["甲银行", "乙银行"]\n', encoding="utf-8")
    delivery = open_folder(tmp_path)
    assert in_force(delivery) == [("1", "豫E1")]
    assert delivery.feeds["vehicles"].complete
    send(tmp_path, "B-3", "PARTIAL", NOVEMBER, "7,李娜,豫E7", department="乙银行", supersedes=["A-1", "A-2"])
    send(tmp_path, "A-2", "CHANGES", JANUARY, "U,2,张伟,豫E4", department="甲银行", supersedes=["B-3"])
    delivery = open_folder(tmp_path)
    assert in_force(delivery) == [("1", "豫E1"), ("2", "豫E4")], "nobody withdraws what another said, or will say"
    assert {each.number: each.unknown for each in delivery.feeds["vehicles"].standing.in_force}["A-2"] == ("B-3",)
    send(tmp_path, "C-1", "PARTIAL", JANUARY, "1,王芳,豫E3", department="丙银行")
    with pytest.raises(InputRefused, match="does not name 丙银行"):
        open_folder(tmp_path)


@pytest.mark.parametrize(
    ("header", "rows", "mapping"),
    [
        ("record_id,change", ["A1,DELETE"], ""),
        ("流水号,操作类型,姓名,车牌号", ["A1,删除,,"], ""),
        ("编码,操作", ["A1,D"], '[vehicles.columns]\nrecord_id = "编码"\nplate = "hp"\n'),
    ],
)
def test_deletions_need_no_more_than_a_records_name(
    tmp_path: Path, header: str, rows: list[str], mapping: str
) -> None:
    send(tmp_path, "1", "FULL", NOVEMBER, "A1,张伟,豫E1", "A2,李娜,豫E2", header="编码,姓名,hp" if mapping else None)
    send(tmp_path, "2", "CHANGES", DECEMBER, *rows, header=header)
    if mapping:
        (tmp_path / "feeds.toml").write_text(mapping, encoding="utf-8")
    assert in_force(open_folder(tmp_path)) == [("A2", "豫E2")]


@pytest.mark.parametrize(
    ("header", "rows", "match"),
    [
        (HEADER, ["A1,张伟,豫E1"], "the column change"),
        ("变更类型,姓名", ["删除,张伟"], "the column record_id"),
        ("变更类型,记录编号", ["D,A1", "U,A2"], "row 2, column name.*whole record"),
    ],
)
def test_changes_that_cannot_be_carried_out_refuse_the_feed(
    tmp_path: Path, header: str, rows: list[str], match: str
) -> None:
    send(tmp_path, "1", "CHANGES", DECEMBER, *rows, header=header)
    with pytest.raises(InputRefused, match=match):
        in_force(open_folder(tmp_path))


def test_an_order_that_cannot_be_read_changes_nothing_and_is_set_aside(tmp_path: Path) -> None:
    send(tmp_path, "1", "FULL", NOVEMBER, "A1,张伟,豫E1", "A2,李娜,豫E2")
    send(tmp_path, "2", "CHANGES", DECEMBER, "也许,A1,张伟,豫E9", "D,,,", ",A2,,")
    delivery = open_folder(tmp_path)
    assert in_force(delivery) == [("A1", "豫E1"), ("A2", "豫E2")]
    assert [(row, reason) for _, row, reason, _ in aside(delivery)] == [
        (1, "ROW_SET_ASIDE:UNREADABLE_ENUM"),
        (2, "ROW_SET_ASIDE:MISSING_KEY"),
        (3, "ROW_SET_ASIDE:MISSING_KEY"),
    ]


def test_a_correction_that_cannot_be_accepted_retracts_all_the_same(tmp_path: Path) -> None:
    header = "记录编号,姓名,证件号码,死亡日期"
    send(
        tmp_path, "1", "FULL", NOVEMBER, "A1,张伟,,2024-05-01", "A2,李娜,,2024-05-01", source="deaths", header=header
    )
    send(tmp_path, "2", "CHANGES", DECEMBER, "更正,A1,张伟,,", source="deaths", header=f"变更类型,{header}")
    delivery = open_folder(tmp_path)
    (frame,) = [chunk.frame for chunk in feeds.chunks(delivery.feeds["deaths"], 9) if chunk.file == "1.csv"]
    assert frame.get_column("record_id").to_list() == ["A2"]


def test_a_typed_number_names_the_same_record_as_its_digits(tmp_path: Path) -> None:
    manifest = send(tmp_path, "1", "FULL", NOVEMBER, "1,张伟,豫E1")
    pl.DataFrame({"record_id": [1, 2], "name": ["张伟", "李娜"], "plate": ["豫E1", "豫E2"]}).write_parquet(
        tmp_path / "jdc.parquet"
    )
    digest = hashlib.sha256((tmp_path / "jdc.parquet").read_bytes()).hexdigest()
    lines = manifest.read_text(encoding="utf-8").splitlines()
    lines = [line for line in lines if not line.startswith(("name", "sha256"))]
    manifest.write_text("\n".join([*lines, 'name = "jdc.parquet"', f'sha256 = "{digest}"']), encoding="utf-8")
    (tmp_path / "1.csv").unlink()
    send(tmp_path, "2", "CHANGES", DECEMBER, "删除,1,,")
    assert in_force(open_folder(tmp_path)) == [("2", "豫E2")]


def test_fewer_rows_than_promised_are_refused_after_reading(tmp_path: Path) -> None:
    send(tmp_path, "1", "FULL", NOVEMBER, "A1,张伟,豫E1", rows_said=2)
    with pytest.raises(InputRefused, match=r"1.csv: the manifest of batch 1 says 2 rows, and it holds 1"):
        in_force(open_folder(tmp_path))


def test_a_column_called_change_means_nothing_in_an_extract(tmp_path: Path) -> None:
    send(tmp_path, "1", "FULL", NOVEMBER, "D,A1,张伟,豫E1", header=CHANGED)
    assert in_force(open_folder(tmp_path)) == [("A1", "豫E1")]


RECORDS = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 3)), max_size=4)
ORDERS = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 3) | st.none()), max_size=4)
SEQUENCES = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["FULL", "PARTIAL"]), st.integers(1, 4), RECORDS),
        st.tuples(st.just("CHANGES"), st.integers(1, 4), ORDERS),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=80)
@given(SEQUENCES)
def test_any_sequence_of_batches_leaves_what_a_dictionary_would(
    sequence: list[tuple[str, int, list[tuple[str, int | None]]]],
) -> None:
    """The model: each record's rows, with the day they are of; a batch replaces what it outranks."""
    model: dict[str, list[tuple[int, int]]] = {}
    kinds = ["FULL", "PARTIAL", "CHANGES"]
    numbered = [(day, kinds.index(kind), number, rows) for number, (kind, day, rows) in enumerate(sequence)]
    for day, kind, _, rows in sorted(numbered, key=lambda each: each[:3]):
        if kind == 0:
            model.clear()
        for record in {record for record, _ in rows}:
            model[record] = [held for held in model.get(record, []) if kind != 2 and held[0] == day]
        for record, value in rows:
            if value is not None:
                model[record].append((day, value))
    expected = Counter((record, f"E{value}") for record, held in model.items() for _, value in held)
    with TemporaryDirectory() as made:
        for number, (what, when, told) in enumerate(sequence):
            lines = [f"{record},张伟,E{value}" for record, value in told]
            if what == "CHANGES":
                orders = ["D" if value is None else "U" for _, value in told]
                lines = [f"{order},{line}" for order, line in zip(orders, lines, strict=True)]
            send(Path(made), str(number), what, dt.date(2024, 1, when), *lines)
        assert Counter(in_force(open_folder(Path(made)))) == expected
