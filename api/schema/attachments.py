"""What is attached to a household's file. The bytes are taken in and handed out over HTTP (docs/register.md)."""

from __future__ import annotations

import datetime as dt

import strawberry

from api.domain.attachments import AttachmentKind
from api.domain.permissions import Permission
from api.loaders import attachments as loaders
from api.loaders.pages import MOST
from api.loaders.reading import Reading, Rows
from api.schema import guards, nodes
from api.schema.context import Info
from api.schema.enumerations import Words, described
from api.schema.households import ATTACHMENTS, ITS_HOUSEHOLD, NOT_LOADED, Household, Person, person_at
from api.schema.nodes import Id, Kind, kind
from api.schema.selection import Wanted
from api.schema.tree import Branch, branch
from api.schema.values import Node

described(
    AttachmentKind,
    "What an attachment is in a household's file.",
    {
        "APPLICATION_FORM": Words("申请书", "Application form", "签名的帮扶申请书。", "The signed application."),
        "AUTHORISATION": Words(
            "核对授权书", "Authorisation", "签名的核对授权委托书。", "A signed consent to be checked."
        ),
        "VISIT_PHOTO": Words("入户照片", "Visit's photograph", "入户走访的照片。", "Taken at a home visit."),
        "OBJECTION": Words("异议材料", "Objection", "公示异议的材料。", "What somebody objects with."),
        "EVIDENCE": Words("证明材料", "Evidence", "其他证明材料。", "Whatever else proves something."),
        "DECISION": Words("决定文书", "Decision", "决定的文书。", "The document of a decision."),
    },
)


@strawberry.type(description="A file attached to a household's: what it is, and where its bytes are handed out.")
class Attachment(Node):
    """A file attached to a household's."""

    key: strawberry.Private[int]
    household_key: strawberry.Private[int]
    member_key: strawberry.Private[int | None]
    kind: AttachmentKind = strawberry.field(description="What it is.")
    media_type: str = strawberry.field(
        description="As its first bytes tell it: application/pdf, image/jpeg, image/png, image/heic or image/tiff."
    )
    size: int = strawberry.field(description="In bytes.")
    digest: str = strawberry.field(description="The SHA-256 of its bytes, in hexadecimal.")
    name: str | None = strawberry.field(
        description="What it was called when it was taken in; null for viewers who see masks."
    )
    href: str = strawberry.field(
        description="Where its bytes are: `GET` it with the same Authorization; each time is on record."
    )
    uploaded_at: dt.datetime = strawberry.field(description="When it was taken in.")
    uploaded_by: str | None = strawberry.field(description="Who took it in; null where the viewer is not told.")
    household: Household = strawberry.field(default=NOT_LOADED, description="The household.")
    person: Person | None = strawberry.field(
        default=NOT_LOADED, description="Whose it is; null where it is the household's."
    )


def attachment_objects(reading: Reading, rows: Rows, wanted: Wanted) -> list[Attachment]:
    """Rows as attachments; what one of a protected household's is called may tell where it is."""
    name = reading.shown("attachments.name", wanted.has("name") and reading.sees_identity, lambda _: None)
    return [
        Attachment(
            id=strawberry.ID(public_id),
            key=row.id,
            household_key=row.household_id,
            member_key=row.member_id,
            kind=AttachmentKind(row.kind),
            media_type=row.media_type,
            size=row.size,
            digest=row.sha256,
            name=reading.whereabouts(row, name(row.name)),
            href=f"/attachments/{public_id}",
            uploaded_at=row.uploaded_at,
            uploaded_by=reading.whereabouts(row, row.uploader),
        )
        for row, public_id in zip(rows, reading.ids("Attachment", rows), strict=True)
    ]


@strawberry.type(description="What may be asked about attachments.")
class AttachmentQueries:
    """Attachments."""

    @guards.query(Permission.READ_CASES, "One attachment; null where there is none that this viewer may see.")
    async def attachment(self, info: Info, id: Id) -> Attachment | None:
        """One attachment."""
        found: Attachment | None = await nodes.one(info, "Attachment", id)
        return found


branch(
    Household,
    "attachments",
    Branch(
        "key",
        lambda reading, keys, below: loaders.attachments_of(reading, keys, below.most("first", ATTACHMENTS, MOST)),
        attachment_objects,
        "found_attachments",
    ),
)
branch(Attachment, "household", ITS_HOUSEHOLD)
branch(Attachment, "person", person_at("member_key", "person"))
kind("Attachment", Kind(loaders.by_key, attachment_objects, Permission.READ_CASES))
