"""How much memory a model's weights take where it is loaded, before it is loaded."""

import math
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

# In Whisper's folders, and in those of Argos packages.
_WEIGHTS = ("model.bin", "model/model.bin")

# What one number of a matrix takes; vectors stay float32 or float16, and hardly count. Types that
# compute in another one than they store are named after both.
_BYTES = {"int8": 1, "int16": 2, "float16": 2, "bfloat16": 2, "float32": 4}

# Beside the weights: the vocabulary, tables of positions. Measured: a base and a small Whisper took
# 22 to 41 MB more than their matrices, in int8 and float32, with one worker and with two.
_BESIDES = 32 * 2**20

_ITEM_BYTES = (4, 1, 2, 4, 2, 2)  # of CTranslate2's types, by their number in a file


def footprint(folder: Path, compute_type: str) -> int:
    """Bytes that the model in a folder takes in ``compute_type``.

    CTranslate2 says nothing of it, so it is summed up from the head of each matrix in the file; a
    file that is not as expected counts with its size. Batches take more (docs/operations.md).
    """
    weights = next((folder / name for name in _WEIGHTS if (folder / name).is_file()), None)
    if weights is None:
        return 0  # loading it will say what is missing
    try:
        with weights.open("rb") as file:
            matrices = sum(_in_memory(*each, compute_type) for each in _variables(file))
    except (struct.error, ValueError, OSError):
        return weights.stat().st_size + _BESIDES
    return matrices + _BESIDES


def _in_memory(dimensions: int, numbers: int, stored: int, compute_type: str) -> int:
    """Bytes of a variable: a matrix is converted when it is loaded, all else is left."""
    wanted = _BYTES.get(compute_type.partition("_")[0])
    return numbers * (wanted if wanted and dimensions > 1 else stored)


def _variables(file: BinaryIO) -> Iterator[tuple[int, int, int]]:
    """Of each: how many dimensions, how many numbers, and the bytes of one in the file."""
    version = _number(file, "I")
    if not 2 <= version <= 6:
        raise ValueError
    _skip_name(file)
    _number(file, "I")  # the revision of what kind of model it is
    for _ in range(_number(file, "I")):
        _skip_name(file)
        shape = [_number(file, "I") for _ in range(_number(file, "B"))]
        kind = _number(file, "B")
        size = _ITEM_BYTES[kind] if version >= 4 else kind
        count = _number(file, "I")
        file.seek(count if version >= 4 else count * size, os.SEEK_CUR)
        yield len(shape), math.prod(shape), size


def _skip_name(file: BinaryIO) -> None:
    file.seek(_number(file, "H"), os.SEEK_CUR)


def _number(file: BinaryIO, kind: str) -> int:
    size = struct.calcsize(f"<{kind}")
    (number,) = struct.unpack(f"<{kind}", file.read(size))
    return int(number)
