"""Q01 to Q10: one batch judged against its contract and the department's own earlier batches.

A check that cannot be made says why; it is never taken as passed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from math import sqrt

from matcher.quality import history, wording
from matcher.quality.history import Figures
from matcher.quality.parameters import threshold
from matcher.quality.places import FEW, Example
from matcher.quality.results import ALARM, OK, Result, Subject, judged, line_of, not_assessed, state_of
from matcher.quality.wording import Pair, per_cent
from matcher.sources.contract import Contract

CHANCE = 1 / 365.25
"""The share of birthdays that fall on a given day."""


def judge(subject: Subject) -> tuple[Result, ...]:
    """All ten checks, in their order."""
    return tuple(check(subject) for check in CHECKS.values())


def q01_stale(subject: Subject) -> Result:
    """The age of the extract against the contract's."""
    most = subject.contract.max_age_days
    if most is None:
        return not_assessed("Q01", "no_max_age")
    if subject.batch.as_of is None:
        return not_assessed("Q01", "no_as_of", threshold=float(most))
    age = (subject.today - subject.batch.as_of).days
    state, said = (ALARM, "noticed") if age > most else (OK, "fine")
    noticed = wording.said("Q01", said, figure=str(age), threshold=str(most))
    return Result("Q01", state_of(state), noticed, age, None, most)


def q02_coverage(subject: Subject) -> Result:
    """Rows, and the filled share of each column, against the last batch."""
    last, batch = subject.last, subject.batch
    if last is None:
        return not_assessed("Q02", "no_history", threshold=threshold("Q02", "rows_drop"))
    drops: list[tuple[float, Pair]] = []
    rows = _drop(last.count("accepted"), batch.count("accepted"))
    if rows > threshold("Q02", "rows_drop"):
        before, now = f"{last.count('accepted'):,}", f"{batch.count('accepted'):,}"
        drops.append((rows, (f"接收的行由 {before} 降到 {now}", f"rows accepted fell from {before} to {now}")))
    most = rows
    for column in subject.contract.columns:
        share = _exact_share(batch, f"filled.{column.name}")
        was = _exact_share(last, f"filled.{column.name}")
        if was is None or share is None or was < threshold("Q02", "least_filled"):
            continue
        fall = _drop(was, share)
        most = max(most, fall)
        if fall > threshold("Q02", "filled_drop"):
            a, b = per_cent(was), per_cent(share)
            heading = _heading(subject.contract, column.name)
            drops.append(
                (
                    fall,
                    (
                        f"{heading}的填写率由 {a} 降到 {b}",
                        f"{column.name} was filled in {a} of the rows, now in {b}",
                    ),
                )
            )
    drops.sort(key=lambda drop: -drop[0])
    return judged(
        "Q02", most, None, threshold("Q02", "rows_drop"), bool(drops), details=tuple(said for _, said in drops)
    )


def q03_numbers(subject: Subject) -> Result:
    """The share of ID numbers that cannot be right against the trailing median, or an assumed rate."""
    batch = subject.batch
    rate = batch.share("numbers.", "present.numbers")
    if rate is None:
        return not_assessed("Q03", "nothing_to_count")
    usual = history.baseline([other.share("numbers.", "present.numbers") for other in subject.earlier])
    base = threshold("Q03", "assumed_rate") if usual is None else usual
    error = sqrt(base * (1 - base) / batch.count("present.numbers"))
    margin = threshold("Q03", "margin") if usual is not None else 0.0
    line = base + max(margin, threshold("Q03", "standard_errors") * error)
    kinds = (
        ("failed", "校验码或生日不成立", "check character or birth date do not hold"),
        ("partial", "被掩码、截断或被电子表格损坏", "masked, cut, or spoilt by a spreadsheet"),
        ("no_number", "不是任何证件的号码", "no number of any document"),
    )
    details = tuple(
        (f"{zh}：{batch.count(f'numbers.{kind}'):,}", f"{en}: {batch.count(f'numbers.{kind}'):,}")
        for kind, zh, en in kinds
        if batch.count(f"numbers.{kind}")
    )
    result = judged("Q03", rate, base, line, rate > line, details=details, examples=subject.places("numbers."))
    return replace(result, assumed=usual is None)


def q04_dates(subject: Subject) -> Result:
    """Unreadable days, people born after the extract, ends before beginnings, days far ahead."""
    batch = subject.batch
    looked_at = batch.count("present.dates") + batch.count("dates.unreadable")
    if not looked_at:
        return not_assessed("Q04", "nothing_to_count", threshold=threshold("Q04", "share"))
    kinds = (
        ("unreadable", "读不出的日期", "dates that cannot be read"),
        ("born_later", "出生晚于数据截至日", "born after the extract was cut"),
        ("ended_first", "结束早于开始", "ended before it began"),
        ("future", "晚于数据截至日一个月以上", "more than a month after the extract"),
    )
    details = tuple(
        (f"{zh}：{batch.count(f'dates.{kind}'):,}", f"{en}: {batch.count(f'dates.{kind}'):,}")
        for kind, zh, en in kinds
        if batch.count(f"dates.{kind}")
    )
    rate = batch.total("dates.") / looked_at
    usual = history.baseline([_impossible_dates(other) for other in subject.earlier])
    line = line_of("Q04", usual, looked_at)
    return judged("Q04", rate, usual, line, rate > line, "share", details, subject.places("dates."))


def q05_repeats(subject: Subject) -> Result:
    """Rows whose key, or all of whose content, stands in an earlier row."""
    batch = subject.batch
    if not batch.count("accepted"):
        return not_assessed("Q05", "nothing_to_count")
    keys, rows = batch.count("repeats.keys"), batch.count("repeats.rows")
    share = rows / batch.count("accepted")
    details = []
    if keys:
        details.append((f"编号重复的行：{keys:,}", f"rows whose key stands there before: {keys:,}"))
    if rows:
        details.append((f"与前面某行完全相同的行：{rows:,}", f"rows equal to an earlier one: {rows:,}"))
    if batch.count("repeats.halvings"):
        details.append(("行数很多，重复数由抽样估算", "of so many rows the repeats are estimated from a sample"))
    many = line_of("Q05", None, batch.count("accepted"), "rows")
    alarm = keys > threshold("Q05", "keys") * batch.count("accepted") or share > many
    figure = max(keys, rows) / batch.count("accepted")
    line = threshold("Q05", "keys") if keys else many
    places = subject.places("repeats.keys" if keys else "repeats.rows")
    return judged("Q05", figure, None, line, alarm, "keys" if keys else "rows", tuple(details), places)


def q06_drift(subject: Subject) -> Result:
    """Headings that came or went, columns that emptied, words of enumerations that nobody knows."""
    batch, last, contract = subject.batch, subject.last, subject.contract
    details: list[Pair] = []
    places: tuple[Example, ...] = ()
    for column in contract.columns:
        if column.kind not in ("enum", "programme"):
            continue
        unknown = _unknown_words(batch, column.name)
        usual = None if last is None else _unknown_words(last, column.name)
        rises = unknown is not None and usual is not None and unknown - usual > threshold("Q06", "unknown_words_rise")
        if unknown is not None and (unknown > threshold("Q06", "unknown_words") or rises):
            share = per_cent(unknown)
            details.append(
                (
                    f"{_heading(contract, column.name)}：{share} 的词不认识",
                    f"{column.name}: {share} of its words are not known",
                )
            )
            places += subject.places(*(kind for kind in subject.examples if _is_unknown_word(kind, column.name)))
    if last is None and not details:
        return not_assessed("Q06", "no_history")
    if last is not None:
        new = [heading for heading in batch.headings if heading not in last.headings]
        gone = [heading for heading in last.headings if heading not in batch.headings]
        if new:
            details.append((f"新增的表头：{'、'.join(new)}", f"new headings: {', '.join(new)}"))
        if gone:
            details.append((f"消失的表头：{'、'.join(gone)}", f"headings gone: {', '.join(gone)}"))
        details += [
            (f"{_heading(contract, name)} 以前有内容，现在全空", f"{name} was filled and is empty now")
            for name in contract.schema()
            if last.count(f"filled.{name}") and batch.count("accepted") and not batch.count(f"filled.{name}")
        ]
    return judged(
        "Q06", len(details), None, 0.0, bool(details), details=tuple(details), examples=places[:FEW], count=True
    )


def q07_names(subject: Subject) -> Result:
    """Names with lost, boxed, private or misread characters."""
    batch = subject.batch
    rate = batch.share("names.", "present.names")
    if rate is None:
        return not_assessed("Q07", "nothing_to_count", threshold=threshold("Q07", "share"))
    usual = history.baseline([other.share("names.", "present.names") for other in subject.earlier])
    line = line_of("Q07", usual, batch.count("present.names"))
    kinds = (
        ("replaced", "字节无法解码（�）", "bytes that could not be decoded (U+FFFD)"),
        ("unknown_mark", "问号或方框代替了字", "a question mark or a box for a character"),
        ("private_use", "私有区字符（生僻字未转换）", "private-use characters (rare ones not converted)"),
        ("misread", "编码认错（如 寮犱紵、ÕÅÎ°）", "read in the wrong encoding (like 寮犱紵, ÕÅÎ°)"),
    )
    details = tuple(
        (f"{zh}：{batch.count(f'names.{kind}'):,}", f"{en}: {batch.count(f'names.{kind}'):,}")
        for kind, zh, en in kinds
        if batch.count(f"names.{kind}")
    )
    return judged("Q07", rate, usual, line, rate > line, "share", details, subject.places("names."))


def q08_birthdays(subject: Subject) -> Result:
    """First of January and 1970-01-01 against chance and the trailing median."""
    batch = subject.batch
    rate = batch.share("birthdays.first_of_january", "present.birthdays")
    if rate is None:
        return not_assessed("Q08", "nothing_to_count", threshold=threshold("Q08", "share"))
    usual = history.baseline(
        [other.share("birthdays.first_of_january", "present.birthdays") for other in subject.earlier]
    )
    count = batch.count("present.birthdays")
    line = line_of("Q08", usual, count)
    epoch = (batch.share("birthdays.epoch", "present.birthdays") or 0.0) > threshold("Q08", "epoch") + 3 / count
    details = tuple(
        (f"{zh}：{batch.count(f'birthdays.{kind}'):,}", f"{en}: {batch.count(f'birthdays.{kind}'):,}")
        for kind, zh, en in (
            ("first_of_january", "1 月 1 日", "first of January"),
            ("epoch", "其中 1970-01-01", "of these 1970-01-01"),
        )
        if batch.count(f"birthdays.{kind}")
    )
    alarm = rate > line or epoch
    places = subject.places("birthdays.") if alarm else ()  # somebody does have that birthday
    base = CHANCE if usual is None else usual
    return judged("Q08", rate, base, line, alarm, "share", details, places)


def q09_divisions(subject: Subject) -> Result:
    """Codes that no table of divisions has ever held, in the column and in ID numbers."""
    batch = subject.batch
    sound = batch.count("present.numbers") - batch.total("numbers.")
    looked_at = batch.count("present.divisions") + sound
    if looked_at <= 0:
        return not_assessed("Q09", "nothing_to_count", threshold=threshold("Q09", "share"))
    column, number = batch.count("divisions.in_column"), batch.count("divisions.in_number")
    in_column = column / max(batch.count("present.divisions"), 1)
    in_number = number / max(sound, 1)
    rate = max(in_column, in_number)
    line = line_of("Q09", None, batch.count("present.divisions") if in_column >= in_number else sound)
    details = []
    if column:
        details.append((f"区划代码列：{column:,}", f"in the column of division codes: {column:,}"))
    if number:
        details.append((f"证件号码前六位：{number:,}", f"in the first six digits of ID numbers: {number:,}"))
    return judged("Q09", rate, None, line, rate > line, "share", tuple(details), subject.places("divisions."))


def q10_answers(subject: Subject) -> Result:
    """Persons asked about of whom nothing is known when the deadline has passed."""
    answered, due = subject.answered, subject.answers_due
    if answered is None:
        return not_assessed("Q10", "no_answers")
    if due is None:
        return replace(not_assessed("Q10", "no_deadline"), figure=float(answered.open))
    late = subject.today > due and answered.open > 0
    noticed = wording.said(
        "Q10", "noticed" if late else "fine", figure=f"{answered.open:,}", threshold=due.isoformat()
    )
    details = (
        (f"应答复：{answered.asked:,} 人", f"asked about: {answered.asked:,}"),
        (f"明确答“未答复”：{answered.no_answer:,} 人", f"answered NO_ANSWER: {answered.no_answer:,}"),
    )
    return Result("Q10", state_of(ALARM if late else OK), noticed, answered.open, None, 0.0, details=details)


CHECKS: Mapping[str, Callable[[Subject], Result]] = {
    "Q01": q01_stale,
    "Q02": q02_coverage,
    "Q03": q03_numbers,
    "Q04": q04_dates,
    "Q05": q05_repeats,
    "Q06": q06_drift,
    "Q07": q07_names,
    "Q08": q08_birthdays,
    "Q09": q09_divisions,
    "Q10": q10_answers,
}


def _drop(before: float, now: float) -> float:
    """By what share of itself something fell; 0 where it did not."""
    return max(0.0, 1 - now / before) if before else 0.0


def _exact_share(batch: Figures, name: str) -> float | None:
    rows = batch.count("accepted")
    return batch.count(name) / rows if rows else None


def _impossible_dates(figures: Figures) -> float | None:
    looked_at = figures.count("present.dates") + figures.count("dates.unreadable")
    return figures.total("dates.") / looked_at if looked_at else None


def _unknown_words(batch: Figures, column: str) -> float | None:
    """The share of a column's words that were not understood."""
    unknown = sum(count for name, count in batch.counts.items() if _is_unknown_word(name, column))
    written = batch.count(f"filled.{column}") + unknown
    return unknown / written if written else None


def _is_unknown_word(name: str, column: str) -> bool:
    return name.startswith("reason.") and name.endswith(
        (f":UNREADABLE_ENUM.{column}", f":UNREADABLE_PROGRAMME.{column}")
    )


def _heading(contract: Contract, name: str) -> str:
    """What a Chinese clerk calls a column."""
    return next(column.title_zh for column in contract.columns if column.name == name)
