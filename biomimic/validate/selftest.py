"""Self-test: answers that are known beforehand, computed now by this installation, for the appendix of a report."""

from collections.abc import Sequence

from biomimic.validate import answers_statistics, answers_walks
from biomimic.validate.answer import Answer

HEADER = ("what", "vouches for", "computed", "expected", "tolerance", "kind", "source", "result")


def run() -> tuple[Answer, ...]:
    """All answers, computed now; none needs a file or the network."""
    return (*answers_walks.answers(), *answers_statistics.answers())


def failed(answers: Sequence[Answer]) -> tuple[Answer, ...]:
    """Those that are not what they must be; empty if this installation computes as it should."""
    return tuple(answer for answer in answers if not answer.passed)


def table(answers: Sequence[Answer]) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Header and rows of text for a report; numbers rounded, so that no two computers differ in them."""
    rows = [
        (
            answer.name,
            ", ".join(answer.metrics),
            _number(answer.value),
            _number(answer.expected),
            f"{answer.tolerance:.0e}" if answer.tolerance else "exact",
            answer.kind,
            answer.source,
            "as expected" if answer.passed else "WRONG",
        )
        for answer in answers
    ]
    return HEADER, tuple(rows)


def _number(value: float) -> str:
    """Six digits, and none beyond the ninth place: what lies there differs between computers."""
    return f"{round(value, 9) + 0.0:.6g}"


def lines(answers: Sequence[Answer]) -> tuple[str, ...]:
    """The same for a terminal, the wrong ones last."""
    ordered = sorted(answers, key=lambda answer: not answer.passed)
    shown = [
        f"{'ok   ' if answer.passed else 'WRONG'} {answer.name}: {_number(answer.value)}"
        + (
            ""
            if answer.passed
            else f", expected {_number(answer.expected)} within {answer.tolerance:.0e} ({answer.source})"
        )
        for answer in ordered
    ]
    wrong = len(failed(answers))
    total = f"{len(answers)} known answers, " + (f"{wrong} of them wrong" if wrong else "all as expected")
    return (*shown, total)
