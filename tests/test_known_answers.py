"""No number without a known answer: every measure that a report can show is vouched for by a source or a program.

A test vouches for a measure by naming it in its mark `published` or `oracle`; the self-test's table does so as well.
"""

import ast
import csv
from pathlib import Path

import pytest

from biomimic.metrics.estimate import Resampling
from biomimic.metrics.least_effort import Effort
from biomimic.metrics.redundancy import Freedom, Openness
from biomimic.validate import body, coordination, feet, measures, physics, selftest, whole_body

ROOT = Path(__file__).parents[1]
MARKS = ("published", "oracle")
LAWS = ("umberger", "bhargava")
SAME = {  # measure in a report → the measure that it is, on other data
    "correlation_controller": "correlation",
    "excitation_correlation": "correlation",
    "correlation_least_squares": "correlation",
    "correlation_least_cubes": "correlation",
    "correlation_nearest_to_EMG": "correlation",
    "effort_over_least_cubes": "least_effort",
    "fast_share": "high_frequency_share",
}


def vouched() -> dict[str, set[str]]:
    """Name → the tests that vouch for it."""
    found: dict[str, set[str]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for mark in _marks(ast.parse(path.read_text()), path):
            for name in mark:
                found.setdefault(name, set()).add(path.name)
    for answer in selftest.run():
        for name in answer.metrics:
            found.setdefault(name, set()).add("self-test")
    return found


def _marks(tree: ast.AST, path: Path) -> list[list[str]]:
    """Arguments of each mark of a file; they must be plain strings."""
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or ast.unparse(node.func) not in [f"pytest.mark.{mark}" for mark in MARKS]:
            continue
        parts = [part.value if isinstance(part, ast.Starred) else part for part in node.args]
        values = [ast.literal_eval(part) for part in parts]
        names = [name for value in values for name in ([value] if isinstance(value, str) else value)]
        assert names and all(isinstance(name, str) for name in names), f"{path.name}: {ast.unparse(node)}"
        found.append(names)
    return found


def reported() -> set[str]:
    """Every measure that findings can have."""
    names = {*measures.METRICS, *measures.EACH, *whole_body.DIFFERENCES.values(), *physics.WHOLE_STRIDE}
    names |= {written for written, _ in whole_body.FIGURES.values()}
    names |= {f"{event}_disagreement" for event in ("heel_strike", "toe_off")}
    names |= {f"pressure_{name}" for name in feet.PRESSURE} | {f"running_{name}" for name in feet.RUNNING}
    names |= {f"cocontraction_{part}" for part in coordination.PARTS}
    names |= {f"{law}_{what}" for law in LAWS for what in ("power", "cost")}
    return names | _written() | _of_a_space() | _shown()


def _written() -> set[str]:
    """Names that are written where a Finding is made."""
    found = set()
    for path in sorted((ROOT / "biomimic" / "validate").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "Finding" and len(node.args) > 1:
                if isinstance(node.args[1], ast.Constant):
                    found.add(node.args[1].value)
    return found


def _of_a_space() -> set[str]:
    """Names of the findings on what a motion leaves open."""
    effort = dict.fromkeys(("least squares", "least cubes"), Effort(1.0, 1.0, 1.0, 1))
    freedom = Freedom("m1", 1.0, 1.0, 0.0, 0.0, 0.0, 0.5, 1)
    space = body.Space("right", "start_0", 1, (freedom,), Openness(1.0, 0.0, 0.0, 1.0, 1, 1, 0), effort, {})
    return {finding.metric for finding in body.redundancy({"right": space}, (), Resampling(draws=1))}


def _shown() -> set[str]:
    """Names in the tables of the reports that are shipped as examples."""
    found = set()
    for path in sorted((ROOT / "reports" / "examples").rglob("metrics.csv")):
        with path.open(newline="") as file:
            found |= {row["metric"] for row in csv.DictReader(file)}
    return found


def test_every_measure_in_a_report_has_a_known_answer():
    known = vouched()
    missing = sorted(name for name in reported() if SAME.get(name, name) not in known)
    assert not missing, f"no published or oracle test names {', '.join(missing)}"


def test_the_list_of_measures_is_not_empty():
    names = reported()
    assert {"correlation", "newton_residual", "double_peak_share", "muscle_width", "running_duty"} <= names
    assert len(names) > 80


def test_what_stands_for_another_measure_is_used():
    names = _of_a_space() | {f"correlation_{way}" for way in ("controller", "least_squares", "least_cubes")}
    names |= {"correlation_nearest_to_EMG", "excitation_correlation", "fast_share"}
    assert set(SAME) <= names | _shown()


@pytest.mark.parametrize(
    "text, found",
    [
        ('@pytest.mark.published("a", "b")\ndef test_x(): ...', [["a", "b"]]),
        ('@pytest.mark.oracle(*("a", "b"), "c")\ndef test_x(): ...', [["a", "b", "c"]]),
        ('@pytest.mark.selfmade("a")\ndef test_x(): ...', []),
        ("@pytest.mark.published\ndef test_x(): ...", []),  # vouches for no measure by name
    ],
)
def test_marks_are_read(text, found):
    assert _marks(ast.parse(text), Path("test_x.py")) == found
