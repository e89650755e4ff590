"""Work that is done on a thread of polars: it gives and raises what it does anywhere, one inside another and several at a time."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import polars as pl
import pytest

from matcher.threads import on_a_thread_of_polars


def _sum(upto: int) -> int:
    return int(pl.DataFrame({"n": range(upto)}).filter(pl.col("n") % 2 == 0).select(pl.col("n").sum()).item())


def test_it_gives_what_the_work_gives() -> None:
    assert on_a_thread_of_polars(lambda: _sum(10)) == 20


def test_it_raises_what_the_work_raises() -> None:
    class Refused(Exception):
        pass

    def refuse() -> None:
        raise Refused("as it was said")

    with pytest.raises(Refused, match="as it was said"):
        on_a_thread_of_polars(refuse)


def test_it_is_another_thread_and_work_within_work_stays_there() -> None:
    where = on_a_thread_of_polars(lambda: (threading.get_ident(), on_a_thread_of_polars(threading.get_ident)))
    assert threading.get_ident() not in where


def test_many_may_ask_at_a_time() -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda upto: on_a_thread_of_polars(lambda: _sum(upto)), range(200)))
    assert found == [_sum(upto) for upto in range(200)]
