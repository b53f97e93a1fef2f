"""Muscle control without learning: a model-based tracker of periodic motion."""

from biomimic.control.settings import Settings
from biomimic.embodiment import Embodiment
from biomimic.motion import Trajectory

__all__ = ["Settings", "build"]


def build(embodiment: Embodiment, target: Trajectory, settings: Settings | None = None):
    """A Tracker that drives the body along the target; see `biomimic.control.tracker.Tracker`."""
    from biomimic.control.tracker import Tracker

    return Tracker(embodiment, target, settings or Settings())
