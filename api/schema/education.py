"""The education chain of a household's students: admission aid, support in school, employment aid."""

from __future__ import annotations

from typing import Annotated

import strawberry

from api.domain.catalogue import ChainLink
from api.domain.education import SchoolStage
from api.domain.permissions import Permission
from api.loaders import households as homes
from api.schema import guards, nodes
from api.schema.context import Info
from api.schema.entitlement_terms import AidStanding, Likelihood
from api.schema.enumerations import Words, described
from api.schema.households import NOT_LOADED, Person, person_at
from api.schema.selection import wanted
from api.schema.sizes import about
from api.schema.tree import branch, grow
from api.services import education, entitlements
from api.services.entitlements import Day

described(
    ChainLink,
    "A link of the education chain.",
    {
        "ADMISSION": Words("入学救助", "Admission", "入学、升学时的救助。", "Aid when somebody enters a school."),
        "IN_SCHOOL": Words("在校扶助", "In school", "在校期间每学年的扶助。", "Aid in each school year."),
        "EMPLOYMENT": Words(
            "就业援助", "Employment", "离校未就业的援助。", "Help for who left school and has no work."
        ),
    },
)
described(
    SchoolStage,
    "How far somebody is at school, as declared.",
    {
        "PRIMARY": Words("小学", "Primary", "小学。", "Primary school."),
        "JUNIOR": Words("初中", "Junior", "初中。", "Junior secondary school."),
        "SENIOR": Words("高中阶段", "Senior", "高中、中专、职高。", "Senior secondary school of any kind."),
        "HIGHER": Words("高等教育", "Higher", "大专、本科、研究生。", "College and university."),
    },
)


@strawberry.type(description="A link of the education chain for one student, in this school year.")
class ChainLinkState:
    """A link of the chain."""

    link: ChainLink = strawberry.field(description="Which.")
    due: Likelihood = strawberry.field(
        description="Whether the student has come to it; CANNOT_TELL where nobody said how far they are at school."
    )
    standing: AidStanding = strawberry.field(description="What is on record of its programmes, the best of them.")
    programme_codes: list[str] = strawberry.field(description="The programmes of the link.", metadata=about(3))


@strawberry.type(description="Somebody who is, or was, at school as far as is known, and their links of the chain.")
class StudentChain:
    """A student's chain."""

    person_key: strawberry.Private[int]
    stage: SchoolStage | None = strawberry.field(description="As declared; null where nobody said it.")
    links: list[ChainLinkState] = strawberry.field(description="The links, in their order.", metadata=about(3))
    person: Person | None = strawberry.field(default=NOT_LOADED, description="The student.")


@strawberry.type(description="What may be asked about the education chain.")
class EducationQueries:
    """The education chain."""

    @guards.query(
        Permission.READ_CASES,
        "The education chain of each of a household's students in this school year. Who may be one is among them; of whom "
        "nothing says so and who is too old is not. Empty where there is no such household that this viewer may see.",
        rows=2,
    )
    async def education_chain(
        self, info: Info, household_id: Annotated[strawberry.ID, strawberry.argument(description="The household.")]
    ) -> list[StudentChain] | None:
        """The education chain of a household's students."""
        key, asked = nodes.key_of(info, "Household", household_id), wanted(info)
        async with info.context.reading() as reading:
            if key is None or not await homes.by_key(reading, [key]):
                return []
            cleared = reading.viewer.cleared
            (home,) = await entitlements.homes(reading.connection, [key], reading.today, cleared=cleared)
            reading.log.saw_households([key])
            found = [
                StudentChain(
                    person_key=each.member_id,
                    stage=each.stage,
                    links=[
                        ChainLinkState(
                            link=link.link, due=link.due, standing=link.standing, programme_codes=[*link.programmes]
                        )
                        for link in each.links
                    ],
                )
                for each in education.students(home, Day.of(reading.today, home.division_code))
            ]
            await grow(reading, found, asked, asked.times)
        return found


branch(StudentChain, "person", person_at("person_key", "person"))
