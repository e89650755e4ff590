"""What each department keeps beside who a record is about: plausible values for many people at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import polars as pl

from matcher.frames import MONEY
from matcher.sources import contract
from matcher.synthetic import places

SHARES: Mapping[str, float] = {
    "population": 1.0,
    "social_insurance": 0.62,
    "finance": 0.45,
    "real_estate": 0.34,
    "medical": 0.3,
    "tax": 0.28,
    "vehicles": 0.22,
    "housing_fund": 0.16,
    "school": 0.15,
    "marriage": 0.12,
    "aid": 0.12,
    "union_roll": 0.1,
    "business": 0.09,
    "deaths": 0.04,
    "payroll_public": 0.03,
    "unemployment_benefit": 0.012,
    "custody": 0.004,
    "injury_cases": 0.004,
}
"""Records of each source for one citizen."""

SOURCES = (*SHARES, "handlers")
"""The department feeds of a city."""

_PERSON = ("name", "id_number", "sex", "birth_date", "phone", "address", "division_code")
_PARTIES = tuple(f"{side}_{column}" for side in "ab" for column in ("name", "id_number", "birth_date"))
_KEPT: Mapping[str, str] = {
    "population": "household_no relation_to_head former_name marital_status status death_date updated_on",
    "deaths": "death_date register",
    "social_insurance": "kind status payer employer_name employer_uscc wage_base_yuan benefit_yuan start_month end_month "
    "insured_month paid_month",
    "tax": "payer_name payer_uscc kind income_yuan tax_yuan income_month tax_year",
    "business": "uscc company_name role share_percent capital_yuan status established_on ended_on turnover_yuan employees",
    "marriage": "certificate_no event event_date",
    "real_estate": "certificate_no unit_no share_percent use area_m2 property_address status acquired_on ended_on",
    "vehicles": "plate vin vehicle_kind value_yuan registered_on status ended_on",
    "housing_fund": "fund_account employer_name employer_uscc base_yuan deposit_yuan balance_yuan status opened_on month",
    "finance": "institution account_no kind balance_yuan average_balance_6m_yuan status opened_on as_of",
    "aid": "programme agency start_month end_month amount_yuan payee_account payee_name cause document_no employer_uscc",
    "school": "school stage term_start term_end fee_yuan status",
    "medical": "settlement_no invoice_no hospital admitted_on total_yuan insurance_paid_yuan patient_paid_yuan",
    "union_roll": "union joined_on contract_from contract_to",
    "payroll_public": "employer_name from_month to_month",
    "unemployment_benefit": "month benefit_yuan",
    "custody": "kind from to",
    "injury_cases": "case_no recognised_on paid_on paid_yuan",
    "handlers": "handler_id household_id decided_on declared_on",
}


@cache
def schema(source: str) -> dict[str, pl.DataType]:
    """The columns that this city's department keeps, beside `record_id`; months stay text, as departments write them."""
    kept = {*_KEPT[source].split(), *(_PARTIES if source == "marriage" else _PERSON)}
    return {
        column.name: pl.String() if column.kind == "month" else contract.TYPES[column.kind]
        for column in contract.load(source).columns
        if column.name in kept
    }


def records(rng: np.random.Generator, source: str, people: pl.DataFrame, as_of: dt.date) -> pl.DataFrame:
    """A record of the source about each of these people (columns of families.families): all columns but `record_id`."""
    return people.with_columns(**_columns(source, people, _Draw(rng, len(people), as_of)))


@dataclass(frozen=True, slots=True)
class _Draw:
    """Columns of random values, `n` rows long."""

    rng: np.random.Generator
    n: int
    as_of: dt.date

    def pick(self, *values: str | None, p: tuple[float, ...] | None = None) -> pl.Series:
        """One of these."""
        return pl.Series(values, dtype=pl.String).gather(self.rng.choice(len(values), self.n, p=p))

    def days(self, low: int, high: int) -> pl.Series:
        """Days so many before the reference date."""
        zero = (self.as_of - dt.date(1970, 1, 1)).days
        return pl.Series(zero - self.rng.integers(low, high, self.n)).cast(pl.Int32).cast(pl.Date)

    def month(self, low: int, high: int) -> pl.Series:
        """Months so many before the reference date, as text."""
        return self.days(low * 30, high * 30).dt.strftime("%Y-%m")

    def money(self, low: int, high: int) -> pl.Series:
        """Yuan."""
        return pl.Series(self.rng.integers(low, high, self.n)).cast(MONEY)

    def number(self, low: int, high: int) -> pl.Series:
        """Whole numbers below `high`."""
        return pl.Series(self.rng.integers(low, high, self.n))

    def code(self, prefix: str, digits: int) -> pl.Series:
        """A prefix and so many digits."""
        return prefix + self.number(10 ** (digits - 1), 10**digits).cast(pl.String)


def _columns(source: str, people: pl.DataFrame, draw: _Draw) -> dict[str, pl.Series]:
    pick, days, month, money, code = draw.pick, draw.days, draw.month, draw.money, draw.code
    match source:
        case "population":
            return {
                "household_no": "HK" + people.get_column("family").cast(pl.String),
                "relation_to_head": people.get_column("relation"),
                "status": pick("ACTIVE", "DECEASED", "MOVED_OUT", "CANCELLED", p=(0.96, 0.02, 0.015, 0.005)),
                "updated_on": days(1, 3000),
            }
        case "social_insurance":
            return {
                "kind": pick("EMPLOYEE_PENSION", "RESIDENT_PENSION", "MEDICAL", "UNEMPLOYMENT"),
                "payer": pick("EMPLOYER", "FLEXIBLE", "RESIDENT"),
                "status": pick("PAYING", "DRAWING", "PAUSED", "ENDED", p=(0.6, 0.2, 0.12, 0.08)),
                "employer_uscc": code("91410500MA", 8),
                "wage_base_yuan": money(2200, 9000),
                "start_month": month(14, 200),
            }
        case "tax":
            return {
                "payer_name": "安阳市" + pick(*places.EMPLOYERS),
                "payer_uscc": code("91410500MA", 8),
                "kind": pick("工资薪金", "劳务报酬", "经营所得", p=(0.8, 0.15, 0.05)),
                "income_yuan": money(1800, 16_000),
                "tax_yuan": money(0, 400),
                "income_month": month(1, 13),
            }
        case "real_estate":
            return {
                "certificate_no": code("豫2019安阳市不动产权第", 7),
                "unit_no": code("410503", 10),
                "use": pick("HOME", "SHOP", "OFFICE", "PARKING", "OTHER", p=(0.78, 0.06, 0.03, 0.1, 0.03)),
                "area_m2": draw.number(20, 180).cast(pl.Float64),
                "property_address": people.get_column("address"),
                "status": pick("CURRENT", "HISTORIC", "PRESALE", p=(0.8, 0.15, 0.05)),
                "acquired_on": days(60, 9000),
            }
        case "vehicles":
            return {
                "plate": code("豫E", 5),
                "vin": code("LSV", 14),
                "vehicle_kind": pick(
                    "CAR", "VAN", "TRUCK", "MOTORCYCLE", "TRICYCLE", p=(0.7, 0.06, 0.06, 0.15, 0.03)
                ),
                "value_yuan": money(8_000, 250_000),
                "registered_on": days(30, 5500),
                "status": pick(
                    "ACTIVE", "TRANSFERRED", "SCRAPPED", "CANCELLED", "STOLEN", p=(0.84, 0.1, 0.03, 0.02, 0.01)
                ),
            }
        case "housing_fund":
            return {
                "fund_account": code("1010", 8),
                "employer_name": "安阳市" + pick(*places.EMPLOYERS),
                "employer_uscc": code("91410500MA", 8),
                "base_yuan": money(1900, 12_000),
                "deposit_yuan": money(200, 2400),
                "balance_yuan": money(0, 160_000),
                "status": pick("ACTIVE", "FROZEN", "CLOSED", p=(0.8, 0.15, 0.05)),
                "opened_on": days(200, 7000),
            }
        case "finance":
            return {
                "institution": pick(*places.BANKS),
                "account_no": code("621", 16),
                "kind": pick("储蓄存款", "定期存款", "理财产品", "证券账户", p=(0.7, 0.2, 0.07, 0.03)),
                "balance_yuan": money(0, 60_000),
                "average_balance_6m_yuan": money(0, 60_000),
                "status": pick("ACTIVE", "CLOSED", "DORMANT", p=(0.85, 0.08, 0.07)),
                "opened_on": days(100, 7000),
                "as_of": pl.repeat(draw.as_of, draw.n, dtype=pl.Date, eager=True),
            }
        case "school":
            return {
                "school": "安阳市" + pick(*places.SCHOOLS),
                "stage": pick("小学", "中学", "高中", "大学"),
                "term_start": pick("2024-09-01", "2023-09-01").str.to_date(),
                "status": pick("ENROLLED", "GRADUATED", "SUSPENDED", p=(0.9, 0.08, 0.02)),
                "fee_yuan": money(0, 5000),
            }
        case "aid":
            return {
                "programme": pick("DIBAO", "TEKUN", "TEMPORARY_AID", "MEDICAL_AID", "STATE_STUDENT_AID"),
                "agency": pick("民政局", "医疗保障局", "教育局"),
                "start_month": month(2, 40),
                "end_month": pick("2024-12", None),
                "amount_yuan": money(200, 1500),
            }
        case "business":
            return {
                "uscc": code("92410502MA", 8),
                "company_name": "安阳市" + pick(*places.EMPLOYERS),
                "role": pick("LEGAL_REPRESENTATIVE", "OWNER", "SHAREHOLDER", "SUPERVISOR", "COOP_MEMBER"),
                "share_percent": draw.number(1, 100).cast(pl.Float64),
                "status": pick("LIVE", "DEREGISTERED", "REVOKED", p=(0.7, 0.25, 0.05)),
                "established_on": days(60, 6000),
                "turnover_yuan": money(0, 900_000),
                "employees": draw.number(0, 20),
            }
        case "medical":
            insured, own = draw.number(200, 20_000), draw.number(0, 6000)
            return {
                "settlement_no": code("JS", 12),
                "invoice_no": code("", 10),
                "hospital": "安阳市" + pick(*places.HOSPITALS),
                "admitted_on": days(3, 700),
                "total_yuan": (insured + own).cast(MONEY),
                "insurance_paid_yuan": insured.cast(MONEY),
                "patient_paid_yuan": own.cast(MONEY),
            }
        case "union_roll":
            return {"union": "安阳市" + pick(*places.EMPLOYERS) + "工会", "joined_on": days(100, 9000)}
        case "payroll_public":
            return {
                "employer_name": "安阳市" + pick("教育局", "卫生健康委员会", "城市管理局", "第五中学"),
                "from_month": month(3, 300),
                "to_month": pick("2024-06", None, p=(0.1, 0.9)),
            }
        case "unemployment_benefit":
            return {"month": month(1, 24), "benefit_yuan": money(1400, 1900)}
        case "custody":
            return {"kind": pick("羁押", "服役", "出境"), "from": days(100, 900), "to": days(0, 100)}
        case "injury_cases":
            return {
                "case_no": code("安工认", 6),
                "recognised_on": days(200, 900),
                "paid_on": days(10, 200),
                "paid_yuan": money(800, 60_000),
            }
        case _:
            return {"death_date": days(1, 3000), "register": pick("POLICE", "CREMATION", "HOSPITAL")}
