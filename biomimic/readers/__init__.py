"""Foreign files in, our nouns out: one module per format, and `read` for all of them."""

from biomimic.readers.told import Told
from biomimic.readers.trial import read

__all__ = ["Told", "read"]
