"""The family of a model is proved by the trial, and never chosen silently between two that fit."""

import made_gait
import numpy as np
import pytest

from biomimic.errors import BadValue, UnknownName
from biomimic.readers import Told, families, read, signs
from biomimic.readers.storage import read_table
from biomimic.signals import Signals

MASS = made_gait.MASS
POSITIVE, NEGATIVE = ("rajagopal2016", "lai2017"), ("gait10dof18", "gait2392")


@pytest.mark.parametrize(("knee", "fits"), [(1, POSITIVE), (-1, NEGATIVE)])
def test_the_moving_knee_tells_the_family(tmp_path, knee, fits):
    trial = read(made_gait.angles(tmp_path / "ik.mot", knee), Told(mass=MASS))
    expected = made_gait.Walk().angle("knee", "right", trial.angles.time)
    np.testing.assert_allclose(np.degrees(trial.angles.channel("knee_flexion_right")), expected, atol=1e-4)
    assert fits[-1] in trial.provenance.note and "found by the file's own signs" in trial.provenance.note


@pytest.mark.parametrize(("knee", "wrong", "fits"), [(1, "gait2392", POSITIVE), (-1, "lai2017", NEGATIVE)])
def test_a_family_that_does_not_fit_is_refused_and_those_that_do_are_named(tmp_path, knee, wrong, fits):
    path = made_gait.angles(tmp_path / "ik.mot", knee)
    with pytest.raises(BadValue, match=f"signs of {wrong}: knee_flexion_right .*It fits {', '.join(fits)}: name one"):
        read(path, Told(mass=MASS, family=wrong))
    for family in fits:
        assert read(path, Told(mass=MASS, family=family)).angles is not None


def test_two_families_that_differ_are_not_chosen_between_for_a_standing_person(tmp_path):
    time = np.arange(20) / 50.0
    path = made_gait.table(
        tmp_path / "ik.mot", ["time", "hip_flexion_r", "knee_angle_r"], [time, 0 * time + 0.1, 0 * time + 0.05]
    )
    with pytest.raises(BadValue, match="give knee_angle_r opposite signs, and nobody in it moves enough to tell"):
        read(path, Told(mass=MASS))
    assert read(path, Told(mass=MASS, family="gait2392")).angles.channel("knee_flexion_right")[0] == pytest.approx(
        -0.05
    )
    model = made_gait.model(tmp_path / "a.osim", knee="-2.1 0.1")
    trial = read([path, model])
    assert trial.angles.channel("knee_flexion_right")[0] == pytest.approx(-0.05) and trial.mass == 70.0
    with pytest.raises(BadValue, match="the knee of the model made bends the other way"):
        read([path, model], Told(family="rajagopal2016"))


def test_every_family_knows_both_sides_with_one_sign():
    for family in families.known():
        angles = families.names(family).angles
        for coordinate, (house, sign) in angles.items():
            if coordinate.endswith("_r"):
                left = angles[coordinate[:-1] + "l"]
                assert left == (house.replace("_right", "_left"), sign)
    knees = {family: families.names(family).angles["knee_angle_r"][1] for family in families.known()}
    assert knees == {"rajagopal2016": 1, "lai2017": 1, "gait10dof18": -1, "gait2392": -1}  # their published ranges
    with pytest.raises(UnknownName, match='Did you mean "lai2017"'):
        families.names("lai2016")


def _angles(path, **change):
    found = families.house_angles(read_table(made_gait.angles(path)), families.names("rajagopal2016"), path)
    values = {name: found.channel(name) for name in found.names}
    values |= {name: change[name](values[name]) for name in change}
    return Signals(found.time, np.column_stack(list(values.values())), tuple(values), "rad")


def _force(scale=1.0, anterior=1.0):
    walk = made_gait.Walk()
    time = walk.time(200.0)
    channels = {}
    for side in ("right", "left"):
        x, _, z = walk.force(time, side).T
        channels |= {f"vertical_{side}": scale * z, f"anterior_{side}": anterior * scale * x}
    return Signals(time, np.column_stack(list(channels.values())), tuple(channels), "N")


def test_a_sound_walk_passes_every_check(tmp_path):
    found = signs.audit(_angles(tmp_path / "a.mot"), _force(), MASS)
    assert all(one.passed for one in found)
    assert {one.channel for one in found} == {
        f"{name}_{side}"
        for name in ("knee_flexion", "hip_flexion", "ankle_dorsiflexion", "vertical", "anterior")
        for side in ("right", "left")
    }


@pytest.mark.parametrize("channel", ["knee_flexion_right", "hip_flexion_left", "ankle_dorsiflexion_right"])
def test_a_changed_sign_is_found_in_its_channel(tmp_path, channel):
    found = signs.audit(_angles(tmp_path / "a.mot", **{channel: lambda values: -values}), _force(), MASS)
    assert {one.channel for one in found if not one.passed} == {channel}


def test_force_backward_and_in_another_unit_is_found(tmp_path):
    angles = _angles(tmp_path / "a.mot")
    assert {one.channel for one in signs.audit(angles, _force(anterior=-1.0)) if not one.passed} == {
        "anterior_right", "anterior_left",
    }  # fmt: skip
    found = signs.audit(None, _force(scale=1.0 / (MASS * 9.80665)), MASS)
    assert "it would fit in body weights" in signs.refused(found)
    assert signs.refused(found, accepted=("vertical_right", "vertical_left")) == ""


def test_sides_that_were_exchanged_are_told_from_wrong_signs(tmp_path):
    angles, force = _angles(tmp_path / "a.mot"), _force()
    swapped = {"right": "left", "left": "right"}
    names = tuple(f"{name.rpartition('_')[0]}_{swapped[name.rpartition('_')[2]]}" for name in force.names)
    other = Signals(force.time, force.values, names, "N")
    found = signs.audit(angles, other, MASS)
    assert signs.refused(found) and signs.swapped(angles, other, found)
    assert not signs.swapped(angles, force, signs.audit(angles, force, MASS))
    with pytest.raises(BadValue, match="The legs fit the force once right and left are exchanged"):
        families.find(read_table(tmp_path / "a.mot"), "a.mot", force=other)
