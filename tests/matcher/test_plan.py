"""Plans: the shipped ones load, and every mistake in one is refused by the name of its key."""

from __future__ import annotations

from pathlib import Path

import pytest

from matcher import plan as plans
from matcher.errors import InputRefused

GOOD = """
version = "t"
[fields.name]
kind = "text"
[fields.born]
kind = "date"
muted_beside = "name"
[[blocks]]
keys = "name.soundex & born.year"
"""


@pytest.mark.parametrize("name", plans.shipped())
def test_shipped_plans_load(name: str) -> None:
    plan = plans.load(Path(name))
    assert plan.fields
    assert plan.blocks


def test_a_plan_is_read(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(GOOD, encoding="utf-8")
    plan = plans.load(path)
    assert plan.names == ("name", "born")
    assert [block.name for block in plan.blocks] == ["name.soundex&born.year"]
    assert plan.facets == {"name.soundex", "born.year"}


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (('version = "t"', 'versoin = "t"'), "versoin"),
        (('kind = "text"', 'kind = "texts"'), "fields.name.kind"),
        (('kind = "text"', "kind = 3"), "fields.name.kind"),
        (('kind = "text"', 'kind = "text"\nlatest = true'), "fields.name.latest"),
        (('kind = "text"', 'kind = "text"\nlate = "yes"'), "fields.name.late"),
        (('kind = "text"', 'kind = "text"\nveto = ["nope"]'), "fields.name.veto"),
        (('kind = "text"', 'kind = "text"\nveto_alone = ["different"]'), "fields.name.veto_alone"),
        (('kind = "text"', 'kind = "text"\nmuted_beside = "born"'), "fields.name.muted_beside"),
        (('muted_beside = "name"', 'muted_beside = "nobody"'), "fields.born.muted_beside"),
        (('muted_beside = "name"', 'fallback = "name.birth"'), "fields.born.fallback"),
        (("name.soundex & born.year", "name.sound"), "blocks[1].keys"),
        (("name.soundex & born.year", "street"), "blocks[1].keys"),
        (("[[blocks]]", "[[blocks]]\ncap = 0"), "cap"),
        (('[[blocks]]\nkeys = "name.soundex & born.year"', ""), "blocks"),
        (('version = "t"', 'version = "t"\nthresholds = {link = 0.4, review = 0.6}'), "thresholds"),
        (('version = "t"', 'version = "t"\nthresholds = {link = 2}'), "thresholds.link"),
    ],
)
def test_a_mistake_is_refused_by_its_key(tmp_path: Path, change: tuple[str, str], key: str) -> None:
    path = tmp_path / "plan.toml"
    assert change[0] in GOOD
    path.write_text(GOOD.replace(*change), encoding="utf-8")
    with pytest.raises(InputRefused) as refused:
        plans.load(path)
    assert refused.value.column == key


def test_what_is_no_toml_or_not_there_is_refused(tmp_path: Path) -> None:
    (tmp_path / "plan.toml").write_text("[", encoding="utf-8")
    with pytest.raises(InputRefused, match="no TOML"):
        plans.load(tmp_path / "plan.toml")
    with pytest.raises(InputRefused, match="cannot be opened"):
        plans.load(tmp_path / "none.toml")
