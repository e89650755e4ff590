"""Splink's side of the linking task: the same blocks and fields, trained on the task, as its own tutorial does for people.

    python -m benchmarks.linking.by_splink OUT [levels]

u from 1e6 random pairs, λ from exact numbers, m by EM on two blocks. With `levels` it is also given what our engine knows of
numbers and names: a level for two valid numbers that differ, and one for names that sound alike.
"""

from __future__ import annotations

import sys
from pathlib import Path
from time import perf_counter

import polars as pl
import splink.comparison_level_library as cll
import splink.comparison_library as cl
from splink import Linker, SettingsCreator, block_on
from splink.internals.duckdb.database_api import DuckDBAPI

from benchmarks.linking import task

MAX_PAIRS = 1e6
STOCK = (
    cl.DamerauLevenshteinAtThresholds("id_number", [1, 2]),
    cl.JaroWinklerAtThresholds("name_simple", [0.9, 0.8]).configure(term_frequency_adjustments=True),
)
LEVELS = (
    cl.CustomComparison(
        output_column_name="id_number",
        comparison_levels=[
            cll.NullLevel("id_number"),
            cll.ExactMatchLevel("id_number"),
            cll.CustomLevel('"number_holds_l" AND "number_holds_r"', "two valid numbers"),
            cll.DamerauLevenshteinLevel("id_number", 1),
            cll.DamerauLevenshteinLevel("id_number", 2),
            cll.ElseLevel(),
        ],
    ),
    cl.CustomComparison(
        output_column_name="name_simple",
        comparison_levels=[
            cll.NullLevel("name_simple"),
            cll.ExactMatchLevel("name_simple", term_frequency_adjustments=True),
            cll.CustomLevel('"name_pinyin_l" = "name_pinyin_r"', "same sound"),
            cll.JaroWinklerLevel("name_simple", 0.8),
            cll.ElseLevel(),
        ],
    ),
)


def link(out: Path, side: str) -> dict[str, float]:
    """Reads the task, trains, predicts and writes SIDE.parquet; returns the seconds of each stage."""
    clock, seconds = perf_counter(), {}
    database = DuckDBAPI()
    tables = []
    ids = {"applicants": "person_id", "records": "record_id"}
    for name in ids:
        # DuckDB reads the file itself; the birth date as text, as Splink's string comparisons want it
        database.duckdb_con.execute(
            f"CREATE TABLE {name}_in AS SELECT {ids[name]} AS unique_id, * EXCLUDE ({ids[name]}) "
            f"REPLACE (CAST(birth_date AS VARCHAR) AS birth_date) FROM read_parquet('{out}/{name}.parquet')"
        )
        tables.append(database.register(f"{name}_in", dataset_display_name=name))
    settings = SettingsCreator(
        link_type="link_only",
        blocking_rules_to_generate_predictions=[
            block_on("id_number"),
            block_on("name_pinyin", "birth_year"),
            block_on("phone"),
            block_on("surname", "birth_date"),
        ],
        comparisons=[
            *(STOCK if side == "splink" else LEVELS),
            cl.CustomComparison(
                output_column_name="birth_date",
                comparison_levels=[
                    cll.NullLevel("birth_date"),
                    cll.ExactMatchLevel("birth_date"),
                    cll.DamerauLevenshteinLevel("birth_date", 1),
                    cll.CustomLevel('"birth_year_l" = "birth_year_r"', "same year"),
                    cll.ElseLevel(),
                ],
            ),
            cl.ExactMatch("sex"),
            cl.DamerauLevenshteinAtThresholds("phone", [1]).configure(term_frequency_adjustments=True),
            cl.JaroWinklerAtThresholds("address", [0.9, 0.7]),
        ],
        retain_matching_columns=False,
    )
    linker = Linker(tables, settings, log_level=30)
    seconds["load"], clock = perf_counter() - clock, perf_counter()
    linker.training.estimate_probability_two_random_records_match([block_on("id_number")], recall=0.85)
    linker.training.estimate_u_using_random_sampling(max_pairs=MAX_PAIRS, seed=1)
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("id_number"))
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("surname", "birth_date"))
    seconds["train"], clock = perf_counter() - clock, perf_counter()
    predicted = linker.inference.predict(threshold_match_probability=0.05)
    frame = pl.from_arrow(predicted.as_duckdbpyrelation().to_arrow_table())
    assert isinstance(frame, pl.DataFrame)
    applicants = pl.col("source_dataset_l") == "applicants"
    frame.select(
        person_id=pl.when(applicants).then("unique_id_l").otherwise("unique_id_r"),
        record_id=pl.when(applicants).then("unique_id_r").otherwise("unique_id_l"),
        probability="match_probability",
        weight_bits="match_weight",
    ).write_parquet(out / f"{side}.parquet")
    seconds["predict"] = perf_counter() - clock
    return seconds


if __name__ == "__main__":
    chosen = "splink_levels" if "levels" in sys.argv[2:] else "splink"
    task.leave(Path(sys.argv[1]), chosen, **link(Path(sys.argv[1]), chosen))
