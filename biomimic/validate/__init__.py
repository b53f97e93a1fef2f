"""Measuring a walk: protocol, gates, comparison with people, results."""

from biomimic.validate.evaluate import evaluate
from biomimic.validate.protocol import Protocol, load_protocol
from biomimic.validate.results import Finding, Results

__all__ = ["Finding", "Protocol", "Results", "evaluate", "load_protocol"]
