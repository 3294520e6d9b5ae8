"""`portal score`: any folder, as the workers would score it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from environments import preparing, registry
from environments.optimize_kernel import scorer
from hub.settings import Settings
from tests.hub.command_line import CommandLine

pytestmark = pytest.mark.sandbox
KERNEL = "optimize_kernel"


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A data folder with the assets of one environment, not calibrated."""
    settings = Settings(data=tmp_path_factory.mktemp("score") / "var")
    environment = registry.load(KERNEL)
    assets = settings.assets_folder(KERNEL, "small")
    run = preparing.trusted_run(settings.expert_python)
    preparing.prepare(environment, environment.profiles["small"], assets, run)
    return settings


@pytest.fixture
def portal(
    prepared: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> CommandLine:
    monkeypatch.setenv("PORTAL_DATA", str(prepared.root))
    return CommandLine(capsys, monkeypatch)


@pytest.fixture
def solution(prepared: Settings, tmp_path: Path) -> Path:
    """A copy of the starting solution."""
    assets = prepared.assets_folder(KERNEL, "small")
    return preparing.starting_solution(registry.load(KERNEL), assets, tmp_path / "mine")


@pytest.mark.slow
def test_a_valid_solution_ends_with_0_and_leaves_no_trace(
    portal: CommandLine, prepared: Settings, solution: Path
) -> None:
    answer = portal("score", KERNEL, str(solution), "--json")
    assert answer.code == 0, answer
    assert answer.json["status"] == "valid"
    assert isinstance(answer.json["score"], float)
    assert answer.json["scoring_seconds"] > 0
    assert not prepared.snapshots_folder.exists()


@pytest.mark.slow
def test_a_workspace_is_taken_for_the_solution_in_it(portal: CommandLine, solution: Path) -> None:
    workspace = solution.parent / "workspace"
    workspace.mkdir()
    shutil.move(solution, workspace / "solution")
    assert portal("score", KERNEL, str(workspace), "--json").code == 0


def test_an_empty_folder_is_an_invalid_solution(portal: CommandLine, tmp_path: Path) -> None:
    answer = portal("score", KERNEL, str(tmp_path), "--json")
    assert answer.code == 3
    assert answer.json["status"] == "invalid"
    assert answer.json["score"] is None
    assert "solution.py" in answer.json["message"]


def test_a_link_is_refused_by_name_and_never_followed(
    portal: CommandLine, prepared: Settings, solution: Path
) -> None:
    secret = prepared.assets_folder(KERNEL, "small") / "private" / "secret"
    (solution / "data.bin").symlink_to(secret)
    answer = portal("score", KERNEL, str(solution), "--json")
    assert answer.code == 3
    assert "data.bin" in answer.json["message"]


def test_a_fault_of_the_scorer_ends_with_4_and_is_called_ours(
    portal: CommandLine, solution: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(scoring: object) -> None:
        raise RuntimeError("no space left")

    monkeypatch.setattr(scorer, "score", broken)
    answer = portal("score", KERNEL, str(solution), "--json")
    assert answer.code == 4
    assert answer.json["status"] == "failed"
    assert "our fault" in answer.json["message"]
    assert "no space left" in answer.json["details"]["log"]


@pytest.mark.parametrize(
    ("environment", "folder", "sentence"),
    [
        (KERNEL, "/no/such/folder", "There is no folder /no/such/folder"),
        (KERNEL, "/etc/passwd", "is a file"),
        ("no_such_thing", "/tmp", "no_such_thing"),
        ("fix_embedding", "/tmp", "portal prepare fix_embedding"),
    ],
)
def test_what_cannot_be_scored_at_all_ends_with_2(
    portal: CommandLine, environment: str, folder: str, sentence: str
) -> None:
    answer = portal("score", environment, folder, "--json")
    assert answer.code == 2
    assert sentence in answer.err
    assert answer.out == ""
