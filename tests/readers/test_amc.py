"""ASF/AMC files: legs written by hand, the clip of the CMU database, and files that do not fit."""

import time

import numpy as np
import pytest

from biomimic.errors import BadFile, UnknownName
from biomimic.readers import amc

# bone: parent, direction, length [inch], own axes [deg], dof
BONES = {
    "lhipjoint": ("root", (1, 0, 0), 4, (0, 0, 0), ""),
    "lfemur": ("lhipjoint", (0, -1, 0), 16, (0, 0, 0), "rx ry rz"),
    "ltibia": ("lfemur", (0, -1, 0), 16, (0, 0, 90), "rx ry"),
    "lfoot": ("ltibia", (0, 0, 1), 5, (0, 0, 0), "rx"),
    "rhipjoint": ("root", (-1, 0, 0), 4, (0, 0, 0), ""),
    "rfemur": ("rhipjoint", (0, -1, 0), 16, (0, 0, 0), "rx ry rz"),
    "rtibia": ("rfemur", (0, -1, 0), 16, (0, 0, 0), "rx"),
    "rfoot": ("rtibia", (0, 0, 1), 5, (0, 0, 0), "rx"),
    "lowerback": ("root", (0, 1, 0), 10, (0, 0, 0), "rx"),
    "lowerneck": ("lowerback", (0, 1, 0), 4, (0, 0, 0), ""),
}
INCH = 0.0254


def _asf(path, length="1.0", angle="deg", bones=BONES):
    lines = [":version 1.10", ":units", "  mass 1.0", f"  length {length}", f"  angle {angle}", ":root"]
    lines += ["  order TX TY TZ RX RY RZ", "  axis XYZ", "  position 0 0 0", "  orientation 0 0 0", ":bonedata"]
    factor = np.pi / 180 if angle == "rad" else 1.0
    for name, (_, direction, size, axis, dof) in bones.items():
        lines += ["  begin", f"    name {name}  # a bone", f"    direction {' '.join(map(str, direction))}"]
        lines += [f"    length {size}", f"    axis {' '.join(str(factor * a) for a in axis)}  XYZ"]
        lines += [f"    dof {dof}", "    limits (-90 90)", "           (-90 90)"] * bool(dof)
        lines += ["  end"]
    lines += [":hierarchy", "  begin"]
    for parent in ("root", *bones):
        children = [name for name, bone in bones.items() if bone[0] == parent]
        lines += [f"    {parent} {' '.join(children)}"] * bool(children)
    path.write_text("\n".join([*lines, "  end"]) + "\n")
    return path


def _amc(path, values=None, frames=5, unit=":DEGREES"):
    lines = ["#!OML:ASF nothing", ":FULLY-SPECIFIED", unit]
    for frame in range(frames):
        lines += [str(frame + 1), f"root 0 37 {frame} 0 0 0"]
        for name, (*_, dof) in BONES.items():
            given = (values or {}).get(name, (0,) * len(dof.split()))
            lines += [f"{name} {' '.join(map(str, given))}"] * bool(dof)
    path.write_text("\n".join(lines) + "\n")
    return path


def _read(tmp_path, **options):
    _asf(tmp_path / "11.asf")
    return amc.read(_amc(tmp_path / "11_01.amc", **options))


def _at(motion, joint):
    return motion.position[:, motion.landmarks.index(joint)]


def test_straight_legs_by_hand(tmp_path):
    motion = _read(tmp_path)
    assert motion.rate == 120.0 and motion.landmarks[:3] == ("pelvis", "spine1", "neck")
    assert (
        "1 unit is 25.400 mm as the skeleton file says" in motion.provenance.note and "120 Hz" in motion.provenance.note
    )
    np.testing.assert_allclose(_at(motion, "pelvis")[3], [3 * INCH, 0, 37 * INCH], atol=1e-12)
    np.testing.assert_allclose(_at(motion, "ankle_left")[3], [3 * INCH, 4 * INCH, 5 * INCH], atol=1e-12)
    np.testing.assert_allclose(_at(motion, "neck")[0], [0, 0, 47 * INCH], atol=1e-12)
    np.testing.assert_allclose(motion.rotation[..., 0], 1.0, atol=1e-12)


def test_a_bone_turns_about_its_own_axes(tmp_path):
    """The left shank's axes are turned by 90 deg about z, so its own y is the world's -x, its own x the world's y.

    -90 deg about its own y bends it about +x: from straight down to straight back. 90 deg about its own x turns
    the foot, which points to +z, to +x.
    """
    bent = _read(tmp_path, values={"ltibia": (0, -90)})
    shank = (_at(bent, "ankle_left") - _at(bent, "knee_left"))[0]
    np.testing.assert_allclose(shank, [-16 * INCH, 0, 0], atol=1e-12)
    turned = _read(tmp_path, values={"ltibia": (90, 0)})
    half = np.sqrt(0.5)
    place = turned.landmarks.index("ankle_left")
    np.testing.assert_allclose(turned.rotation[0, place], [half, 0, 0, half], atol=1e-12)


def test_order_is_about_fixed_axes(tmp_path):
    """rx 90 then rz 90 about fixed axes: down -> back (-z) -> back; the other order would give sideways."""
    motion = _read(tmp_path, values={"rfemur": (90, 0, 90)})
    thigh = (_at(motion, "knee_right") - _at(motion, "hip_right"))[0]
    np.testing.assert_allclose(thigh, [-16 * INCH, 0, 0], atol=1e-12)


def test_radians_in_both_files(tmp_path):
    degrees = _read(tmp_path, values={"rfemur": (30, 10, 20), "ltibia": (10, -40)})
    _asf(tmp_path / "11.asf", angle="rad")
    values = {"rfemur": np.radians((30, 10, 20)), "ltibia": np.radians((10, -40))}
    motion = amc.read(_amc(tmp_path / "11_01.amc", values=values, unit=":RADIANS"))
    np.testing.assert_allclose(motion.position, degrees.position, atol=1e-9)


def test_unit_by_the_legs_where_the_file_says_nonsense(tmp_path):
    """32 inches written in CMU units are 14.4; a stated length of 1 would give legs of 0.37 m."""
    bones = {name: (p, d, 0.45 * size, a, dof) for name, (p, d, size, a, dof) in BONES.items()}
    _asf(tmp_path / "11.asf", bones=bones)
    motion = amc.read(_amc(tmp_path / "11_01.amc"))
    assert "lengths taken as CMU units" in motion.provenance.note
    thigh = np.linalg.norm(_at(motion, "hip_left") - _at(motion, "knee_left"), axis=1)
    np.testing.assert_allclose(thigh, 16 * INCH)


def test_which_skeleton(tmp_path):
    _amc(tmp_path / "11_01.amc")
    with pytest.raises(BadFile, match=r"0 \.asf files lie beside it and none is called 11_01\.asf or 11\.asf"):
        amc.read(tmp_path / "11_01.amc")
    _asf(tmp_path / "somebody.asf")
    assert "skeleton of somebody.asf" in amc.read(tmp_path / "11_01.amc").provenance.note
    _asf(tmp_path / "11.asf")
    assert "skeleton of 11.asf" in amc.read(tmp_path / "11_01.amc").provenance.note
    given = amc.read(tmp_path / "11_01.amc", skeleton=tmp_path / "somebody.asf", rate=60.0)
    assert "skeleton of somebody.asf" in given.provenance.note and given.rate == 60.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t[: t.rindex("lowerback")], r"cut short or damaged: in frame 4 \(from 0\)"),
        (lambda t: t.replace("rtibia 0\n", "", 1), "first frame has no values for rtibia; give the .asf"),
        (lambda t: t.replace("lfoot 0", "tail 0"), "does not fit its skeleton"),
        (lambda t: t.replace("lfoot 0", "lfoot zero", 1), "a value of lfoot is no number"),
        (lambda t: t.replace("lfoot 0", "lfoot nan", 1), "not a number in frame 0"),
        (lambda t: t.partition("\n1\n")[0], "holds no frames"),
    ],
)
def test_broken_frames(tmp_path, change, message):
    _asf(tmp_path / "11.asf")
    path = _amc(tmp_path / "11_01.amc")
    path.write_text(change(path.read_text()))
    with pytest.raises(BadFile, match=message):
        amc.read(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.partition(":hierarchy")[0], "has no section :hierarchy"),
        (lambda t: t.replace("length 16", "length long", 1), "cannot be read"),
        (lambda t: t.replace("lfemur ltibia", "lfemur"), "the hierarchy of lfoot, ltibia"),
    ],
)
def test_broken_skeletons(tmp_path, change, message):
    path = _asf(tmp_path / "11.asf")
    path.write_text(change(path.read_text()))
    with pytest.raises(BadFile, match=message):
        amc.read(_amc(tmp_path / "11_01.amc"))


def test_unknown_skeleton(tmp_path):
    path = _asf(tmp_path / "11.asf")
    path.write_text(path.read_text().replace("tibia", "shin"))
    frames = _amc(tmp_path / "11_01.amc")
    frames.write_text(frames.read_text().replace("tibia", "shin"))
    with pytest.raises(UnknownName, match=r"11\.asf has a skeleton of the acclaim family without knee_left"):
        amc.read(frames)


def test_cmu_clip(shared_data):
    times = []
    for _ in range(3):
        start = time.perf_counter()
        motion = amc.read(shared_data / "cmu-mocap/amc/11_01.amc")
        times.append(time.perf_counter() - start)
    assert min(times) < 0.2 and len(motion.position) == 597  # [s]
    assert "56.444 mm" in motion.provenance.note
    # lengths of the ASF in units of 56.444 mm
    for joints, size in ((("hip_left", "knee_left"), 7.33161), (("knee_right", "ankle_right"), 8.06346)):
        length = np.linalg.norm(_at(motion, joints[0]) - _at(motion, joints[1]), axis=1)
        np.testing.assert_allclose(length, size * 0.0254 / 0.45, rtol=1e-6)
    for side in ("left", "right"):
        hip, knee, ankle = (_at(motion, f"{joint}_{side}") for joint in ("hip", "knee", "ankle"))
        # the knee bends backwards: the ankle stays behind the line from hip through knee, as the pelvis faces
        w, x, y, z = motion.rotation[:, motion.landmarks.index("pelvis")].T
        forward = np.stack([1 - 2 * (y * y + z * z), 2 * (x * y + w * z)], axis=1)
        thigh, shank = knee - hip, ankle - knee
        behind = np.sum((thigh / 0.42 - shank / 0.45)[:, :2] * forward, axis=1)
        assert (behind > -0.15).all() and behind.max() > 0.8
        assert 0.05 < ankle[:, 2].min() < 0.15
        if side == "left":  # one whole swing of walking before the kick
            cosine = np.sum(thigh * shank, axis=1)[50:150] / (7.33161 * 7.80828 * (0.0254 / 0.45) ** 2)
            assert 60.0 < np.degrees(np.arccos(cosine)).max() < 75.0
    speed = np.linalg.norm(np.diff(motion.position, axis=0), axis=-1).max() * motion.rate
    assert speed < 16.0  # [m/s], the toes in the kick
