"""Who answers for a measure, and how organisations stand and are called, on a day: as everybody who signs in is told."""

from __future__ import annotations

import uuid
from typing import Any

from tests.api.conftest import Service

MEASURES = """query ($code: String, $on: Date) { measures(divisionCode: $code, on: $on) { number measure
  lead { role holders { code nameZh division { code } } } responsible { role holders { code nameZh division { code } } } } }"""
TREE = """query ($under: String, $on: Date, $first: Int! = 50, $after: String! = "") {
  organisationTree(under: $under, on: $on, first: $first, after: $after) { code nameZh level hasChildren } }"""
KEPT = """query ($codes: [String!]) { organisations(filter: {codes: $codes}) { nodes {
  id version level parent { code } names { nameZh validFrom validTo } } } }"""


async def act(service: Service, name: str, answer: str, **given: Any) -> dict[str, Any]:
    title = name[0].upper() + name[1:]
    query = f"mutation ($i: {title}Input!) {{ {name}(input: $i) {{ {answer} userErrors {{ code path message }} }} }}"
    asked = {"idempotencyKey": uuid.uuid4().hex, **given}
    payload: dict[str, Any] = (await service.data(query, {"i": asked}, by="administrator"))[name]
    assert payload["userErrors"] == []
    return payload


async def union(service: Service, code: str, name: str, division: str, **other: Any) -> dict[str, Any]:
    given = {"nameZh": name, "nameEn": code, "kind": "UNION", "divisionCode": division} | other
    if "organisationId" not in other:
        given["code"] = code
    saved = await act(service, "saveOrganisation", "organisation { id version }", **given)
    return dict(saved["organisation"])


async def test_a_tree_of_unions_is_walked_a_branch_at_a_time_as_it_was_called_on_a_day(service: Service) -> None:
    city = await union(service, "zgh", "安阳市总工会", "410500", level="MUNICIPAL")
    for code, name, division in (("wf", "文峰区总工会", "410502"), ("bg", "北关区总工会", "410503")):
        below = await union(service, code, name, division, level="COUNTY", validFrom="2010-01-01")
        placed = {"organisationId": below["id"], "expectedVersion": 1, "parentId": city["id"]}
        await act(service, "placeOrganisation", "organisation { parent { code } }", **placed)
    renamed = {
        "organisationId": below["id"],
        "expectedVersion": 2,
        "renamedOn": "2023-03-01",
        "validTo": "2024-01-01",
    }
    await union(service, "bg", "北关区工会联合会", "410503", **renamed)

    async def tree(by: str = "reviewer", **asked: Any) -> list[tuple[str, str, bool]]:
        rows = (await service.data(TREE, asked, by=by))["organisationTree"]
        return [(row["code"], row["nameZh"], row["hasChildren"]) for row in rows]

    police, top = ("police", "公安局", False), ("zgh", "安阳市总工会", True)
    wenfeng = ("wf", "文峰区总工会", False)
    assert await tree() == [police, top]
    assert await tree(first=1, after="police") == [top]
    assert await tree(under="zgh") == [wenfeng], "the other has ended"
    assert await tree(under="zgh", on="2023-02-28") == [("bg", "北关区总工会", False), wenfeng]
    assert await tree(under="zgh", on="2023-03-01") == [("bg", "北关区工会联合会", False), wenfeng]
    assert await tree(under="zgh", on="2009-12-31") == []
    assert await tree("caseworker") == [wenfeng], "who sees a county sees its own as the top"
    assert await tree("caseworker", under="zgh") == [wenfeng]
    assert await tree("elsewhere") == []
    (kept,) = (await service.data(KEPT, {"codes": ["bg"]}, by="administrator"))["organisations"]["nodes"]
    assert kept["parent"] == {"code": "zgh"}
    assert kept["names"] == [
        {"nameZh": "北关区工会联合会", "validFrom": "2023-03-01", "validTo": None},
        {"nameZh": "北关区总工会", "validFrom": None, "validTo": "2023-03-01"},
    ]


async def test_who_answers_for_a_measure_is_the_nearest_who_held_the_role_on_the_day(service: Service) -> None:
    offices = {}
    for code, name, division in (("mzj", "安阳市民政局", "410500"), ("wfmzj", "文峰区民政局", "410502")):
        offices[code] = await union(service, code, name, division, kind="DEPARTMENT")
        held = {"role": "CIVIL_AFFAIRS", "divisionCode": division, "organisationId": offices[code]["id"]}
        begun = {"validFrom": "2019-01-01" if code == "mzj" else "2021-01-01"}
        held_by = await act(service, "assignMeasureRole", "assignment { id version }", **held, **begun)

    async def leads(by: str = "reviewer", **asked: Any) -> list[tuple[str, str]]:
        measures = (await service.data(MEASURES, asked, by=by))["measures"]
        assert [each["number"] for each in measures] == list(range(1, 8))
        second = next(each for each in measures if each["measure"] == "SOCIAL_ASSISTANCE")
        (lead,) = second["lead"]
        assert lead["role"] == "CIVIL_AFFAIRS"
        return [(holder["code"], holder["division"]["code"]) for holder in lead["holders"]]

    assert await leads() == [("mzj", "410500")], "of the viewer's own division"
    assert await leads(code="410502") == await leads("caseworker") == [("wfmzj", "410502")]
    assert await leads(code="410502", on="2020-06-01") == [("mzj", "410500")]
    assert await leads(code="410503") == [("mzj", "410500")]
    assert await leads(code="410502", on="2018-12-31") == await leads(code="110101") == []
    ended = {"assignmentId": held_by["assignment"]["id"], "expectedVersion": 1, "validTo": "2022-01-01"}
    await act(service, "endMeasureRole", "assignment { validTo }", **ended)
    assert await leads(code="410502") == [("mzj", "410500")]
    query = """query ($on: Date) { measureRoles(filter: {roles: [CIVIL_AFFAIRS], heldOn: $on}, orderBy: {field: VALID_FROM})
      { totalCount nodes { organisation { code } validTo } } }"""
    for day, count in (("2021-06-01", 2), ("2022-01-01", 1), ("2018-01-01", 0)):
        found = await service.data(query, {"on": day}, by="administrator")
        assert found["measureRoles"]["totalCount"] == count
    unknown = await service.ask(MEASURES, {"code": "41"})
    assert unknown["errors"][0]["extensions"]["code"] == "BAD_INPUT"
