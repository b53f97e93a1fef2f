"""biomimic: muscle-driven walking in physics, measured against people."""

__version__ = "0.1.0"
