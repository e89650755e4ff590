"""The whole schema: what may be asked, done and followed."""

from __future__ import annotations

import strawberry
from graphql import lexicographic_sort_schema, print_schema
from strawberry.schema.config import StrawberryConfig

from api.schema.accounts import AccountMutations, AccountQueries
from api.schema.agenda import AgendaQueries
from api.schema.answers import AnswerMutations
from api.schema.applications import ApplicationMutations
from api.schema.attachments import Attachment, AttachmentQueries
from api.schema.audit import AuditEvent, AuditQueries
from api.schema.beside import BesideMutations, BesideQueries
from api.schema.blind import BlindCase, BlindMutations, BlindQueries
from api.schema.causes import Cause, CauseMutations
from api.schema.checks import ApplicantCheck, CheckMutations
from api.schema.clients import ClientMutations, ClientQueries
from api.schema.consents import Authorisation, ConsentMutations
from api.schema.corrections import CorrectionMutations
from api.schema.declarations import Declaration
from api.schema.donors import Donor, DonorMutations, DonorQueries
from api.schema.doubts import DoubtfulRow, DoubtMutations, DoubtQueries
from api.schema.education import EducationQueries
from api.schema.emergencies import EmergencyException, EmergencyMutations, EmergencyQueries
from api.schema.entitlements import EntitlementMutations, EntitlementQueries
from api.schema.enumerations import EnumerationQueries
from api.schema.equity import EquityQueries
from api.schema.exits import ExitMutations, ExitQueries
from api.schema.exports import Export, ExportMutations, ExportQueries
from api.schema.feeds import Feed, FeedQueries
from api.schema.figures import FigureQueries
from api.schema.files import FileQueries, HardshipFile
from api.schema.findings import Finding, FindingMutations, FindingQueries
from api.schema.forms import FormMutations, FormQueries
from api.schema.funds import Fund, FundMutations, FundQueries
from api.schema.grants import Grant, GrantMutations, GrantQueries
from api.schema.households import Household, HouseholdQueries, Person
from api.schema.identities import IdentityMutations
from api.schema.incomes import IncomeMutations, IncomeQueries
from api.schema.inquiries import Inquiry, InquiryMutations, InquiryQueries
from api.schema.leads import LeadMutations, LeadQueries
from api.schema.lifecycle import LifecycleQueries
from api.schema.measures import MeasureMutations, MeasureQueries
from api.schema.nodes import NodeQueries
from api.schema.notices import NoticeMutations, NoticeQueries, PublicNotice
from api.schema.objections import Objection, ObjectionMutations, ObjectionQueries
from api.schema.officers import OfficerQueries
from api.schema.official_errors import OfficialError, OfficialErrorMutations, OfficialErrorQueries
from api.schema.organisations import OrganisationMutations, OrganisationQueries
from api.schema.parameters import ParameterQueries
from api.schema.payment_checks import PaymentCheck, PaymentCheckMutations, PaymentCheckQueries
from api.schema.payments import PaymentCycle, PaymentMutations, PaymentOrder, PaymentQueries
from api.schema.people import PeopleMutations
from api.schema.plans import AssistancePlan, PlanMutations, PlannedMeasure
from api.schema.pledges import DonationPledge, PledgeMutations, PledgeQueries
from api.schema.programmes import Enrolment, ProgrammeQueries
from api.schema.proposals import Proposal, ProposalMutations, ProposalQueries
from api.schema.protection import ProtectionMutations
from api.schema.queue import QueueQueries
from api.schema.reads import Alarm, Read, ReadMutations, ReadQueries
from api.schema.recoveries import Recovery, RecoveryMutations, RecoveryQueries
from api.schema.referrals import Referral, ReferralMutations, ReferralQueries
from api.schema.results import USER_ERRORS
from api.schema.rule_quality import RuleQualityMutations, RuleQualityQueries, RuleShadow
from api.schema.scalars import SCALARS
from api.schema.scan_schedules import ScanSchedule, ScanScheduleMutations, ScanScheduleQueries
from api.schema.scans import Scan, ScanMutations, ScanQueries, ScanSubscriptions
from api.schema.scorecards import ScorecardQueries
from api.schema.seasons import SeasonQueries
from api.schema.snapshots import Snapshot, SnapshotMutations, SnapshotQueries
from api.schema.steps import StepMutations
from api.schema.stop_requests import StopPreviewQueries
from api.schema.stops import StopMutations, StopProposal, StopQueries
from api.schema.targets import Target, TargetMutations, TargetQueries
from api.schema.tasks import Task, TaskMutations, TaskQueries
from api.schema.uploads import Upload, UploadMutations, UploadQueries, UploadSubscriptions
from api.schema.verifications import (
    VerificationAnswer,
    VerificationMutations,
    VerificationQueries,
    VerificationRequest,
)
from api.schema.visits import HomeVisit, VisitMutations
from api.schema.watches import Watch, WatchMutations, WatchQueries
from api.schema.webhooks import Webhook, WebhookDelivery, WebhookMutations, WebhookQueries


@strawberry.type(description="What may be asked.")
class Query(
    AccountQueries,
    OrganisationQueries,
    MeasureQueries,
    ClientQueries,
    WebhookQueries,
    ExportQueries,
    NodeQueries,
    EnumerationQueries,
    HouseholdQueries,
    FormQueries,
    AttachmentQueries,
    EmergencyQueries,
    FileQueries,
    LifecycleQueries,
    ProgrammeQueries,
    ParameterQueries,
    GrantQueries,
    IncomeQueries,
    ExitQueries,
    ProposalQueries,
    WatchQueries,
    FindingQueries,
    InquiryQueries,
    LeadQueries,
    BesideQueries,
    BlindQueries,
    QueueQueries,
    RuleQualityQueries,
    TaskQueries,
    EntitlementQueries,
    SeasonQueries,
    EducationQueries,
    OfficerQueries,
    ReferralQueries,
    VerificationQueries,
    NoticeQueries,
    ObjectionQueries,
    StopPreviewQueries,
    StopQueries,
    RecoveryQueries,
    OfficialErrorQueries,
    ScanQueries,
    ScanScheduleQueries,
    UploadQueries,
    DoubtQueries,
    FeedQueries,
    ScorecardQueries,
    EquityQueries,
    AgendaQueries,
    FundQueries,
    DonorQueries,
    PledgeQueries,
    PaymentQueries,
    PaymentCheckQueries,
    SnapshotQueries,
    FigureQueries,
    TargetQueries,
    ReadQueries,
    AuditQueries,
):
    """What may be asked; every field may be null, so that a refusal of one leaves the others answered."""


@strawberry.type(description="What may be done.")
class Mutation(
    AccountMutations,
    IdentityMutations,
    OrganisationMutations,
    MeasureMutations,
    ProtectionMutations,
    ClientMutations,
    WebhookMutations,
    ExportMutations,
    ScanMutations,
    ScanScheduleMutations,
    UploadMutations,
    DoubtMutations,
    AnswerMutations,
    ApplicationMutations,
    PeopleMutations,
    CorrectionMutations,
    FormMutations,
    StepMutations,
    FindingMutations,
    InquiryMutations,
    LeadMutations,
    RuleQualityMutations,
    BlindMutations,
    BesideMutations,
    ConsentMutations,
    EmergencyMutations,
    CauseMutations,
    GrantMutations,
    VisitMutations,
    PlanMutations,
    ReferralMutations,
    VerificationMutations,
    CheckMutations,
    TaskMutations,
    EntitlementMutations,
    NoticeMutations,
    ObjectionMutations,
    IncomeMutations,
    ExitMutations,
    ProposalMutations,
    WatchMutations,
    StopMutations,
    RecoveryMutations,
    OfficialErrorMutations,
    FundMutations,
    DonorMutations,
    PledgeMutations,
    PaymentMutations,
    PaymentCheckMutations,
    SnapshotMutations,
    TargetMutations,
    ReadMutations,
):
    """What may be done."""


@strawberry.type(description="What may be followed.")
class Subscription(ScanSubscriptions, UploadSubscriptions):
    """What may be followed."""


schema = strawberry.Schema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    config=StrawberryConfig(scalar_map=SCALARS),
    types=[
        Household,
        Person,
        Declaration,
        Authorisation,
        EmergencyException,
        Attachment,
        HardshipFile,
        Enrolment,
        Grant,
        Proposal,
        Watch,
        Finding,
        Inquiry,
        RuleShadow,
        BlindCase,
        Task,
        Cause,
        HomeVisit,
        AssistancePlan,
        PlannedMeasure,
        Referral,
        VerificationRequest,
        VerificationAnswer,
        ApplicantCheck,
        PublicNotice,
        Objection,
        StopProposal,
        Recovery,
        OfficialError,
        Fund,
        Donor,
        DonationPledge,
        Export,
        Webhook,
        WebhookDelivery,
        PaymentCycle,
        PaymentOrder,
        PaymentCheck,
        Snapshot,
        Target,
        Scan,
        ScanSchedule,
        Upload,
        DoubtfulRow,
        Feed,
        Read,
        Alarm,
        AuditEvent,
        *dict.fromkeys(USER_ERRORS.values()),
    ],
)
"""Described here, and executed by the gate."""


def printed() -> str:
    """The schema in its own language, sorted: the file schema.graphql."""
    return print_schema(lexicographic_sort_schema(schema._schema)) + "\n"
