"""Who may see and do what, as people have reviewed it: a line for every field of the schema; what has none fails the tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from api.domain import days
from api.domain.clocks import months_after
from api.domain.permissions import Permission

P = Permission
EVERYBODY, SIGNED_IN = "EVERYBODY", "SIGNED_IN"
TO_COME = months_after(days.today(days.this_moment()).replace(day=1), 2)
"""A month to come, in which aid may be stopped."""


@dataclass(frozen=True, slots=True)
class Asked:
    """How a field of Query is asked about something that lies in one county.

    `takes` is what it takes to be answered at all. `lies` is whether the answer lies in a division: then whoever answers
    for another sees an empty list, or null.
    """

    takes: Permission | str
    query: str
    lies: bool = True


QUERIES = {
    "viewer": Asked(EVERYBODY, "{ viewer { login } }", lies=False),
    "enumerations": Asked(SIGNED_IN, '{ enumerations(names: ["Role"]) { name } }', lies=False),
    "programmes": Asked(SIGNED_IN, "{ programmes { code } }", lies=False),
    "serviceList": Asked(SIGNED_IN, "{ serviceList { code } }", lies=False),
    "parameters": Asked(SIGNED_IN, '{ parameters(keys: ["notice.working_days"]) { key } }', lies=False),
    "dibaoLine": Asked(SIGNED_IN, '{ dibaoLine(month: "2026-05") { basis } }', lies=False),
    "departments": Asked(SIGNED_IN, "{ departments { code } }", lies=False),
    "measures": Asked(SIGNED_IN, "{ measures { number } }", lies=False),
    "organisationTree": Asked(SIGNED_IN, '{ organisationTree(after: "targer") { code } }'),
    "households": Asked(P.READ_CASES, '{ households(filter: {references: ["$reference"]}) { nodes { id } } }'),
    "household": Asked(P.READ_CASES, '{ household(id: "$Household") { id } }'),
    "person": Asked(P.READ_CASES, '{ person(id: "$Person") { id } }'),
    "files": Asked(P.READ_CASES, '{ files(filter: {householdIds: ["$Household"]}) { nodes { id } } }'),
    "file": Asked(P.READ_CASES, '{ file(id: "$HardshipFile") { id } }'),
    "fileHistory": Asked(P.READ_CASES, '{ fileHistory(householdId: "$Household") { number } }'),
    "lifecycle": Asked(SIGNED_IN, "{ lifecycle { moves { action } } }", lies=False),
    "nextSteps": Asked(P.KEEP_FILES, '{ nextSteps(householdId: "$Household") { toStage } }'),
    "formFields": Asked(SIGNED_IN, "{ formFields(part: WORKER) { code } }", lies=False),
    "missingFields": Asked(P.READ_CASES, '{ missingFields(householdId: "$Household") { code } }'),
    "attachment": Asked(P.READ_CASES, '{ attachment(id: "$Attachment") { id } }'),
    "emergencyExceptions": Asked(
        P.READ_AUDIT, '{ emergencyExceptions(filter: {divisionCode: "410502"}) { nodes { id } } }'
    ),
    "tasks": Asked(P.READ_CASES, '{ tasks(filter: {householdIds: ["$Household"]}) { nodes { id } } }'),
    "eligibleFor": Asked(P.READ_CASES, '{ eligibleFor(householdId: "$Household") { programmeCode } }'),
    "seasons": Asked(P.READ_CASES, "{ seasons { programmeCode } }", lies=False),
    "educationChain": Asked(P.READ_CASES, '{ educationChain(householdId: "$Household") { stage } }'),
    "officers": Asked(P.READ_CASES, '{ officers(divisionCode: "410502", loginPrefix: "target") { login } }'),
    "referrals": Asked(P.READ_REFERRALS, '{ referrals(filter: {divisionCode: "410502"}) { nodes { id } } }'),
    "verificationRequests": Asked(
        P.READ_CASES, '{ verificationRequests(filter: {divisionCode: "410502"}) { nodes { id } } }'
    ),
    "verificationAnswers": Asked(
        P.READ_REFERRALS, '{ verificationAnswers(filter: {sources: ["population"]}) { nodes { id } } }'
    ),
    "incomes": Asked(P.READ_CASES, '{ incomes(personId: "$Person") { answer } }'),
    "perCapitaIncome": Asked(
        P.READ_CASES, '{ perCapitaIncome(householdId: "$Household", month: "2024-05") { known } }'
    ),
    "exitAssessment": Asked(P.READ_CASES, '{ exitAssessment(householdId: "$Household") { causes } }'),
    "exitAssessments": Asked(P.READ_CASES, '{ exitAssessments(householdId: "$Household") { causes } }'),
    "grants": Asked(P.READ_GRANTS, '{ grants(filter: {divisionCode: "410502"}) { nodes { id } } }'),
    "grant": Asked(P.READ_GRANTS, '{ grant(id: "$Grant") { id } }'),
    "checkGrant": Asked(
        P.KEEP_FILES,
        '{ checkGrant(request: {householdId: "$Household", programmeCode: "DIBAO", firstMonth: "2026-01", '
        'lastMonth: "2026-01", period: MONTH, amount: "1.00"}) { grantable } }',
    ),
    "proposals": Asked(P.READ_CASES, '{ proposals(filter: {householdIds: ["$Household"]}) { nodes { id } } }'),
    "proposal": Asked(P.READ_CASES, '{ proposal(id: "$Proposal") { id } }'),
    "watches": Asked(P.READ_CASES, '{ watches(filter: {householdIds: ["$Household"]}) { nodes { id } } }'),
    "watch": Asked(P.READ_CASES, '{ watch(id: "$Watch") { id } }'),
    "funds": Asked(P.READ_CASES, '{ funds(filter: {divisionCode: "410502"}) { nodes { id } } }'),
    "fund": Asked(P.READ_CASES, '{ fund(id: "$Fund") { id } }'),
    "fundEntries": Asked(P.READ_CASES, '{ fundEntries(filter: {fundIds: ["$Fund"]}) { nodes { kind } } }'),
    "fundUse": Asked(P.READ_CASES, '{ fundUse(divisionCode: "410502") { source } }'),
    "scorecards": Asked(P.READ_CASES, '{ scorecards(divisionCode: "410502") { firstDay } }'),
    "agendaPack": Asked(P.READ_CASES, '{ agendaPack(divisionCode: "410502") { digest } }'),
    "equityReport": Asked(P.READ_CASES, '{ equityReport(divisionCode: "410502") { households } }'),
    "donors": Asked(P.READ_CASES, '{ donors(filter: {divisionCode: "410502"}) { nodes { id } } }'),
    "pledges": Asked(P.READ_CASES, '{ pledges(filter: {donorIds: ["$Donor"]}) { nodes { id } } }'),
    "donationUse": Asked(P.READ_CASES, '{ donationUse(pledgeId: "$DonationPledge") { known } }'),
    "paymentCycles": Asked(P.READ_CASES, '{ paymentCycles(filter: {fundIds: ["$Fund"]}) { nodes { id } } }'),
    "paymentCycle": Asked(P.READ_CASES, '{ paymentCycle(id: "$PaymentCycle") { id } }'),
    "paymentOrders": Asked(
        P.READ_CASES, '{ paymentOrders(filter: {householdIds: ["$Household"]}) { nodes { id } } }'
    ),
    "paymentChecks": Asked(
        P.READ_CASES, '{ paymentChecks(filter: {householdIds: ["$Household"]}) { nodes { id } } }'
    ),
    "snapshots": Asked(P.READ_CASES, '{ snapshots(filter: {divisionCode: "410502"}) { nodes { id } } }'),
    "snapshot": Asked(P.READ_CASES, '{ snapshot(id: "$Snapshot") { id } }'),
    "figures": Asked(P.READ_CASES, '{ figures(snapshotId: "$Snapshot") { files } }'),
    "targets": Asked(P.READ_CASES, '{ targets(divisionCode: "410502") { id } }'),
    "targetProgress": Asked(P.READ_CASES, '{ targetProgress(targetId: "$Target") { files } }'),
    "cohorts": Asked(P.READ_CASES, '{ cohorts(snapshotId: "$Snapshot", openedAfter: "2001-01-01") { begins } }'),
    "indicators": Asked(SIGNED_IN, "{ indicators { code } }", lies=False),
    "findings": Asked(P.READ_CASES, '{ findings(filter: {householdIds: ["$Household"]}) { nodes { id } } }'),
    "finding": Asked(P.READ_CASES, '{ finding(id: "$Finding") { id } }'),
    "inquiries": Asked(P.READ_REFERRALS, '{ inquiries(filter: {divisionCode: "410502"}) { nodes { id } } }'),
    "previewFindingNotice": Asked(P.REVIEW_FINDING, '{ previewFindingNotice(findingId: "$Finding") { textZh } }'),
    "sideBySide": Asked(P.READ_CASES, '{ sideBySide(findingId: "$Finding") { source } }'),
    "blindCases": Asked(P.REVIEW_FINDING, '{ blindCases(filter: {householdIds: ["$Household"]}) { nodes { id } } }'),
    "blindReport": Asked(P.START_SCAN, '{ blindReport(divisionCode: "410502") { quarter } }'),
    "ruleQuality": Asked(P.START_SCAN, '{ ruleQuality(divisionCode: "410502") { firstDay } }'),
    "ruleShadows": Asked(P.START_SCAN, '{ ruleShadows(divisionCode: "410502") { id } }'),
    "reviewQueue": Asked(P.READ_CASES, '{ reviewQueue(filter: {householdIds: ["$Household"]}) { nodes { id } } }'),
    "reviewQueueStanding": Asked(P.READ_CASES, '{ reviewQueueStanding(divisionCode: "410502") { waiting } }'),
    "publicNotices": Asked(
        P.READ_CASES, '{ publicNotices(filter: {householdIds: ["$Household"]}) { nodes { id } } }'
    ),
    "notice": Asked(P.READ_CASES, '{ notice(id: "$PublicNotice") { id } }'),
    "stopProposals": Asked(
        P.READ_CASES, '{ stopProposals(filter: {householdIds: ["$Household"]}) { nodes { id } } }'
    ),
    "previewStop": Asked(
        P.KEEP_FILES,
        f'{{ previewStop(request: {{grantId: "$Grant", kind: STOP_AID, fromMonth: "{TO_COME:%Y-%m}"}}) {{ floor }} }}',
    ),
    "recoveries": Asked(P.READ_CASES, '{ recoveries(filter: {householdIds: ["$Household"]}) { nodes { id } } }'),
    "officialErrors": Asked(
        P.READ_CASES, '{ officialErrors(filter: {householdIds: ["$Household"]}) { nodes { id } } }'
    ),
    "officialErrorCounts": Asked(P.READ_CASES, "{ officialErrorCounts { kind } }"),
    "objections": Asked(P.READ_CASES, '{ objections(filter: {householdIds: ["$Household"]}) { nodes { id } } }'),
    "scans": Asked(P.READ_SCANS, '{ scans(filter: {divisionCode: "410502"}) { nodes { id } } }'),
    "scan": Asked(P.READ_SCANS, '{ scan(id: "$Scan") { id } }'),
    "scanSchedules": Asked(P.READ_SCANS, '{ scanSchedules(filter: {divisionCode: "410502"}) { nodes { id } } }'),
    "uploads": Asked(P.READ_SCANS, '{ uploads(filter: {divisionCode: "410502"}) { nodes { id } } }'),
    "upload": Asked(P.READ_SCANS, '{ upload(id: "$Upload") { id } }'),
    "doubtfulRows": Asked(P.READ_REFERRALS, '{ doubtfulRows(filter: {divisionCode: "410502"}) { nodes { id } } }'),
    "doubts": Asked(P.READ_REFERRALS, '{ doubts(divisionCode: "410502") { source } }'),
    "feeds": Asked(P.READ_SCANS, '{ feeds(filter: {divisionCode: "410502"}) { nodes { id } } }'),
    "feed": Asked(P.READ_SCANS, '{ feed(id: "$Feed") { id } }'),
    "users": Asked(P.MANAGE_ACCOUNTS, '{ users(filter: {logins: ["target"]}) { nodes { id } } }'),
    "organisations": Asked(P.MANAGE_ACCOUNTS, '{ organisations(filter: {codes: ["target"]}) { nodes { id } } }'),
    "measureRoles": Asked(
        P.MANAGE_ACCOUNTS, '{ measureRoles(filter: {organisationIds: ["$Organisation"]}) { nodes { id } } }'
    ),
    "clients": Asked(P.MANAGE_ACCOUNTS, '{ clients(filter: {clientIds: ["target"]}) { nodes { id } } }'),
    "exports": Asked(P.READ_REFERRALS, '{ exports(filter: {requesters: ["target"]}) { nodes { id } } }'),
    "webhooks": Asked(P.MANAGE_ACCOUNTS, '{ webhooks(filter: {divisionCode: "410502"}) { nodes { id } } }'),
    "webhookDeliveries": Asked(
        P.MANAGE_ACCOUNTS, '{ webhookDeliveries(filter: {webhookIds: ["$Webhook"]}) { nodes { id } } }'
    ),
    "reads": Asked(P.READ_AUDIT, '{ reads(filter: {readers: ["target"]}) { nodes { id } } }'),
    "auditEvents": Asked(P.READ_AUDIT, '{ auditEvents(filter: {householdId: "$Household"}) { nodes { id } } }'),
    "accessLog": Asked(P.READ_CASES, '{ accessLog(personId: "$Person") { nodes { id } } }'),
    "alarms": Asked(P.READ_AUDIT, '{ alarms(filter: {readers: ["target"]}) { nodes { id } } }'),
}
"""Every field of Query but `node` and `nodes`, of which NODES tells."""

NODES = {
    "Household": P.READ_CASES,
    "Person": P.READ_CASES,
    "Enrolment": P.READ_CASES,
    "Grant": P.READ_GRANTS,
    "HardshipFile": P.READ_CASES,
    "Authorisation": P.READ_CASES,
    "EmergencyException": P.READ_CASES,
    "Attachment": P.READ_CASES,
    "Proposal": P.READ_CASES,
    "Watch": P.READ_CASES,
    "Finding": P.READ_CASES,
    "Inquiry": P.READ_REFERRALS,
    "RuleShadow": P.START_SCAN,
    "BlindCase": P.REVIEW_FINDING,
    "PublicNotice": P.READ_CASES,
    "Objection": P.READ_CASES,
    "StopProposal": P.READ_CASES,
    "Recovery": P.READ_CASES,
    "OfficialError": P.READ_CASES,
    "Fund": P.READ_CASES,
    "FundEntry": P.READ_CASES,
    "Donor": P.READ_CASES,
    "DonationPledge": P.READ_CASES,
    "PaymentCycle": P.READ_CASES,
    "PaymentOrder": P.READ_CASES,
    "PaymentCheck": P.READ_CASES,
    "Snapshot": P.READ_CASES,
    "Target": P.READ_CASES,
    "Task": P.READ_CASES,
    "Cause": P.READ_CASES,
    "HomeVisit": P.READ_CASES,
    "AssistancePlan": P.READ_CASES,
    "PlannedMeasure": P.READ_CASES,
    "Referral": P.READ_REFERRALS,
    "VerificationRequest": P.READ_CASES,
    "VerificationAnswer": P.READ_REFERRALS,
    "ApplicantCheck": P.KEEP_FILES,
    "Scan": P.READ_SCANS,
    "ScanSchedule": P.READ_SCANS,
    "Upload": P.READ_SCANS,
    "DoubtfulRow": P.READ_REFERRALS,
    "Feed": P.READ_SCANS,
    "User": P.MANAGE_ACCOUNTS,
    "MeasureAssignment": P.MANAGE_ACCOUNTS,
    "Organisation": P.MANAGE_ACCOUNTS,
    "Client": P.MANAGE_ACCOUNTS,
    "Export": P.READ_REFERRALS,
    "Webhook": P.MANAGE_ACCOUNTS,
    "WebhookDelivery": P.MANAGE_ACCOUNTS,
    "Read": P.READ_AUDIT,
    "Alarm": P.READ_AUDIT,
    "AuditEvent": P.READ_AUDIT,
}
"""What it takes to read a thing by its id: whoever may not, or not in its division, sees null."""


@dataclass(frozen=True, slots=True)
class Done:
    """How a mutation is sent about something in one county so that it is refused for its content alone.

    `within` is the code for who may and answers for the county, `beyond` for who may and answers for another.
    """

    takes: Permission
    given: dict[str, Any]
    within: str = "CONFLICT"
    beyond: str = "NOT_FOUND"


STALE = 999
STEP = {"householdId": "$Household", "expectedVersion": STALE}
CYCLE = {"cycleId": "$PaymentCycle", "expectedVersion": STALE}
PLEDGE = {"pledgeId": "$DonationPledge", "expectedVersion": STALE}
STOP = {"proposalId": "$StopProposal", "expectedVersion": STALE}
LEAD = {"findingId": "$Finding", "expectedVersion": STALE}
USER = {"displayName": "x", "role": "REVIEWER", "divisionCode": "410502"}
ORGANISATION = {"nameZh": "x", "nameEn": "x", "kind": "UNION", "divisionCode": "410502"}
CLIENT = {"name": "x", "kind": "SERVICE", "organisationId": "$Organisation"}
VISIT = {
    "kind": "ROUTINE", "visitedOn": "2999-01-01", "visitors": ["target"], "met": "x", "findings": "x",
    "incomeChanged": "NO", "causesGone": "NO", "toBeClosed": "NO",
}  # fmt: skip
MUTATIONS = {
    "submitApplication": Done(P.KEEP_FILES, STEP),
    "reviewApplication": Done(P.KEEP_FILES, STEP | {"outcome": "RETURN", "reason": "x"}),
    "withdrawApplication": Done(P.KEEP_FILES, STEP | {"reason": "x"}),
    "recordFile": Done(P.DECIDE_FILES, STEP),
    "reverifyFile": Done(P.KEEP_FILES, STEP | {"reason": "x"}),
    "reportChange": Done(P.KEEP_FILES, STEP | {"reason": "x"}),
    "transferFile": Done(P.DECIDE_FILES, STEP | {"organisationCode": "target", "reason": "x"}),
    "returnToHardship": Done(P.KEEP_FILES, STEP | {"reason": "x"}),
    "reinstateFile": Done(P.DECIDE_FILES, STEP | {"reason": "x"}),
    "recordIncome": Done(P.KEEP_FILES, {"personId": "$Person", "statements": []}, "INVALID"),
    "assessExit": Done(P.KEEP_FILES, {"householdId": "$Household", "asOf": "2999-01-01"}, "INVALID"),
    "proposeExit": Done(P.KEEP_FILES, STEP | {"action": "GRADUATE", "statement": "x"}),
    "deregisterFile": Done(P.KEEP_FILES, STEP | {"reason": "MOVED", "statement": "x"}),
    "changeSubject": Done(P.KEEP_FILES, STEP | {"personId": "$Person"}),
    "decideExit": Done(
        P.DECIDE_FILES, {"proposalId": "$Proposal", "expectedVersion": STALE, "approve": True, "reason": "x"}
    ),
    "withdrawProposal": Done(P.KEEP_FILES, {"proposalId": "$Proposal", "expectedVersion": STALE, "reason": "x"}),
    "recordWatch": Done(
        P.KEEP_FILES, {"watchId": "$Watch", "expectedVersion": STALE, "outcome": "FINE", "note": "x"}
    ),
    "startScan": Done(P.START_SCAN, {"divisionCode": "410502", "asOf": "2999-01-01"}, "INVALID", "FORBIDDEN"),
    "confirmDoubtfulRow": Done(P.SEND_FEEDS, {"rowId": "$DoubtfulRow", "expectedVersion": STALE, "answer": "x"}),
    "confirmDoubtfulRows": Done(
        P.SEND_FEEDS, {"uploadId": "$Upload", "reason": "x", "expectedRows": 1, "answer": "x"}, "NOT_FOUND"
    ),
    "beginUpload": Done(
        P.SEND_FEEDS,
        {
            "source": "vehicles",
            "fileName": "x.csv",
            "size": "1",
            "contentHash": "x",
            "asOf": "2024-01-01",
            "batchKind": "FULL",
            "batch": "x",
        },
        "INVALID",
        "INVALID",
    ),
    "pushAnswers": Done(P.SEND_FEEDS, {"source": "vehicles", "answers": []}, "INVALID", "INVALID"),
    "scheduleScan": Done(
        P.START_SCAN, {"divisionCode": "410502", "rhythm": "DAILY", "hour": 24}, "INVALID", "INVALID"
    ),
    "changeScanSchedule": Done(
        P.START_SCAN, {"scanScheduleId": "$ScanSchedule", "expectedVersion": STALE, "rhythm": "DAILY", "hour": 2}
    ),
    "switchScanSchedule": Done(
        P.START_SCAN, {"scanScheduleId": "$ScanSchedule", "expectedVersion": STALE, "state": "PAUSED"}
    ),
    "cancelScan": Done(P.START_SCAN, {"scanId": "$Scan"}, "INVALID"),
    "reviewFinding": Done(
        P.REVIEW_FINDING,
        {"findingId": "$Finding", "expectedVersion": STALE, "outcome": "NO_ISSUE", "note": "x"},
    ),
    "reviewFindings": Done(P.REVIEW_FINDING, {"leads": [LEAD | {"outcome": "NO_ISSUE", "note": "x"}]}),
    "claimFinding": Done(P.REVIEW_FINDING, LEAD),
    "releaseFinding": Done(P.REVIEW_FINDING, LEAD),
    "askFacts": Done(P.REVIEW_FINDING, LEAD | {"askedOf": "HOUSEHOLD", "question": "x", "dueOn": "2999-01-01"}),
    "reportRepair": Done(
        P.KEEP_FILES, LEAD | {"source": "vehicles", "recordId": "x", "reason": "SOLD", "statement": "x"}
    ),
    "answerFacts": Done(P.ANSWER_REFERRALS, {"inquiryId": "$Inquiry", "expectedVersion": STALE, "answer": "x"}),
    "notifyFinding": Done(
        P.REVIEW_FINDING, LEAD | {"documentNo": "x", "delivery": "POST", "deliveredOn": "2026-01-01"}
    ),
    "recordAnswer": Done(P.KEEP_FILES, LEAD | {"answeredOn": "2026-01-01", "answer": "x"}),
    "objectToFinding": Done(
        P.KEEP_FILES, {"findingId": "$Finding", "objector": "HOUSEHOLD", "grounds": [], "text": "x"}, "REQUIRED"
    ),
    "proposeConclusion": Done(P.REVIEW_FINDING, LEAD | {"outcome": "CLAIMANT_ERROR", "reason": "x"}),
    "confirmConclusion": Done(P.REVIEW_FINDING, LEAD | {"reason": "x"}),
    "withdrawConclusion": Done(P.REVIEW_FINDING, LEAD | {"reason": "x"}),
    "addMember": Done(
        P.KEEP_FILES,
        {
            "householdId": "$Household",
            "expectedVersion": STALE,
            "person": {"name": "x", "idKind": "NONE"},
            "since": "2026-01-01",
        },
    ),
    "moveMember": Done(
        P.KEEP_FILES,
        {
            "personId": "$Person",
            "expectedVersion": STALE,
            "toHouseholdId": "$Household",
            "toExpectedVersion": STALE,
            "on": "2026-01-01",
            "reason": "x",
        },
        "INVALID",
    ),
    "endMembership": Done(
        P.KEEP_FILES, {"personId": "$Person", "expectedVersion": STALE, "on": "2026-01-01", "reason": "x"}
    ),
    "correctMember": Done(
        P.KEEP_FILES,
        {"personId": "$Person", "expectedVersion": STALE, "corrections": {"relation": "OTHER"}, "reason": "x"},
    ),
    "correctHousehold": Done(P.KEEP_FILES, STEP | {"residence": "URBAN", "reason": "x"}),
    "fillForm": Done(P.KEEP_FILES, {"householdId": "$Household", "expectedVersion": STALE}),
    "recordAuthorisation": Done(
        P.KEEP_FILES,
        {"personId": "$Person", "sources": [], "validFrom": "2026-01-01", "attachmentId": "$Attachment"},
        "REQUIRED",
    ),
    "withdrawAuthorisation": Done(
        P.KEEP_FILES,
        {"authorisationId": "$Authorisation", "expectedVersion": STALE, "withdrawnOn": "2026-01-02", "reason": "x"},
    ),
    "recordEmergencyException": Done(
        P.DECIDE_FILES,
        {"householdId": "$Household", "sources": ["tax"], "reason": "x", "until": "2020-01-01"},
        "INVALID",
    ),
    "openPublicNotice": Done(
        P.DECIDE_FILES,
        {"householdId": "$Household", "expectedVersion": STALE, "places": ["WEBSITE"], "channels": ["LETTER"]},
    ),
    "raiseObjection": Done(
        P.KEEP_FILES,
        {"householdId": "$Household", "objector": "PUBLIC", "grounds": ["OTHER"], "text": " "},
        "REQUIRED",
    ),
    "answerObjection": Done(
        P.DECIDE_FILES,
        {"objectionId": "$Objection", "expectedVersion": STALE, "outcome": "REJECTED", "answer": "x"},
    ),
    "allocateFund": Done(
        P.DECIDE_FILES,
        {"source": "UNION", "divisionCode": "410502", "year": 1, "amount": "1.00", "documentNo": "x"},
        "INVALID",
    ),
    "freezeBaseline": Done(P.DECIDE_FILES, {"divisionCode": "410502", "asOf": "2999-01-01"}, "INVALID"),
    "judgePair": Done(
        P.REVIEW_FINDING,
        {"findingId": "$Finding", "personId": "$Person", "source": "x", "recordId": "x", "same": True},
        "NOT_FOUND",
    ),
    "recordBlindReview": Done(
        P.REVIEW_FINDING, {"caseId": "$BlindCase", "expectedVersion": STALE, "verdict": "NO_ISSUE", "note": "x"}
    ),
    "approveRuleReturn": Done(P.START_SCAN, {"shadowId": "$RuleShadow", "expectedVersion": STALE, "reason": "x"}),
    "setTarget": Done(
        P.DECIDE_FILES,
        {"snapshotId": "$Snapshot", "kind": "ABLE_GRADUATED", "percent": 0, "dueOn": "2999-01-01", "documentNo": "x"},
        "INVALID",
    ),
    "registerDonor": Done(P.KEEP_FILES, {"kind": "PERSON", "divisionCode": "410502", "name": " "}, "REQUIRED"),
    "recordPledge": Done(
        P.KEEP_FILES, {"donorId": "$Donor", "divisionCode": "410502", "until": "2024-01-01", "amount": "1"}, "INVALID"
    ),
    "receivePledge": Done(P.DECIDE_FILES, PLEDGE | {"receivedOn": "2024-01-01", "receiptNo": "x"}),
    "withdrawPledge": Done(P.KEEP_FILES, PLEDGE),
    "drawUpCycle": Done(
        P.KEEP_FILES,
        {"fundId": "$Fund", "programmeCode": "DIBAO", "divisionCode": "410502", "month": "2999-01"},
        "INVALID",
    ),
    "approveCycle": Done(P.DECIDE_FILES, CYCLE),
    "settleCycle": Done(P.DECIDE_FILES, CYCLE),
    "cancelCycle": Done(P.DECIDE_FILES, CYCLE | {"reason": "x"}),
    "reconcileCycle": Done(P.KEEP_FILES, {"cycleId": "$PaymentCycle", "answers": "x"}, "INVALID"),
    "repayOrder": Done(P.KEEP_FILES, {"orderId": "$PaymentOrder", "expectedVersion": STALE}),
    "recordPaymentCheck": Done(
        P.KEEP_FILES,
        {"checkId": "$PaymentCheck", "expectedVersion": STALE, "outcome": "RECEIVED", "note": "x"},
    ),
    "proposeGrant": Done(
        P.KEEP_FILES,
        {
            "householdId": "$Household",
            "programmeCode": "DIBAO",
            "firstMonth": "2026-01",
            "lastMonth": "2026-01",
            "period": "ONCE",
            "amount": "1.00",
            "reason": "x",
        },
        "INVALID",
    ),
    "decideGrant": Done(
        P.DECIDE_FILES, {"grantId": "$Grant", "expectedVersion": STALE, "approve": True, "reason": "x"}
    ),
    "withdrawGrant": Done(P.KEEP_FILES, {"grantId": "$Grant", "expectedVersion": STALE}),
    "proposeStop": Done(
        P.KEEP_FILES,
        {"request": {"grantId": "$Grant", "kind": "STOP_AID", "fromMonth": "2000-01"}, "statement": "x"},
        "INVALID",
    ),
    "withdrawStop": Done(P.KEEP_FILES, STOP | {"reason": "x"}),
    "recordAidNotice": Done(
        P.KEEP_FILES,
        STOP | {"documentNo": "x", "facts": "x", "delivery": "POST", "deliveredOn": "2024-01-01"},
    ),
    "recordAidAnswer": Done(P.KEEP_FILES, STOP | {"answeredOn": "2024-01-01", "answer": "x"}),
    "decideStop": Done(P.DECIDE_FILES, STOP | {"reason": "x"}),
    "payInstalment": Done(
        P.KEEP_FILES,
        {"recoveryId": "$Recovery", "month": "2024-01", "amount": "1", "paidOn": "2024-01-01"},
        "INVALID",
    ),
    "waiveRecovery": Done(P.DECIDE_FILES, {"recoveryId": "$Recovery", "reason": "x"}, "INVALID"),
    "recordOfficialError": Done(
        P.KEEP_FILES,
        {"householdId": "$Household", "kind": "OTHER", "what": "x", "discoveredOn": "2999-01-01"},
        "INVALID",
    ),
    "putRightOfficialError": Done(
        P.KEEP_FILES,
        {"errorId": "$OfficialError", "expectedVersion": STALE, "putRightOn": "2024-01-01", "remedy": "x"},
    ),
    "addCause": Done(
        P.KEEP_FILES, {"householdId": "$Household", "cause": "ACCIDENT", "since": "2999-01-01"}, "INVALID"
    ),
    "resolveCause": Done(
        P.KEEP_FILES,
        {"causeId": "$Cause", "expectedVersion": STALE, "resolvedOn": "2024-01-01", "statement": "x"},
    ),
    "reopenCause": Done(P.KEEP_FILES, {"causeId": "$Cause", "expectedVersion": STALE, "reason": "x"}),
    "changeMainCause": Done(P.KEEP_FILES, {"causeId": "$Cause", "expectedVersion": STALE}),
    "recordHomeVisit": Done(P.KEEP_FILES, {"householdId": "$Household", "visit": VISIT}, "INVALID"),
    "correctHomeVisit": Done(P.KEEP_FILES, {"visitId": "$HomeVisit", "visit": VISIT, "reason": "x"}, "INVALID"),
    "assignContactOfficer": Done(P.KEEP_FILES, {"householdId": "$Household", "since": "2999-01-01"}, "INVALID"),
    "makePlan": Done(
        P.KEEP_FILES, {"householdId": "$Household", "expectedNumber": STALE, "goal": "x", "measures": []}
    ),
    "reportProgress": Done(
        P.KEEP_FILES, {"measureId": "$PlannedMeasure", "expectedVersion": STALE, "state": "DONE", "note": "x"}
    ),
    "refer": Done(
        P.KEEP_FILES,
        {"householdId": "$Household", "organisation": "police", "note": "x", "dueOn": "2000-01-01"},
        "INVALID",
    ),
    "answerReferral": Done(P.ANSWER_REFERRALS, {"referralId": "$Referral", "expectedVersion": STALE}),
    "requestVerification": Done(
        P.KEEP_FILES, {"householdId": "$Household", "occasion": "OBJECTION", "sources": ["tax"]}, "REQUIRED"
    ),
    "answerVerification": Done(
        P.ANSWER_REFERRALS, {"answerId": "$VerificationAnswer", "expectedVersion": STALE, "answer": "NO_RECORD"}
    ),
    "checkApplicant": Done(P.KEEP_FILES, {"requestId": "$VerificationRequest", "personId": "$Person"}, "INVALID"),
    "closeVerification": Done(
        P.KEEP_FILES, {"requestId": "$VerificationRequest", "expectedVersion": STALE, "conclusion": "x"}
    ),
    "takeTask": Done(P.KEEP_FILES, {"taskId": "$Task", "expectedVersion": STALE}),
    "finishTask": Done(P.KEEP_FILES, {"taskId": "$Task", "expectedVersion": STALE}),
    "cancelTask": Done(P.KEEP_FILES, {"taskId": "$Task", "expectedVersion": STALE, "reason": "x"}),
    "referForTask": Done(P.KEEP_FILES, {"taskId": "$Task", "expectedVersion": STALE}),
    "acknowledgeAlarm": Done(P.READ_AUDIT, {"alarmId": "$Alarm", "note": ""}, "REQUIRED"),
    "saveUser": Done(P.MANAGE_ACCOUNTS, USER | {"userId": "$User", "expectedVersion": STALE}, beyond="FORBIDDEN"),
    "deactivateUser": Done(P.MANAGE_ACCOUNTS, {"userId": "$User", "expectedVersion": STALE}),
    "linkIdentity": Done(P.MANAGE_ACCOUNTS, {"userId": "$User", "issuer": "i", "subject": ""}, "INVALID"),
    "unlinkIdentity": Done(P.MANAGE_ACCOUNTS, {"issuer": "issuer", "subject": "target"}, "DONE"),
    "saveOrganisation": Done(
        P.MANAGE_ACCOUNTS,
        ORGANISATION | {"organisationId": "$Organisation", "expectedVersion": STALE},
        beyond="FORBIDDEN",
    ),
    "placeOrganisation": Done(P.MANAGE_ACCOUNTS, {"organisationId": "$Organisation", "expectedVersion": STALE}),
    "assignMeasureRole": Done(
        P.MANAGE_ACCOUNTS,
        {
            "role": "FINANCE",
            "divisionCode": "410502",
            "organisationId": "$Organisation",
            "validFrom": "2024-01-01",
            "validTo": "2023-01-01",
        },
        "INVALID",
        "FORBIDDEN",
    ),
    "endMeasureRole": Done(
        P.MANAGE_ACCOUNTS,
        {"assignmentId": "$MeasureAssignment", "expectedVersion": STALE, "validTo": "2025-01-01"},
    ),
    # whoever may decide has to be cleared besides, and none of these is
    "protectPerson": Done(P.DECIDE_FILES, {"personId": "$Person", "reason": "x"}, "FORBIDDEN", "FORBIDDEN"),
    "endProtection": Done(P.DECIDE_FILES, {"personId": "$Person", "reason": "x"}, "FORBIDDEN", "FORBIDDEN"),
    "deactivateOrganisation": Done(P.MANAGE_ACCOUNTS, {"organisationId": "$Organisation", "expectedVersion": STALE}),
    "saveClient": Done(P.MANAGE_ACCOUNTS, CLIENT | {"id": "$Client", "expectedVersion": STALE}),
    "rotateClientSecret": Done(P.MANAGE_ACCOUNTS, {"id": "$Client", "expectedVersion": STALE}),
    "startExport": Done(
        P.READ_REFERRALS,
        {"kind": "FINDINGS", "format": "CSV", "households": {"stages": []}},
        "INVALID",
        "INVALID",
    ),
    "registerWebhook": Done(
        P.MANAGE_ACCOUNTS,
        {"url": "https://hooks.example/", "topics": ["SCAN"], "divisionCode": "410502"},
        "INVALID",
        "FORBIDDEN",
    ),
    "rotateWebhookSecret": Done(P.MANAGE_ACCOUNTS, {"webhookId": "$Webhook", "expectedVersion": STALE}),
    "pingWebhook": Done(P.MANAGE_ACCOUNTS, {"webhookId": "$Webhook"}, "INVALID"),
    "replayWebhook": Done(P.MANAGE_ACCOUNTS, {"webhookId": "$Webhook"}, "INVALID"),
    "switchWebhook": Done(P.MANAGE_ACCOUNTS, {"webhookId": "$Webhook", "expectedVersion": STALE, "active": True}),
    "deactivateClient": Done(P.MANAGE_ACCOUNTS, {"id": "$Client", "expectedVersion": STALE}),
}
"""Every field of Mutation. Only unlinkIdentity is carried out, and undone each time."""

SUBSCRIPTIONS = {
    "scanProgress": Asked(P.READ_SCANS, 'subscription { scanProgress(id: "$Scan") { id } }'),
    "uploadProgress": Asked(P.READ_SCANS, 'subscription { uploadProgress(id: "$Upload") { id } }'),
}
"""Every field of Subscription."""


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of a type, each by how it is shown to whoever is shown the object.

    `plain` are the same for all. `masked` are whole for who may read identities, and masked for others; `hidden` are
    null for others, and `telling` is whether they are. `permitted` are null or empty without a further permission.
    """

    plain: str
    masked: str = ""
    hidden: str = ""
    telling: str = ""
    permitted: tuple[tuple[str, Permission], ...] = ()

    def names(self) -> list[str]:
        """Every field."""
        together = f"{self.plain} {self.masked} {self.hidden} {self.telling}".split()
        return [*together, *(name for name, _ in self.permitted)]


UNLISTED = {
    "Target", "RuleShadow", "ApplicantCheck",
    "Person", "Enrolment", "Authorisation", "Attachment", "Cause", "HomeVisit", "AssistancePlan", "PlannedMeasure",
}  # fmt: skip
"""Kinds of nodes of which there is no list at the root."""

CONNECTION, EDGE = Fields("edges nodes pageInfo totalCount"), Fields("cursor node")
ANSWERED = "userErrors clientMutationId auditId"
STEPS = (
    "SubmitApplication", "ReviewApplication", "WithdrawApplication", "RecordFile", "ReverifyFile", "ReportChange",
    "TransferFile", "ReturnToHardship", "ReinstateFile",
)  # fmt: skip
TYPES = {
    "Household": Fields(
        "id reference division stage targetGroup residence appliedOn fileOpenedOn fileClosedOn declaredMonthlyIncome "
        "declaredDeposits declaredVehicles declaredHomes declaredBusinesses version updatedAt members declarations changes form externalReferences enrolments grants findings "
        "attachments emergencyExceptions notices objections "
        "causes contactOfficer contactOfficers plan plans planCoverage referrals visits actions file files history",
        masked="address phone payeeAccount payeeName",
        telling="masked",
    ),
    "Person": Fields(
        "id reference relation sex birthYear declaredMaritalStatus declaredMonthlyIncome declaredEmployment validFrom "
        "validTo leftOn idKind overlapping household protection authorisations memberships declarations changes form links",
        masked="name formerName idNumber phone address",
        hidden="birthDate",
        telling="masked",
    ),
    "Declaration": Fields("item amount count word declaredOn source recordedAt recordedBy"),
    "MemberChange": Fields("kind fields effectiveOn happenedAt by", hidden="reason"),
    "FormValue": Fields("field", hidden="value"),
    "ExternalReference": Fields("system kind reference personReference"),
    "FormField": Fields("code labelZh labelEn part kind words required onlyFor sensitive keptElsewhere"),
    "FormWord": Fields("code labelZh"),
    "MissingField": Fields("code labelZh labelEn personReference"),
    "Link": Fields(
        "source recordId party probability weightBits grade decision numberLevel nameLevel birthDateLevel sexLevel "
        "phoneLevel divisionLevel addressLevel"
    ),
    "Enrolment": Fields("id agency startMonth endMonth amount cause sourceRecord programme person payments"),
    "Payment": Fields("month amount"),
    "Grant": Fields(
        "id firstMonth lastMonth period amount cause bill state proposedBy proposedAt outcome version programme person "
        "household",
        hidden="reason",
    ),
    "GrantBill": Fields("incurredOn cost covered", hidden="reference"),
    "GrantOutcome": Fields("decidedBy decidedAt documentNo", hidden="reason"),
    "GrantCheck": Fields("grantable findings"),
    "GrantFinding": Fields(
        "kind effect programmeCode months personIds enrolmentIds agency basis verified correction words"
    ),
    "GrantCorrection": Fields("programmeCode months amount"),
    "HardshipFile": Fields(
        "id number stage division tier category targetGroup appliedOn openedOn closedOn closing nextReviewOn deadline union "
        "version household subject previous recognitions transfers transitions"
    ),
    "Deadline": Fields("clock dueOn overdue workingDaysLeft calendarKnown"),
    "KeepingUnion": Fields("code nameZh nameEn"),
    "Recognition": Fields("tier category method since action decided decidedBy documentNo"),
    "FileTransfer": Fields("fromUnion toUnion fromDivision toDivision by transferredOn", hidden="reason"),
    "Transition": Fields(
        "number fromStage action toStage adverse by documentNo evidenceIds effectiveOn happenedAt", hidden="reason"
    ),
    "Lifecycle": Fields("moves terms"),
    "LifecycleMove": Fields("fromStage action toStage permission adverse guards"),
    "StageTerm": Fields("stage clock workingDays months basis"),
    "NextStep": Fields("action toStage adverse obstacles"),
    "Obstacle": Fields("guard code message"),
    "Finding": Fields(
        "id reference rule ruleVersion division severity basis grade state amountLow amountHigh periodStart periodEnd "
        "evidence exceptions explanationZh explanationEn raisedOn openedOn queuePlace queueWorth withdrawal withdrawals version "
        "household persons reviews holder inquiries notices objections conclusions proof",
        permitted=(("lastScan", P.READ_SCANS), ("withdrawnBy", P.READ_SCANS)),
    ),
    "Inquiry": Fields(
        "id kind askedOf source recordId reason askedBy askedAt dueOn overdue state outcome answeredBy answeredAt paper saidOn "
        "version",
        hidden="question answer",
        permitted=(("finding", P.READ_CASES),),
    ),
    "LeadHolder": Fields("officer claimedAt until"),
    "LeadNotice": Fields(
        "documentNo delivery deliveredOn waitUntil recordedBy answeredOn onCurrentEvidence",
        hidden="textZh textEn answer",
    ),
    "LeadNoticeText": Fields("textZh textEn"),
    "Conclusion": Fields(
        "outcome decisionDocument proposedBy proposedAt state lapsedBecause confirmedBy confirmedAt", hidden="reason closing"
    ),
    "DecisionProof": Fields("outcome decidedAt decidedBy proposedBy byPeople acts"),
    "LeadAct": Fields("auditId number hash action officer byPerson happenedAt"),
    "Task": Fields(
        "id kind state division dueOn overdue assignee details createdAt doneAt doneBy version entitlement household person "
        "prefilledReferral",
        hidden="note",
    ),
    "TaskEntitlement": Fields("programme instead rule findingId referralId because"),
    "PrefilledReferral": Fields("roles organisation programme noteZh noteEn dueOn person"),
    "Eligibility": Fields("programmeCode answer standing conditions hinders programme person"),
    "PlanCoverage": Fields("cover causes"),
    "CauseCover": Fields(
        "causeId kind main since cover remedies measureIds enrolmentIds grantIds referralIds refusedReferralIds"
    ),
    "Season": Fields(
        "programmeCode isOn firstMonth lastMonth units forStudents basis verified households reached unknown notReached "
        "programme"
    ),
    "StudentChain": Fields("stage links person"),
    "ChainLinkState": Fields("link due standing programmeCodes"),
    "EligibilityCondition": Fields("kind sign textZh textEn verified answer"),
    "TaskDetail": Fields("name value"),
    "Officer": Fields("login displayName"),
    "AssignableOfficer": Fields("login displayName role organisation"),
    "ResponsibleOrganisation": Fields("code nameZh nameEn"),
    "Cause": Fields("id kind main since resolution version household", hidden="note"),
    "CauseResolution": Fields("resolvedOn statedBy statedAt evidenceIds", hidden="statement"),
    "HomeVisit": Fields(
        "id kind visitedOn incomeChanged causesGone toBeClosed corrected correctsId recordedBy recordedAt household "
        "visitors photos",
        hidden="met findings correction",
    ),
    "ContactOfficer": Fields("officer since until assignedAt"),
    "AssistancePlan": Fields("id number since until madeBy madeAt measures household", hidden="goal"),
    "PlannedMeasure": Fields(
        "id measure organisation dueOn state overdue continuesId version progress household", hidden="what"
    ),
    "Progress": Fields("state notedBy notedAt", hidden="note"),
    "Referral": Fields(
        "id division organisation programme pledgeId state outcome dueOn overdue referredBy referredAt answeredBy answeredAt version "
        "household person",
        hidden="note answer",
    ),
    "VerificationRequest": Fields(
        "id round previousId occasion objectionId state division sources dueOn requestedBy requestedAt closedBy closedAt version "
        "household answers report leads",
        hidden="reason conclusion",
    ),
    "VerificationAnswer": Fields(
        "id source answer origin asOf ageDays unknownBecause feedAsOf organisation paper askedAt dueOn overdue answeredAt version person",
        hidden="subject note",
    ),
    "ApplicantCheck": Fields("id asOf checkedAt sources links leads scanRules rulesNotAsked person"),
    "CheckedLink": Fields("source recordId party probability grade decision"),
    "CheckedLead": Fields("reference rule severity grade explanationZh explanationEn findingId state onCurrentEvidence"),
    "CheckedSource": Fields("source answer asOf"),
    "VerificationSource": Fields(
        "source oldest ageDays people value noRecord noAnswer notAsked notAuthorised overdue feedAsOf feedAgeDays stale partial "
        "notScanned inDoubt"
    ),
    "Review": Fields("outcome decisionDocument reviewer reviewedAt onCurrentEvidence officialErrorId", hidden="note"),
    "Authorisation": Fields(
        "id sources purpose state validFrom validTo withdrawnOn recordedAt recordedBy version person guardian attachment usedBy",
        masked="guardianName",
        hidden="withdrawalReason",
    ),
    "AuthorisationUse": Fields("lookedUpAt asOf found", permitted=(("scan", P.READ_SCANS),)),
    "EmergencyException": Fields(
        "id division sources purpose startsOn endsOn inForce recordedBy recordedAt household", hidden="reason"
    ),
    "Attachment": Fields(
        "id kind mediaType size digest href uploadedAt uploadedBy household person", hidden="name"
    ),
    "PublicNotice": Fields(
        "id number form state division applicant idNumber street people tier category keeper places channels fromDay toDay "
        "version household objections"
    ),
    "Objection": Fields(
        "id stage objector grounds receivedBy receivedOn dueOn overdue escalatedAt state outcome answeredBy answeredAt "
        "version household notice",
        masked="objectorName",
        hidden="objectorContact text answer",
    ),
    "Rule": Fields("id titleZh titleEn descriptionZh descriptionEn basis"),
    "EvidenceRecord": Fields("source recordId"),
    "TestedException": Fields("name result"),
    "ScanReceipt": Fields("document href madeAt"),
    "Upload": Fields(
        "id source division department client url fileName size contentHash asOf batchKind batch supersedes state begunAt "
        "expiresAt receivedAt endedAt progress checks refusal receipt qualityUrl",
        permitted=(("doubtfulKinds", P.READ_REFERRALS),),
    ),
    "DoubtfulKind": Fields(
        "reason reasonZh reasonEn adviceZh adviceEn column columnZh columnEn lines listed open"
    ),
    "DoubtfulRow": Fields(
        "id source division organisation batch file row column columnZh columnEn reason reasonZh reasonEn adviceZh adviceEn "
        "toldAt broughtAt dueOn state overdue endedAt answeredBy version",
        hidden="answer",
        permitted=(("upload", P.READ_SCANS),),
    ),
    "DoubtCounts": Fields(
        "source openRows overdueRows correctedRows confirmedRows openRecords overdueRecords disputedRecords"
    ),
    "ConfirmDoubtfulRowPayload": Fields(f"{ANSWERED} row"),
    "ConfirmDoubtfulRowsPayload": Fields(f"{ANSWERED} upload"),
    "DoubtfulRowConnection": CONNECTION,
    "DoubtfulRowEdge": EDGE,
    "UploadProgress": Fields("stage done total unit"),
    "ScanSchedule": Fields(
        "id division rules whole rhythm weekday dayOfMonth hour sources state nextAt lastRun createdBy createdAt version",
        permitted=(("lastScan", P.READ_SCANS),),
    ),
    "ScanScheduleRun": Fields("dueAt askedAt late missed"),
    **{f"{each}Payload": Fields(f"{ANSWERED} scanSchedule") for each in ("ScheduleScan", "ChangeScanSchedule", "SwitchScanSchedule")},
    "ScanScheduleConnection": CONNECTION,
    "ScanScheduleEdge": EDGE,
    "QualityCheck": Fields(
        "check titleZh titleEn state noticedZh noticedEn adviceZh adviceEn figure usual threshold assumed"
    ),
    "UploadRefusal": Fields("message file row column remedy"),
    "Receipt": Fields(
        "number outcome client batch bytes contentHash rowsIn rowsAccepted rowsSetAside receivedAt issuedAt content digest"
    ),
    "Feed": Fields(
        "id source department division asOf ageDays complete rows receivedAt batch uploadId files"
    ),
    "FeedFile": Fields("name bytes contentHash"),
    "LeadWithdrawal": Fields("because at"),
    "Scan": Fields("id status division asOf rules whole progress result leads failure createdAt startedAt finishedAt receipt"),
    "ScanLeads": Fields("new again changed withdrawn"),
    "ScanProgress": Fields("stage done total unit secondsLeft"),
    "ScanResult": Fields("households persons links findings byRule notAuthorised rowsPerSecond peakMemoryBytes"),
    "RuleCount": Fields("ruleId findings households"),
    "Programme": Fields(
        "code nameZh nameEn unit agency measures units periodicity onceFor funds insured basis verified conditions "
        "compatibility"
    ),
    "ProgrammeCondition": Fields("kind codes textZh textEn verified"),
    "AidCompatibility": Fields("relation yields basis verified division validFrom validTo"),
    "ServiceListEntry": Fields("code measure nameZh nameEn agency programmeCodes basis verified"),
    "Department": Fields("code titleZh titleEn agencyZh asOf complete rows receivedAt"),
    "Division": Fields("code nameZh"),
    "Money": Fields("amount currency"),
    "Viewer": Fields("login displayName role division organisation client permissions cleared sources"),
    "OwnOrganisation": Fields("code nameZh nameEn kind"),
    "User": Fields("id login displayName role division cleared active version createdAt organisation identities"),
    "SignInIdentity": Fields("issuer subject linkedAt"),
    "Organisation": Fields(
        "id code nameZh nameEn kind level validFrom validTo division sources active version createdAt parent names"
    ),
    "OrganisationName": Fields("nameZh nameEn validFrom validTo"),
    "OrganisationInTree": Fields("code nameZh nameEn kind level division validFrom validTo hasChildren"),
    "PolicyMeasure": Fields("measure number lead responsible"),
    "EntrustedRole": Fields("role holders"),
    "RoleHolder": Fields("code nameZh nameEn division validFrom validTo"),
    "MeasureAssignment": Fields("id role division validFrom validTo version createdAt organisation"),
    "Protection": Fields("since reason protectedBy"),  # to who is cleared alone: tests/api/schema/test_protection.py
    "Client": Fields(
        "id clientId name kind role trustedOnly active version createdAt organisation secrets identities"
    ),
    "ClientSecret": Fields("createdAt expiresAt"),
    "Webhook": Fields(
        "id url division topics state disabledBecause disabledAt bothSecretsUntil registeredBy registeredAt version"
    ),
    "WebhookDelivery": Fields(
        "id topic happenedAt queuedAt state attempts nextAt status failure milliseconds deliveredAt webhook"
    ),
    "RotateWebhookSecretPayload": Fields(f"{ANSWERED} webhook secret"),
    "RegisterWebhookPayload": Fields(f"{ANSWERED} webhook secret"),
    "PingWebhookPayload": Fields(f"{ANSWERED} delivery"),
    **{f"{each}WebhookPayload": Fields(f"{ANSWERED} webhook") for each in ("Replay", "Switch")},
    "Export": Fields(
        "id kind format status division requester purpose rows size digest href failure timesTaken requestedAt startedAt "
        "finishedAt expiresAt"
    ),
    "StartExportPayload": Fields(f"{ANSWERED} export"),
    "ExportConnection": CONNECTION,
    "ExportEdge": EDGE,
    "WebhookConnection": CONNECTION,
    "WebhookEdge": EDGE,
    "WebhookDeliveryConnection": CONNECTION,
    "WebhookDeliveryEdge": EDGE,
    "Enumeration": Fields("name values"),
    "EnumerationValue": Fields("value labelZh labelEn descriptionZh descriptionEn deprecated"),
    "Read": Fields(
        "id readAt reader role division client purpose fields identity searches people households outcome codes number"
    ),
    "Reader": Fields("login displayName organisationZh organisationEn"),
    "AuditEvent": Fields("id number happenedAt user action subjectType subjectId detail hash"),
    "AuditDetail": Fields("key value"),
    "ReadField": Fields("name labelZh labelEn"),
    "IdentitySearch": Fields("by found"),
    "Alarm": Fields(
        "id kind reader role division windowFrom windowTo people threshold raisedAt acknowledgedBy acknowledgedAt note"
    ),
    "Income": Fields(
        "personId month year source answer kind programmeCode amount recordedBy recordedAt supersededAt", hidden="evidence"
    ),
    "IncomeStep": Fields("personId source answer kind programmeCode amount year paid"),
    "SilentSource": Fields("personId source"),
    "HouseholdIncome": Fields("month members low high known line lineDivision lineBasis lineAssumed silent steps"),
    "TestedMonth": Fields("month members low high line known standing"),
    "MissingInMonth": Fields("gap month personId source"),
    "ExitTest": Fields("test verdict months missing"),
    "ExitAssessment": Fields(
        "assessmentId asOf causesResolved causes openCauses graduation relief policyVersion assessedBy assessedAt"
    ),
    "Proposal": Fields(
        "id action reason evidenceIds proposedBy proposedAt state decidedBy decidedAt withdrawnAt version household",
        hidden="statement rejection",
    ),
    **{f"{each}GrantPayload": Fields(f"{ANSWERED} grant") for each in ("Propose", "Decide", "Withdraw")},
    "Fund": Fields("id source division year allocated available committed paid"),
    "FundUse": Fields("source allocated available committed paid"),
    "FundEntry": Fields("id kind credit debit amount fundId orderId documentNo enteredBy happenedAt"),
    "Parameter": Fields("key value unit division basis verified own validFrom validTo"),
    "DibaoLine": Fields("amount basis verified"),
    "Donor": Fields("id kind anonymous organisation division registeredAt version", masked="name", hidden="contact"),
    "DonationPledge": Fields(
        "id kind amount goods division programmeCode measure until state received recordedBy recordedAt version donor receipts",
        hidden="withdrawnBecause",
    ),
    "DonationReceipt": Fields("amount receivedOn receiptNo fundId enteredBy"),
    "DonationFundUse": Fields("fundId year received given paid paidAtLeast paidAtMost known"),
    "DonationUse": Fields("pledgeId received paidAtLeast paidAtMost known funds"),
    "RegisterDonorPayload": Fields(f"{ANSWERED} donor"),
    **{f"{each}PledgePayload": Fields(f"{ANSWERED} pledge") for each in ("Record", "Receive", "Withdraw")},
    "FundEntryConnection": CONNECTION,
    "FundEntryEdge": EDGE,
    "PaymentCycle": Fields(
        "id kind programmeCode division month state seed drawnUpBy drawnUpAt approvedBy approvedAt settledBy settledAt timesListed "
        "reconciledAt cancelledBy cancelledAt version fund sums",
        hidden="cancelledBecause",
    ),
    "OrderSum": Fields("state heldBecause orders amount"),
    "PaymentOrder": Fields(
        "id reference state heldBecause amount answeredOn repaysId version months household cycle",
        hidden="returnedBecause",
    ),
    "OrderMonth": Fields("month amount"),
    "PaymentCheck": Fields("id outcome checkedBy checkedAt version order household", hidden="note"),
    "BlindCase": Fields("id quarter division verdict note reviewedBy reviewedAt version household"),
    "BlindEstimate": Fields("drawn reviewed found share shareAtLeast shareAtMost"),
    "BlindReport": Fields("division quarter withoutLead withLead"),
    "JudgePairPayload": Fields(f"{ANSWERED} finding"),
    "RecordBlindReviewPayload": Fields(f"{ANSWERED} blindCase"),
    "SideBySide": Fields(
        "source titleZh titleEn asOf recordId party decision grade probability weightBits record waterfall judgedSame person"
    ),
    "RecordValue": Fields("column titleZh titleEn unit value masked"),
    "Waterfall": Fields("model linkBits reviewBits bars svg"),
    "WaterfallBar": Fields("kind field level bits total muted"),
    "RuleShadow": Fields(
        "id rule division since reviewed confirmed approvedBy approvedAt reason restoredBy restoredAt version"
    ),
    "RuleQuality": Fields("rule division leads reviewed byOutcome confirmed share shareAtLeast reversed medianDays"),
    "RuleQualityReport": Fields("division firstDay lastDay confirmedLow leastReviews rules"),
    "ApproveRuleReturnPayload": Fields(f"{ANSWERED} ruleShadow"),
    "QueueStanding": Fields("division weekBegins opened waiting units"),
    "QueueUnit": Fields("division reviewers weeklyLeads openedThisWeek"),
    "Scorecards": Fields("division firstDay lastDay measures"),
    "MeasureScorecard": Fields("measure number units"),
    "UnitScore": Fields("role leadsMeasure organisation data referrals requests doubtfulRows tasks leads unknown"),
    "DataScore": Fields("source titleZh titleEn receivedOn asOf ageDays complete rowsRead rowsSetAside coverage"),
    "CoverageScore": Fields("division scannedAsOf people answered noAnswer notAuthorised notAsked share"),
    "DoubtfulRowScore": Fields("waiting overdue"),
    "RequestScore": Fields("source asked answered inTime late share"),
    "ReferralScore": Fields("sent waiting closed overdue byOutcome medianDays"),
    "ReferralOutcomeCount": Fields("outcome referrals"),
    "TaskScore": Fields("kind waiting overdue done"),
    "LeadScore": Fields("raised reviewed byOutcome"),
    "LeadOutcomeCount": Fields("outcome leads"),
    "UnknownFigure": Fields("figure reason source"),
    "EquityReport": Fields("division firstDay lastDay households ratioHigh ratioLow leastHouseholds tables"),
    "EquityTable": Fields("attribute event could did groups"),
    "EquityGroup": Fields("group nameZh nameEn could did rate ratio alarm withheld"),
    "AgendaPack": Fields("division day snapshotId digest html files"),
    "AgendaFile": Fields("name csv"),
    "Snapshot": Fields("id kind division since asOf rows digest takenBy takenAt"),
    "Indicator": Fields("code version kind measure nameZh nameEn countsZh countsEn overZh overEn validFrom basis"),
    "Figure": Fields("numerator denominator value withheld"),
    "GroupFigure": Fields("code labelZh labelEn figure returned excluded"),
    "IndicatorFigures": Fields("indicator files whole returned excluded groups"),
    "Target": Fields("id kind percent dueOn documentNo snapshotId division baseline setBy setAt"),
    "TargetProgress": Fields(
        "target asOf files achieved share reached relieved relievedBefore graduated returned deregistered closings open "
        "erased groups"
    ),
    "ClosingCount": Fields("closing files"),
    "GroupProgress": Fields(
        "code labelZh labelEn files achieved share relieved graduated returned deregistered open erased withheld"
    ),
    "Cohort": Fields("begins files aided exited returned excluded daysToRecord daysToAid daysToExit"),
    "SetTargetPayload": Fields(f"{ANSWERED} target"),
    "FreezeBaselinePayload": Fields(f"{ANSWERED} snapshot"),
    "RowError": Fields("file row column message"),
    "AllocateFundPayload": Fields(f"{ANSWERED} fund"),
    **{
        f"{each}Payload": Fields(f"{ANSWERED} cycle")
        for each in ("DrawUpCycle", "ApproveCycle", "SettleCycle", "CancelCycle", "RepayOrder")
    },
    "ReconcileCyclePayload": Fields(f"{ANSWERED} cycle rowErrors"),
    "RecordPaymentCheckPayload": Fields(f"{ANSWERED} check"),
    "StopProposal": Fields(
        "id kind grantId programme fromMonth toMonth amount cause proposedBy proposedAt state notice decision version "
        "household",
        hidden="statement closing",
    ),
    "AidNotice": Fields("documentNo delivery deliveredOn waitUntil answeredOn", hidden="facts answer"),
    "StopDecision": Fields("decidedOn decidedBy floor left line referralId"),
    "StopPreview": Fields(
        "months lost incomeMonth leftLow leftHigh line floor needsReferral possibleProgrammes"
    ),
    "ChangedMonth": Fields("month before after"),
    "Recovery": Fields("id grantId programme total most left cause openedAt entries household"),
    "RecoveryEntry": Fields("kind month amount left cap paidOn enteredAt", hidden="reason"),
    "OfficialError": Fields(
        "id kind division discoveredOn grantId month recordedBy putRightOn version household", hidden="what remedy"
    ),
    "OfficialErrorCount": Fields("kind discovered putRight"),
    **{
        f"{each}Payload": Fields(f"{ANSWERED} proposal")
        for each in ("ProposeStop", "WithdrawStop", "RecordAidNotice", "RecordAidAnswer", "DecideStop")
    },
    **{f"{each}Payload": Fields(f"{ANSWERED} recovery") for each in ("PayInstalment", "WaiveRecovery")},
    **{f"{each}Payload": Fields(f"{ANSWERED} error") for each in ("RecordOfficialError", "PutRightOfficialError")},
    "AidConflictError": Fields("code message path findings"),
    "StopHeldError": Fields("code message path item"),
    "Watch": Fields("id months dueOn outcome doneBy doneAt version household", hidden="note"),
    "PageInfo": Fields("hasNextPage hasPreviousPage startCursor endCursor"),
    **{f"{each}Connection": CONNECTION for each in NODES if each not in UNLISTED},
    **{f"{each}Edge": EDGE for each in NODES if each not in UNLISTED},
    **{f"{each}Error": Fields("code message path") for each in ("Validation", "NotFound", "Permission", "Idempotency")},
    "MissingConsentError": Fields("code message path missing"),
    "MissingConsent": Fields("personId sources"),
    "ConflictError": Fields("code message path currentVersion"),
    "BeginUploadPayload": Fields(f"{ANSWERED} upload"),
    "PushAnswersPayload": Fields(f"{ANSWERED} taken"),
    **{
        f"{each}Payload": Fields(f"{ANSWERED} finding")
        for each in (
            "ReviewFinding", "ClaimFinding", "ReleaseFinding", "AskFacts", "ReportRepair", "NotifyFinding", "RecordAnswer",
            "ProposeConclusion", "ConfirmConclusion", "WithdrawConclusion",
        )
    },
    "ReviewFindingsPayload": Fields(f"{ANSWERED} findings"),
    "AnswerFactsPayload": Fields(f"{ANSWERED} inquiry"),
    "ObjectToFindingPayload": Fields(f"{ANSWERED} objection"),
    "ReviewHeldError": Fields("code message path item findingId"),
    **{f"{each}ScanPayload": Fields(f"{ANSWERED} scan") for each in ("Start", "Cancel")},
    "RecordIncomePayload": Fields(f"{ANSWERED} person"),
    "AssessExitPayload": Fields(f"{ANSWERED} assessment"),
    **{f"{each}Payload": Fields(f"{ANSWERED} proposal") for each in ("ProposeExit", "DeregisterFile", "DecideExit", "WithdrawProposal")},
    "ChangeSubjectPayload": Fields(f"{ANSWERED} household"),
    "CorrectHouseholdPayload": Fields(f"{ANSWERED} household"),
    "RecordWatchPayload": Fields(f"{ANSWERED} watch"),
    **{f"{each}Payload": Fields(f"{ANSWERED} person") for each in ("AddMember", "MoveMember", "EndMembership", "CorrectMember")},
    "FillFormPayload": Fields(f"{ANSWERED} household"),
    **{f"{each}Payload": Fields(f"{ANSWERED} household") for each in STEPS},
    "RecordAuthorisationPayload": Fields(f"{ANSWERED} authorisation"),
    "WithdrawAuthorisationPayload": Fields(f"{ANSWERED} authorisation"),
    "RecordEmergencyExceptionPayload": Fields(f"{ANSWERED} emergencyException"),
    "OpenPublicNoticePayload": Fields(f"{ANSWERED} notice"),
    "RaiseObjectionPayload": Fields(f"{ANSWERED} objection"),
    "AnswerObjectionPayload": Fields(f"{ANSWERED} objection"),
    "AddCausePayload": Fields(f"{ANSWERED} cause"),
    "ResolveCausePayload": Fields(f"{ANSWERED} cause"),
    "ReopenCausePayload": Fields(f"{ANSWERED} cause"),
    "ChangeMainCausePayload": Fields(f"{ANSWERED} cause"),
    "RecordHomeVisitPayload": Fields(f"{ANSWERED} visit"),
    "CorrectHomeVisitPayload": Fields(f"{ANSWERED} visit"),
    "AssignContactOfficerPayload": Fields(f"{ANSWERED} household"),
    "MakePlanPayload": Fields(f"{ANSWERED} plan"),
    "ReportProgressPayload": Fields(f"{ANSWERED} measure"),
    "ReferPayload": Fields(f"{ANSWERED} referral"),
    "AnswerReferralPayload": Fields(f"{ANSWERED} referral"),
    "RequestVerificationPayload": Fields(f"{ANSWERED} request"),
    "AnswerVerificationPayload": Fields(f"{ANSWERED} answer"),
    "CheckApplicantPayload": Fields(f"{ANSWERED} check"),
    "CloseVerificationPayload": Fields(f"{ANSWERED} request"),
    "ReferForTaskPayload": Fields(f"{ANSWERED} referral"),
    "TakeTaskPayload": Fields(f"{ANSWERED} task"),
    "FinishTaskPayload": Fields(f"{ANSWERED} task"),
    "CancelTaskPayload": Fields(f"{ANSWERED} task"),
    "AcknowledgeAlarmPayload": Fields(f"{ANSWERED} alarm"),
    "SaveUserPayload": Fields(f"{ANSWERED} user"),
    "DeactivateUserPayload": Fields(f"{ANSWERED} user"),
    "LinkIdentityPayload": Fields(f"{ANSWERED} user client"),
    "UnlinkIdentityPayload": Fields(f"{ANSWERED} user"),
    "SaveOrganisationPayload": Fields(f"{ANSWERED} organisation"),
    "PlaceOrganisationPayload": Fields(f"{ANSWERED} organisation"),
    "AssignMeasureRolePayload": Fields(f"{ANSWERED} assignment"),
    "EndMeasureRolePayload": Fields(f"{ANSWERED} assignment"),
    "ProtectPersonPayload": Fields(f"{ANSWERED} person"),
    "EndProtectionPayload": Fields(f"{ANSWERED} person"),
    "DeactivateOrganisationPayload": Fields(f"{ANSWERED} organisation"),
    "SaveClientPayload": Fields(f"{ANSWERED} client"),
    "RotateClientSecretPayload": Fields(f"{ANSWERED} client secret"),
    "DeactivateClientPayload": Fields(f"{ANSWERED} client"),
}  # fmt: skip
"""Every object of the schema with every field. A new field that tells something of somebody is masked or hidden."""
