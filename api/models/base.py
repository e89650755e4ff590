"""What all tables share: constraint names by convention, and the types of their columns.

`Sealed` columns hold what `sealing` made; an `_index` column beside one holds that by which its value is found.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, ClassVar, cast

from sqlalchemy import Date, Identity, LargeBinary, MetaData, String, Table
from sqlalchemy.orm import DeclarativeBase, mapped_column

from api.database import Code, Json, Key, UtcDateTime


class SealedBytes(LargeBinary):
    """What the vault made: by this type, rotation finds every column of the kind."""


PrimaryKey = Annotated[int, mapped_column(Key, Identity(), primary_key=True)]
Sealed = Annotated[bytes, mapped_column(SealedBytes)]
Moment = Annotated[dt.datetime, mapped_column(UtcDateTime)]
Exact = Annotated[str, mapped_column(Code)]
Structure = Annotated[dict[str, Any], mapped_column(Json)]
Structures = Annotated[list[Any], mapped_column(Json)]


class Base(DeclarativeBase):
    """A table of ours."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {str: String(), dt.date: Date(), int: Key}


def table(model: type[Base]) -> Table:
    """The table of a model, for statements that are written column by column."""
    return cast(Table, model.__table__)
