"""Pages that need no network: one file each, in one frame, with data that nothing can turn into markup.

The data stand in the page packed, and are shown as text alone; a content security policy allows the page's own style and
script, by their hashes, and nothing else.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import json
import re
from importlib import resources
from pathlib import Path
from typing import Any, Literal

Language = Literal["zh", "en"]


def render(
    name: str, title: tuple[str, str], data: dict[str, Any], language: Language, shared: tuple[str, ...] = ()
) -> str:
    """The page as text: frame.html around NAME.html, with NAME.css, NAME.js and frame.js; `title` in Chinese and English.

    `shared` names styles and scripts that several pages have, put before the page's own.
    """
    folder = resources.files("matcher.report")
    frame, body, style, script, opening = (
        folder.joinpath(file).read_text(encoding="utf-8")
        for file in ("frame.html", f"{name}.html", f"{name}.css", f"{name}.js", "frame.js")
    )
    for other in reversed(shared):
        style = folder.joinpath(f"{other}.css").read_text(encoding="utf-8") + style
        script = folder.joinpath(f"{other}.js").read_text(encoding="utf-8") + script
    script += opening
    packed = json.dumps({"language": language} | data, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    filling = {
        "title_zh": html.escape(title[0]),
        "title_en": html.escape(title[1]),
        "body": body,
        "style_hash": _digest(style),
        "script_hash": _digest(script),
        "style": style,
        "script": script,
        "data": base64.b64encode(gzip.compress(packed, compresslevel=6, mtime=0)).decode("ascii"),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda place: filling[place[1]], frame)


def write(path: Path, page: str) -> None:
    """Writes the page, whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    part.write_text(page, encoding="utf-8")
    part.replace(path)


def _digest(text: str) -> str:
    """The hash of an inline style or script as a content security policy names it."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
