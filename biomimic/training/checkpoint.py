"""Trees of arrays in one npz each, with the paths in the tree as keys: written atomically, read strictly."""

from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

import jax
import numpy as np

from biomimic import archive
from biomimic.errors import BadFile, BadRun

SCHEMA = 1
KIND = "checkpoint"
FOLDER = "checkpoints"  # in the folder of a run
AFTER = "What was written before is kept: make room there, then start the same command again."
Tree = TypeVar("Tree")


def save(path: str | Path, tree: object, *, kind: str = KIND) -> Path:
    """Write a tree of arrays; what was there before stays until the new file is complete.

    Dictionaries, lists, tuples and named tuples may nest; random keys are kept too.

    Raises:
        BadFile: it cannot be written, e.g. because the disk is full; what was there before is still there.
    """
    arrays = {name: np.asarray(_raw(leaf)) for name, leaf in _named(tree)}
    try:
        return archive.save(path, kind, SCHEMA, arrays)
    except BadFile as error:
        raise BadFile(f"{str(error).partition(' Choose')[0]} {AFTER}") from None


def load(path: str | Path, like: Tree, *, kind: str = KIND, of: str = "this recipe") -> Tree:
    """Read a tree of the form of `like`, whose leaves are arrays or `jax.ShapeDtypeStruct`.

    NumPy leaves come back as NumPy, all others as JAX arrays.

    Args:
        path: what `save` wrote.
        like: the form that is needed.
        kind: as saved.
        of: what needs this form; stands in the message.

    Raises:
        BadFile: missing or truncated.
        BadRun: a key, a shape or a type differs, as for another network; the first that does is named.
    """
    content = archive.load(path, kind, SCHEMA)
    wanted = _named(like)
    names = [name for name, _ in wanted]
    if set(names) != set(content):
        raise BadRun(_key_fault(path, kind, of, names, content))
    leaves = [_restored(path, kind, of, (name, leaf), content[name]) for name, leaf in wanted]
    return jax.tree_util.tree_unflatten(jax.tree_util.tree_structure(like), leaves)


def tree(path: str | Path, *, kind: str = KIND) -> dict:
    """What `save` wrote as nested dictionaries of NumPy arrays: the tree itself where it had nothing but dictionaries.

    Raises:
        BadFile: missing or truncated.
    """
    found: dict = {}
    for name, array in archive.load(path, kind, SCHEMA).items():
        *way, last = name.split("/")
        inner = found
        for part in way:
            inner = inner.setdefault(part, {})
        inner[last] = array
    return found


def latest(folder: str | Path, process: int = 0, processes: int = 1) -> Path | None:
    """The newest checkpoint of one process in a run's folder that all processes have, or None.

    Raises:
        BadRun: the checkpoints there are of another number of processes.
    """
    found = [set(_of_process(folder, each, processes)) for each in range(processes)]
    steps = sorted(set.intersection(*found))
    if not steps and any((Path(folder) / FOLDER).glob("[0-9]*.npz")):
        raise BadRun(
            f"The checkpoints in {Path(folder) / FOLDER} are not of {_words(processes)}. Start as many as before, or "
            "remove the run's folder to begin anew."
        )
    return _of_process(folder, process, processes)[steps[-1]] if steps else None


def write(folder: str | Path, step: int, tree: object, *, keep: int, place: tuple[int, int] = (0, 1)) -> Path:
    """Write the checkpoint of a step (file 000000012345.npz) and remove all but the newest `keep`.

    Args:
        folder: of the run.
        step: control steps so far.
        tree: what is kept.
        keep: how many.
        place: number of this process and how many there are; of several each writes its own file.
    """
    path = save(Path(folder) / FOLDER / f"{step:012d}{_mark(*place)}.npz", tree)
    known = _of_process(folder, *place)
    for old in sorted(known)[:-keep]:
        known[old].unlink()
    return path


def _mark(process: int, processes: int) -> str:
    return "" if processes == 1 else f"-{process}of{processes}"


def _words(processes: int) -> str:
    return "one process" if processes == 1 else f"{processes} processes"


def _of_process(folder: str | Path, process: int, processes: int) -> dict[int, Path]:
    """Steps and files of one process."""
    mark = _mark(process, processes)
    digits = "[0-9]" * 12
    return {int(path.name[:12]): path for path in (Path(folder) / FOLDER).glob(f"{digits}{mark}.npz")}


def _named(tree: object) -> list[tuple[str, object]]:
    pairs, _ = jax.tree_util.tree_flatten_with_path(tree)
    return [("/".join(_word(entry) for entry in path) or "value", leaf) for path, leaf in pairs]


def _word(entry: object) -> str:
    kinds = jax.tree_util
    if isinstance(entry, kinds.DictKey):
        return str(entry.key)
    if isinstance(entry, kinds.GetAttrKey):
        return entry.name
    return str(entry.idx if isinstance(entry, kinds.SequenceKey) else entry.key)


def _is_key(leaf: object) -> bool:
    """True for random keys of JAX's typed kind."""
    return isinstance(leaf, (jax.Array, jax.ShapeDtypeStruct)) and jax.dtypes.issubdtype(
        leaf.dtype, jax.dtypes.prng_key
    )


def _raw(leaf: object) -> object:
    return jax.random.key_data(leaf) if _is_key(leaf) else leaf


def _restored(path: str | Path, kind: str, of: str, wanted: tuple[str, object], found: np.ndarray) -> object:
    name, leaf = wanted
    if _is_key(leaf):
        form = jax.eval_shape(jax.random.key_data, leaf)
    else:
        form = leaf if hasattr(leaf, "dtype") else np.asarray(leaf)
    if found.shape != tuple(form.shape) or found.dtype != form.dtype:
        raise BadRun(
            f'{path} is the {kind} of another network or recipe: "{name}" is {_form(found)} there and {_form(form)} in '
            f"{of}. Use the recipe it was made with, or start a new run."
        )
    if _is_key(leaf):
        return jax.random.wrap_key_data(found, impl=jax.random.key_impl(leaf))
    if isinstance(leaf, (jax.Array, jax.ShapeDtypeStruct)):
        return jax.numpy.asarray(found)
    return found if isinstance(leaf, np.ndarray) else found[()]


def _form(array: object) -> str:
    shape = " x ".join(str(size) for size in array.shape) or "one number"
    return f"{shape} ({np.dtype(array.dtype).name})"


def _key_fault(path: str | Path, kind: str, of: str, names: Iterable[str], content: Iterable[str]) -> str:
    missing = [name for name in names if name not in content]
    if missing:
        words = f'it lacks "{missing[0]}", which {of} has'
        words += f", and {len(missing) - 1} more" if len(missing) > 1 else ""
    else:
        known = set(names)
        more = [name for name in content if name not in known]
        words = f'it has "{more[0]}", which {of} lacks'
        words += f", and {len(more) - 1} more" if len(more) > 1 else ""
    return f"{path} is the {kind} of another network or recipe: {words}. Use the recipe it was made with, or a new run."
