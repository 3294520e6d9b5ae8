"""Bad input ends in a clear sentence and, where it is a score, in an invalid entry. No more."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.portal import RunningPortal, Session, session

pytestmark = pytest.mark.hub


def score_after(session: Session, nonce: str, setup: str) -> dict[str, object]:
    """Runs `setup` in the workspace's shell, then scores."""
    seen = session.server.run(
        f"import subprocess\nprint(subprocess.run({setup!r}, shell=True, "
        "capture_output=True, text=True, cwd='/home/expert'))"
    )
    assert "returncode=0" in seen, seen
    entry: dict[str, object] = session.portal.score(session.client, session.attempt, nonce)
    return entry


@pytest.fixture(scope="module")
def kernel(portal: RunningPortal) -> Iterator[Session]:
    with session(portal, "hana", "optimize_kernel") as running:
        yield running


@pytest.fixture(scope="module")
def embedding(portal: RunningPortal) -> Iterator[Session]:
    with session(portal, "ivo", "fix_embedding") as running:
        yield running


def python(body: str) -> str:
    """A shell line that writes solution/solution.py with `prefix_sum` of this body."""
    lines = ["import os, sys, torch", "def prefix_sum(x):", *(f"    {b}" for b in body.split(";"))]
    return "printf '%s\\n' " + " ".join(f'"{line}"' for line in lines) + " > solution/solution.py"


BAD_KERNELS = {
    "missing file": ("rm -f solution/solution.py", "solution.py"),
    "not python": ("echo 'def prefix_sum(' > solution/solution.py", "SyntaxError"),
    "missing function": ("echo 'x = 1' > solution/solution.py", "prefix_sum"),
    "wrong dtype": (python("return x.double()"), "int32"),
    "wrong shape": (python("return x.repeat(2)"), "shape"),
    "not a tensor": (python("return 'fast'"), "ensor"),
    "wrong numbers": (python("return x.clone()"), "wrong"),
    "eats memory": (python("return torch.ones(1 << 40)"), "emory"),
    "eats memory slowly": (python("a = [bytearray(1 << 28) for _ in range(99)];return x"), "emory"),
    "fork bomb": (python("while True: os.fork()"), ""),
    "prints a gigabyte": (
        python("for _ in range(1 << 10): print('x' * (1 << 20));return x"), "wrong"),
    "exits": (python("os._exit(0)"), ""),
    "loops for ever": (python("while True: pass"), "60"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_KERNELS)
def test_a_bad_kernel_is_invalid_and_says_why(kernel: Session, case: str) -> None:
    setup, word = BAD_KERNELS[case]
    entry = score_after(kernel, case.replace(" ", "-"), setup)
    assert entry["status"] == "invalid", entry
    assert entry["score"] is None
    assert entry["normalized_score"] is None
    assert word in str(entry["message"]), entry
    assert "Traceback" not in str(entry["message"]).split("\n")[0]


def test_a_link_to_a_private_file_is_refused_by_name(kernel: Session) -> None:
    private = kernel.portal.settings.root / "portal.db"
    entry = score_after(kernel, "link", f"rm -rf solution/*; ln -s {private} solution/solution.py")
    assert entry["status"] == "invalid"
    assert "solution.py is a symbolic link" in str(entry["message"])
    link = f"mv solution kept; ln -s {private.parent} solution"
    entry = score_after(kernel, "folder-link", link)
    assert entry["status"] == "invalid"
    assert "link" in str(entry["message"])


def test_a_missing_solution_folder_is_refused(kernel: Session) -> None:
    entry = score_after(kernel, "nothing", "rm -rf solution kept")
    assert entry["status"] == "invalid"
    assert "solution" in str(entry["message"])


def test_after_all_that_an_honest_score_is_valid(kernel: Session) -> None:
    """Also shows that the cases above failed for their own reasons."""
    setup = "mkdir -p solution && cp /environment/assets/starting/* solution/ 2>/dev/null || true"
    kernel.server.run(f"import os\nos.system({setup!r})")
    text = Path("environments/optimize_kernel/starting/solution.py").read_text()
    code = f"os.makedirs('/home/expert/solution', exist_ok=True)\nopen('/home/expert/solution/solution.py', 'w').write({text!r})"  # noqa: E501
    kernel.server.run(code)
    entry = kernel.portal.score(kernel.client, kernel.attempt, "honest")
    assert entry["status"] == "valid", entry


def test_a_pickled_checkpoint_is_never_opened(embedding: Session) -> None:
    pickled = (
        "cd solution && rm -f model.safetensors && "
        "python -c \"import torch; torch.save({}, 'model.pt')\""
    )
    entry = score_after(embedding, "pickle", pickled)
    assert entry["status"] == "invalid"
    assert "pickled checkpoints can hold code" in str(entry["message"])
    entry = score_after(embedding, "disguised", "cd solution && mv model.pt model.safetensors")
    assert entry["status"] == "invalid"
    assert "pickle" in str(entry["message"]) or "zip" in str(entry["message"])


def test_a_second_attempt_while_one_runs_is_refused(kernel: Session) -> None:
    portal = kernel.portal
    other = portal.assign("hana", "fix_embedding")
    answer = portal.act(kernel.client, other, "prepare")
    assert answer.status_code == 409
    assert f"attempt {kernel.attempt}" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["assign", "nobody", "optimize_kernel"], "nobody"),
        (["assign", "hana", "optimise_kernel"], "optimise_kernel"),
        (["assign", "hana", "optimize_kernel", "--budget", "soon"], "soon"),
        (["score", "optimize_kernel", "no/such/folder"], "no/such/folder"),
        (["score", "optimize_kernel", "README.md"], "README.md"),
        (["score", "unknown", "."], "unknown"),
        (["attempt", "show", "99999"], "99999"),
        (["expert", "add", "Not A Name!"], "Not A Name!"),
    ],
)
def test_the_command_line_says_what_is_wrong(
    portal: RunningPortal, kernel: Session, words: list[str], sentence: str
) -> None:
    done = portal.command(*words, check=False)
    assert done.returncode == 2, done
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_that_is_no_workspace_is_invalid_on_the_command_line(
    portal: RunningPortal, tmp_path: Path
) -> None:
    done = portal.command("score", "optimize_kernel", str(tmp_path), "--json", check=False)
    assert done.returncode == 3
    assert '"invalid"' in done.stdout


def test_nothing_else_suffered(kernel: Session) -> None:
    assert kernel.portal.command("verify").returncode == 0
    assert kernel.portal.view(kernel.client, kernel.attempt)["state"] == "running"
