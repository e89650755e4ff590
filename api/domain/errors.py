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
