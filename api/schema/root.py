"""The whole schema: what may be asked, done and followed."""

from __future__ import annotations

import strawberry
from graphql import GraphQLError, lexicographic_sort_schema, print_schema
from strawberry.extensions import MaxTokensLimiter, ParserCache, ValidationCache
from strawberry.types import ExecutionContext

from api.schema.accounts import AccountQueries
from api.schema.context import ContextPerOperation
from api.schema.errors import Words
from api.schema.findings import Finding, FindingMutations, FindingQueries
from api.schema.households import Household, HouseholdQueries, Person
from api.schema.limits import Limits
from api.schema.nodes import NodeQueries
from api.schema.programmes import Enrolment, ProgrammeQueries
from api.schema.scans import Scan, ScanMutations, ScanQueries, ScanSubscriptions
from api.schema.straight import StraightExecutor

MOST_TOKENS = 5_000
CACHED_DOCUMENTS = 500


@strawberry.type(description="What may be asked.")
class Query(AccountQueries, NodeQueries, HouseholdQueries, ProgrammeQueries, FindingQueries, ScanQueries):
    """What may be asked; every field may be null, so that a refusal of one leaves the others answered."""


@strawberry.type(description="What may be done.")
class Mutation(ScanMutations, FindingMutations):
    """What may be done."""


@strawberry.type(description="What may be followed.")
class Subscription(ScanSubscriptions):
    """What may be followed."""


class _Schema(strawberry.Schema):
    """Logs no error by itself: the log would show the document, and with it whom it asks about; see errors.Words."""

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Nothing."""


schema = _Schema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    types=[Household, Person, Enrolment, Finding, Scan],
    execution_context_class=StraightExecutor,
    extensions=[
        lambda: MaxTokensLimiter(MOST_TOKENS),
        lambda: ParserCache(CACHED_DOCUMENTS),
        lambda: ValidationCache(CACHED_DOCUMENTS),
        ContextPerOperation,
        Limits,
        Words,
    ],
)


def printed() -> str:
    """The schema in its own language, sorted: the file schema.graphql."""
    return print_schema(lexicographic_sort_schema(schema._schema)) + "\n"
