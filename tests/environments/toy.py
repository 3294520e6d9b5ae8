"""The smallest complete environment: the score is the number in `answer.txt`."""

from __future__ import annotations

from pathlib import Path

from environments.contract import CANARY

MANIFEST = """
title = "Toy"
task_family = "toy"
summary = "Write a number."
direction = "higher"
aggregation = "best"
score_shown = true
unit = "points"
display = "plain"
time_budget_seconds = 60
solution_files = ["answer.txt"]
solution_bytes = 1000

[profiles.small]
gpus = 0
cpus = 1
memory_bytes = 1_000_000_000
scoring_timeout_seconds = 5
score_source = "by definition"

[profiles.paper]
gpus = 0
cpus = 1
memory_bytes = 1_000_000_000
scoring_timeout_seconds = 5
starting_score = 0.0
reference_score = 100.0
score_source = "published"
"""

SCORER = f'''
"""{CANARY}"""
from environments.outcomes import InvalidSolution, Score, ScorerFailure


def score(scoring):
    scoring.progress("reading")
    answer = (scoring.solution / "answer.txt").read_text().strip()
    if answer == "failure":
        raise ScorerFailure("the disk is full", log="ENOSPC")
    if answer == "unloggable":
        return Score(1.0, "fine", {{"object": object()}})
    if answer == "lucky":
        return Score(scoring.random.random(), "lucky")
    try:
        return Score(float(answer), "fine", {{"hidden": "detail"}})
    except ValueError:
        if answer == "crash":
            raise
        raise InvalidSolution(f"{{answer!r}} is not a number", details={{"why": "text"}}) from None
'''

PREPARE = """
def prepare(public, private, profile, run, secret):
    (public / "sample.txt").write_text(profile.name)
    (private / "held_out.txt").write_text(secret.hex())
    (public / "starting").mkdir()
    (public / "starting" / "generated.txt").write_text("generated")
"""


def write_toy(folder: Path) -> Path:
    files = {
        "environment.toml": MANIFEST,
        "instructions.md": f"Write a number. {CANARY}\n",
        "scorer.py": SCORER,
        "prepare.py": PREPARE,
        "README.md": "A toy.\n",
        "starting/answer.txt": "2\n",
        "reference/answer.txt": "10\n",
        "notebook/start_here.ipynb": "{}",
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder
