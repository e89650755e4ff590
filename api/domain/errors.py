"""Why the service says no, on one page: a closed list of codes, each with its words and advice in Chinese and English.

    Refused                     the request as a whole, or one field of it: stands in `errors`, code in extensions
    └── ...                     a class a code: its words, its advice, its HTTP status; `refusals` lists them
    NotDone                     a mutation that is not carried out: stands in `userErrors`, with a `UserErrorCode`
    ├── Conflict                what it was meant for has changed since
    ├── StopHeld                aid is not taken away yet
    ├── ReviewHeld              a lead is not concluded on yet
    └── MissingConsent          somebody may not be looked up yet

docs/errors.md is printed from here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar


class Refused(Exception):
    """A request that is not answered; the message is safe to show and holds nothing personal.

    `status` is the answer's where the request as a whole is refused, `also` what else it may be; a field refused among
    others leaves it at 200.
    """

    code: ClassVar[str] = "REFUSED"
    status: ClassVar[int] = 200
    also: ClassVar[tuple[int, ...]] = ()
    zh: str = "请求被拒绝。"
    en: str = "The request is refused."
    advice_zh: ClassVar[str] = ""
    advice_en: ClassVar[str] = ""

    def __init__(self, zh: str | None = None, en: str | None = None) -> None:
        self.zh, self.en = zh or self.zh, en or self.en
        super().__init__(self.en)

    def words(self, language: str) -> str:
        """The message in Chinese (zh) or English."""
        return self.zh if language == "zh" else self.en


class BadRequest(Refused):
    """The request is no question to this schema: its form, its document, or a variable's type."""

    code = "BAD_REQUEST"
    status = 400
    also: ClassVar[tuple[int, ...]] = (405, 406, 409, 410, 412, 413, 415, 423, 460, 507)
    zh = "请求格式有误。"
    en = "The request cannot be understood."
    advice_zh = "按消息改正文档、变量或请求体；原样重发结果相同。"
    advice_en = (
        "Correct the document, the variables or the body as the message says; sent again as it is, it fails again."
    )


class TooLong(BadRequest):
    """The document or its variables are larger than they may be: more characters, fields, levels, objects."""

    code = "DOCUMENT_TOO_LARGE"
    also = ()
    zh = "查询文档过大。"
    en = "The document is too large."
    advice_zh = "拆成几个较小的文档；取值用变量传递，不写入文档。"
    advice_en = "Split it into smaller documents, and send values as variables rather than in the document."


class Untrusted(Refused):
    """Only registered documents are answered here, and this one is not, or none of that id is."""

    code = "DOCUMENT_NOT_TRUSTED"
    status = 403
    zh = "此客户端只能使用已登记的查询文档。"
    en = "This client may only send documents that it has registered."
    advice_zh = "先登记文档，再以 documentId 请求。"
    advice_en = "Register the document first, and ask by its `documentId`."


class Throttled(Refused):
    """The client has used up what it may ask for in this time."""

    code = "THROTTLED"
    status = 429
    zh = "请求过于频繁，请稍后重试。"
    en = "You have asked for too much in too short a time: wait, and try again."
    advice_zh = "按响应头 Retry-After 所示时间后重试。"
    advice_en = "Try again after as long as the header Retry-After says."


class TimedOut(Refused):
    """The answer took longer than an answer may."""

    code = "TIMED_OUT"
    status = 503
    zh = "查询超时，请缩小范围后重试。"
    en = "The answer took too long: ask for less."
    advice_zh = "缩小筛选范围、减少层数或每页条数。"
    advice_en = "Narrow the filter, or ask for fewer levels or smaller pages."


class Unauthenticated(Refused):
    """Nobody known asks."""

    code = "UNAUTHENTICATED"
    status = 401
    zh = "请先登录：请求头 Authorization 须为 Bearer 令牌。"
    en = "Sign in first: send the header Authorization with a Bearer token."
    advice_zh = "重新登录，取得新令牌后重发。"
    advice_en = "Sign in again and send the request with the new token."


class Forbidden(Refused):
    """The viewer's role does not permit it."""

    code = "FORBIDDEN"
    status = 400
    zh = "您的角色无权进行此操作。"
    en = "Your role does not permit this."
    advice_zh = "该字段为空，其余照常返回；按 viewer.permissions 只显示可用的功能。"
    advice_en = "The field is null and the rest is answered: show only what `viewer.permissions` permits."


class BadInput(Refused):
    """An argument cannot be understood."""

    code = "BAD_INPUT"
    zh = "参数有误。"
    en = "An argument cannot be understood."
    advice_zh = "按消息改正参数。"
    advice_en = "Correct the argument as the message says."


class BadCursor(BadInput):
    """A cursor that this list did not give."""

    code = "BAD_CURSOR"
    zh = "游标无效：只能使用同一列表（相同筛选与排序）返回的游标。"
    en = "The cursor is not one that this list gave: use cursors of the same filter and order only."
    advice_zh = "改变筛选或排序后从第一页读起。"
    advice_en = "Begin at the first page after a change of filter or order."


class BadPurpose(Refused):
    """The purpose that the client names is none, or none of the viewer's role."""

    code = "BAD_PURPOSE"
    status = 400
    zh = "访问目的无效。"
    en = "The purpose named is not one of your role."
    advice_zh = "请求头 Jiekun-Purpose 取消息所列值之一，或不发送（按角色的通常目的登记）。"
    advice_en = (
        "Name one of the purposes in the message in the header Jiekun-Purpose, or send none for your role's own."
    )


class NotRecorded(Refused):
    """That personal data were read could not be written down; so they are not given."""

    code = "NOT_RECORDED"
    status = 503
    zh = "本次查阅未能登记，故不予答复，请稍后重试。"
    en = "This reading could not be recorded, so it is not answered; try again later."
    advice_zh = "稍后重试；变更可能已经生效，请沿用原幂等键重试。"
    advice_en = "Try again later. A mutation may have been carried out: send it again under the same idempotency key."


class TooCostly(Refused):
    """The answer would be too deep or too large."""

    code = "TOO_COSTLY"
    status = 400
    zh = "查询过深或结果过大，请减少层数或每页条数。"
    en = "The query is too deep or its answer too large: ask for fewer levels or smaller pages."
    advice_zh = "减少层数、别名或每页条数，分几次读取。"
    advice_en = "Ask for fewer levels, aliases or rows a page, in several requests."


class AttachmentLost(Refused):
    """The attachment is known, but its file is gone or damaged."""

    code = "ATTACHMENT_LOST"
    status = 500
    zh = "附件文件缺失或已损坏，无法提供。"
    en = "The attachment's file is missing or damaged, so it cannot be given."
    advice_zh = "通知运维人员核对（jiekun attachments verify）并从备份恢复；必要时请当事人重新提交。"
    advice_en = (
        "Tell whoever runs the service: `jiekun attachments verify` finds it, a backup brings it back; else have it "
        "handed in again."
    )


class SealedByLostKey(Refused):
    """What was asked for is sealed under a key that this service does not have."""

    code = "KEY_LOST"
    zh = "所查内容由已遗失的密钥加密，无法读取；其余内容不受影响。"
    en = "What was asked for is sealed under a key that is not here, and cannot be read; all else can."
    advice_zh = "去掉姓名、号码、电话、地址等加密字段后重试；请联系管理员恢复密钥（jiekun keys status）。"
    advice_en = (
        "Ask without the sealed fields: names, numbers, telephones, addresses, reasons; and tell whoever runs the service, "
        "who sees with `jiekun keys status` which key it is."
    )


class Internal(Refused):
    """Something went wrong that is no client's fault; nothing else is told."""

    code = "INTERNAL"
    status = 500
    also = (503,)
    zh = "服务内部错误，请稍后重试。"
    en = "Something went wrong on our side; try again later."
    advice_zh = "稍后重试；报修时请附 requestId（也在响应头 x-request-id 中）。变更请沿用原幂等键重试。"
    advice_en = (
        "Try again later; when you report it, quote `requestId`, which is also in the header x-request-id. "
        "Send a mutation again under the same idempotency key."
    )


def refusals(kind: type[Refused] = Refused) -> Iterator[type[Refused]]:
    """Every kind of refusal that has a code of its own; all of them stand on this page."""
    for each in kind.__subclasses__():
        if "code" in vars(each):
            yield each
        yield from refusals(each)


class UserErrorCode(StrEnum):
    """Why a mutation was not carried out."""

    NOT_FOUND = "NOT_FOUND"
    FORBIDDEN = "FORBIDDEN"
    INVALID = "INVALID"
    REQUIRED = "REQUIRED"
    CONFLICT = "CONFLICT"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    MISSING_CONSENT = "MISSING_CONSENT"
    STOP_HELD = "STOP_HELD"
    AID_CONFLICT = "AID_CONFLICT"
    REVIEW_HELD = "REVIEW_HELD"


@dataclass(frozen=True, slots=True)
class Told:
    """What a user error's code means and what to do about it, in both languages."""

    zh: str
    en: str
    advice_zh: str
    advice_en: str


USER_ERRORS: Mapping[UserErrorCode, Told] = {
    UserErrorCode.NOT_FOUND: Told(
        "没有此对象，或当前用户不可见",
        "There is no such thing, or not for this viewer",
        "返回列表重新选择。",
        "Go back to the list and choose again.",
    ),
    UserErrorCode.FORBIDDEN: Told(
        "角色或管辖区划不允许",
        "The viewer's role or division does not permit it",
        "由有权限的人员办理；按 viewer.permissions 隐藏此操作。",
        "Leave it to somebody who may; hide the action by `viewer.permissions`.",
    ),
    UserErrorCode.INVALID: Told(
        "取值不被接受",
        "A value cannot be accepted",
        "在 path 所指的输入项旁显示 message，请用户改正。",
        "Show `message` beside the input that `path` names, to be corrected.",
    ),
    UserErrorCode.REQUIRED: Told(
        "缺少必填项",
        "A value is missing",
        "在 path 所指的输入项旁显示 message，请用户补填。",
        "Show `message` beside the input that `path` names, to be filled in.",
    ),
    UserErrorCode.CONFLICT: Told(
        "读取后已被他人更新",
        "It has changed since it was read",
        "重新读取（现版本见 currentVersion），显示差异，由用户决定后以新幂等键提交。",
        "Read it again (`currentVersion` is what it is at), show what changed, and let the user decide; then send it "
        "under a new idempotency key.",
    ),
    UserErrorCode.IDEMPOTENCY_KEY_REUSED: Told(
        "幂等键已用于另一请求",
        "The key stood for another request",
        "每次操作生成新的幂等键；只有重发同一请求时才沿用。",
        "Make a key for each act; use one again only to send the same request again.",
    ),
    UserErrorCode.MISSING_CONSENT: Told(
        "有成年人尚未授权",
        "Somebody has not consented",
        "missing 列出缺少授权的人员及部门数据；补签后用 recordAuthorisation 登记，再以新幂等键提交。",
        "`missing` lists who has not consented, and to which data; have them sign, record it with "
        "`recordAuthorisation`, and send this again under a new idempotency key.",
    ),
    UserErrorCode.AID_CONFLICT: Told(
        "与现有救助冲突",
        "It conflicts with aid that is there",
        "findings 列出每项冲突（项目、机构、月份）和最小的合法更正；改正后以新幂等键提交。",
        "`findings` lists each conflict (programme, agency, months) with the least lawful correction; change the "
        "proposal and send it under a new idempotency key.",
    ),
    UserErrorCode.STOP_HELD: Told(
        "停发、减发或追回的前提尚缺一项",
        "Something that must stand before aid is stopped, reduced or recovered is missing",
        "item 指明所缺事项；补齐后以新幂等键提交。",
        "`item` says what; see to it, and send this again under a new idempotency key.",
    ),
    UserErrorCode.REVIEW_HELD: Told(
        "疑点办理的前提尚缺一项",
        "Something that must stand before a lead is concluded on is missing",
        "item 指明所缺事项，findingId 指明是哪条疑点；补齐后以新幂等键提交。",
        "`item` says what, `findingId` of which lead; see to it, and send this again under a new idempotency key.",
    ),
}
"""By code what it means and what to do."""


class NotDone(Exception):
    """A mutation that was not carried out, and why; nothing has changed.

    `path` names the input's field, outermost first; the words are for people and hold nothing personal.
    """

    def __init__(self, code: UserErrorCode, path: tuple[str, ...], zh: str, en: str) -> None:
        self.code, self.path, self.zh, self.en = code, path, zh, en
        super().__init__(en)

    def words(self, language: str) -> str:
        """The message in Chinese (zh) or English."""
        return self.zh if language == "zh" else self.en


class Conflict(NotDone):
    """What the mutation was meant for has changed since it was read, and is at another version now."""

    def __init__(self, path: tuple[str, ...], zh: str, en: str, current_version: int) -> None:
        self.current_version = current_version
        super().__init__(UserErrorCode.CONFLICT, path, zh, en)


class StopHeld(NotDone):
    """Aid is not stopped, reduced or recovered, since one of the things that must stand before is missing (F-3, F-32)."""

    def __init__(self, item: str, zh: str, en: str) -> None:
        self.item = item
        super().__init__(UserErrorCode.STOP_HELD, ("input",), zh, en)


class ReviewHeld(NotDone):
    """A lead is not concluded on, since one of the things that must stand before is missing; `finding_id` is its key."""

    def __init__(self, item: str, finding_id: int, path: tuple[str, ...], zh: str, en: str) -> None:
        self.item, self.finding_id = item, finding_id
        super().__init__(UserErrorCode.REVIEW_HELD, path, zh, en)


class MissingConsent(NotDone):
    """Adults may not be looked up: `missing` has the keys of their rows in `members`, each with the sources (F-23)."""

    def __init__(self, path: tuple[str, ...], missing: Sequence[tuple[int, tuple[str, ...]]]) -> None:
        self.missing = tuple(missing)
        super().__init__(
            UserErrorCode.MISSING_CONSENT,
            path,
            f"有 {len(self.missing)} 名成年家庭成员尚无有效授权。",
            f"{len(self.missing)} adults of the household have no valid authorisation.",
        )
