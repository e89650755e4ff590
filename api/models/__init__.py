"""The tables, one file a noun; nothing here loads itself, and every query is written where it is used."""

from api.models.accounts import Client, ClientSecret, Identity, Organisation, Token, User
from api.models.attachments import Attachment
from api.models.base import Base, table
from api.models.categories import FileCategory
from api.models.casework import Referral, Task
from api.models.causes import Cause, CauseEvent
from api.models.consents import Authorisation, EmergencyException
from api.models.documents import TrustedDocument
from api.models.feeds import Department, Feed
from api.models.files import Decision, File, FilePerson, StageMove, Transition
from api.models.findings import Finding, FindingPerson, Review
from api.models.households import Household, Human, Member
from api.models.plans import Plan, PlannedMeasure, Progress
from api.models.programmes import Enrolment, Payment, Programme
from api.models.reads import Alarm, Read, ReadSubject
from api.models.scans import Link, Scan
from api.models.visits import ContactOfficer, HomeVisit, VisitPhoto, Visitor
from api.models.work import AuditEvent, IdempotencyKey, Job, KeyCheck, OutboxEvent

__all__ = [
    "Alarm",
    "Attachment",
    "AuditEvent",
    "Authorisation",
    "Base",
    "Cause",
    "CauseEvent",
    "Client",
    "ClientSecret",
    "ContactOfficer",
    "Decision",
    "Department",
    "EmergencyException",
    "Enrolment",
    "Feed",
    "File",
    "FileCategory",
    "FilePerson",
    "Finding",
    "FindingPerson",
    "HomeVisit",
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
    "Plan",
    "PlannedMeasure",
    "Programme",
    "Progress",
    "Read",
    "ReadSubject",
    "Referral",
    "Review",
    "Scan",
    "StageMove",
    "Task",
    "Token",
    "Transition",
    "TrustedDocument",
    "User",
    "VisitPhoto",
    "Visitor",
    "table",
]
