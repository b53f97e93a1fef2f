"""Writing files so that a killed process leaves the old file or none."""

import os
from pathlib import Path

from biomimic.errors import BadFile


def write(path: str | Path, content: bytes | str) -> Path:
    """Write a file through a temporary name and a rename; folders are made as needed.

    Args:
        path: where the file shall lie.
        content: bytes, or text that is written as UTF-8 with "\\n" line ends.

    Raises:
        BadFile: the folder cannot be made or written to.
    """
    path = Path(path)
    data = content.encode() if isinstance(content, str) else content
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with open(part, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        reason = error.strerror or "the system refused"
        raise BadFile(f"{path} cannot be written: {reason}. Choose a folder that can be written to.") from None
    return path


def check_writable(folder: str | Path) -> Path:
    """Make the folder if it is missing and prove, before long work starts, that a file can be written there."""
    folder = Path(folder)
    probe = write(folder / f".writable.{os.getpid()}", b"")
    probe.unlink()
    return folder
