"""What the guards cost: a scoring of Optimize a Kernel, guarded and bare, in one run.

Run it with `make bench`. The portal must be prepared. Timings are noisy: read the ratios.
"""

from __future__ import annotations

import json
import math
import subprocess
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from environments import preparing, registry, scoring
from hub.sandbox import launcher
from hub.settings import CHECKOUT, Settings

BARE = CHECKOUT / "benchmarks" / "bare_kernel.py"


def bare(settings: Settings, folder: Path, elements: int, repeats: int) -> tuple[float, float]:
    """Best milliseconds of a call and seconds of the whole, in one unguarded process."""
    started = time.monotonic()
    words = [str(settings.expert_python), str(BARE), str(folder), str(elements), str(repeats)]
    text = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    return min(json.loads(text)), time.monotonic() - started


def guarded(settings: Settings, folder: Path) -> tuple[float, float]:
    """The same by the portal's scoring loop in the sandbox."""
    environment = registry.load("optimize_kernel")
    profile = environment.profiles["small"]
    assets = settings.assets_folder("optimize_kernel", "small")
    launch = launcher(settings, settings.first_uid + 199_000, "bench")
    outcome = scoring.score_folder(environment, profile, folder, assets, launch)
    if outcome.score is None:
        raise SystemExit(f"the solution in {folder} is {outcome.status}: {outcome.message}")
    return math.exp(outcome.score), outcome.scoring_seconds


def main() -> None:
    settings = Settings()
    environment = registry.load("optimize_kernel")
    sizes = environment.profiles["small"].settings
    assets = settings.assets_folder("optimize_kernel", "small")
    table = Table("solution", "guarded ms", "bare ms", "ratio", "guarded s", "bare s", "added s")
    for name, lay in (
        ("starting", preparing.starting_solution),
        ("reference", preparing.reference_solution),
    ):
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder) / "solution"
            lay(environment, assets, target)
            ours, our_seconds = guarded(settings, target)
            theirs, their_seconds = bare(settings, target, sizes["elements"], sizes["repeats"])
        table.add_row(
            name, f"{ours:.2f}", f"{theirs:.2f}", f"{ours / theirs:.2f}",
            f"{our_seconds:.1f}", f"{their_seconds:.1f}", f"{our_seconds - their_seconds:.1f}",
        )  # fmt: skip
    Console().print(table)


if __name__ == "__main__":
    main()
