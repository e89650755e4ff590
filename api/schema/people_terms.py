"""Words about people: how they are related, which document they show, and what was done with a membership."""

from __future__ import annotations

from api.domain.people import IdKind, MaritalStatus, MemberChangeKind, Relation, Sex
from api.schema.enumerations import Words, described

__all__ = ["IdKind", "MaritalStatus", "MemberChangeKind", "Relation", "Sex"]

described(
    Relation,
    "How somebody is related to the head of the household.",
    {
        "HEAD": Words("户主", "Head", "户主或申请人本人。", "The head, or who applies."),
        "SPOUSE": Words("配偶", "Spouse", "户主的配偶。", "The head's spouse."),
        "CHILD": Words("子女", "Child", "户主的子女。", "The head's child."),
        "PARENT": Words("父母", "Parent", "户主的父母。", "The head's parent."),
        "OTHER": Words("其他", "Other", "其他共同生活的人。", "Somebody else who lives with them."),
    },
)
described(
    Sex,
    "Sex as registered.",
    {
        "MALE": Words("男", "Male", "登记为男。", "Registered as male."),
        "FEMALE": Words("女", "Female", "登记为女。", "Registered as female."),
    },
)
described(
    MaritalStatus,
    "Marital status as declared.",
    {
        "SINGLE": Words("未婚", "Single", "申报为未婚。", "Declared as never married."),
        "MARRIED": Words("已婚", "Married", "申报为已婚。", "Declared as married."),
        "DIVORCED": Words("离异", "Divorced", "申报为离异。", "Declared as divorced."),
        "WIDOWED": Words("丧偶", "Widowed", "申报为丧偶。", "Declared as widowed."),
    },
)
described(
    IdKind,
    "Which document a number is of.",
    {
        "CITIZEN": Words("居民身份证", "Citizen's", "18 位公民身份号码，15 位旧号码自动升位。", "Eighteen characters; fifteen digits are upgraded."),
        "RESIDENCE_PERMIT": Words("港澳台居民居住证", "Residence permit", "以 810000、820000 或 830000 开头。", "Of residents from Hong Kong, Macau and Taiwan."),
        "FOREIGN_PERMANENT": Words("外国人永久居留身份证", "Foreigner's permanent", "以 9 开头的 18 位号码。", "Eighteen characters, the first a 9."),
        "OTHER": Words("其他证件", "Other", "护照、军官证等，不作校验。", "Passports and others, which are not checked."),
        "NONE": Words("无证件", "None", "无任何证件，须另行核实身份。", "No document at all; who it is has to be found out."),
    },
)  # fmt: skip
described(
    MemberChangeKind,
    "What somebody did with a membership.",
    {
        "ADDED": Words("加入", "Added", "加入家庭。", "The person joined the household."),
        "MOVED": Words("迁移", "Moved", "由一户迁至另一户。", "The person went from one household to another."),
        "ENDED": Words("终止", "Ended", "不再是该户成员。", "The person is no longer in the household."),
        "CORRECTED": Words("更正", "Corrected", "更正登记错误，原值保留。", "An error was put right; what stood there is kept."),
        "LINKED": Words("关联", "Linked", "登记其在全总系统的编号。", "The number that the ACFTU's system has was given."),
    },
)  # fmt: skip
