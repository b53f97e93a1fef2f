"""Motions of people as states of a body."""

from biomimic.retarget.cycle import read_trial
from biomimic.retarget.options import Options
from biomimic.retarget.walk import periodic_target

__all__ = ["Options", "periodic_target", "read_trial"]
