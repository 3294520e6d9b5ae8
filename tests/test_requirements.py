"""The pinned lists agree with what is asked for, and name no machine's package index."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def pins(path: Path) -> dict[str, str]:
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    return {
        canonicalize_name(name): number for name, _, number in (x.partition("==") for x in lines)
    }


def asked(checkout: Path, name: str) -> list[Requirement]:
    if name == "expert":
        lines = (checkout / "requirements" / "expert.in").read_text().splitlines()
        return [Requirement(line) for line in lines if not line.startswith("#")]
    project = tomllib.loads((checkout / "pyproject.toml").read_text())["project"]
    texts = project["dependencies"] + project["optional-dependencies"]["dev"]
    return [Requirement(text) for text in texts]


@pytest.mark.parametrize("name", ["operator", "expert"])
def test_every_range_is_pinned_within_itself(checkout: Path, name: str) -> None:
    pinned = pins(checkout / "requirements" / f"{name}.txt")
    for requirement in asked(checkout, name):
        number = pinned[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(number), f"{requirement} is pinned to {number}"


@pytest.mark.parametrize("name", ["operator", "expert"])
def test_pins_are_exact_and_of_no_particular_build(checkout: Path, name: str) -> None:
    for package, number in pins(checkout / "requirements" / f"{name}.txt").items():
        assert re.fullmatch(r"[0-9][0-9a-z.]*", number), f"{package}: {number}"


def test_torch_is_the_same_in_the_set_up_and_in_the_list(checkout: Path) -> None:
    script = (checkout / "scripts" / "setup.sh").read_text()
    [number] = re.findall(r"^TORCH=(.*)$", script, flags=re.MULTILINE)
    assert pins(checkout / "requirements" / "expert.txt")["torch"] == number


def test_hub_and_experts_speak_the_same_jupyterhub(checkout: Path) -> None:
    both = [pins(checkout / "requirements" / f"{name}.txt") for name in ("operator", "expert")]
    assert both[0]["jupyterhub"] == both[1]["jupyterhub"]


def test_the_proxys_lock_pins_by_content_and_names_no_host(checkout: Path) -> None:
    packages = json.loads((checkout / "proxy" / "package-lock.json").read_text())["packages"]
    assert all("integrity" in package for name, package in packages.items() if name)
    assert "://" not in json.dumps(packages)
    assert packages["node_modules/configurable-http-proxy"]["version"] == "5.3.0"
