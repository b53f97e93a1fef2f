"""From a retargeted clip of walking to a periodic target of the tracker."""

from biomimic.retarget.stride.choice import Choice, choose
from biomimic.retarget.stride.options import StrideOptions
from biomimic.retarget.stride.target import Stride, periodic_stride

__all__ = ["Choice", "Stride", "StrideOptions", "choose", "periodic_stride"]
