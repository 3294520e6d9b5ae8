"""Print what REQUIREMENTS need, pinned to what this interpreter has installed.

    .venv/bin/python scripts/pin.py pyproject.toml[dev] > requirements/operator.txt
    .venv-expert/bin/python scripts/pin.py requirements/expert.in > requirements/expert.txt

Local versions (`+cpu`) are dropped: which build of torch is right depends on the machine.
"""

from __future__ import annotations

import sys
import tomllib
from importlib.metadata import requires, version
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

# Newer releases refuse the interpreter of Debian 12 (3.11.2).
HELD_BACK = {"soupsieve": "2.10"}


def main(source: str) -> None:
    print(f"# Made by scripts/pin.py from {source}: every distribution needed, exact versions.")
    for name, number in sorted(closure(roots(source)).items()):
        print(f"{name}=={HELD_BACK.get(name, number.partition('+')[0])}")


def roots(source: str) -> list[Requirement]:
    """The requirements that a file names: lines of text, or a pyproject with an extra."""
    path, _, extra = source.rstrip("]").partition("[")
    text = Path(path).read_text()
    if path.endswith(".toml"):
        project = tomllib.loads(text)["project"]
        lines = project["dependencies"] + project["optional-dependencies"].get(extra, [])
    else:
        lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [Requirement(line) for line in lines]


def closure(wanted: list[Requirement]) -> dict[str, str]:
    """Installed version of each distribution that `wanted` needs, directly or not."""
    found: dict[str, str] = {}
    seen: set[tuple[str, str]] = set()
    while wanted:
        requirement = wanted.pop()
        name = canonicalize_name(requirement.name)
        for extra in {"", *requirement.extras}:
            if (name, extra) in seen:
                continue
            seen.add((name, extra))
            found[name] = version(name)
            wanted += [r for r in map(Requirement, requires(name) or []) if _applies(r, extra)]
    return found


def _applies(requirement: Requirement, extra: str) -> bool:
    return requirement.marker is None or requirement.marker.evaluate({"extra": extra})


if __name__ == "__main__":
    main(sys.argv[1])
