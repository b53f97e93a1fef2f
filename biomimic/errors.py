"""BiomimicError and its kinds, and the one place that words "unknown name, did you mean"."""

from collections.abc import Iterable
from difflib import get_close_matches


class BiomimicError(Exception):
    """What was asked, what was found, what would work: one or two sentences."""


class UnknownName(BiomimicError):
    """A name that nothing carries: a channel, a run, a protocol, a data set."""


class BadFile(BiomimicError):
    """A file that is missing, truncated, changed or of another form than expected."""


class BadValue(BiomimicError):
    """A value outside what its meaning allows."""


class BadRun(BiomimicError):
    """A run folder that cannot be used as it is."""


class NotEnoughData(BiomimicError):
    """Measured data too short or too few for what was asked."""


def unknown(what: str, name: str, known: Iterable[str], *, where: str = "") -> UnknownName:
    """The error for a name that is not there, with the names that are and the closest of them.

    Args:
        what: kind of thing asked for, e.g. "channel" or "protocol".
        name: the name asked for.
        known: the names that exist; at most ten are listed.
        where: where it was looked for, e.g. "in angles of seed_0.npz".
    """
    names = list(known)
    listed = ", ".join(names[:10]) + (f", … ({len(names)} in all)" if len(names) > 10 else "")
    close = [f'"{match}"' for match in get_close_matches(name, names, n=3, cutoff=0.5)]
    text = f'No {what} "{name}"{" " + where if where else ""}. '
    text += f"It has: {listed}." if where and names else f"Known: {listed}." if names else "There is none."
    if close:
        text += f" Did you mean {' or '.join(close)}?"
    return UnknownName(text)
