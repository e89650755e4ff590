"""A forecast on a terminal: candidates a block and a source, seconds and memory, and the bound that holds whatever comes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

WORDS = {
    "blocks": ("各分块规则", "Blocks"),
    "sources": ("各数据来源", "Sources"),
    "block": ("规则", "block"),
    "source": ("来源", "source"),
    "cap": ("每人上限", "cap"),
    "keys": ("键数", "keys"),
    "applicants": ("有键人数", "rows with a key"),
    "candidates": ("预计候选对", "candidates"),
    "by_chance": ("其中巧合", "by chance"),
    "flooded": ("超限人次", "flooded"),
    "bound": ("最多", "at most"),
    "rows": ("行数", "rows"),
    "sampled_rows": ("试算行数", "tried out"),
    "pairs": ("预计保留", "pairs kept"),
    "seconds": ("秒", "seconds"),
    "total": ("合计", "In total"),
    "of_rows": ("行", "rows"),
    "about": ("约", "about"),
    "memory": ("内存峰值", "peak memory"),
    "made_of": ("其中", "made of"),
    "stage_open": ("打开", "open"),
    "stage_applicants": ("读入申请人", "small side"),
    "stage_read": ("读取", "read"),
    "stage_match": ("比对", "match"),
    "stage_link": ("关联与报告", "link and report"),
    "part_applicants": ("申请人与程序", "small side and program"),
    "part_index": ("索引", "index"),
    "part_chunks": ("处理中的数据块", "chunks in hand"),
    "part_compared": ("比对中的候选对", "pairs under comparison"),
    "part_kept": ("保留的对", "pairs kept"),
    "why_bound": (
        "候选对永不超过：有键人数 × 每人上限，按规则与来源相加，与行数无关；若真达到此数，内存至多",
        "There are never more candidates than rows with a key × cap, summed over blocks and sources, however many rows "
        "there are; if there were as many, memory would be at most",
    ),
    "sampled": (
        "只读取了元数据和取自各处的样本（小的来源为全部），并在本机试算，未写任何文件；试算行数",
        "Only metadata and a sample from all over (all of a small source) were read and tried out on this machine; nothing was written. Rows tried out:",
    ),
    "training": (
        "训练模型所需的时间未计入，保留的对数待训练后才知",
        "Training is not included; how many pairs are kept is known after it",
    ),
}
TEN_GIBIBYTES = 10 << 30
STAGES = ("open", "applicants", "read", "match", "link")
PARTS = ("applicants", "index", "chunks", "compared", "kept")
RIGHT = ("cap", "keys", "applicants", "candidates", "by_chance", "flooded", "bound")


def show(forecast: Mapping[str, Any], console: Console, language: str) -> None:
    """Prints a forecast (matcher.forecast.told) in Chinese ("zh") or English ("en")."""
    word = {name: words[0 if language == "zh" else 1] for name, words in WORDS.items()}
    console.print(_table(word, "blocks", "block", RIGHT, forecast["blocks"]), "")
    columns = ("rows", "sampled_rows", "candidates", "pairs", "flooded", "bound", "seconds")
    console.print(_table(word, "sources", "source", columns, forecast["sources"]), "")
    pairs = "?" if forecast["pairs"] is None else f"{forecast['pairs']:,}"
    lines = [
        f"{word['total']}: {forecast['applicants']:,} × {_rows(word, forecast)} {word['of_rows']} · "
        f"{word['candidates']} {forecast['candidates']:,} ± {forecast['plus_minus']:,} · {word['pairs']} {pairs} · "
        f"{word['bound']} {forecast['bound']:,}",
        f"{word['seconds']}: {forecast['seconds']['total']:,.1f} ({word['made_of']} "
        + " · ".join(f"{word[f'stage_{name}']} {forecast['seconds'].get(name, 0.0):,.1f}" for name in STAGES)
        + ")",
        f"{word['memory']}: {_size(forecast['memory_bytes']['expected'])} ({word['made_of']} "
        + " · ".join(f"{word[f'part_{name}']} {_size(forecast['memory_bytes'][name])}" for name in PARTS)
        + ")",
        f"{word['why_bound']} {_size(forecast['memory_bytes']['bound'])}",
        f"{word['sampled']} {forecast['sampled_rows']:,}",
    ]
    if "training" in forecast:
        lines.append(word["training"])
    for line in lines:
        console.print(line, highlight=False, soft_wrap=True)


def _table(
    word: Mapping[str, str], title: str, first: str, columns: tuple[str, ...], rows: Mapping[str, Mapping[str, Any]]
) -> Table:
    table = Table(title=word[title], title_justify="left")
    table.add_column(word[first], overflow="fold")
    for column in columns:
        table.add_column(word[column], justify="right")
    for name, row in rows.items():
        table.add_row(name, *("?" if row[column] is None else f"{row[column]:,}" for column in columns))
    return table


def _rows(word: Mapping[str, str], forecast: Mapping[str, Any]) -> str:
    return f"{'' if forecast['rows_exact'] else word['about'] + ' '}{forecast['rows']:,}"


def _size(count: int) -> str:
    return f"{count / 2**20:,.0f} MiB" if count < TEN_GIBIBYTES else f"{count / 2**30:,.0f} GiB"
