"""What the documents say is compared with what is there."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main
from typer.testing import CliRunner

from hub.cli import app
from hub.cli.app import EXIT_CODES
from hub.settings import Settings

# Kept by git only, or documented as one: not drawn.
UNDRAWN = {".ci", ".gitignore"}


def fenced(text: str) -> list[str]:
    """The contents of the code blocks."""
    return re.findall(r"^```\w*\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)


def drawn(tree: str) -> Iterator[str]:
    """Paths of a drawn tree: two blanks deeper is one folder deeper."""
    parents: list[str] = []
    for line in tree.splitlines():
        indent = (len(line) - len(line.lstrip())) // 2
        del parents[indent:]
        names = line.strip().split("  ")[0].split()
        yield from ("".join([*parents, name]) for name in names)
        parents.append(names[-1])


@pytest.fixture(scope="module")
def readme(checkout: Path) -> str:
    return (checkout / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def tree(readme: str) -> list[str]:
    [block] = [block for block in fenced(readme) if "jupyterhub_config.py" in block]
    return list(drawn(block))


def tracked(checkout: Path) -> set[str]:
    """Top-level names that git keeps or would keep."""
    words = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(words, cwd=checkout, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip("not a git checkout")
    return {line.split("/")[0] for line in done.stdout.splitlines()}


def test_everything_that_the_readme_draws_is_there(tree: list[str], checkout: Path) -> None:
    assert [path for path in tree if not (checkout / path).exists()] == []


def test_everything_at_the_top_is_drawn(tree: list[str], checkout: Path) -> None:
    top = {path.split("/")[0] for path in tree}
    assert tracked(checkout) - top - UNDRAWN == set()


def test_every_environment_is_drawn(tree: list[str], checkout: Path) -> None:
    found = {path.parent.name for path in (checkout / "environments").glob("*/environment.toml")}
    assert {f"environments/{name}/" for name in found} <= set(tree)


def commands(group: object, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, command in getattr(group, "commands", {}).items():
        if hasattr(command, "commands"):
            yield from commands(command, (*words, name))
        else:
            yield (*words, name)


def all_commands() -> list[str]:
    return [" ".join(words) for words in commands(typer.main.get_command(app))]


def test_every_command_has_its_section_and_every_section_its_command(checkout: Path) -> None:
    text = (checkout / "docs" / "cli.md").read_text(encoding="utf-8")
    described = re.findall(r"^### `portal ([a-z ]+?)(?: [A-Z\[-].*)?`$", text, flags=re.MULTILINE)
    assert sorted(described) == sorted(all_commands())


def options(group: object) -> Iterator[str]:
    for command in getattr(group, "commands", {}).values():
        yield from options(command)
        for parameter in command.params:
            if parameter.param_type_name == "option":
                yield from (name for name in parameter.opts if name.startswith("--"))


def test_every_option_is_described(checkout: Path) -> None:
    text = (checkout / "docs" / "cli.md").read_text(encoding="utf-8")
    wanted = set(options(typer.main.get_command(app))) - {"--help"}
    assert {name for name in wanted if name not in text} == set()


def test_every_command_in_the_documents_exists(checkout: Path) -> None:
    known = all_commands()
    for path in [checkout / "README.md", *sorted((checkout / "docs").glob("*.md"))]:
        for block in fenced(path.read_text(encoding="utf-8")):
            for line in re.findall(r"^portal (.*)$", block, flags=re.MULTILINE):
                words = f"{line} "
                assert any(words.startswith(f"{name} ") for name in known), f"{path.name}: {line}"


@pytest.mark.parametrize("name", all_commands())
def test_every_command_says_what_it_does(name: str) -> None:
    result = CliRunner().invoke(app, [*name.split(), "--help"])
    assert result.exit_code == 0, result.output


def test_the_exit_codes_are_documented(checkout: Path) -> None:
    text = " ".join((checkout / "docs" / "cli.md").read_text(encoding="utf-8").split())
    for number in re.findall(r"(\d) [a-z]", EXIT_CODES):
        assert f"| {number} |" in text


def test_every_setting_is_documented_with_its_default(checkout: Path) -> None:
    text = (checkout / "docs" / "settings.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(PORTAL_\w+)` \| (.*?) \|", text, flags=re.MULTILINE))
    for name, field in Settings.model_fields.items():
        said = rows[f"PORTAL_{name.upper()}"]
        default = field.default
        if isinstance(default, Path):
            default = default.relative_to(checkout)
        assert f"`{default}`" in said, f"PORTAL_{name.upper()}: {said}"


def test_every_variable_of_the_set_up_is_documented(checkout: Path) -> None:
    script = (checkout / "scripts" / "setup.sh").read_text(encoding="utf-8")
    text = (checkout / "docs" / "settings.md").read_text(encoding="utf-8")
    assert {name for name in re.findall(r"PORTAL_[A-Z_]+", script) if name not in text} == set()


def test_every_make_target_in_the_documents_exists(checkout: Path) -> None:
    makefile = (checkout / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, flags=re.MULTILINE))
    for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md"):
        text = (checkout / name).read_text(encoding="utf-8")
        assert set(re.findall(r"(?:^|`)make ([a-z-]+)", text, flags=re.MULTILINE)) <= targets


def test_links_between_the_documents_lead_somewhere(checkout: Path) -> None:
    for path in [*checkout.glob("*.md"), *sorted((checkout / "docs").glob("*.md"))]:
        for target in re.findall(r"\]\((?!https?://)([^)#]+)\)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{path.name} links to {target}"
