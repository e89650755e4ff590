"""Cursors and ids that were not given for this: of another list, of another viewer, cut, changed, made up."""

from __future__ import annotations

from typing import Any

from tests.api.conftest import Service
from tests.api.gate.answers import codes, faults

PAGE = "query ($after: String, $filter: HouseholdFilter) { households(first: 2, after: $after, filter: $filter) { pageInfo { endCursor } nodes { id } } }"
FINDINGS = "query ($after: String) { findings(first: 2, after: $after) { pageInfo { endCursor } nodes { id } } }"
NODE = "query ($id: ID!) { node(id: $id) { __typename id } household(id: $id) { id } finding(id: $id) { id } }"


def changed(text: str) -> list[str]:
    """Everything near a token that is not it: cut, lengthened, one character another, and what is no token."""
    one_other = [
        f"{text[:place]}{'A' if text[place] != 'A' else 'B'}{text[place + 1 :]}" for place in range(len(text))
    ]
    cut = [text[:length] for length in range(len(text))]
    return [*one_other, *cut, f"{text}A", f" {text}", f"{text}=", text[::-1], "Household:1", "SG91c2Vob2xkOjE=", "1", "-1",
            "' OR 1=1 --", "\u200b", "王小明", "../../etc/passwd", "%00", "𝔘", "a" * 50_000]  # fmt: skip


async def test_a_cursor_of_anything_else_is_refused(service: Service) -> None:
    own = (await service.data(PAGE))["households"]["pageInfo"]["endCursor"]
    others = (await service.data(FINDINGS))["findings"]["pageInfo"]["endCursor"]
    assert codes(await service.ask(PAGE, {"after": others})) == {"BAD_CURSOR"}
    assert codes(await service.ask(FINDINGS, {"after": own})) == {"BAD_CURSOR"}
    filtered: dict[str, Any] = {"after": own, "filter": {"divisionCode": "410502"}}
    assert codes(await service.ask(PAGE, filtered)) == {"BAD_CURSOR"}
    for text in changed(own):
        if text:  # an empty text is no cursor at all
            answer = await service.ask(PAGE, {"after": text})
            assert codes(answer) == {"BAD_CURSOR"}, text
            assert faults(answer) == []


async def test_a_cursor_shows_another_viewer_no_more_than_they_may_see(service: Service) -> None:
    own = (await service.data(PAGE))["households"]["pageInfo"]["endCursor"]
    theirs = await service.ask(PAGE, {"after": own}, by="elsewhere")
    assert codes(theirs) <= {"BAD_CURSOR"}
    assert not (theirs["data"]["households"] or {"nodes": []})["nodes"]


async def test_an_id_that_is_none_and_one_that_is_not_for_the_viewer_look_the_same(service: Service) -> None:
    household = (await service.data(PAGE))["households"]["nodes"][0]["id"]
    nothing = {"node": None, "household": None, "finding": None}
    for text in changed(household):
        answer = await service.ask(NODE, {"id": text})
        assert "errors" not in answer, (text, answer)
        assert answer["data"] == nothing, text
    assert (await service.data(NODE, {"id": household}, by="elsewhere")) == nothing
    assert (await service.data(NODE, {"id": household}))["node"] == {"__typename": "Household", "id": household}
