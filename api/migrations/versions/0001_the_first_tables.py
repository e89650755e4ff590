"""The first tables."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
CODE = sa.String().with_variant(sa.String(collation="C"), "postgresql")
JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    """One step forwards."""
    op.create_table(
        "departments",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("title_zh", sa.String(), nullable=False),
        sa.Column("title_en", sa.String(), nullable=False),
        sa.Column("agency_zh", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("code", name="pk_departments"),
    )
    op.create_table(
        "households",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("reference", CODE, nullable=False),
        sa.Column("division_code", CODE, nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("target_group", sa.String(), nullable=True),
        sa.Column("programme_code", sa.String(), nullable=True),
        sa.Column("residence", sa.String(), nullable=True),
        sa.Column("applied_on", sa.Date(), nullable=True),
        sa.Column("file_opened_on", sa.Date(), nullable=True),
        sa.Column("file_closed_on", sa.Date(), nullable=True),
        sa.Column("declared_monthly_income_fen", KEY, nullable=True),
        sa.Column("declared_deposits_fen", KEY, nullable=True),
        sa.Column("declared_vehicles", KEY, nullable=True),
        sa.Column("declared_homes", KEY, nullable=True),
        sa.Column("declared_businesses", KEY, nullable=True),
        sa.Column("address", sa.LargeBinary(), nullable=True),
        sa.Column("phone", sa.LargeBinary(), nullable=True),
        sa.Column("phone_index", sa.LargeBinary(), nullable=True),
        sa.Column("payee_account", sa.LargeBinary(), nullable=True),
        sa.Column("payee_name", sa.LargeBinary(), nullable=True),
        sa.Column("others", sa.LargeBinary(), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("version", KEY, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("version > 0", name="ck_households_version"),
        sa.PrimaryKeyConstraint("id", name="pk_households"),
        sa.UniqueConstraint("reference", name="uq_households_reference"),
    )
    op.create_index("ix_households_division_code_stage", "households", ["division_code", "stage"])
    op.create_index("ix_households_phone_index", "households", ["phone_index"])

    op.create_table(
        "jobs",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", KEY, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", KEY, nullable=False),
        sa.Column("run_after", sa.DateTime(timezone=True), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("worker", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
    )
    op.create_index("ix_jobs_state_run_after_id", "jobs", ["state", "run_after", "id"])

    op.create_table(
        "key_checks",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_key_checks"),
    )
    op.create_table(
        "outbox",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("subject", KEY, nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
    )
    op.create_table(
        "programmes",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name_zh", sa.String(), nullable=False),
        sa.Column("name_en", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("position", KEY, nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_programmes"),
    )
    op.create_table(
        "users",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("login", sa.String(), nullable=False),
        sa.Column("display_name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("division_code", CODE, nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("login", name="uq_users_login"),
    )
    op.create_table(
        "audit_events",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("number", KEY, nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", KEY, nullable=True),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("subject_type", sa.String(), nullable=False),
        sa.Column("subject", KEY, nullable=False),
        sa.Column("detail", JSON, nullable=False),
        sa.Column("previous_hash", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.CheckConstraint("number > 0", name="ck_audit_events_number"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_audit_events_user_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_audit_events"),
        sa.UniqueConstraint("number", name="uq_audit_events_number"),
    )
    op.create_table(
        "feeds",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("department_code", sa.String(), nullable=False),
        sa.Column("folder", sa.String(), nullable=False),
        sa.Column("files", JSON, nullable=False),
        sa.Column("mapping", JSON, nullable=False),
        sa.Column("as_of", sa.Date(), nullable=True),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("rows", KEY, nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["department_code"], ["departments.code"], name="fk_feeds_department_code_departments"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_feeds"),
    )
    op.create_index("ix_feeds_department_code_id", "feeds", ["department_code", "id"])

    op.create_table(
        "idempotency_keys",
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("request_digest", sa.LargeBinary(), nullable=False),
        sa.Column("subject", KEY, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_idempotency_keys_user_id_users"),
        sa.PrimaryKeyConstraint("user_id", "digest", name="pk_idempotency_keys"),
    )
    op.create_index("ix_idempotency_keys_created_at", "idempotency_keys", ["created_at"])

    op.create_table(
        "members",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("reference", CODE, nullable=False),
        sa.Column("household_id", KEY, nullable=False),
        sa.Column("relation", sa.String(), nullable=True),
        sa.Column("name", sa.LargeBinary(), nullable=True),
        sa.Column("name_index", sa.LargeBinary(), nullable=True),
        sa.Column("former_name", sa.LargeBinary(), nullable=True),
        sa.Column("former_name_index", sa.LargeBinary(), nullable=True),
        sa.Column("id_number", sa.LargeBinary(), nullable=True),
        sa.Column("id_number_index", sa.LargeBinary(), nullable=True),
        sa.Column("sex", sa.String(), nullable=True),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("phone", sa.LargeBinary(), nullable=True),
        sa.Column("phone_index", sa.LargeBinary(), nullable=True),
        sa.Column("address", sa.LargeBinary(), nullable=True),
        sa.Column("division_code", CODE, nullable=True),
        sa.Column("declared_marital_status", sa.String(), nullable=True),
        sa.Column("declared_monthly_income_fen", KEY, nullable=True),
        sa.Column("declared_employment", sa.String(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("authorised_until", sa.Date(), nullable=True),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.Column("others", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["household_id"], ["households.id"], name="fk_members_household_id_households"),
        sa.PrimaryKeyConstraint("id", name="pk_members"),
        sa.UniqueConstraint("reference", name="uq_members_reference"),
    )
    op.create_index("ix_members_former_name_index", "members", ["former_name_index"])
    op.create_index("ix_members_household_id", "members", ["household_id"])
    op.create_index("ix_members_id_number_index", "members", ["id_number_index"])
    op.create_index("ix_members_name_index", "members", ["name_index"])
    op.create_index("ix_members_phone_index", "members", ["phone_index"])

    op.create_table(
        "scans",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("division_code", CODE, nullable=False),
        sa.Column("division_from", CODE, nullable=False),
        sa.Column("division_to", CODE, nullable=False),
        sa.Column("requested_by", KEY, nullable=True),
        sa.Column("as_of", sa.Date(), nullable=True),
        sa.Column("rules", JSON, nullable=False),
        sa.Column("stage", sa.String(), nullable=True),
        sa.Column("done", KEY, nullable=True),
        sa.Column("total", KEY, nullable=True),
        sa.Column("unit", sa.String(), nullable=True),
        sa.Column("summary", JSON, nullable=True),
        sa.Column("failure", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["requested_by"], ["users.id"], name="fk_scans_requested_by_users"),
        sa.PrimaryKeyConstraint("id", name="pk_scans"),
    )
    op.create_index("ix_scans_division_code_id", "scans", ["division_code", "id"])

    op.create_table(
        "tokens",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_tokens_user_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_tokens"),
        sa.UniqueConstraint("digest", name="uq_tokens_digest"),
    )
    op.create_index("ix_tokens_user_id", "tokens", ["user_id"])

    op.create_table(
        "authorisations",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("member_id", KEY, nullable=False),
        sa.Column("source", sa.String(), nullable=True),
        sa.Column("purpose", sa.String(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("withdrawn_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name="fk_authorisations_member_id_members"),
        sa.PrimaryKeyConstraint("id", name="pk_authorisations"),
    )
    op.create_index("ix_authorisations_member_id", "authorisations", ["member_id"])

    op.create_table(
        "enrolments",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("household_id", KEY, nullable=False),
        sa.Column("member_id", KEY, nullable=True),
        sa.Column("programme_code", sa.String(), nullable=False),
        sa.Column("agency", sa.String(), nullable=True),
        sa.Column("start_month", sa.Date(), nullable=True),
        sa.Column("end_month", sa.Date(), nullable=True),
        sa.Column("amount_fen", KEY, nullable=True),
        sa.Column("cause", sa.String(), nullable=True),
        sa.Column("source_record", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["household_id"], ["households.id"], name="fk_enrolments_household_id_households"),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name="fk_enrolments_member_id_members"),
        sa.ForeignKeyConstraint(
            ["programme_code"], ["programmes.code"], name="fk_enrolments_programme_code_programmes"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_enrolments"),
        sa.UniqueConstraint("household_id", "source_record", name="uq_enrolments_household_id_source_record"),
    )
    op.create_index("ix_enrolments_household_id_start_month", "enrolments", ["household_id", "start_month"])

    op.create_table(
        "findings",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("reference", CODE, nullable=False),
        sa.Column("evidence_hash", sa.String(), nullable=False),
        sa.Column("rule_id", sa.String(), nullable=False),
        sa.Column("rule_version", sa.String(), nullable=False),
        sa.Column("household_id", KEY, nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("severity_rank", KEY, nullable=False),
        sa.Column("basis", sa.String(), nullable=True),
        sa.Column("grade", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("review_id", KEY, nullable=True),
        sa.Column("amount_low_fen", KEY, nullable=True),
        sa.Column("amount_high_fen", KEY, nullable=True),
        sa.Column("period_start", sa.Date(), nullable=True),
        sa.Column("period_end", sa.Date(), nullable=True),
        sa.Column("evidence", JSON, nullable=False),
        sa.Column("exceptions", JSON, nullable=False),
        sa.Column("explanation_zh", sa.String(), nullable=False),
        sa.Column("explanation_en", sa.String(), nullable=False),
        sa.Column("first_scan_id", KEY, nullable=False),
        sa.Column("last_scan_id", KEY, nullable=False),
        sa.Column("raised_on", sa.Date(), nullable=False),
        sa.Column("version", KEY, nullable=False),
        sa.CheckConstraint("state <> 'CLOSED' OR review_id IS NOT NULL", name="ck_findings_closed_by_review"),
        sa.CheckConstraint("version > 0", name="ck_findings_version"),
        sa.ForeignKeyConstraint(["first_scan_id"], ["scans.id"], name="fk_findings_first_scan_id_scans"),
        sa.ForeignKeyConstraint(["household_id"], ["households.id"], name="fk_findings_household_id_households"),
        sa.ForeignKeyConstraint(["last_scan_id"], ["scans.id"], name="fk_findings_last_scan_id_scans"),
        sa.PrimaryKeyConstraint("id", name="pk_findings"),
        sa.UniqueConstraint("reference", name="uq_findings_reference"),
    )
    op.create_index("ix_findings_household_id_severity_rank_id", "findings", ["household_id", "severity_rank", "id"])
    op.create_index("ix_findings_last_scan_id", "findings", ["last_scan_id"])
    op.create_index("ix_findings_severity_rank_id", "findings", ["severity_rank", "id"])

    op.create_table(
        "links",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("scan_id", KEY, nullable=False),
        sa.Column("member_id", KEY, nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("record_id", sa.String(), nullable=False),
        sa.Column("party", sa.String(), nullable=False),
        sa.Column("probability", sa.Float(), nullable=False),
        sa.Column("weight_bits", sa.Float(), nullable=False),
        sa.Column("grade", sa.String(), nullable=True),
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("levels", JSON, nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name="fk_links_member_id_members"),
        sa.ForeignKeyConstraint(["scan_id"], ["scans.id"], name="fk_links_scan_id_scans"),
        sa.PrimaryKeyConstraint("id", name="pk_links"),
    )
    op.create_index("ix_links_member_id_scan_id", "links", ["member_id", "scan_id"])
    op.create_index("ix_links_scan_id", "links", ["scan_id"])

    op.create_table(
        "finding_persons",
        sa.Column("finding_id", KEY, nullable=False),
        sa.Column("member_id", KEY, nullable=False),
        sa.ForeignKeyConstraint(["finding_id"], ["findings.id"], name="fk_finding_persons_finding_id_findings"),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name="fk_finding_persons_member_id_members"),
        sa.PrimaryKeyConstraint("finding_id", "member_id", name="pk_finding_persons"),
    )
    op.create_index("ix_finding_persons_member_id", "finding_persons", ["member_id"])

    op.create_table(
        "payments",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("enrolment_id", KEY, nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("amount_fen", KEY, nullable=False),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolments.id"], name="fk_payments_enrolment_id_enrolments"),
        sa.PrimaryKeyConstraint("id", name="pk_payments"),
        sa.UniqueConstraint("enrolment_id", "month", name="uq_payments_enrolment_id_month"),
    )
    op.create_table(
        "reviews",
        sa.Column("id", KEY, sa.Identity(), nullable=False),
        sa.Column("finding_id", KEY, nullable=False),
        sa.Column("reviewer_id", KEY, nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=False),
        sa.Column("decision_document", sa.String(), nullable=True),
        sa.Column("evidence_hash", sa.String(), nullable=False),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["finding_id"], ["findings.id"], name="fk_reviews_finding_id_findings"),
        sa.ForeignKeyConstraint(["reviewer_id"], ["users.id"], name="fk_reviews_reviewer_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_reviews"),
    )
    op.create_index("ix_reviews_finding_id", "reviews", ["finding_id"])


def downgrade() -> None:
    """One step backwards."""
    op.drop_table("reviews")
    op.drop_table("payments")
    op.drop_table("finding_persons")
    op.drop_table("links")
    op.drop_table("findings")
    op.drop_table("enrolments")
    op.drop_table("authorisations")
    op.drop_table("tokens")
    op.drop_table("scans")
    op.drop_table("members")
    op.drop_table("idempotency_keys")
    op.drop_table("feeds")
    op.drop_table("audit_events")
    op.drop_table("users")
    op.drop_table("programmes")
    op.drop_table("outbox")
    op.drop_table("key_checks")
    op.drop_table("jobs")
    op.drop_table("households")
    op.drop_table("departments")
