"""The tables, one file a noun; nothing here loads itself, and every query is written where it is used."""

from api.models.accounts import Client, ClientSecret, Identity, Organisation, Token, User
from api.models.base import Base, table
from api.models.casework import Task
from api.models.documents import TrustedDocument
from api.models.feeds import Department, Feed
from api.models.files import Decision, File, FilePerson, StageMove, Transition
from api.models.findings import Finding, FindingPerson, Review
from api.models.households import Authorisation, Household, Human, Member
from api.models.programmes import Enrolment, Payment, Programme
from api.models.reads import Alarm, Read, ReadSubject
from api.models.scans import Link, Scan
from api.models.work import AuditEvent, IdempotencyKey, Job, KeyCheck, OutboxEvent

__all__ = [
    "Alarm",
    "AuditEvent",
    "Authorisation",
    "Base",
    "Client",
    "ClientSecret",
    "Decision",
    "Department",
    "Enrolment",
    "Feed",
    "File",
    "FilePerson",
    "Finding",
    "FindingPerson",
    "Household",
    "Human",
    "IdempotencyKey",
    "Identity",
    "Job",
    "KeyCheck",
    "Link",
    "Member",
    "Organisation",
    "OutboxEvent",
    "Payment",
    "Programme",
    "Read",
    "ReadSubject",
    "Review",
    "Scan",
    "StageMove",
    "Task",
    "Token",
    "Transition",
    "TrustedDocument",
    "User",
    "table",
]
