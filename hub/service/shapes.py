"""The JSON of the API: what may be sent, and what every answer holds."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

LONGEST_EXTENSION_SECONDS = 30 * 86400.0

Reason = Annotated[str, Field(min_length=1, max_length=2000, description="Kept in the record.")]


class Sent(BaseModel):
    """A request's body; unknown fields are refused, so a misspelt one is noticed."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class ScoreAsked(Sent):
    nonce: str = Field(min_length=1, max_length=100, description="Repeat it to ask only once.")


class WithReason(Sent):
    reason: Reason


class Extension(Sent):
    seconds: float = Field(gt=0, le=LONGEST_EXTENSION_SECONDS, allow_inf_nan=False)
    reason: Reason


class Review(Sent):
    verdict: Literal["accepted", "censored", "excluded"]
    reason: Reason


class Beginning(Sent):
    """What the expert says before the clock starts; kept with the start."""

    consent: Literal[True] = Field(description="The rules were read and are agreed to.")
    prior_exposure: Literal["none", "some", "much"] = "none"
    prior_exposure_details: str = Field("", max_length=2000)


class Me(BaseModel):
    name: str
    admin: bool


class Entry(BaseModel):
    """One line of the score log. `details`, `worker` and `hash` are for admins only."""

    index: int
    kind: str  # starting | requested | final
    requested_at: str
    working_seconds: float
    status: str  # valid | invalid | failed
    score: float | None
    normalized_score: float | None
    message: str
    scoring_seconds: float
    snapshot: str | None
    hidden: bool  # the number exists, but is not for the expert
    details: dict[str, Any] | None = None
    worker: str | None = None
    hash: str | None = None


class Request(BaseModel):
    """A score that was asked for and is not yet in the log."""

    index: int
    nonce: str
    kind: str
    status: str  # queued | running
    stage: str
    requested_at: str
    elapsed_seconds: float
    expected_seconds: float | None


class Pause(BaseModel):
    kind: str
    reason: str
    since: str


class Summary(BaseModel):
    """An attempt without its score log."""

    id: int
    expert: str
    environment: str
    title: str
    profile: str
    state: str
    ending: str | None
    server_time: str
    started_at: str | None
    deadline: str | None  # none while paused
    working_seconds: float
    remaining_seconds: float
    budget_seconds: float
    isolation: str | None
    guards: dict[str, Any]
    direction: str
    unit: str
    display: str
    score_shown: bool
    starting_score: float | None
    reference_score: float | None
    score_spread: float | None
    best: Entry | None
    scores: int
    url: str | None
    pause: Pause | None
    problem: str | None


class AttemptView(Summary):
    requests: list[Request]
    entries: list[Entry]  # newest last


class Attempts(BaseModel):
    attempts: list[Summary]


class Healthy(BaseModel):
    ok: Literal[True]
