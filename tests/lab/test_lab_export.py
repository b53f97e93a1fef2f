"""Recordings as files that OpenSim opens, and one body through both programs."""

import importlib.util
from dataclasses import replace

import numpy as np
import pytest
from made_trials import made_trial

from biomimic import embodiment
from biomimic.errors import BadRun, NotEnoughData
from biomimic.lab import compare, export
from biomimic.lab.__main__ import main
from biomimic.readers import opensim
from biomimic.readers.storage import read_table
from biomimic.recording import Recording


@pytest.fixture(scope="module")
def trial(tiny):
    return made_trial(tiny)


@pytest.fixture(scope="module")
def measured(trial):
    return replace(trial, kind="measured", coordinates=None)


@pytest.mark.parametrize("family", ["rajagopal2016", "gait2392"])
def test_measured_trial_comes_back_by_the_readers(measured, tmp_path, family):
    left = export.write(measured, tmp_path, family=family)
    names = opensim.names(family)
    again = opensim.read_recording(coordinates=left["angles"], forces=left["forces"], mass=measured.mass, names=names)
    for what in ("angles", "force", "pressure", "free_moment"):
        expected = getattr(measured, what)
        assert getattr(again, what).select(expected.names).values == pytest.approx(expected.values, abs=1e-9), what
    place = [f"pelvis_{axis}" for axis in "xyz"]
    assert again.position.select(place).values == pytest.approx(measured.position.select(place).values, abs=1e-9)
    moments = opensim.read_moments(left["moments"], names)
    assert moments.values == pytest.approx(measured.moment.select(moments.names).values, abs=1e-9)


def test_sign_of_the_knee_is_the_family_s(measured, tmp_path):
    # the trial flexes its knees by 0.05 to 0.35 rad; gait2392 counts that as negative
    for family, sign in (("rajagopal2016", 1.0), ("gait2392", -1.0)):
        left = export.write(measured, tmp_path / family, family=family)
        knee = read_table(left["angles"]).channel("knee_angle_r")
        assert knee == pytest.approx(sign * measured.angles.channel("knee_flexion_right"))


def test_points_become_markers(measured, tmp_path, tiny):
    left = export.write(measured, tmp_path)
    text = left["markers"].read_text().splitlines()
    assert text[3].split("\t")[2::3][: len(tiny.landmarks)] == list(tiny.landmarks)


def test_nothing_to_export(measured, tmp_path):
    empty = Recording("measured", "empty", 70.0, measured.provenance)
    with pytest.raises(NotEnoughData, match='Trial "empty" has nothing that OpenSim opens'):
        export.write(empty, tmp_path)


def test_all_moments_are_those_of_the_simulation(with_opensim, trial, tiny, tmp_path):
    """The same body, motion and ground: 151 samples of one made trial, so RMSE and peaks, and no correlation."""
    found = compare.inverse_dynamics(trial, tiny, tmp_path, cutoff=0.0)
    assert {one.angle for one in found} == set(tiny.moments)
    inner = slice(10, -10)  # the splines of OpenSim know nothing before and after the record
    table = read_table(tmp_path / "id.sto")
    for one in found:
        own = trial.moment.channel(one.angle)[inner]
        other = table.channel(f"{tiny.moments[one.angle].joint}_moment")[inner] * tiny.moments[one.angle].scale
        if not one.angle.startswith("knee"):  # the kneecap's share comes in `agreements`
            assert other == pytest.approx(own, abs=0.01 * np.abs(own).max() + 0.02), one.angle
        assert one.peak_difference < 0.03, one
    assert "ceiling 1 (same body, same motion)" in compare.table(found)


@pytest.mark.slow
def test_full_body_s_moments_are_those_of_the_simulation(with_opensim, tmp_path):
    """MyoFullBody with all its couplings: 101 samples of a made motion about a root that moves."""
    body = embodiment.load("myofullbody")
    made = made_trial(body, 1.0)
    found = compare.inverse_dynamics(made, body, tmp_path, cutoff=0.0)
    for one in found:
        assert one.peak_difference < 0.05, one


def test_moments_change_with_the_mass(with_opensim, trial, tiny, tmp_path):
    """The comparison can fail: a ground force that is a tenth too large is seen at once."""
    more = replace(trial, force=trial.force.with_values(1.1 * trial.force.values))
    found = compare.inverse_dynamics(more, tiny, tmp_path, cutoff=0.0)
    ankle = next(one for one in found if one.angle == "ankle_dorsiflexion_right")
    assert ankle.peak_difference > 0.05


@pytest.mark.skipif(importlib.util.find_spec("opensim") is not None, reason="opensim is installed")
def test_without_opensim_it_says_what_to_install(trial, tiny, tmp_path):
    with pytest.raises(BadRun, match="inverse dynamics was asked for and opensim is missing: pip install"):
        compare.inverse_dynamics(trial, tiny, tmp_path)


def test_export_by_command(trial, tmp_path, capsys):
    path = trial.save(tmp_path / "made.npz")
    out = tmp_path / "out"
    assert main(["export", "--recording", str(path), "--out", str(out), "--embodiment", "tiny"]) == 0
    printed = capsys.readouterr().out
    for name in ("body.osim", "coordinates.mot", "grf.mot", "external_loads.xml", "id_setup.xml", "angles.mot"):
        assert (out / name).is_file() and name in printed


def test_missing_recording_by_command(tmp_path, capsys):
    assert main(["export", "--recording", str(tmp_path / "no.npz"), "--out", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert "no.npz" in said and said.count("\n") == 1 and not (tmp_path / "out").exists()
