"""The package, built and installed in a fresh environment, does from an empty folder what the README says."""

import json
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SHIPPED = (
    "biomimic/_share/validation/level_walking.toml",
    "biomimic/_share/training/run42/run.toml",
    "biomimic/_share/training/run43/policy.npz",
    "biomimic/_share/training/run44/policy.npz",
    "biomimic/_share/training/walking_laptop.toml",
    "biomimic/embodiment/tiny.toml",
    "biomimic/embodiment/tiny.xml",
    "biomimic/_share/reference_data/registry.toml",
    "biomimic/_share/reference_data/rajagopal2016_walking/SOURCE.md",
    "biomimic/_share/reports/template.html",
    "biomimic/_share/reports/template.typ",
    "biomimic/_share/reports/style.css",
    "biomimic/_share/reports/style.mplstyle",
    "biomimic/_share/reports/references.toml",
    "biomimic/_share/validation/verdict.schema.json",
    "biomimic/embodiment/myofullbody.toml",
    "biomimic/readers/opensim.toml",
)

pytestmark = pytest.mark.slow


def _run(*words: object, cwd: Path) -> str:
    # without the variables that would let the checkout be imported
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    done = subprocess.run([str(word) for word in words], cwd=cwd, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """The wheel, made from the source distribution, as a package index would offer it."""
    folder = tmp_path_factory.mktemp("dist")
    _run(sys.executable, "-m", "build", "--outdir", folder, ROOT, cwd=folder)
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def installed(built, tmp_path_factory) -> tuple[Path, Path]:
    """Python of a fresh environment with the wheel, and an empty folder."""
    place = tmp_path_factory.mktemp("fresh")
    venv.create(place / "env", with_pip=True)
    python = place / "env" / ("Scripts" if os.name == "nt" else "bin") / "python"
    _run(python, "-m", "pip", "install", "--quiet", built, cwd=place)
    (place / "empty").mkdir()
    return python, place / "empty"


def test_wheel_carries_what_it_needs(built):
    with zipfile.ZipFile(built) as package:
        names = set(package.namelist())
    assert not [name for name in SHIPPED if name not in names]
    assert not [name for name in names if name.endswith((".osim", ".mot", ".sto", ".pyc")) or "/examples/" in name]


def test_shipped_folders_are_found(installed):
    python, empty = installed
    script = "from biomimic import share\nprint([share.folder(name).is_dir() for name in share.FOLDERS])"
    assert _run(python, "-c", script, cwd=empty).strip() == "[True, True, True, True]"


def test_validate_from_an_empty_folder(installed):
    python, empty = installed
    printed = _run(python, "-m", "biomimic.validate", "--run", "run42", cwd=empty)
    for name in ("report.html", "report.pdf", "results.json"):
        (path,) = empty.rglob(name)
        assert path.stat().st_size > 1000
    assert "report.html" in printed and "report.pdf" in printed
    (path,) = empty.rglob("results.json")
    _agrees_with_the_example(json.loads(path.read_text()))


def _agrees_with_the_example(made: dict) -> None:
    """The report in reports/examples is that of this code: another processor rounds differently, nothing else does."""
    example = json.loads((ROOT / "reports" / "examples" / "level_walking" / "results.json").read_text())
    assert [o["passed"] for o in made["outcomes"]] == [o["passed"] for o in example["outcomes"]]
    for ours, shown in zip(made["findings"], example["findings"], strict=True):
        assert (ours["metric"], ours["channel"], ours["side"]) == (shown["metric"], shown["channel"], shown["side"])
        if shown["metric"] == "correlation" and shown["value"] is not None:
            assert abs(ours["value"] - shown["value"]) < 0.1, shown
