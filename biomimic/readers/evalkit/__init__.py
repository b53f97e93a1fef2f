"""Rollout files of the MuscleMimic tools, npz in the layout of mm-evalkit 0.1: recordings from them and into them."""

from biomimic.readers.evalkit.reading import read
from biomimic.readers.evalkit.writing import write

__all__ = ["read", "write"]
