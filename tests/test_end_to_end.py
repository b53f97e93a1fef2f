"""The shipped walk from end to end, made short: simulate, measure, report; killed and started again; twice the same."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from biomimic.recording import Recording

ROOT = Path(__file__).parents[1]
OUTPUT = {"report.html", "report.pdf", "results.json", "metrics.csv", "exclusions.csv", "verdict.json"}
OUTPUT |= {"methods.md", "references.bib", "captions.csv", "sensitivity.json"}
SHORT = {
    "count = 10 ": "count = 2 ",
    "duration_s = 20.0": "duration_s = 7.0",
    "endurance_s = 60.0": "endurance_s = 9.0",
    "at_s = 5.0": "at_s = 3.0",
    "watch_s = 5.0": "watch_s = 2.0",
    'directions = ["forward", "backward", "left", "right"]': 'directions = ["forward"]',
    "draws = 2000": "draws = 50",
}


def _call(folder: Path) -> list[str]:
    return [sys.executable, "-m", "biomimic.validate", "--run", "run42", "--protocol", str(folder / "short.toml")]


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> tuple[Path, str]:
    """Folder of the report of a short protocol, and what was printed; a first attempt was killed on its way."""
    folder = tmp_path_factory.mktemp("walk")
    text = (ROOT / "validation" / "level_walking.toml").read_text()
    for long, short in SHORT.items():
        assert text.count(long) == 1, long
        text = text.replace(long, short)
    (folder / "short.toml").write_text(text)
    victim = subprocess.Popen(_call(folder), cwd=folder, env=_environment(), start_new_session=True)
    time.sleep(12.0)
    os.killpg(victim.pid, signal.SIGKILL)
    victim.wait()
    out = folder / "runs" / "run42" / "validation" / "short"
    assert not OUTPUT & {path.name for path in out.glob("*")}  # nothing half-written
    done = subprocess.run(_call(folder), cwd=folder, env=_environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return out, done.stdout


def _hashes(folder: Path) -> dict[str, str]:
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in sorted(OUTPUT)}


def test_every_file_is_written_and_named(report):
    out, printed = report
    assert {path.name for path in out.iterdir()} >= OUTPUT
    assert "report.html" in printed and "report.pdf" in printed
    for domain in ("physics", "stability", "kinematics", "ground reaction force", "muscles"):
        assert domain in printed.lower()


def test_the_walk_is_physical_and_looks_like_the_person(report):
    """Wide limits: the exact figures stand in the report, this is about the path from end to end."""
    findings = json.loads((report[0] / "results.json").read_text())["findings"]

    def value(metric: str, channel: str = "", side: str = "") -> float:
        rows = [f for f in findings if f["metric"] == metric and f["channel"] == channel and f["side"] == side]
        assert rows, (metric, channel, side)
        return rows[0]["value"]

    assert value("applied_wrench") == 0.0
    assert value("newton_residual") < 0.01
    assert 0.98 < value("weight_support") < 1.02
    for side in ("right", "left"):
        assert value("correlation", "hip_flexion", side) > 0.9
        assert value("correlation", "knee_flexion", side) > 0.9
        assert value("double_peak_share", "vertical", side) > 0.9


def test_the_walk_does_not_fall(report):
    kept = sorted((report[0].parents[1] / "recordings" / "short").glob("*.npz"))
    recordings = [Recording.load(path) for path in kept if "film" not in path.name]
    assert recordings and all(recording.fall is None for recording in recordings)


def test_a_second_call_writes_the_same_bytes(report):
    out = report[0]
    folder = out.parents[3]
    before = _hashes(out)
    subprocess.run(_call(folder), cwd=folder, env=_environment(), check=True, capture_output=True)
    assert _hashes(out) == before
