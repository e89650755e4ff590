"""Public notices for everybody over HTTP, a county at a time, where JIEKUN_PUBLIC_NOTICES is 1; by default there is no such door.

What is handed out has passed the type that holds no identifier (domain/notices), and is asked of the day whenever it is
read. Nothing in it leads anywhere: no key, no id, nothing that can be counted on. No copy is kept on the way, and no
search engine is let in.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

import orjson
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.requests import Request
from starlette.responses import Response

from api.auth import AWAY
from api.database import reading
from api.domain import days, divisions
from api.domain.days import Clock, this_moment
from api.loaders import notices as loaders
from api.schema.enumerations import label_zh
from api.schema.notices import said

PATH = "/notices"
HEADERS = {"cache-control": "no-store", "x-robots-tag": "noindex, nofollow, noarchive"}
COLUMNS = {
    "number": "公示编号",
    "applicant": "申请人",
    "idNumber": "证件号码",
    "street": "住址（街道）",
    "people": "家庭人口",
    "tier": "级别",
    "category": "类别",
    "keeper": "管理工会",
    "fromDay": "公示起",
    "toDay": "公示止",
    "channels": "异议方式",
}


@dataclass(frozen=True)
class Board:
    """The door: which notices of a county are up today."""

    engine: AsyncEngine
    clock: Clock = this_moment

    async def data(self, request: Request) -> Response:
        """As JSON."""
        try:
            found = await self._found(request)
        except AWAY:
            return Response(b'{"error": "try again later"}', 503, HEADERS, "application/json")
        if found is None:
            return Response(
                orjson.dumps({"error": "division: six digits of a county"}), 400, HEADERS, "application/json"
            )
        return Response(orjson.dumps(found), 200, HEADERS, "application/json")

    async def page(self, request: Request) -> Response:
        """As a page."""
        try:
            found = await self._found(request)
        except AWAY:
            return Response(_page("公示", "<p>暂时无法显示，请稍后再试。</p>"), 503, HEADERS, "text/html")
        if found is None:
            return Response(
                _page("公示", "<p>请在网址中注明县区代码，如 ?division=410502。</p>"), 400, HEADERS, "text/html"
            )
        title = f"{found['nameZh']}困难职工建档公示"
        return Response(_page(title, _table(found["notices"])), 200, HEADERS, "text/html")

    async def _found(self, request: Request) -> dict[str, Any] | None:
        """The notices of the county that is named, or None where none is."""
        code = request.query_params.get("division", "")
        if not divisions.is_code(code) or code.endswith("00"):
            return None
        today = days.today(self.clock())
        async with reading(self.engine) as connection:
            rows = await loaders.published(connection, code, today)
        return {
            "division": code,
            "nameZh": divisions.name(code),
            "asOf": str(today),
            "notices": [_told(row) for row in rows],
        }


def _told(row: Any) -> dict[str, Any]:
    """A notice in the words of the public."""
    notice = said(row)
    words = {
        name: notice[name] and label_zh(kind, notice[name])
        for name, kind in (("tier", "Tier"), ("category", "HardshipCategory"))
    }
    return {
        "number": notice["number"],
        "applicant": notice["applicant"],
        "idNumber": notice["id_number"],
        "street": notice["street"],
        "people": notice["people"],
        **words,
        "keeper": notice["keeper"],
        "fromDay": str(notice["from_day"]),
        "toDay": str(notice["to_day"]),
        "channels": [label_zh("ObjectionChannel", each) for each in notice["channels"]],
    }


def _table(notices: list[dict[str, Any]]) -> str:
    if not notices:
        return "<p>目前没有公示。</p>"
    head = "".join(f"<th scope=col>{title}</th>" for title in COLUMNS.values())
    rows = "".join(f"<tr>{''.join(f'<td>{_cell(notice[name])}</td>' for name in COLUMNS)}</tr>" for notice in notices)
    told = "<p>对公示有异议的，请在公示期内凭公示编号提出，可以匿名；工会热线 12351。</p>"
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{told}"


def _cell(value: Any) -> str:
    text = "、".join(value) if isinstance(value, list) else "" if value is None else str(value)
    return escape(text) or "—"


def _page(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><meta name="robots" content="noindex, nofollow, noarchive">'
        f"<title>{escape(title)}</title></head><body><h1>{escape(title)}</h1>{body}</body></html>"
    )
