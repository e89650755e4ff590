"""To which class each table belongs: what refers to a household goes with it, as the foreign keys tell; the rest is named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from sqlalchemy import Column, Table

from api.domain.retention import RetentionClass
from api.models import Base, Household, Human, Member, table

R = RetentionClass
CLASSES: Mapping[str, RetentionClass] = {
    "scans": R.SCAN,
    "feeds": R.FEED_EXTRACT,
    "feed_indexes": R.FEED_EXTRACT,
    "doubtful_rows": R.FEED_EXTRACT,
    "reads": R.READ,
    "read_subjects": R.READ,
    "lead_views": R.READ,
    "alarms": R.READ,
    "exports": R.EXPORT,
    "tokens": R.CREDENTIAL,
    "client_secrets": R.CREDENTIAL,
    "jobs": R.JOB,
    "idempotency_keys": R.PASSING,
    "outbox": R.PASSING,
    "webhook_deliveries": R.PASSING,
}
"""Tables that refer to no household and are deleted from when their time is over."""

EXEMPT: Mapping[str, str] = {
    "audit_events": "who did what to what, chained: codes and keys, nothing personal; proof outlives what it proves",
    "bank_answers": "files of the bank by their hash, in counts",
    "bank_lists": "who took the list of which cycle for the bank, and why again",
    "blind_draws": "how many households were drawn by chance where, in counts",
    "chain_cuts": "where the chain of reads begins, by number and hash",
    "clients": "programs of ours",
    "departments": "reference",
    "donation_pledges": "the ledger: what was promised, and what of it came",
    "donation_receipts": "the ledger: under which receipt money came, by which it is deducted from income",
    "donors": "the ledger: whose money it was; who wants to stay unnamed is kept so",
    "doubtful_kinds": "for what batches were doubted, by reason and column, in counts",
    "erasures": "that a household was erased, by a number that no row has any more",
    "fund_entries": "the ledger: amounts, and orders by a number that no row has any more",
    "funds": "the ledger",
    "installations": "a random name, by which a store is ours",
    "identities": "officers' accounts: an audit row without its author proves nothing",
    "key_checks": "keys by their number",
    "leaving_folders": "folders of the store that are about to go: the row goes with them",
    "measure_roles": "organisations",
    "organisation_names": "organisations",
    "organisation_places": "organisations",
    "organisations": "organisations",
    "payment_cycles": "the ledger: who drew up, approved and settled what sums",
    "programmes": "reference",
    "receipts": "what came when and from which department, by its hash and in counts: proof outlives what it proves",
    "resealings": "how far rotation is, in counts",
    "scan_receipts": "proof: hashes, versions and counts of a scan, signed",
    "scan_occasions": "when which scan was asked for by a schedule",
    "scan_schedules": "when scans of which division are asked for, and who said so",
    "rule_shadows": "which rule was set aside in which county, upon how many conclusions, and who brought it back",
    "snapshots": "which figures were frozen when, by their digest",
    "stage_moves": "reference: the table of moves",
    "targets": "goals, for figures that were frozen",
    "trusted_documents": "documents of client programs",
    "webhooks": "programs of ours: where what happened is told to",
    "uploads": "what a department announced and what came of it, by hash, in counts and figures; its bytes are a feed's",
    "users": "officers' accounts: an audit row without its author proves nothing",
}
"""Tables that are kept, each with its reason."""

MENTIONS = frozenset(
    {
        ("authorisations", "attachment_id"),
        ("authorisations", "guardian_id"),
        ("costs", "member_id"),
        ("enrolments", "member_id"),
        ("file_facts", "worker_id"),
        ("files", "previous_id"),
        ("files", "subject_member_id"),
        ("grants", "member_id"),
        ("snapshot_rows", "file_id"),
    }
)
"""References by which a row only names what is erased: it loses the name, and is kept where it can be."""


@dataclass(frozen=True)
class Edge:
    """A column by which rows of a table belong to rows of another, its parent."""

    column: Column[int]
    parent: Table

    @property
    def mentions(self) -> bool:
        """Whether a row survives what it names here."""
        return (self.column.table.name, self.column.name) in MENTIONS and bool(self.column.nullable)


@cache
def owned() -> Mapping[Table, tuple[Edge, ...]]:
    """Every table that belongs to households or their members, parents first, with the columns by which it does.

    People are apart: one may be in several households.
    """
    roots = {table(Household), table(Member)}
    found: dict[Table, tuple[Edge, ...]] = {}
    for each in Base.metadata.sorted_tables:
        if each is table(Human):
            continue
        edges = tuple(
            Edge(element.parent, element.column.table)
            for constraint in each.foreign_key_constraints
            if len(constraint.elements) == 1
            for element in constraint.elements
            if element.column.table in found or element.column.table in roots or element.column.table is each
        )
        if each in roots or any(edge.parent is not each for edge in edges):
            found[each] = edges
    return found


@cache
def of_people() -> tuple[Column[int], ...]:
    """Columns that refer to people, in tables that refer to no household."""
    ours = owned()
    return tuple(
        element.parent
        for each in Base.metadata.sorted_tables
        if each not in ours
        for constraint in each.foreign_key_constraints
        for element in constraint.elements
        if element.column.table is table(Human)
    )
