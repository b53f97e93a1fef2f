"""Methods, written from the protocol's values and from what was measured: what was done to both sides."""

from biomimic.report import claims, people, questions, wording
from biomimic.report.blocks import Paragraph, Section
from biomimic.report.references import cite, named
from biomimic.report.scores import grades_sentence
from biomimic.validate.protocol import Protocol
from biomimic.validate.results import Results


def section(results: Results, protocol: Protocol) -> Section:
    """The methods text."""
    texts = (
        _trials(results, protocol),
        _signals(results, protocol),
        _strides(protocol),
        _gates(results),
        _measures(protocol),
        _nulls(results, protocol),
        _scores(protocol),
        _inference(results),
        _questions(results),
        _used(results),
        _left_out(results),
        _signs(),
    )
    return Section("methods", "Methods", tuple(Paragraph(text) for text in texts if text))


def _trials(results: Results, protocol: Protocol) -> str:
    trials, pushes = protocol.trials, protocol.pushes
    begin = f"Protocol “{protocol.title}”, version {protocol.version}. "
    if not people.is_simulated(results):
        return (
            f"{begin}A measured walk was validated as if it were a run: the same filters, events, strides, gates, "
            "measures and people; what only a simulation has (pushes, forces from outside, activations of all muscles) "
            "was left out. Its own data are among none of those it was compared with."
        )
    text = (
        f"{begin}The walk was simulated in MuJoCo {cite('todorov2012')} from {trials.count} start phases spread evenly "
        f"over the gait cycle, {trials.duration_s:g} s each"
    )
    text += f", and once for {trials.endurance_s:g} s" if trials.endurance_s else ""
    if pushes.directions:
        text += (
            f". In {wording.counted(len(pushes.directions), 'trials')} the pelvis was pushed with {pushes.force_n:g} "
            f"N for {pushes.duration_s:g} s at {pushes.at_s:g} s ({wording.listed(pushes.directions)}) and watched "
            f"for {pushes.watch_s:g} s"
        )
    return f"{text}. Comparisons use the {trials.count} starts; the long walk counts for the gates and for stability."


def _signals(results: Results, protocol: Protocol) -> str:
    f = protocol.filters
    own = ""
    if people.is_simulated(results):
        own = (
            " Simulated ground force is the sum of all contact forces between a foot and the floor at every physics "
            "step."
        )
    return (
        "The walk and the people went through the same zero-lag Butterworth filters of resulting order "
        f"{f.order}; the cut-off is the resulting −3 dB point (correction applied to the pre-warped frequency "
        f"{cite('winter2009')}): angles {f.angles_hz:g} Hz, ground force {f.force_hz:g} Hz, activity {f.activity_hz:g} "
        f"Hz after rectification, moments {f.moment_hz:g} Hz. Published curves were filtered before they were "
        f"published or when they were converted, as SOURCE.md of each data set says.{own} Joint angles are coordinates "
        f"of the musculoskeletal model {cite('rajagopal2016')} in the order of OpenSim; pelvis and trunk angles are "
        "rotations of the bodies, not joint entries."
    )


def _strides(protocol: Protocol) -> str:
    trials, events = protocol.trials, protocol.events
    return (
        f"Heel strike and toe-off are the times at which the vertical force crosses {events.threshold_n:g} N, "
        f"interpolated between samples; contacts under {events.min_stance_s:g} s are dropped. They are checked "
        f"against foot positions {cite('zeni2008')}. The first {trials.skip_strides} strides of each side and trial "
        "are left out (none of a short recording), as are incomplete strides, strides with events out of order, of "
        f"unusual duration (by the median absolute deviation {cite('leys2013')}), after a fall, with a turn of more "
        "than 15° or a change of speed of more than 10 % from the stride before, and strides in which anything but a "
        "foot touched the floor. Each stride is put on 101 points from 0 to 100 %: angles and moments by cubic "
        "splines, force and activity by monotone ones. Force is divided by mass × 9.80665 m/s², moments by mass, each "
        "side by its own mass."
    )


def _gates(results: Results) -> str:
    """The gates and the audit, from what they state themselves."""
    if not results.gates:
        return ""
    each = "; ".join(f"{gate.name} {gate.title} ({gate.limit})" for gate in results.gates)
    return (
        f"Before any comparison the signals are audited and {len(results.gates)} gates are asked: {each}. A channel "
        "whose agreement rises when its sign or its side is exchanged fails the audit; nothing is turned round on its "
        f"own account. The residual rules follow {named('hicks2015')}. A failed gate greys the sections that it makes "
        "doubtful and leaves none of them out."
    )


def _measures(protocol: Protocol) -> str:
    resampling = protocol.resampling
    return (
        "r is Pearson's correlation of the walk's mean curve with the person's mean curve. It is blind to offset "
        "and size, so the root mean square error stands beside it, with and without the mean difference. The 101 "
        f"points are not 101 samples: the {100 * resampling.level:.0f} % intervals come from {resampling.draws} "
        f"resamples of trials and of the strides within them {cite('davison1997')} (seed {resampling.seed}). A mean r "
        "over channels is the arithmetic mean, as in published figures; null and ceiling are averaged on Fisher's "
        f"scale {cite('fisher1921')}. A double peak is two maxima of the vertical force with a valley at least "
        f"{protocol.valley_prominence_bw:g} BW below the smaller one, judged stride by stride, never on the mean curve."
    )


def _nulls(results: Results, protocol: Protocol) -> str:
    text = (
        "Null of r over the stride: mean, on Fisher's scale, of the person's other channels and of the channel itself "
        "at random phases; over the stance: a trapezoid with ramps of 15 % or a half-sine, whichever is closer, and a "
        "straight line for the fore-aft force. There are three ceilings, one for each comparison. With the person "
        "whose motion was tracked: mean agreement between the strides or trials of the one person recorded most "
        "often. With one other person: all pairs of people. With the mean of several: each person against the mean of "
        "the others. The human error that an error is divided into is made by the same three comparisons. Below "
        f"{claims.FEW_PEOPLE} people a ceiling is called provisional: the mean of few curves is noisy, so it is too "
        "low. A channel whose spread between three people or more, or between the strides of one of them, exceeds "
        "half its range cannot be judged by r; it is greyed and counts in no median."
    )
    lag = f" At the best lag, up to {1000 * protocol.max_lag_s:.0f} ms, null and ceiling get the same freedom."
    return text + (lag if results.find("best_correlation") else "")


def _scores(protocol: Protocol) -> str:
    level = 100 * protocol.resampling.level
    return (
        "Score of r = (z(r) − z(null)) / (z(ceiling) − z(null)) with z = atanh, r held within ±0.9999; score of an "
        "error = human error / error. Neither is clipped. The score of a domain is the median over its channels and "
        f"sides; its {level:.0f} % interval resamples people and strides where the mean of three or more people was "
        "compared with, the ceiling with them, and else the strides alone, null and ceiling held. "
        f"{grades_sentence()} There is no single number over all domains."
    )


def _inference(results: Results) -> str:
    whose = "controller" if people.is_simulated(results) else "person"
    return (
        f"One walk of one {whose} is one unit. Its strides are repeats and support no inference on walkers, so no test "
        f"against people is made; p values are given from {claims.FEW_UNITS} independent units on, and this report has "
        "1. There is no scientific consensus on what is good enough: every limit stands with its source."
    )


def _questions(results: Results) -> str:
    low, high = questions.CHECKLIST
    text = (
        "Three questions are kept apart. Tracking: the walk against the motion that its controller was given, angles "
        f"against the {low:g} to {high:g}° RMS of the {questions.SOURCE}. Looking human: the walk against people. "
        "Retargeting: the given motion against the person it was made of, beside the walk against the same person."
    )
    return text if people.has_target(results) else ""


def _used(results: Results) -> str:
    """Sentences on measures that only some recordings allow, where they were used."""
    metrics = {finding.metric for finding in results.findings}
    sentences = [text for name, text in _known().items() if name in metrics]
    if results.evidence.bands:
        sentences.append(f"Simultaneous prediction bands by the bootstrap {cite('lenhoff1999', 'koska2023')}.")
    return " ".join(sentences)


def _known() -> dict[str, str]:
    """Measure in findings → how it was made."""
    return {
        "cmc": f"Coefficient of multiple correlation between strides as in {named('kadaba1989')}; where its radicand "
        "is negative it is undefined and left out.",
        "gait_profile_score": f"Gait Variable Scores and the Gait Profile Score as in {named('baker2009')}, over the "
        f"variables that are known; a difference of 1.6° is the least that matters {cite('baker2012')}.",
        "symmetry_angle": f"Symmetry angle as in {named('zifchock2008')}.",
        "cocontraction_stance": f"Co-contraction of antagonists after {named('falconer1985')}.",
        "synergies": f"Muscle synergies by non-negative matrix factorisation {cite('lee1999')}, variance accounted for "
        f"uncentred; number and choice of muscles change them {cite('steele2013')}, so only equal sets are compared.",
        "coordination_similarity": "Likeness of two matrices of correlations between muscles by rank correlation "
        f"{cite('kriegeskorte2008')}.",
        "feasible_width": "Feasible range of each activation, given the joint moments of one stride, by linear "
        f"programmes {cite('sohn2013', 'simpson2015')}.",
        "umberger_power": f"Energetics index after {named('umberger2003')} and {named('umberger2010')}; such models "
        f"agree on trends, not on sizes {cite('koelewijn2019')}.",
        "bhargava_power": f"Energetics index after {named('bhargava2004')}.",
    }


def _left_out(results: Results) -> str:
    """What was compared with nobody, and how many strides fell out."""
    channels = sum(len(score.left_out) for score in results.scores)
    silent = [f for f in results.findings if f.metric == "correlation" and "silent" in f.note]
    names = list(dict.fromkeys(wording.channel(f.channel).lower() for f in silent))
    text = f"Left out: {wording.counted(len(results.exclusions), 'strides')}, with reasons in exclusions.csv; "
    text += f"{wording.counted(channels, 'channels')} and sides from the medians, named under “Does it look human?”."
    return text + (f" Silent muscles have no r: {wording.listed(names)}." if names else "")


def _signs() -> str:
    return (
        "Signs: hip and knee flexion, ankle dorsiflexion, hip adduction and internal rotation, and anterior pelvic "
        "tilt are positive; trunk extension is positive. Force is that of the ground on the body, positive upward, "
        "forward, and outward from the body's midline. Pelvis list and rotation and trunk bending and rotation are "
        "turned for the left leg's strides, so that both sides can be read alike."
    )
