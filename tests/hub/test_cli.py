"""The command line: accounts, assignments, attempts, the record; and each way to go wrong."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from hub import people
from hub.settings import Settings
from hub.store import Store
from tests.hub.command_line import CommandLine


@pytest.fixture
def portal(
    settings: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> CommandLine:
    """Without a database: a portal that was never started."""
    monkeypatch.setenv("PORTAL_DATA", str(settings.root))
    monkeypatch.setenv("PORTAL_PORT", "29950")
    return CommandLine(capsys, monkeypatch)


@pytest.fixture
def started(portal: CommandLine, store: Store) -> CommandLine:
    """With a database and the expert ada."""
    people.add(store, "ada")
    return portal


def test_a_new_account_gets_a_password_that_works_and_is_not_kept(
    started: CommandLine, store: Store, settings: Settings
) -> None:
    password = started("expert", "add", "bo", "--json").json["password"]
    assert people.verify(store, "bo", password) is not None
    assert password.encode() not in (settings.root / "portal.db").read_bytes()
    assert password not in started("expert", "list").out


def test_a_new_password_ends_the_old_one(started: CommandLine, store: Store) -> None:
    old = started("expert", "add", "bo", "--json").json["password"]
    new = started("expert", "passwd", "bo", "--json").json["password"]
    assert people.verify(store, "bo", old) is None
    assert people.verify(store, "bo", new) is not None


def test_an_admin_is_made_only_by_asking_for_one(started: CommandLine) -> None:
    started("expert", "add", "eva", "--admin")
    roles = {row["name"]: row["role"] for row in started("expert", "list", "--json").json}
    assert roles == {"ada": "expert", "eva": "admin"}


def test_accounts_come_from_a_csv_file(started: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("name,role\ncy,expert\ndi,admin\n")
    rows = started("expert", "import", str(file), "--json").json
    assert [row["name"] for row in rows] == ["cy", "di"]
    assert len({row["password"] for row in rows}) == 2


def test_an_assignment_appears_among_the_attempts(started: CommandLine) -> None:
    number = started("assign", "ada", "optimize_kernel", "--budget", "90m", "--json").json
    [view] = started("attempts", "--json").json
    assert view["id"] == number["attempt"]
    assert (view["state"], view["budget_seconds"]) == ("assigned", 5400)


def test_attempts_are_narrowed_by_expert_environment_and_state(started: CommandLine) -> None:
    started("assign", "ada", "optimize_kernel")
    started("assign", "ada", "fix_embedding")
    assert len(started("attempts", "--expert", "ada", "--json").json) == 2
    [view] = started("attempts", "--environment", "fix_embedding", "--json").json
    assert view["environment"] == "fix_embedding"
    assert started("attempts", "--state", "running", "--json").json == []


def test_a_pipe_gets_lines_with_tabs_and_no_hints(started: CommandLine) -> None:
    assert started("assign", "ada", "optimize_kernel").out.count("\n") == 1
    assert started("attempts").out.split("\t")[1:4] == ["assigned", "ada", "optimize_kernel"]


def test_an_empty_list_says_what_to_do_on_stderr(started: CommandLine) -> None:
    answer = started("attempts")
    assert answer.out == ""
    assert "portal assign" in answer.err


def test_more_time_is_kept_with_its_reason(started: CommandLine) -> None:
    started("assign", "ada", "optimize_kernel", "--budget", "1h")
    extended = started("attempt", "extend", "1", "--by", "30m", "--reason", "power cut")
    assert extended.code == 0, extended.err
    assert started("attempt", "show", "1", "--json").json["remaining_seconds"] == 5400


@pytest.mark.parametrize("act", [("pause",), ("end",), ("extend", "--by", "30m")])
def test_an_act_on_an_attempt_wants_a_reason(started: CommandLine, act: tuple[str, ...]) -> None:
    started("assign", "ada", "optimize_kernel")
    answer = started("attempt", act[0], "1", *act[1:])
    assert answer.code == 2
    assert "reason" in answer.err
    assert started("attempt", "show", "1", "--json").json["state"] == "assigned"


def test_what_the_rules_refuse_ends_with_1(started: CommandLine) -> None:
    started("assign", "ada", "optimize_kernel")
    answer = started("attempt", "pause", "1", "--reason", "lunch")
    assert answer.code == 1
    assert answer.err


def test_the_export_holds_every_attempt_under_a_pseudonym(
    started: CommandLine, tmp_path: Path
) -> None:
    started("assign", "ada", "optimize_kernel")
    assert started("export", "--format", "csv", "--out", str(tmp_path / "out")).code == 0
    with (tmp_path / "out" / "attempts.csv").open(newline="") as file:
        [row] = csv.DictReader(file)
    assert row["environment"] == "optimize_kernel"
    assert row["expert"] != "ada"


def test_an_empty_record_verifies(started: CommandLine) -> None:
    assert started("verify").code == 0
    assert started("verify", "--json").json == {"ok": True, "problems": []}


BAD_INPUT = {
    ("assign", "nobody", "optimize_kernel"): "nobody",
    ("assign", "ada", "no_such_thing"): "optimize_kernel",
    ("assign", "ada", "optimize_kernel", "--budget", "soon"): "8h",
    ("assign", "ada", "optimize_kernel", "--budget", "0"): "8h",
    ("assign", "ada", "optimize_kernel", "--profile", "huge"): "small",
    ("assign", "ada", "optimize_kernel", "--score-policy", "some"): "full",
    ("attempt", "show", "99"): "99",
    ("attempt", "show", "one"): "integer",
    ("attempt", "review", "99", "accepted"): "99",
    ("expert", "add", "../etc"): "lower-case",
    ("expert", "add", "Ada"): "lower-case",
    ("expert", "passwd", "nobody"): "nobody",
    ("expert", "import", "/no/such/file.csv"): "/no/such/file.csv",
    ("check",): "--all",
    ("prepare", "no_such_thing"): "optimize_kernel",
    ("calibrate", "optimize_kernel"): "portal prepare",
    ("calibrate", "optimize_kernel", "--repeats", "0"): "--repeats",
    ("export", "--format", "tables", "--out", "out"): "csv",
    ("run", "everything"): "watchdog",
    ("run", "worker", "--instance", "../x"): "worker_00",
    ("no-such-command",): "no-such-command",
}


@pytest.mark.parametrize("words", BAD_INPUT)
def test_bad_input_ends_with_2_and_a_sentence_that_helps(
    started: CommandLine, words: tuple[str, ...]
) -> None:
    answer = started(*words)
    assert answer.code == 2, answer
    assert BAD_INPUT[words] in answer.err
    assert "Traceback" not in answer.err
    assert answer.out == ""


@pytest.mark.parametrize("words", [("attempts",), ("expert", "list"), ("verify",)])
def test_a_portal_that_was_never_started_says_how_to_start_it(
    portal: CommandLine, words: tuple[str, ...]
) -> None:
    answer = portal(*words)
    assert answer.code == 1
    assert "make up" in answer.err


def test_a_setting_that_cannot_be_used_is_named(
    portal: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORTAL_WORKERS", "many")
    answer = portal("status")
    assert answer.code == 2
    assert "PORTAL_WORKERS=many" in answer.err


def test_status_and_down_of_a_portal_that_does_not_run_are_no_errors(portal: CommandLine) -> None:
    assert portal("status").code == 0
    assert portal("status", "--json").json["programs"] == []
    assert "not running" in portal("down").out


def test_doctor_names_every_guard_and_what_to_do_next(portal: CommandLine) -> None:
    findings = {row["what"]: row for row in portal("doctor", "--json").json}
    assert {"guard: isolation", "guard: network", "proxy", "data folder"} <= set(findings)
    assert findings["programs"]["detail"].endswith("portal up")


def test_doctor_says_what_running_without_the_sandbox_means(
    portal: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORTAL_ISOLATION", "none")
    findings = {row["what"]: row for row in portal("doctor", "--json").json}
    assert findings["guard: isolation"]["severity"] == "warning"
    assert "experts' code runs as you" in findings["guard: isolation"]["detail"]
