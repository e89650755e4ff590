"""The tables, one file a noun; nothing here loads itself, and every query is written where it is used."""

from api.models.accounts import Client, ClientSecret, Identity, Organisation, Token, User
from api.models.answers import ListedAnswer
from api.models.attachments import Attachment
from api.models.base import Base, table
from api.models.casework import Referral, Task
from api.models.causes import Cause, CauseEvent
from api.models.consents import Authorisation, EmergencyException
from api.models.declarations import Declaration, ExternalReference, MemberChange
from api.models.documents import TrustedDocument
from api.models.donations import DonationPledge, DonationReceipt, Donor
from api.models.doubts import DoubtfulKind, DoubtfulRow
from api.models.exits import ExitAssessment, IncomeMonth, Proposal, Watch
from api.models.exports import Export
from api.models.feeds import Department, Feed, FeedIndex
from api.models.files import Decision, File, FileFact, FilePerson, StageMove, Transition
from api.models.findings import Finding, FindingPerson, Review
from api.models.funds import Fund, FundEntry
from api.models.grants import Claim, Cost, CostShare, Grant
from api.models.households import Household, Human, Member
from api.models.keeping import FileTransfer, Recognition
from api.models.keys import KeyCheck, Resealing
from api.models.notices import Notice, Objection
from api.models.organisations import OrganisationName, OrganisationPlace, RoleAssignment
from api.models.payments import BankAnswer, BankList, OrderMonth, PaymentCheck, PaymentCycle, PaymentOrder
from api.models.plans import Plan, PlannedMeasure, Progress
from api.models.programmes import Enrolment, Payment, Programme
from api.models.protection import Protection
from api.models.quality import BlindCase, BlindDraw, PairJudgement, RuleShadow
from api.models.reads import Alarm, Read, ReadSubject
from api.models.recoveries import OfficialError, Recovery, RecoveryEntry
from api.models.retention import ChainCut, Erasure
from api.models.reviewing import Conclusion, Inquiry, LeadHolder, LeadNotice, LeadView
from api.models.scans import Link, Scan, ScanOccasion, ScanReceipt, ScanSchedule
from api.models.snapshots import Snapshot, SnapshotRow, Target
from api.models.stops import AidNotice, Stop, StopProposal
from api.models.stores import Installation, LeavingFolder
from api.models.uploads import Receipt, Upload
from api.models.verifications import ApplicantCheck, HouseholdCheck, VerificationAnswer, VerificationRequest
from api.models.visits import ContactOfficer, HomeVisit, Visitor, VisitPhoto
from api.models.webhooks import Webhook, WebhookDelivery
from api.models.work import AuditEvent, IdempotencyKey, Job, OutboxEvent

__all__ = [
    "AidNotice",
    "Alarm",
    "ApplicantCheck",
    "Attachment",
    "AuditEvent",
    "Authorisation",
    "BankAnswer",
    "BankList",
    "Base",
    "BlindCase",
    "BlindDraw",
    "Cause",
    "CauseEvent",
    "ChainCut",
    "Claim",
    "Client",
    "ClientSecret",
    "Conclusion",
    "ContactOfficer",
    "Cost",
    "CostShare",
    "Decision",
    "Declaration",
    "Department",
    "DonationPledge",
    "DonationReceipt",
    "Donor",
    "DoubtfulKind",
    "DoubtfulRow",
    "EmergencyException",
    "Enrolment",
    "Erasure",
    "ExitAssessment",
    "Export",
    "ExternalReference",
    "Feed",
    "FeedIndex",
    "File",
    "FileFact",
    "FilePerson",
    "FileTransfer",
    "Finding",
    "FindingPerson",
    "Fund",
    "FundEntry",
    "Grant",
    "HomeVisit",
    "Household",
    "HouseholdCheck",
    "Human",
    "IdempotencyKey",
    "Identity",
    "IncomeMonth",
    "Inquiry",
    "Installation",
    "Job",
    "KeyCheck",
    "LeadHolder",
    "LeadNotice",
    "LeadView",
    "LeavingFolder",
    "Link",
    "ListedAnswer",
    "Member",
    "MemberChange",
    "Notice",
    "Objection",
    "OfficialError",
    "OrderMonth",
    "Organisation",
    "OrganisationName",
    "OrganisationPlace",
    "OutboxEvent",
    "PairJudgement",
    "Payment",
    "PaymentCheck",
    "PaymentCycle",
    "PaymentOrder",
    "Plan",
    "PlannedMeasure",
    "Programme",
    "Progress",
    "Proposal",
    "Protection",
    "Read",
    "ReadSubject",
    "Receipt",
    "Recognition",
    "Recovery",
    "RecoveryEntry",
    "Referral",
    "Resealing",
    "Review",
    "RoleAssignment",
    "RuleShadow",
    "Scan",
    "ScanOccasion",
    "ScanReceipt",
    "ScanSchedule",
    "Snapshot",
    "SnapshotRow",
    "StageMove",
    "Stop",
    "StopProposal",
    "Target",
    "Task",
    "Token",
    "Transition",
    "TrustedDocument",
    "Upload",
    "User",
    "VerificationAnswer",
    "VerificationRequest",
    "VisitPhoto",
    "Visitor",
    "Watch",
    "Webhook",
    "WebhookDelivery",
    "table",
]
