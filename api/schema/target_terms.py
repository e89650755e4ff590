"""Words of snapshots, indicators and goals; and what the groups are called by which figures are told apart."""

from __future__ import annotations

from collections.abc import Mapping

from api.domain import divisions
from api.domain.indicators import IndicatorKind
from api.domain.targets import AGES, UNKNOWN, AgeBand, FigureGroup, SnapshotKind, TargetKind
from api.schema import people_terms, terms, words
from api.schema.enumerations import Words, described, labels

__all__ = ["FigureGroup", "IndicatorKind", "SnapshotKind", "TargetKind"]

described(
    SnapshotKind,
    "Why a snapshot was taken.",
    {
        "BASELINE": Words("基线", "Baseline", "由负责人冻结。", "An officer froze it."),
        "MONTHLY": Words("月度", "Monthly", "每月自动冻结。", "It is taken every month by itself."),
    },
)
described(
    FigureGroup,
    "What figures are told apart by.",
    {
        "COUNTY": Words("县区", "County", "按区划。", "By division."),
        "TIER": Words("级别", "Tier", "按档案级别。", "By the tier of the file."),
        "TARGET_GROUP": Words("对象类别", "Target group", "按五类对象。", "By the policy's five groups."),
        "CAUSE": Words("主要致困原因", "Main cause", "按主要致困原因。", "By the main cause of hardship."),
        "CATEGORY": Words("困难类别", "Category", "按困难类别。", "By the category of hardship."),
        "SEX": Words("性别", "Sex", "按档案主体的性别。", "By the sex of the worker in whose name the file is."),
        "AGE_BAND": Words(
            "年龄段", "Age", "按档案主体的年龄。", "By the age of the worker in whose name the file is."
        ),
    },
)
described(
    IndicatorKind,
    "How an indicator is reckoned.",
    {
        "SHARE": Words("占比", "Share", "计数占基数的比例，一为全部。", "So many of so many; all of them is one."),
        "MEDIAN_DAYS": Words("天数中位数", "Median of days", "天数的中位数。", "The middle of all numbers of days."),
    },
)
described(
    TargetKind,
    "What a goal is set for.",
    {
        "RELIEVED_OR_GRADUATED": Words(
            "解困脱困",
            "Relieved or graduated",
            "基线在档档案中解困或脱困的比例。",
            "Of all files in force at the baseline, those that are relieved or have graduated.",
        ),
        "ABLE_GRADUATED": Words(
            "能脱困的脱困",
            "Able and graduated",
            "基线时评估达到脱困条件的档案中脱困的比例。",
            "Of the files whose last test at the baseline said that they can graduate, those that have.",
        ),
    },
)
ENUMERATIONS: Mapping[FigureGroup, str] = {
    FigureGroup.TIER: terms.Tier.__name__,
    FigureGroup.TARGET_GROUP: words.TargetGroup.__name__,
    FigureGroup.CAUSE: words.HardshipCause.__name__,
    FigureGroup.CATEGORY: terms.HardshipCategory.__name__,
    FigureGroup.SEX: people_terms.Sex.__name__,
}
"""By group the enumeration that has its words."""


def called(group: FigureGroup, code: str) -> tuple[str, str]:
    """What a group is called, in Chinese and English."""
    if code == UNKNOWN:
        return "未知", "Unknown"
    if group is FigureGroup.COUNTY:
        return divisions.name(code), divisions.name(code)
    if group is FigureGroup.AGE_BAND:
        return AGES[AgeBand(code)]
    return labels(ENUMERATIONS[group], code)
