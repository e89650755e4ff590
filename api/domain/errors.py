"""Why the service says no, on one page: a closed list of codes, each with its words in Chinese and English.

    Refused                     the request as a whole, or one field of it: stands in `errors`, code in extensions
    └── ...                     Unauthenticated, Forbidden, BadInput, BadCursor, TooCostly

A mutation that cannot be carried out is no error of the request: it answers with `userErrors`, whose codes are
`UserErrorCode`.
"""

from __future__ import annotations

from enum import StrEnum


class Refused(Exception):
    """A request that is not answered; the message is safe to show and holds nothing personal."""

    code = "REFUSED"
    zh = "请求被拒绝。"
    en = "The request is refused."

    def __init__(self, zh: str | None = None, en: str | None = None) -> None:
        self.zh, self.en = zh or self.zh, en or self.en
        super().__init__(self.en)

    def words(self, language: str) -> str:
        """The message in Chinese (zh) or English."""
        return self.zh if language == "zh" else self.en


class Unauthenticated(Refused):
    """Nobody known asks."""

    code = "UNAUTHENTICATED"
    zh = "请先登录：请求头 Authorization 须为 Bearer 令牌。"
    en = "Sign in first: send the header Authorization with a Bearer token."


class Forbidden(Refused):
    """The viewer's role does not permit it."""

    code = "FORBIDDEN"
    zh = "您的角色无权进行此操作。"
    en = "Your role does not permit this."


class BadInput(Refused):
    """An argument cannot be understood."""

    code = "BAD_INPUT"
    zh = "参数有误。"
    en = "An argument cannot be understood."


class BadCursor(BadInput):
    """A cursor that this list did not give."""

    code = "BAD_CURSOR"
    zh = "游标无效：只能使用同一列表（相同筛选与排序）返回的游标。"
    en = "The cursor is not one that this list gave: use cursors of the same filter and order only."


class TooCostly(Refused):
    """The answer would be too deep or too large."""

    code = "TOO_COSTLY"
    zh = "查询过深或结果过大，请减少层数或每页条数。"
    en = "The query is too deep or its answer too large: ask for fewer levels or smaller pages."


class BadRequest(Refused):
    """The request is no question to this schema: its form, its document, or a variable's type."""

    code = "BAD_REQUEST"
    zh = "请求格式有误。"
    en = "The request cannot be understood."


class TooLong(BadRequest):
    """The document has more characters, tokens, fields, levels, aliases or fragments than a document may."""

    code = "DOCUMENT_TOO_LARGE"
    zh = "查询文档过大。"
    en = "The document is too large."


class Untrusted(Refused):
    """Only registered documents are answered here, and this one is not, or none of that id is."""

    code = "DOCUMENT_NOT_TRUSTED"
    zh = "此客户端只能使用已登记的查询文档。"
    en = "This client may only send documents that it has registered."


class Throttled(Refused):
    """The client has used up what it may ask for in this time."""

    code = "THROTTLED"
    zh = "请求过于频繁，请稍后重试。"
    en = "You have asked for too much in too short a time: wait, and try again."


class TimedOut(Refused):
    """The answer took longer than an answer may."""

    code = "TIMED_OUT"
    zh = "查询超时，请缩小范围后重试。"
    en = "The answer took too long: ask for less."


class UserErrorCode(StrEnum):
    """Why a mutation was not carried out."""

    NOT_FOUND = "NOT_FOUND"
    FORBIDDEN = "FORBIDDEN"
    INVALID = "INVALID"
    REQUIRED = "REQUIRED"
    CONFLICT = "CONFLICT"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"


class NotDone(Exception):
    """A mutation that was not carried out, and why; nothing has changed.

    `path` names the input's field, outermost first; the words are for people and hold nothing personal.
    """

    def __init__(self, code: UserErrorCode, path: tuple[str, ...], zh: str, en: str) -> None:
        self.code, self.path, self.zh, self.en = code, path, zh, en
        super().__init__(en)
