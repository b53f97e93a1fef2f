"""Fields of MATLAB files by their path, with the place named where one is missing."""

import zlib
from pathlib import Path

import numpy as np

from biomimic.errors import BadFile

_DAMAGED = (OSError, ValueError, TypeError, IndexError, KeyError, EOFError, OverflowError, MemoryError, zlib.error)


def load(path: Path) -> dict:
    """Variables of a .mat file; structs as objects whose fields are attributes.

    Raises:
        BadFile: missing, damaged, or of version 7.3, which needs another reader.
    """
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    try:
        return loadmat(path, squeeze_me=True, struct_as_record=False)
    except NotImplementedError:
        raise BadFile(f"{path} is of MATLAB version 7.3; save it with -v7 to read it here.") from None
    except (*_DAMAGED, MatReadError) as error:
        said = (str(error) or type(error).__name__).splitlines()[0]
        raise BadFile(f"{path} cannot be read as a MATLAB file: {said[:120]}.") from None


def names(structure: object) -> tuple[str, ...]:
    """Fields of a struct; empty if it is none."""
    return tuple(getattr(structure, "_fieldnames", None) or ())


def at(content: object, dotted: str, path: Path) -> object:
    """What lies at a path of fields, e.g. "Data.Average.EMG".

    Raises:
        BadFile: a field of the path is missing; those that are there are listed.
    """
    found, before = content, ""
    for name in dotted.split("."):
        known = tuple(found) if isinstance(found, dict) else names(found)
        if name not in known:
            listed = ", ".join(one for one in known if not one.startswith("__")) or "nothing"
            raise BadFile(f"{path}: there is no {name} in {before or 'the file'}; it has: {listed[:200]}.")
        found = found[name] if isinstance(found, dict) else getattr(found, name)
        before = f"{before}.{name}" if before else name
    return found


def numbers(content: object, dotted: str, path: Path) -> np.ndarray:
    """Numbers at a path of fields.

    Raises:
        BadFile: a field is missing or holds no numbers.
    """
    try:
        return np.asarray(at(content, dotted, path), float)
    except (TypeError, ValueError):
        raise BadFile(f"{path}: {dotted} holds no numbers.") from None
