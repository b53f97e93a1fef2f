"""Targets by name: files, folders of files, those of a run, and those that the package makes."""

from collections.abc import Sequence
from pathlib import Path

from biomimic import errors
from biomimic.embodiment import Embodiment
from biomimic.errors import BadFile
from biomimic.motion import Trajectory
from biomimic.run import open_run
from biomimic.training.examples import reaching_targets, tiny_targets

MADE = {"tiny": tiny_targets, "reaching": reaching_targets}
OF_RUN, OF_PACKAGE = "run:", "made:"


def load(names: Sequence[str], embodiment: Embodiment) -> list[Trajectory]:
    """The targets that some names stand for, in their order; those of a folder by name of the file.

    Args:
        names: paths of .npz files or of folders, "run:<name>" for the target of a run, "made:<name>" for those of
            `MADE`, with a number of them after a second colon, e.g. "made:tiny:4".
        embodiment: for targets that are made.

    Raises:
        UnknownName, BadFile, BadRun: the name stands for nothing that can be loaded.
    """
    return [target for name in names for target in _load(name, embodiment)]


def _load(name: str, embodiment: Embodiment) -> list[Trajectory]:
    if name.startswith(OF_PACKAGE):
        made, _, count = name.removeprefix(OF_PACKAGE).partition(":")
        if made not in MADE:
            raise errors.unknown("target of the package", made, MADE)
        if count and not count.isdigit():
            raise BadFile(
                f'The target "{name}" was asked for; after the second colon stands how many, e.g. made:tiny:4.'
            )
        return list((MADE[made](embodiment, int(count)) if count else MADE[made](embodiment)).values())
    if name.startswith(OF_RUN):
        return [Trajectory.load(open_run(name.removeprefix(OF_RUN)).target)]
    path = Path(name)
    if path.is_dir():
        found = sorted(path.glob("**/*.npz"))
        if not found:
            raise BadFile(
                f"The folder {path} holds no .npz file; name a folder that python -m biomimic.retarget wrote."
            )
        return [Trajectory.load(file) for file in found]
    return [Trajectory.load(path)]
