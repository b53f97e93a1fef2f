"""Learning a policy: `fit` a recipe to targets. What needs JAX is imported when it is asked for."""

import importlib

__all__ = ["Recipe", "fit", "load_recipe"]

_HOMES = {"Recipe": "recipe", "load_recipe": "recipe", "fit": "loop"}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
