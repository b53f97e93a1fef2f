import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from biomimic.errors import BadFile, BadValue, UnknownName
from biomimic.gait import events
from biomimic.readers import evalkit
from biomimic.readers.evalkit import layout

ROOT = Path(__file__).parents[2]
LEGS = ("hip_flexion", "hip_adduction", "hip_rotation", "knee_angle", "ankle_angle", "subtalar_angle")
JOINTS = ("root", "flex_extension", *(f"{name}_{end}" for end in "rl" for name in LEGS))
ACTUATORS = ("soleus_r", "glmax1_r", "glmax2_r", "soleus_l")
ROWS = 5


def _foreign(**changes) -> dict[str, np.ndarray]:
    """What an exporter without kinetics writes: states before, activation after each of five steps; None removes."""
    qpos = np.zeros((ROWS, 7 + len(JOINTS) - 1))
    qpos[:, 3] = 1.0
    qpos[:, 7 + JOINTS[1:].index("knee_angle_r")] = np.arange(ROWS) / 10.0
    content = {
        "n_episodes": np.array(1),
        "dt": np.array(0.01),
        "joint_names": np.array(JOINTS),
        "episode_0_traj_id": np.array(3),
        "episode_0_traj_length": np.array(ROWS),
        "episode_0_joint_positions": qpos,
        "episode_0_traj_qpos": qpos,
        "episode_0_muscle_activations": np.arange(ROWS * len(ACTUATORS)).reshape(ROWS, -1) / 100.0,
        "episode_0_touch_observations": np.tile([100.0, 20.0, 3.0, 0.5], (ROWS, 1)),
    }
    return {name: np.asarray(value) for name, value in (content | changes).items() if value is not None}


def _kinetics() -> dict[str, np.ndarray]:
    """As an exporter writes them that lists every joint of the model, also those that follow the knee."""
    joints = (
        "hip_flexion_r",
        "knee_angle_r",
        "knee_angle_beta_rotation1_r",
        "knee_angle_l",
        "knee_angle_translation1_r",
    )
    return {
        "kinetics_sample_phase": "post_step",
        "generalized_actuator_force_joint_names": np.array(joints),
        "generalized_actuator_force_units": np.array(["Nm", "Nm", "Nm", "Nm", "N"]),
        "force_sensor_names": np.array(["l_toes", "l_foot", "r_toes", "r_foot"]),
        "force_sensor_units": np.array(["N"] * 4),
        "model_mass_kg": np.array(80.0),
        "episode_0_generalized_actuator_forces": np.tile([10.0, 20.0, 30.0, 40.0, 50.0], (ROWS, 1)),
        "episode_0_force_sensor_values": np.tile([1.0, 2.0, 4.0, 8.0], (ROWS, 1)),
        "episode_0_kinetics_reference_steps": np.arange(ROWS) + 1,
    }


def _save(path: Path, content: dict[str, np.ndarray]) -> Path:
    np.savez(path, **content)
    return path


ASKED = {"mass": 80.0, "actuators": ACTUATORS, "touch_unit": "N"}


def test_a_file_without_kinetics(tmp_path):
    muscles = {"soleus_right": {"soleus_r": 1.0}, "gluteus_maximus_right": {"glmax1_r": 0.25, "glmax2_r": 0.75}}
    (found,) = evalkit.read(_save(tmp_path / "walk.npz", _foreign()), muscles=muscles, **ASKED)
    assert (found.kind, found.trial, found.mass, found.fall) == ("simulated", "walk 3", 80.0, None)
    np.testing.assert_allclose(found.angles.channel("knee_flexion_right"), [0.0, 0.1, 0.2, 0.3, 0.4])
    np.testing.assert_allclose(found.angles.time, [0.0, 0.01, 0.02, 0.03, 0.04])
    np.testing.assert_array_equal(found.force.values, np.tile([120.0, 3.5], (ROWS, 1)))
    assert found.force.names == ("vertical_right", "vertical_left")
    np.testing.assert_allclose(found.activation.time, [0.01, 0.02, 0.03, 0.04, 0.05])  # not said: after the step
    np.testing.assert_allclose(found.activity.channel("gluteus_maximus_right")[1], 0.25 * 0.05 + 0.75 * 0.06)
    assert found.moment is None
    assert "no shear" in found.provenance.note and "post_step" in found.provenance.note
    assert "lumbar_extension" not in found.angles.names  # flex_extension is no lumbar angle
    np.testing.assert_array_equal(found.coordinates.channel("flex_extension"), 0.0)


def test_activation_before_the_step_belongs_to_the_state(tmp_path):
    path = _save(tmp_path / "walk.npz", _foreign(activation_sample_phase="pre_step"))
    np.testing.assert_array_equal(evalkit.read(path, **ASKED)[0].activation.time, np.arange(ROWS) * 0.01)
    path = _save(tmp_path / "old.npz", _foreign())
    asked = evalkit.read(path, activation_phase="pre_step", **ASKED)[0]
    np.testing.assert_array_equal(asked.activation.time, np.arange(ROWS) * 0.01)


def test_touch_in_body_weights_becomes_newtons(tmp_path):
    content = _foreign(episode_0_touch_observations=np.tile([0.5, 0.25, 0.0, 0.0], (ROWS, 1)))
    (found,) = evalkit.read(_save(tmp_path / "a.npz", content), **ASKED | {"touch_unit": "BW"})
    np.testing.assert_allclose(found.force.values, np.tile([0.75 * 80.0 * 9.80665, 0.0], (ROWS, 1)))
    assert evalkit.read(tmp_path / "a.npz", **ASKED | {"touch_unit": ""})[0].force is None


def test_kinetics_are_those_after_the_step_and_an_incomplete_knee_is_left_out(tmp_path):
    (found,) = evalkit.read(_save(tmp_path / "a.npz", _foreign(**_kinetics())), actuators=ACTUATORS)
    assert found.mass == 80.0
    np.testing.assert_array_equal(found.force.values[0], [12.0, 3.0])
    np.testing.assert_allclose(found.force.time, found.angles.time + 0.01)
    assert found.moment.names == (
        "muscle/hip_flexion_right",
        "muscle/knee_flexion_left",
    )  # nothing follows the left knee
    np.testing.assert_array_equal(found.moment.values[0], [10.0, 40.0])
    np.testing.assert_allclose(found.moment.time, found.angles.time + 0.01)


def test_names_of_the_file_count(tmp_path):
    content = _foreign(
        muscle_names=np.array(ACTUATORS), motion_group="SET", episode_0_timesteps=1.0 + np.arange(5) / 50
    )
    (found,) = evalkit.read(_save(tmp_path / "a.npz", content), mass=80.0, touch_unit="N")
    assert found.activation.names == ACTUATORS and found.trial == "SET 3"
    np.testing.assert_allclose(found.angles.time, [1.0, 1.02, 1.04, 1.06, 1.08])


def test_an_episode_shorter_than_its_target_has_ended_early(tmp_path):
    target = {"episode_0_traj_length": np.array(ROWS + 20), "episode_0_traj_qpos": None}
    (found,) = evalkit.read(_save(tmp_path / "a.npz", _foreign(**target)), **ASKED)
    assert found.fall == pytest.approx(0.05) and "ended 0.20 s before its target" in found.provenance.note
    target["episode_0_traj_length"] = np.array(ROWS + 1)  # the last state of a target has no step
    assert evalkit.read(_save(tmp_path / "b.npz", _foreign(**target)), **ASKED)[0].fall is None


@pytest.mark.parametrize(
    ("axis", "name"),
    [((1, 0, 0), "pelvis_tilt"), ((0, -1, 0), "pelvis_list"), ((0, 0, 1), "pelvis_rotation")],
)
def test_pelvis_angles_by_hand(tmp_path, axis, name):
    """Forward is the model's -y, left its x: leaning forward turns about left, right side down about forward."""
    content = _foreign()
    half = np.radians(10.0) / 2.0
    content["episode_0_joint_positions"][:, 3:7] = [np.cos(half), *(np.sin(half) * np.array(axis))]
    content["episode_0_joint_positions"][:, :3] = [2.0, -3.0, 0.9]
    (found,) = evalkit.read(_save(tmp_path / "a.npz", content), **ASKED)
    for angle in ("pelvis_tilt", "pelvis_list", "pelvis_rotation"):
        np.testing.assert_allclose(found.angles.channel(angle), np.radians(10.0) if angle == name else 0.0, atol=1e-12)
    np.testing.assert_allclose(found.position.values[0], [3.0, 2.0, 0.9])


def test_the_joint_table_is_that_of_the_body():
    body = tomllib.loads((ROOT / "biomimic/embodiment/myofullbody.toml").read_text())
    assert layout.ANGLES == {name: angle["joint"] for name, angle in body["angles"].items()}
    assert all(angle["sign"] == 1 and angle["offset"] == 0.0 for angle in body["angles"].values())
    assert [list(axis) for axis in layout.HOUSE] == [body["frame"][axis] for axis in ("forward", "left", "up")]
    pelvis = body["rotations"][0]
    assert (pelvis["axes"], pelvis["signs"]) == (["y", "x", "z"], [1, 1, 1])


def test_what_was_written_is_read(tmp_path, simulated_walk):
    walk = simulated_walk(JOINTS, ACTUATORS)
    path = evalkit.write([walk, replace(walk, trial="second")], tmp_path / "a.npz", numbers=[4, 7], motion_group="SET")
    found = evalkit.read(path)
    assert [one.trial for one in found] == ["analytic", "second"]
    for one in found:
        rows = len(one.angles)
        assert rows == len(walk.angles) - 1  # nothing is known after the last state
        assert one.mass == walk.mass and one.fall is None
        np.testing.assert_array_equal(one.angles.select(walk.angles.names).values, walk.angles.values[:rows])
        np.testing.assert_array_equal(one.activation.values, walk.activation.values[:rows])
        np.testing.assert_array_equal(one.activation.time, walk.activation.time[:rows])
        np.testing.assert_array_equal(one.coordinates.values, walk.coordinates.values[:rows])
        np.testing.assert_array_equal(one.moment.select(walk.moment.names).values, walk.moment.values[1:])
        np.testing.assert_allclose(one.moment.time, walk.moment.time[1:], atol=1e-12)
        np.testing.assert_array_equal(
            one.force.values, walk.force.select(["vertical_right", "vertical_left"]).values[10 : 10 * rows + 1 : 10]
        )
        np.testing.assert_allclose(one.position.channel("pelvis_x"), walk.position.channel("pelvis_x")[:rows])


def test_without_moments_no_state_is_lost_and_strides_are_found(tmp_path, simulated_walk, analytic_facts):
    walk = replace(simulated_walk(JOINTS, ACTUATORS), moment=None)
    path = evalkit.write([walk], tmp_path / "a.npz")
    (found,) = evalkit.read(path, mass=walk.mass, touch_unit="N")
    assert len(found.angles) == len(walk.angles) and found.moment is None
    strikes = events.detect(found.force, side="right", threshold=20.0).heel_strike
    np.testing.assert_allclose(strikes, analytic_facts.touchdown("right")[: len(strikes)], atol=0.01)
    assert evalkit.write([walk], tmp_path / "b.npz").read_bytes() == path.read_bytes()


def test_what_was_read_can_be_written(tmp_path, simulated_walk):
    first = evalkit.read(evalkit.write([simulated_walk(JOINTS, ACTUATORS)], tmp_path / "a.npz"))
    again = evalkit.read(evalkit.write(first, tmp_path / "b.npz"))
    assert len(again[0].angles) == len(first[0].angles) - 1  # force is known from the second state on
    np.testing.assert_array_equal(again[0].angles.values, first[0].angles.values[1:])
    np.testing.assert_array_equal(again[0].moment.values, first[0].moment.values[1:])


def test_a_fall_is_an_early_end_for_mm_evalkit(tmp_path, simulated_walk):
    walk = replace(simulated_walk(JOINTS, ACTUATORS), fall=10.0)
    with np.load(evalkit.write([walk], tmp_path / "a.npz")) as content:
        rows = len(content["episode_0_joint_positions"])
        assert content["episode_0_traj_length"] > rows + 1
        assert len(content["episode_0_traj_qpos"]) == content["episode_0_traj_length"]
    assert evalkit.read(tmp_path / "a.npz")[0].fall == pytest.approx(9.99)


def test_a_target_is_kept_on_the_time_axis_of_the_trial(tmp_path, simulated_walk):
    walk = simulated_walk(JOINTS, ACTUATORS)
    target = walk.coordinates.with_values(walk.coordinates.values + 1.0).select(walk.coordinates.names[::-1])
    with np.load(evalkit.write([walk], tmp_path / "a.npz", targets=[target])) as content:
        np.testing.assert_array_equal(content["episode_0_traj_qpos"], walk.coordinates.values + 1.0)
    with pytest.raises(BadValue, match="has 999 states and its target 500; mm-evalkit needs 1000"):
        evalkit.write([walk], tmp_path / "b.npz", targets=[target.between(0.0, 4.995)])


@pytest.mark.parametrize(
    ("changes", "asked", "error", "message"),
    [
        ({}, {"mass": None}, BadValue, "does not say the mass of the body; give mass="),
        ({}, {"actuators": None}, BadValue, "does not name its actuators"),
        ({}, {"touch_unit": None}, BadValue, "does not say the unit of its touch observations"),
        ({}, {"touch_unit": "kg"}, BadValue, 'touch_unit was "kg"'),
        ({}, {"activation_phase": "mid_step"}, BadValue, 'not "mid_step"'),
        ({"activation_sample_phase": "pre_step"}, {"activation_phase": "post_step"}, BadValue, "was sampled pre_step"),
        ({"model_mass_kg": 70.0}, {}, BadValue, "says a mass of 70 kg and mass=80"),
        ({"muscle_names": np.array(["a", "b", "c", "d"])}, {}, BadValue, "names its actuators, and others were given"),
        ({}, {"actuators": ACTUATORS[:3]}, BadFile, "4 columns of activation and 3 names"),
        ({}, {"muscles": {"soleus_right": {"soleus": 1.0}}}, UnknownName, 'No channel "soleus"'),
        ({"joint_names": None}, {}, BadFile, 'it lacks "joint_names"'),
        ({"dt": "fast"}, {}, BadFile, '"dt" must be one number'),
        ({"joint_names": np.array(JOINTS[:4])}, {}, BadFile, "4 joints do not explain 20 coordinates"),
        ({"joint_names": np.array(["root", *"abcdefghijklm"])}, {}, BadFile, "none of the leg joints of MyoFullBody"),
        ({"episode_0_joint_positions": np.zeros((ROWS, 20))}, {}, BadFile, "the pelvis has no orientation"),
        ({"episode_0_touch_observations": np.zeros((4, 4))}, {}, BadFile, "5 rows, as many as joint positions"),
        ({"episode_0_touch_observations": np.zeros((5, 2))}, {}, BadFile, "2 columns of touch"),
        ({"episode_0_traj_id": np.array([None], dtype=object)}, {}, BadFile, "pickled Python objects"),
        ({**_kinetics(), "force_sensor_units": np.array(["kN"] * 4)}, {}, BadFile, "no force sensors r_foot"),
        (
            {**_kinetics(), "generalized_actuator_force_units": np.array(["Nmm"] * 5)},
            {},
            BadFile,
            "in a unit other than Nm",
        ),
        ({**_kinetics(), "force_sensor_units": np.array(["N"] * 3)}, {}, BadFile, "and 3 units"),
    ],
)
def test_one_clear_sentence_about_a_bad_file(tmp_path, changes, asked, error, message):
    path = _save(tmp_path / "a.npz", _foreign(**changes))
    with pytest.raises(error, match=message):
        evalkit.read(path, **ASKED | asked)


def test_a_file_that_is_missing_or_cut(tmp_path):
    with pytest.raises(BadFile, match="does not exist"):
        evalkit.read(tmp_path / "no.npz")
    path = _save(tmp_path / "a.npz", _foreign())
    path.write_bytes(path.read_bytes()[:-300])
    with pytest.raises(BadFile, match="is truncated"):
        evalkit.read(path)


def _faults(walk):
    slow = walk.coordinates.between(0.0, 0.0)
    gap = walk.force.values.copy()
    gap[500, 0] = np.nan
    return {
        "no coordinates": ([replace(walk, coordinates=None)], "has no coordinates, and mm-evalkit needs it"),
        "no force": ([replace(walk, force=None)], "has no force"),
        "a gap": ([replace(walk, force=walk.force.with_values(gap))], "missing values in its touch_observations"),
        "one state": ([replace(walk, coordinates=slow)], "one state every 0.01 s"),
        "two bodies": ([walk, replace(walk, mass=50.0)], "these weigh 80 and 50 kg"),
        "nothing": ([], "No recording was given"),
    }


@pytest.mark.parametrize("fault", ["no coordinates", "no force", "a gap", "one state", "two bodies", "nothing"])
def test_what_cannot_be_written(tmp_path, simulated_walk, fault):
    recordings, message = _faults(simulated_walk(JOINTS, ACTUATORS))[fault]
    with pytest.raises(BadValue, match=message):
        evalkit.write(recordings, tmp_path / "a.npz")


def test_as_many_targets_and_numbers_as_recordings(tmp_path, simulated_walk):
    walk = simulated_walk(JOINTS, ACTUATORS)
    with pytest.raises(BadValue, match="1 recordings need as many numbers; 2 were given"):
        evalkit.write([walk], tmp_path / "a.npz", numbers=[1, 2])
