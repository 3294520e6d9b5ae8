"""Imports go one way, and what is packed for one side holds nothing of the other."""

from __future__ import annotations

import ast
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import environments
import hub

FRAMEWORKS = {
    "alembic", "fastapi", "httpx", "jupyterhub", "psutil", "sqlalchemy", "starlette", "supervisor",
    "tornado", "typer", "uvicorn",
}  # fmt: skip
INPUT_AND_OUTPUT = {"os", "shutil", "socket", "subprocess", "tempfile", "time", "threading"}
PURE = ("attempts", "transitions", "score_log", "best_score")
KEPT_BACK = ("reference/", "private/", "private_assets/")


def modules(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*.py")) if "node_modules" not in path.parts]


def imported(path: Path) -> Iterator[str]:
    """Full names of all that a file imports, at its top or in a function."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def offenders(folder: Path, forbidden: set[str]) -> list[str]:
    return [
        f"{path.relative_to(folder.parent)} imports {name}"
        for path in modules(folder)
        for name in imported(path)
        if name.split(".")[0] in forbidden
    ]


def test_environments_import_nothing_of_the_hub(checkout: Path) -> None:
    assert offenders(checkout / "environments", {"hub", "analysis", "score_panel"}) == []


def test_environments_use_no_web_or_database_framework(checkout: Path) -> None:
    assert offenders(checkout / "environments", FRAMEWORKS) == []


def test_the_panel_imports_nothing_of_ours(checkout: Path) -> None:
    ours = {"hub", "environments", "analysis"}
    assert offenders(checkout / "extensions" / "score_panel", ours) == []


def test_the_hub_does_not_import_the_panel_or_the_analysis(checkout: Path) -> None:
    assert offenders(checkout / "hub", {"score_panel", "analysis"}) == []


@pytest.mark.parametrize("name", PURE)
def test_pure_modules_do_no_input_or_output_and_know_no_framework(name: str) -> None:
    path = Path(hub.__file__).with_name(f"{name}.py")
    found = {full.split(".")[0] for full in imported(path)}
    assert found & (FRAMEWORKS | INPUT_AND_OUTPUT) == set()


@pytest.mark.parametrize("name", PURE)
def test_pure_modules_do_not_ask_for_the_time(name: str) -> None:
    path = Path(hub.__file__).with_name(f"{name}.py")
    assert "hub.clock.utcnow" not in set(imported(path))


def test_only_the_spawner_and_the_login_and_the_runner_know_jupyterhub(checkout: Path) -> None:
    knowing = {
        path.name
        for path in modules(checkout / "hub")
        if any(name.split(".")[0] == "jupyterhub" for name in imported(path))
    }
    assert knowing <= {"spawner.py", "authenticator.py", "programs.py", "singleuser.py"}


def test_the_checkout_is_what_is_imported(checkout: Path) -> None:
    """`hub` also exists on package indexes; a copy in site-packages would win silently."""
    for package in (hub, environments):
        assert Path(package.__file__ or "").is_relative_to(checkout)


def built(project: Path, target: Path) -> list[str]:
    """Names in the project's wheel."""
    words = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(target)]
    subprocess.run(words, cwd=project, check=True, capture_output=True, text=True)
    [wheel] = target.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


@pytest.fixture(scope="module")
def root_wheel(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    return built(Path(__file__).parents[1], tmp_path_factory.mktemp("root"))


def test_no_wheel_holds_a_reference_solution_or_private_assets(root_wheel: list[str]) -> None:
    assert [name for name in root_wheel for part in KEPT_BACK if f"/{part}" in name] == []


def test_the_root_wheel_holds_pages_styles_and_descriptions(root_wheel: list[str]) -> None:
    suffixes = {Path(name).suffix for name in root_wheel}
    assert {".py", ".html", ".css", ".js", ".toml", ".md"} <= suffixes
    packed = {name.split("/")[0] for name in root_wheel if ".dist-info/" not in name}
    assert packed == {"hub", "environments"}


def test_the_panels_wheel_holds_the_panel_only(checkout: Path, tmp_path: Path) -> None:
    names = built(checkout / "extensions" / "score_panel", tmp_path)
    assert all(
        name.startswith("score_panel/") or ".data/" in name or ".dist-info/" in name
        for name in names
    )
    assert not any("/hub/" in name or "/environments/" in name for name in names)
