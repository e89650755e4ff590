"""Layouts that nobody designed for us: what is suggested for them, what is left to a person, and that it scans alike."""

from __future__ import annotations

import csv
import gzip
import io
import random
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import polars as pl
import pytest
import xlsxwriter

from matcher import pipeline
from matcher.identity import numbers
from matcher.pipeline import ScanRequest
from matcher.sources import feeds, mapping
from matcher.sources.delivery import SUGGESTED_FILE, open_folder
from matcher.suggesting.folder import suggest, write
from matcher.synthetic.city import write_city

ROWS = 60
FAMILY, GIVEN = "王李张刘陈杨赵黄周吴", "伟芳娜秀英敏静丽强磊军洋勇艳杰涛明超"
Draw = Callable[[random.Random], str]


def number(rng: random.Random, male: bool | None = None) -> str:
    sequence = rng.randrange(100, 900)
    if male is not None:
        sequence = sequence // 2 * 2 + male
    head = f"4105{rng.choice(('02', '05', '22'))}{rng.randrange(1950, 2002)}{rng.randrange(1, 13):02}{rng.randrange(1, 29):02}{sequence}"
    return head + numbers.check_character(head)


def name(rng: random.Random) -> str:
    return rng.choice(FAMILY) + "".join(rng.choices(GIVEN, k=rng.choice((1, 2, 2))))


def day(rng: random.Random, form: str = "{}-{:02}-{:02}") -> str:
    return form.format(rng.randrange(2005, 2024), rng.randrange(1, 13), rng.randrange(1, 29))


def one_of(*words: str) -> Draw:
    return lambda rng: rng.choice(words)


def code(letters: str, digits: int) -> Draw:
    return lambda rng: letters + "".join(rng.choices("0123456789", k=digits))


def vin(rng: random.Random) -> str:
    return "L" + "".join(rng.choices("ABCDEFGHJKLMNPRSTUVWXYZ0123456789", k=16))


def uscc(rng: random.Random) -> str:
    return "91410500" + "".join(rng.choices("0123456789ABCDEFGH", k=9)) + "M"


PHONE: Draw = lambda rng: "13" + str(rng.randrange(100_000_000, 999_999_999))  # noqa: E731
PLATE: Draw = lambda rng: "豫E" + "".join(rng.choices("0123456789ABCDEFGH", k=5))  # noqa: E731
MONEY: Draw = lambda rng: f"{rng.randrange(1_000, 90_000)}.{rng.randrange(100):02}"  # noqa: E731
AREA: Draw = lambda rng: f"{rng.randrange(40, 180)}.{rng.randrange(100):02}"  # noqa: E731
PLACE: Draw = lambda rng: f"河南省安阳市文峰区文明大道{rng.randrange(1, 400)}号{rng.randrange(1, 30)}号楼"  # noqa: E731
FIRM: Draw = lambda rng: f"安阳市{rng.choice(GIVEN)}{rng.choice(GIVEN)}商贸有限公司"  # noqa: E731
MONTH: Draw = lambda rng: f"{rng.randrange(2020, 2024)}{rng.randrange(1, 13):02}"  # noqa: E731
MAN: Draw = lambda rng: number(rng, True)  # noqa: E731
WOMAN: Draw = lambda rng: number(rng, False)  # noqa: E731
EMPTY: Draw = lambda rng: ""  # noqa: E731

Layout = Sequence[tuple[str, Draw, str | None]]
"""Heading, values, and the column of the contract that it is; None where it is none."""

LAYOUTS: Mapping[str, tuple[str, str, str, Layout]] = {
    "车主身份证明号": ("vehicles", "安阳市机动车信息20241231.csv", "gb18030", (
        ("序号", code("", 4), None), ("机动车号牌号码", PLATE, "plate"), ("车主身份证明号", number, "id_number"),
        ("车主姓名(名称)", name, "name"), ("初登日期", day, "registered_on"), ("车辆状态描述", one_of("正常", "注销", "转移"), "status"),
        ("车辆识别代号(车架号)", vin, "vin"), ("检验有效期止", day, None), ("车身颜色", one_of("白", "黑", "灰"), None),
    )),
    "pinyin initials": ("vehicles", "jdc_2024.csv", "utf-8", (
        ("HPHM", PLATE, "plate"), ("SFZMHM", number, "id_number"), ("SYR", name, "name"), ("CLLX", one_of("K33", "H31", "M11"), "vehicle_kind"),
        ("CCDJRQ", day, "registered_on"), ("ZT", one_of("A", "B", "E"), "status"), ("SJHM", PHONE, "phone"), ("FZJG", one_of("豫E"), None),
    )),
    "english": ("vehicles", "export.csv", "utf-8", (
        ("LicensePlate", PLATE, "plate"), ("OwnerName", name, "name"), ("OwnerIdNo", number, "id_number"), ("Mobile", PHONE, "phone"),
        ("ChassisNo", vin, "vin"), ("RegistrationDate", day, "registered_on"), ("Colour", one_of("red", "blue"), None),
    )),
    "nothing but content": ("vehicles", "table1.csv", "utf-8", (
        ("字段1", code("A", 6), None), ("字段2", name, "name"), ("字段3", number, "id_number"), ("字段4", PLATE, "plate"),
        ("字段5", PHONE, "phone"), ("字段6", vin, "vin"), ("字段7", day, None),
    )),
    "husband and wife": ("marriage", "民政局导出.csv", "gb18030", (
        ("丈夫姓名", name, "a_name"), ("丈夫证件号", MAN, "a_id_number"), ("妻子姓名", name, "b_name"), ("妻子证件号", WOMAN, "b_id_number"),
        ("领证日期", lambda rng: day(rng, "{}年{}月{}日"), "event_date"), ("业务种类", one_of("结婚登记", "离婚登记"), "event"),
    )),
    "initials of two parties": ("marriage", "hydj.csv", "utf-8", (
        ("ywlx", one_of("IA", "IB"), "event"), ("nfxm", name, "a_name"), ("nfsfzh", MAN, "a_id_number"), ("nvfxm", name, "b_name"),
        ("nvfsfzh", WOMAN, "b_id_number"), ("djrq", lambda rng: day(rng, "{}{:02}{:02}"), "event_date"), ("jbr", name, None),
    )),
    "wife first, told apart by numbers": ("marriage", "婚姻数据.csv", "utf-8", (
        ("字段1", name, "b_name"), ("字段2", WOMAN, "b_id_number"), ("字段3", name, "a_name"), ("字段4", MAN, "a_id_number"),
        ("办理日期", day, "event_date"), ("类型", one_of("结婚", "离婚"), "event"),
    )),
    "spouse": ("marriage", "结婚登记信息.csv", "utf-8", (
        ("申请人姓名", name, "a_name"), ("申请人身份证号", MAN, "a_id_number"), ("配偶姓名", name, "b_name"), ("配偶身份证号", WOMAN, "b_id_number"),
        ("登记时间", day, "event_date"), ("登记机关", one_of("文峰区民政局"), None),
    )),
    "homes": ("real_estate", "不动产登记信息_2024年12月.csv", "gb18030", (
        ("产权人(名称)", name, "name"), ("产权人证件编号", number, "id_number"), ("不动产座落", PLACE, "property_address"),
        ("建筑面积(㎡)", AREA, "area_m2"), ("规划用途名称", one_of("住宅", "商业", "车位"), "use"), ("登簿日期", day, "acquired_on"),
        ("交易金额（万元）", AREA, "value_yuan"), ("权属状态", one_of("现势", "历史"), "status"), ("不动产权证书编号", code("豫2020安阳市不动产权第", 7), "certificate_no"),
    )),
    "insured": ("social_insurance", "sb202412.csv", "utf-8", (
        ("人员编号", code("", 10), None), ("参保人名字", name, "name"), ("社保号", number, "id_number"), ("险种类别", one_of("企业职工基本养老保险", "失业保险"), "kind"),
        ("当前缴费状态", one_of("正常缴费", "暂停缴费"), "status"), ("所在单位名称", FIRM, "employer_name"), ("月缴费基数(元)", MONEY, "wage_base_yuan"),
        ("单位社会信用代码", uscc, "employer_uscc"),
    )),
    "agent beside owner": ("finance", "银行存款查询结果.csv", "utf-8", (
        ("代理人证件号码", number, "agent_id_number"), ("代理人姓名", name, "agent_name"), ("存款人姓名", name, "name"), ("存款人证件号", number, "id_number"),
        ("开户银行名称", one_of("安阳商业银行", "中原银行"), "institution"), ("存款账号", code("62284", 14), "account_no"), ("账户余额(元)", MONEY, "balance_yuan"),
    )),
    "officer and two dates": ("deaths", "殡仪馆火化名单.csv", "utf-8", (
        ("逝者名字", name, "name"), ("逝者证件号", number, "id_number"), ("火化时间", day, "death_date"), ("经办人", name, None), ("经办人电话", PHONE, None),
        ("骨灰领取日期", day, None),
    )),
    "fund": ("housing_fund", "gjj.csv", "utf-8", (
        ("职工名称", name, "name"), ("职工证件号码", number, "id_number"), ("职工公积金账号", code("1", 11), "fund_account"),
        ("缴存基数(元)", MONEY, "base_yuan"), ("缴存单位名称", FIRM, "employer_name"), ("缴存状态名称", one_of("正常缴存", "封存"), "status"), ("当前账户余额", MONEY, "balance_yuan"),
    )),
}  # fmt: skip


def write_layout(folder: Path, file: str, encoding: str, layout: Layout, seed: int = 3) -> Path:
    rng = random.Random(seed)
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow([heading for heading, _, _ in layout])
    rows.writerows([draw(rng) for _, draw, _ in layout] for _ in range(ROWS))
    path = folder / file
    path.write_bytes(out.getvalue().encode(encoding))
    return path


@pytest.mark.parametrize("case", LAYOUTS)
def test_a_layout_that_nobody_described(case: str, tmp_path: Path) -> None:
    source, file, encoding, layout = LAYOUTS[case]
    path = write_layout(tmp_path, file, encoding, layout)
    suggested = suggest(tmp_path)
    assert write(tmp_path, suggested) == tmp_path / "feeds.toml"
    section = mapping.read(tmp_path / "feeds.toml")[source]
    assert dict(section.columns) == {column: heading for heading, _, column in layout if column}
    assert section.files == (path.name,)
    assert section.encoding == (None if encoding == "utf-8" else encoding)
    assert section.as_of is None
    assert not section.complete
    feed = open_folder(tmp_path).feeds[source]
    chunk = feeds.read_all(feed)
    assert chunk.rows_in == len(chunk.frame) == ROWS
    assert not chunk.nulled


@pytest.mark.parametrize("ending", [".xlsx", ".parquet", ".ndjson", ".csv.gz", ".zip", ".tsv"])
def test_every_kind_of_file(ending: str, tmp_path: Path) -> None:
    """The workbook bears a title and a remark above its headings."""
    source, _, _, layout = LAYOUTS["homes"]
    text = write_layout(tmp_path, "不动产.csv", "utf-8", layout)
    frame, path = pl.read_csv(text, infer_schema=False), tmp_path / f"不动产{ending}"
    match ending:
        case ".xlsx":
            with xlsxwriter.Workbook(str(path)) as book:
                sheet = book.add_worksheet("导出")
                sheet.write_row(0, 0, ["安阳市不动产登记信息表"])
                sheet.write_row(1, 0, ["制表单位：不动产登记中心"])
                for number_of_row, row in enumerate([frame.columns, *frame.rows()], start=2):
                    sheet.write_row(number_of_row, 0, row)
        case ".parquet":
            frame.write_parquet(path)
        case ".ndjson":
            frame.write_ndjson(path)
        case ".csv.gz":
            path.write_bytes(gzip.compress(text.read_bytes()))
        case ".zip":
            with zipfile.ZipFile(path, "w") as archive:
                archive.write(text, "不动产.csv")
        case ".tsv":
            frame.write_csv(path, separator="\t")
    text.unlink()
    suggested = suggest(tmp_path)
    write(tmp_path, suggested)
    feed = open_folder(tmp_path).feeds[source]
    assert dict(feed.columns) == {column: heading for heading, _, column in layout if column}, suggested.questions
    assert len(feeds.read_all(feed).frame) == ROWS


def test_nothing_personal_is_shown(tmp_path: Path) -> None:
    """Neither values, nor words of a closed list that may be somebody's name, nor headings that are values."""
    layout = [(heading, draw, column) for heading, draw, column in LAYOUTS["pinyin initials"][3] if heading != "ZT"]
    words = one_of("李娜", "王伟", "在用车", "已作注销处理", "41050219800101")
    path = write_layout(tmp_path, "jdc.csv", "utf-8", [*layout, ("状态", words, "status")])
    rows = list(csv.reader(io.StringIO(path.read_text("utf-8"))))
    (tmp_path / "名单.csv").write_text("\n".join(map(",".join, rows[1:])), "utf-8")
    suggested = suggest(tmp_path)
    everything = suggested.text + "".join(map("".join, suggested.questions))
    values = {
        cell for row in rows[1:] for place, cell in enumerate(row) if rows[0][place] not in ("CLLX", "FZJG", "状态")
    }
    assert not {value for value in values if value in everything}
    assert "李娜" not in everything
    assert "41050219800101" not in everything
    assert '"在用车" = "ACTIVE"' in suggested.text
    assert '"已作注销处理" = "CANCELLED"' in suggested.text


@pytest.mark.parametrize("case", ["husband and wife", "nothing but content", "homes"])
def test_a_file_without_a_header_is_not_guessed_at(case: str, tmp_path: Path) -> None:
    path = write_layout(tmp_path, "jdc.csv", "utf-8", LAYOUTS[case][3])
    path.write_text("".join(path.read_text("utf-8").splitlines(keepends=True)[1:]), "utf-8")
    suggested = suggest(tmp_path)
    assert suggested.sources == ()
    ((chinese, english),) = suggested.questions
    assert "表头" in chinese
    assert "header" in english
    write(tmp_path, suggested)
    assert open_folder(tmp_path).feeds == {}


def test_words_that_the_contract_does_not_know(tmp_path: Path) -> None:
    """Another form of a known word is suggested; what is no form of one, or a negation of it, is asked."""
    words = one_of("正常缴费状态", "暂停缴费中", "未正常缴费", "历史数据")
    layout = [*LAYOUTS["insured"][3][:4], ("当前缴费状态", words, "status")]
    write_layout(tmp_path, "社保.csv", "utf-8", layout)
    suggested = suggest(tmp_path)
    write(tmp_path, suggested)
    section = mapping.read(tmp_path / "feeds.toml")["social_insurance"]
    assert section.values == {"status": {"正常缴费状态": "PAYING", "暂停缴费中": "PAUSED"}}
    assert '# ??? "未正常缴费" =' in suggested.text
    assert '# ??? "历史数据" =' in suggested.text


def test_a_file_that_is_read_as_it_stands_needs_no_section(tmp_path: Path) -> None:
    layout = [
        ("姓名", name, None),
        ("身份证号", number, None),
        ("车牌号", PLATE, None),
        ("状态", one_of("正常", "注销"), None),
    ]
    write_layout(tmp_path, "vehicles.csv", "utf-8", layout)
    assert suggest(tmp_path).sources == ()
    assert suggest(tmp_path).questions == ()


def test_what_a_person_has_written_is_kept(tmp_path: Path) -> None:
    """An existing feeds.toml is never touched; what it says stands in the suggestion, which lies beside it unread."""
    layout = [
        ("姓名", name, None),
        ("车主备用号", number, None),
        ("车辆号牌", PLATE, None),
        ("使用状况", one_of("好用", "不好用"), None),
    ]
    write_layout(tmp_path, "a.csv", "utf-8", layout)
    said = '[vehicles]\nfiles = ["a*.csv"]\nas_of = 2024-12-31\ncomplete = true\n[vehicles.columns]\nid_number = "车主备用号"\n[vehicles.values.status]\n"好用" = "ACTIVE"\n'
    (tmp_path / "feeds.toml").write_text(said, "utf-8")
    suggested = suggest(tmp_path)
    path = write(tmp_path, suggested)
    assert path.name == SUGGESTED_FILE
    assert write(tmp_path, suggested) == path
    assert (tmp_path / "feeds.toml").read_text("utf-8") == said
    before, after = mapping.read(tmp_path / "feeds.toml")["vehicles"], mapping.read(path)["vehicles"]
    assert (after.files, after.as_of, after.complete) == (before.files, before.as_of, before.complete)
    assert before.columns.items() <= after.columns.items()
    assert before.values == after.values
    assert after.columns["plate"] == "车辆号牌"
    assert open_folder(tmp_path).ignored == ()


def test_an_unknown_file_and_one_of_two_layouts_are_asked(tmp_path: Path) -> None:
    write_layout(
        tmp_path, "misc.csv", "utf-8", [("颜色", one_of("红", "绿"), None), ("备注", one_of("a", "b"), None)]
    )
    _, _, _, layout = LAYOUTS["pinyin initials"]
    write_layout(tmp_path, "jdc_1.csv", "utf-8", layout)
    write_layout(tmp_path, "jdc_2.csv", "utf-8", [(f"{heading}_", draw, None) for heading, draw, _ in layout[:4]])
    (tmp_path / "empty.csv").touch()
    (tmp_path / "leer.pdf").write_bytes(b"%PDF")
    suggested = suggest(tmp_path)
    asked = "\n".join(chinese for chinese, _ in suggested.questions)
    assert suggested.sources == ("vehicles",)
    for file in ("misc.csv", "jdc_2.csv", "empty.csv", "leer.pdf"):
        assert file in asked
    write(tmp_path, suggested)
    assert [path.name for path in open_folder(tmp_path).feeds["vehicles"].files] == ["jdc_1.csv"]


def test_every_word_of_a_heading_survives_toml(tmp_path: Path) -> None:
    """Quotation marks, backslashes, line ends and brackets in headings and in the file's name."""
    layout = [
        ("车主\n姓名", name, "name"),
        ('身份证"号"码', number, "id_number"),
        ("车牌号\\号牌号码", PLATE, "plate"),
    ]
    write_layout(tmp_path, '机动车[1] "a"*.csv', "utf-8", layout)
    write(tmp_path, suggest(tmp_path))
    feed = open_folder(tmp_path).feeds["vehicles"]
    assert dict(feed.columns) == {column: heading for heading, _, column in layout}
    assert len(feeds.read_all(feed).frame) == ROWS


MARRIAGES = (
    "业务流水号",
    "证件字号(旧)",
    "业务种类",
    "领证日期",
    "丈夫姓名",
    "丈夫证件号",
    "丈夫生日",
    "妻子姓名",
    "妻子证件号",
    "妻子生日",
)
VEHICLES = (
    "业务流水号", "车主全名", "车主身份证明编号", "车主性别", "车主出生年月日", "车主手机号码", "车主现住地址", "辖区行政区划", "机动车号牌", "车架编号",
    "机动车种类", "购车发票价", "初登日期", "机动车当前状态", "注销时间",
)  # fmt: skip


def test_a_city_in_another_layout_gives_the_same_links(tmp_path: Path) -> None:
    """Two feeds of a city as GB18030 under names and headings of their own; suggested, confirmed, scanned."""
    city, strange = tmp_path / "city", tmp_path / "strange"
    write_city(city, households=40, records=900, seed=11, form="gb18030", sources=["marriage", "vehicles"])
    strange.mkdir()
    told = mapping.read(city / "feeds.toml")
    for path in city.iterdir():
        rest = path.read_bytes().partition(b"\n")[2]
        if path.name.startswith("marriage"):
            (strange / "民政局_结婚离婚.csv").write_bytes(",".join(MARRIAGES).encode("gb18030") + b"\n" + rest)
        elif path.name.startswith("vehicles"):
            (strange / "交警车管20241231.csv").write_bytes(",".join(VEHICLES).encode("gb18030") + b"\n" + rest)
        elif path.name != "feeds.toml":
            shutil.copy(path, strange)
    suggested = suggest(strange)
    assert suggested.sources == ("marriage", "vehicles"), suggested.questions
    path = write(strange, suggested)
    confirmed = path.read_text("utf-8").replace("complete = false", "complete = true").replace("\n# as_of", "\nas_of")
    path.write_text(confirmed.replace("YYYY-MM-DD", str(told["marriage"].as_of)), "utf-8")
    links = []
    for folder, out in ((city, tmp_path / "one"), (strange, tmp_path / "other")):
        pipeline.scan(ScanRequest(folder, out))
        links.append(pl.read_parquet(out / "links.parquet"))
    assert links[0]["source"].n_unique() == 2
    assert len(links[0]) > 50
    assert links[0].equals(links[1])


def test_the_command_writes_its_file_and_never_over_a_persons(tmp_path: Path) -> None:
    chance = random.Random(5)
    rows = [
        ["车主全名", "车主身份证明编号", "机动车号牌"],
        *[[name(chance), number(chance), code("豫E", 5)(chance)] for _ in range(40)],
    ]
    (tmp_path / "交警导出.csv").write_text("\n".join(map(",".join, rows)), encoding="gb18030")
    command = [sys.executable, "-m", "matcher", "validate", str(tmp_path), "--suggest", "--quiet"]
    first = subprocess.run(command, capture_output=True, text=True, check=True)
    written = (tmp_path / "feeds.toml").read_text(encoding="utf-8")
    assert first.stdout == written
    assert "feeds.toml" in first.stderr
    assert feeds.read_all(open_folder(tmp_path).feeds["vehicles"]).rows_in == 40
    assert not any(value in written + first.stderr for row in rows[1:] for value in row)
    subprocess.run(command, capture_output=True, check=True)
    assert (tmp_path / "feeds.toml").read_text(encoding="utf-8") == written
    assert (tmp_path / SUGGESTED_FILE).exists()


def test_the_command_says_where_nothing_could_be_understood(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("甲,乙\n1,2\n", encoding="utf-8")
    command = [sys.executable, "-m", "matcher", "validate", str(tmp_path), "--suggest", "--quiet"]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 3


def test_a_column_that_must_be_there_takes_the_one_heading_left_and_no_heading_is_passed_over(tmp_path: Path) -> None:
    chance = random.Random(8)
    rows = [
        ["夫方名字", "夫方公民证件", "妻方名字", "妻方公民证件", "办结日", "杂项"],
        *[
            [name(chance), number(chance, True), name(chance), number(chance, False), day(chance), "甲"]
            for _ in range(60)
        ],
    ]
    (tmp_path / "mz_hd.csv").write_text("\n".join(map(",".join, rows)), encoding="gb18030")
    suggested = suggest(tmp_path)
    assert suggested.sources == ("marriage",)
    assert '\nevent_date = "办结日"' in suggested.text
    assert '\n# ??? = "杂项"' in suggested.text
