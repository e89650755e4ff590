"""A round of verification is looked at in the index that is asked, so that whoever asks next is answered at once."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from api.database import reading
from api.matching.desk import Desk
from api.services import checks
from api.work.held import Held


async def carry_out(held: Held) -> None:
    """What the feeds in use say of its people is among its answers, unless it was looked at, is closed, or there is no index."""
    async with reading(held.engine) as connection:
        question = await checks.question(connection, held.vault, held.job.subject, held.data_dir, held.now())
    if question is None or question.kept == question.mark:
        return
    content = await Desk().check(question.where, question.home(held.vault))
    async with held.writing() as connection:
        looked = [(question, content)]
        await checks.keep_unchanged(connection, held.vault, looked, held.data_dir, held.now())


async def give_up(held: Held, connection: AsyncConnection, failure: str) -> None:
    """Its answers stay unanswered, which they say."""
