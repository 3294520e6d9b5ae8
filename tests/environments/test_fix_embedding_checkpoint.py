"""The checkpoint reader: what safetensors writes is read, everything else is refused in words."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors import numpy as safetensors_numpy

from environments.fix_embedding import checkpoint
from environments.fix_embedding.scorer import read_solution
from environments.outcomes import InvalidSolution

PATTERN = {
    "wte.weight": np.arange(12, dtype=np.float16).reshape(4, 3),
    "lm_head.weight": np.ones((4, 3), dtype=np.float16),
}
Header = dict[str, Any]


def raw(header: object, numbers: bytes) -> bytes:
    encoded = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(encoded).to_bytes(8, "little") + encoded + numbers


def good_header() -> Header:
    return {
        "wte.weight": {"dtype": "F32", "shape": [4, 3], "data_offsets": [0, 48]},
        "lm_head.weight": {"dtype": "F32", "shape": [4, 3], "data_offsets": [48, 96]},
    }


def changed(key: str, value: object, numbers: bytes = bytes(96)) -> bytes:
    """A good file but for one key of one entry."""
    header = good_header()
    header["lm_head.weight"][key] = value
    return raw(header, numbers)


def saved(**tensors: Any) -> bytes:
    both = {**PATTERN, **{name.replace("__", "."): tensor for name, tensor in tensors.items()}}
    return safetensors_numpy.save(both)


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({}))
    return buffer.getvalue()


def with_number(number: float) -> bytes:
    numbers = PATTERN["wte.weight"].astype(np.float32)
    numbers[1, 1] = number
    return saved(wte__weight=numbers)


@pytest.fixture
def public(tmp_path: Path) -> Path:
    (tmp_path / "public" / "starting").mkdir(parents=True)
    checkpoint.write(tmp_path / "public" / "starting" / "model.safetensors", PATTERN)
    return tmp_path / "public"


@pytest.fixture
def solution(tmp_path: Path) -> Path:
    (tmp_path / "solution").mkdir()
    return tmp_path / "solution"


def test_a_file_of_the_safetensors_library_is_read_as_it_is(public: Path, solution: Path) -> None:
    safetensors_numpy.save_file(PATTERN, solution / "model.safetensors", {"format": "pt"})
    found = read_solution(solution, public)
    assert {name: tensor.dtype for name, tensor in found.items()} == {
        name: np.float32 for name in PATTERN
    }
    assert all(np.array_equal(found[name], PATTERN[name]) for name in PATTERN)


def test_the_safetensors_library_reads_what_we_write(tmp_path: Path) -> None:
    checkpoint.write(tmp_path / "model.safetensors", PATTERN)
    found = safetensors_numpy.load_file(tmp_path / "model.safetensors")
    assert all(np.array_equal(found[name], PATTERN[name]) for name in PATTERN)


def test_a_good_file_made_by_hand_is_read(public: Path, solution: Path) -> None:
    (solution / "model.safetensors").write_bytes(raw(good_header(), bytes(96)))
    assert set(read_solution(solution, public)) == set(PATTERN)


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty": (lambda: b"", "does not begin with the length"),
    "zip of torch.save": (zipped, "pickled checkpoint.*can hold code"),
    "bare pickle": (lambda: pickle.dumps({"wte.weight": [1.0]}), "pickled checkpoint"),
    "text": (lambda: b"no weights at all", "does not begin with the length"),
    "endless header": (lambda: (1 << 60).to_bytes(8, "little"), "does not begin with the length"),
    "cut in the header": (lambda: raw(good_header(), b"")[:50], "within its header"),
    "cut in the numbers": (lambda: raw(good_header(), bytes(95)), "1 bytes are missing"),
    "longer than its tensors": (lambda: raw(good_header(), bytes(97)), "belong to no tensor"),
    "no JSON": (lambda: raw(b"{", b""), "not the JSON"),
    "no UTF-8": (lambda: raw(b"\xff\xfe{}", b""), "not the JSON"),
    "too deep": (lambda: raw(b"[" * 100_000, b""), "not the JSON"),
    "too many digits": (lambda: raw(b"1" * 9000, b""), "not the JSON"),
    "a list": (lambda: raw([], b""), "not a JSON object"),
    "a name twice": (lambda: raw(b'{"a": 1, "a": 2}', b""), "not the JSON"),
    "an unknown key": (lambda: changed("code", "import os"), "is not dtype, shape"),
    "overlapping": (lambda: changed("data_offsets", [24, 72]), "overlaps"),
    "twice the same place": (lambda: changed("data_offsets", [0, 48]), "overlaps"),
    "a gap": (lambda: changed("data_offsets", [52, 100], bytes(100)), "leaves a gap"),
    "backwards": (lambda: changed("data_offsets", [48, 0]), "as many bytes as"),
    "negative": (lambda: changed("data_offsets", [-48, 0]), "whole numbers"),
    "true for a number": (lambda: changed("shape", [True, 12]), "whole numbers"),
    "many dimensions": (lambda: changed("shape", [1] * 70), "whole numbers"),
    "shape without numbers": (lambda: changed("shape", [0, 1 << 39]), "whole numbers"),
    "shape and bytes disagree": (lambda: changed("shape", [4, 4]), "as many bytes as"),
    "bfloat16": (lambda: changed("dtype", "BF16"), "type BF16; only float32"),
    "dtype is a list": (lambda: changed("dtype", ["F32"]), "only float32"),
    "float64": (lambda: saved(wte__weight=np.ones((4, 3))), "type F64; only float32"),
    "whole numbers": (
        lambda: saved(wte__weight=np.ones((4, 3), dtype=np.int64)),
        "type I64; only float32",
    ),
    "wrong shape": (lambda: saved(wte__weight=PATTERN["wte.weight"].T.copy()), r"has shape \[3, 4"),
    "a tensor too many": (lambda: saved(extra=np.ones(3, dtype=np.float32)), "in addition extra"),
    "a tensor missing": (
        lambda: safetensors_numpy.save({"wte.weight": PATTERN["wte.weight"]}),
        "lacks lm_head.weight",
    ),
    "NaN": (lambda: with_number(float("nan")), "wte.weight holds NaN or infinite"),
    "infinite": (lambda: with_number(float("-inf")), "wte.weight holds NaN or infinite"),
    "too big": (lambda: saved(extra=np.ones(300_000, dtype=np.float32)), "bytes; this model in"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_file_against_the_rules_is_refused_in_words(
    public: Path, solution: Path, case: str
) -> None:
    make, sentence = REFUSED[case]
    (solution / "model.safetensors").write_bytes(make())
    with pytest.raises(InvalidSolution, match=sentence):
        read_solution(solution, public)


@pytest.mark.parametrize("name", ["model.pt", "checkpoint.bin", "weights.pkl"])
def test_a_pickle_in_place_of_the_file_is_not_opened_and_the_way_out_is_told(
    public: Path, solution: Path, name: str
) -> None:
    (solution / name).write_bytes(pickle.dumps({}))
    with pytest.raises(InvalidSolution, match=f"There is {name}, but .*save_file"):
        read_solution(solution, public)


def test_a_missing_file_and_a_link_are_refused(public: Path, solution: Path) -> None:
    with pytest.raises(InvalidSolution, match=r"no file model\.safetensors"):
        read_solution(solution, public)
    (solution / "model.safetensors").symlink_to(public / "starting" / "model.safetensors")
    with pytest.raises(InvalidSolution, match=r"no file model\.safetensors"):
        read_solution(solution, public)


@given(st.data())
def test_no_damage_to_a_file_gets_past_as_a_crash(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    good = bytearray(raw(good_header(), bytes(96)))
    for _ in range(data.draw(st.integers(1, 4))):
        good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "damaged.safetensors"
    path.write_bytes(bytes(good[: data.draw(st.integers(0, len(good)))]))
    try:
        tensors = checkpoint.read(path)
    except InvalidSolution:
        return
    assert sum(tensor.nbytes for tensor in tensors.values()) < path.stat().st_size
