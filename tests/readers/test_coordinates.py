"""People posed by OpenSim joint angles: worked by hand, both ways to write them, and the shared trials' own markers."""

import re
from pathlib import Path

import numpy as np
import pytest

from biomimic.errors import BadFile, UnknownName
from biomimic.motion import Motion
from biomimic.readers import coordinates, mocap, opensim, quaternions, trc
from biomimic.retarget.marker_places import read_osim

DATA = Path(__file__).parents[2] / "../shared/data"
HOUSE = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])  # of OpenSim's x forward, y up, z right
PLACES = {"tibia_r": (0.0, -0.4044, -0.0013)}  # the table's own, so that its person keeps the table's lengths
SIDES = ("right", "left")


def _write(path: Path, angles: dict, *, frames: int = 5, degrees: bool | None = True, label: str = "{}") -> Path:
    """A file whose coordinates are constant or one value a frame; `degrees` None leaves the line out."""
    values = dict.fromkeys(coordinates.REQUIRED, 0.0) | {"pelvis_ty": 0.9, "knee_angle_r": 1e-6} | angles
    rows = np.column_stack([0.01 * np.arange(frames), *(np.broadcast_to(v, frames) for v in values.values())])
    header = {True: "inDegrees=yes\n", False: "inDegrees=no\n", None: ""}[degrees]
    names = "\t".join(label.format(name) for name in values)
    lines = ["\t".join(f"{value:.9g}" for value in row) for row in rows]
    path.write_text(f"Coordinates\n{header}endheader\ntime\t{names}\n" + "\n".join(lines) + "\n")
    return path


def _at(motion: Motion, joint: str) -> np.ndarray:
    return motion.position[0, motion.landmarks.index(joint)]


def _axes(motion: Motion, joint: str) -> np.ndarray:
    """Forward, left, up of a joint as columns in the first frame."""
    w, x, y, z = motion.rotation[0, motion.landmarks.index(joint)]
    columns = [
        [1 - 2 * (y * y + z * z), 2 * (x * y + w * z), 2 * (x * z - w * y)],
        [2 * (x * y - w * z), 1 - 2 * (x * x + z * z), 2 * (y * z + w * x)],
        [2 * (x * z + w * y), 2 * (y * z - w * x), 1 - 2 * (x * x + y * y)],
    ]
    return np.array(columns).T


def _turn(axis: str, degrees: float) -> np.ndarray:
    """About an axis of OpenSim's frame."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    k = "xyz".index(axis)
    turn = np.eye(3)
    one, two = (k + 1) % 3, (k + 2) % 3
    turn[[one, one, two, two], [one, two, one, two]] = c, -s, s, c
    return turn


def test_nothing_turned_stands_upright_and_faces_forward(tmp_path):
    file = _write(tmp_path / "a.mot", {"pelvis_tx": 1.0, "pelvis_tz": 0.2, "pro_sup_r": 0.0, "arm_add_r": 0.0})
    motion = coordinates.read(file, places=PLACES)
    np.testing.assert_allclose(_at(motion, "pelvis"), [1.0, -0.2, 0.9])
    np.testing.assert_allclose(_at(motion, "hip_right"), [1.0 - 0.056276, -0.2 - 0.07726, 0.9 - 0.07849], atol=1e-6)
    for joint in ("pelvis", "spine1", "head", "hip_right", "knee_left", "ankle_right", "toe_left", "shoulder_right"):
        np.testing.assert_allclose(_axes(motion, joint), np.eye(3), atol=1e-6)
    for joint in ("hip", "knee", "ankle", "toe", "shoulder", "elbow", "wrist", "hand"):
        assert _at(motion, f"{joint}_right")[1] < -0.22 and _at(motion, f"{joint}_left")[1] > -0.18
    heights = [_at(motion, joint)[2] for joint in ("toe_right", "ankle_right", "knee_right", "pelvis", "neck", "head")]
    assert heights == sorted(heights) and _at(motion, "toe_right")[0] > _at(motion, "ankle_right")[0] + 0.1
    assert motion.rate == 100.0 and motion.position.shape == (5, 20, 3)


def test_hip_and_knee_by_hand(tmp_path):
    """Thigh level ahead, shank hanging from it: 90 degrees of hip and of knee."""
    file = _write(tmp_path / "a.mot", {"hip_flexion_r": 90.0, "knee_angle_r": -90.0})
    motion = coordinates.read(file, places=PLACES)
    thigh = _at(motion, "knee_right") - _at(motion, "hip_right")
    shank = _at(motion, "ankle_right") - _at(motion, "knee_right")
    np.testing.assert_allclose(thigh, [0.4055, 0.0013, 0.0055], atol=1e-6)
    np.testing.assert_allclose(shank, [-0.0155, 0.0, -0.3989], atol=1e-6)
    np.testing.assert_allclose(_axes(motion, "knee_right"), np.eye(3), atol=1e-6)


def test_dorsiflexion_lifts_and_inversion_turns_in_the_toes(tmp_path):
    rest, up, turned = (
        coordinates.read(_write(tmp_path / f"{name}.mot", {f"{name}_{s}": 20.0 for s in "rl"}))
        for name in ("mtp_angle", "ankle_angle", "subtalar_angle")
    )
    for side, inward in (("right", 1.0), ("left", -1.0)):
        foot = [_at(motion, f"toe_{side}") - _at(motion, f"ankle_{side}") for motion in (rest, up, turned)]
        assert foot[1][2] > foot[0][2] + 0.03
        assert inward * (foot[2][1] - foot[0][1]) > 0.02
        assert inward * _axes(turned, f"ankle_{side}")[2, 1] > 0.2  # the inner edge is up


def test_pelvis_turns_in_the_order_of_the_models(tmp_path):
    file = _write(tmp_path / "a.mot", {"pelvis_tilt": -20.0, "pelvis_list": 10.0, "pelvis_rotation": 30.0})
    wanted = HOUSE @ _turn("z", -20.0) @ _turn("x", 10.0) @ _turn("y", 30.0) @ HOUSE.T
    found = coordinates.read(file)
    np.testing.assert_allclose(_axes(found, "pelvis"), wanted, atol=1e-6)
    assert _axes(found, "pelvis")[2, 0] < -0.2  # leans forward


def test_sides_are_mirror_images(tmp_path):
    angles = {"hip_adduction": 12.0, "hip_rotation": -9.0, "subtalar_angle": 8.0, "arm_flex": 30.0, "arm_add": -20.0}
    angles |= {"arm_rot": 15.0, "elbow_flex": 50.0, "pro_sup": 70.0, "wrist_flex": 10.0, "knee_angle": 40.0}
    motion = coordinates.read(_write(tmp_path / "a.mot", {f"{k}_{s}": v for k, v in angles.items() for s in "rl"}))
    for joint in (name.removesuffix("_right") for name in motion.landmarks if name.endswith("_right")):
        right, left = _at(motion, f"{joint}_right"), _at(motion, f"{joint}_left")
        np.testing.assert_allclose(right * [1.0, -1.0, 1.0], left, atol=1e-9)
        mirror = np.diag([1.0, -1.0, 1.0])
        np.testing.assert_allclose(mirror @ _axes(motion, f"{joint}_right") @ mirror, _axes(motion, f"{joint}_left"))


def test_elbow_bends_forward_and_a_neutral_forearm_has_its_thumb_forward(tmp_path):
    motion = coordinates.read(_write(tmp_path / "a.mot", {"elbow_flex_r": 90.0, "pro_sup_r": 90.0, "arm_add_r": 0.0}))
    forearm = _at(motion, "wrist_right") - _at(motion, "elbow_right")
    assert forearm[0] > 0.9 * np.linalg.norm(forearm)
    assert _axes(motion, "wrist_right")[2, 0] > 0.9  # the thumb, forward on a hanging arm, is up on a level one


def test_both_signs_of_the_knee(tmp_path):
    one, two = (
        coordinates.read(_write(tmp_path / f"{sign}.mot", {"knee_angle_r": sign * 60.0, "knee_angle_l": sign * 5.0}))
        for sign in (1, -1)
    )
    for motion in (one, two):
        assert _at(motion, "ankle_right")[0] < _at(motion, "knee_right")[0] - 0.3
    assert one.provenance.note.startswith("skeleton family rajagopal2016")
    assert two.provenance.note.startswith("skeleton family gait2392")


def test_the_knee_of_rajagopal_turns_in_as_it_bends(tmp_path):
    """10.27 degrees inward and 2.33 of adduction at 70.57 of flexion, by the model's own polynomials."""
    motion = coordinates.read(_write(tmp_path / "a.mot", {"knee_angle_r": 70.0}))
    found = HOUSE.T @ _axes(motion, "knee_right") @ HOUSE
    wanted = _turn("z", -70.57336) @ _turn("x", 2.33222) @ _turn("y", 10.27184)
    np.testing.assert_allclose(found, wanted, atol=2e-4)


@pytest.mark.parametrize("label", ["{}", "/jointset/some_joint/{}/value"])
@pytest.mark.parametrize("header", ["inDegrees=no\nendheader", "endheader", "nRows=5\nendheader"])
def test_radians_and_paths_are_read_alike(tmp_path, label, header):
    angles = {"hip_flexion_r": 30.0, "knee_angle_l": 40.0, "pelvis_tilt": 5.0}
    wanted = coordinates.read(_write(tmp_path / "a.mot", angles))
    radians = {name: np.radians(value) for name, value in angles.items()}
    path = _write(tmp_path / "b.sto", radians | {"knee_angle_r": np.radians(1e-6)}, degrees=None, label=label)
    path.write_text(path.read_text().replace("endheader", header))
    np.testing.assert_allclose(mocap.read_motion(path).position, wanted.position, atol=1e-8)


def test_the_generic_person_comes_down_to_the_floor(tmp_path):
    tall = coordinates.read(_write(tmp_path / "a.mot", {"pelvis_ty": 1.05}))
    small = coordinates.read(_write(tmp_path / "b.mot", {"pelvis_ty": 0.75}))
    for motion in (tall, small):
        assert _at(motion, "toe_right")[2] == pytest.approx(0.01, abs=1e-9)
    ratio = np.linalg.norm(_at(tall, "knee_left") - _at(tall, "hip_left")) / np.linalg.norm(
        _at(small, "knee_left") - _at(small, "hip_left")
    )
    assert ratio == pytest.approx((1.05 - 0.01) / (0.75 - 0.01), rel=1e-6)


def test_the_own_lengths_are_taken_and_the_rest_in_their_size(tmp_path):
    places = {f"tibia_{s}": np.array([-0.004, -0.4444, 0.0]) for s in "rl"}
    motion = coordinates.read(_write(tmp_path / "a.mot", {}), places=places)
    size = np.linalg.norm(places["tibia_r"]) / np.linalg.norm(PLACES["tibia_r"])
    thigh, shank = (
        np.linalg.norm(_at(motion, f"{near}_right") - _at(motion, f"{far}_right"))
        for near, far in (("hip", "knee"), ("knee", "ankle"))
    )
    assert thigh == pytest.approx(size * np.linalg.norm([0.0055, 0.4055, 0.0013]), rel=1e-6)
    assert shank == pytest.approx(size * np.linalg.norm([0.0155, 0.3989, 0.0]), rel=1e-6)
    assert "the person's model" in motion.provenance.note


def test_what_is_missing_rests_and_is_named(tmp_path):
    motion = coordinates.read(_write(tmp_path / "a.mot", {}))
    assert "not in the file, at rest: arm_add_left, arm_add_right" in motion.provenance.note
    assert "lumbar_bending" in motion.provenance.note and "hip_rotation_left" in motion.provenance.note
    assert _at(motion, "wrist_right")[1] < _at(motion, "shoulder_right")[1] - 0.05  # beside the thigh, not in it


def test_uneven_times_become_even(tmp_path):
    time = np.array([0.0, 0.01, 0.02, 0.045, 0.05])
    path = _write(tmp_path / "a.mot", {"pelvis_tx": 2.0 * time})
    lines = path.read_text().splitlines()
    start = len(lines) - len(time)
    lines[start:] = [f"{t}\t" + line.split("\t", 1)[1] for t, line in zip(time, lines[start:])]
    path.write_text("\n".join(lines))
    motion = coordinates.read(path)
    assert motion.rate == 100.0
    np.testing.assert_allclose(motion.position[:, 0, 0], 2.0 * np.arange(6) / 100.0, atol=1e-9)


@pytest.mark.parametrize(
    ("angles", "options", "error", "message"),
    [
        (
            {"hip_flexion_r": 30.0, "knee_angle_r": 60.0},
            {"degrees": False},
            BadFile,
            "says that its angles are radians",
        ),
        ({"hip_flexion_l": np.nan}, {}, BadFile, "hip_flexion_l is no number at 0 s (5 values in all)"),
        ({}, {"frames": 1}, BadFile, "holds 1 frame; a motion has at least two"),
    ],
)
def test_bad_files(tmp_path, angles, options, error, message):
    with pytest.raises(error, match=re.escape(message)):
        coordinates.read(_write(tmp_path / "a.mot", angles, **options))


def test_missing_coordinates_are_named(tmp_path):
    path = _write(tmp_path / "a.mot", {})
    path.write_text(path.read_text().replace("ankle_angle_l", "ankle").replace("pelvis_list", "list"))
    with pytest.raises(UnknownName, match="has no pelvis_list, ankle_angle_l; its columns are pelvis_tilt"):
        mocap.read_motion(path)


def test_forces_are_no_motion_and_up_is_known(tmp_path):
    (tmp_path / "grf.mot").write_text("endheader\ntime\tground_force_vy\n0\t1\n0.1\t1\n")
    with pytest.raises(BadFile, match="not a whole person.s joint angles of OpenSim"):
        mocap.read_motion(tmp_path / "grf.mot")
    with pytest.raises(Exception, match="y always points up"):
        mocap.read_motion(_write(tmp_path / "a.mot", {}), up="z")


TRIALS = [  # angles, model, markers; in Hamner 2010's model, markers of a thigh have exchanged names
    ("rajagopal2016-walk/coordinates.sto", "subject_walk_scaled.osim", "markers_walk.trc"),
    ("opencap-walk-subject4/walking1_ik.mot", "optimized_scale_and_markers.osim", "walking1.trc"),
    ("hamner2013-run-subject01/run200_ik.mot", "final.osim", "run200.trc"),
]
BODIES = {"pelvis": "pelvis", "femur": "hip", "tibia": "knee"}
LIMIT = {"pelvis": 0.025, "femur": 0.040, "tibia": 0.040}  # [m] RMS: the fit's own error, knees placed 15 mm apart
SHIFT = {"tibia": np.array([0.0055, -0.0011, 0.0])}  # from the body's origin to the joint


@pytest.mark.parametrize(("angles", "model", "markers"), TRIALS, ids=[Path(trial[0]).stem for trial in TRIALS])
def test_joints_are_where_the_measured_markers_say(angles, model, markers):
    """The model's markers, carried by the posed joints, against those of the trial: sides, directions and signs."""
    folder = (DATA / angles).parent
    if not folder.is_dir():
        pytest.skip(f"the trial is not at {folder}")
    person = read_osim(folder / model)
    posed = mocap.read_motion(DATA / angles, places={joint.child: joint.pose[:3, 3] for joint in person.joints})
    measured = trc.read(folder / markers)
    time = opensim.read_table(DATA / angles).time[0] + np.arange(len(posed.position)) / posed.rate
    frame = (time - trc.first_time(folder / markers)) * measured.rate
    both = (np.abs(frame - np.round(frame)) < 0.05) & (frame > -0.5) & (frame < len(measured.position) - 0.5)
    assert both.sum() > 50
    apart = {bone: [] for bone in BODIES}
    for name in set(person.markers) & set(measured.landmarks):
        body, place = person.markers[name]
        bone, _, side = body.partition("_")
        if bone in BODIES:
            joint = BODIES[bone] + {"r": "_right", "l": "_left", "": ""}[side]
            offset = HOUSE @ (place - SHIFT.get(bone, 0.0))
            k = posed.landmarks.index(joint)
            turned = quaternions.rotate(posed.rotation[both, k], np.broadcast_to(offset, (both.sum(), 3)))
            seen = measured.position[np.round(frame[both]).astype(int), measured.landmarks.index(name)]
            apart[bone].append(np.linalg.norm(posed.position[both, k] + turned - seen, axis=1))
    for bone, distances in apart.items():
        rms = float(np.sqrt(np.nanmean(np.square(distances))))
        assert len(distances) >= 3 and rms < LIMIT[bone], f"{bone}: {rms:.3f} m over {len(distances)} markers"
