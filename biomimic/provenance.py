"""Where a piece of data comes from, and the hash of a file."""

import hashlib
import json
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path

from biomimic.errors import BadFile, BadValue


@dataclass(frozen=True)
class Provenance:
    """Source, licence and hash of a piece of data.

    Args:
        source: DOI, address or file name; never empty.
        licence: licence name, or words that say why there is none.
        sha256: hex digest of the file it was read from; empty for data made in memory.
        note: anything a reader of the report must know.
    """

    source: str
    licence: str = ""
    sha256: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        if not self.source.strip():
            raise BadValue("A provenance has an empty source. Name the file, the address or the DOI it comes from.")

    def to_json(self) -> str:
        """One line of JSON with sorted keys; `from_json` reads it back."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "Provenance":
        """The record that `to_json` wrote.

        Raises:
            BadValue: it is none.
        """
        try:
            found = json.loads(text)
            if isinstance(found, dict) and all(isinstance(value, str) for value in found.values()):
                return cls(**found)
        except (ValueError, TypeError, RecursionError):
            pass
        raise BadValue("The provenance is damaged: it is no JSON of source, licence, sha256 and note.")


def sha256(path: str | Path) -> str:
    """Hex SHA-256 of a file's bytes.

    Raises:
        BadFile: the file is missing or cannot be read.
    """
    digest = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            for block in iter(lambda: file.read(1 << 20), b""):
                digest.update(block)
    except OSError as error:
        raise BadFile(f"{path} cannot be read: {error.strerror}.") from None
    return digest.hexdigest()


def version(package: str) -> str:
    """Version of an installed package; of this one also when it runs from a checkout."""
    if package == "biomimic":
        from biomimic import __version__

        return __version__
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"
