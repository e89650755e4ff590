"""Numbers as they are entered: what is wrong with one is told apart, and a division that was abolished is as good as any."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.domain.people import IdKind, NumberFault, Sex, refused_number
from api.matching import identity
from tests.api.numbers import numbered

TODAY = dt.date(2026, 11, 27)
MAN = numbered("410502", "19700102", 11)
BORN = dt.date(1970, 1, 2)


@pytest.mark.parametrize(
    ("written", "kind", "sex", "born", "wrong"),
    [
        (MAN, IdKind.CITIZEN, None, None, None),
        (MAN, IdKind.CITIZEN, Sex.MALE, BORN, None),
        (f" {MAN[:6]} {MAN[6:]}", IdKind.CITIZEN, Sex.MALE, BORN, None),
        (MAN[:6] + MAN[8:17], IdKind.CITIZEN, Sex.MALE, BORN, None),
        (numbered("410521", "19700102", 11), IdKind.CITIZEN, None, None, None),
        (numbered("810000", "19700102", 11), IdKind.RESIDENCE_PERMIT, None, None, None),
        (numbered("911101", "19700102", 11), IdKind.FOREIGN_PERMANENT, None, None, None),
        ("E12345678", IdKind.OTHER, None, None, None),
        ("四一〇五〇二", IdKind.CITIZEN, None, None, NumberFault.UNREADABLE),
        ("410502********1234", IdKind.CITIZEN, None, None, NumberFault.UNREADABLE),
        (MAN[:17] + ("0" if MAN[17] != "0" else "1"), IdKind.CITIZEN, None, None, NumberFault.CHECK),
        (numbered("410502", "19700230", 11), IdKind.CITIZEN, None, None, NumberFault.BIRTH_DATE),
        (numbered("410502", "20261128", 11), IdKind.CITIZEN, None, None, NumberFault.UNBORN),
        (numbered("999999", "19700102", 11), IdKind.CITIZEN, None, None, NumberFault.OTHER_KIND),
        (numbered("410599", "19700102", 11), IdKind.CITIZEN, None, None, NumberFault.DIVISION),
        (numbered("820000", "19700102", 11), IdKind.CITIZEN, None, None, NumberFault.OTHER_KIND),
        (MAN, IdKind.RESIDENCE_PERMIT, None, None, NumberFault.OTHER_KIND),
        (MAN, IdKind.CITIZEN, Sex.FEMALE, BORN, NumberFault.SEX),
        (MAN, IdKind.CITIZEN, Sex.MALE, BORN + dt.timedelta(days=1), NumberFault.DECLARED_BIRTH_DATE),
    ],
)
def test_what_is_wrong_with_a_number(
    written: str, kind: IdKind, sex: Sex | None, born: dt.date | None, wrong: NumberFault | None
) -> None:
    assert identity.fault(written, kind, sex, born, TODAY) is wrong


@given(st.integers(0, 16), st.integers(1, 9))
def test_no_single_slip_of_the_pen_passes(place: int, by: int) -> None:
    slipped = MAN[:place] + str((int(MAN[place]) + by) % 10) + MAN[place + 1 :]
    assert identity.fault(slipped, IdKind.CITIZEN, None, None, TODAY) is not None


@pytest.mark.parametrize("fault", NumberFault)
def test_each_fault_has_words_that_quote_no_number(fault: NumberFault) -> None:
    refused = refused_number(fault, ("input", "person", "idNumber"))
    assert refused.path == ("input", "person", "idNumber")
    assert refused.zh
    assert refused.en
    assert not any(len(word) > 2 and word.isdigit() for word in refused.en.split())
