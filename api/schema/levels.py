"""How the matcher compares two values, field by field: its levels as enumerations, with their words."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from api.schema.enumerations import Words, described


class NumberLevel(StrEnum):
    """How two citizen numbers compare, the best first."""

    MISSING = "missing"
    EQUAL = "equal"
    EQUAL_15_18 = "equal_15_18"
    EQUAL_PERMIT = "equal_permit"
    EQUAL_UNCHECKED = "equal_unchecked"
    REPAIRED = "repaired"
    COMPATIBLE = "compatible"
    NEIGHBOUR = "neighbour"
    CONFLICT = "conflict"
    DIFFERENT = "different"
    NOT_NEEDED = "not_needed"


class NameLevel(StrEnum):
    """How two names compare, the best first."""

    MISSING = "missing"
    EXACT = "exact"
    WRITTEN = "written"
    VARIANT = "variant"
    FORMER = "former"
    TONE = "tone"
    SOUND = "sound"
    SPELT = "spelt"
    WILDCARD = "wildcard"
    SHAPE = "shape"
    TRUNCATED = "truncated"
    ONE_CHARACTER = "one_character"
    DIFFERENT = "different"
    NOT_NEEDED = "not_needed"


class DateLevel(StrEnum):
    """How two dates compare, the best first."""

    MISSING = "missing"
    EQUAL = "equal"
    NEAR = "near"
    DIFFERENT = "different"
    NOT_NEEDED = "not_needed"


class ValueLevel(StrEnum):
    """How two values compare that agree or do not."""

    MISSING = "missing"
    EQUAL = "equal"
    DIFFERENT = "different"
    NOT_NEEDED = "not_needed"


class AddressLevel(StrEnum):
    """How two addresses compare, the best first."""

    MISSING = "missing"
    EQUAL = "equal"
    SAME_BUILDING = "same_building"
    SAME_ROAD = "same_road"
    DIFFERENT = "different"
    NOT_NEEDED = "not_needed"


LEVELS: Mapping[str, type[StrEnum]] = {
    "number": NumberLevel,
    "name": NameLevel,
    "birth_date": DateLevel,
    "sex": ValueLevel,
    "phone": ValueLevel,
    "division": ValueLevel,
    "address": AddressLevel,
}
"""How each field of a person is compared with a record's, as the matcher names fields and levels; a test keeps it so."""

MISSING = Words("缺失", "Missing", "一方未提供。", "One side does not say.")
NOT_NEEDED = Words(
    "未比对",
    "Not needed",
    "其他字段已足以判定，未比对。",
    "Not looked at: the other fields had settled the pair.",
)

described(
    NumberLevel,
    "How the citizen numbers of a person and a record compare, the surest first.",
    {
        "MISSING": MISSING,
        "EQUAL": Words("一致", "Equal", "完全一致，校验通过。", "The same 18 characters, and the check holds."),
        "EQUAL_15_18": Words(
            "新旧号码一致",
            "Equal, 15 and 18 digits",
            "十五位号码与其十八位形式。",
            "A 15-digit number and its 18-digit form.",
        ),
        "EQUAL_PERMIT": Words("证件号一致", "Equal permit", "同一通行证或护照号。", "The same permit or passport."),
        "EQUAL_UNCHECKED": Words(
            "一致但校验不符",
            "Equal, unchecked",
            "一致，但校验位均不符。",
            "The same 18 characters, though the check fails on both sides.",
        ),
        "REPAIRED": Words(
            "改正后一致",
            "Repaired",
            "一方校验不符，改正一处笔误后一致。",
            "One number fails its check; one slip of the pen turns it into the other.",
        ),
        "COMPATIBLE": Words(
            "可见位一致",
            "Compatible",
            "有掩码或被表格软件损坏，所余各位一致。",
            "Masked or spoilt by a spreadsheet; what is left agrees.",
        ),
        "NEIGHBOUR": Words(
            "相邻号码",
            "Neighbour",
            "同地同日出生，顺序码相邻，多为双胞胎。",
            "The same place and birth date with the next sequence: a twin's number.",
        ),
        "CONFLICT": Words(
            "号码冲突",
            "Conflict",
            "两个号码均有效而不同。",
            "Both numbers hold and differ: two people, or one with two numbers.",
        ),
        "DIFFERENT": Words(
            "不同",
            "Different",
            "号码不同，且至少一个有误。",
            "The numbers differ, and at least one of them cannot be right.",
        ),
        "NOT_NEEDED": NOT_NEEDED,
    },
)
described(
    NameLevel,
    "How the names of a person and a record compare, the surest first.",
    {
        "MISSING": MISSING,
        "EXACT": Words("相同", "Exact", "字字相同。", "The same characters."),
        "WRITTEN": Words(
            "写法不同",
            "Written otherwise",
            "除空格、间隔点、全半角和自造字外相同。",
            "The same but for blanks, dots, widths and private code points.",
        ),
        "VARIANT": Words(
            "异体字",
            "Variant",
            "繁体、异体或通用字。",
            "Traditional, variant or interchanged forms of the same characters.",
        ),
        "FORMER": Words(
            "曾用名", "Former name", "一方为另一方登记的曾用名。", "One is the other's recorded former name."
        ),
        "TONE": Words("同音同调", "Same tone", "异字同音同调。", "Other characters, spoken alike, tones included."),
        "SOUND": Words(
            "同音", "Same sound", "异字同音，声调不同。", "Other characters, spoken alike but for the tones."
        ),
        "SPELT": Words(
            "拼音",
            "Spelt",
            "一方为另一方的拼音或外文拼写。",
            "Latin letters on one side spell the characters on the other.",
        ),
        "WILDCARD": Words(
            "缺字",
            "Wildcard",
            "有系统无法写出的字，其余一致。",
            "A character that one system could not write; the rest agrees.",
        ),
        "SHAPE": Words("形近", "Same shape", "形近字。", "Characters that look alike."),
        "TRUNCATED": Words("截断", "Truncated", "长名被截断。", "A long name cut short."),
        "ONE_CHARACTER": Words(
            "一字之差",
            "One character",
            "三字以上，多、少、错一字或两字互换。",
            "One character more, less, other or swapped, in three or more.",
        ),
        "DIFFERENT": Words("不同", "Different", "姓名不同。", "The names really differ."),
        "NOT_NEEDED": NOT_NEEDED,
    },
)
described(
    DateLevel,
    "How the birth dates of a person and a record compare, the surest first.",
    {
        "MISSING": MISSING,
        "EQUAL": Words("相同", "Equal", "同一天。", "The same day."),
        "NEAR": Words(
            "相近",
            "Near",
            "月日互换，或年、月、日中两项一致。",
            "Month and day exchanged, or two of year, month and day agree.",
        ),
        "DIFFERENT": Words("不同", "Different", "不是同一天。", "Another day."),
        "NOT_NEEDED": NOT_NEEDED,
    },
)
described(
    ValueLevel,
    "How two values compare that agree or do not: sexes, telephone numbers, divisions.",
    {
        "MISSING": MISSING,
        "EQUAL": Words("相同", "Equal", "两值相同。", "The same."),
        "DIFFERENT": Words("不同", "Different", "两值不同。", "Not the same."),
        "NOT_NEEDED": NOT_NEEDED,
    },
)
described(
    AddressLevel,
    "How the addresses of a person and a record compare, the surest first.",
    {
        "MISSING": Words("缺失", "Missing", "缺失或无法识别。", "One side does not say, or cannot be understood."),
        "EQUAL": Words("相同", "Equal", "同一地址。", "The same place."),
        "SAME_BUILDING": Words(
            "同一楼栋",
            "Same building",
            "同一楼栋，或一方未写房号。",
            "The same building, or one side does not say the room.",
        ),
        "SAME_ROAD": Words("同一道路", "Same road", "同一道路或村庄。", "The same road or village."),
        "DIFFERENT": Words("不同", "Different", "不是同一地点。", "Another place."),
        "NOT_NEEDED": NOT_NEEDED,
    },
)
