"""Every plant of a city: the true leads first, then the innocents."""

from __future__ import annotations

from matcher.synthetic.plants import aid, belongings, family, granted_twice
from matcher.synthetic.plants.plant import Plant, alone, anyone, couple, with_parent, with_pupil

PLANTS: tuple[Plant, ...] = (
    Plant("aid_after_death", "P01", family.aid_after_death, with_parent),
    Plant("household_counts_the_dead", "P01", family.household_counts_the_dead, with_parent),
    Plant("hidden_spouse", "H01", family.hidden_spouse, alone),
    Plant("hidden_home", "H04", belongings.hidden_home, anyone),
    Plant("declared_second_home", "H04", belongings.declared_second_home, anyone),
    Plant("owns_shop", "H04", belongings.owns_shop, anyone),
    Plant("hidden_car", "H05", belongings.hidden_car, anyone),
    Plant("declared_car", "H05", belongings.declared_car, anyone),
    Plant("hidden_business", "P11", belongings.hidden_business, anyone),
    Plant("declared_business", "P11", belongings.declared_business, anyone),
    Plant("couples_business", "P11", belongings.couples_business, couple),
    Plant("dibao_and_tekun", "C02", aid.both("TEKUN", "DIBAO", 6), anyone),
    Plant("post_and_unemployment", "C02", aid.both("PUBLIC_WELFARE_POST", "UI_BENEFIT", 6), anyone),
    Plant("two_counties", "C06", aid.two_counties, anyone),
    Plant("unaided_pupil", "U04", family.unaided_pupil, with_pupil),
    Plant("death_reported", "P01", family.death_reported, with_parent),
    Plant("paid_to_month_of_death", "P01", family.paid_to_month_of_death, with_parent),
    Plant("namesake_died", "P01", family.namesake_died, anyone),
    Plant("divorced_since", "H01", family.divorced_since, alone),
    Plant("widowed", "H01", family.widowed, alone),
    Plant("spouse_has_left", "H01", family.spouse_has_left, couple),
    Plant("presale_and_registration", "H04", belongings.presale_and_registration, anyone),
    Plant("couple_owns_one_home", "H04", belongings.couple_owns_one_home, couple),
    Plant("inherited_share", "H04", belongings.inherited_share, anyone),
    Plant("sold_home", "H04", belongings.sold_home, anyone),
    Plant("parking_space", "H04", belongings.parking_space, anyone),
    Plant("motorcycle", "H05", belongings.harmless_vehicle("MOTORCYCLE"), anyone),
    Plant("disability_vehicle", "H05", belongings.harmless_vehicle("DISABILITY"), anyone),
    Plant("scrapped_car", "H05", belongings.harmless_vehicle("CAR", status="SCRAPPED"), anyone),
    Plant("sold_car", "H05", belongings.harmless_vehicle("CAR", status="TRANSFERRED"), anyone),
    Plant("old_car", "H05", belongings.harmless_vehicle("CAR", old="yes"), anyone),
    Plant("deregistered", "P11", belongings.harmless_business("deregistered", status="DEREGISTERED"), anyone),
    Plant("dormant", "P11", belongings.harmless_business("dormant"), anyone),
    Plant("supervisor", "P11", belongings.harmless_business("supervisor", role="SUPERVISOR"), anyone),
    Plant("coop_member", "P11", belongings.harmless_business("coop_member", role="COOP_MEMBER"), anyone),
    Plant("nominal_share", "P11", belongings.harmless_business("nominal_share"), anyone),
    Plant("started_with_support", "P11", belongings.started_with_support, anyone),
    Plant("switched", "C02", aid.switched, anyone),
    Plant("different_members", "C02", aid.different_members, with_parent),
    Plant("compatible", "C02", aid.compatible, anyone),
    Plant("moved", "C06", aid.moved, anyone),
    Plant("aided_child", "U04", family.aided(True), with_pupil),
    Plant("aided_parent", "U04", family.aided(False), with_pupil),
    Plant("left_school", "U04", family.left_school, with_pupil),
    *granted_twice.PLANTS,
)

FEEDS: dict[str, frozenset[str]] = {
    "P01": frozenset({"deaths", "aid"}),
    "P05": frozenset(),
    "P11": frozenset({"business", "aid"}),
    "H01": frozenset({"marriage", "deaths"}),
    "H04": frozenset({"real_estate"}),
    "H05": frozenset({"vehicles"}),
    "C01": frozenset({"aid"}),
    "C02": frozenset({"aid"}),
    "C06": frozenset({"aid"}),
    "C09": frozenset({"aid"}),
    "U04": frozenset({"school", "aid"}),
}
"""The feeds in which a rule's plants stand; without them nothing is true of the plants."""
