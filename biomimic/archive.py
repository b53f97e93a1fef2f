"""npz files that are written atomically, carry a schema number and have the same bytes for the same content."""

import io
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from biomimic import files
from biomimic.errors import BadFile

# what NumPy, its parser of headers and the archive let through for damaged files
DAMAGED = (zipfile.BadZipFile, zlib.error, struct.error, tokenize.TokenError, OSError, EOFError, MemoryError)
DAMAGED += (ValueError, TypeError, AttributeError, LookupError, SyntaxError, OverflowError, RuntimeError)
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip entry can carry; no clock in the bytes


def save(path: str | Path, kind: str, schema: int, arrays: Mapping[str, np.ndarray]) -> Path:
    """Write named arrays to one npz file.

    Args:
        path: file to write; a folder that is missing is made.
        kind: what the file holds, e.g. "recording"; checked when it is read.
        schema: version of the layout, raised when the layout changes.
        arrays: name → array of numbers or of strings; no objects.
    """
    content = {"kind": np.array(kind), "schema": np.array(schema), **arrays}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as package:
        for name in sorted(content):
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=_EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            with package.open(entry, "w", force_zip64=True) as file:
                np.lib.format.write_array(file, np.asanyarray(content[name]), allow_pickle=False)
    return files.write(path, buffer.getvalue())


def load(path: str | Path, kind: str, schema: int) -> dict[str, np.ndarray]:
    """Read what `save` wrote.

    Raises:
        BadFile: missing, truncated, of another kind, or of a schema other than `schema`; one sentence says which.
    """
    path = Path(path)
    if not path.is_file():
        raise BadFile(f"{path} was asked for as a {kind} and does not exist.")
    try:
        with np.load(path, allow_pickle=False) as package:
            content = {name: package[name] for name in package.files}
    except DAMAGED:
        raise BadFile(f"{path} is truncated or no npz file; make or copy the {kind} again.") from None
    found, version = content.pop("kind", None), content.pop("schema", None)
    if found is None or version is None:
        raise BadFile(f"{path} is an npz file without kind and schema, so it is no {kind} of this package.")
    if str(found) != kind:
        raise BadFile(f"{path} holds a {found}, and a {kind} was asked for.")
    number = int(version) if version.size == 1 and version.dtype.kind in "iu" else None
    if number is None:
        raise BadFile(f"{path} is damaged: its schema is no number; make or copy the {kind} again.")
    if number != schema:
        advice = "install a newer biomimic" if number > schema else "make the file again with this version"
        raise BadFile(f"{path} has schema {number} and this version reads schema {schema}: {advice}.")
    return content


def required(content: Mapping[str, np.ndarray], name: str, path: str | Path) -> np.ndarray:
    """One array of a loaded file.

    Raises:
        BadFile: the file lacks it.
    """
    if name not in content:
        raise BadFile(f'{path} lacks "{name}"; make or copy the file again.')
    return content[name]
