"""What a declared word for somebody's work says, in the matcher's own reading; what it does not know says nothing."""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum

from api.domain.education import SchoolStage
from matcher.rules import work


class Work(StrEnum):
    """What somebody said that they do."""

    STUDENT = "STUDENT"
    JOBLESS = "JOBLESS"
    RETIRED = "RETIRED"
    WORKING = "WORKING"
    PRESCHOOL = "PRESCHOOL"


_STUDENT = frozenset(
    [
        "学生",
        "在校学生",
        "在校生",
        "在校",
        "在读",
        "在学",
        "在读学生",
        "大学生",
        "中学生",
        "小学生",
        "高中生",
        "初中生",
        "中专生",
        "研究生",
        "上学",
        "student",
    ]
)
_STAGES = {
    SchoolStage.PRIMARY: frozenset(["小学生", "小学"]),
    SchoolStage.JUNIOR: frozenset(["初中生", "初中"]),
    SchoolStage.SENIOR: frozenset(["高中生", "高中", "中专生", "中专", "职高生", "职高"]),
    SchoolStage.HIGHER: frozenset(["大学生", "大学", "大专生", "大专", "本科生", "高职生", "研究生"]),
}
_PRESCHOOL = frozenset(["学龄前", "学龄前儿童", "幼儿", "婴幼儿"])
_WORKING = frozenset(["在职", "在岗", "就业", "已就业", "在业", "务工", "打工", "上班", "employed", "working"])


_WORDS = {
    Work.STUDENT: _STUDENT.union(*_STAGES.values()),
    Work.PRESCHOOL: _PRESCHOOL,
    Work.JOBLESS: work.JOBLESS,
    Work.RETIRED: work.RETIRED,
    Work.WORKING: _WORKING,
}


def spellings(kind: Work) -> frozenset[str]:
    """The words for it as they are usually written, for those who compare them letter by letter."""
    return _WORDS[kind] | {f"{word}人员" for word in _WORDS[kind]}


def of(text: str | None) -> Work | None:
    """What the word says; None where nothing was declared, or nothing that we know.

    >>> of("在校学生"), of("失（无）业人员"), of("灵活就业"), of(None)
    (<Work.STUDENT: 'STUDENT'>, <Work.JOBLESS: 'JOBLESS'>, None, None)
    """
    plain = work.word(text)
    whole = re.sub(r"\s", "", unicodedata.normalize("NFKC", text or "")).casefold()
    for kind, words in _WORDS.items():
        if plain in words or whole in words:
            return kind
    return None


def stage(text: str | None) -> SchoolStage | None:
    """How far at school the word says that somebody is; None where it does not say it.

    >>> stage("高中生"), stage("学生")
    (<SchoolStage.SENIOR: 'SENIOR'>, None)
    """
    plain = work.word(text)
    return next((stage for stage, words in _STAGES.items() if plain in words), None)
