"""Methods, written from the protocol's values: what was done to both sides of every comparison."""

from biomimic.report import wording
from biomimic.report.blocks import Paragraph, Section
from biomimic.validate.protocol import Protocol
from biomimic.validate.results import Results


def section(results: Results, protocol: Protocol) -> Section:
    """The methods text."""
    texts = (
        _trials(protocol),
        _signals(protocol),
        _strides(protocol),
        _measures(protocol),
        _bounds(protocol),
        _signs(),
    )
    return Section("methods", "Methods", tuple(Paragraph(text) for text in texts))


def _trials(protocol: Protocol) -> str:
    trials, pushes = protocol.trials, protocol.pushes
    text = (
        f"Protocol “{protocol.title}”, version {protocol.version}. The walk was simulated from {trials.count} start "
        f"phases spread evenly over the gait cycle, {trials.duration_s:g} s each"
    )
    text += f", and once for {trials.endurance_s:g} s" if trials.endurance_s else ""
    if pushes.directions:
        text += (
            f". In {wording.counted(len(pushes.directions), 'trials')} the pelvis was pushed with {pushes.force_n:g} "
            f"N for {pushes.duration_s:g} s at {pushes.at_s:g} s ({wording.listed(pushes.directions)}) and watched "
            f"for {pushes.watch_s:g} s"
        )
    return f"{text}. Comparisons use the {trials.count} starts; the long walk counts for the gates and for stability."


def _signals(protocol: Protocol) -> str:
    f = protocol.filters
    return (
        "Simulated and measured signals went through the same zero-lag Butterworth filters of resulting order "
        f"{f.order}; the cut-off is the resulting −3 dB point (correction applied to the pre-warped frequency): "
        f"angles {f.angles_hz:g} Hz, ground force {f.force_hz:g} Hz, activity {f.activity_hz:g} Hz after "
        f"rectification, moments {f.moment_hz:g} Hz. Published curves were filtered before they were published or "
        "when they were converted, as SOURCE.md of each data set says. Simulated ground force is the sum of all "
        "contact forces between a foot and the floor at every physics step. Joint angles are coordinates of the "
        "musculoskeletal model in the order of OpenSim; pelvis and trunk angles are rotations of the bodies, not "
        "joint entries."
    )


def _strides(protocol: Protocol) -> str:
    trials, events = protocol.trials, protocol.events
    return (
        f"Heel strike and toe-off are the times at which the vertical force crosses {events.threshold_n:g} N, "
        f"interpolated between samples; contacts under {events.min_stance_s:g} s are dropped. They are checked "
        f"against foot positions (Zeni et al. 2008). The first {trials.skip_strides} strides of each side and trial "
        "are left out, as are incomplete strides, strides with events out of order, of unusual duration, after a "
        "fall, with a turn of more than 15° or a change of speed of more than 10 % from the stride before, and "
        "strides in which anything but a foot touched the floor. Each stride is put on 101 points from 0 to 100 %: "
        "angles and moments by cubic splines, force and activity by monotone ones. Force is divided by mass × "
        "9.80665 m/s², moments by mass, each side by its own mass."
    )


def _measures(protocol: Protocol) -> str:
    resampling = protocol.resampling
    return (
        "r is Pearson's correlation of the simulated mean curve with the person's mean curve. It is blind to offset "
        "and size, so the root mean square error stands beside it, with and without the mean difference. The 101 "
        f"points are not 101 samples: the {100 * resampling.level:.0f} % intervals come from {resampling.draws} "
        f"resamples of trials and of the strides within them (seed {resampling.seed}). A mean r over channels is the "
        "arithmetic mean, as in published figures. A double peak is two maxima of the vertical force with a valley "
        f"at least {protocol.valley_prominence_bw:g} BW below the smaller one, judged stride by stride, never on the "
        "mean curve."
    )


def _bounds(protocol: Protocol) -> str:
    return (
        "Null of r over the stride: mean, on Fisher's scale, of the person's other channels and of the channel "
        "itself at random phases; over the stance: a trapezoid with ramps of 15 % or a half-sine, whichever is "
        "closer, and a straight line for the fore-aft force. Ceiling for the recorded person: mean r between the "
        "trials of the one person recorded more than once; for another person: r between the two people's mean "
        "curves. Score = (z(r) − z(null)) / (z(ceiling) − z(null)) with z = atanh; it may be negative or exceed 1. "
        "These rules are this project's own; there is no scientific consensus on what is good enough."
    )


def _signs() -> str:
    return (
        "Signs: hip and knee flexion, ankle dorsiflexion, hip adduction and internal rotation, and anterior pelvic "
        "tilt are positive; trunk extension is positive. Force is that of the ground on the body, positive upward, "
        "forward, and outward from the body's midline. Pelvis list and rotation and trunk bending and rotation are "
        "turned for the left leg's strides, so that both sides can be read alike."
    )
