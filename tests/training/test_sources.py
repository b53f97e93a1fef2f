"""Targets by name."""

import pytest

from biomimic import embodiment
from biomimic.errors import BadFile, UnknownName
from biomimic.training import sources


@pytest.fixture(scope="module")
def tiny():
    return embodiment.load("tiny", muscle_parameters="tiny", timestep=0.002)


def test_made_targets_files_and_folders(tiny, tmp_path):
    made = sources.load(["made:tiny:2"], tiny)
    assert len(made) == 2 and made[0].embodiment == "tiny"
    for number, target in enumerate(made):
        target.save(tmp_path / "clips" / f"{number}.npz")
    assert len(sources.load([str(tmp_path / "clips"), str(tmp_path / "clips" / "0.npz")], tiny)) == 3
    assert len(sources.load(["made:tiny"], tiny)) > 2


def test_what_is_not_there(tiny, tmp_path):
    with pytest.raises(UnknownName, match='No target of the package "tyni".*Did you mean "tiny"'):
        sources.load(["made:tyni"], tiny)
    with pytest.raises(UnknownName, match='No run "walk"'):
        sources.load(["run:walk"], tiny)
    with pytest.raises(BadFile, match="absent.npz was asked for as a trajectory and does not exist"):
        sources.load([str(tmp_path / "absent.npz")], tiny)
    with pytest.raises(BadFile, match="holds no .npz file"):
        sources.load([str(tmp_path)], tiny)
    with pytest.raises(BadFile, match="how many"):
        sources.load(["made:tiny:many"], tiny)
