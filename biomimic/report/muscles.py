"""The section on muscles: activation against EMG in shape and timing, and every other number of single muscles."""

from dataclasses import replace

from biomimic.report import comparisons, numbers, panels, people, tables, wording
from biomimic.report.blocks import Paragraph, Section
from biomimic.validate.protocol import Protocol
from biomimic.validate.results import Results

SHOWN = (*comparisons.AGREED, "side_correlation")  # in tables of their own


def section(results: Results, protocol: Protocol) -> Section:
    """Activation against EMG."""
    if not comparisons.channels_of(results, "muscles"):
        text = "The recordings hold no muscle activity, or nobody's EMG is known: nothing was compared."
        return Section("muscles", "Muscles", (Paragraph(text), *numbers.rest(results, protocol, "muscles", SHOWN)))
    blocks = comparisons.summary(results, protocol, "muscles")
    blocks.append(Paragraph(_words(results, protocol)))
    shown = panels.panels(results, protocol, "activity", wording.MUSCLES)
    right = [replace(one, title=one.title.partition(",")[0]) for one in shown if one.title.endswith("right")]
    if right:
        words = "Muscle activation and EMG" if people.is_simulated(results) else "EMG"
        words += ", right leg, each scaled to the peak of its mean curve"
        blocks.append(comparisons.figure("muscles", right, 5, words, (results, protocol, "muscles")))
    blocks += comparisons.agreements(results, protocol, "muscles", comparisons.STRIDE_NULL)
    blocks += tables.sides(results)
    blocks += numbers.rest(results, protocol, "muscles", SHOWN)
    return Section("muscles", "Muscles", tuple(blocks))


def _words(results: Results, protocol: Protocol) -> str:
    """What activity is on either side, and how much it may be shifted."""
    lag = 1000 * protocol.max_lag_s
    text = (
        "Of people the EMG envelope was measured, of the walk the activation state of each muscle; both passed the "
        "same low-pass filter. EMG precedes force and is nearer to excitation than to activation; the headline r "
        "allows no lag."
    )
    if not people.is_simulated(results):
        text = "All activity is EMG, passed through the same low-pass filter; the headline r allows no lag."
    return (
        f"{text} The best r allows the EMG to move around the stride by up to {lag:.0f} ms either way (null and "
        "ceiling get the same freedom)."
    )
