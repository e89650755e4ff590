"""How alike a department's heading is to one that a contract knows: in Chinese, English, pinyin or its initials.

A heading says whose (车主, 代理人, 男方) and what (姓名, 证件号码). Another person's value never stands for the row's own,
however alike the words are: a heading that names an agent is only like one that names an agent.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache

from rapidfuzz import fuzz

from matcher.identity import names
from matcher.sources.contract import fold

_OTHERS = {
    "agent": ("代理", "代办", "委托", "agent", "proxy", "dlr", "dbr"),
    "officer": ("经办", "操作员", "录入", "审核", "审批", "登记员", "受理", "办理人", "签发", "填表", "制表", "operator", "clerk", "jbr"),
    "contact": ("联系人", "紧急联系", "emergency"),
    "guardian": ("监护", "guardian", "jhr"),
    "spouse": ("配偶", "爱人", "spouse", "po_"),
    "head": ("户主", "hz_"),
    "payee": ("收款人", "领款人", "账户姓名", "开户名", "payee"),
    "parent": ("父亲", "母亲", "家长", "father", "mother"),
    "mortgagee": ("抵押", "质权", "mortgage"),
    "before": ("原", "前任", "曾用", "转让方", "出卖", "卖方", "previous", "former"),
    "co-owner": ("共有人", "co_owner"),
    "organisation": ("单位", "企业", "公司", "机构", "医院", "学校", "employer", "company", "dwmc", "hospital", "school"),
}  # fmt: skip
_PARTIES = {
    "a": ("男方", "甲方", "丈夫", "先生", "男", "夫", "当事人一", "当事人1", "当事人a", "申请人一", "申请人男", "husband", "nan", "male", "nf"),
    "b": ("女方", "乙方", "妻子", "女士", "女", "妻", "配偶", "对方", "当事人二", "当事人2", "当事人b", "申请人二", "申请人女", "wife", "nv", "female", "nvf"),
}  # fmt: skip
_SIDES = {"a": ("1", "一", "a", "甲", "m", "h"), "b": ("2", "二", "b", "乙", "f", "w")}
"""What tells two parties apart only at the beginning or the end of a heading."""

_OF_SOMEBODY = re.compile(r"名|证|身份|号|生|电话|手机|址|性别|id|name|birth|phone|tel|addr|xm|sfz|zj|csrq|xb", re.A)

_WORDS = (
    (r"(?:有效)?(?:居民)?(?:公民)?(?:身份证明|身份证件|身份证|身份号码|公民身份|个人身份)(?:号码|编号|号|证号|证号码)*|证件(?:编号|号码|号)|(?<![权婚离记产登格])证号$|社会保障号码?|社保号", "ID"),
    (r"(?:人员)?姓名|名字|(?<=[人者主])名称", "NAME"),
    (r"(?:移动|固定|联系|手机)?(?:电话|手机|联系方式)(?:号码|号)?", "TEL"),
    (r"(?:现|户籍|家庭|居住|联系|通讯|常住|详细|通信)?(?:地址|住址|居住地|住所|户籍地)", "ADDR"),
    (r"出生(?:日期|年月日|年月|时间)|生日", "BIRTH"),
    (r"(?:号牌|车牌|牌照|车辆号牌|机动车号牌)(?:号码|号)?", "PLATE"),
    (r"车辆识别(?:代号|代码|号|号码)|车架(?:号码|号)|vin码?", "VIN"),
    (r"统一社会信用代码|社会信用代码|信用代码|统一代码", "USCC"),
    (r"(?:坐落|座落)(?:位置|地址)?|(?:房屋|房产|不动产)(?:地址|位置)", "PLACE"),
    (r"(?:行政)?(?:区划|县区|区县)(?:代码|编码)?", "DIV"),
    (r"年月|月份|所属期", "MONTH"),
    (r"日期|时间|年月日", "DAY"),
    (r"类型|类别|种类|性质", "KIND"),
    (r"状态|状况|情况", "STATE"),
    (r"号码|编号|字号|证号|号$", "NO"),
    (r"价格|价款|价值|总价", "VALUE"),
    (r"金额|数额|额度", "SUM"),
    (r"领证", "发证"), (r"发证机关", "登记机关"), (r"注册|初次登记|初登", "登记"), (r"代码$", ""),
)  # fmt: skip
_CANONICAL = tuple((re.compile(pattern), f"<{word.lower()}>" if word.isascii() and word else word) for pattern, word in _WORDS)  # fmt: skip
_ENGLISH = {
    "姓名": "name full_name person_name owner_name owner holder insured customer_name applicant",
    "身份证号": "id_number id_no id_card idcard identity_no identity_number citizen_id national_id cert_no id_num card_no owner_id certificate_id personal_id",
    "出生日期": "birth_date birthday date_of_birth dob birth born",
    "性别": "sex gender",
    "联系电话": "phone mobile tel telephone phone_no contact_phone mobile_no cell",
    "地址": "address addr home_address residence",
    "行政区划代码": "division_code area_code division region_code district_code",
    "车牌号": "plate plate_no licence license_plate licence_plate plate_number car_no reg_plate",
    "车辆识别代号": "vin chassis_no frame_no vehicle_identification",
    "车辆类型": "vehicle_kind vehicle_type car_type body_type",
    "登记日期": "registered_on registration_date reg_date register_date first_registered event_date marriage_date date_registered",
    "状态": "status state record_status",
    "注销日期": "ended_on end_date cancel_date",
    "登记类型": "event event_type business_type registration_type",
    "证书编号": "certificate_no certificate_number",
    "坐落": "property_address location house_address situated",
    "建筑面积": "area_m2 area floor_area square_metres sqm build_area",
    "房屋用途": "use usage purpose",
    "账号": "account_no account account_number bank_account",
    "余额": "balance_yuan balance",
    "单位名称": "employer_name employer company work_unit company_name",
    "统一社会信用代码": "employer_uscc uscc credit_code social_credit_code",
    "缴费基数": "wage_base wage_base_yuan contribution_base pay_base",
    "险种": "kind insurance_type insurance_kind",
    "金融机构": "institution bank bank_name",
    "死亡日期": "death_date date_of_death died_on",
}  # fmt: skip


@cache
def party(heading: str) -> tuple[str, str] | None:
    """Which of two parties a heading names ("a" or "b"), and what is left of it; None where it names none.

    >>> party("丈夫证件号"), party("姓名2"), party("wife_name"), party("车牌号")
    (('a', '证件号'), ('b', '姓名'), ('b', 'name'), None)
    """
    word = simple(heading)
    for side in ("b", "a"):
        for mark in sorted(_PARTIES[side], key=len, reverse=True):
            if mark.isascii():
                tokens = word.split("_")
                if mark in tokens and len(tokens) > 1:
                    return side, "_".join(token for token in tokens if token != mark)
                if (
                    len(mark) > 1
                    and word.startswith(mark)
                    and mark in ("nf", "nvf")
                    and word[len(mark) :] in _INITIALS
                ):
                    return side, word[len(mark) :]
            elif mark in word and word != mark:
                return side, re.sub(rf"[(_-]?{mark}[)_-]?", "", word, count=1) or word
            elif word == mark:
                return side, "姓名"
    for side, marks in _SIDES.items():
        for mark in marks:
            if found := re.fullmatch(rf"{mark}_(.+)|(.*[^\W\d])[_(]?{mark}\)?", word):
                rest = found[1] or found[2]
                if (
                    rest
                    and _OF_SOMEBODY.search(rest)
                    and (not mark.isalpha() or not rest[-1:].isascii() or "_" in word)
                ):
                    return side, rest.strip("_(")
    return None


@lru_cache(100_000)
def best(heading: str, known: tuple[str, ...]) -> float:
    """The likeness to the most alike of some headings."""
    return max((likeness(heading, synonym) for synonym in known), default=0.0)


def likeness(heading: str, synonym: str) -> float:
    """From 0 (nothing in common, or another person's) to 1 (the same).

    >>> likeness("车主身份证明号", "车主身份证号"), likeness("代理人身份证号", "权利人身份证号"), likeness("HPHM", "号牌号码")
    (0.97, 0.0, 0.9)
    """
    ours, known = simple(heading), simple(synonym)
    if ours == known:
        return 1.0
    if other(ours) != other(known):
        return 0.0
    if ours.isascii():
        return _foreign(ours, known)
    if known.isascii():
        return 0.0
    left, right = _canonical(ours), _canonical(known)
    if left == right:
        return 0.97
    if _what(left) and _what(right) and _what(left) != _what(right):
        return 0.0
    alike = fuzz.ratio(left, right) / 100
    short, long = sorted((_bare(left), _bare(right)), key=len)
    if len(short) >= 2 and short in long:
        alike = max(alike, 0.62 + 0.33 * len(short) / len(long))
    return round(min(alike, 0.95), 2)


def names_a_kind(heading: str) -> bool:
    """Whether the heading ends with a word for one kind of value, so that another kind of content is no reason to doubt it.

    >>> names_a_kind("开票日期"), names_a_kind("字段3"), names_a_kind("号码")
    (True, False, False)
    """
    return _what(_canonical(simple(heading))) not in (None, "no", "kind", "state", "value", "sum")


def ends_like_a_heading(heading: str) -> bool:
    """Whether it ends with a character that headings end with, given names do not, and holds no digit.

    >>> ends_like_a_heading("车主全名"), ends_like_a_heading("李娜")
    (True, False)
    """
    return simple(heading)[-1:] in _LAST and not re.search(r"\d", heading)


@cache
def other(heading: str) -> str | None:
    """Whose value it is, where it is not that of the person whom the row is about; None where it is."""
    word = simple(heading)
    for who, marks in _OTHERS.items():
        for mark in marks:
            if mark in word and (mark != "原" or re.match("原(?!因)", word)):
                return who
    return None


@cache
def simple(heading: str) -> str:
    """The heading folded (contract.fold), in snake case where it is Latin, without what stands in brackets.

    >>> simple("产权人(名称)"), simple("OwnerName"), simple("建筑面积(㎡)"), simple("3.车牌号*")
    ('产权人', 'owner_name', '建筑面积', '车牌号')
    """
    text = unicodedata.normalize("NFKC", heading).strip()
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text)
    text = re.sub(r"(?<=[A-Za-z])[\s.-]+(?=[A-Za-z])", "_", text)
    word = re.sub(r"^\d{1,2}[.、:]", "", fold(text))
    return re.sub(r"(?<=.)[(\[【][^()]{1,12}[)\]】]$", "", word).strip(":*#_.、-") or word


@cache
def initials(word: str) -> str:
    """The first letters of the syllables of a Chinese word."""
    return "".join(syllable[:1] for syllable in _syllables(word))


@cache
def spoken(word: str) -> str:
    """The syllables of a Chinese word, run together."""
    return "".join(_syllables(word))


_LAST = frozenset("名号人者称址期码型态类间别数额量位户")
_INITIALS = frozenset({"xm", "sfzh", "sfzhm", "zjhm", "zjh", "csrq", "lxdh", "dz", "zz", "gmsfhm", "xb"})


def _foreign(ours: str, known: str) -> float:
    """A heading in Latin letters: English, or pinyin whole or by initials, of a synonym."""
    if known.isascii():
        return round(0.9 * fuzz.ratio(ours, known) / 100, 2) if min(len(ours), len(known)) > 4 else 0.0
    english = _ENGLISH.get(known, "").split()
    if ours in english:
        return 0.93
    joined = ours.replace("_", "")
    if joined == spoken(known):
        return 0.95
    if len(joined) >= 2 and joined == initials(known):
        return 0.9 if len(joined) > 2 else 0.75
    parts = [part for part in ours.split("_") if part]
    if len(parts) > 1 and max(map(len, parts)) > 1:
        best = max((0.85 for part in parts if len(part) > 2 and part == initials(known)), default=0.0)
        inside = max((len(word) for word in english if f"_{word}_" in f"_{ours}_"), default=0)
        return max(best, round(0.55 + 0.35 * inside / len(ours), 2) if inside else 0.0)
    return 0.0


def _syllables(word: str) -> list[str]:
    table, words = names.readings(), {"行": "hang"}
    return [words.get(character) or table.get(character, character) for character in word]


@cache
def _canonical(word: str) -> str:
    for pattern, name in _CANONICAL:
        word = pattern.sub(name, word)
    return re.sub(r"^(?:本|该|当前|所属|登记信息|基本信息)", "", word)


def _bare(canonical: str) -> str:
    """Each canonical word as one character pair, so that lengths compare."""
    return re.sub(r"<(\w+)>", lambda found: found[1][:2].upper(), canonical)


def _what(canonical: str) -> str | None:
    """The word that a heading ends with, where that says what kind of value it is."""
    found = re.search(r"<(\w+)>$", canonical)
    return found[1] if found else None
