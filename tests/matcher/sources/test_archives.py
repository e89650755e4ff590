"""Archives: read a block at a time, and whatever no honest one holds is refused with archive, member and remedy."""

from __future__ import annotations

import gzip
import io
import os
import stat
import struct
import tempfile
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matcher.errors import InputRefused
from matcher.sources import archives, feeds, parts
from matcher.sources.chunking import Chunk
from matcher.sources.delivery import open_folder

CSV = "姓名,车牌号\n张伟,豫E1\n".encode()
LONG = b"".join([CSV, *(f"张{row},豫E{row * 7919 % 100_003}\n".encode() for row in range(20_000))])


def vehicles(folder: Path, rows: int = 100_000) -> list[Chunk]:
    return list(feeds.chunks(open_folder(folder).feeds["vehicles"], rows))


def zipped(path: Path, members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def refusal(folder: Path) -> str:
    with pytest.raises(InputRefused) as refused:
        vehicles(folder)
    assert refused.value.remedy
    assert "张" not in str(refused.value)
    return str(refused.value)


def test_the_members_are_tables_in_the_order_of_their_names(tmp_path: Path) -> None:
    frame = pl.DataFrame({"姓名": ["张伟"], "车牌号": ["豫E1"]})
    sink = io.BytesIO()
    frame.write_parquet(sink)
    inside = {"b/2.csv": CSV, "b/1.parquet": sink.getvalue(), "a.ndjson": '{"name":"张伟","plate":"豫E1"}'.encode()}
    junk = {"b/": b"", "__MACOSX/b/._2.csv": b"x", "b/.DS_Store": b"x", "Thumbs.db": b"x", "b/~$2.xlsx": b"x"}
    zipped(tmp_path / "vehicles.zip", inside | junk)
    chunks = vehicles(tmp_path)
    assert [chunk.file for chunk in chunks] == [f"vehicles.zip/{name}" for name in sorted(inside)]
    assert all(chunk.frame.select("name", "plate").rows() == [("张伟", "豫E1")] for chunk in chunks)
    assert chunks[-1].bytes_read <= (tmp_path / "vehicles.zip").stat().st_size


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_members_packed_in_any_usual_way(tmp_path: Path, method: int) -> None:
    zipped(tmp_path / "vehicles.zip", {"a.csv": LONG}, method)
    (chunk,) = vehicles(tmp_path)
    assert (chunk.rows_in, chunk.bytes_read) == (20_001, (tmp_path / "vehicles.zip").stat().st_size)


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8"])
def test_names_in_the_encoding_of_their_time(tmp_path: Path, encoding: str) -> None:
    """0x5C is the second byte of a common character in GBK: it is no backslash."""
    name = "机动车誠.csv"
    stand_in = "x" * len(name.encode(encoding)[:-4]) + ".csv"
    path = zipped(tmp_path / "vehicles.zip", {stand_in: CSV})
    path.write_bytes(path.read_bytes().replace(stand_in.encode(), name.encode(encoding)))
    assert [chunk.file for chunk in vehicles(tmp_path)] == [f"vehicles.zip/{name}"]


@pytest.mark.parametrize(
    "name",
    ["../a.csv", "a/../../b.csv", "/etc/a.csv", "C:\\a.csv", "C:/a.csv", "a\\..\\b.csv", "a\nb.csv", "..", "a/.."],
)
def test_a_member_that_leads_out_of_its_archive_is_refused(tmp_path: Path, name: str) -> None:
    zipped(tmp_path / "vehicles.zip", {"a.csv": CSV, name: CSV})
    assert "vehicles.zip/" in (said := refusal(tmp_path))
    assert "leads out of the archive" in said


def with_link(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        info = zipfile.ZipInfo("a.csv")
        info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")


def with_flag(path: Path) -> None:
    """Both headers say that the member is encrypted."""
    content = bytearray(zipped(path, {"a.csv": CSV}).read_bytes())
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)


def with_overlap(path: Path) -> None:
    """Two entries of the directory, each with a name of its own, both say that they begin at the first byte."""
    content = zipped(path, {"a.csv": CSV, "b.csv": CSV}).read_bytes()
    second = content.index(b"PK\x01\x02", content.index(b"PK\x01\x02") + 1)
    path.write_bytes(content[: second + 42] + struct.pack("<I", 0) + content[second + 46 :])


def with_twins(path: Path) -> None:
    content = zipped(path, {"a.csv": CSV, "b.csv": CSV}).read_bytes()
    path.write_bytes(content.replace(b"b.csv", b"a.csv"))


def with_unknown_method(path: Path) -> None:
    """Deflate64, by which Windows packs large files."""
    content = bytearray(zipped(path, {"a.csv": CSV}).read_bytes())
    content[8] = 9
    content[content.index(b"PK\x01\x02") + 10] = 9
    path.write_bytes(content)


def bomb(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a.csv", "w") as member:
        for _ in range(80):
            member.write(b"\n" * (1 << 20))


CASES: dict[str, tuple[Callable[[Path], object], str]] = {
    "link": (with_link, "vehicles.zip/a.csv: it is a link"),
    "encrypted": (with_flag, "vehicles.zip/a.csv: it is encrypted. Pack it again without a password"),
    "overlap": (with_overlap, "it lies over another member"),
    "twice": (with_twins, "vehicles.zip/a.csv: it holds this name twice"),
    "method": (with_unknown_method, "vehicles.zip/a.csv: it is damaged or packed in a way of its own"),
    "bomb": (bomb, "vehicles.zip/a.csv"),
    "empty": (lambda path: zipped(path, {}), "there is no table in it"),
    "junk alone": (lambda path: zipped(path, {"__MACOSX/a.csv": b"", "b/": b""}), "there is no table in it"),
    "stranger": (lambda path: zipped(path, {"a.csv": CSV, "说明.docx": b"x"}), "vehicles.zip/说明.docx: files of the kind .docx"),
    "no ending": (lambda path: zipped(path, {"README": b"x"}), "vehicles.zip/README: files of the kind without ending"),
    "nested": (lambda path: zipped(path, {"a.zip": b"x"}), "vehicles.zip/a.zip: it is an archive within an archive"),
    "nested gzip": (lambda path: zipped(path, {"a.csv": gzip.compress(CSV)}), "vehicles.zip/a.csv: it is an archive within"),
    "nested and renamed": (
        lambda path: zipped(path, {"a.csv": zipped(path.with_name("x"), {"b.csv": CSV}).read_bytes()}),
        "vehicles.zip/a.csv: it is an archive within",
    ),
    "empty member": (lambda path: zipped(path, {"a.csv": CSV, "b.csv": b""}), "vehicles.zip/b.csv: the file is empty"),
    "many": (lambda path: zipped(path, {f"{number}.csv": b"" for number in range(1_001)}), "it holds 1,001 files"),
    "rar": (lambda path: path.write_bytes(b"Rar!\x1a\x07\x01\x00"), "this is no zip archive"),
    "cut off": (lambda path: path.write_bytes(zipped(path, {"a.csv": LONG}).read_bytes()[:-60]), "damaged or was cut off"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_no_honest_archive_holds_is_refused(tmp_path: Path, case: str) -> None:
    make, said = CASES[case]
    make(tmp_path / "vehicles.zip")
    (tmp_path / "x").unlink(missing_ok=True)
    assert said in refusal(tmp_path)


def test_damage_within_a_member_is_found_while_it_is_read(tmp_path: Path) -> None:
    path = zipped(tmp_path / "vehicles.zip", {"a.csv": LONG}, zipfile.ZIP_STORED)
    content = bytearray(path.read_bytes())
    content[len(LONG) // 2] ^= 1
    path.write_bytes(content)
    assert "vehicles.zip/a.csv" in (said := refusal(tmp_path))
    assert "BadZipFile" in said


@pytest.mark.parametrize("damage", ["cut off", "flipped", "checksum", "rest"])
def test_a_damaged_gzip_is_refused_with_the_place(tmp_path: Path, damage: str) -> None:
    content = bytearray(gzip.compress(LONG))
    if damage == "cut off":
        content = content[: len(content) // 2]
    elif damage == "flipped":
        content[len(content) // 2] ^= 0xFF
    elif damage == "checksum":
        content[-5] ^= 1
    else:
        content += b"rest"
    (tmp_path / "vehicles.csv.gz").write_bytes(content)
    assert "file vehicles.csv.gz: what is packed in it is damaged" in (said := refusal(tmp_path))
    assert "behind byte" in said


def test_a_gzip_of_several_members_is_one_file(tmp_path: Path) -> None:
    (tmp_path / "vehicles.csv.gz").write_bytes(gzip.compress(CSV) + gzip.compress("李娜,豫E2\n".encode()))
    assert [len(chunk.frame) for chunk in vehicles(tmp_path)] == [2]


def test_a_gzip_that_unpacks_to_far_too_much_is_refused(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "vehicles.csv.gz", "wb") as file:
        file.write(CSV)
        for _ in range(80):
            file.write(b"\n" * (1 << 20))
    (part,) = parts.parts(tmp_path / "vehicles.csv.gz")
    with part.stream() as stream, pytest.raises(InputRefused, match="no table does"):
        stream.read()


@pytest.mark.parametrize("inside", [gzip.compress(CSV, mtime=0), b"PK\x03\x04" + bytes(40), b""])
def test_a_gzip_of_something_packed_or_of_nothing_is_refused(tmp_path: Path, inside: bytes) -> None:
    (tmp_path / "vehicles.csv.gz").write_bytes(gzip.compress(inside))
    assert ("empty" if not inside else "archive within an archive") in refusal(tmp_path)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"%PDF-1.7\n", "a PDF"),
        (b"Rar!\x1a\x07\x01\x00", "a RAR archive"),
        (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
        (b"\x89PNG\r\n\x1a\n", "a picture"),
        (b"PARE" + bytes(20), "an encrypted Parquet file"),
        (b"SQLite format 3\x00", "an SQLite database"),
    ],
)
def test_what_is_no_table_is_called_by_what_it_is(tmp_path: Path, content: bytes, what: str) -> None:
    (tmp_path / "vehicles.csv").write_bytes(content)
    assert what in refusal(tmp_path)


@pytest.mark.parametrize(
    ("unpacked", "packed", "is_one"),
    [(64 << 20, 1, False), ((64 << 20) + 1, 1, True), (200 << 20, 1 << 20, False), ((200 << 20) + 1, 1 << 20, True), ((64 << 30) + 1, 64 << 30, True), (0, 0, False)],
)  # fmt: skip
def test_when_unpacking_stops(unpacked: int, packed: int, is_one: bool) -> None:
    assert archives.bomb(unpacked, packed) is is_one


@pytest.mark.parametrize("name", ["vehicles.parquet.gz", "vehicles.zip"])
def test_what_is_unpacked_on_disk_is_private_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    room = tmp_path / "room"
    room.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(room))
    sink = io.BytesIO()
    pl.DataFrame({"姓名": ["张伟"]}).write_parquet(sink)
    path = tmp_path / name
    if path.suffix == ".zip":
        zipped(path, {"a.parquet": sink.getvalue()})
    else:
        path.write_bytes(gzip.compress(sink.getvalue()))
    (part,) = parts.parts(path)
    with suppress(RuntimeError), part.on_disk() as unpacked:
        assert unpacked.read_bytes() == sink.getvalue()
        assert stat.S_IMODE(unpacked.stat().st_mode) == 0o600
        raise RuntimeError("on the way")
    assert os.listdir(room) == []


cells = st.text(alphabet='张伟王0123456789-/年月日.,元万"; \t?xX', max_size=10)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(cells, cells, cells), max_size=6), st.integers(1, 4))
def test_one_table_reads_the_same_however_it_is_packed(
    tmp_path: Path, rows: list[tuple[str, str, str]], size: int
) -> None:
    table = pl.DataFrame(rows, schema=dict.fromkeys(("姓名", "注册日期", "价值"), pl.String), orient="row")
    table.write_parquet(sink := io.BytesIO())
    texts = table.write_csv(quote_style="always").encode("gb18030"), table.write_ndjson().encode()
    made: dict[str, bytes] = {
        "vehicles.csv": texts[0],
        "vehicles.csv.gz": gzip.compress(texts[0]),
        "vehicles.parquet.gz": gzip.compress(sink.getvalue()),
    }
    if rows:  # without rows there are no keys
        made["vehicles.ndjson"] = texts[1]
    chunks = []
    for name, content in made.items():
        (tmp_path / name).write_bytes(content)
        chunks.append(vehicles(tmp_path, size))
        (tmp_path / name).unlink()
        zipped(
            tmp_path / "vehicles.zip",
            {name.removesuffix(".gz"): content} if not name.endswith("gz") else {"a.csv": texts[0]},
        )
        chunks.append(vehicles(tmp_path, size))
        (tmp_path / "vehicles.zip").unlink()
    for several in chunks[1:]:
        for chunk, other in zip(several, chunks[0], strict=True):
            assert chunk.frame.equals(other.frame)
            assert chunk.rejects.drop("file").equals(other.rejects.drop("file"))
            assert (chunk.rows_in, chunk.nulled) == (other.rows_in, other.nulled)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(min_size=1, max_size=5_000), st.lists(st.integers(1, 700), min_size=1), st.booleans())
def test_a_stream_gives_the_bytes_that_were_packed(
    tmp_path: Path, content: bytes, sizes: list[int], in_zip: bool
) -> None:
    path = tmp_path / ("a.zip" if in_zip else "a.csv.gz")
    if in_zip:
        zipped(path, {"a.csv": content})
    else:
        path.write_bytes(gzip.compress(content))
    part = parts.Part(path, "a.csv" if in_zip else None)
    read, shares = b"", [0.0]
    with part.stream() as stream:
        for size in sizes:
            read += (block := stream.read(size))
            assert len(block) <= size
            shares.append(stream.share())
        read += stream.read()
        assert (stream.share(), stream.read(1)) == (1.0, b"")
    assert read == content
    assert shares == sorted(shares)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 10_000), st.integers(1, 255), st.sampled_from(["a.zip", "a.csv.gz"]))
def test_a_flipped_byte_is_refused_or_does_no_harm(tmp_path: Path, place: int, flip: int, name: str) -> None:
    path = tmp_path / name
    if name == "a.zip":
        zipped(path, {"a.csv": LONG[:20_000], "b.csv": LONG[:100]})
    else:
        path.write_bytes(gzip.compress(LONG[:20_000]))
    content = bytearray(path.read_bytes())
    content[place % len(content)] ^= flip
    path.write_bytes(content)
    with suppress(InputRefused):
        found = parts.parts(path)
        packed = all(part.packed for part in found)
        read = [part.stream().read() for part in found]
        assert not packed or read == ([LONG[:20_000], LONG[:100]] if name == "a.zip" else [LONG[:20_000]])
