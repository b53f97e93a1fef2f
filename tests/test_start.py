"""Importing the package is quick and brings nothing heavy."""

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
HEAVY = ("numpy", "scipy", "mujoco", "jax", "pandas", "matplotlib", "statsmodels")


def _run(*words: str) -> tuple[float, str]:
    start = time.perf_counter()
    done = subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True, check=True)
    return time.perf_counter() - start, done.stdout


def test_import_is_quick():
    empty = min(_run("-c", "pass")[0] for _ in range(3))
    ours = min(_run("-c", "import biomimic")[0] for _ in range(3))
    assert ours - empty < 0.2


def test_import_brings_nothing_heavy():
    _, printed = _run("-c", f"import sys, biomimic; print([name for name in {HEAVY} if name in sys.modules])")
    assert printed.strip() == "[]"


def test_help_of_validate_is_quick():
    assert min(_run("-m", "biomimic.validate", "--help")[0] for _ in range(3)) < 1.0


def test_measuring_side_needs_no_engine():
    script = (
        "import sys, biomimic.readers.opensim, biomimic.reference, biomimic.run, biomimic.gait.strides\n"
        "import biomimic.metrics.waveform, biomimic.validate.protocol\n"
        "print([name for name in ('jax', 'mujoco', 'warp') if name in sys.modules])"
    )
    assert _run("-c", script)[1].strip() == "[]"
