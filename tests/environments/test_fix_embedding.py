"""Fix Embedding: what is prepared, what a file must be, how the two ends score."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors import numpy as safetensors_numpy

from environments import calibration, checking, preparing, registry, scoring
from environments.contract import Environment, Profile
from environments.fix_embedding import checkpoint, prepare
from environments.launching import Launcher
from environments.outcomes import Outcome, ScorerFailure
from tests.environments import plain_launcher


def without_reference(program: Path, *arguments: str) -> None:
    """Stands for `TrustedRun` where the reference, half a minute of work, is not needed."""


def secret(number: int) -> bytes:
    return hashlib.sha256(bytes([number])).digest()


@pytest.fixture(scope="module")
def environment() -> Environment:
    return registry.load("fix_embedding")


@pytest.fixture(scope="module")
def small(environment: Environment) -> Profile:
    return environment.profiles["small"]


def make_assets(folder: Path, profile: Profile, number: int) -> Path:
    public, private = folder / "public", folder / "private"
    public.mkdir(parents=True)
    private.mkdir()
    prepare.prepare(public, private, profile, without_reference, secret(number))
    return folder


@pytest.fixture(scope="module")
def assets(small: Profile, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_assets(tmp_path_factory.mktemp("fix_embedding"), small, 1)


@pytest.fixture
def solution(environment: Environment, assets: Path, tmp_path: Path) -> Path:
    return preparing.starting_solution(environment, assets, tmp_path / "solution")


def score(environment: Environment, profile: Profile, solution: Path, assets: Path) -> Outcome:
    launch = plain_launcher.launch
    return scoring.score_folder(environment, profile, solution, assets, launch)


def weights(solution: Path) -> checkpoint.Tensors:
    return checkpoint.read(solution / "model.safetensors")


def test_the_start_scores_within_a_narrow_band_whatever_the_secret(
    environment: Environment, small: Profile, tmp_path: Path
) -> None:
    scores = []
    for number in (1, 2, 3):
        assets = make_assets(tmp_path / str(number), small, number)
        solution = preparing.starting_solution(environment, assets, tmp_path / f"start{number}")
        outcome = score(environment, small, solution, assets)
        assert outcome.score is not None, outcome.message
        scores.append(outcome.score)
    assert all(2.1 < value < 2.3 for value in scores)
    assert max(scores) - min(scores) < 0.1


def test_scoring_again_gives_the_same_bits_and_float32_the_same_score(
    environment: Environment, small: Profile, solution: Path, assets: Path
) -> None:
    first, second = (score(environment, small, solution, assets) for _ in range(2))
    assert first.status == "valid"
    assert first.score == second.score
    assert first.message.startswith("Held-out loss 10.")
    wide = {name: tensor.astype(np.float32) for name, tensor in weights(solution).items()}
    safetensors_numpy.save_file(wide, solution / "model.safetensors")
    assert score(environment, small, solution, assets).score == first.score


@pytest.mark.sandbox
def test_the_loss_is_computed_in_the_sandbox_too(
    environment: Environment, small: Profile, solution: Path, assets: Path, sandboxed: Launcher
) -> None:
    inside = scoring.score_folder(environment, small, solution, assets, sandboxed)
    assert inside.status == "valid", inside.details
    assert inside.score == score(environment, small, solution, assets).score


def test_weights_that_overflow_are_invalid_not_a_failure_of_ours(
    environment: Environment, small: Profile, solution: Path, assets: Path
) -> None:
    tensors = {name: tensor.astype(np.float32) for name, tensor in weights(solution).items()}
    tensors["lm_head.weight"] = np.full_like(tensors["lm_head.weight"], 3e38)
    checkpoint.write(solution / "model.safetensors", tensors)
    outcome = score(environment, small, solution, assets)
    assert outcome.status == "invalid"
    assert "loss is not finite" in outcome.message


def test_only_the_order_of_the_embedding_rows_is_damaged(solution: Path) -> None:
    intact = checkpoint.read(prepare.HERE / "private_assets" / "base_model.safetensors")
    damaged = weights(solution)
    assert list(damaged) == list(intact)
    different = [name for name in intact if not np.array_equal(intact[name], damaged[name])]
    assert different == ["wte.weight"]
    rows = [sorted(map(bytes, model["wte.weight"])) for model in (intact, damaged)]
    assert rows[0] == rows[1]


def test_the_secret_decides_on_damage_and_held_out_text_and_on_nothing_else(
    small: Profile, assets: Path, tmp_path: Path
) -> None:
    same = make_assets(tmp_path / "same", small, 1)
    other = make_assets(tmp_path / "other", small, 2)
    assert different_files(assets, same) == set()
    assert different_files(assets, other) == {
        "public/starting/model.safetensors",
        "private/heldout_tokens.npy",
    }


def different_files(one: Path, other: Path) -> set[str]:
    names = {path.relative_to(one).as_posix() for path in registry.files(one)}
    assert names == {path.relative_to(other).as_posix() for path in registry.files(other)}
    return {name for name in names if (one / name).read_bytes() != (other / name).read_bytes()}


def test_held_out_text_is_not_training_text(assets: Path, small: Profile) -> None:
    train = np.load(assets / "public" / "train_tokens.npy")
    heldout = np.load(assets / "private" / "heldout_tokens.npy")
    assert len(train) == small.settings["train_tokens"]
    assert len(heldout) == small.settings["heldout_tokens"]
    known = {bytes(train[at : at + 24]) for at in range(len(train) - 24)}
    repeated = sum(bytes(heldout[at : at + 24]) in known for at in range(0, len(heldout), 24))
    assert repeated == 0


def test_a_damaged_text_generator_stops_the_preparation(
    small: Profile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepare, "SMALL", replace(prepare.SMALL, fingerprint="0" * 64))
    with pytest.raises(ScorerFailure, match="Shipped models and scores hold only for the old text"):
        make_assets(tmp_path, small, 1)


def test_the_paper_profile_says_what_it_needs(environment: Environment, tmp_path: Path) -> None:
    command = [plain_launcher.PYTHON, "-c", "import transformers, datasets"]
    if subprocess.run(command, capture_output=True, check=False).returncode == 0:
        pytest.skip("transformers is installed: this would download the paper's models")
    for name in ("public", "private"):
        (tmp_path / name).mkdir()
    run = preparing.trusted_run(plain_launcher.PYTHON)
    folders = (tmp_path / "public", tmp_path / "private")
    with pytest.raises(ScorerFailure, match="needs datasets in the experts' interpreter"):
        prepare.prepare(*folders, environment.profiles["paper"], run, secret(1))


def test_the_numbers_of_the_instructions_are_those_of_the_profile(
    environment: Environment, small: Profile
) -> None:
    text = (environment.folder / "instructions.md").read_text()
    assert f"{small.settings['train_tokens']:,} tokens" in text
    assert f"{small.settings['heldout_tokens'] - 1:,} predictions" in text
    assert (
        f"{environment.solution_bytes // 1_000_000} MB in all"
        in (environment.folder / "starting" / "README.txt").read_text()
    )


@pytest.fixture(scope="module")
def full_assets(
    environment: Environment, small: Profile, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    folder = tmp_path_factory.mktemp("full") / "fix_embedding"
    preparing.prepare(environment, small, folder, preparing.trusted_run(plain_launcher.PYTHON))
    return folder


@pytest.mark.slow
@pytest.mark.sandbox
def test_the_contract_is_kept_and_the_reference_is_far_better_than_the_start(
    environment: Environment,
    small: Profile,
    full_assets: Path,
    tmp_path: Path,
    sandboxed: Launcher,
) -> None:
    copy = shutil.copytree(full_assets, tmp_path / "assets")
    measured = calibration.calibrate(environment, small, copy, sandboxed, 2)
    assert measured.starting.mean - measured.reference.mean > 1.7
    assert measured.starting.sd == measured.reference.sd == 0
    results = checking.check(environment, small, copy, sandboxed)
    assert [result for result in results if not result.ok] == []


@pytest.mark.slow
def test_there_is_head_room_above_the_reference(
    environment: Environment, small: Profile, full_assets: Path, tmp_path: Path
) -> None:
    program = Path(__file__).parent / "solutions" / "fix_embedding" / "stronger.py"
    stronger = tmp_path / "model.safetensors"
    folders = (environment.folder / "reference", full_assets / "public")
    preparing.trusted_run(plain_launcher.PYTHON)(program, *map(str, folders), str(stronger))
    reference = full_assets / "private" / "reference"
    scores = [
        score(environment, small, folder, full_assets).score for folder in (tmp_path, reference)
    ]
    assert None not in scores
    assert scores[0] < scores[1] - 0.05


@pytest.mark.slow
def test_the_notebook_runs_and_what_it_saves_lies_between_the_two_ends(
    environment: Environment, small: Profile, assets: Path, solution: Path
) -> None:
    home = solution.parent
    (home / "environment").mkdir()
    (home / "environment" / "assets").symlink_to(assets / "public")
    notebook = environment.folder / "notebook" / "start_here.ipynb"
    runner = Path(__file__).with_name("run_notebook.py")
    command = [plain_launcher.PYTHON, runner, notebook, home / "environment"]
    clean = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=home, capture_output=True, text=True, timeout=180, env=clean)
    assert done.returncode == 0, done.stderr
    outcome = score(environment, small, solution, assets)
    assert outcome.score is not None, outcome.message
    assert 0.4 < outcome.score < 1.0


def test_the_notebook_is_delivered_without_outputs(environment: Environment) -> None:
    notebook = json.loads((environment.folder / "notebook" / "start_here.ipynb").read_text())
    assert not any(cell.get("outputs") for cell in notebook["cells"])
