"""Words of webhooks: what is told, where a message stands, and why it did not arrive."""

from __future__ import annotations

from api.domain.webhooks import DeliveryFailure, DeliveryState, DisabledBecause, WebhookState, WebhookTopic
from api.schema.enumerations import Words, described

__all__ = ["DeliveryFailure", "DeliveryState", "DisabledBecause", "WebhookState", "WebhookTopic"]

described(
    WebhookTopic,
    "What a webhook is told of: that something happened to a thing of this kind, by its id.",
    {
        "HOUSEHOLD": Words("家庭", "Household", "家庭的情况有变动。", "Something about a household changed."),
        "FINDING": Words("疑点", "Finding", "疑点的情况有变动。", "Something about a lead changed."),
        "SCAN": Words("核查运行", "Scan", "核查运行的进度或结果。", "A scan went on, or ended."),
        "NOTICE": Words("公示", "Notice", "公示开始或结束。", "A public notice went up, or came down."),
        "OBJECTION": Words(
            "异议", "Objection", "异议提出、答复或升级。", "An objection was raised, answered or escalated."
        ),
        "TASK": Words("任务", "Task", "任务有变动。", "A task changed."),
        "PAYMENT_CYCLE": Words("发放批次", "Payment cycle", "发放批次有变动。", "A cycle of payments moved on."),
        "ALARM": Words("警报", "Alarm", "批量查阅警报。", "An alarm of bulk reading was raised or looked into."),
        "DOUBTFUL_ROWS": Words(
            "存疑行",
            "Doubtful rows",
            "一批次的存疑行退回部门，或者已更正；编号为该批次。",
            "Rows of a batch went back to its department, or were mended by it; the id is the batch's.",
        ),
        "PING": Words("测试", "Test", "测试消息，不指任何事物。", "A test message, which is about nothing."),
    },
)
described(
    WebhookState,
    "Whether a webhook is told anything.",
    {
        "ACTIVE": Words("启用", "Active", "正常发送。", "It is told what happens."),
        "DISABLED": Words("停用", "Disabled", "不再发送，原因另列。", "It is told nothing; the reason says why."),
    },
)
described(
    DisabledBecause,
    "Why a webhook is told nothing any more.",
    {
        "ADMINISTRATOR": Words("管理员停用", "Administrator", "由管理员停用。", "An administrator switched it off."),
        "FAILED": Words(
            "持续失败", "Failed", "一条消息数日内各次尝试均失败，其间没有送达任何消息。",
            "A message was tried for days to the last attempt, and none arrived in that time.",
        ),
        "GONE": Words("已不存在", "Gone", "对方答复该地址已不存在（410）。", "It answered that it is gone (410)."),
    },
)  # fmt: skip
described(
    DeliveryState,
    "Where a message stands.",
    {
        "WAITING": Words(
            "待发送", "Waiting", "尚未送达，将再次尝试。", "It has not arrived yet, and is tried again."
        ),
        "DELIVERED": Words("已送达", "Delivered", "对方已确认收到。", "It was taken."),
        "FAILED": Words(
            "已放弃", "Failed", "各次尝试均失败，不再尝试。", "Every attempt failed; it is not tried again."
        ),
    },
)
described(
    DeliveryFailure,
    "Why a message did not arrive, the last time that it was sent.",
    {
        "NOT_ALLOWED": Words(
            "不允许", "Not allowed", "主机不在允许之列，或其地址属于内部网段。",
            "The host is not one that the operator named, or has an address that nothing is sent to.",
        ),
        "UNREACHABLE": Words("无法连接", "Unreachable", "无法连接或连接中断。", "No connection was had, or it broke."),
        "NOT_TRUSTED": Words("证书不可信", "Not trusted", "对方证书不可信或不符。", "Its certificate is not trusted, or is another's."),
        "TIMED_OUT": Words("超时", "Timed out", "未在时限内答复。", "No answer came in time."),
        "NOT_HTTP": Words("答复无法识别", "Not HTTP", "答复不是 HTTP，或头部过大。", "The answer was not HTTP, or its head too large."),
        "REDIRECTED": Words("重定向", "Redirected", "对方要求改往别处，不予跟随。", "It sent us elsewhere, which is not followed."),
        "REFUSED": Words("拒收", "Refused", "对方以错误状态答复。", "It answered with a status of an error."),
    },
)  # fmt: skip
