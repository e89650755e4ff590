"""To whom a file is handed, and when to nobody: a union that keeps the division, no notice, no open objection."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from api import sealing
from api.database import transaction
from api.domain.errors import NotDone
from api.domain.objections import Ground, Objector
from api.domain.stages import Stage
from api.models import FileTransfer, Household
from api.services import objections, transfers
from tests.api import county
from tests.api.county import Life, Officers

VAULT = sealing.vault(sealing.new_key())
NOW = dt.datetime.now(dt.UTC)


async def handed(empty: AsyncEngine, officers: Officers, life: Life, union: str, division: str | None) -> str | None:
    """Why the file is not handed over, in English, with where the reason lies; None where it is."""
    chief = officers["second-chief"]
    try:
        async with transaction(empty) as connection:
            await transfers.transfer(
                connection, VAULT, chief, life.household_id, 1, union, division, "企业破产。", NOW
            )
    except NotDone as refused:
        return f"{refused.path[-1]}: {refused.en}"
    return None


@pytest.mark.parametrize(
    ("union", "division", "refused"),
    [
        ("linzhou", "410581", None),
        ("anyang", "410581", None),
        ("anyang", None, None),
        ("linzhou", None, "organisationCode: The union does not keep files of this division."),
        ("linzhou", "410502", "divisionCode: The union does not keep files of this division."),
        ("anyang", "110101", "divisionCode: The union does not keep files of this division."),
        ("anyang", "000000", "divisionCode: The union does not keep files of this division."),
    ],
)
async def test_a_household_goes_to_no_division_that_the_receiving_union_does_not_keep(
    empty: AsyncEngine, officers: Officers, union: str, division: str | None, refused: str | None
) -> None:
    life = await county.standing(empty, Stage.RECORDED, NOW)
    assert await handed(empty, officers, life, union, division) == refused
    async with transaction(empty) as connection:
        stands = (await connection.execute(select(Household.division_code, Household.organisation_id))).one()
        made = (await connection.scalars(select(FileTransfer.to_division_code))).all()
    assert (stands.division_code, stands.organisation_id is None) == (
        (division or county.COUNTY, False) if refused is None else (county.COUNTY, True)
    )
    assert list(made) == ([division or county.COUNTY] if refused is None else [])


async def test_f_32_no_file_is_handed_over_while_an_objection_is_open(empty: AsyncEngine, officers: Officers) -> None:
    life = await county.standing(empty, Stage.RECORDED, NOW)
    async with transaction(empty) as connection:
        await objections.raise_objection(
            connection, VAULT, officers["clerk"], life.household_id, None,
            Objector.ANONYMOUS, None, None, [Ground.OTHER], "他家有两辆车。", None, NOW,
        )  # fmt: skip
    refused = await handed(empty, officers, life, "linzhou", "410581")
    assert refused is not None
    assert "has not been answered" in refused


async def test_no_household_on_notice_is_handed_to_where_nobody_read_it(
    empty: AsyncEngine, officers: Officers
) -> None:
    life = await county.standing(empty, Stage.PUBLIC_NOTICE, NOW)
    refused = await handed(empty, officers, life, "linzhou", "410581")
    assert refused is not None
    assert "return it to the review first" in refused
