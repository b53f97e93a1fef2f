"""What an evaluation says in the report: success, coverage and errors over all clips, and one row a clip."""

from dataclasses import replace

from biomimic.evaluation import MEASURES, STARTS, Attempt, Evaluation
from biomimic.metrics.estimate import Resampling
from biomimic.report import gates, people, wording
from biomimic.report.blocks import Block, Paragraph, Section, Table
from biomimic.validate.results import Results

SHOWN = 20  # clips with a row of their own; of more, those that were followed least
NOT_EVALUATED = (
    "No evaluation of this policy is known: on how many of its clips it comes to the end is not told here. "
    "python -m biomimic.rollout --run {run} --evaluate makes the figures."
)
HEADS = {
    "success": "Followed to the end [%]",
    "coverage": "Time followed [%]",
    "joint_error": "Joint angles [°]",
    "speed_error": "Joint speeds [°/s]",
    "root_error": "Pelvis [cm]",
    "site_error": "Sites [cm]",
}
UNITS = {"share": (100.0, 1), "rad": (57.29577951308232, 2), "rad/s": (57.29577951308232, 1), "m": (100.0, 1)}
WORDS = {"first frame": "first frame", "random": "random frames"}
ENDS = {"": "the end", "sites": "sites too far", "pelvis": "pelvis too far", "not finite": "state not finite"}
# Li et al. 2026, table of the generalist: 108 clips unseen in training, limits of 0.3 m (sites) and 0.5 m (pelvis)
PUBLISHED = ("Published, 108 unseen clips", "92.6 ± 0.0", "96.0 ± 0.5", "6.63 ± 0.01", "26.9 ± 0.0", "7.1 ± 0.2", "–")


def sections(walks: Section, results: Results, evaluation: Evaluation | None) -> tuple[Section, ...]:
    """The section on the walks of the protocol, and what an evaluation found; a tracker needs none.

    Args:
        walks: held against their target.
        results: of the run; a failed gate greys the walks, not the evaluation, which is an experiment of its own.
        evaluation: of the same policy, or None; it is missed if the controller was learned.
    """
    shown = gates.grey(walks, results, gates.ALL)
    if evaluation is not None and not people.has_target(results):
        return (replace(walks, blocks=blocks(evaluation)),)
    if evaluation is not None:
        return shown, Section("clips", "Does it track its target from every start?", blocks(evaluation))
    if results.identity.get("run", {}).get("controller") != "policy":
        return (shown,)
    words = Paragraph(NOT_EVALUATED.format(run=results.run))
    return (replace(shown, blocks=(*shown.blocks, words)),)


def blocks(evaluation: Evaluation, resampling: Resampling | None = None) -> tuple[Block, ...]:
    """A paragraph, the table over all clips beside published figures, and the table of single clips."""
    drawn = resampling or Resampling()
    return Paragraph(_words(evaluation, drawn)), _summary(evaluation, drawn), _clips(evaluation)


def _words(evaluation: Evaluation, drawn: Resampling) -> str:
    first = evaluation.begun("first frame")
    whole = first if first.attempts else evaluation
    success, clips = whole.success(drawn), len({one.clip for one in evaluation.attempts})
    followed = sum(one.succeeded for one in whole.attempts)
    return (
        f"Every clip was also followed on its own ({wording.counted(clips, 'clips')}), without exploration, on "
        f"{evaluation.engine}. An attempt ends when the sites are more than {evaluation.site_limit:g} m from their "
        f"places on average, relative to the pelvis, or the pelvis more than {evaluation.root_limit:g} m from its own; "
        f"these are the published limits [@li2026]. {followed} of {wording.counted(success.n, 'attempts')} from the "
        "first frame came to the end. One run is one policy: the intervals say how much the clips and starts matter, "
        "not how another training would end."
    )


def _summary(evaluation: Evaluation, drawn: Resampling) -> Table:
    rows = []
    for start in STARTS:
        part = evaluation.begun(start)
        if part.attempts:
            rows.append((WORDS[start], *_figures(part, drawn), wording.basis(part.success(drawn))))
    header = ("From", *HEADS.values(), "n")
    caption = (
        "How far the clips are followed and how closely, with 95 % intervals. Errors are means over all time that was "
        "followed, so a policy that fails early shows small ones: read them beside the time followed. The published "
        "figures [@li2026] are of another body of motion, another policy and its own physics step, and no limit here."
    )
    return Table(caption, header, (*rows, (*PUBLISHED, "108 clips")), "l" + "r" * len(HEADS) + "l", name="evaluation")


def _figures(part: Evaluation, drawn: Resampling) -> list[str]:
    shares = [part.success(drawn), part.coverage(drawn)]
    return [_cell(found) for found in (*shares, *(part.error(name, drawn) for name in MEASURES))]


def _cell(found) -> str:
    factor, digits = UNITS[found.unit]
    value, low, high = (wording.number(factor * x, digits) for x in (found.value, found.low, found.high))
    return value if wording.MISSING in (low, high) or low == high == value else f"{value} [{low}, {high}]"


def _clips(evaluation: Evaluation) -> Table:
    """One row a clip and kind of start; of many clips those that were followed least."""
    groups: dict[tuple[str, str], list[Attempt]] = {}
    for one in evaluation.attempts:
        groups.setdefault((one.clip, one.begun), []).append(one)
    share = {key: sum(a.followed for a in some) / sum(a.planned for a in some) for key, some in groups.items()}
    chosen = sorted(groups, key=lambda key: share[key])[:SHOWN] if len(groups) > SHOWN else list(groups)
    rows, tones = [], []
    for key in chosen:
        some = groups[key]
        lost = {ENDS[one.ended]: None for one in some if one.ended}
        won = sum(one.succeeded for one in some)
        times = wording.number(sum(a.followed for a in some), 1), wording.number(sum(a.planned for a in some), 1)
        rows.append((key[0], WORDS[key[1]], f"{won} of {len(some)}", *times, ", ".join(lost) or ENDS[""]))
        tones.append("good" if won == len(some) else "bad" if won == 0 else "warn")
    left = len(groups) - len(chosen)
    kept = f" The {len(chosen)} rows followed least of {len(groups)}." if left else ""
    header = ("Clip", "From", "To the end", "Followed [s]", "Planned [s]", "Ended by")
    return Table(f"Each clip.{kept}", header, tuple(rows), "llrrrl", tuple(tones), name="evaluation_clips")
