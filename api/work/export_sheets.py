"""What stands in an export: for each kind the document that is asked, as its requester would, and the columns made of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from graphql import DocumentNode, parse

from api.domain.exports import ExportKind

PAGE = 100
Node = Mapping[str, Any]
Cell = str | int | None


class Holds(StrEnum):
    """What a column holds."""

    TEXT = "TEXT"
    DAY = "DAY"
    AMOUNT = "AMOUNT"
    NUMBER = "NUMBER"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, what of a row stands in it, and of which kind that is; what is unknown is an empty cell."""

    heading: str
    cell: Callable[[Node], Cell]
    holds: Holds = Holds.TEXT


@dataclass(frozen=True, slots=True)
class Sheet:
    """A kind of export: the list that is asked page by page, and its columns."""

    root: str
    document: DocumentNode
    columns: tuple[Column, ...]


def _sheet(root: str, filter_type: str, order: str, fields: str, *columns: Column) -> Sheet:
    """The list in an order that no change of a row turns over, and that an index knows: no page costs more than the first."""
    text = (
        f"query Export($filter: {filter_type}, $after: String) {{ {root}(filter: $filter, first: {PAGE}, after: $after, "
        f"orderBy: [{{field: {order}, direction: ASC}}]) {{ pageInfo {{ hasNextPage endCursor }} nodes {{ {fields} }} }} }}"
    )
    return Sheet(root, parse(text), columns)


def _of(*path: str) -> Callable[[Node], Cell]:
    def cell(node: Node) -> Cell:
        found: Any = node
        for name in path:
            if found is None:
                return None
            found = found[name]
        return found if found is None or (isinstance(found, int) and not isinstance(found, bool)) else str(found)

    return cell


def _number(name: str) -> Callable[[Node], Cell]:
    """A count that is told as text, since it may be larger than JSON's numbers."""
    return lambda node: int(node[name])


def _each(name: str, *fields: str) -> Callable[[Node], Cell]:
    """The values of a list in one cell, with 、 between them."""

    def cell(node: Node) -> Cell:
        parts = (" ".join(str(each[field]) for field in fields if each[field] is not None) for each in node[name])
        return "、".join(filter(None, parts)) or None

    return cell


DIVISION = (
    Column("区划代码 division", _of("division", "code")),
    Column("区划 division name", _of("division", "nameZh")),
)
SHEETS: Mapping[ExportKind, Sheet] = {
    ExportKind.HOUSEHOLDS: _sheet(
        "households",
        "HouseholdFilter",
        "REGISTERED",
        "reference division { code nameZh } stage targetGroup residence appliedOn fileOpenedOn fileClosedOn "
        "declaredMonthlyIncome { amount } declaredVehicles declaredHomes address phone "
        "members { relation name idNumber phone }",
        Column("户编号 household", _of("reference")),
        *DIVISION,
        Column("阶段 stage", _of("stage")),
        Column("对象 target group", _of("targetGroup")),
        Column("户籍 residence", _of("residence")),
        Column("申请日期 applied", _of("appliedOn"), Holds.DAY),
        Column("建档日期 file opened", _of("fileOpenedOn"), Holds.DAY),
        Column("销档日期 file closed", _of("fileClosedOn"), Holds.DAY),
        Column("申报月收入（元） declared monthly income", _of("declaredMonthlyIncome", "amount"), Holds.AMOUNT),
        Column("申报车辆 declared vehicles", _of("declaredVehicles"), Holds.NUMBER),
        Column("申报住房 declared homes", _of("declaredHomes"), Holds.NUMBER),
        Column("住址 address", _of("address")),
        Column("电话 telephone", _of("phone")),
        Column("成员 members", _each("members", "relation", "name")),
        Column("证件号码 numbers", _each("members", "idNumber")),
        Column("成员电话 members' telephones", _each("members", "phone")),
    ),
    ExportKind.FINDINGS: _sheet(
        "findings",
        "FindingFilter",
        "REFERENCE",
        "reference rule { id titleZh } division { code nameZh } severity grade state amountLow { amount } "
        "amountHigh { amount } periodStart periodEnd raisedOn explanationZh evidence { source recordId } "
        "household { reference } persons { name idNumber }",
        Column("疑点编号 lead", _of("reference")),
        Column("规则 rule", _of("rule", "id")),
        Column("规则名称 rule title", _of("rule", "titleZh")),
        *DIVISION,
        Column("户编号 household", _of("household", "reference")),
        Column("涉及人员 persons", _each("persons", "name")),
        Column("证件号码 numbers", _each("persons", "idNumber")),
        Column("严重程度 severity", _of("severity")),
        Column("身份等级 grade", _of("grade")),
        Column("状态 state", _of("state")),
        Column("至少涉及金额（元） amount at least", _of("amountLow", "amount"), Holds.AMOUNT),
        Column("至多涉及金额（元） amount at most", _of("amountHigh", "amount"), Holds.AMOUNT),
        Column("期间起 from", _of("periodStart"), Holds.DAY),
        Column("期间止 to", _of("periodEnd"), Holds.DAY),
        Column("首次提出 raised", _of("raisedOn"), Holds.DAY),
        Column("依据记录 records", _each("evidence", "source", "recordId")),
        Column("说明 explanation", _of("explanationZh")),
    ),
    ExportKind.PAYMENT_ORDERS: _sheet(
        "paymentOrders",
        "PaymentOrderFilter",
        "DRAWN_UP",
        "reference state heldBecause amount { amount } answeredOn months { month } "
        "household { reference division { code nameZh } payeeName payeeAccount } cycle { programmeCode month }",
        Column("指令编号 order", _of("reference")),
        Column("区划代码 division", _of("household", "division", "code")),
        Column("区划 division name", _of("household", "division", "nameZh")),
        Column("户编号 household", _of("household", "reference")),
        Column("项目 programme", _of("cycle", "programmeCode")),
        Column("批次月份 cycle", _of("cycle", "month")),
        Column("所付月份 months", _each("months", "month")),
        Column("金额（元） amount", _of("amount", "amount"), Holds.AMOUNT),
        Column("状态 state", _of("state")),
        Column("暂缓原因 held because", _of("heldBecause")),
        Column("银行答复日期 answered", _of("answeredOn"), Holds.DAY),
        Column("收款人 payee", _of("household", "payeeName")),
        Column("账号 account", _of("household", "payeeAccount")),
    ),
    ExportKind.DOUBTFUL_ROWS: _sheet(
        "doubtfulRows",
        "DoubtfulRowFilter",
        "TOLD",
        "source organisation { code nameZh } batch file row column columnZh reason reasonZh adviceZh toldAt dueOn state",
        Column("数据类别 source", _of("source")),
        Column("部门代码 department", _of("organisation", "code")),
        Column("部门 department name", _of("organisation", "nameZh")),
        Column("批次 batch", _of("batch")),
        Column("文件 file", _of("file")),
        Column("行 row", _number("row"), Holds.NUMBER),
        Column("列 column", _of("column")),
        Column("列名 heading", _of("columnZh")),
        Column("原因代码 reason", _of("reason")),
        Column("原因 what is wrong", _of("reasonZh")),
        Column("怎样处理 what to do", _of("adviceZh")),
        Column("退回时间 told", _of("toldAt")),
        Column("期限 due", _of("dueOn"), Holds.DAY),
        Column("状态 state", _of("state")),
    ),
}
"""All kinds."""
