"""N04: one document in the files of unrelated households."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

from matcher.overlap import paid, span
from matcher.rules import kinship, masking, networks, reading, sharing, sums
from matcher.rules.explaining import count
from matcher.rules.networks import Cluster
from matcher.rules.rule import Compared, Evidence, Example, Facts, Lead, Rule

FIRST = dt.date(1900, 1, 1)


def find(facts: Facts) -> Iterator[Lead]:
    """同一份证明材料（文件内容相同，或证书编号相同）用于两户以上互无亲属关系的档案。同一档案重复上传、家庭成员或亲属共用的
    材料、空白文件、登记在册的模板以及很多档案共有的说明页，不构成疑点。哪一户的材料属实，由工作人员核对原件后决定。

    One document (the same content, or the same certificate number) supports the files of two or more households that
    are not kin. A document twice in one file, a family's or kin's common document, an empty file, a template on the
    register and a page that very many files share are no lead. Whose document it is, a person decides by the original.
    """
    streams = reading.payments(facts, [each for cluster in reused(facts) for each in cluster.households])
    for cluster in reused(facts):
        heads = networks.heads(facts)
        for household in cluster.households:
            aid = sums.needs_tested(streams.get(household, []))
            when = span(aid, FIRST)
            months = sums.since(*when) if when else []
            scan = cluster.key.startswith("#")
            yield Lead(
                household_id=household,
                person_ids=networks.person(heads, household),
                natural_key=(cluster.key,),
                severity="HIGH",
                grade="G1",
                evidence=tuple(Evidence("documents", each, "") for each in cluster.households),
                exceptions=(
                    ("kin", kinship.known(facts)),
                    ("template", "NO"),
                    ("same_original", "UNKNOWN"),
                ),
                facts={
                    **sums.words(aid, months),
                    "files": str(len(cluster.households)),
                    "families": str(cluster.families),
                    "how_zh": "文件内容" if scan else "证书编号",
                    "how_en": "content" if scan else "certificate number",
                },
                amount=(Decimal(0), paid(aid, FIRST)[1]),
                period=when or (None, None),
                compared=(
                    Compared(
                        ("文件内容", "content")
                        if scan
                        else ("证书编号（末四位）", "certificate number (last four characters)"),
                        ("材料一份", "one document") if scan else (masking.code(cluster.key),) * 2,
                        (
                            f"另有 {len(cluster.households) - 1} 份档案相同",
                            f"the same in {count(len(cluster.households) - 1, 'other file')}",
                        ),
                        "documents",
                    ),
                ),
                steps=sums.steps(aid, months),
            )


def reused(facts: Facts) -> list[Cluster]:
    """The documents that unrelated files share."""
    least = facts.policy.value("network.document_files", facts.as_of)
    hub = facts.policy.value("network.hub_files", facts.as_of)
    return facts.once("n04.reused", lambda whole: networks.clusters(whole, sharing.documents(whole), least, hub))


def _home(number: int) -> dict[str, object]:
    return {"household_id": f"H{number}", "division_code": "410502", "file_opened_on": "2024-04-01"}


def _head(number: int) -> dict[str, object]:
    return {"person_id": f"P{number}", "household_id": f"H{number}", "relation": "HEAD"}


def _document(number: int, **more: object) -> dict[str, object]:
    return {"household_id": f"H{number}", "document_hash": "9f86d081884c7d659a2feaa0c55ad015", **more}


TWO = (1, 2)
GIVEN = {"households": tuple(map(_home, TWO)), "members": tuple(map(_head, TWO))}
AID = tuple(
    {
        "person_id": f"P{each}",
        "programme": "DIBAO",
        "start_month": "2024-05",
        "end_month": "2024-08",
        "amount_yuan": 500,
    }
    for each in TWO
)
EXAMPLES = (
    Example(
        zh="两户互无亲属关系的档案用同一份材料",
        en="One document in the files of two unrelated households",
        given={**GIVEN, "documents": tuple(map(_document, TWO)), "aid": AID},
        severity="HIGH",
        amount=("0", "2000"),
        leads=2,
    ),
    Example(
        zh="文件不同而残疾证编号相同",
        en="Other scans, the same certificate number",
        given={
            **GIVEN,
            "documents": tuple(
                _document(each, document_hash=f"{each:032x}", certificate_no="豫残证4105-0001234") for each in TWO
            ),
        },
        severity="HIGH",
        leads=2,
    ),
    Example(
        zh="离异父母共用子女的户口簿：两份档案有同一成员",
        en="Divorced parents and one booklet: the two files share a child",
        given={**GIVEN, "documents": tuple(map(_document, TWO))},
        same_person=(("P1", "P2"),),
        severity=None,
    ),
    Example(
        zh="同一档案重复上传",
        en="Uploaded twice to one file",
        given={**GIVEN, "documents": (_document(1), _document(1))},
        severity=None,
    ),
    Example(
        zh="上传失败的空文件",
        en="An upload that failed: an empty file",
        given={**GIVEN, "documents": tuple(_document(each, document_hash=sharing.EMPTY_FILE) for each in TWO)},
        severity=None,
    ),
)

RULE = Rule(
    id="N04",
    version="1",
    title_zh="同一材料用于多份档案",
    title_en="Re-used evidence",
    basis="社会救助暂行办法第六十八条：虚报、隐瞒、伪造；安政办〔2019〕15号 三（一）：证明材料真实",
    valid_from=dt.date(2019, 1, 1),
    published=dt.date(2026, 11, 27),
    severity="HIGH",
    inputs={"documents": "household_id document_hash certificate_no"},
    optional={**kinship.SOURCES, "aid": reading.AID},
    minimum_grade="G5",
    only_in_a_scan=True,
    find=find,
    zh="{files} 份档案（其中互无亲属关系的 {families} 户）的证明材料{how}相同。",
    en="A document of the same {how} supports {files} files ({families} unrelated households).",
    clears_zh="材料原件，或说明为模板页、共有材料、上传有误。",
    clears_en="The original, or a word that it is a template, a common document or a wrong upload.",
    exceptions={
        "kin": ("各户是否为亲属", "the households are kin"),
        "template": (
            "是否为空白表、模板或很多档案共有的页",
            "an empty file, a template or a page that very many files share",
        ),
        "same_original": ("是否确为各户共有的原件", "an original that rightly serves them all"),
    },
    parameters=("network.document_files", "network.hub_files", "network.booklet_files"),
    examples=EXAMPLES,
)
