"""Reads and writes checkpoints in the safetensors layout; reading trusts nothing in the file.

Layout: 8 bytes little-endian length of the header, the header as JSON, then the raw numbers.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from environments.outcomes import InvalidSolution

HEADER_BYTES = 1 << 17  # longest header accepted
_LENGTH_BYTES = 8
_DTYPES: dict[str, np.dtype[Any]] = {"F32": np.dtype("<f4"), "F16": np.dtype("<f2")}
_NAMES = {dtype: name for name, dtype in _DTYPES.items()}

Tensors: TypeAlias = dict[str, NDArray[Any]]
HOW_TO_SAVE = "Save it with safetensors.torch.save_file(model.state_dict(), 'model.safetensors')."


@dataclass(frozen=True)
class Entry:
    """One tensor of the header: where its numbers lie among the raw ones."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    begin: int
    end: int


def read(path: Path) -> Tensors:
    """All tensors, as stored. Raises InvalidSolution for any oddity of the file.

    Does not check names, shapes or numbers (see `check_like`), nor who may read the path.
    """
    data = path.read_bytes()
    entries, start = _header(data)
    _check_places(entries, len(data) - start)
    return {
        name: np.frombuffer(data[start + entry.begin : start + entry.end], entry.dtype).reshape(
            entry.shape
        )
        for name, entry in entries.items()
    }


def write(path: Path, tensors: Mapping[str, NDArray[Any]]) -> None:
    """Float16 and float32 only; readable by the safetensors library."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, tensor in tensors.items():
        begin, end = end, end + tensor.nbytes
        header[name] = {
            "dtype": _NAMES[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [begin, end],
        }
    encoded = json.dumps(header).encode()
    encoded += b" " * (-len(encoded) % 8)
    with path.open("wb") as file:
        file.write(len(encoded).to_bytes(_LENGTH_BYTES, "little") + encoded)
        for tensor in tensors.values():
            file.write(tensor.tobytes())


def check_like(tensors: Tensors, pattern: Tensors) -> None:
    """Raises InvalidSolution unless names and shapes are the pattern's and all is finite."""
    _check_names(set(tensors), set(pattern))
    for name, tensor in tensors.items():
        if tensor.shape != pattern[name].shape:
            raise InvalidSolution(
                f"Tensor {name} has shape {list(tensor.shape)}, the damaged model's has "
                f"{list(pattern[name].shape)}. The architecture must stay the same."
            )
        if not np.isfinite(tensor).all():
            raise InvalidSolution(
                f"Tensor {name} holds NaN or infinite numbers. All weights must be finite"
                + (" (float16 ends at 65504)." if tensor.dtype == _DTYPES["F16"] else ".")
            )


def _check_names(found: set[str], wanted: set[str]) -> None:
    for names, word in ((wanted - found, "lacks"), (found - wanted, "has in addition")):
        if names:
            listed = ", ".join(name[:60] for name in sorted(names)[:3])
            more = f" and {len(names) - 3} more" if len(names) > 3 else ""
            raise InvalidSolution(
                f"model.safetensors {word} {listed}{more}. It must hold exactly the tensors of "
                "the damaged model, by the same names."
            )


def _broken(what: str) -> InvalidSolution:
    return InvalidSolution(f"model.safetensors cannot be read: {what}. {HOW_TO_SAVE}")


def _header(data: bytes) -> tuple[dict[str, Entry], int]:
    """The entries and where the raw numbers start."""
    if data[:4] == b"PK\x03\x04" or data[:1] == b"\x80":
        raise _broken(
            "these are the bytes of a pickled checkpoint (torch.save), which can hold code and "
            "is never opened"
        )
    length = int.from_bytes(data[:_LENGTH_BYTES], "little")
    start = _LENGTH_BYTES + length
    if len(data) < _LENGTH_BYTES or length > HEADER_BYTES:
        raise _broken("it does not begin with the length of a safetensors header")
    if len(data) < start:
        raise _broken("it ends within its header; it is truncated")
    return _parse(data[_LENGTH_BYTES:start]), start


def _parse(encoded: bytes) -> dict[str, Entry]:
    try:
        header = json.loads(encoded.decode("utf-8"), object_pairs_hook=_without_repeats)
    except (ValueError, RecursionError) as error:
        raise _broken("its header is not the JSON that safetensors writes") from error
    if not isinstance(header, dict):
        raise _broken("its header is not a JSON object")
    header.pop("__metadata__", None)
    return {name: _entry(name, value) for name, value in header.items()}


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice")
    return found


def _entry(name: str, value: Any) -> Entry:
    name = name[:60]
    if not isinstance(value, dict) or set(value) != {"dtype", "shape", "data_offsets"}:
        raise _broken(f"the header's entry for {name} is not dtype, shape and data_offsets")
    if value["dtype"] not in tuple(_DTYPES):
        raise InvalidSolution(
            f"Tensor {name} is of type {str(value['dtype'])[:20]}; only float32 (F32) and "
            "float16 (F16) are read. Convert with model.float() before saving."
        )
    shape, offsets = value["shape"], value["data_offsets"]
    if not _whole_numbers(shape, 1) or not _whole_numbers(offsets, 0) or len(offsets) != 2:
        raise _broken(f"shape or data_offsets of {name} are not the whole numbers they must be")
    return Entry(_DTYPES[value["dtype"]], tuple(shape), offsets[0], offsets[1])


def _whole_numbers(value: Any, lowest: int) -> bool:
    """A short list of numbers; `True` and `1.0` are none."""
    if not isinstance(value, list) or len(value) > 8:
        return False
    return all(type(number) is int and lowest <= number < 1 << 40 for number in value)


def _check_places(entries: Mapping[str, Entry], raw_bytes: int) -> None:
    """The tensors must fill the raw part one after the other, with no gap and no overlap."""
    place = 0
    for name, entry in sorted(entries.items(), key=lambda item: (item[1].begin, item[1].end)):
        if entry.begin != place:
            word = "overlaps" if entry.begin < place else "leaves a gap after"
            raise _broken(f"tensor {name[:60]} {word} the one before it (data_offsets)")
        if entry.end - entry.begin != math.prod(entry.shape) * entry.dtype.itemsize:
            raise _broken(f"tensor {name[:60]} has not as many bytes as its shape needs")
        place = entry.end
    if place > raw_bytes:
        raise _broken(f"{place - raw_bytes} bytes are missing at the end; it is truncated")
    if place < raw_bytes:
        raise _broken(f"{raw_bytes - place} bytes at the end belong to no tensor")
