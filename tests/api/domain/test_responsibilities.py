"""The seven measures are the policy's: who leads and who is responsible, word by word as domain.md A3 lists them."""

from __future__ import annotations

import pytest

from api.domain import divisions
from api.domain.measures import Measure
from api.domain.responsibilities import MEASURES, MeasureRole, nearest

R = MeasureRole
OFFICES = {
    "总工会": R.TRADE_UNION_FEDERATION, "民政局": R.CIVIL_AFFAIRS, "网信办": R.CYBERSPACE_ADMINISTRATION, "住建局": R.HOUSING,
    "公安局": R.PUBLIC_SECURITY, "人社局": R.HUMAN_RESOURCES, "自然资源和规划局": R.NATURAL_RESOURCES,
    "市场监管局": R.MARKET_REGULATION, "税务局": R.TAXATION, "工商联": R.INDUSTRY_AND_COMMERCE_FEDERATION,
    "公积金中心": R.PROVIDENT_FUND, "人行安阳中支": R.CENTRAL_BANK, "教育局": R.EDUCATION, "医疗保障局": R.HEALTHCARE_SECURITY,
    "卫生健康委": R.HEALTH, "财政局": R.FINANCE, "发改委": R.DEVELOPMENT_AND_REFORM, "工信局": R.INDUSTRY_AND_IT,
}  # fmt: skip
POLICY = [
    (Measure.IDENTIFICATION, "总工会 民政局",
     "网信办 住建局 公安局 人社局 自然资源和规划局 市场监管局 税务局 工商联 公积金中心 人行安阳中支"),
    (Measure.SOCIAL_ASSISTANCE, "民政局", "人社局 教育局 住建局 医疗保障局"),
    (Measure.EMPLOYMENT, "人社局", "财政局 教育局 总工会 工商联 税务局"),
    (Measure.SOCIAL_INSURANCE, "人社局", "财政局 税务局 总工会 发改委 工信局 市场监管局 工商联"),
    (Measure.HEALTHCARE, "医疗保障局 卫生健康委", "财政局 总工会 民政局 工商联"),
    (Measure.EDUCATION, "教育局 总工会", "财政局 税务局"),
    (Measure.UNION_AID, "总工会", "财政局 民政局"),
]  # fmt: skip


@pytest.mark.parametrize(("measure", "lead", "responsible"), POLICY)
def test_a_measure_is_entrusted_as_the_policy_says(measure: Measure, lead: str, responsible: str) -> None:
    assert MEASURES[measure].lead == tuple(OFFICES[office] for office in lead.split())
    assert set(MEASURES[measure].responsible) == {OFFICES[office] for office in responsible.split()}


def test_there_are_seven_in_the_policys_order_and_every_role_has_work() -> None:
    assert list(MEASURES) == [measure for measure, *_ in POLICY] == list(Measure)
    assert {role for to in MEASURES.values() for role in (*to.lead, *to.responsible)} == set(MeasureRole)
    assert all(not set(to.lead) & set(to.responsible) for to in MEASURES.values())


@pytest.mark.parametrize("code", ["410502", "410500", "410000", "000000"])
def test_who_holds_a_role_nearer_answers_first(code: str) -> None:
    chain = divisions.chain(code)
    assert all(divisions.holds(above, code) for above in chain)
    assert nearest(reversed(chain)) == nearest(chain) == code
    assert nearest(chain[1:]) == (chain[1] if len(chain) > 1 else None)
