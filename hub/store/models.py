"""The record: every table of the portal, with what each column means.

Append-only: `AttemptEvent`, `ScoreEntry`, `AuditLine`. The state and the clock of an attempt
are folded from its events (`hub.attempts.fold`); `Attempt.state` is only an index for queries.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    DateTime,
    ForeignKey,
    Integer,
    MetaData,
    String,
    UniqueConstraint,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """Timezone-aware UTC in and out; naive values are refused. SQLite keeps text."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime {value!r}; the portal stores UTC only")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


NAMES = {  # so that a later migration can name what it changes
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {datetime: UtcDateTime, dict[str, Any]: JSON}


class Person(Base):
    """An account: an expert or an admin. Only a hash of the password is kept."""

    __tablename__ = "people"
    name: Mapped[str] = mapped_column(String(30), primary_key=True)
    role: Mapped[str]  # expert | admin
    password_hash: Mapped[str]  # argon2id
    pseudonym: Mapped[str] = mapped_column(unique=True)  # for blinded exports
    created_at: Mapped[datetime]
    disabled: Mapped[bool] = mapped_column(default=False)


class Attempt(Base):
    """One expert, one environment, one time budget."""

    __tablename__ = "attempts"
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    expert: Mapped[str] = mapped_column(ForeignKey("people.name"), index=True)
    environment: Mapped[str]
    profile: Mapped[str]
    budget_seconds: Mapped[float]
    score_policy: Mapped[str]  # full | validation | none: what the expert may see
    assigned_by: Mapped[str]
    assigned_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(index=True)  # index of the folded state, see module
    environment_hash: Mapped[str | None]  # of the environment's folder at preparation
    starting_score: Mapped[float | None]  # raw, from calibration, fixed at preparation
    score_spread: Mapped[float | None]  # raw; smaller sd of re-scoring start and reference
    reference_score: Mapped[float | None]
    guards: Mapped[dict[str, Any]] = mapped_column(default=dict)  # in force, see hub.guards
    hardware: Mapped[dict[str, Any]] = mapped_column(default=dict)

    @property
    def server_name(self) -> str:
        """Name of the Hub's named server for this attempt."""
        return f"a{self.id}"


class AttemptEvent(Base):
    """One thing that happened to an attempt. Never changed, never deleted."""

    __tablename__ = "attempt_events"
    __table_args__ = (UniqueConstraint("attempt_id", "sequence"),)
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempts.id"), index=True)
    sequence: Mapped[int]  # 0, 1, 2 … within the attempt; the constraint settles races
    kind: Mapped[str]  # see hub.attempts.EventKind
    at: Mapped[datetime]
    actor: Mapped[str]  # account name, or "portal"
    reason: Mapped[str] = mapped_column(default="")
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)


class ScoreRequest(Base):
    """The queue: one accepted call of the scoring function, until its entry is written."""

    __tablename__ = "score_requests"
    __table_args__ = (
        UniqueConstraint("attempt_id", "nonce"),
        UniqueConstraint("attempt_id", "index"),
    )
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempts.id"), index=True)
    index: Mapped[int]  # by request within the attempt; 0 = starting solution
    nonce: Mapped[str]  # the client's, makes a repeated call harmless
    kind: Mapped[str]  # starting | requested | final
    requested_at: Mapped[datetime]
    working_seconds: Mapped[float]  # on the attempt's clock at the request
    snapshot: Mapped[str | None]  # sha256 of the manifest; None until taken
    refusal: Mapped[str | None]  # why the snapshot itself is invalid (a link, too large …)
    status: Mapped[str] = mapped_column(index=True)  # queued | running | done
    worker: Mapped[str | None]
    claims: Mapped[int] = mapped_column(default=0)  # how often a worker took it
    claimed_at: Mapped[datetime | None]
    heartbeat_at: Mapped[datetime | None]
    stage: Mapped[str] = mapped_column(default="")  # what the scorer is doing, for people


class ScoreEntry(Base):
    """The score log: written once when the outcome is known, chained by hash."""

    __tablename__ = "score_entries"
    sequence: Mapped[int] = mapped_column(Integer, primary_key=True)  # 1, 2 … over the portal
    request_id: Mapped[int] = mapped_column(ForeignKey("score_requests.id"), unique=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempts.id"), index=True)
    index: Mapped[int]
    kind: Mapped[str]
    requested_at: Mapped[datetime]
    written_at: Mapped[datetime]
    working_seconds: Mapped[float]
    status: Mapped[str]  # valid | invalid | failed
    score: Mapped[float | None]  # raw, full precision; None if not valid
    normalized_score: Mapped[float | None]  # unclipped
    message: Mapped[str]  # for the expert
    details: Mapped[dict[str, Any]]  # for admins only
    snapshot: Mapped[str | None]
    environment_hash: Mapped[str]
    worker: Mapped[str]
    hardware: Mapped[dict[str, Any]]
    guards: Mapped[dict[str, Any]]
    scoring_seconds: Mapped[float]
    previous_hash: Mapped[str]  # of the entry with sequence − 1; 64 zeros for the first
    hash: Mapped[str] = mapped_column(unique=True)


class Server(Base):
    """What the spawner started for an attempt: enough to find, freeze and kill it."""

    __tablename__ = "servers"
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempts.id"), primary_key=True)
    process: Mapped[dict[str, Any]]  # hub.sandbox.SandboxedProcess.to_state()
    port: Mapped[int]  # on the host's loopback
    started_at: Mapped[datetime]
    stopped_at: Mapped[datetime | None]
    frozen_at: Mapped[datetime | None]


class GpuLease(Base):
    """One GPU held by one attempt."""

    __tablename__ = "gpu_leases"
    uuid: Mapped[str] = mapped_column(primary_key=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempts.id"), index=True)
    since: Mapped[datetime]


class Heartbeat(Base):
    """Last sign of life of a part of the portal (service, watchdog, worker …)."""

    __tablename__ = "heartbeats"
    part: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]


class AuditLine(Base):
    """Who did what to whom, for acts that are no attempt event (accounts, exports …)."""

    __tablename__ = "audit"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str]
    act: Mapped[str]
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)
