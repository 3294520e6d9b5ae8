"""Without a sandbox the portal works, and says so on every page and in every attempt."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.conftest import free_ports
from tests.end_to_end.portal import RunningPortal

pytestmark = pytest.mark.hub


@pytest.fixture
def bare(portal: RunningPortal, tmp_path: Path) -> Iterator[RunningPortal]:
    """A second portal that does without bubblewrap; what is prepared is taken over."""
    bare = RunningPortal(tmp_path / "var", free_ports())
    bare.environment["PORTAL_ISOLATION"] = "none"
    shutil.copytree(portal.settings.root / "environments", bare.settings.root / "environments")
    bare.command("up")
    yield bare
    bare.command("down", "--attempts", check=False)


def test_an_attempt_without_a_sandbox_runs_and_is_marked(bare: RunningPortal) -> None:
    bare.add("kai")
    attempt = bare.assign("kai", "optimize_kernel")
    assert "isolation" in bare.command("doctor", check=False).stdout
    with bare.client("kai") as client:
        login = client.get("/hub/login")
        assert "bubblewrap is missing" in login.text or "isolation" in login.text
        server = bare.started(client, attempt)
        for page in ("", f"attempts/{attempt}"):
            assert "isolation: none" in client.get(f"/services/portal/{page}").text
        assert bare.view(client, attempt)["isolation"] == "none"
        assert "solution" in server.run("import os; print(os.listdir())")
        assert bare.score(client, attempt, "one")["status"] == "valid"
        bare.act(client, attempt, "submit").raise_for_status()
        view = bare.wait_for_state(client, attempt, "finished")
    assert view["entries"][-1]["kind"] == "final"
