"""The first record: people, attempts and their events, score requests and the score log."""

import sqlalchemy as sa
from alembic import op

from hub.store.dialect import append_only_triggers

revision = "0001"
down_revision = None

APPEND_ONLY = ("attempt_events", "score_entries", "audit")


def upgrade() -> None:
    people_and_audit()
    attempts()
    score_log()
    servers()
    if op.get_bind().dialect.name == "sqlite":
        for table in APPEND_ONLY:
            for statement in append_only_triggers(table):
                op.execute(statement)


def people_and_audit() -> None:
    op.create_table(
        "people",
        sa.Column("name", sa.String(30), primary_key=True),
        text("role"),
        text("password_hash"),
        text("pseudonym"),
        moment("created_at"),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.UniqueConstraint("pseudonym", name="uq_people_pseudonym"),
    )
    op.create_table("audit", key("id"), moment("at"), text("actor"), text("act"), json("data"))


def attempts() -> None:
    op.create_table(
        "attempts",
        key("id"),
        sa.Column("expert", sa.String(30), sa.ForeignKey("people.name"), nullable=False),
        text("environment"),
        text("profile"),
        number("budget_seconds"),
        text("score_policy"),
        text("assigned_by"),
        moment("assigned_at"),
        text("state"),
        text("environment_hash", nullable=True),
        number("starting_score", nullable=True),
        number("score_spread", nullable=True),
        number("reference_score", nullable=True),
        json("guards"),
        json("hardware"),
    )
    index("attempts", "expert")
    index("attempts", "state")
    op.create_table(
        "attempt_events",
        key("id"),
        attempt_id(),
        count("sequence"),
        text("kind"),
        moment("at"),
        text("actor"),
        text("reason"),
        json("data"),
        unique("attempt_events", "attempt_id", "sequence"),
    )
    index("attempt_events", "attempt_id")


def score_log() -> None:
    op.create_table(
        "score_requests",
        key("id"),
        attempt_id(),
        count("index"),
        text("nonce"),
        text("kind"),
        moment("requested_at"),
        number("working_seconds"),
        text("snapshot", nullable=True),
        text("refusal", nullable=True),
        text("status"),
        text("worker", nullable=True),
        count("claims"),
        moment("claimed_at", nullable=True),
        moment("heartbeat_at", nullable=True),
        text("stage"),
        unique("score_requests", "attempt_id", "index"),
        unique("score_requests", "attempt_id", "nonce"),
    )
    index("score_requests", "attempt_id")
    index("score_requests", "status")
    op.create_table(
        "score_entries",
        key("sequence"),
        sa.Column("request_id", sa.Integer(), sa.ForeignKey("score_requests.id"), nullable=False),
        attempt_id(),
        count("index"),
        text("kind"),
        moment("requested_at"),
        moment("written_at"),
        number("working_seconds"),
        text("status"),
        number("score", nullable=True),
        number("normalized_score", nullable=True),
        text("message"),
        json("details"),
        text("snapshot", nullable=True),
        text("environment_hash"),
        text("worker"),
        json("hardware"),
        json("guards"),
        number("scoring_seconds"),
        text("previous_hash"),
        text("hash"),
        unique("score_entries", "request_id"),
        unique("score_entries", "hash"),
    )
    index("score_entries", "attempt_id")


def servers() -> None:
    op.create_table(
        "servers",
        sa.Column("attempt_id", sa.Integer(), sa.ForeignKey("attempts.id"), primary_key=True),
        json("process"),
        count("port"),
        moment("started_at"),
        moment("stopped_at", nullable=True),
        moment("frozen_at", nullable=True),
    )
    op.create_table(
        "gpu_leases",
        sa.Column("uuid", sa.String(), primary_key=True),
        attempt_id(),
        moment("since"),
    )
    index("gpu_leases", "attempt_id")
    op.create_table("heartbeats", sa.Column("part", sa.String(), primary_key=True), moment("at"))


def key(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), primary_key=True)


def attempt_id() -> sa.Column[int]:
    return sa.Column("attempt_id", sa.Integer(), sa.ForeignKey("attempts.id"), nullable=False)


def text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=nullable)


def count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)


def number(name: str, *, nullable: bool = False) -> sa.Column[float]:
    return sa.Column(name, sa.Double(), nullable=nullable)


def moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    """UTC without a zone, see `hub.store.models.UtcDateTime`."""
    return sa.Column(name, sa.DateTime(), nullable=nullable)


def json(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.JSON(), nullable=False)


def unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name="_".join(["uq", table, *columns]))


def index(table: str, column: str) -> None:
    op.create_index(f"ix_{table}_{column}", table, [column])
