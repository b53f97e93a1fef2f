"""Where opensim and the shared data are, and the small body."""

import importlib.util
from pathlib import Path

import pytest

from biomimic import embodiment
from biomimic.embodiment import Embodiment

SHARED = Path(__file__).parents[2] / ".." / "shared" / "data"


@pytest.fixture(scope="session")
def with_opensim() -> None:
    """Skips where opensim is not installed; the package itself starts it in a process of its own."""
    if importlib.util.find_spec("opensim") is None:
        pytest.skip("needs the extra opensim: pip install 'biomimic[opensim]'")


@pytest.fixture(scope="session")
def rajagopal() -> Path:
    folder = SHARED / "rajagopal2016-walk"
    if not folder.is_dir():
        pytest.skip(f"needs the data set {folder.name} in the folder of shared data beside the repository")
    return folder


@pytest.fixture(scope="session")
def tiny() -> Embodiment:
    return embodiment.load("tiny")
