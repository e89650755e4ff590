"""The agenda pack as one page that needs nothing else: Chinese first, English at a touch, for screens and for paper; no script.

The same figures give the same page, byte for byte: nothing in it tells when it was made. The page holds figures, names of
offices and of divisions, and nothing of any person.
"""

from __future__ import annotations

import base64
import hashlib
import html
from collections.abc import Callable, Iterable, Sequence
from importlib.resources import files

from api.agenda import pictures
from api.agenda.pack import FundsOfSource, Goal, Pack, Progress, Reckoned, Unit, measures, requests, tasks, units
from api.domain import divisions, money
from api.domain.equity import EquityAlarm, EquityAttribute, EquityTable, GroupRate, group_name
from api.domain.figures import Figure
from api.domain.indicators import Indicator, IndicatorKind
from api.domain.scorecards import Delivered, NotKnown, ScoreFigure, Unknown
from api.domain.targets import FileOutcome

Words = Callable[[str, str], tuple[str, str]]
"""The Chinese and English labels of an enumeration's value, by both their names."""

WITHHELD = "▒▒"


def render(pack: Pack, words: Words) -> str:
    """The page as text."""
    style = (files("api.agenda") / "page.css").read_text(encoding="utf-8")
    hashed = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    where = divisions.name(pack.division_code)
    return "".join(
        (
            '<!doctype html>\n<html lang="zh">\n<head>\n<meta charset="utf-8">\n',
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
            f"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{hashed}'; ",
            "base-uri 'none'; form-action 'none'\">\n",
            f'<meta name="referrer" content="no-referrer">\n<title>{_escaped(where)}联席办公会材料 {pack.period.last}</title>\n',
            f"<style>{style}</style>\n</head>\n<body>\n",
            '<input type="radio" name="language" id="zh" checked aria-label="中文">'
            '<input type="radio" name="language" id="en" aria-label="English">\n',
            '<div class="choice"><label for="zh">中文</label><label for="en">English</label></div>\n',
            _header(pack, where),
            "<main>\n",
            *(
                f"<section>\n<h2><b>{number}</b>{title}</h2>\n{body}\n</section>\n"
                for number, (title, body) in enumerate(_sections(pack, words), start=1)
            ),
            "</main>\n",
            _footer(pack),
            "</body>\n</html>\n",
        )
    )


def said(zh: str, en: str) -> str:
    """The same in both languages, of which one is shown."""
    return f'<span lang="zh">{_escaped(zh)}</span><span lang="en">{_escaped(en)}</span>'


def _escaped(text: str) -> str:
    return html.escape(text, quote=True)


def _header(pack: Pack, where: str) -> str:
    return (
        f"<header>\n<h1>{said(f'{where}联席办公会议材料', f'{where}: pack for the joint meeting')}</h1>\n"
        f'<p class="where">{said(f"统计期 {pack.period.first} 至 {pack.period.last}（当日终了）", f"Period {pack.period.first} to {pack.period.last}, at the end of the day")}'
        f" · <code>{pack.digest[:16]}</code></p>\n</header>\n"
    )


def _sections(pack: Pack, words: Words) -> Iterable[tuple[str, str]]:
    all_units = units(pack)
    yield said("目标完成情况", "Goals"), _goals(pack.goals, words)
    yield said("解困脱困进度", "Progress"), _progress(pack.progress, words)
    yield said("责任单位评分卡", "Scorecards of the units"), _scorecards(all_units, words)
    yield said("向部门发出的核对询问", "Questions of verifications to departments"), _requests(all_units)
    yield said("工会任务与走访", "The unions' tasks and visits"), _tasks(all_units, words)
    yield said("资金使用", "Use of funds"), _funds(pack.funds, words)
    yield said("公平性", "Equity"), _equity(pack, words)
    yield said("未知事项", "What is not known"), _unknown(all_units, words)


def _totals(of: Iterable[tuple[str, str]]) -> str:
    return (
        '<div class="totals">'
        + "".join(f"<div><b>{value}</b><span>{name}</span></div>" for name, value in of)
        + "</div>\n"
    )


def _table(
    headings: Sequence[str], rows: Iterable[Sequence[str]], *, caption: str = "", numbers: Sequence[int] = ()
) -> str:
    """A table; the first cell of a row is its heading, and columns of `numbers` stand to the right."""

    def of(place: int) -> str:
        return ' class="n"' if place in numbers else ""

    head = "".join(f'<th scope="col"{of(place)}>{each}</th>' for place, each in enumerate(headings))
    body = "".join(
        "<tr>"
        + "".join(
            f'<th scope="row">{cell}</th>' if place == 0 else f"<td{of(place)}>{cell}</td>"
            for place, cell in enumerate(row)
        )
        + "</tr>\n"
        for row in rows
    )
    told = f"<caption>{caption}</caption>" if caption else ""
    return f'<div class="wide"><table>{told}<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody></table></div>\n'


def _goals(goals: Sequence[Goal], words: Words) -> str:
    """What became of the files that were frozen for each goal: exits, returns and other closings beside one another."""
    if not goals:
        told = said(
            "尚未对冻结的基数登记目标（setTarget）。",
            "No goal is set for a frozen baseline yet: setTarget does it.",
        )
        return f'<p class="note">{told}</p>'
    note = said(
        "基数为基线日在档的档案，任何档案都不离开基数；一户只计一次：返困的不计入完成数。",
        "The denominator is the files in force on the baseline's day, and no file leaves it; each counts once, and who came back "
        "counts as no exit.",
    )
    headings = [
        said("目标", "Goal"),
        said("期限", "Due"),
        said("完成／基数", "Achieved of"),
        "",
        said("完成率", "Share"),
        said("解困", "Relieved"),
        said("脱困", "Graduated"),
        said("返困", "Returned"),
        said("其他注销", "Deregistered"),
        said("仍在档", "Open"),
        said("已删除", "Erased"),
    ]
    return f'<p class="note">{note}</p>' + _table(
        headings, [_goal(each, words) for each in goals], numbers=(2, 4, 5, 6, 7, 8, 9, 10)
    )


GOAL_COLUMNS = (
    FileOutcome.RELIEVED,
    FileOutcome.GRADUATED,
    FileOutcome.RETURNED,
    FileOutcome.DEREGISTERED,
    FileOutcome.OPEN,
    FileOutcome.ERASED,
)


def _goal(of: Goal, words: Words) -> list[str]:
    where, stands = divisions.name(of.division_code), of.outcomes
    zh, en = words("TargetKind", of.kind)
    basis = said(
        f"{where}，基线 {of.baseline}，基线时已解困 {of.relieved_before} 户；{of.document_no}",
        f"{where}, baseline {of.baseline}, {of.relieved_before} relieved at it already; {of.document_no}",
    )
    drawn, share = "", NOTHING
    if stands.share is not None:
        drawn = pictures.share(float(stands.share), _escaped(f"{zh} {stands.share:.1%}，目标 {of.percent}%"))
        mark = said("已达到", "reached") if of.reached else said("未达到", "not reached")
        share = f"{stands.share:.1%}<br><small>{mark}</small>"
    return [
        f"{said(f'{zh} ≥ {of.percent}%', f'{en} ≥ {of.percent} %')}<br><small>{basis}</small>",
        str(of.due_on),
        f"{_number(stands.achieved)}／{_number(stands.files)}",
        drawn,
        share,
        *(_number(stands.of[outcome]) for outcome in GOAL_COLUMNS),
    ]


def _progress(progress: Progress | None, words: Words) -> str:
    """Shares of a frozen denominator, with returns and exclusions beside each; medians of days apart."""
    if progress is None:
        told = said(
            "截至当日没有本区划的快照，进度无从得知：请先用 freezeBaseline 冻结基数。",
            "No snapshot of the division had been taken by that day, so that its progress cannot be known: freezeBaseline takes one.",
        )
        return f'<p class="note">{told}</p>'
    frozen, beside = progress.frozen, progress.beside
    kind, where = words("SnapshotKind", frozen.kind), divisions.name(frozen.division_code)
    note = said(
        f"依据 {where} {frozen.as_of} 的快照（{kind[0]}，回溯至 {frozen.since}）：基数已冻结。返困与其他原因注销与退出并列，不得只看退出数。",
        f"From the snapshot of {where} of {frozen.as_of} ({kind[1].lower()}, looking back to {frozen.since}): the denominator is frozen. "
        "Returns and exclusions stand beside exits; none is to be read without them.",
    )
    totals = _totals(
        (
            (said("快照档案", "files of the snapshot"), str(progress.files)),
            (said("其中返困", "returned to hardship"), _number(beside.returned)),
            (said("其他原因注销", "deregistered otherwise"), _number(beside.excluded)),
        )
    )
    headings = [
        said("指标（版本）", "Indicator (version)"),
        said("口径", "Counts, over"),
        said("数", "Of"),
        "",
        said("值", "Value"),
    ]
    rows = [
        [
            f"{said(each.indicator.zh, each.indicator.en)} <small>v{each.indicator.version}</small>",
            f"<small>{said(*_over(each.indicator))}</small>",
            _counted(each.whole),
            _bar(each.whole, each.indicator),
            _value(each.whole, each.indicator),
        ]
        for each in progress.reckoned
    ]
    told = f'{totals}<p class="note">{note}</p>' + _table(headings, rows, numbers=(2, 4))
    return told + "".join(_by_county(each) for each in progress.reckoned if each.indicator.code in BY_COUNTY)


BY_COUNTY = ("RELIEVED_OR_GRADUATED", "NEVER_AIDED_12M")
"""Indicators that are told by county, too: of getting out of hardship, and of being left behind."""


def _by_county(of: Reckoned) -> str:
    headings = [
        said("县（市、区）", "County"),
        said("数", "Of"),
        "",
        said("值", "Value"),
        said("返困", "Returned"),
        said("其他注销", "Excluded"),
    ]
    rows = [
        [
            said(*group_name(each.code)),
            _counted(each.figure),
            _bar(each.figure, of.indicator),
            _value(each.figure, of.indicator),
            _number(each.beside.returned),
            _number(each.beside.excluded),
        ]
        for each in of.groups
        if each.figure.denominator != 0
    ]
    return _table(headings, rows, caption=said(of.indicator.zh, of.indicator.en), numbers=(1, 3, 4, 5))


def _over(of: Indicator) -> tuple[str, str]:
    return f"{of.counts_zh}；{of.over_zh}", f"{of.counts_en}; over {of.over_en}"


def _number(number: int | None) -> str:
    return HIDDEN if number is None else str(number)


def _counted(figure: Figure) -> str:
    if figure.withheld:
        return HIDDEN
    return f"{figure.denominator}" if figure.numerator is None else f"{figure.numerator}／{figure.denominator}"


def _bar(figure: Figure, of: Indicator) -> str:
    if figure.value is None or of.kind is not IndicatorKind.SHARE:
        return ""
    return pictures.share(float(figure.value), _escaped(f"{of.zh} {figure.value:.1%}"))


def _value(figure: Figure, of: Indicator) -> str:
    if figure.value is None:
        return HIDDEN if figure.withheld else NOTHING
    if of.kind is IndicatorKind.SHARE:
        return f"{figure.value:.1%}"
    return said(f"{figure.value:f} 天", f"{figure.value:f} days")


HIDDEN = f'<span class="withheld">{WITHHELD}</span>'
NOTHING = '<span class="none">—</span>'


def _scorecards(all_units: Sequence[Unit], words: Words) -> str:
    sent = [each.score.referred for each in all_units if each.score.referred is not None]
    totals = _totals(
        (
            (said("单位（职责）", "units by role"), str(len(all_units))),
            (
                said("职责无承担单位", "roles that nobody holds"),
                str(sum(each.score.holder is None for each in all_units)),
            ),
            (said("期内转介", "referrals of the period"), str(sum(each.sent for each in sent))),
            (said("其中已办结", "of these closed"), str(sum(each.closed for each in sent))),
            (said("逾期未办结", "overdue"), str(sum(each.overdue for each in sent))),
        )
    )
    key = "".join(
        f'<span class="part">{number}</span>{said(*words("Measure", measure))} '
        for number, measure in measures().items()
    )
    note = said(
        "实心圆为牵头，空心圆为责任单位。数据一栏：截止日期至统计期末的天数，以及最近一次比对中有答复（查无记录也算答复）的人数占比。"
        "疑点是待核实的问题，不是结论；一条疑点依据几家数据的，分别计入各家，不可相加。",
        "A filled number: leads the measure; an empty one: responsible beside. Data: days since it was cut, and for which part of the "
        "people of the latest scan there was an answer (no record is one). A lead is a question and no verdict; one that rests on "
        "the data of several is told of each, so that they do not add up.",
    )
    headings = [
        said("单位", "Unit"),
        said("措施", "Measures"),
        said("数据：时效与覆盖", "Data: age and coverage"),
        said("转介 办结／转出", "Referrals: closed of sent"),
        said("逾期", "Overdue"),
        said("天数中位", "Median days"),
        said("疑点 已复核／提出", "Leads: reviewed of raised"),
    ]
    rows = [_unit(each, words) for each in all_units]
    return f'{totals}<p class="note">{note}</p><p class="note">{key}</p>' + _table(
        headings, rows, numbers=(3, 4, 5, 6)
    )


def _unit(unit: Unit, words: Words) -> list[str]:
    score = unit.score
    role = said(*words("MeasureRole", score.role))
    name = f"{role}<br><small>{said('无承担单位', 'nobody holds it')}</small>"
    if score.holder is not None:
        name = f"{said(score.holder.name_zh, score.holder.name_en)}<br><small>{role}</small>"
    parts = "".join(f'<span class="part leads">{number}</span>' for number in unit.leads)
    parts += "".join(f'<span class="part">{number}</span>' for number in unit.beside)
    sent, leads = score.referred, score.leads
    return [
        name,
        parts,
        "".join(_feed(each) for each in score.delivered) or NOTHING,
        NOTHING if sent is None else f"{sent.closed}／{sent.sent}",
        NOTHING if sent is None else (f'<span class="late">{sent.overdue}</span>' if sent.overdue else "0"),
        NOTHING if sent is None or sent.median_days is None else f"{sent.median_days:g}",
        NOTHING if leads is None else f"{leads.reviewed}／{leads.raised}",
    ]


def _feed(of: Delivered) -> str:
    age = NOTHING if of.age_days is None else said(f"{of.age_days} 天", f"{of.age_days} days")
    bar, share = NOTHING, ""
    if of.coverage is not None and of.coverage.share is not None:
        share = f"{of.coverage.share:.0%}"
        told = f"{of.title_zh} {of.coverage.answered}/{of.coverage.people}"
        bar = pictures.share(float(of.coverage.share), _escaped(told))
    return f'<div class="feed"><span>{said(of.title_zh, of.title_en)}</span><span>{age}</span>{bar}<span>{share}</span></div>'


def _requests(all_units: Sequence[Unit]) -> str:
    """What was asked of each unit, one office of several roles once, and what of it came in time."""
    told = requests(all_units)
    if not told:
        return f'<p class="note">{said("期内没有向任何单位发出询问。", "Nothing was asked of any unit in the period.")}</p>'
    note = said(
        "期内发出的询问，截至统计期末：按期答复率为按期答复数占按期答复与逾期之和；未到期的不计。",
        "Asked in the period, by its last day. In time: of what was answered in time or is late; what is not due yet is in neither.",
    )
    headings = [
        said("单位", "Unit"),
        said("询问", "Asked"),
        said("已答复", "Answered"),
        said("按期", "In time"),
        said("逾期", "Overdue"),
        "",
        said("按期答复率", "Share in time"),
    ]
    rows = [
        [
            said(holder.name_zh, holder.name_en),
            str(of.asked),
            str(of.answered),
            str(of.in_time),
            f'<span class="late">{of.late}</span>' if of.late else "0",
            "" if of.share is None else pictures.share(float(of.share), _escaped(f"{holder.name_zh} {of.share:.1%}")),
            NOTHING if of.share is None else f"{of.share:.1%}",
        ]
        for holder, (of, *_) in told
    ]
    return f'<p class="note">{note}</p>' + _table(headings, rows, numbers=(1, 2, 3, 4, 6))


def _tasks(all_units: Sequence[Unit], words: Words) -> str:
    told = tasks(all_units)
    if not told:
        return f'<p class="note">{said("期内没有任务。", "There were no tasks in the period.")}</p>'
    headings = [said("任务", "Task"), said("待办", "Waiting"), said("其中逾期", "Overdue"), said("期内办结", "Done")]
    rows = [
        [
            said(*words("TaskKind", each.kind)),
            str(each.waiting),
            f'<span class="late">{each.overdue}</span>' if each.overdue else "0",
            str(each.done),
        ]
        for each in told
    ]
    return _table(headings, rows, numbers=(1, 2, 3))


def _funds(of: Sequence[FundsOfSource], words: Words) -> str:
    if not of:
        return f'<p class="note">{said("本年度没有登记资金。", "No funds of this year are on record.")}</p>'
    key = (
        f'<p class="note">{said("单位：元。", "In yuan.")}<i class="paid-key"></i>{said("已发放", "paid")}'
        f'<i class="committed-key"></i>{said("已占用", "committed")}<i class="available-key"></i>{said("可用", "available")}</p>'
    )
    headings = [
        said("来源", "Source"),
        "",
        said("拨入", "Allocated"),
        said("已发放", "Paid"),
        said("已占用", "Committed"),
        said("可用", "Available"),
    ]
    rows = [
        [
            said(*words("FundSource", each.source)),
            pictures.parts(
                [
                    ("paid", each.paid_fen),
                    ("committed", each.committed_fen),
                    ("available", each.available_fen),
                ],
                _escaped(
                    f"{words('FundSource', each.source)[0]} {money.yuan(each.paid_fen)}/{money.yuan(each.allocated_fen)}"
                ),
            ),
            *(
                f"{money.yuan(fen):,}"
                for fen in (each.allocated_fen, each.paid_fen, each.committed_fen, each.available_fen)
            ),
        ]
        for each in of
    ]
    return key + f'<div class="funds">{_table(headings, rows, numbers=(2, 3, 4, 5))}</div>'


def _equity(pack: Pack, words: Words) -> str:
    report = pack.equity
    apart = [(table, each) for table in report.tables for each in table.groups if each.alarm is not None]
    bounds = f"{report.bounds.low}–{report.bounds.high}"
    note = said(
        f"期内在档 {report.households} 户。比：该组比率与其余各组之比；绿色区间为 {bounds}，该组与其余各不少于 {report.bounds.least} 户而超出的标“需核查”。"
        f"提示只是对工作的提问。{WITHHELD} 表示少于 10 户或可据以推算者，不予显示。",
        f"{report.households} households on file in the period. Ratio: the group's rate to that of all others; the green band is {bounds}, "
        f"and beyond it, if the group and the rest have {report.bounds.least} households each, a question is raised about how we work. "
        f"{WITHHELD}: fewer than ten households, or what would give them away.",
    )
    totals = _totals(
        (
            (said("在档户", "households on file"), str(report.households)),
            (said("需核查的组", "groups to be asked about"), str(len(apart))),
            (
                said("不显示的组", "groups withheld"),
                str(sum(each.withheld for table in report.tables for each in table.groups)),
            ),
        )
    )
    body = ""
    for attribute in EquityAttribute:
        tables = [table for table in report.tables if table.attribute is attribute and table.could]
        if tables:
            drawn = "".join(_equity_table(table, pack, words) for table in tables)
            body += f'<h3>{said(*words("EquityAttribute", attribute))}</h3><div class="equity">{drawn}</div>'
    empty = {table.event: table for table in report.tables if not table.could}
    if empty:
        names = [words("EquityEvent", event) for event in empty]
        body += f'<p class="note">{said("期内没有可比的户：" + "、".join(zh for zh, _ in names), "Of nobody in the period: " + ", ".join(en for _, en in names))}</p>'
    return f'{totals}<p class="note">{note}</p>{body}'


def _equity_table(table: EquityTable, pack: Pack, words: Words) -> str:
    bounds = pack.equity.bounds
    low, high = float(bounds.low), float(bounds.high)
    headings = [
        said("组", "Group"),
        said("户数", "Of"),
        said("发生", "Did"),
        said("比率", "Rate"),
        said("比", "Ratio"),
        "",
        "",
    ]

    def row(each: GroupRate) -> list[str]:
        shown = "" if each.ratio is None else f"{each.ratio:.2f}"
        names = group_name(each.group)
        return [
            said(*names),
            HIDDEN if each.could is None else str(each.could),
            HIDDEN if each.withheld else str(each.did),
            HIDDEN if each.withheld else (NOTHING if each.rate is None else f"{each.rate:.1%}"),
            shown or NOTHING,
            pictures.ratio(
                None if each.ratio is None else float(each.ratio),
                low,
                high,
                _escaped(f"{names[0]} {shown or '—'}"),
                apart=each.alarm is not None,
            ),
            "" if each.alarm is None else _alarm(each.alarm, words),
        ]

    caption = f"{said(*words('EquityEvent', table.event))} <small>{table.did}／{table.could}</small>"
    return _table(headings, [row(each) for each in table.groups], caption=caption, numbers=(1, 2, 3, 4))


def _alarm(alarm: EquityAlarm, words: Words) -> str:
    zh, en = words("EquityAlarm", alarm)
    return f'<span class="alarm">{said(f"需核查：{zh}", f"ask: {en.lower()}")}</span>'


def _unknown(all_units: Sequence[Unit], words: Words) -> str:
    by_reason: dict[tuple[ScoreFigure, NotKnown], list[tuple[Unit, Unknown]]] = {}
    for unit in all_units:
        for each in unit.score.unknown:
            if each.reason is not NotKnown.NOT_THIS_UNITS:
                by_reason.setdefault((each.figure, each.reason), []).append((unit, each))
    note = said(
        "未知不是零：以下数字无从得知，上表以“—”表示。部门答复核对请求的情况待核对服务建成后再列，现不列。",
        "What is not known is not zero: these figures stand above as a dash. How many requests a department answered is not told, "
        "since there is no service yet through which it is asked.",
    )
    items = []
    for (figure, reason), found in by_reason.items():
        roles = list(dict.fromkeys((unit.score.role, unit.title(each.source)) for unit, each in found))
        zh, en = [
            sep.join(
                words("MeasureRole", role)[place] + (f"（{title[place]}）" if title[place] else "")
                for role, title in roles
            )
            for place, sep in ((0, "、"), (1, ", "))
        ]
        figures, reasons = words("ScoreFigure", figure), words("NotKnown", reason)
        items.append(
            f"<li>{said(f'{figures[0]}：{reasons[0]}——{zh}', f'{figures[1]}: {reasons[1].lower()} – {en}')}</li>\n"
        )
    return f'<p class="note">{note}</p><ul>\n{"".join(items)}</ul>'


def _footer(pack: Pack) -> str:
    note = said(
        "同样的数字得出同样的摘要和同样的页面。本页只有数字和单位名称，没有任何个人信息。",
        "The same figures give the same digest and the same page. It holds figures and names of offices, and nothing of any person.",
    )
    rests = ""
    if pack.progress is not None:
        frozen = pack.progress.frozen
        told = said("快照", "Snapshot")
        rests = f"<p>{told} <code>{_escaped(frozen.id)}</code> · {frozen.as_of} · SHA-256 <code>{frozen.digest}</code></p>"
    return f"<footer><p>SHA-256 <code>{pack.digest}</code></p>{rests}<p>{note}</p></footer>\n"
