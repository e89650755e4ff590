"""The figures of an agenda pack as tables for spreadsheets: one a subject, each row with the division and the day it is of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from api.agenda.pack import Pack, requests, tasks, units
from api.agenda.page import GOAL_COLUMNS, WITHHELD, Words
from api.domain import divisions, money
from api.domain.equity import group_name
from api.sheets import Table

OF = ("区划代码 division", "区划 name", "起 from", "止 to", "摘要 digest")


def tables(pack: Pack, words: Words) -> list[Table]:
    """All tables; an empty cell is not known, and what is withheld says so."""
    of = (
        pack.division_code,
        divisions.name(pack.division_code),
        str(pack.period.first),
        str(pack.period.last),
        pack.digest,
    )

    def table(name: str, headings: Sequence[str], rows: Iterator[Sequence[Any]]) -> Table:
        told = [(*(_cell(each) for each in row), *of) for row in rows]
        return Table(name, (*headings, *OF), told)

    unit = ("职责 role", "单位 organisation")
    return [
        table(
            "progress",
            ("指标 indicator", "代码 code", "版本 version", "区划 county", "数 numerator", "基数 denominator", "值 value",
             "返困 returned", "其他注销 excluded", "快照日 snapshot as of", "快照摘要 snapshot digest"),
            _progress(pack),
        ),
        table(
            "goals",
            ("目标 goal", "比例 percent", "期限 due", "文件 document", "基线区划 baseline of", "基线日 baseline", "完成 achieved",
             "基数 files", "完成率 share", "解困 relieved", "脱困 graduated", "返困 returned", "其他注销 deregistered",
             "仍在档 open", "已删除 erased", "基线时已解困 relieved before", "达到 reached"),
            _goals(pack, words),
        ),
        table(
            "units",
            (*unit, "牵头措施 leads", "责任措施 beside", "转出 sent", "未办结 waiting", "逾期 overdue", "已办结 closed",
             "天数中位 median days", "疑点提出 leads raised", "已复核 reviewed"),
            _units(pack, words),
        ),
        table(
            "data",
            (*unit, "数据 kind", "收到 received", "截止 as of", "天数 days old", "全量 complete", "读入行 rows read",
             "剔除行 rows set aside", "核对人数 people", "有答复 answered", "无答复 no answer", "未授权 not authorised",
             "未查询 not asked", "核对区划 scanned division", "核对日 scanned as of"),
            _data(pack, words),
        ),
        table("outcomes", (*unit, "类别 kind", "结果 outcome", "数量 number"), _outcomes(pack, words)),
        table("tasks", ("任务 task", "待办 waiting", "逾期 overdue", "办结 done"), _tasks(pack, words)),
        table(
            "funds",
            ("来源 source", "拨入 allocated", "已发放 paid", "已占用 committed", "可用 available"),
            (
                (_both(words("FundSource", each.source)), *(money.yuan(fen) for fen in (
                    each.allocated_fen, each.paid_fen, each.committed_fen, each.available_fen)))
                for each in pack.funds
            ),
        ),
        table(
            "equity",
            ("分组依据 attribute", "事项 event", "组 group", "可发生户 could", "发生户 did", "比率 rate", "与其余之比 ratio", "提示 alarm"),
            _equity(pack, words),
        ),
        table(
            "requests",
            ("单位 organisation", "数据 kind", "询问 asked", "已答复 answered", "按期 in time", "逾期 overdue",
             "按期率 share in time"),
            _requests(pack),
        ),
        table("unknown", (*unit, "数字 figure", "数据 kind", "原因 reason"), _unknown(pack, words)),
    ]  # fmt: skip


def _progress(pack: Pack) -> Iterator[Sequence[Any]]:
    if pack.progress is None:
        return
    frozen = pack.progress.frozen
    for each in pack.progress.reckoned:
        of = each.indicator
        for county, figure, beside in (
            ("全部 all", each.whole, pack.progress.beside),
            *((_both(group_name(group.code)), group.figure, group.beside) for group in each.groups),
        ):
            told = (figure.numerator, figure.denominator, figure.value)
            yield (
                _both((of.zh, of.en)),
                of.code,
                of.version,
                county,
                *((WITHHELD,) * 3 if figure.withheld else told),
                WITHHELD if beside.returned is None else beside.returned,
                WITHHELD if beside.excluded is None else beside.excluded,
                frozen.as_of,
                frozen.digest,
            )


def _goals(pack: Pack, words: Words) -> Iterator[Sequence[Any]]:
    for each in pack.goals:
        stands = each.outcomes
        yield (
            _both(words("TargetKind", each.kind)),
            each.percent,
            each.due_on,
            each.document_no,
            divisions.name(each.division_code),
            each.baseline,
            stands.achieved,
            stands.files,
            stands.share,
            *(stands.of[outcome] for outcome in GOAL_COLUMNS),
            each.relieved_before,
            "是 yes" if each.reached else "否 no",
        )


def _cell(value: Any) -> str:
    return "" if value is None else str(value)


def _both(words: tuple[str, str]) -> str:
    return f"{words[0]} {words[1]}" if words[0] != words[1] else words[0]


def _named(pack: Pack, words: Words) -> Iterator[tuple[Any, tuple[str, str]]]:
    for unit in units(pack):
        holder = unit.score.holder
        yield unit, (_both(words("MeasureRole", unit.score.role)), holder.name_zh if holder else "")


def _units(pack: Pack, words: Words) -> Iterator[Sequence[Any]]:
    for unit, named in _named(pack, words):
        sent, leads = unit.score.referred, unit.score.leads
        yield (
            *named,
            " ".join(map(str, unit.leads)),
            " ".join(map(str, unit.beside)),
            *(
                (None,) * 5
                if sent is None
                else (sent.sent, sent.waiting, sent.overdue, sent.closed, sent.median_days)
            ),
            *((None, None) if leads is None else (leads.raised, leads.reviewed)),
        )


def _data(pack: Pack, words: Words) -> Iterator[Sequence[Any]]:
    for unit, named in _named(pack, words):
        for each in unit.score.delivered:
            of = each.coverage
            yield (
                *named,
                _both((each.title_zh, each.title_en)),
                each.received_on,
                each.as_of,
                each.age_days,
                None if each.complete is None else ("是 yes" if each.complete else "否 no"),
                each.rows_read,
                each.rows_set_aside,
                *(
                    (None,) * 7
                    if of is None
                    else (
                        of.people,
                        of.answered,
                        of.no_answer,
                        of.not_authorised,
                        of.not_asked,
                        divisions.name(of.division_code),
                        of.scanned_as_of,
                    )
                ),
            )


def _outcomes(pack: Pack, words: Words) -> Iterator[Sequence[Any]]:
    for unit, named in _named(pack, words):
        for kind, enumeration, told in (
            ("转介 referrals", "ReferralOutcome", unit.score.referred),
            ("疑点 leads", "Outcome", unit.score.leads),
        ):
            for outcome, number in told.by_outcome.items() if told is not None else ():
                yield (*named, kind, _both(words(enumeration, outcome)), number)


def _tasks(pack: Pack, words: Words) -> Iterator[Sequence[Any]]:
    for each in tasks(units(pack)):
        yield _both(words("TaskKind", each.kind)), each.waiting, each.overdue, each.done


def _requests(pack: Pack) -> Iterator[Sequence[Any]]:
    titles = {
        each.source: _both((each.title_zh, each.title_en)) for unit in units(pack) for each in unit.score.delivered
    }
    for holder, told in requests(units(pack)):
        for each in told:
            kind = "全部 all" if each.source is None else titles.get(each.source, each.source)
            yield holder.name_zh, kind, each.asked, each.answered, each.in_time, each.late, each.share


def _equity(pack: Pack, words: Words) -> Iterator[Sequence[Any]]:
    for table in pack.equity.tables:
        of = _both(words("EquityAttribute", table.attribute)), _both(words("EquityEvent", table.event))
        for each in table.groups:
            yield (
                *of,
                _both(group_name(each.group)),
                WITHHELD if each.could is None else each.could,
                *((WITHHELD,) * 3 if each.withheld else (each.did, each.rate, each.ratio)),
                None if each.alarm is None else _both(words("EquityAlarm", each.alarm)),
            )


def _unknown(pack: Pack, words: Words) -> Iterator[Sequence[Any]]:
    for unit, named in _named(pack, words):
        for each in unit.score.unknown:
            yield (
                *named,
                _both(words("ScoreFigure", each.figure)),
                _both(unit.title(each.source)),
                _both(words("NotKnown", each.reason)),
            )
