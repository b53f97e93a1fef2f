"""Steps of a run that are skipped when nothing they depend on has changed."""

import hashlib
import json
import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from biomimic import files
from biomimic.errors import BadFile
from biomimic.provenance import sha256, version

_LOG = logging.getLogger(__name__)
_RECORD = "steps.json"


def run(
    folder: str | Path,
    name: str,
    *,
    inputs: Sequence[str | Path],
    outputs: Sequence[str],
    words: str,
    work: Callable[[], None],
) -> bool:
    """Do a step unless it was done before with the same input.

    Args:
        folder: of the run.
        name: of the step.
        inputs: files it reads; their content counts, not their place or date, and so does the package's version.
        outputs: names of files in the folder that it leaves; all must still be as it left them.
        words: settings that count, as text.
        work: does it.

    Returns:
        Whether it was done now.

    Raises:
        BadFile: an input is missing, or the step did not leave an output.
    """
    folder = Path(folder)
    told = [version("biomimic"), words, *(sha256(file) for file in inputs)]
    key = hashlib.sha256("\n".join(told).encode()).hexdigest()
    record = _load(folder)
    if record.get(name, {}).get("key") == key and _unchanged(folder, record[name]["outputs"], outputs):
        _LOG.info("%s: nothing has changed, kept", name)
        return False
    record.pop(name, None)
    _save(folder, record)  # a run that is stopped within a step does it again
    work()
    left = {}
    for file in outputs:
        if not (folder / file).is_file():
            raise BadFile(f'The step "{name}" should have left {folder / file} and did not; see the logs beside it.')
        left[file] = sha256(folder / file)
    record[name] = {"key": key, "outputs": left}
    _save(folder, record)
    return True


def _unchanged(folder: Path, kept: dict[str, str], outputs: Sequence[str]) -> bool:
    if set(kept) != set(outputs):
        return False
    return all((folder / file).is_file() and sha256(folder / file) == digest for file, digest in kept.items())


def _load(folder: Path) -> dict:
    path = folder / _RECORD
    if not path.is_file():
        return {}
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        raise BadFile(f"{path} is damaged; delete it, and all steps are done anew.") from None


def _save(folder: Path, record: dict) -> None:
    files.write(folder / _RECORD, json.dumps(record, indent=1, sort_keys=True) + "\n")
