"""The contracts: every table and column of contracts.md, and headings that Chinese offices use."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from matcher.errors import MatcherError, UsageError
from matcher.sources import cells, contract

PERSON = "name id_number sex birth_date phone address division_code"
PROMISED = {
    "households": "household_id applied_on file_opened_on file_closed_on target_group programme residence "
    "declared_monthly_income_yuan declared_vehicles declared_homes declared_businesses declared_deposits_yuan payee_account "
    "payee_name address phone division_code tier category employer_uscc causes exit_reason handler_id",
    "members": PERSON + " person_id household_id relation declared_marital_status declared_monthly_income_yuan "
    "declared_employment former_name valid_from valid_to authorised_until",
    "population": PERSON
    + " household_no relation_to_head former_name marital_status status death_date updated_on record_id",
    "deaths": PERSON + " death_date register record_id",
    "social_insurance": PERSON
    + " kind status payer employer_name employer_uscc wage_base_yuan benefit_yuan start_month "
    "end_month insured_month paid_month record_id",
    "tax": PERSON + " payer_name payer_uscc kind income_yuan tax_yuan income_month tax_year record_id",
    "business": PERSON
    + " uscc company_name company_kind role share_percent capital_yuan status established_on ended_on "
    "turnover_yuan employees record_id",
    "marriage": "certificate_no event event_date a_name a_id_number a_birth_date b_name b_id_number b_birth_date record_id",
    "real_estate": PERSON + " certificate_no unit_no share_percent co_ownership use area_m2 property_address status "
    "acquired_on ended_on value_yuan record_id",
    "vehicles": PERSON + " plate vin vehicle_kind value_yuan registered_on status ended_on record_id",
    "housing_fund": PERSON
    + " fund_account employer_name employer_uscc base_yuan deposit_yuan balance_yuan status opened_on "
    "month record_id",
    "finance": PERSON
    + " institution account_no kind balance_yuan average_balance_6m_yuan status opened_on agent_name "
    "agent_id_number as_of record_id",
    "aid": PERSON
    + " programme agency household_head_name start_month end_month amount_yuan payee_account payee_name cause "
    "document_no record_id",
    "school": PERSON + " school stage term_start term_end fee_yuan status record_id",
    "medical": PERSON
    + " settlement_no invoice_no hospital admitted_on total_yuan insurance_paid_yuan patient_paid_yuan",
    "authorisations": "person_id source purpose valid_from valid_to withdrawn_on",
    "answers": "source person_id answer answered_on",
    "custody": PERSON + " kind from to",
    "payroll_public": PERSON + " employer_name from_month to_month",
    "union_roll": PERSON + " union joined_on contract_from contract_to",
    "injury_cases": PERSON,
    "unemployment_benefit": PERSON + " month benefit_yuan",
    "handlers": "handler_id household_id decided_on",
    "documents": "household_id document_hash",
}


def test_every_promised_table_has_a_contract() -> None:
    assert set(contract.source_ids()) == set(PROMISED)


@pytest.mark.parametrize("source", sorted(PROMISED))
def test_every_promised_column_is_there(source: str) -> None:
    assert set(PROMISED[source].split()) <= set(contract.load(source).schema())


@pytest.mark.parametrize("source", sorted(PROMISED))
def test_every_table_has_a_column_that_must_exist(source: str) -> None:
    assert any(column.must_exist for column in contract.load(source).columns)


SOUND: dict[str, Any] = {
    "id": "boats",
    "title_zh": "船",
    "title_en": "boats",
    "agency_zh": "海事局",
    "columns": {"hull": {"type": "text"}},
}


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"colour": 1}, "unknown keys.*colour"), ({"id": "ships"}, "its id says ships"), ({"title_zh": None}, "title_zh"),
        ({"columns": {"hull": {}}}, "column hull: type None"), ({"columns": {"hull": {"type": "number"}}}, "type 'number'"),
        ({"columns": {"hull": {"type": "text", "on_error": "zero"}}}, "on_error 'zero'"),
        ({"columns": {"hull": {"type": "text", "must": True}}}, "unknown keys.*must"),
        ({"columns": {"hull": {"type": "enum"}}}, "lists its values"),
        ({"columns": {"hull": {"type": "text", "values": {"A": []}}}}, "lists its values"),
        ({"columns": {"hull": {"type": "enum", "values": {"A": ["甲"], "B": ["甲"]}}}}, "'甲' stands for two values"),
        ({"columns": {"hull": {"type": "text", "headers": [1]}}}, "headers and unknown words are texts"),
        ({"columns": {"hull": {"type": "enum", "values": {"A": []}, "unknown": [9]}}}, "headers and unknown words are texts"),
        ({"columns": {"hull": {"type": "text", "unknown": ["9"]}}}, "lists its values"),
        ({"columns": {"hull": {"type": "enum", "values": {"A": ["9"]}, "unknown": ["９"]}}}, "'9' stands for two values"),
        ({"columns": {"hull": {"type": "money"}}}, "column hull: unit None"),
        ({"columns": {"hull": {"type": "integer"}}}, "column hull: unit None"),
        ({"columns": {"hull": {"type": "decimal", "unit": "knots"}}}, "unit 'knots'"),
        ({"columns": {"hull": {"type": "text", "unit": "yuan"}}}, "unit 'yuan'"),
        ({"columns": {"hull": {"type": "text", "sensitivity": "SECRET"}}}, "sensitivity 'SECRET'"),
        ({"columns": {"hull": {"type": "text", "personal": True}}}, "unknown keys.*personal"),
        ({"columns": {"hull": {"type": "text", "headers": ["船"]}, "mast": {"type": "text", "headers": [" 船 "]}}}, "' 船 ' means hull and mast"),
        ({"columns": {"hull": {"type": "text"}, "mast": {"type": "text", "headers": ["HULL"]}}}, "'HULL' means hull and mast"),
        ({"columns": {"hull": {"type": "text", "headers": ["流水号"]}}}, "'流水号' means record_id and hull"),
        ({"headings": {"hull": ["船体"]}}, "hull, which is no shared column"),
    ],
)  # fmt: skip
def test_a_contract_that_cannot_be_meant_is_told_with_its_place(change: dict[str, Any], match: str) -> None:
    assert contract.of_toml(SOUND, "boats").schema().names() == ["record_id", "hull"]
    content = {key: value for key, value in (SOUND | change).items() if value is not None}
    with pytest.raises(MatcherError, match=match):
        contract.of_toml(content, "boats")


def test_a_source_adds_headings_to_the_columns_it_shares() -> None:
    found = contract.of_toml(SOUND | {"headings": {"record_id": ["船号"]}}, "boats").headings()
    assert found["船号"] == found["流水号"] == "record_id"
    assert "船号" not in contract.load("vehicles").headings()


@pytest.mark.parametrize("source", sorted(PROMISED))
def test_every_column_is_described(source: str) -> None:
    for column in contract.load(source).columns:
        assert not column.title_zh.isascii(), column.name
        assert column.title_en, column.name
        assert (column.unit is not None) == (column.kind in contract.MEASURED), column.name
        assert bool(column.note_zh) == bool(column.note_en), column.name


OURS = {"households", "members", "authorisations", "answers", "handlers", "documents"}


@pytest.mark.parametrize("source", sorted(PROMISED))
def test_every_department_feed_grows_old(source: str) -> None:
    assert (contract.load(source).max_age_days is None) == (source in OURS)


@pytest.mark.parametrize(
    ("column", "sensitivity"),
    [
        ("name", "PERSONAL"), ("former_name", "PERSONAL"), ("birth_date", "PERSONAL"), ("phone", "PERSONAL"), ("address", "PERSONAL"),
        ("id_number", "SENSITIVE"), ("a_id_number", "SENSITIVE"), ("b_id_number", "SENSITIVE"), ("agent_id_number", "SENSITIVE"),
        ("payee_account", "SENSITIVE"), ("account_no", "SENSITIVE"), ("fund_account", "SENSITIVE"), ("balance_yuan", "SENSITIVE"),
        ("income_yuan", "SENSITIVE"), ("hospital", "SENSITIVE"), ("admitted_on", "SENSITIVE"), ("plate", "PERSONAL"),
        ("division_code", "NONE"), ("person_id", "NONE"), ("programme", "NONE"),
    ],
)  # fmt: skip
def test_a_column_bears_one_mark_wherever_it_stands(column: str, sensitivity: str) -> None:
    found = [each for source in PROMISED for each in contract.load(source).columns if each.name == column]
    assert found
    assert {each.sensitivity for each in found} == {sensitivity}
    assert {each.personal for each in found} == {sensitivity != "NONE"}


@pytest.mark.parametrize(
    ("source", "heading", "column"),
    [
        ("vehicles", "车牌号", "plate"), ("vehicles", "号牌号码", "plate"), ("vehicles", "机动车所有人", "name"),
        ("vehicles", "身份证明号码", "id_number"), ("real_estate", "权利人", "name"), ("real_estate", "坐落", "property_address"),
        ("real_estate", "建筑面积（平方米）", "area_m2"), ("members", "公民身份号码", "id_number"), ("members", " 身份证号 ", "id_number"),
        ("aid", "发放金额（元）", "amount_yuan"), ("aid", "金额(万元)", "amount_yuan"), ("marriage", "男方姓名", "a_name"),
        ("school", "学籍状态", "status"), ("households", "申报车辆数", "declared_vehicles"), ("deaths", "死亡日期", "death_date"),
        ("business", "统一社会信用代码", "uscc"), ("population", "ID_NUMBER", "id_number"), ("business", "法定代表人", "name"), ("social_insurance", "参保人", "name"),
        ("business", "注册资本（万元）", "capital_yuan"), ("deaths", "死者姓名", "name"), ("real_estate", "权利人证件号", "id_number"),
        ("marriage", "丈夫姓名", "a_name"), ("marriage", "妻姓名", "b_name"), ("marriage", "当事人２身份证号", "b_id_number"), ("marriage", "申请人甲", "a_name"),
        ("marriage", "姓名（女）", "b_name"), ("business", "法定代表人（负责人）", "name"), ("business", "注册资本(金)", "capital_yuan"), ("social_insurance", "AAC003", "name"),
        ("social_insurance", "险种类型", "kind"), ("vehicles", "车辆识别代号/车架号", "vin"), ("housing_fund", "个人缴存基数", "base_yuan"), ("tax", "扣缴义务人纳税人识别号", "payer_uscc"),
        ("medical", "医保结算编号", "settlement_no"), ("real_estate", "QSZT", "status"), ("school", "学费（元/学期）", "fee_yuan"), ("aid", "惠民一卡通账号", "payee_account"),
    ],
)  # fmt: skip
def test_headings_that_offices_use(source: str, heading: str, column: str) -> None:
    assert contract.load(source).headings()[contract.fold(heading)] == column


@pytest.mark.parametrize(
    ("source", "column", "word", "value"),
    [
        ("vehicles", "status", "正常", "ACTIVE"), ("vehicles", "status", "注销", "CANCELLED"), ("vehicles", "status", "转移", "TRANSFERRED"),
        ("vehicles", "vehicle_kind", "小型轿车", "CAR"), ("members", "sex", "男", "MALE"), ("members", "sex", "2", "FEMALE"),
        ("members", "relation", "长女", "CHILD"), ("members", "relation", "12", "SPOUSE"), ("members", "declared_marital_status", "离异", "DIVORCED"), ("members", "relation", "户主", "HEAD"), ("business", "status", "存续", "LIVE"),
        ("marriage", "event", "离婚登记", "DIVORCED"), ("real_estate", "use", "成套住宅", "HOME"), ("school", "status", "在读", "ENROLLED"),
        # GA 24: C is stolen and D laid up; K32 an off-road car and K41 a minibus
        ("vehicles", "status", "C", "STOLEN"), ("vehicles", "status", "D", "ACTIVE"), ("vehicles", "status", "强制注销", "CANCELLED"),
        ("vehicles", "vehicle_kind", "K32", "CAR"), ("vehicles", "vehicle_kind", "K41", "VAN"), ("vehicles", "vehicle_kind", "皮卡", "TRUCK"),
        # GB/T 2261.2
        *[("population", "marital_status", code, value) for code, value in (
            ("10", "SINGLE"), ("20", "MARRIED"), ("21", "MARRIED"), ("22", "MARRIED"), ("23", "MARRIED"), ("30", "WIDOWED"), ("40", "DIVORCED"),
        )],
        ("business", "status", "吊销，未注销", "REVOKED"), ("business", "status", "吊销，已注销", "DEREGISTERED"), ("real_estate", "use", "11", "HOME"),
        ("social_insurance", "kind", "城镇职工基本养老保险", "EMPLOYEE_PENSION"), ("answers", "answer", "查无记录", "NO_RECORD"),
    ],
)  # fmt: skip
def test_words_that_offices_use(source: str, column: str, word: str, value: str) -> None:
    found = next(each for each in contract.load(source).columns if each.name == column)
    assert found.values[contract.fold(word)] == value


def test_an_unknown_source_is_told_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match="vehicles"):
        contract.load("cars")


@pytest.mark.parametrize(
    ("source", "column", "word"),
    [
        ("members", "sex", "0"), ("members", "sex", "9"), ("marriage", "a_sex", "未说明的性别"), ("population", "marital_status", "90"),
        ("members", "declared_marital_status", "未说明的婚姻状况"),
    ],
)  # fmt: skip
def test_codes_for_unknown_are_no_broken_values(source: str, column: str, word: str) -> None:
    found = next(each for each in contract.load(source).columns if each.name == column)
    known = next(iter(found.values))
    reading = cells.read(pl.Series([word, f" {word} ", known, "某某", None]), found)
    assert reading.values.to_list() == [None, None, found.values[known], None, None]
    assert reading.broken.to_list() == [False, False, False, True, False]
    mapped = cells.read(pl.Series([word]), found, words={word: found.values[known]})
    assert mapped.values.to_list() == [found.values[known]]
