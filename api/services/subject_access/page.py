"""A dossier as one page in Chinese, to be printed and handed over: no script, nothing from elsewhere."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from api.services.subject_access.gathering import Dossier

HEAD = """<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><title>个人信息查阅</title>
<style>
body { font: 14px/1.6 "Songti SC", "SimSun", serif; margin: 2em auto; max-width: 60em; color: #222 }
h1 { font-size: 1.5em } h2 { font-size: 1.15em; margin-top: 2em; border-bottom: 1px solid #bbb }
table { border-collapse: collapse; width: 100%; margin: .6em 0; page-break-inside: avoid }
th, td { border: 1px solid #ccc; padding: .25em .6em; text-align: left; vertical-align: top; word-break: break-word }
th { background: #f4f4f2; width: 12em; font-weight: normal }
</style></head><body>
"""
LEAD = (
    "依据《中华人民共和国个人信息保护法》第四十四条至第四十七条，向您提供我们保存的您的全部个人信息，以及谁在何时为何目的查看过。"
    "疑点是需要由人核实的问题，不是结论。您可以要求更正、补充；认为不应保存的，可以要求删除。"
)


def printed(dossier: Dossier) -> str:
    """The page."""
    parts = [
        HEAD,
        f"<h1>个人信息查阅：{escape(dossier.reference)}</h1>",
        f"<p>生成时间：{escape(dossier.made_at.astimezone().isoformat(sep=' ', timespec='minutes'))}</p><p>{LEAD}</p>",
    ]
    for section in dossier.sections:
        parts.append(f"<h2>{escape(section.title)}</h2>")
        parts += [_one(row) for row in section.rows]
    parts.append("<h2>谁查看过</h2>")
    parts.append(_many(dossier.readers) if dossier.readers else "<p>没有查看记录。</p>")
    return "\n".join([*parts, "</body></html>\n"])


def _one(row: Mapping[str, Any]) -> str:
    lines = [f"<tr><th>{escape(name)}</th><td>{_said(value)}</td></tr>" for name, value in row.items()]
    return f"<table>{''.join(lines)}</table>"


def _many(rows: Sequence[Mapping[str, Any]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in rows[0])
    lines = ["".join(f"<td>{_said(value)}</td>" for value in row.values()) for row in rows]
    return f"<table><tr>{head}</tr>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return escape("、".join(value))
    return escape(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str))
