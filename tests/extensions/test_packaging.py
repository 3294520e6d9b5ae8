"""The wheel that enters the expert's Python."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.extensions.lab import PANEL, Wheel

STATIC = PANEL / "score_panel" / "labextension" / "static"
DATA = "expert_portal_score_panel-0.1.0.data/data/"
SCRIPTS = sorted(STATIC.glob("*.js"))
needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="no node on this machine")


def test_the_wheel_holds_panel_files_and_nothing_else(wheel: Wheel) -> None:
    known = ("score_panel/", DATA, "expert_portal_score_panel-0.1.0.dist-info/")
    assert [name for name in wheel.names if not name.startswith(known)] == []
    imported = {name for name in wheel.names if name.endswith(".py")}
    assert imported == {f"score_panel/{name}.py" for name in ("__init__", "handlers", "service")}


def test_the_wheel_lays_the_configuration_where_jupyter_reads_it(wheel: Wheel) -> None:
    assert {name.removeprefix(DATA) for name in wheel.names if name.startswith(DATA)} >= {
        "etc/jupyter/jupyter_server_config.d/score_panel.json",
        "etc/jupyter/labconfig/page_config.json",
        "share/jupyter/lab/settings/overrides.d/portal.json",
        "share/jupyter/labextensions/portal-score-panel/package.json",
        *(f"share/jupyter/labextensions/portal-score-panel/static/{s.name}" for s in SCRIPTS),
    }


def test_terminals_stay_enabled(wheel: Wheel) -> None:
    config = json.loads((wheel.data / "etc/jupyter/labconfig/page_config.json").read_text())
    server = (wheel.data / "etc/jupyter/jupyter_server_config.d/score_panel.json").read_text()
    assert not any("terminal" in name for name in config["disabledExtensions"])
    assert "terminals" not in server


def test_a_browser_asks_again_for_every_file_of_the_panel() -> None:
    container = (STATIC / "remoteEntry.js").read_text()
    files = {file.name for file in STATIC.iterdir()} - {"remoteEntry.js"}
    assert {name for name in files if f'"{name}"' not in container} == set()


def test_no_text_from_outside_can_become_markup() -> None:
    for script in SCRIPTS:
        source = script.read_text()
        assert "innerHTML" not in source
        assert "insertAdjacentHTML" not in source


def test_the_panel_loads_nothing_from_outside() -> None:
    for file in STATIC.iterdir():
        lines = [line for line in file.read_text().splitlines() if "www.w3.org" not in line]
        assert "http" not in "\n".join(lines).replace("https and localhost", ""), file.name


@needs_node
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_every_script_parses(script: Path) -> None:
    subprocess.run(["node", "--check", str(script)], check=True, capture_output=True)
