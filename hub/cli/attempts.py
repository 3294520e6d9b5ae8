"""`portal assign | attempts | attempt …`: attempts as an admin sees and steers them."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from hub import views
from hub.cli.common import (
    OPERATOR,
    AttemptId,
    Profile,
    Reason,
    lifecycle,
    need_reason,
    settings,
    store,
)
from hub.cli.durations import clock, seconds
from hub.cli.output import Json, hint, print_json, say, table, text
from hub.clock import utcnow

app = typer.Typer()
one = typer.Typer(help="One attempt.", no_args_is_help=True)
COLUMNS = ("id", "state", "expert", "environment", "profile", "left", "scores", "best", "score")


@app.command()
def assign(
    expert: Annotated[str, typer.Argument(help="Account of the expert.")],
    environment: Annotated[str, typer.Argument(metavar="ENV")],
    budget: Annotated[
        str | None, typer.Option(help="8h, 90m, 45s; else the environment's.")
    ] = None,
    profile: Profile = None,
    score_policy: Annotated[str | None, typer.Option(help="full, validation or none.")] = None,
    as_json: Json = False,
) -> None:
    """Promise an expert an attempt at an environment."""
    length = None if budget is None else seconds(budget)
    size = profile or settings().profile
    number = lifecycle().assign(expert, environment, size, length, OPERATOR, score_policy)
    if as_json:
        print_json({"attempt": number})
        return
    say(f"Attempt {number}: {expert} on {environment} ({size}).")
    hint(
        f"{expert} now finds it on {settings().public_url}. Watch it: portal attempt show {number}"
    )


@app.command("attempts")
def list_attempts(
    expert: Annotated[str | None, typer.Option(help="Only this expert's.")] = None,
    environment: Annotated[str | None, typer.Option(help="Only of this environment.")] = None,
    state: Annotated[str | None, typer.Option(help="Only in this state.")] = None,
    as_json: Json = False,
) -> None:
    """All attempts, newest first."""
    found = views.attempts_view(store(), utcnow(), expert=expert, for_admin=True)
    wanted = {"environment": environment, "state": state}
    for key, value in wanted.items():
        found = [view for view in found if value is None or view[key] == value]
    if as_json:
        print_json(found)
        return
    table(COLUMNS, [_row(view) for view in found], "No attempts. Next: portal assign EXPERT ENV")


@one.command()
def show(attempt_id: AttemptId, as_json: Json = False) -> None:
    """State, clock and score log of one attempt."""
    view = views.attempt_view(store(), attempt_id, utcnow(), for_admin=True)
    if as_json:
        print_json(view)
        return
    say(f"Attempt {view['id']}: {view['expert']} on {view['environment']} ({view['profile']})")
    say(
        f"{view['state']}, {clock(view['working_seconds'])} of {clock(view['budget_seconds'])} used"
    )
    for label in ("ending", "problem"):
        if view[label]:
            say(f"{label}: {view[label]}")
    table(
        ("#", "clock", "kind", "status", "score", "normalized", "message"),
        [
            (entry["index"], clock(entry["working_seconds"]), entry["kind"], entry["status"],
             entry["score"], entry["normalized_score"], _first_line(entry["message"]))
            for entry in view["entries"]
        ],
        "No scores yet.",
    )  # fmt: skip


@one.command()
def pause(attempt_id: AttemptId, reason: Reason = "") -> None:
    """Let the clock stand; nothing computes meanwhile."""
    lifecycle().pause(attempt_id, OPERATOR, "admin", need_reason(reason))
    _say_state(attempt_id)


@one.command()
def resume(attempt_id: AttemptId) -> None:
    """Let the clock run again."""
    lifecycle().resume(attempt_id, OPERATOR)
    _say_state(attempt_id)


@one.command()
def extend(
    attempt_id: AttemptId,
    by: Annotated[str, typer.Option(help="How much more: 30m, 1h …")],
    reason: Reason = "",
) -> None:
    """Give an attempt more time; it is kept with who and why."""
    lifecycle().extend(attempt_id, seconds(by), OPERATOR, need_reason(reason))
    _say_state(attempt_id)


@one.command()
def end(attempt_id: AttemptId, reason: Reason = "") -> None:
    """End an attempt now: stops its server and takes a last score."""
    why = need_reason(reason)
    view = views.attempt_view(store(), attempt_id, utcnow(), for_admin=True)
    lifecycle().end(attempt_id, OPERATOR, why)
    left = clock(view["remaining_seconds"])
    say(f"Attempt {attempt_id} ends; {left or 'all its time'} stays unused. A last score follows.")


@one.command()
def review(
    attempt_id: AttemptId,
    verdict: Annotated[str, typer.Argument(help="accepted, censored or excluded")],
    reason: Reason = "",
) -> None:
    """Judge a finished attempt as data."""
    lifecycle().review(attempt_id, OPERATOR, verdict, reason)
    say(f"Attempt {attempt_id}: {verdict}.")


def _row(view: dict[str, Any]) -> list[object]:
    best = view["best"] or {}
    values = [view[key] for key in ("id", "state", "expert", "environment", "profile")]
    numbers = [best.get("normalized_score"), best.get("score")]
    return [*values, clock(view["remaining_seconds"]), view["scores"], *numbers]


def _say_state(attempt_id: int) -> None:
    view = views.attempt_view(store(), attempt_id, utcnow(), for_admin=True)
    say(f"Attempt {attempt_id} is {view['state']}; {text(clock(view['remaining_seconds']))} left.")


def _first_line(message: str) -> str:
    return message.partition("\n")[0]
