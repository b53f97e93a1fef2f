"""Measuring a walk: protocol, gates, comparison with people, results.

The main verb is `biomimic.validate.evaluate.evaluate`. Names are loaded when they are first asked for, so that the
command line answers --help at once.
"""

from importlib import import_module

_PLACES = {
    "Protocol": "biomimic.validate.protocol",
    "load_protocol": "biomimic.validate.protocol",
    "Finding": "biomimic.validate.results",
    "Results": "biomimic.validate.results",
}

__all__ = ["Finding", "Protocol", "Results", "load_protocol"]  # noqa: F822


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_PLACES[name]), name)
