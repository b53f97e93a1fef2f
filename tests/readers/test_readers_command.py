"""python -m biomimic.readers: one command from a laboratory's files to a recording, wrong input in one sentence."""

from pathlib import Path

import numpy as np
import pytest

from biomimic.readers.__main__ import main
from biomimic.recording import Recording

ANGLES = """trial
version=1
nRows=3
nColumns=3
inDegrees=yes
endheader
time\tknee_angle_r\tpelvis_tx
0.0\t-10\t0.0
0.01\t-20\t0.01
0.02\t-30\t0.02
"""
FORCES = """forces
version=1
nRows=3
nColumns=4
inDegrees=yes
endheader
time\tground_force_vx\tground_force_vy\tground_force_vz
0.0\t1\t700\t2
0.01\t1\t710\t2
0.02\t1\t720\t2
"""


@pytest.fixture
def files(tmp_path) -> Path:
    (tmp_path / "ik.mot").write_text(ANGLES)
    (tmp_path / "grf.mot").write_text(FORCES)
    return tmp_path


def _opensim(files: Path, *more: str) -> int:
    given = ["--coordinates", str(files / "ik.mot"), "--forces", str(files / "grf.mot"), "--mass", "70"]
    return main(["opensim", *given, "--out", str(files / "walk.npz"), *more])


def test_opensim_files_become_a_recording(files, capsys):
    assert _opensim(files, "--family", "gait2392", "--right", "ground_force_") == 0
    recording = Recording.load(capsys.readouterr().out.strip())
    assert (recording.kind, recording.trial, recording.mass) == ("measured", "walk", 70.0)
    assert np.degrees(recording.angles.channel("knee_flexion_right")) == pytest.approx([10, 20, 30])  # sign of gait2392
    assert recording.force.channel("vertical_right") == pytest.approx([700, 710, 720])


def test_a_foot_that_is_not_named_is_asked_for(files, capsys):
    assert _opensim(files, "--family", "gait2392") == 2
    said = capsys.readouterr().err
    assert "which foot they belong to" in said
    assert not (files / "walk.npz").exists()


def test_an_unknown_model_family_names_the_known_ones(files, capsys):
    assert _opensim(files, "--family", "gait2393") == 2
    assert 'Did you mean "gait2392"' in capsys.readouterr().err


def test_a_missing_rollout_file_is_named(tmp_path, capsys):
    assert main(["write-evalkit", str(tmp_path / "nothing.npz"), "--out", str(tmp_path / "out.npz")]) == 2
    said = capsys.readouterr().err
    assert "nothing.npz" in said and "Traceback" not in said
