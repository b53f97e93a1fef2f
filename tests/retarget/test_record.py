"""The quality record: every figure on clips made so that it is known."""

import json
from dataclasses import dataclass, replace

import mujoco
import numpy as np
import pytest

from biomimic import embodiment
from biomimic.errors import BadFile, BadValue
from biomimic.motion import Trajectory
from biomimic.provenance import Provenance
from biomimic.retarget.contact import contact_points
from biomimic.retarget.figures import Ceilings, Figure
from biomimic.retarget.options import Contact
from biomimic.retarget.record import Record, assess, phases
from biomimic.signals import Signals

KNEE = np.radians(30.0)  # here all coupled joints of the knee are within their ranges


@dataclass(frozen=True)
class Attachment:
    names: tuple[str, ...]
    bodies: np.ndarray
    offsets: np.ndarray


def clip(body, qpos, **more) -> Trajectory:
    qpos = np.atleast_2d(qpos)
    return Trajectory(
        rate=100.0,
        qpos=qpos,
        qvel=np.zeros((len(qpos), body.model.nv)),
        landmark_position=np.zeros((len(qpos), 0, 3)),
        landmark_rotation=np.zeros((len(qpos), 0, 4)),
        landmarks=(),
        embodiment=body.name,
        model_sha256=body.sha256,
        provenance=Provenance("made for a test"),
        **more,
    )


def standing(body, frames=10, height=1.5) -> np.ndarray:
    """Poses within all ranges, high above the floor unless asked otherwise, (frames, nq)."""
    qpos = body.model.qpos0.copy()
    qpos[2] = height
    for side in "rl":
        qpos[body.model.joint(f"knee_angle_{side}").qposadr] = KNEE
    return np.tile(body.couplings.expand(qpos), (frames, 1))


def lowest_sole(body, pose) -> float:
    data = mujoco.MjData(body.model)
    data.qpos[:] = pose
    mujoco.mj_kinematics(body.model, data)
    points = contact_points(body, Contact())
    turned = data.xmat[points.bodies].reshape(-1, 3, 3) @ points.places[:, :, None]
    return float((data.xpos[points.bodies] + turned[..., 0])[:, 2].min() - points.radii.min())


def wave(body, frames, pace, reach) -> np.ndarray:
    """Every independent joint swings about the middle of its range; the root bobs through the floor."""
    model = body.model
    joints = model.dof_jntid[body.couplings.independent[6:]]
    low, high = model.jnt_range[joints].T
    time, number = np.arange(frames)[:, None] / 100.0, np.arange(len(joints))
    swing = np.sin(2.0 * np.pi * pace * (1.0 + 0.1 * number) * time + number)
    qpos = np.tile(model.qpos0, (frames, 1))
    qpos[:, model.jnt_qposadr[joints]] = 0.5 * (low + high) + 0.5 * reach * (high - low) * swing
    qpos[:, 2] = 0.95 + 0.1 * np.sin(np.pi * time[:, 0])
    return body.couplings.expand(qpos)


# What musclemimic 0.1.0's own metrics give for these clips (package musclemimic-models 1.0.6): ranges and floor with
# MuJoCo 3.4.0, tendons with MuJoCo 4.0.0, whose wrapping differs in 18 tendons of the shoulder and the forearm.
PUBLISHED = {
    (300, 0.05, 0.6): (
        0.26422764227642276,
        16.666666666666668,
        0.043235895328745125,
        171,
        0.005573747585961852,
        0.0,
        "",
    ),
    (300, 0.3, 0.9): (2.1504065040650406, 10.333333333333334, 0.1692132729909095, 152, -0.1310512412370584)
    + (0.44865928278476724, "SUP_tendon_left"),
    (200, 0.2, 1.05): (19.115853658536587, 6.5, 0.1461128015810106, 166, -0.10360440191380654)
    + (0.4708587820243639, "s_glenohum_ligament_left"),
}


@pytest.mark.parametrize("shape", PUBLISHED)
def test_figures_are_the_published_codes(body, shape):
    found = assess(clip(body, wave(body, *shape)), body)
    percent, penetrating, deepest, frame, lowest, jump, tendon = PUBLISHED[shape]
    assert found.limits.published == pytest.approx(percent, rel=1e-9)
    assert found.ground.percent == pytest.approx(penetrating, rel=1e-9)
    assert found.ground.deepest == pytest.approx(deepest, abs=1e-9) and found.ground.frame == frame
    assert found.ground.lowest == pytest.approx(lowest, abs=1e-9)
    assert found.jumps.largest == pytest.approx(jump, rel=1e-6) and found.jumps.tendon == tendon


def test_a_still_clip_in_the_air_keeps_everything(body):
    found = replace(assess(clip(body, standing(body)), body), seconds=0.05)
    assert found.limits.percent == 0.0 and found.limits.joint == ""
    assert found.ground.percent == 0.0 and found.ground.deepest == 0.0 and found.ground.frame == -1
    assert found.jumps.count == 0 and found.coupling.largest == 0.0
    assert found.speed == pytest.approx(200.0)
    assert found.broken() == () and found.skate is None and found.low.stances == 0


def test_one_joint_outside_its_range_in_one_frame(body):
    qpos = standing(body, frames=5)
    joint = body.model.joint("ankle_angle_r")
    qpos[3, joint.qposadr] = body.model.jnt_range[joint.id, 1] + 0.1
    found = assess(clip(body, qpos), body).limits
    assert found.percent == pytest.approx(100.0 / (5 * 82))  # 82 hinges and slides
    assert found.published == found.percent
    assert (found.joint, found.frame) == ("ankle_angle_r", 3) and found.largest == pytest.approx(0.1)


def test_a_knee_that_bends_breaks_only_the_published_rule(body):
    """The model's couplings leave the ranges of its own coupled joints by up to 0.00025 rad near 46 degrees."""
    qpos = standing(body)
    qpos[:, body.model.joint("knee_angle_r").qposadr] = np.radians(46.0)
    found = assess(clip(body, body.couplings.expand(qpos)), body).limits
    assert found.percent == 0.0 and found.published == pytest.approx(100.0 / 82)
    assert found.joint == "knee_angle_rotation2_r" and 1e-4 < found.largest < 2.5e-4


def test_excess_below_the_published_tolerance_does_not_count(body):
    qpos = standing(body)
    joint = body.model.joint("ankle_angle_r")
    qpos[:, joint.qposadr] = body.model.jnt_range[joint.id, 1] + 0.9e-5
    assert assess(clip(body, qpos), body).limits.percent == 0.0


def test_feet_pressed_into_the_floor_by_a_known_depth(body):
    qpos = standing(body, frames=4)
    qpos[:, 2] -= lowest_sole(body, qpos[0])
    above, below = qpos.copy(), qpos.copy()
    below[2:, 2] -= 0.004
    assert assess(clip(body, above), body).ground.percent == 0.0
    found = assess(clip(body, below), body).ground
    assert found.percent == 50.0 and found.deepest == pytest.approx(0.004, abs=3e-4) and found.frame == 2
    assert found.geom


def test_lifting_the_root_lifts_the_lowest_geom(body):
    low, high = (assess(clip(body, standing(body, height=h)), body).ground.lowest for h in (1.5, 2.0))
    assert high - low == pytest.approx(0.5)


def test_a_foot_that_slides_seven_millimetres(body):
    qpos = standing(body, frames=11)
    qpos[:, 2] -= lowest_sole(body, qpos[0])
    forward = body.to_model(np.array([1.0, 0.0, 0.0]))
    qpos[:, :3] += np.linspace(0.0, 0.007, 11)[:, None] * forward
    names = contact_points(body, Contact()).names
    contact = np.zeros((11, 2), dtype=bool)
    contact[:6, 0] = contact[2:, 1] = True  # five and eight steps of 0.7 mm
    found = assess(clip(body, qpos, contact=contact, contact_points=names[:2]), body)
    assert found.skate.stances == 2 and found.skate.beyond == 1
    assert found.skate.largest == pytest.approx(0.0056, rel=2e-3) and found.skate.median == pytest.approx(
        0.00455, rel=2e-3
    )
    assert (found.skate.point, found.skate.frame) == (names[1], 2)
    assert found.low.largest == pytest.approx(0.007, rel=2e-3)
    assert "skate per stance" in found.broken()


def test_points_two_centimetres_off(body):
    qpos = standing(body, frames=3)
    pelvis = body.model.body("pelvis").id
    points = Attachment(("front", "unseen"), np.array([pelvis, pelvis]), np.array([[0.1, 0.0, 0.0], [0.0, 0.1, 0.0]]))
    data = mujoco.MjData(body.model)
    data.qpos[:] = qpos[0]
    mujoco.mj_kinematics(body.model, data)
    place = data.xpos[pelvis] + data.xmat[pelvis].reshape(3, 3) @ points.offsets[0]
    source = np.full((3, 2, 3), np.nan)
    source[:, 0] = body.to_house(place) + [0.0, 0.0, 0.02]
    source[2, 0, 2] += 0.02
    found = assess(clip(body, qpos), body, scaled_source=source, points=points).nearness
    assert found.rmse == pytest.approx(np.sqrt((4 + 4 + 16) / 3) * 0.01)
    assert (found.largest, found.point, found.frame) == (pytest.approx(0.04), "front", 2)
    assert set(found.each) == {"front"}
    with pytest.raises(BadValue, match="both"):
        assess(clip(body, qpos), body, points=points)
    with pytest.raises(BadValue, match="no point that is a number"):
        assess(clip(body, qpos), body, scaled_source=np.full((3, 2, 3), np.nan), points=points)
    with pytest.raises(BadValue, match=r"\(2, 2, 3\)"):
        assess(clip(body, qpos), body, scaled_source=source[:2], points=points)


def test_angles_three_degrees_off(body):
    qpos = standing(body, frames=11)
    time = np.array([0.0, 0.05, 0.2])
    values = np.column_stack([np.full(3, KNEE + np.radians(3.0)), np.full(3, 2 * np.pi), np.zeros(3)])
    source = Signals(time, values, ("knee_flexion_right", "pelvis_tilt", "elbow"), "rad")
    found = assess(clip(body, qpos), body, angles=source)
    assert found.angles["knee_flexion_right"] == pytest.approx(np.radians(3.0))
    assert found.angles["pelvis_tilt"] == pytest.approx(0.0, abs=1e-9)  # a full turn is no difference
    assert "elbow" not in found.angles
    assert found.broken(Ceilings(angle=np.radians(2.9))) == ("knee_flexion_right RMSE",)
    late = replace(source, time=time + 5.0)
    with pytest.raises(BadValue, match="no name or no time"):
        assess(clip(body, qpos), body, angles=late)


def test_a_coupled_joint_left_behind(body):
    qpos = standing(body, frames=4)
    qpos[2, body.model.joint("Abs_t1").qposadr] += 2e-4
    found = assess(clip(body, qpos), body).coupling
    assert found.largest == pytest.approx(2e-4) and (found.joint, found.frame) == ("Abs_t1", 2)
    assert found.rms == pytest.approx(2e-4 / np.sqrt(4 * len(body.couplings.dependent)))


def test_a_step_of_all_joints_is_a_tendon_jump(body):
    qpos = standing(body, frames=20)
    joint = body.model.joint("hip_flexion_r").qposadr
    qpos[7:, joint] += 0.5
    found = assess(clip(body, body.couplings.expand(qpos)), body).jumps
    assert found.frame == 7 and found.largest > 0.01 and found.tendon.endswith("_r_tendon")


def test_file_gives_the_same_record_back(body, tmp_path):
    found = replace(assess(clip(body, standing(body)), body), notes=("belt removed",))
    assert Record.load(found.save(tmp_path / "clip.record.json")) == found
    assert "NaN" not in found.to_json()


def test_a_record_that_cannot_be_read(tmp_path):
    with pytest.raises(BadFile, match="no JSON"):
        Record.from_json("{", name="a.record.json")
    with pytest.raises(BadFile, match="schema 7"):
        Record.from_json(json.dumps({"schema": 7}))
    with pytest.raises(BadFile, match="does not exist"):
        Record.load(tmp_path / "none.record.json")


def test_a_clip_of_another_body(body):
    arms = embodiment.load("bimanual")
    with pytest.raises(BadValue, match="with or without fingers"):
        assess(clip(arms, np.tile(arms.model.qpos0, (3, 1))), body)


def test_contact_of_points_that_the_body_lacks(body):
    made = clip(body, standing(body), contact=np.ones((10, 1), dtype=bool), contact_points=("hoof",))
    with pytest.raises(BadValue, match="hoof"):
        assess(made, body)


def test_arms_alone_have_no_feet():
    arms = embodiment.load("bimanual")
    middle = arms.model.jnt_range.mean(axis=1)
    found = assess(clip(arms, np.tile(arms.couplings.expand(middle), (3, 1))), arms)
    assert found.skate is None and found.low is None and found.limits.percent == 0.0


def test_phases_by_hand():
    assert phases(np.array([1, 1, 0, 1, 0, 0, 1], dtype=bool)) == [(0, 2), (3, 4), (6, 7)]
    assert phases(np.zeros(3, dtype=bool)) == []


def test_figures_that_were_not_measured_keep_their_ceiling():
    assert Figure("a", None, "mm", 1.0).kept and Figure("a", 2.0, "mm").kept
    assert not Figure("a", 2.0, "mm", 1.0).kept
