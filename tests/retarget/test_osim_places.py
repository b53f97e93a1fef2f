"""Places of markers on a scaled OpenSim model: the body itself, written at another size, gives its own places back."""

from pathlib import Path

import mujoco
import numpy as np
import pytest

from biomimic.motion import Motion
from biomimic.provenance import Provenance
from biomimic.readers import trc
from biomimic.retarget.body_frames import BodyFrames
from biomimic.retarget.marker_places import OsimJoint, OsimModel, read_osim
from biomimic.retarget.targets import targets

DATA = Path(__file__).parents[2] / "../shared/data"
SIZE = 1.12  # of the person
# marker -> body and place on the model at its own size [m]
WORN = {
    "R.ASIS": ("pelvis", (0.02, 0.02, 0.12)),
    "L.ASIS": ("pelvis", (0.02, 0.02, -0.12)),
    "S2": ("pelvis", (-0.17, 0.03, 0.0)),
    "R.Knee": ("femur_r", (0.0, -0.40, 0.05)),
    "R.Ankle": ("tibia_r", (0.0, -0.38, 0.05)),
    "R.Heel": ("calcn_r", (-0.03, 0.02, 0.0)),
    "R.Toe": ("toes_r", (0.07, 0.04, -0.02)),
    "L.Knee": ("femur_l", (0.0, -0.40, -0.05)),
    "L.Ankle": ("tibia_l", (0.0, -0.38, -0.05)),
    "L.Heel": ("calcn_l", (-0.03, 0.02, 0.0)),
    "L.MT5": ("calcn_l", (0.15, 0.02, -0.06)),
    "R.Clavicle": ("thorax", (0.03, 0.0, 0.03)),
    "R.Elbow": ("humerus_r", (0.01, -0.28, 0.03)),
    "R.Wrist": ("radius_r", (0.01, -0.25, 0.05)),
    "L.Wrist": ("radius_l", (0.01, -0.25, -0.05)),
    "bracelet": ("ulna_r", (0.02, -0.20, 0.03)),
}
THEIRS = {"thorax": "torso"}
CHAIN = ("pelvis", "thorax", *(f"{bone}_{side}" for side in "rl" for bone in (
    "femur", "tibia", "talus", "calcn", "toes", "humerus", "ulna", "radius", "lunate"
)))  # fmt: skip


@pytest.fixture(scope="module")
def scaled(body):
    """The body as OpenSim writes it: larger, in OpenSim's ground frame, palms forward."""
    frames = BodyFrames(body)
    ground = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]]) @ body.house  # x forward, y up, z right
    joints, quarter = [], {}
    for name in CHAIN:
        pose = np.eye(4)
        pose[:3, :3] = ground @ frames.turn[frames.ids[name]]
        pose[:3, 3] = SIZE * ground @ frames.origin[frames.ids[name]]
        if name[:-2] in ("radius", "lunate"):  # palms forward: the frame's own forward axis pointed outwards
            side = 1.0 if name.endswith("_r") else -1.0
            quarter[name] = np.array([[0.0, 0.0, side], [0.0, 1.0, 0.0], [-side, 0.0, 0.0]])
        child = THEIRS.get(name, name).replace("lunate", "hand")
        joints.append(OsimJoint(f"to_{child}", "ground", child, pose[:3, 3], pose))
    markers = {}
    for name, (own, place) in WORN.items():
        at = SIZE * np.array(place)
        if own in quarter:
            wrist = SIZE * frames.place(own, own.replace("radius", "lunate"))
            at = wrist + quarter[own].T @ (at - wrist)
        markers[name] = (THEIRS.get(own, own), at)
    return OsimModel("made", {joint.child: 1.0 for joint in joints}, tuple(joints), markers, Provenance("test"))


def seen(body, model: OsimModel | None = None) -> Motion:
    """The markers on the standing person, one frame repeated."""
    data = mujoco.MjData(body.model)
    data.qpos[:] = body.couplings.expand(body.model.qpos0)
    mujoco.mj_kinematics(body.model, data)
    rows = []
    for own, place in WORN.values():
        number = body.model.body(own).id
        rows.append(body.house @ (data.xpos[number] + data.xmat[number].reshape(3, 3) @ np.array(place)) * SIZE)
    return Motion(100.0, np.tile(np.array(rows), (5, 1, 1)), tuple(WORN), Provenance("made by this test"))


def test_places_come_back_at_the_size_of_the_body(body, scaled):
    aim = targets(seen(body), body, scaled)
    held = dict(zip(aim.names, zip(aim.bodies, aim.offsets)))
    loose = {"radius": 3e-3, "thorax": 1e-3}  # their forearm is turned; the body's own frame is askew by 0.06 degrees
    for name, (own, place) in WORN.items():
        number, offset = held[name]
        if own.startswith("toes"):
            continue  # the table puts this marker on the toes, too
        assert body.model.body(number).name == own, name
        np.testing.assert_allclose(offset, place, atol=loose.get(own[:6], 1e-6), err_msg=name)


def test_markers_that_only_the_model_knows_are_used(body, scaled):
    assert "bracelet" in targets(seen(body), body).dropped
    assert "bracelet" in targets(seen(body), body, scaled).names


def test_places_that_are_not_the_person_s_give_way_to_the_table(body, scaled):
    person, table = seen(body), targets(seen(body), body)
    fitted = targets(person, body, scaled)
    assert fitted.spread[fitted.names.index("S2")] < 0.005
    moved = dict(scaled.markers)
    moved["S2"] = ("pelvis", moved["S2"][1] + [-0.15, 0.0, 0.0])
    generic = targets(person, body, OsimModel("made", scaled.mass, scaled.joints, moved, scaled.provenance))
    number = generic.names.index("S2")
    np.testing.assert_array_equal(generic.offsets[number], table.offsets[table.names.index("S2")])
    assert generic.spread[number] == table.spread[table.names.index("S2")]


def test_exchanged_names_on_a_thigh_are_not_believed(body, scaled):
    thigh = {"R.TH1": (0.08, -0.15, 0.02), "R.TH2": (-0.05, -0.20, 0.03), "R.TH3": (0.0, -0.28, 0.08)}
    people = {name: ("femur_r", np.array(at)) for name, at in (thigh | {"R.Knee": (0.0, -0.4, 0.05)}).items()}
    crossed = dict(scaled.markers)
    for name, (bone, at) in people.items():
        crossed[name] = (bone, SIZE * at * [-1.0, 1.0, -1.0])  # half a turn about the thigh
    model = OsimModel("made", scaled.mass, scaled.joints, crossed, scaled.provenance)
    straight = seen(body)
    number = body.model.body("femur_r").id
    data = mujoco.MjData(body.model)
    data.qpos[:] = body.couplings.expand(body.model.qpos0)
    mujoco.mj_kinematics(body.model, data)
    turn = data.xmat[number].reshape(3, 3)
    new = [SIZE * body.house @ (data.xpos[number] + turn @ people[name][1]) for name in thigh]
    position = np.concatenate([straight.position, np.tile(np.array(new), (5, 1, 1))], axis=1)
    motion = Motion(100.0, position, (*straight.landmarks, *thigh), straight.provenance)
    aim = targets(motion, body, model)
    assert aim.spread[aim.names.index("R.TH1")] == 0.08  # the table's


def test_sizes_of_the_person_are_found(body, scaled):
    sizes = targets(seen(body), body, scaled).sizes
    assert set(sizes) == set(body.segments)
    np.testing.assert_allclose([*sizes.values()], SIZE, atol=0.002)


@pytest.mark.parametrize(
    ("folder", "file", "model"),
    [
        ("rajagopal2016-walk", "markers_walk.trc", "subject_walk_scaled.osim"),
        ("opencap-walk-subject4", "walking1.trc", "optimized_scale_and_markers.osim"),
        ("hamner2013-run-subject01", "run200.trc", "final.osim"),
    ],
)
def test_real_models_agree_with_the_table(body, folder, file, model):
    path = DATA / folder
    if not (path / model).is_file():
        pytest.skip(f"the raw files are not at {path}")
    motion = trc.read(path / file)
    table, own = targets(motion, body), targets(motion, body, read_osim(path / model))
    assert own.names == table.names
    np.testing.assert_array_equal(own.bodies, table.bodies)
    away = np.linalg.norm(own.offsets - table.offsets, axis=1) / table.spread
    assert away.max() < 4.5 and np.sqrt(np.mean(away**2)) < 1.8  # standard deviations of three coordinates together
