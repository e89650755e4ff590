"""The catalogue of all error codes as a page, in Chinese and in English, printed from where they are defined."""

from __future__ import annotations

from collections.abc import Iterable

from strawberry.types import get_object_definition

from api.domain.errors import USER_ERRORS, refusals
from api.schema.results import USER_ERRORS as TYPES

LANGUAGES = ("en", "zh")

HEAD = {
    "en": """# Error codes

Printed by `jiekun errors --language en` from [domain/errors.py](../api/domain/errors.py); do not edit. 中文：[errors.zh.md](errors.zh.md).
The lists are closed: a client that meets another code treats it as `INTERNAL`. Messages are for people and may change; codes are for
programs and do not.

## `errors[].extensions.code`

The request, or one field of it, was not answered. Where the request as a whole is refused, the answer has no `data`, and the status below
under `application/graphql-response+json` ([over HTTP](graphql.md#over-http)); a field that is refused among others is `null`, and the
status is 200.
""",
    "zh": """# 错误代码

由 `jiekun errors --language zh` 按 [domain/errors.py](../api/domain/errors.py) 打印，请勿手改。English: [errors.md](errors.md)。
代码表是封闭的：遇到表外代码，按 `INTERNAL` 处理。消息供人阅读，措辞可能变化；代码供程序判断，不会变化。

## `errors[].extensions.code`

请求或其中某个字段未获答复。整个请求被拒绝时没有 `data`，在 `application/graphql-response+json` 下状态码如下表（见
[graphql.md](graphql.md#over-http)）；仅某个字段被拒绝时，该字段为 `null`，状态码为 200。
""",
}
COLUMNS = {"en": ("code", "HTTP", "what it means", "what to do"), "zh": ("代码", "HTTP", "含义", "处理办法")}
USERS_HEAD = {
    "en": """
## `userErrors[].code`

A mutation was not carried out, and nothing has changed; the status is 200. `path` names the input's field.
""",
    "zh": """
## `userErrors[].code`

变更未执行，数据没有任何变化；状态码为 200。`path` 指出对应的输入项。
""",
}
USERS_COLUMNS = {"en": ("code", "type", "what it means", "what to do"), "zh": ("代码", "类型", "含义", "处理办法")}


def printed(language: str) -> str:
    """The page in this language."""
    chinese = language == "zh"
    refused = [
        (
            f"`{each.code}`",
            ", ".join(map(str, (each.status, *each.also))),
            *((each.zh, each.advice_zh) if chinese else (each.en, each.advice_en)),
        )
        for each in refusals()
    ]
    users = [
        (
            f"`{code}`",
            f"`{get_object_definition(TYPES[code], strict=True).name}`",
            *((told.zh + "。", told.advice_zh) if chinese else (told.en + ".", told.advice_en)),
        )
        for code, told in USER_ERRORS.items()
    ]
    return (
        HEAD[language]
        + _table(COLUMNS[language], refused)
        + USERS_HEAD[language]
        + _table(USERS_COLUMNS[language], users)
    )


def _table(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [list(columns), ["---"] * 4, *map(list, rows)]
    return "\n" + "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
