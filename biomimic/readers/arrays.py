"""npz files whose arrays are as large as they say, and no larger than the file can hold."""

import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.lib import format as npy

from biomimic import archive
from biomimic.errors import BadFile

_TIGHTEST = 1100  # times as large as it lies in the file deflate can make anything
_PACKED = 4096  # [bytes] that are allowed for beside it
_HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


def names(path: str | Path) -> tuple[str, ...]:
    """Names of the arrays in an npz file.

    Raises:
        BadFile: no such file, or no npz file.
    """
    path = Path(path)
    try:
        with zipfile.ZipFile(path) as package:
            return tuple(one.filename.removesuffix(".npy") for one in package.infolist())
    except archive.DAMAGED:
        raise BadFile(f"{path} is truncated or no npz file; copy it again.") from None


def load(path: str | Path, wanted: Sequence[str]) -> dict[str, np.ndarray]:
    """Those of the wanted arrays that a file has.

    Args:
        path: npz file.
        wanted: names of arrays.

    Raises:
        BadFile: no such file, no npz file, damaged, pickled, or an array that claims more than the file holds.
    """
    path = Path(path)
    check(path, wanted)
    try:
        with np.load(path, allow_pickle=False) as package:
            return {name: package[name] for name in wanted if name in package.files}
    except archive.DAMAGED:
        raise BadFile(
            f"{path} is truncated, no npz file of numbers, or holds pickled Python objects, which are never loaded."
        ) from None


def check(path: str | Path, wanted: Sequence[str] | None = None) -> None:
    """Refuse a file with an array that claims to be larger than it is.

    Args:
        path: npz file.
        wanted: names of the arrays that are looked at; None looks at all.

    Raises:
        BadFile: such an array, no such file, or no npz file.
    """
    path = Path(path)
    try:
        with zipfile.ZipFile(path) as package:
            for info in package.infolist():
                if wanted is None or info.filename.removesuffix(".npy") in wanted:
                    _check(package, info)
    except archive.DAMAGED:
        raise BadFile(
            f"{path} is truncated, no npz file of numbers, or holds pickled Python objects, which are never loaded."
        ) from None


def _check(package: zipfile.ZipFile, info: zipfile.ZipInfo) -> None:
    """ValueError where an array's size is not that of its place in the file."""
    if info.file_size > _TIGHTEST * info.compress_size + _PACKED:
        raise ValueError(info.filename)
    with package.open(info) as member:
        version = npy.read_magic(member)
        shape, _, kind = _HEADERS[version](member)
        if kind.hasobject:
            raise ValueError(info.filename)
        size = kind.itemsize
        for length in shape:
            size *= int(length)
        if size < 0 or size > info.file_size:
            raise ValueError(info.filename)
