"""Runs a program of ours in the sandbox: for artefacts that the expert made, never for code.

The sandbox is for the case that reading such an artefact (weights, say) goes wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from environments.contract import Scoring
from environments.launching import Launch
from environments.outcomes import InvalidSolution, ScorerFailure
from environments.shared_memory import SharedMemory
from environments.solution_process import SolutionChild, cleaned, last_lines

PROGRAM = "/portal/program"
REFUSED = 3  # exit code: the artefact is at fault, the last line printed is the sentence


def run_program(
    scoring: Scoring,
    program: Path,
    arguments: Sequence[str],
    read_only: Mapping[str, Path],
    *,
    output_bytes: int,
    environment: Mapping[str, str] | None = None,
) -> bytes:
    """Run `program` with the expert's interpreter and return the bytes it wrote.

    It sees `read_only` (inside → host) and itself as /portal/program/NAME, alone. It is called
    with `arguments` and then the number of a descriptor of exactly `output_bytes` zero bytes,
    to be filled with `os.pwrite`. It may import nothing beside itself but what `read_only` holds.

    Raises `InvalidSolution` with the last line printed if it exits with `REFUSED`, at the
    profile's scoring timeout, or when killed; `ScorerFailure` for any other exit code.
    """
    inside = f"{PROGRAM}/{program.name}"
    with SharedMemory(output_bytes, input_only=False) as result:

        def launching(control: int) -> Launch:
            return Launch(
                arguments=[inside, *arguments, str(result.fd)],
                read_only={inside: program, **read_only},
                pass_fds=[result.fd],
                environment={"OMP_NUM_THREADS": "1", **(environment or {})},
                memory_bytes=scoring.profile.memory_bytes,
            )

        seconds = scoring.profile.scoring_timeout_seconds
        with SolutionChild(scoring.launch, launching, seconds) as child:
            _check_end(child, child.wait(), program)
        return result.map[:]


def _check_end(child: SolutionChild, code: int, program: Path) -> None:
    if code == 0:
        return
    output = cleaned(child.output())
    if code == REFUSED:
        raise InvalidSolution(last_lines(output, 1) or "The solution was refused.")
    if code < 0 or code > 128:
        raise child.fault(code)
    raise ScorerFailure(f"{program.name} ended with {code}.", log=output)
