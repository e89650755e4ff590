"""What one operation shows of people, gathered while it is loaded; the audit of reads (F-28) is made of it.

The vault's door tells which sealed columns were opened and whether whole; whoever makes objects of rows tells whose
they are; the tree tells which fields were asked for. Values are never told: not the one a search looked for, either.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from api.domain.errors import AttachmentLost, BadPurpose, Forbidden, Internal, TimedOut, TooCostly, Untrusted


class IdentityShown(StrEnum):
    """How much of somebody's identity was shown: the most telling of what an operation opened."""

    NONE = "NONE"
    MASKED = "MASKED"
    WHOLE = "WHOLE"


class ReadOutcome(StrEnum):
    """What became of an operation."""

    ANSWERED = "ANSWERED"
    PARTLY_REFUSED = "PARTLY_REFUSED"
    REFUSED = "REFUSED"
    FAILED = "FAILED"


TELLING = frozenset(
    {
        "Income",
        "HouseholdIncome",
        "ExitAssessment",
        "Proposal",
        "VerificationRequest",
        "VerificationAnswer",
        "VerificationSource",
        "ApplicantCheck",
        "CheckedLink",
        "CheckedLead",
        "CheckedSource",
        "Watch",
        "Household",
        "Person",
        "Enrolment",
        "Grant",
        "GrantBill",
        "GrantOutcome",
        "GrantFinding",
        "Payment",
        "PaymentOrder",
        "OrderMonth",
        "PaymentCheck",
        "Donor",
        "Link",
        "SideBySide",
        "RecordValue",
        "HardshipFile",
        "Transition",
        "Recognition",
        "FileTransfer",
        "NextStep",
        "Finding",
        "BlindCase",
        "Review",
        "Inquiry",
        "LeadHolder",
        "LeadNotice",
        "LeadNoticeText",
        "Conclusion",
        "DecisionProof",
        "LeadAct",
        "Protection",
        "PublicNotice",
        "Objection",
        "Task",
        "TaskDetail",
        "TaskEntitlement",
        "PrefilledReferral",
        "Eligibility",
        "PlanCoverage",
        "CauseCover",
        "StudentChain",
        "ChainLinkState",
        "Cause",
        "CauseResolution",
        "HomeVisit",
        "ContactOfficer",
        "Officer",
        "AssistancePlan",
        "PlannedMeasure",
        "Progress",
        "Referral",
        "StopProposal",
        "AidNotice",
        "StopDecision",
        "StopPreview",
        "ChangedMonth",
        "Recovery",
        "RecoveryEntry",
        "OfficialError",
        "Authorisation",
        "AuthorisationUse",
        "EmergencyException",
        "Attachment",
        "Declaration",
        "MemberChange",
        "FormValue",
        "MissingField",
        "ExternalReference",
        "Read",
        "AuditEvent",
    }
)
"""Types whose fields tell something about somebody."""

TRAILS = ("Read.", "AuditEvent.")
"""Fields of the lists of reads and of acts themselves."""

SILENT = frozenset({"id", "__typename", "masked", "version"})
"""Fields of theirs that tell nothing."""

REFUSALS = frozenset(each.code for each in (Forbidden, TooCostly, BadPurpose, Untrusted))
"""Codes of refusals that are worth a row though nothing was shown; a slip in a document or an argument is not."""

FAULTS = frozenset({AttachmentLost.code, Internal.code, TimedOut.code})
"""Codes of answers that were not, or not wholly, given after something had been read."""

PERSON, HOUSEHOLD = 1, 2
"""Whom a read is about, as the index of reads tells them apart."""

OF_PEOPLE = ("members.", "attachments.content")
"""Columns of people, and papers that tell of all of a household; other sealed ones are a household's, or of what is."""


@dataclass(slots=True)
class ReadLog:
    """What an operation has shown so far. It costs a few set operations a level, however long the page."""

    people: set[int] = field(default_factory=set)
    households: set[int] = field(default_factory=set)
    fields: set[str] = field(default_factory=set)
    whole: set[str] = field(default_factory=set)
    masked: set[str] = field(default_factory=set)
    searches: list[tuple[tuple[str, ...], int]] = field(default_factory=list)
    refusals: set[str] = field(default_factory=set)
    leads: dict[int, int] = field(default_factory=dict)

    def viewed(self, leads: Iterable[tuple[int, int]]) -> None:
        """These leads were shown with what was compared, each at its version."""
        self.leads.update(leads)

    @property
    def alone(self) -> tuple[int, int] | None:
        """The one lead that was shown so, and its version: whoever is shown several has looked at none by itself (F-4)."""
        return next(iter(self.leads.items())) if len(self.leads) == 1 else None

    def saw_people(self, keys: Iterable[int]) -> None:
        """These people were shown, by their keys."""
        self.people.update(keys)

    def saw_households(self, keys: Iterable[int]) -> None:
        """These households, or something that is theirs, were shown."""
        self.households.update(keys)

    def opened(self, column: str, *, whole: bool) -> None:
        """A sealed column (`table.column`) was opened for the answer."""
        (self.whole if whole else self.masked).add(column)

    def asked(self, type_name: str, names: Iterable[str]) -> None:
        """Fields of objects of this type stand in the answer."""
        if type_name in TELLING:
            self.fields.update(f"{type_name}.{name}" for name in names if name not in SILENT)

    def searched(self, names: Iterable[str], found: int) -> None:
        """Somebody was looked for by these exact values, which are not kept; so many rows were found on the page."""
        self.searches.append((tuple(sorted(names)), found))

    def refused(self, code: str) -> None:
        """A mutation was refused with this code, in its payload."""
        self.refusals.add(code)

    @property
    def identity(self) -> IdentityShown:
        """How much of identities was shown."""
        if self._any(self.whole):
            return IdentityShown.WHOLE
        return IdentityShown.MASKED if self._any(self.masked) else IdentityShown.NONE

    @property
    def whole_people(self) -> bool:
        """Whether people's own values were shown whole: of one operation's people, taken as of all."""
        return bool(self.people) and any(column.startswith(OF_PEOPLE) for column in self.whole)

    @property
    def whole_households(self) -> bool:
        """Whether households' own values were shown whole."""
        return bool(self.households) and any(not column.startswith(OF_PEOPLE) for column in self.whole)

    def _any(self, columns: set[str]) -> bool:
        """Whether there was anybody of whom one of these columns could be shown."""
        return any(self.people if column.startswith(OF_PEOPLE) else self.households for column in columns)

    @property
    def shows(self) -> bool:
        """Whether the answer tells something about somebody, or of who read or did what."""
        about_somebody = bool(self.people or self.households)
        trail = any(name.startswith(TRAILS) for name in self.fields)
        return bool(self.searches) or trail or (about_somebody and bool(self.fields or self.whole or self.masked))

    def outcome(self, codes: Iterable[str]) -> ReadOutcome | None:
        """What became of the operation whose errors have these codes; None where there is nothing to record."""
        told = self.refusals.union(codes)
        if self.shows:
            if told & FAULTS:
                return ReadOutcome.FAILED
            return ReadOutcome.PARTLY_REFUSED if told & REFUSALS else ReadOutcome.ANSWERED
        return ReadOutcome.REFUSED if told & REFUSALS else None
