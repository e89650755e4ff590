"""Splink's side: the plans' blocks and fields, compared and trained as Splink's documentation does for FEBRL.

    python -m benchmarks.febrl.by_splink FOLDER febrl4|febrl3 [PAIRS]

Comparisons are those of its FEBRL examples, for the two fields they leave out the stock one of texts. λ from the
examples' deterministic rules and recall, u from 1e7 random pairs (PAIRS; the examples take 1e6 and recommend more), m by
EM on the birth date and on the postcode. Writes FOLDER/splink.parquet, and for febrl3 FOLDER/splink_groups.parquet, its
clusters by threshold.
"""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl
import splink.comparison_library as cl
from splink import Linker, SettingsCreator, block_on
from splink.internals.blocking_rule_creator import BlockingRuleCreator
from splink.internals.duckdb.database_api import DuckDBAPI

from benchmarks.febrl import judging

MAX_PAIRS = 1e7
TABLES = {"febrl4": ("left", "right"), "febrl3": ("table",)}
CERTAIN: dict[str, tuple[list[str | BlockingRuleCreator], float]] = {
    "febrl4": ([block_on("soc_sec_id"), block_on("given_name", "surname", "date_of_birth")], 0.8),
    "febrl3": (
        [
            block_on("soc_sec_id"),
            block_on("given_name", "surname", "date_of_birth"),
            "l.given_name = r.surname and l.surname = r.given_name and l.date_of_birth = r.date_of_birth",
        ],
        0.9,
    ),
}
CLUSTERED_AT = (0.5, judging.LINK, 0.99)


def run(folder: Path, data: str, pairs: float) -> None:
    """Trains, predicts and writes."""
    database = DuckDBAPI()
    tables = []
    for name in TABLES[data]:
        database.duckdb_con.execute(
            f"CREATE TABLE {name}_in AS SELECT * FROM read_parquet('{folder}/{name}.parquet')"
        )
        tables.append(database.register(f"{name}_in", dataset_display_name=name))
    settings = SettingsCreator(
        link_type="link_only" if data == "febrl4" else "dedupe_only",
        unique_id_column_name="rec_id",
        blocking_rules_to_generate_predictions=[
            block_on("soc_sec_id"),
            block_on("given_name", "surname"),
            block_on("date_of_birth"),
            block_on("surname_sound", "postcode"),
            block_on("given_name_sound", "suburb"),
            block_on("address_1"),
        ],
        comparisons=[
            cl.DamerauLevenshteinAtThresholds("soc_sec_id", [1, 2]),
            cl.NameComparison("given_name").configure(term_frequency_adjustments=True),
            cl.NameComparison("surname").configure(term_frequency_adjustments=True),
            cl.DateOfBirthComparison("date_of_birth", input_is_string=True, datetime_format="%Y%m%d"),
            cl.JaroWinklerAtThresholds("address_1"),
            cl.JaroWinklerAtThresholds("suburb"),
            cl.DamerauLevenshteinAtThresholds("postcode", [1, 2]).configure(term_frequency_adjustments=True),
        ],
        retain_matching_columns=False,
    )
    linker = Linker(tables if len(tables) > 1 else tables[0], settings, log_level=30)
    rules, recall = CERTAIN[data]
    linker.training.estimate_probability_two_random_records_match(rules, recall=recall)
    linker.training.estimate_u_using_random_sampling(max_pairs=pairs, seed=1)
    for column in ("date_of_birth", "postcode"):
        linker.training.estimate_parameters_using_expectation_maximisation(
            block_on(column), estimate_without_term_frequencies=True
        )
    predicted = linker.inference.predict(threshold_match_probability=judging.DEPTH)
    frame = pl.from_arrow(predicted.as_duckdbpyrelation().to_arrow_table())
    assert isinstance(frame, pl.DataFrame)
    # of two tables, left_id is that of the left; of one, the smaller
    swapped = pl.col("source_dataset_l") != "left" if data == "febrl4" else pl.col("rec_id_l") > pl.col("rec_id_r")
    frame.select(
        left_id=pl.when(swapped).then("rec_id_r").otherwise("rec_id_l"),
        right_id=pl.when(swapped).then("rec_id_l").otherwise("rec_id_r"),
        probability="match_probability",
        weight_bits="match_weight",
    ).write_parquet(folder / "splink.parquet")
    if data == "febrl3":
        found = []
        for threshold in CLUSTERED_AT:
            clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(predicted, threshold)
            groups = pl.from_arrow(clusters.as_duckdbpyrelation().to_arrow_table())
            assert isinstance(groups, pl.DataFrame)
            found.append(groups.select(pl.lit(threshold).alias("threshold"), id="rec_id", group="cluster_id"))
        pl.concat(found).write_parquet(folder / "splink_groups.parquet")


if __name__ == "__main__":
    run(Path(sys.argv[1]), sys.argv[2], float(sys.argv[3]) if len(sys.argv) > 3 else MAX_PAIRS)
