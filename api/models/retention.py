"""What was deleted because its time was over: which households, under which class, and where the trail of reads was cut.

Nothing here tells whose data it was.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from api.database import Key
from api.models.base import Base, Exact, Moment, PrimaryKey, Sealed


class Erasure(Base):
    """A household whose time is over: without this row the database lets nobody delete its moves and decisions.

    `household_id` is a number that no row has any more, and no foreign key.
    """

    __tablename__ = "erasures"

    household_id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    retention_class: Mapped[str]
    due_on: Mapped[dt.date]
    erased_at: Mapped[Moment]


class ChainCut(Base):
    """Where a chain begins since its oldest rows were deleted: the number and hash of the last row that is gone.

    `seal` says the same under the key, so that nobody who has the database alone can make a cut.
    """

    __tablename__ = "chain_cuts"
    __table_args__ = (CheckConstraint("number > 0", name="number"),)

    id: Mapped[PrimaryKey]
    chain: Mapped[Exact]
    number: Mapped[int]
    hash: Mapped[str]
    seal: Mapped[Sealed]
    cut_at: Mapped[Moment]
