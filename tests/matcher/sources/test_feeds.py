"""Files as departments send them: any encoding, any block size, nothing lost, every refusal with its place."""

from __future__ import annotations

import dataclasses
import datetime as dt
from decimal import Decimal
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matcher.errors import InputRefused, UsageError
from matcher.sources import checks, chunking, delimited, feeds
from matcher.sources import text as text_of_files
from matcher.sources.chunking import Chunk
from matcher.sources.contract import Fate
from matcher.sources.delivery import file_hashes, open_folder

HEADER = "姓名,公民身份号码,车牌号,车辆类型,状态,注册日期,价值"
ROWS = (
    "张伟,11010519491231002x,豫E12345,小型轿车,正常,2020年5月6日,85000",
    "李娜,410502198001011234,豫E22222,摩托车,转移,20190304,\"12,000.50\"",
    "王芳,,豫E33333,货车,报废,2018/7/1,无",
)  # fmt: skip


def vehicles(folder: Path, *, rows: int = 100) -> list[Chunk]:
    return list(feeds.chunks(open_folder(folder).feeds["vehicles"], rows))


def csv(folder: Path, text: str, encoding: str = "utf-8", name: str = "vehicles.csv") -> None:
    (folder / name).write_bytes(text.encode(encoding))


TEXT = "\r\n".join([HEADER, *ROWS, ""])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
def test_every_encoding_reads_the_same(tmp_path: Path, encoding: str) -> None:
    csv(tmp_path, TEXT, encoding)
    (chunk,) = vehicles(tmp_path)
    assert chunk.frame.select("name", "plate", "vehicle_kind", "status", "registered_on", "value_yuan").rows() == [
        ("张伟", "豫E12345", "CAR", "ACTIVE", dt.date(2020, 5, 6), Decimal("85000.00")),
        ("李娜", "豫E22222", "MOTORCYCLE", "TRANSFERRED", dt.date(2019, 3, 4), Decimal("12000.50")),
        ("王芳", "豫E33333", "TRUCK", "SCRAPPED", dt.date(2018, 7, 1), None),
    ]
    assert chunk.rejects.is_empty()


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_every_delimiter_reads_the_same(tmp_path: Path, delimiter: str) -> None:
    csv(tmp_path, "姓名,车牌号\n张伟,豫E1\n李娜,豫E2\n".replace(",", delimiter))
    (chunk,) = vehicles(tmp_path)
    assert chunk.frame.select("name", "plate").rows() == [("张伟", "豫E1"), ("李娜", "豫E2")]


def test_parquet_with_typed_columns_is_taken_as_it_is(tmp_path: Path) -> None:
    pl.DataFrame(
        {
            "name": ["张伟", "李娜"],
            "id_number": [110105194912310020, None],
            "registered_on": pl.Series([dt.date(2020, 5, 6), None]).cast(pl.Datetime),
            "value_yuan": [1234.5, float("nan")],
            "status": pl.Series(["ACTIVE", "正常"], dtype=pl.Categorical),
        }
    ).write_parquet(tmp_path / "vehicles.parquet")
    (chunk,) = vehicles(tmp_path)
    assert chunk.frame.select("id_number", "registered_on", "value_yuan", "status").rows() == [
        ("110105194912310020", dt.date(2020, 5, 6), Decimal("1234.50"), "ACTIVE"),
        (None, None, None, "ACTIVE"),
    ]
    assert chunk.rejects.is_empty()


def test_the_same_table_as_parquet_and_as_text_is_the_same(tmp_path: Path) -> None:
    csv(tmp_path, TEXT, "gb18030")
    (read,) = vehicles(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    read.frame.drop("row_number").write_parquet(other / "vehicles.parquet")
    assert vehicles(other)[0].frame.equals(read.frame)


def test_what_cannot_be_read_is_named_with_its_place(tmp_path: Path) -> None:
    csv(
        tmp_path,
        f"{HEADER}\n张伟,1,豫E1,飞船,正常,2023-02-30,约一万\n两,个\n李娜,2,豫E2,小型轿车,正常,,\n",
        "gb18030",
    )
    (chunk,) = vehicles(tmp_path)
    assert chunk.rejects.select("row_number", "column", "reason", "raw_value").sort(
        "row_number", "column"
    ).rows() == [
        (1, "registered_on", "VALUE_NULLED:UNREADABLE_DATE", "2023-02-30"),
        (1, "value_yuan", "VALUE_NULLED:UNREADABLE_MONEY", "约***(1-4)"),
        (1, "vehicle_kind", "VALUE_NULLED:UNREADABLE_ENUM", "飞船"),
        (2, None, "ROW_SET_ASIDE:2_FIELDS_OF_7", None),
    ]
    assert (chunk.rows_in, len(chunk.frame)) == (3, 2)
    assert chunk.nulled == {"registered_on": 1, "value_yuan": 1, "vehicle_kind": 1}
    assert chunk.frame.get_column("row_number").to_list() == [1, 3]


def test_days_that_stand_for_nothing_are_null_and_days_of_no_calendar_are_broken(tmp_path: Path) -> None:
    days = (
        "1900-01-01",
        "1900年1月1日",
        "19000101",
        "1899-12-30",
        "9999-12-31",
        "长期",
        "0000-00-00",
        "1020-05-06",
        "2024-05-06",
    )
    csv(tmp_path, "姓名,车牌号,注册日期\n" + "".join(f"张伟,豫E{place},{day}\n" for place, day in enumerate(days)))
    (chunk,) = vehicles(tmp_path)
    assert chunk.frame.get_column("registered_on").to_list() == [None] * 8 + [dt.date(2024, 5, 6)]
    assert chunk.rejects.select("row_number", "reason").rows() == [(8, "VALUE_NULLED:UNREADABLE_DATE")]


def test_a_row_without_its_key_is_set_aside(tmp_path: Path) -> None:
    csv(tmp_path, "姓名,死亡日期\n张伟,2024-01-01\n李娜,\n王芳,某日\n", name="deaths.csv")
    (chunk,) = feeds.chunks(open_folder(tmp_path).feeds["deaths"], 10)
    assert chunk.frame.get_column("name").to_list() == ["张伟"]
    assert chunk.rejects.get_column("reason").to_list() == [
        "ROW_SET_ASIDE:MISSING_KEY",
        "ROW_SET_ASIDE:UNREADABLE_DATE",
    ]


def test_a_personal_value_is_masked_in_rejects(tmp_path: Path) -> None:
    csv(tmp_path, "姓名,车牌号,出生日期\n张伟,豫E1,1980-02-31\n")
    (chunk,) = vehicles(tmp_path)
    assert chunk.rejects.get_column("raw_value").to_list() == ["1***(9-18)"]


def test_a_bad_byte_costs_one_value_and_not_the_feed(tmp_path: Path) -> None:
    (tmp_path / "vehicles.csv").write_bytes(
        "姓名,车牌号\n张".encode("gb18030") + b"\xff" + "伟,豫E1\n李娜,豫E2\n".encode("gb18030")
    )
    (tmp_path / "feeds.toml").write_text('[vehicles]\nencoding = "gb18030"\n')
    (chunk,) = vehicles(tmp_path)
    assert chunk.frame.get_column("plate").to_list() == ["豫E1", "豫E2"]
    assert "\ufffd" in chunk.frame.item(0, "name")


def test_quoted_line_breaks_stay_in_their_cell(tmp_path: Path) -> None:
    csv(tmp_path, '姓名,地址,车牌号\n张伟,"文峰区\n人民大道",豫E1\n')
    (chunk,) = vehicles(tmp_path)
    assert chunk.frame.item(0, "address") == "文峰区\n人民大道"


def test_money_headed_in_ten_thousands(tmp_path: Path) -> None:
    csv(tmp_path, "姓名,车牌号,价值（万元）\n张伟,豫E1,8.5\n李娜,豫E2,9000元\n")
    assert vehicles(tmp_path)[0].frame.get_column("value_yuan").to_list() == [Decimal("85000.00"), Decimal("9000.00")]


def test_feeds_toml_speaks_for_a_departments_own_layout(tmp_path: Path) -> None:
    csv(tmp_path, "who,car,state,worth\n张伟,豫E1,好,2\n", name="jdc_2024_1.csv")
    (tmp_path / "feeds.toml").write_text(
        '[vehicles]\nfiles = ["jdc_2024*.csv"]\nas_of = 2024-12-31\ncomplete = true\n'
        '[vehicles.columns]\nname = "who"\nplate = "car"\nstatus = "state"\nvalue_yuan = "worth"\n'
        '[vehicles.values.status]\n"好" = "ACTIVE"\n[vehicles.units]\nvalue_yuan = "万元"\n',
        encoding="utf-8",
    )
    delivery = open_folder(tmp_path)
    feed = delivery.feeds["vehicles"]
    assert (feed.as_of, feed.complete) == (dt.date(2024, 12, 31), True)
    (chunk,) = feeds.chunks(feed, 10)
    assert chunk.frame.select("name", "plate", "status", "value_yuan").rows() == [
        ("张伟", "豫E1", "ACTIVE", Decimal(20000))
    ]


def test_several_files_are_one_feed_and_strangers_are_named(tmp_path: Path) -> None:
    csv(tmp_path, "姓名,车牌号\n张伟,豫E1\n", name="vehicles_a.csv")
    csv(tmp_path, "车牌号,姓名\n豫E2,李娜\n", name="vehicles_b.csv")
    csv(tmp_path, "x\n", name="notes.csv")
    delivery = open_folder(tmp_path)
    assert delivery.ignored == ("notes.csv",)
    assert feeds.read_all(delivery.feeds["vehicles"]).frame.get_column("plate").to_list() == ["豫E1", "豫E2"]
    assert set(file_hashes(delivery)) == {"vehicles_a.csv", "vehicles_b.csv"}


def test_files_that_cannot_be_read_are_refused_with_their_name(tmp_path: Path) -> None:
    for name, content, match in (
        ("vehicles.csv", b"", "empty"),
        ("vehicles.docx", b"x", "cannot be read"),
        ("vehicles.parquet", b"PAR1 broken", "no whole Parquet"),
        ("vehicles_x.csv", "车牌号\n豫E1\n".encode(), "column name"),
        ("vehicles_y.csv", b"\xff\x80\xfe\xfa" * 9, "neither UTF-8"),
    ):
        folder = tmp_path / match.replace(" ", "_")
        folder.mkdir()
        (folder / name).write_bytes(content)
        with pytest.raises(InputRefused, match=match) as refused:
            vehicles(folder)
        assert name in str(refused.value)


def test_a_truncated_parquet_file_is_refused(tmp_path: Path) -> None:
    pl.DataFrame({"name": ["张伟"] * 1000}).write_parquet(tmp_path / "vehicles.parquet")
    content = (tmp_path / "vehicles.parquet").read_bytes()
    (tmp_path / "vehicles.parquet").write_bytes(content[: len(content) // 2])
    with pytest.raises(InputRefused, match=r"vehicles\.parquet"):
        vehicles(tmp_path)


def test_a_symbolic_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    csv(tmp_path, TEXT, name="elsewhere.csv")
    (tmp_path / "in" / "vehicles.csv").symlink_to(tmp_path / "elsewhere.csv")
    with pytest.raises(InputRefused, match="symbolic link"):
        vehicles(tmp_path / "in")


def test_a_folder_that_bears_a_tables_name_is_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "vehicles.parquet").mkdir()
    (tmp_path / "vehicles_of_last_year").mkdir()
    with pytest.raises(InputRefused, match="it is a folder") as refused:
        open_folder(tmp_path)
    assert "vehicles_1.parquet" in str(refused.value)


def test_a_link_that_leads_nowhere_is_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "vehicles.csv").symlink_to(tmp_path / "nowhere.csv")
    with pytest.raises(InputRefused, match="symbolic link"):
        open_folder(tmp_path)


@pytest.mark.parametrize("rows", [0, -1])
def test_a_chunk_holds_a_row(tmp_path: Path, rows: int) -> None:
    csv(tmp_path, TEXT)
    with pytest.raises(UsageError):
        vehicles(tmp_path, rows=rows)


@pytest.mark.parametrize("ending", ["", "\n", "\r\n", "\n\n\n"])
def test_a_file_of_headings_alone_is_one_empty_chunk(tmp_path: Path, ending: str) -> None:
    csv(tmp_path, HEADER + ending)
    (chunk,) = vehicles(tmp_path)
    assert (len(chunk.frame), chunk.rows_in) == (0, 0)
    assert chunk.frame.schema.names()[1:] == list(open_folder(tmp_path).feeds["vehicles"].contract.schema())


@pytest.mark.parametrize("groups", [0, 1, 2])
def test_a_parquet_file_without_rows_is_one_empty_chunk(tmp_path: Path, groups: int) -> None:
    schema = pa.schema([("name", pa.string())])
    with pq.ParquetWriter(tmp_path / "vehicles.parquet", schema) as writer:
        for _ in range(groups):
            writer.write_table(schema.empty_table())
    (chunk,) = vehicles(tmp_path)
    assert (len(chunk.frame), chunk.rows_in, chunk.frame.schema["registered_on"]) == (0, 0, pl.Date())


@pytest.mark.parametrize(
    "body",
    [
        '张伟,"豫E1\n李娜,豫E2\n王芳,豫E3\n',  # the rest of the file would be one cell
        '李娜,豫E2\n"张伟,豫E1\n王芳,豫E3',
        '李娜,豫E2\n张伟,豫E1,"x\n王芳,豫E3\n',  # and here one row of too many fields
    ],
)
def test_a_quotation_mark_never_closed_costs_its_own_row_and_no_other(tmp_path: Path, body: str) -> None:
    csv(tmp_path, "姓名,车牌号\n" + body)
    (chunk,) = vehicles(tmp_path)
    opened = next(number for number, line in enumerate(body.split("\n"), start=1) if '"' in line)
    assert chunk.rejects.select("row_number", "reason").rows() == [(opened, "ROW_SET_ASIDE:UNCLOSED_QUOTE")]
    assert chunk.rows_in == 3
    assert chunk.frame.get_column("name").to_list() == [
        line[:2] for line in body.strip().split("\n") if '"' not in line
    ]


def test_a_quotation_mark_within_a_cell_is_a_character(tmp_path: Path) -> None:
    csv(tmp_path, '姓名,车牌号\n张伟,豫"E1\n李娜,豫E2\n')
    assert vehicles(tmp_path)[0].frame.get_column("plate").to_list() == ['豫"E1', "豫E2"]


def test_the_header_of_a_second_extract_is_no_person(tmp_path: Path) -> None:
    csv(tmp_path, "\n".join([HEADER, ROWS[0], HEADER, ROWS[1], ""]))
    (chunk,) = vehicles(tmp_path)
    assert chunk.frame.select("row_number", "name").rows() == [(1, "张伟"), (3, "李娜")]
    assert chunk.rejects.rows() == [("vehicles", "vehicles.csv", 2, None, "ROW_SET_ASIDE:HEADER_AGAIN", None)]
    assert chunk.rows_in == 3


def test_a_person_called_like_a_heading_is_a_person(tmp_path: Path) -> None:
    csv(tmp_path, "姓名,车牌号\n姓名,豫E1\n")
    assert vehicles(tmp_path)[0].frame.get_column("name").to_list() == ["姓名"]


def test_rows_that_fit_no_header_fill_chunks_too(tmp_path: Path) -> None:
    csv(tmp_path, "姓名,车牌号\n" + "坏\n" * 7 + "张伟,豫E1\n" + "坏\n" * 4)
    found = [
        (len(chunk.frame), chunk.rejects.get_column("row_number").to_list()) for chunk in vehicles(tmp_path, rows=3)
    ]
    assert found == [(0, [1, 2, 3]), (0, [4, 5, 6]), (1, [7, 9, 10]), (0, [11, 12])]


@pytest.mark.parametrize("fate", ["null", "reject", "refuse"])
def test_the_contract_says_what_a_broken_value_costs(tmp_path: Path, fate: Fate) -> None:
    csv(tmp_path, f"{HEADER}\n{ROWS[0]}\n李娜,2,豫E2,小型轿车,正常,2023-02-30,\n")
    feed = open_folder(tmp_path).feeds["vehicles"]
    columns = tuple(
        dataclasses.replace(column, on_error=fate) if column.name == "registered_on" else column
        for column in feed.contract.columns
    )
    feed = dataclasses.replace(feed, contract=dataclasses.replace(feed.contract, columns=columns))
    if fate == "refuse":
        with pytest.raises(InputRefused, match="row 2, column registered_on"):
            feeds.read_all(feed)
        return
    chunk = feeds.read_all(feed)
    kept, reason = (2, "VALUE_NULLED") if fate == "null" else (1, "ROW_SET_ASIDE")
    assert (len(chunk.frame), chunk.rows_in) == (kept, 2)
    assert chunk.rejects.get_column("reason").to_list() == [f"{reason}:UNREADABLE_DATE"]
    assert chunk.nulled == ({"registered_on": 1} if fate == "null" else {})


def test_a_parquet_file_of_many_row_groups_is_cut_the_same_everywhere(tmp_path: Path) -> None:
    table = pl.DataFrame(
        {
            "name": [f"张{number}" for number in range(1000)],
            "status": pl.Series(
                [("正常", "转移", "飞船")[number % 3] for number in range(1000)], dtype=pl.Categorical
            ),
            "unknown": [[number] for number in range(1000)],
        }
    )
    table.write_parquet(tmp_path / "vehicles[1].parquet", row_group_size=70)
    whole = vehicles(tmp_path, rows=10_000)
    for rows in (1000, 70, 33):
        parts = vehicles(tmp_path, rows=rows)
        assert [len(part.frame) for part in parts[:-1]] == [rows] * (len(parts) - 1)
        assert [part.index for part in parts] == list(range(len(parts)))
        assert pl.concat(part.frame for part in parts).equals(whole[0].frame)
        assert pl.concat(part.rejects for part in parts).equals(whole[0].rejects)
    assert whole[0].frame.get_column("row_number").to_list() == list(range(1, 1001))
    assert whole[0].nulled == {"status": 333}
    assert feeds.row_count(open_folder(tmp_path).feeds["vehicles"]) == 1000


def test_a_large_text_file_is_cut_the_same_whatever_its_blocks(tmp_path: Path) -> None:
    lines = [f"张{number},豫E{number},{'x' * 900}" if number % 1000 else "坏" for number in range(1, 20_001)]
    csv(tmp_path, "\n".join(["姓名,车牌号,地址", *lines, ""]))
    parts = vehicles(tmp_path, rows=7_000)
    assert [len(part.frame) for part in parts] == [7_000, 7_000, 5_980]
    accepted = pl.concat(part.frame for part in parts)
    assert accepted.get_column("plate").to_list() == [f"豫E{number}" for number in accepted.get_column("row_number")]
    assert pl.concat(part.rejects for part in parts).get_column("row_number").to_list() == list(
        range(1000, 20_001, 1000)
    )
    assert abs(feeds.row_count(open_folder(tmp_path).feeds["vehicles"]) - 20_000) < 1_000


cells = st.text(alphabet='张伟王0123456789-/年月日.元万"\n\r; \t?xX', max_size=10)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.lists(cells, min_size=1, max_size=4), max_size=12),
    st.integers(1, 5),
    st.sampled_from(["utf-8", "gb18030"]),
)
def test_rows_in_are_rows_accepted_plus_rows_set_aside(
    tmp_path: Path, rows: list[list[str]], size: int, encoding: str
) -> None:
    quoted = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows]
    csv(tmp_path, "\n".join(["姓名,注册日期,价值", *quoted, ""]), encoding)
    whole, parts = vehicles(tmp_path, rows=1000), vehicles(tmp_path, rows=size)
    for chunks in (whole, parts):
        aside = sum(
            chunk.rejects.filter(pl.col("reason").str.starts_with(checks.SET_ASIDE))["row_number"].n_unique()
            for chunk in chunks
        )
        assert (
            sum(chunk.rows_in for chunk in chunks) == sum(len(chunk.frame) for chunk in chunks) + aside == len(rows)
        )
    assert pl.concat(chunk.frame for chunk in parts).equals(pl.concat(chunk.frame for chunk in whole))
    assert pl.concat(chunk.rejects for chunk in parts).equals(pl.concat(chunk.rejects for chunk in whole))
    for chunk in whole:  # F-8: a value that cannot be read never becomes zero
        for row in chunk.frame.filter(pl.col("value_yuan") == 0).get_column("row_number"):
            assert any(digit in rows[row - 1][2] for digit in "0123456789")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(cells, cells, cells, cells), max_size=8))
def test_one_table_reads_the_same_from_every_kind_of_file(
    tmp_path: Path, rows: list[tuple[str, str, str, str]]
) -> None:
    table = pl.DataFrame(rows, schema=dict.fromkeys(("姓名", "注册日期", "价值", "状态"), pl.String), orient="row")
    chunks = []
    for kind in ("parquet", "utf-8", "gb18030"):
        folder = tmp_path / kind
        folder.mkdir(exist_ok=True)
        if kind == "parquet":
            table.write_parquet(folder / "vehicles.parquet")
        else:
            csv(folder, table.write_csv(quote_style="always"), kind)
        chunks.append(feeds.read_all(open_folder(folder).feeds["vehicles"]))
    for chunk in chunks[1:]:
        assert chunk.frame.equals(chunks[0].frame)
        assert chunk.rejects.drop("file").equals(chunks[0].rejects.drop("file"))
        assert (chunk.rows_in, chunk.nulled) == (len(rows), chunks[0].nulled)


def test_a_row_group_without_rows_is_no_error(tmp_path: Path) -> None:
    columns = pa.table({"name": pa.array([], pa.string()), "plate": pa.array([], pa.string())})
    with pq.ParquetWriter(tmp_path / "vehicles.parquet", columns.schema) as writer:
        writer.write_table(columns)
        writer.write_table(pa.table({"name": ["张伟"], "plate": ["豫E1"]}))
        writer.write_table(columns)
    chunks = vehicles(tmp_path)
    assert [chunk.frame.get_column("plate").to_list() for chunk in chunks] == [["豫E1"]]
    with pq.ParquetWriter(tmp_path / "vehicles.parquet", columns.schema) as writer:
        writer.write_table(columns)
    (chunk,) = vehicles(tmp_path)
    assert (chunk.rows_in, len(chunk.frame)) == (0, 0)


def test_what_lies_under_a_null_in_a_parquet_file_is_nobodys_date(tmp_path: Path) -> None:
    days = [
        "1980-01-01",
        None,
        "1991-02-03",
        None,
        *(f"19{n % 80 + 10}-0{n % 9 + 1}-11" if n % 3 else None for n in range(5_000)),
    ]
    frame = pl.DataFrame({"name": ["张伟"] * len(days), "registered_on": days})
    for write in (frame.write_parquet, lambda path: pq.write_table(frame.to_arrow(), path)):
        write(tmp_path / "vehicles.parquet")
        (chunk,) = vehicles(tmp_path, rows=10_000)
        assert chunk.frame.get_column("registered_on").cast(pl.String).to_list() == days
        assert chunk.rejects.is_empty()


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('姓名,车牌号,"备\r注"\n张三,豫E1,\n李四,豫E2,\n', ["张三", "李四"]),  # a carriage return within a heading
        ("登记表\r2024\r合计\n姓名,车牌号\n张三,豫E1\n李四,豫E2\n", ["张三", "李四"]),
        ("姓名,车牌号\n张三,豫E1\n,\n姓名,车牌号\n李四,豫E2\n", ["张三", None, "李四"]),  # a row of nothing, glued
        ("姓名,车牌号\n张三,豫E1\n\ufeff姓名,车牌号\n\ufeff李四,豫E2\n", ["张三", "李四"]),  # glued with their marks
        ('姓名,车牌号\n"张"三"丰",豫E1\n李四,豫E2\n', ['张三"丰"', "李四"]),
        ("姓名\n张三\n\r\n李四\n", ["张三", "李四"]),
        ("姓名,车牌号\n张三,豫E1\n合 计,1\n填表人：李四,\n", ["张三"]),
        ("序号,姓名,价值\n1,张三,5\n合计,,5\n", ["张三"]),
    ],
)
def test_no_row_is_lost_or_made_up(tmp_path: Path, text: str, names: list[str | None]) -> None:
    csv(tmp_path, text)
    (chunk,) = vehicles(tmp_path)
    assert chunk.frame.get_column("name").to_list() == names
    assert chunk.rows_in == len(names) + chunk.rejects.filter(pl.col("column").is_null()).height


fields = st.text(alphabet='张1",\n\r ;\ufeff', max_size=5)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(fields, max_size=14).map("\n".join), st.sampled_from([48, 100, 1 << 20]))
def test_how_a_block_is_read_and_where_it_ends_make_no_difference(tmp_path: Path, body: str, size: int) -> None:
    (tmp_path / "vehicles.csv").write_bytes(("姓名,车牌号,价值\n" + body).encode())
    feed = open_folder(tmp_path).feeds["vehicles"]
    read = []
    with pytest.MonkeyPatch.context() as patched:
        for block, clean in (
            (1 << 20, delimited._clean),
            (1 << 20, lambda block, table: None),
            (size, delimited._clean),
        ):
            patched.setattr(text_of_files, "SAMPLE_BYTES", max(block, 1 << 10))
            patched.setattr(delimited, "_clean", clean)
            pieces = list(chunking.pieces(feed, 1_000))
            read.append((pl.concat(piece.raw for piece in pieces), [piece.misfits for piece in pieces]))
    empty = pl.col(pl.String).fill_null("")
    assert read[0][0].with_columns(empty).equals(read[1][0].with_columns(empty))
    assert read[0][1] == read[1][1]
    assert read[0][0].with_columns(empty).equals(read[2][0].with_columns(empty))


def test_what_slipped_into_another_column_is_masked_there(tmp_path: Path) -> None:
    slipped = [
        "王密密",
        "河南省安阳市文峰区某街1号",
        "北关区密密路5号3单元",
        "410502198001011234",
        "13812345678",
        "Zhang Mimi",
    ]
    rows = [f"某人,豫E{place},{value},{value},{value}" for place, value in enumerate(slipped)]
    csv(
        tmp_path,
        "\n".join(["姓名,号牌号码,机动车状态,初次登记日期,车辆类型", *rows, "某人,豫E9,飞船,2023-02-30,K99", ""]),
    )
    (chunk,) = vehicles(tmp_path)
    shown = chunk.rejects.get_column("raw_value").to_list()
    assert len(shown) == 3 * (len(slipped) + 1)
    assert not any(value in text for value in slipped for text in shown)
    assert set(shown) >= {"飞船", "2023-02-30", "K99"}
