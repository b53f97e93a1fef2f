"""Motions of people as states of a body."""

from biomimic.retarget.clip import retarget
from biomimic.retarget.clip_options import ClipOptions
from biomimic.retarget.cycle import read_trial
from biomimic.retarget.options import Options
from biomimic.retarget.record import Record
from biomimic.retarget.walk import periodic_target

__all__ = ["ClipOptions", "Options", "Record", "periodic_target", "read_trial", "retarget"]
