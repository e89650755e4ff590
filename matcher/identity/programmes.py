"""The programmes of aid: codes, Chinese names, and whom each is granted to.

Source: the policy's list of measures (安政办〔2019〕15号).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Unit = Literal["HOUSEHOLD", "PERSON", "EMPLOYER"]


@dataclass(frozen=True, slots=True)
class Programme:
    """One programme: its code, its names, and the unit it is granted to."""

    code: str
    name_zh: str
    name_en: str
    unit: Unit
    synonyms: tuple[str, ...] = ()


PROGRAMMES: tuple[Programme, ...] = (
    Programme("DIBAO", "最低生活保障", "minimum living standard guarantee", "HOUSEHOLD",
              ("低保", "城市低保", "农村低保", "城乡低保", "城市最低生活保障", "农村最低生活保障", "城乡居民最低生活保障", "低保金")),
    Programme("TEKUN", "特困人员供养", "support for persons in extreme difficulty", "PERSON",
              ("特困供养", "特困", "特困人员救助供养", "特困救助供养", "特困人员")),
    Programme("DISASTER_RELIEF", "因灾致困人员救助", "disaster relief", "HOUSEHOLD", ("受灾人员救助", "自然灾害救助", "救灾")),
    Programme("EDUCATION_AID", "教育救助", "education assistance", "PERSON", ()),
    Programme("EMPLOYMENT_AID", "就业援助", "employment assistance", "PERSON", ("就业救助",)),
    Programme("TEMPORARY_AID", "临时救助", "temporary assistance", "HOUSEHOLD", ("临时生活救助", "临时(生活)救助", "临时（生活）救助")),
    Programme("SPECIAL_AID", "专项社会救助", "special-purpose assistance", "PERSON", ("专项救助",)),
    Programme("MEDICAL_AID", "医疗救助", "medical assistance", "PERSON", ("城乡医疗救助",)),
    Programme("HOUSING_AID", "住房救助", "housing assistance", "HOUSEHOLD", ("公租房", "租赁补贴", "住房租赁补贴", "公共租赁住房")),
    Programme("UNEMPLOYMENT_REGISTRATION", "失业登记", "unemployment registration", "PERSON", ()),
    Programme("SKILLS_TRAINING", "职业技能培训", "vocational skills training", "PERSON", ("技能培训",)),
    Programme("JOB_SERVICE", "就业信息与指导", "job information and guidance", "PERSON", ("就业服务", "职业介绍")),
    Programme("PUBLIC_WELFARE_POST", "公益性岗位", "public-welfare post", "PERSON", ("公益岗位", "公益岗", "公益性岗位补贴")),
    Programme("STARTUP_TRAINING", "创业培训", "start-up training", "PERSON", ()),
    Programme("STARTUP_LOAN", "创业担保贷款", "guaranteed start-up loan", "PERSON", ("创业贷款",)),
    Programme("INTEREST_SUBSIDY", "贴息", "interest subsidy", "PERSON", ("贷款贴息", "创业贷款贴息")),
    Programme("TAX_RELIEF", "税收优惠", "tax relief", "PERSON", ()),
    Programme("UI_BENEFIT", "失业保险金", "unemployment insurance benefit", "PERSON", ("失业金", "失业保险待遇")),
    Programme("STARTUP_GRANT", "一次性创业补助", "one-off start-up grant", "PERSON", ("创业补助", "一次性创业补贴", "创业补贴")),
    Programme("PLACEMENT_SUBSIDY", "安置补助", "placement subsidy", "EMPLOYER", ("安置补贴",)),
    Programme("JOB_STABILISATION_SUBSIDY", "稳岗补贴", "job stabilisation subsidy", "EMPLOYER", ("稳岗返还",)),
    Programme("SKILLS_SUBSIDY", "职业技能补贴", "skills subsidy", "EMPLOYER", ("技能提升补贴",)),
    Programme("WORK_INJURY_BENEFIT", "工伤保险待遇", "work-injury benefit", "PERSON", ("工伤待遇", "工伤保险")),
    Programme("BASIC_MEDICAL", "职工基本医保", "basic medical insurance", "PERSON", ("基本医疗保险", "职工基本医疗保险", "基本医保")),
    Programme("LARGE_EXPENSE_INSURANCE", "大额医疗费补充保险", "large-expense insurance", "PERSON", ("大额医疗", "大病保险", "大额医疗费用补助")),
    Programme("ENTERPRISE_SUPPLEMENTARY", "企业补充医疗保险", "enterprise supplementary insurance", "PERSON", ("企业补充医保",)),
    Programme("MUTUAL_MEDICAL_AID", "职工医疗互助", "workers' mutual medical aid", "PERSON", ("医疗互助", "职工互助")),
    Programme("CHARITY_MEDICAL", "慈善帮扶", "charity treatment", "PERSON", ("免费治疗和慈善帮扶", "慈善救助", "慈善医疗")),
    Programme("STATE_STUDENT_AID", "国家学生资助", "state student aid", "PERSON",
              ("国家及省市学生资助", "国家助学金", "学生资助", "助学金", "国家资助")),
    Programme("GOLDEN_AUTUMN", "金秋助学", "Golden Autumn student aid", "PERSON", ("金秋爱心助学", "金秋(爱心)助学", "金秋（爱心）助学")),
    Programme("LIVING_SUBSIDY", "困难生活补贴", "hardship living subsidy", "HOUSEHOLD", ("生活补贴", "困难职工生活补贴", "生活救助")),
    Programme("SPRING_JOBS", "春送岗位", "Spring jobs", "PERSON", ()),
    Programme("SUMMER_COOL", "夏送清凉", "Summer coolness", "PERSON", ()),
    Programme("AUTUMN_SCHOOL", "秋季助学", "Autumn schooling", "PERSON", ("秋送助学",)),
    Programme("WINTER_WARMTH", "冬送温暖", "Winter warmth", "HOUSEHOLD", ("送温暖",)),
)  # fmt: skip

BY_CODE = {programme.code: programme for programme in PROGRAMMES}

STUDENT_AID = frozenset({"EDUCATION_AID", "STATE_STUDENT_AID", "GOLDEN_AUTUMN", "AUTUMN_SCHOOL"})
