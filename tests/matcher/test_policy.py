"""Dated values by division: which one counts, and what a malformed file is told."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from matcher import policy
from matcher.errors import InputRefused, MatcherError
from matcher.identity.programmes import BY_CODE
from matcher.rules import book

DAY = dt.date(2024, 12, 31)
VALUE = """
[[value]]
key = "vehicle.tolerated_value_yuan"
value = {value}
unit = "yuan"
valid_from = {valid_from}
division = "{division}"
basis = "市民政局通知"
status = "verified"
approved_by = ["甲", "乙"]
"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A city's file: 20 000 in the prefecture, 30 000 in one county, and from 2025 on 40 000 in the prefecture."""
    rows = ((20000, "2023-01-01", "4105"), (30000, "2023-01-01", "410502"), (40000, "2025-01-01", "4105"))
    path = tmp_path / "policy.toml"
    path.write_text("".join(VALUE.format(value=v, valid_from=f, division=d) for v, f, d in rows), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("division", "on", "yuan"),
    [
        ("410502", DAY, 30000),  # the most specific division
        ("410503", DAY, 20000),
        ("410526001", dt.date(2025, 1, 1), 40000),  # from its first day on
        ("410502", dt.date(2025, 1, 1), 30000),  # the county goes before a later prefecture
        ("110101", DAY, 10000),  # elsewhere the shipped one
        (None, DAY, 10000),
        ("410502", dt.date(2022, 12, 31), 10000),  # a replay of an old date
    ],
)
def test_the_value_that_counts(own: Path, division: str | None, on: dt.date, yuan: float) -> None:
    assert policy.load(own).value("vehicle.tolerated_value_yuan", on, division) == yuan


def test_a_folders_row_goes_before_the_shipped_one(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(VALUE.format(value=5, valid_from="1990-01-01", division="*"), encoding="utf-8-sig")
    assert policy.load(path).value("vehicle.tolerated_value_yuan", DAY, "410502") == 5


def test_a_value_that_ended_no_longer_holds(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(
        VALUE.format(value=5, valid_from="2020-01-01", division="41") + "valid_to = 2021-12-31\n", encoding="utf-8"
    )
    loaded = policy.load(path)
    assert loaded.value("vehicle.tolerated_value_yuan", dt.date(2021, 12, 31), "410502") == 5
    assert loaded.value("vehicle.tolerated_value_yuan", dt.date(2022, 1, 1), "410502") == 10000


def test_a_missing_value_is_named() -> None:
    with pytest.raises(MatcherError, match=r"no\.such"):
        policy.load().value("no.such", DAY)


def test_values_that_rules_name_are_shipped() -> None:
    shipped = {value.key for value in policy.load().values}
    assert {key for rule in book.BOOK for key in rule.parameters} <= shipped


def test_approvers_may_stand_once_at_the_top(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    entry = VALUE.format(value=5, valid_from="2020-01-01", division="*").replace('approved_by = ["甲", "乙"]', "")
    path.write_text('approved_by = ["乙", "甲"]\n' + entry, encoding="utf-8")
    assert policy.load(path).entry("vehicle.tolerated_value_yuan", DAY).approved_by == ("乙", "甲")


def test_the_version_changes_with_the_content(own: Path) -> None:
    before, shipped = policy.load(own).version, policy.load().version
    assert before != shipped
    assert policy.load(own).version == before
    own.write_text(own.read_text(encoding="utf-8").replace("30000", "30001"), encoding="utf-8")
    assert policy.load(own).version not in (before, shipped)


@pytest.mark.parametrize(
    ("pair", "division", "status"),
    [
        ({"DIBAO", "TEKUN"}, "410502", "assumed"),
        ({"UI_BENEFIT", "PUBLIC_WELFARE_POST"}, "410502", "verified"),
        ({"STATE_STUDENT_AID", "GOLDEN_AUTUMN"}, "429006", "verified"),
        ({"STATE_STUDENT_AID", "GOLDEN_AUTUMN"}, "410502", None),
        ({"DIBAO", "MEDICAL_AID"}, "410502", None),
    ],
)
def test_which_programmes_exclude_one_another(pair: set[str], division: str, status: str | None) -> None:
    cells = [cell for cell in policy.load().exclusive(DAY, division) if {cell.keeps, cell.yields} == pair]
    assert [cell.status for cell in cells] == ([status] if status else [])


def test_every_cell_names_programmes_and_a_basis() -> None:
    for cell in policy.load().relations:
        assert cell.held in BY_CODE
        assert cell.assessed in {*BY_CODE, policy.HARDSHIP_FILE}
        assert cell.basis


ROWS = (
    "DIBAO", "TEKUN", "HARDSHIP_FILE", "MEDICAL_AID", "TEMPORARY_AID", "STATE_STUDENT_AID", "UI_BENEFIT", "STARTUP_GRANT",
    "PLACEMENT_SUBSIDY", "LIVING_SUBSIDY",
)  # fmt: skip
COLUMNS = (
    "DIBAO", "TEKUN", "DISASTER_RELIEF", "MEDICAL_AID", "STATE_STUDENT_AID", "TEMPORARY_AID", "UI_BENEFIT", "STARTUP_GRANT",
    "PUBLIC_WELFARE_POST", "LIVING_SUBSIDY", "GOLDEN_AUTUMN", "CHARITY_MEDICAL",
)  # fmt: skip
TABLE = """
O X N* N N N* I N I N N N*
X O C F C O X X X X C S
C* X C C C C I* C I O C C
F F C S C S C C C C C S
C* C O S S O* C C C C S S
F F C C O S C C C C C S
C X C C C C O F* X* C C C
C X C C C C F O X C C C
C - C C C C F C X - - -
C X C C C C C C C O* C C
"""
LETTERS = {
    "X": "EXCLUSIVE", "I": "COUNTS_AS_INCOME", "N": "NOT_INCOME", "S": "STACK", "O": "ONCE", "C": "COMPATIBLE",
    "F": "FIRST_DECIDES",
}  # fmt: skip
CELLS = [
    (row, column, cell)
    for row, line in zip(ROWS, TABLE.split("\n")[1:-1], strict=True)
    for column, cell in zip(COLUMNS, line.split(), strict=True)
]
"""The table of rules.md E3, a letter a cell; a star where a public text says so."""


@pytest.mark.parametrize(("row", "column", "cell"), CELLS, ids=lambda each: each)
def test_every_cell_of_the_table_is_there(row: str, column: str, cell: str) -> None:
    found = policy.load().relation(row, column, DAY, "410502")
    if cell == "-":
        assert found is None
        return
    assert found is not None
    assert found.relation == LETTERS[cell[0]]
    both = {row, column} == {"UI_BENEFIT", "STARTUP_GRANT"} and row == "UI_BENEFIT"
    assert (found.status == "verified") == (cell.endswith("*") or both)


@pytest.mark.parametrize(
    ("one", "other", "yields"),
    [
        ("DIBAO", "TEKUN", "DIBAO"),
        ("TEKUN", "UI_BENEFIT", "UI_BENEFIT"),
        ("TEKUN", "STARTUP_GRANT", "STARTUP_GRANT"),
        ("TEKUN", "PUBLIC_WELFARE_POST", "PUBLIC_WELFARE_POST"),
        ("TEKUN", "LIVING_SUBSIDY", "LIVING_SUBSIDY"),
        ("UI_BENEFIT", "PUBLIC_WELFARE_POST", "UI_BENEFIT"),
        ("STARTUP_GRANT", "PUBLIC_WELFARE_POST", "STARTUP_GRANT"),
    ],
)
def test_an_exclusion_holds_both_ways(one: str, other: str, yields: str) -> None:
    loaded = policy.load()
    for assessed, held in ((one, other), (other, one)):
        cell = loaded.relation(assessed, held, DAY, "410502")
        assert cell is not None
        assert (cell.relation, cell.yields) == ("EXCLUSIVE", yields)
        assert {cell.keeps, cell.yields} == {one, other}


def test_what_counts_as_income() -> None:
    loaded = policy.load()
    assert loaded.counts_as_income(DAY, "410502") == {"UI_BENEFIT", "PUBLIC_WELFARE_POST"}
    assert loaded.counts_as_income(DAY, None, policy.HARDSHIP_FILE) == {"UI_BENEFIT", "PUBLIC_WELFARE_POST"}
    assert loaded.counts_as_income(DAY, None, "MEDICAL_AID") == frozenset()
    assert loaded.counts_as_income(dt.date(1999, 1, 1)) == frozenset()


def test_who_pays_first_for_a_bill() -> None:
    order = policy.load().order("medical", DAY, "410502").programmes
    assert order.index("BASIC_MEDICAL") < order.index("MEDICAL_AID") < order.index("CHARITY_MEDICAL")
    with pytest.raises(MatcherError, match="medical"):
        policy.load().order("medical", dt.date(1999, 1, 1))


def relation(assessed: str, held: str, kind: str, division: str = "4105", **other: str) -> str:
    lines = [f'{key} = "{value}"' for key, value in other.items()]
    return "\n".join(
        [
            "[[relation]]", f'assessed = "{assessed}"', f'held = "{held}"', f'relation = "{kind}"', f'division = "{division}"',
            'valid_from = 2021-04-26\nbasis = "民发〔2021〕43号"\nstatus = "verified"\napproved_by = ["甲", "乙"]', *lines, "",
        ]
    )  # fmt: skip


@pytest.mark.parametrize("sides", [("TEKUN", "DIBAO"), ("DIBAO", "TEKUN")])
def test_a_folder_promotes_a_cell_by_its_legal_basis(tmp_path: Path, sides: tuple[str, str]) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(relation(*sides, "EXCLUSIVE", yields="DIBAO"), encoding="utf-8")
    loaded = policy.load(path)

    def status(division: str) -> list[str]:
        cells = loaded.exclusive(DAY, division)
        return [cell.status for cell in cells if cell.pair == {"DIBAO", "TEKUN"}]

    assert status("410502") == ["verified"]
    assert status("110101") == ["assumed"]
    for one, other in (sides, sides[::-1]):
        found = loaded.relation(one, other, DAY, "410502")
        assert found is not None
        assert found.status == "verified"


@pytest.mark.parametrize("sides", [("TEKUN", "DIBAO"), ("DIBAO", "TEKUN")])
def test_a_folder_lifts_an_exclusion(tmp_path: Path, sides: tuple[str, str]) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(relation(*sides, "COMPATIBLE"), encoding="utf-8")
    loaded = policy.load(path)
    assert not [cell for cell in loaded.exclusive(DAY, "410502") if cell.pair == {"DIBAO", "TEKUN"}]
    for one, other in (sides, sides[::-1]):
        found = loaded.relation(one, other, DAY, "410502")
        assert found is not None
        assert found.relation == "COMPATIBLE"
    assert [cell for cell in loaded.exclusive(DAY, "110101") if cell.pair == {"DIBAO", "TEKUN"}]


def test_a_folder_counts_an_aid_as_income(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(relation("DIBAO", "LIVING_SUBSIDY", "COUNTS_AS_INCOME"), encoding="utf-8")
    loaded = policy.load(path)
    assert "LIVING_SUBSIDY" in loaded.counts_as_income(DAY, "410502")
    assert "LIVING_SUBSIDY" not in loaded.counts_as_income(DAY, "110101")
    other = loaded.relation("LIVING_SUBSIDY", "DIBAO", DAY, "410502")
    assert other is not None
    assert other.relation == "COMPATIBLE"


def test_a_folder_puts_who_pays_in_another_order(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(
        '[[order]]\nkey = "medical"\nprogrammes = ["MEDICAL_AID", "BASIC_MEDICAL"]\nvalid_from = 2024-01-01\nbasis = "b"\n'
        'status = "verified"\napproved_by = ["甲", "乙"]\n',
        encoding="utf-8",
    )
    assert policy.load(path).order("medical", DAY).programmes == ("MEDICAL_AID", "BASIC_MEDICAL")


GOOD = VALUE.format(value=1, valid_from="2024-01-01", division="*")
EXCLUDED = relation("TEKUN", "DIBAO", "EXCLUSIVE", yields="DIBAO")
LISTED = GOOD.replace("[[value]]", "[[listed]]").replace('key = "vehicle.tolerated_value_yuan"', 'kind = "DAY"')
LISTED = LISTED.replace('value = 1\nunit = "yuan"', 'value = "2024-05-17"')
ORDER = GOOD.replace("[[value]]", "[[order]]").replace('key = "vehicle.tolerated_value_yuan"', 'key = "medical"')
ORDER = ORDER.replace('value = 1\nunit = "yuan"', 'programmes = ["MEDICAL_AID", "BASIC_MEDICAL"]')


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[value]", "TOML"),
        ("[lines]\na = 1\n", "lines"),
        (GOOD.replace("value = 1", 'value = "1"'), "number"),
        (GOOD.replace("value = 1", "value = true"), "number"),
        (GOOD.replace("verified", "certain"), "status"),
        (GOOD.replace('basis = "市民政局通知"', ""), "basis"),
        (GOOD.replace("valid_from = 2024-01-01", 'valid_from = "soon"'), "valid_from"),
        (GOOD + "colour = 1\n", "colour"),
        (GOOD.replace('approved_by = ["甲", "乙"]', ""), "approvers"),
        (GOOD.replace('"乙"', '" 甲 "'), "approvers"),
        (GOOD.replace('["甲", "乙"]', '"甲、乙"'), "approvers"),
        ('[[exclusive]]\nkeeps = "TEKUN"\nyields = "DIBAO"\n', "exclusive"),
        (relation("NO_SUCH_AID", "DIBAO", "STACK"), "assessed"),
        (relation("DIBAO", "HARDSHIP_FILE", "STACK"), "held"),
        (relation("DIBAO", "TEKUN", "ENEMIES"), "ENEMIES"),
        (relation("DIBAO", "TEKUN", "EXCLUSIVE"), "yields"),
        (relation("DIBAO", "TEKUN", "EXCLUSIVE", yields="MEDICAL_AID"), "yields"),
        (relation("DIBAO", "DIBAO", "EXCLUSIVE", yields="DIBAO"), "yields"),
        (relation("DIBAO", "TEKUN", "STACK", yields="DIBAO"), "yields"),
        (EXCLUDED.replace('approved_by = ["甲", "乙"]', ""), "approvers"),
        (EXCLUDED + 'colour = "red"\n', "colour"),
        (ORDER.replace("BASIC_MEDICAL", "MEDICAL_AID"), "programmes"),
        (ORDER.replace("BASIC_MEDICAL", "NO_SUCH_AID"), "programmes"),
        (ORDER.replace('key = "medical"', 'key = "of_things"'), "of_things"),
        ('value = "many"\n', "value"),
        (LISTED.replace('kind = "DAY"', 'kind = "PERSON"'), "kind"),
        (LISTED.replace("2024-05-17", "the fair"), "day"),
        (LISTED.replace('value = "2024-05-17"', "value = 7"), "value"),
        (LISTED.replace('approved_by = ["甲", "乙"]', ""), "approvers"),
    ],
)
def test_a_malformed_policy_is_refused_with_file_and_reason(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputRefused, match=said) as refusal:
        policy.load(path)
    assert "policy.toml" in str(refusal.value)


def test_a_register_holds_what_was_registered_by_then(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(LISTED, encoding="utf-8")
    (entry,) = policy.load(path).listed("DAY", dt.date(2024, 6, 1))
    assert (entry.value, entry.approved_by) == ("2024-05-17", ("乙", "甲"))
    assert policy.load(path).listed("DAY", dt.date(2023, 12, 31)) == ()
    assert policy.load(path).listed("PHONE", dt.date(2024, 6, 1)) == ()


def test_a_policy_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRefused):
        policy.load(tmp_path / "policy.toml")
