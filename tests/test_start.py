"""Importing the package is quick and brings nothing heavy."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
HEAVY = ("numpy", "scipy", "mujoco", "jax", "pandas", "matplotlib", "statsmodels")


def _run(*words: str) -> str:
    done = subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout


def test_import_brings_nothing_heavy():
    printed = _run("-c", f"import sys, biomimic; print([name for name in {HEAVY} if name in sys.modules])")
    assert printed.strip() == "[]"


def test_help_of_validate_brings_nothing_heavy():
    script = (
        "import runpy, sys\n"
        "sys.argv = ['x', '--help']\n"
        "try:\n"
        "    runpy.run_module('biomimic.validate', run_name='__main__')\n"
        "except SystemExit:\n"
        f"    print([name for name in {HEAVY} if name in sys.modules])\n"
    )
    assert _run("-c", script).splitlines()[-1] == "[]"


def test_measuring_side_needs_no_engine():
    script = (
        "import sys, biomimic.readers.opensim, biomimic.reference, biomimic.run, biomimic.gait.strides\n"
        "import biomimic.metrics.waveform, biomimic.validate.protocol\n"
        "print([name for name in ('jax', 'mujoco', 'warp') if name in sys.modules])"
    )
    assert _run("-c", script).strip() == "[]"
