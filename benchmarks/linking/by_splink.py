"""Splink's side of the linking task: the same blocks and fields, its stock comparisons, trained on the task.

    python -m benchmarks.linking.by_splink OUT

u from 1e6 random pairs, λ from exact numbers, m by EM on two blocks, as Splink's own tutorial does for people.
"""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl
import splink.comparison_library as cl
from splink import Linker, SettingsCreator, block_on
from splink.internals.duckdb.database_api import DuckDBAPI

from benchmarks.linking import task

MAX_PAIRS = 1e6


def link(out: Path) -> None:
    """Reads the task, trains, predicts and writes splink.parquet."""
    database = DuckDBAPI()
    tables = []
    ids = {"applicants": "person_id", "records": "record_id"}
    for name in ids:
        # DuckDB reads the file itself; the birth date as text, as Splink's string comparisons want it
        database.duckdb_con.execute(
            f"CREATE TABLE {name}_in AS SELECT {ids[name]} AS unique_id, * EXCLUDE ({ids[name]}) REPLACE (CAST(birth_date AS VARCHAR) AS birth_date), "
            f"CAST(EXTRACT(year FROM birth_date) AS VARCHAR) AS birth_year FROM read_parquet('{out}/{name}.parquet')"
        )
        tables.append(database.register(f"{name}_in", dataset_display_name=name))
    settings = SettingsCreator(
        link_type="link_only",
        blocking_rules_to_generate_predictions=[
            block_on("id_number"),
            block_on("name_pinyin", "birth_date"),
            block_on("phone", "surname"),
        ],
        comparisons=[
            cl.DamerauLevenshteinAtThresholds("id_number", [1, 2]),
            cl.JaroWinklerAtThresholds("name_simple", [0.9, 0.8]).configure(term_frequency_adjustments=True),
            cl.DamerauLevenshteinAtThresholds("birth_date", [1]),
            cl.ExactMatch("sex"),
            cl.DamerauLevenshteinAtThresholds("phone", [1]),
            cl.JaroWinklerAtThresholds("address", [0.9, 0.7]),
        ],
        retain_matching_columns=False,
    )
    linker = Linker(tables, settings, log_level=30)
    linker.training.estimate_probability_two_random_records_match([block_on("id_number")], recall=0.85)
    linker.training.estimate_u_using_random_sampling(max_pairs=MAX_PAIRS, seed=1)
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("id_number"))
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("name_pinyin", "birth_date"))
    predicted = linker.inference.predict(threshold_match_probability=0.05)
    frame = pl.from_arrow(predicted.as_duckdbpyrelation().to_arrow_table())
    assert isinstance(frame, pl.DataFrame)
    applicants = pl.col("source_dataset_l") == "applicants"
    frame.select(
        person_id=pl.when(applicants).then("unique_id_l").otherwise("unique_id_r"),
        record_id=pl.when(applicants).then("unique_id_r").otherwise("unique_id_l"),
        probability="match_probability",
    ).write_parquet(out / "splink.parquet")


if __name__ == "__main__":
    link(Path(sys.argv[1]))
    task.leave_peak(Path(sys.argv[1]), "splink")
