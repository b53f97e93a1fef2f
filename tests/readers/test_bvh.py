"""BVH files: a person written by hand in several dialects, the clips of two databases, and broken files."""

import time

import numpy as np
import pytest

from biomimic.errors import BadFile, BadValue, UnknownName
from biomimic.readers import amass, bvh

# joint: parent, place in the parent's frame [m], x left, y up, z forward
PERSON = {
    "Hips": (None, (0.0, 0.0, 0.0)),
    "Spine": ("Hips", (0.0, 0.2, 0.0)),
    "Neck": ("Spine", (0.0, 0.35, 0.0)),
    **{
        f"{side}{bone}": (parent and f"{side}{parent}" or "Hips", place)
        for side, sign in (("Left", 1), ("Right", -1))
        for bone, parent, place in (
            ("UpLeg", "", (0.1 * sign, -0.05, 0.0)),
            ("Leg", "UpLeg", (0.0, -0.42, 0.0)),
            ("Foot", "Leg", (0.0, -0.40, 0.0)),
        )
    },
}
SPEEDS = {"07_01_walk_from_fbx": 1.36, "08_02_walk_from_fbx": 1.54, "09_11_run_from_fbx": 3.48}  # README [m/s]
BANDAI = {"walk_normal_001": 1.1, "walk_active_001": 1.4, "run_normal_001": 3.6, "run_active_002": 3.5}  # README


def _write(path, unit=1.0, order="ZYX", turn=lambda place: place, angles=None, step="0.01", frames=10, sliding=()):
    """One BVH file.

    `turn` takes a place with y up to the file's axes; `angles` (frames, {joint: three angles in `order`, degrees}).
    """
    lines, columns = ["HIERARCHY"], []

    def joint(name, depth):
        parent, place = PERSON[name]
        tab = "\t" * depth
        lines.append(f"{tab}{'JOINT' if parent else 'ROOT'} {name}")
        lines.append(f"{tab}{{")
        x, y, z = np.array(turn(np.array(place))) / unit
        lines.append(f"{tab}\tOFFSET {x:.6f} {y:.6f} {z:.6f}")
        slides = parent is None or name in sliding
        words = ["Xposition", "Yposition", "Zposition"] * slides + [f"{axis}rotation" for axis in order]
        lines.append(f"{tab}\tCHANNELS {len(words)} {' '.join(words)}")
        columns.append((name, slides))
        children = [child for child, (above, _) in PERSON.items() if above == name]
        for child in children:
            joint(child, depth + 1)
        if not children:
            lines.extend([f"{tab}\tEnd Site", f"{tab}\t{{", f"{tab}\t\tOFFSET 0 0 0.1", f"{tab}\t}}"])
        lines.append(f"{tab}}}")

    joint("Hips", 0)
    lines += ["MOTION", f"Frames: {frames}", f"Frame Time: {step}"]
    for frame in range(frames):
        row = []
        for name, slides in columns:
            place = (0.1, 0.9, 0.01 * frame) if name == "Hips" else PERSON[name][1]
            row += list(np.array(turn(np.array(place))) / unit) * slides
            row += list((angles or {}).get(name, (0, 0, 0)))
        lines.append(" ".join(f"{value:.6f}" for value in row))
    path.write_text("\n".join(lines) + "\n")
    return path


def _at(motion, joint):
    return motion.position[:, motion.landmarks.index(joint)]


def _turn_of(motion, joint):
    return motion.rotation[:, motion.landmarks.index(joint)]


def flexion(motion, side):
    """Angle between thigh and shank [deg]."""
    hip, knee, ankle = (_at(motion, f"{joint}_{side}") for joint in ("hip", "knee", "ankle"))
    cosine = np.sum((knee - hip) * (ankle - knee), axis=1)
    cosine /= np.linalg.norm(knee - hip, axis=1) * np.linalg.norm(ankle - knee, axis=1)
    return np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0)))


@pytest.mark.parametrize(
    ("unit", "word"),
    [(1.0, "metres"), (0.01, "centimetres"), (0.001, "millimetres"), (0.0254 / 0.45, "CMU units")],
)
def test_units_by_the_legs(tmp_path, unit, word):
    motion = bvh.read(_write(tmp_path / "a.bvh", unit=unit))
    assert f"lengths taken as {word}" in motion.provenance.note and "hip to ankle 0.820 m" in motion.provenance.note
    np.testing.assert_allclose(_at(motion, "pelvis")[5], [0.05, 0.1, 0.9], atol=1e-6)  # forward, left, up
    np.testing.assert_allclose((_at(motion, "ankle_right") - _at(motion, "pelvis"))[0], [0, -0.1, -0.87], atol=1e-6)
    np.testing.assert_allclose(motion.rotation, np.tile([1.0, 0, 0, 0], (10, 9, 1)), atol=1e-12)
    assert motion.rate == 100.0


def test_no_person_has_such_legs(tmp_path):
    with pytest.raises(BadFile, match=r"legs are 3\.28 units long .* give unit="):
        bvh.read(_write(tmp_path / "a.bvh", unit=0.25))
    assert bvh.read(_write(tmp_path / "a.bvh", unit=0.25), unit=0.25).position.shape == (10, 9, 3)
    with pytest.raises(BadFile, match=r"with units of 1 m the legs are 3\.28 m long"):
        bvh.read(_write(tmp_path / "a.bvh", unit=0.25), unit=1.0)


@pytest.mark.parametrize(
    ("up", "turn"),
    [
        ("y", lambda p: p),
        ("z", lambda p: (p[2], p[0], p[1])),
        ("x", lambda p: (p[1], p[2], p[0])),
        ("-y", lambda p: (p[0], -p[1], -p[2])),
    ],
)
def test_up_axis_is_found(tmp_path, up, turn):
    motion = bvh.read(_write(tmp_path / "a.bvh", turn=turn))
    assert f"{up} of the file is up" in motion.provenance.note
    assert (_at(motion, "neck") - _at(motion, "ankle_left"))[0, 2] == pytest.approx(0.55 + 0.87)
    # joint axes are forward, left, up of the person: left hip minus right hip lies along the pelvis's second axis
    w, x, y, z = _turn_of(motion, "pelvis")[0]
    left = np.array([2 * (x * y - w * z), 1 - 2 * (x * x + z * z), 2 * (y * z + w * x)])
    np.testing.assert_allclose((_at(motion, "hip_left") - _at(motion, "hip_right"))[0], 0.2 * left, atol=1e-9)


def test_lying_person_needs_the_axis(tmp_path):
    path = _write(tmp_path / "a.bvh", angles={"Hips": (0, 0, 45)})
    with pytest.raises(BadFile, match="stands along none"):
        bvh.read(path)
    assert bvh.read(path, up="y").position.shape == (10, 9, 3)
    with pytest.raises(BadValue, match='up is "w"'):
        bvh.read(path, up="w")


@pytest.mark.parametrize(
    ("order", "angles"), [("ZYX", (0, 0, 60)), ("XYZ", (60, 0, 0)), ("YXZ", (0, 60, 0)), ("ZXY", (0, 60, 0))]
)
def test_bent_knee_in_any_order(tmp_path, order, angles):
    """60 deg about the axis to the left bends the shank backwards."""
    motion = bvh.read(_write(tmp_path / "a.bvh", order=order, angles={"LeftLeg": angles}))
    np.testing.assert_allclose(flexion(motion, "left"), 60.0, atol=1e-6)
    np.testing.assert_allclose(flexion(motion, "right"), 0.0, atol=1e-3)
    shank = (_at(motion, "ankle_left") - _at(motion, "knee_left"))[0]
    np.testing.assert_allclose(shank, [-0.4 * np.sin(np.pi / 3), 0, -0.2], atol=1e-9)
    turned = [np.cos(np.pi / 6), 0, np.sin(np.pi / 6), 0]  # about the axis to the left
    np.testing.assert_allclose(_turn_of(motion, "ankle_left")[0], turned, atol=1e-12)


def test_channels_are_applied_as_listed(tmp_path):
    """Z 90 then Y 90 (own axes): the neck, 0.35 m up the spine's y, points to -x of Z, which is the file's -x."""
    motion = bvh.read(_write(tmp_path / "a.bvh", order="ZYX", angles={"Spine": (90, 90, 0)}), up="y")
    neck = (_at(motion, "neck") - _at(motion, "spine1"))[0]
    np.testing.assert_allclose(neck, [0, -0.35, 0], atol=1e-6)  # the file's x is the house's y
    swapped = bvh.read(_write(tmp_path / "b.bvh", order="YZX", angles={"Spine": (90, 90, 0)}), up="y")
    np.testing.assert_allclose((_at(swapped, "neck") - _at(swapped, "spine1"))[0], [0.35, 0, 0], atol=1e-6)


def test_joints_with_places_of_their_own(tmp_path):
    plain = bvh.read(_write(tmp_path / "a.bvh", angles={"LeftUpLeg": (0, 0, -30)}))
    sliding = bvh.read(_write(tmp_path / "b.bvh", angles={"LeftUpLeg": (0, 0, -30)}, sliding=("LeftLeg", "Spine")))
    np.testing.assert_allclose(sliding.position, plain.position, atol=1e-6)


def test_rest_pose_in_front_is_dropped(tmp_path):
    path = _write(tmp_path / "a.bvh", angles={"LeftUpLeg": (0, 0, -40), "Spine": (0, 0, 20)})
    lines = path.read_text().splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("Frame Time")) + 1
    lines[first] = " ".join(["0.1 0.9 0"] + ["0"] * (len(lines[first].split()) - 3))
    path.write_text("\n".join(lines))
    motion = bvh.read(path)
    assert len(motion.position) == 9 and "frame 0 (rest pose) dropped" in motion.provenance.note
    assert "dropped" not in bvh.read(_write(tmp_path / "b.bvh")).provenance.note


@pytest.mark.parametrize(
    ("step", "rate"),
    [("0.0083333", 120), (".008333", 120), ("0.033333", 30), ("0.0083", 120), ("0.01668335", 59.94), ("0.0125", 80)],
)
def test_rounded_frame_times(tmp_path, step, rate):
    assert bvh.read(_write(tmp_path / "a.bvh", step=step)).rate == pytest.approx(rate, rel=1e-6)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t[: len(t) - 40], "is cut short or damaged: 10 frames of 30 channels were promised"),
        (lambda t: t.partition("MOTION")[0], "no line HIERARCHY with a line MOTION after it"),
        (lambda t: t.replace("0.900000", "0.9o", 1), "something that is no number"),
        (lambda t: t.replace("0.900000", "nan", 1), "position of Hips is not a number in frame 0"),
        (lambda t: t.replace("Frame Time: 0.01", "Frame Time: 0"), "it must be positive"),
        (lambda t: t.partition("Frames")[0] + "Frames: 0\nFrame Time: 0.01\n", "holds no frames"),
        (lambda t: t.replace("CHANNELS 3 Zrotation", "CHANNELS 3 Qrotation", 1), "line 9 of the hierarchy"),
        (lambda t: t.replace("OFFSET 0.000000 0.200000 0.000000", "OFFSET 0.0 0.2"), "line 8 of the hierarchy"),
        (lambda t: t.replace("}\nMOTION", "\nMOTION"), "the hierarchy is cut short; 1 joints"),
        (lambda t: t.replace("Frame Time", "Time"), "Frames: and Frame Time: are expected"),
    ],
)
def test_broken_files(tmp_path, change, message):
    path = _write(tmp_path / "a.bvh")
    path.write_text(change(path.read_text()))
    with pytest.raises(BadFile, match=message):
        bvh.read(path)


def test_missing_joint_and_missing_file(tmp_path):
    path = _write(tmp_path / "a.bvh")
    path.write_text(path.read_text().replace("RightLeg", "Peg"))
    with pytest.raises(UnknownName, match=r"without knee_right \(would be RightLeg.*Peg"):
        bvh.read(path)
    with pytest.raises(BadFile, match="cannot be read"):
        bvh.read(tmp_path / "absent.bvh")


def _speed(motion):
    return np.linalg.norm((_at(motion, "pelvis")[-1] - _at(motion, "pelvis")[0])[:2]) / motion.duration


@pytest.mark.parametrize("clip", SPEEDS)
def test_cmu_clips_agree_with_their_amass_form(shared_data, clip):
    motion = bvh.read(shared_data / f"cmu-mocap/bvh/{clip}.bvh")
    assert motion.rate == 120.0 and "centimetres" in motion.provenance.note
    assert "chest bone has no length" in motion.provenance.note
    assert _speed(motion) == pytest.approx(SPEEDS[clip], abs=0.02)
    low, high = (60.0, 75.0) if "walk" in clip else (95.0, 130.0)
    other = amass.read(shared_data / f"cmu-mocap-amass-format/CMU_{clip.removesuffix('_from_fbx')}_poses.npz")
    for side in ("left", "right"):
        found = flexion(motion, side)
        assert low < found.max() < high
        np.testing.assert_allclose(found, flexion(other, side), atol=0.01)  # [deg], as the README of the npz says
    np.testing.assert_allclose(_at(motion, "pelvis")[:, 2], _at(other, "pelvis")[:, 2], atol=1e-4)
    assert (_turn_of(motion, "pelvis")[:, 0] > 0.95).all()  # walks along x, facing x


@pytest.mark.parametrize("clip", ["131_01", "131_02", "131_03"])
def test_stylised_cmu_clips(shared_data, clip):
    motion = bvh.read(shared_data / f"cmu-mocap/bvh/{clip}.bvh")
    assert "CMU units" in motion.provenance.note and motion.rate == 120.0
    height = (_at(motion, "pelvis") - _at(motion, "ankle_left"))[:, 2]
    assert 0.8 < np.percentile(height, 95) < 1.0
    assert np.linalg.norm(np.diff(motion.position, axis=0), axis=-1).max() * motion.rate < 12.0  # [m/s]


@pytest.mark.parametrize("clip", BANDAI)
def test_bandai_clips(shared_data, clip):
    """Travel in Hips while the root stays, six channels on every joint, a rest pose that does not stand."""
    motion = bvh.read(shared_data / f"bandai-namco-bvh/dataset-2_{clip}.bvh")
    assert motion.rate == 30.0 and "does not stand" in motion.provenance.note
    path = np.linalg.norm(np.diff(_at(motion, "pelvis")[:, :2], axis=0), axis=1).sum() / motion.duration
    assert path == pytest.approx(BANDAI[clip], abs=0.15)
    low, high = (60.0, 80.0) if "walk" in clip else (95.0, 140.0)
    assert low < flexion(motion, "left").max() < high and low < flexion(motion, "right").max() < high
    across = _at(motion, "hip_left") - _at(motion, "hip_right")
    np.testing.assert_allclose(np.linalg.norm(across, axis=1), 0.129, atol=0.001)


def test_a_clip_of_300_frames_is_read_fast(shared_data):
    path = shared_data / "cmu-mocap/bvh/07_01_walk_from_fbx.bvh"
    times = []
    for _ in range(4):
        start = time.perf_counter()
        bvh.read(path)
        times.append(time.perf_counter() - start)
    assert min(times) < 0.1  # [s]
