"""What people may do with an attempt, and the one look that keeps it to the rules."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from typing import Any

from hub import preparation, score_requests
from hub.attempts import Ending, EventKind, State, Verdict
from hub.clock import Clock, utcnow
from hub.enforcement import Enforcer
from hub.errors import BadInput, NotFound, Refused, Unavailable
from hub.means import Means, load_environment
from hub.servers import HubServers, Servers
from hub.settings import Settings
from hub.store import events
from hub.store.database import Store
from hub.store.models import Attempt, Person, ScoreRequest

log = logging.getLogger(__name__)

SCORE_POLICIES = ("full", "validation", "none")


class Lifecycle:
    """Every act on an attempt. It checks the rules, not who may ask: that is the caller's part.

    Raises `NotFound`, `Refused`, `TimeIsUp`, `BadInput` for people's mistakes; `Unavailable` if
    something of ours does not answer. A refused act changes nothing.
    """

    def __init__(
        self,
        settings: Settings,
        store: Store,
        servers: Servers | None = None,
        *,
        now: Clock = utcnow,
    ) -> None:
        self._means = Means(settings, store, servers or HubServers(settings, store, now), now)
        self._enforcer = Enforcer(self._means)

    def assign(
        self,
        expert: str,
        environment: str,
        profile: str,
        budget_seconds: float | None,
        by: str,
        score_policy: str | None = None,
    ) -> int:
        """A promise that an expert may attempt an environment; returns the attempt's number.

        Without a budget or a policy, the environment's own.
        """
        described = load_environment(environment)
        if profile not in described.profiles:
            known = ", ".join(described.profiles)
            raise BadInput(f"{environment} has no profile {profile!r}. It has: {known}.")
        budget = described.time_budget_seconds if budget_seconds is None else budget_seconds
        attempt = Attempt(
            expert=expert, environment=environment, profile=profile,
            budget_seconds=_positive(budget), assigned_by=by, assigned_at=self._means.now(),
            score_policy=_policy(score_policy, described.score_shown),
            state=State.ASSIGNED.value, guards={}, hardware={},
        )  # fmt: skip
        with self._means.store.write() as session:
            _must_be_expert(session.get(Person, expert), expert)
            session.add(attempt)
            session.flush()
            events.append(session, attempt, EventKind.ASSIGNED, attempt.assigned_at, by)
            return attempt.id

    def prepare(self, attempt_id: int, by: str) -> None:
        """Begin to make it ready; `advance` goes on. Harmless while it is being prepared."""
        _, progress = self._means.look(attempt_id)
        if progress.state not in (State.PREPARING, State.READY):
            preparation.begin(self._means, attempt_id, by)

    def start(self, attempt_id: int, by: str, data: Mapping[str, Any] | None = None) -> None:
        """Deliver the files and start the clock. `data`: what the expert said, for the record."""
        _, progress = self._means.look(attempt_id)
        progress.check(EventKind.STARTED, self._means.now())
        if not self._means.servers.alive(attempt_id):
            preparation.again(self._means, attempt_id)
            raise Refused(
                "Your notebook server ended before the start; the clock was not started.",
                hint="It is being prepared again. Start when it is ready.",
            )
        self._enforcer.start(attempt_id, by, data)

    def request_score(self, attempt_id: int, nonce: str, by: str) -> ScoreRequest:
        """Accept a score request. Once this returns, its entry will be written."""
        request_id = score_requests.accept(self._means, attempt_id, nonce)
        log.info("score request %d of attempt %d by %s", request_id, attempt_id, by)
        try:
            score_requests.complete(self._means, attempt_id)
        except (OSError, RuntimeError, Unavailable):
            log.exception("request %d is accepted, its copy is still to be made", request_id)
        with self._means.store.read() as session:
            return session.get_one(ScoreRequest, request_id)

    def submit(self, attempt_id: int, by: str) -> None:
        """The expert's own end; the final score follows by `advance`."""
        self._end(attempt_id, Ending.SUBMITTED, by, "")

    def give_up(self, attempt_id: int, by: str, reason: str) -> None:
        self._end(attempt_id, Ending.GAVE_UP, by, _needed(reason))

    def end(self, attempt_id: int, by: str, reason: str) -> None:
        """An admin's end."""
        self._end(attempt_id, Ending.ENDED_BY_ADMIN, by, _needed(reason))

    def pause(self, attempt_id: int, by: str, kind: str, reason: str) -> None:
        """The clock stands at once; everything inside stands still half a second later."""
        self._means.append(attempt_id, EventKind.PAUSED, by, reason, {"kind": kind})

    def resume(self, attempt_id: int, by: str) -> None:
        self._means.append(attempt_id, EventKind.RESUMED, by)
        self._means.servers.thaw(attempt_id)

    def extend(self, attempt_id: int, seconds: float, by: str, reason: str) -> None:
        data = {"seconds": seconds, "kind": "admin"}
        self._means.append(attempt_id, EventKind.EXTENDED, by, _needed(reason), data)

    def review(self, attempt_id: int, by: str, verdict: str, reason: str) -> None:
        """`verdict`: accepted, censored or excluded. A later review replaces an earlier one."""
        known = verdict in list(Verdict)
        reason = reason if known and verdict == Verdict.ACCEPTED else _needed(reason)
        self._means.append(attempt_id, EventKind.REVIEWED, by, reason, {"verdict": verdict})

    def advance(self, attempt_id: int) -> None:
        """Do what is due now: called twice a second by the service and by the watchdog."""
        self._enforcer.advance(attempt_id)

    def _end(self, attempt_id: int, ending: Ending, by: str, reason: str) -> None:
        data = {"ending": ending.value}
        self._means.append(attempt_id, EventKind.ENDING, by, reason, data)


def _positive(budget_seconds: float) -> float:
    if not math.isfinite(budget_seconds) or budget_seconds <= 0:
        raise BadInput(f"A time budget of {budget_seconds} seconds is not possible.")
    return float(budget_seconds)


def _policy(score_policy: str | None, shown: bool) -> str:
    policy = score_policy or ("full" if shown else "none")
    if policy not in SCORE_POLICIES:
        known = ", ".join(SCORE_POLICIES)
        raise BadInput(f"There is no score policy {policy!r}. Known: {known}.")
    return policy


def _must_be_expert(person: Person | None, name: str) -> None:
    if person is None:
        hint = f"Add the account first: portal expert add {name}"
        raise NotFound(f"There is no expert {name!r}.", hint=hint)
    if person.role != "expert" or person.disabled:
        kind = "disabled" if person.disabled else f"an {person.role}"
        raise BadInput(f"The account {name!r} is {kind}; attempts are for experts.")


def _needed(reason: str) -> str:
    if not reason.strip():
        raise BadInput("A reason is needed.", hint="Say in a few words why.")
    return reason.strip()
