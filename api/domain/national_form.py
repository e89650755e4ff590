"""The national form of a worker in hardship (困难职工家庭信息采集表): its fields, what each may hold, and what is missing.

A field that our tables have a column for names it, and is kept there, or with the file and its causes; all others are kept
sealed in `form`, and none of them ever goes to the matcher. Those that no rule may read (F-24) are `forbidden` besides:
ethnic group, political status, health. Source: domain.md B1, required fields.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from api.domain.casework import MOST_CAUSES
from api.domain.people import Relation

LONGEST = 200
MOST_YUAN = Decimal("100000000000")
_MONEY = re.compile(r"\d+(\.\d{1,2})?")


class FormPart(StrEnum):
    """Whose a field is: the household's, the worker's in whose name the file is, or every member's."""

    HOUSEHOLD = "HOUSEHOLD"
    WORKER = "WORKER"
    MEMBER = "MEMBER"


class FieldKind(StrEnum):
    """What a field holds."""

    TEXT = "TEXT"
    CHOICE = "CHOICE"
    YES_NO = "YES_NO"
    DAY = "DAY"
    MONEY = "MONEY"
    COUNT = "COUNT"


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the form; `column` is where our tables keep it, `only_for` the target group that has to fill it in."""

    code: str
    zh: str
    en: str
    part: FormPart
    kind: FieldKind = FieldKind.TEXT
    words: Mapping[str, str] = field(default_factory=dict)
    required: bool = False
    sensitive: bool = False
    forbidden: bool = False
    column: str | None = None
    only_for: str | None = None


H, W, M = FormPart
TEXT, CHOICE, YES_NO, DAY, MONEY, COUNT = FieldKind


def _listed(words: str) -> dict[str, str]:
    """Codes and their words, as `CODE 词 CODE 词`; words that are their own code stand for both."""
    pieces = words.split()
    return dict(zip(pieces[::2], pieces[1::2], strict=True))


def _themselves(words: str) -> dict[str, str]:
    return {word: word for word in words.split()}


YES_OR_NO = _listed("YES 是 NO 否")
SEXES = _listed("MALE 男 FEMALE 女")
RELATIONS = _listed("HEAD 本人 SPOUSE 配偶 CHILD 子女 PARENT 父母 OTHER 其他")
MARRIAGE = _listed("SINGLE 未婚 MARRIED 已婚 WIDOWED 丧偶 DIVORCED 离异")
ETHNIC_GROUPS = _themselves(
    "汉族 蒙古族 回族 藏族 维吾尔族 苗族 彝族 壮族 布依族 朝鲜族 满族 侗族 瑶族 白族 土家族 哈尼族 哈萨克族 傣族 黎族"
    " 傈僳族 佤族 畲族 高山族 拉祜族 水族 东乡族 纳西族 景颇族 柯尔克孜族 土族 达斡尔族 仫佬族 羌族 布朗族 撒拉族"
    " 毛南族 仡佬族 锡伯族 阿昌族 普米族 塔吉克族 怒族 乌孜别克族 俄罗斯族 鄂温克族 德昂族 保安族 裕固族 京族 塔塔尔族"
    " 独龙族 鄂伦春族 赫哲族 门巴族 珞巴族 基诺族 其他"
)
POLITICS = _themselves(
    "中共党员 中共预备党员 共青团员 民革党员 民盟盟员 民建会员 民进会员 农工党党员 致公党党员 九三学社社员 台盟盟员"
    " 无党派人士 群众"
)
HEALTH = _listed("GOOD 健康 WEAK 一般或较弱 CHRONIC 患慢性病 SEVERE 患重大疾病 DISABLED 残疾")
DISABILITY = _listed(
    "NONE 无 SIGHT 视力残疾 HEARING 听力残疾 SPEECH 言语残疾 LIMBS 肢体残疾 MIND 智力残疾 PSYCHE 精神残疾 SEVERAL 多重残疾"
)
WORK = _listed(
    "AT_POST 在岗 LAID_OFF 下(待)岗 JOBLESS 失(无)业 RETIRED 退休 SICK_LEAVE 病休 EARLY_RETIRED 内退 FLEXIBLE 灵活就业"
    " STUDENT 在校学生 UNDER_AGE 学龄前 OTHER 其他"
)
MODEL = _listed("NO 非劳模 NATIONAL 全国劳模 PROVINCIAL 省部级劳模 MUNICIPAL 地市级劳模 OTHER 其他先进")
HOUSING = _listed("OWN 自有住房 PUBLIC 公租房 RENTED 租赁 DORMITORY 单位宿舍 LENT 借住 NONE 无住房 OTHER 其他")
AREA = _listed(
    "UP_TO_30 30平方米以下 UP_TO_60 31至60平方米 UP_TO_90 61至90平方米 UP_TO_120 91至120平方米 MORE 120平方米以上"
)
INDUSTRIES = _listed(
    "A 农林牧渔业 B 采矿业 C 制造业 D 电力热力燃气及水生产和供应业 E 建筑业 F 批发和零售业 G 交通运输仓储和邮政业"
    " H 住宿和餐饮业 I 信息传输软件和信息技术服务业 J 金融业 K 房地产业 L 租赁和商务服务业 M 科学研究和技术服务业"
    " N 水利环境和公共设施管理业 O 居民服务修理和其他服务业 P 教育 Q 卫生和社会工作 R 文化体育和娱乐业"
    " S 公共管理社会保障和社会组织 T 国际组织"
)
EMPLOYERS = _listed(
    "STATE 国有企业 COLLECTIVE 集体企业 PRIVATE 民营企业 FOREIGN 外商及港澳台投资企业 INSTITUTION 事业单位 AGENCY 机关"
    " SOCIAL 社会组织 OTHER 其他"
)
CONDITIONS = _listed(
    "NORMAL 正常 IN_TROUBLE 经营困难 HALF_STOPPED 半停产 STOPPED 停产 RESTRUCTURED 改制 BANKRUPT 破产 CLOSED 关闭"
)
INSURANCE = _listed("WORKERS 职工医保 RESIDENTS 居民医保 COMMERCIAL 商业保险 NONE 未参保 OTHER 其他")
MEASURES = _listed("WORK 就业创业 INSURANCE 社会保险 AID 社会救助兜底 UNION 工会帮扶")
RESIDENCES = _listed("URBAN 城镇 RURAL 农村")
GROUPS = _listed(
    "DIBAO_UNDEREMPLOYED 低保且未充分就业 BELOW_LINE 未纳入低保 EXPENDITURE_SHOCK 支出突增 MIGRANT_WORKER 困难农民工"
    " STRUCTURAL_REFORM 供给侧改革"
)
TIERS = _listed("NATIONAL 全国级 PROVINCIAL 省级 MUNICIPAL 地市级 COUNTY 区县级 GRASSROOTS 基层")
CATEGORIES = _listed(
    "DIBAO 低保户 DIBAO_MARGIN 低保边缘户 DEEP 深度困难 RELATIVE 相对困难 ACCIDENTAL 意外致困 MIGRANT_WORKER 困难农民工"
    " AUXILIARY 地方辅助类"
)
CAUSES = _listed(
    "NO_LABOUR_ABILITY 无劳动能力 NOT_EMPLOYED 有劳动能力而未就业 LAID_OFF 下岗失业 UNINSURED 未参加社保"
    " INSURANCE_LACKING 社保待遇不到位 SEVERE_ILLNESS 重特大疾病 NATURAL_DISASTER 自然灾害 ACCIDENT 意外事故"
    " SCHOOLING 子女上学 OTHER 其他"
)
MIGRANT = "MIGRANT_WORKER"

FIELDS: tuple[Field, ...] = (
    Field("NAME", "姓名", "name", W, required=True, column="members.name"),
    Field("ETHNIC_GROUP", "民族", "ethnic group", W, CHOICE, ETHNIC_GROUPS, True, True, True),
    Field("SEX", "性别", "sex", W, CHOICE, SEXES, True, column="members.sex"),
    Field("POLITICAL_STATUS", "政治面貌", "political status", W, CHOICE, POLITICS, True, True, True),
    Field("ID_NUMBER", "证件号码", "ID number", W, required=True, sensitive=True, column="members.id_number"),
    Field("BIRTH_DATE", "出生日期", "birth date", W, DAY, required=True, column="members.birth_date"),
    Field("HEALTH", "健康状况", "health", W, CHOICE, HEALTH, True, True, True),
    Field("DISABILITY", "残疾类别", "disability", W, CHOICE, DISABILITY, True, True, True),
    Field("WORK_STATUS", "工作状态", "work status", W, CHOICE, WORK, True),
    Field("MODEL_WORKER", "劳模类型", "model worker", W, CHOICE, MODEL),
    Field("MOBILE", "手机号码", "mobile phone", W, required=True, sensitive=True, column="members.phone"),
    Field("OTHER_CONTACT", "其他联系方式", "other contact", W, sensitive=True),
    Field("WORK_SINCE", "参加工作时间", "start of work", W, DAY),
    Field("INDUSTRY", "所属行业", "industry", W, CHOICE, INDUSTRIES),
    Field("MARITAL_STATUS", "婚姻状况", "marital status", W, CHOICE, MARRIAGE, True, column="members.declared_marital_status"),
    Field("EMPLOYER", "工作单位", "employer", W),
    Field("EMPLOYER_KIND", "单位性质", "employer's kind", W, CHOICE, EMPLOYERS),
    Field("EMPLOYER_CONDITION", "企业状况", "employer's condition", W, CHOICE, CONDITIONS),
    Field("SINGLE_PARENT", "是否单亲", "single parent", W, YES_NO, YES_OR_NO, True),
    Field("OWN_INCOME", "本人月平均收入", "own monthly income", W, MONEY, required=True, sensitive=True, column="members.declared_monthly_income_fen"),
    Field("HUKOU_DIVISION", "户口所在地行政区划", "division of hukou", W, column="members.division_code"),
    Field("MEDICAL_INSURANCE", "医保状况", "medical insurance", W, CHOICE, INSURANCE, True),
    Field("SELF_HELP", "有无自救能力", "able to help themselves", W, YES_NO, YES_OR_NO, True),
    Field("CONTRACT_SIGNED", "劳动合同签订日期", "contract signed on", W, DAY, required=True, only_for=MIGRANT),
    Field("CONTRACT_MONTHS", "劳动合同期限（月）", "contract term in months", W, COUNT, required=True, only_for=MIGRANT),
    Field("TIER", "档案级别", "tier of the file", H, CHOICE, TIERS, column="files.tier"),
    Field("CATEGORY", "困难类别", "category of hardship", H, CHOICE, CATEGORIES, column="files.category"),
    Field("TARGET_GROUP", "对象类别", "target group", H, CHOICE, GROUPS, True, column="households.target_group"),
    Field("HUKOU_KIND", "户口类型", "kind of hukou", H, CHOICE, RESIDENCES, True, column="households.residence"),
    Field("ADDRESS", "家庭住址", "address", H, required=True, sensitive=True, column="households.address"),
    Field("POSTCODE", "邮政编码", "postcode", H),
    Field("HOUSING", "住房类型", "housing", H, CHOICE, HOUSING, True),
    Field("FLOOR_AREA", "建筑面积", "floor area", H, CHOICE, AREA),
    Field("MONTHLY_INCOME", "家庭月收入", "household's monthly income", H, MONEY, required=True, sensitive=True, column="households.declared_monthly_income_fen"),
    Field("OTHER_ANNUAL_INCOME", "家庭其他非薪资年收入", "other income a year", H, MONEY, sensitive=True),
    Field("ANNUAL_INCOME", "家庭年度总收入", "household's income of the year", H, MONEY, required=True, sensitive=True),
    Field("ZERO_EMPLOYMENT", "是否零就业家庭", "nobody employed", H, YES_NO, YES_OR_NO, True),
    Field("BANK", "开户银行", "bank", H),
    Field("BANK_BRANCH", "开户支行", "branch", H),
    Field("ACCOUNT", "银行卡号", "account", H, sensitive=True, column="households.payee_account"),
    Field("ACCOUNT_NAME", "开户名", "name of the account", H, sensitive=True, column="households.payee_name"),
    Field("RELIEF_SUBJECT_SINCE", "纳入解困脱困对象日期", "subject of relief since", H, DAY),
    Field("MEASURE", "四个一批措施", "measure of the four", H, CHOICE, MEASURES),
    Field("MAIN_CAUSE", "主要致困原因", "main cause of hardship", H, CHOICE, CAUSES, sensitive=True, column="causes.main"),
    *(
        Field(f"CAUSE_{place}", f"次要致困原因{place}", f"cause of hardship beside it, {place}", H, CHOICE, CAUSES, sensitive=True, column="causes.others")
        for place in range(1, MOST_CAUSES)
    ),
    Field("GRASSROOTS_OPINION", "基层工会意见", "grassroots union's opinion", H),
    Field("STREET_OPINION", "街道（乡镇）工会意见", "street union's opinion", H),
    Field("SECTOR_OPINION", "系统工会意见", "sector union's opinion", H),
    Field("MEMBER_NAME", "成员姓名", "member's name", M, required=True, column="members.name"),
    Field("RELATION", "与职工关系", "relation", M, CHOICE, RELATIONS, True, column="members.relation"),
    Field("MEMBER_SEX", "成员性别", "member's sex", M, CHOICE, SEXES, True, column="members.sex"),
    Field("MEMBER_POLITICAL_STATUS", "成员政治面貌", "member's political status", M, CHOICE, POLITICS, False, True, True),
    Field("MEMBER_ID_NUMBER", "成员证件号码", "member's ID number", M, required=True, sensitive=True, column="members.id_number"),
    Field("MEMBER_BIRTH_DATE", "成员出生日期", "member's birth date", M, DAY, required=True, column="members.birth_date"),
    Field("MEMBER_HEALTH", "成员健康状况", "member's health", M, CHOICE, HEALTH, True, True, True),
    Field("MEMBER_INCOME", "成员月收入", "member's monthly income", M, MONEY, required=True, sensitive=True, column="members.declared_monthly_income_fen"),
    Field("MEMBER_STATUS", "成员身份", "member's status", M, CHOICE, WORK, True),
    Field("MEMBER_INSURANCE", "成员医保状况", "member's medical insurance", M, CHOICE, INSURANCE),
    Field("MEMBER_PLACE", "学校或工作单位", "school or employer", M),
)  # fmt: skip

BY_CODE: Mapping[str, Field] = {each.code: each for each in FIELDS}
FORBIDDEN = frozenset(each.code for each in FIELDS if each.forbidden)
NUMBERS = ("ID_NUMBER", "MEMBER_ID_NUMBER")
"""Fields that somebody without any document need not fill in."""


def of(part: FormPart) -> tuple[Field, ...]:
    """The fields of a part, in the form's order."""
    return tuple(each for each in FIELDS if each.part is part)


def worker(people: Sequence[Any], named: int | None) -> Any | None:
    """Of a household's people, who is the form's worker: in whose name the file is, or else the head."""
    in_name = next((each for each in people if each.id == named), None)
    return in_name or next((each for each in people if each.relation == Relation.HEAD), None)


class BadValue(ValueError):
    """A value that a field cannot hold; says what it may, in two languages, and not the value."""

    def __init__(self, zh: str, en: str) -> None:
        self.zh, self.en = zh, en
        super().__init__(en)


def read(field: Field, written: str) -> str:
    """A value as the form keeps it: the code of a choice, an ISO day, yuan with a point. Raises BadValue.

    >>> read(BY_CODE["HOUSING"], "公租房"), read(BY_CODE["WORK_SINCE"], "1998/7/1"), read(BY_CODE["ANNUAL_INCOME"], "12,000")
    ('PUBLIC', '1998-07-01', '12000.00')
    """
    text = written.strip()
    if field.words:
        return _choice(field, text)
    if field.kind is FieldKind.DAY:
        return _day(field, text)
    if field.kind is FieldKind.MONEY:
        return _money(field, text)
    if field.kind is FieldKind.COUNT:
        if not (text.isascii() and text.isdigit() and len(text) <= 4):
            raise BadValue(f"{field.zh}须为非负整数。", f"{field.en}: a whole number, not negative.")
        return str(int(text))
    if not text or len(text) > LONGEST:
        raise BadValue(f"{field.zh}须为 1 至 {LONGEST} 个字。", f"{field.en}: 1 to {LONGEST} characters.")
    return text


def _choice(field: Field, text: str) -> str:
    if text in field.words:
        return text
    for code, word in field.words.items():
        if text == word:
            return code
    listed = "、".join(list(field.words.values())[:20])
    raise BadValue(f"{field.zh}须为所列之一：{listed}。", f"{field.en}: one of those listed: {listed}.")


def _day(field: Field, text: str) -> str:
    pieces = re.fullmatch(r"(\d{4})[-/年.]?(\d{1,2})[-/月.]?(\d{1,2})日?(?: 00:00:00)?", text)
    try:
        return dt.date(*map(int, pieces.groups())).isoformat() if pieces else dt.date.fromisoformat(text).isoformat()
    except ValueError:
        raise BadValue(f"{field.zh}须为日期，如 2026-11-24。", f"{field.en}: a day, such as 2026-11-24.") from None


def _money(field: Field, text: str) -> str:
    plain = text.replace(",", "").replace("，", "")
    amount = Decimal(plain) if _MONEY.fullmatch(plain) else None
    if amount is None or amount > MOST_YUAN:
        raise BadValue(
            f"{field.zh}须为非负金额（元），至多两位小数。", f"{field.en}: yuan, not negative, at most two decimals."
        )
    return f"{amount:.2f}"


def shown(field: Field, kept: str | None) -> str:
    """A kept value as people read it on the form; nothing where nothing is kept."""
    return "" if kept is None else field.words.get(kept, kept)


@dataclass(frozen=True, slots=True)
class Missing:
    """A required field that is not filled in; `member` is whose it is, by number in the register, None the household's."""

    field: Field
    member: str | None = None


def missing(
    part: FormPart,
    filled: Iterable[str],
    target_group: str | None,
    member: str | None = None,
    *,
    no_document: bool = False,
) -> list[Missing]:
    """The required fields of a part that are not among those filled in, which are told by their codes."""
    there = frozenset(filled)
    return [
        Missing(each, member)
        for each in of(part)
        if each.required
        and each.code not in there
        and (each.only_for is None or each.only_for == target_group)
        and not (no_document and each.code in NUMBERS)
    ]
