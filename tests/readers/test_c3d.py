import numpy as np
import pytest

from biomimic.errors import BadFile

ezc3d = pytest.importorskip("ezc3d")
c3d = pytest.importorskip("biomimic.readers.c3d")

# a standing person in metres, z up, facing x
PERSON = {
    "RASI": (0.05, -0.12, 1.00),
    "LASI": (0.05, 0.12, 1.00),
    "C7": (-0.08, 0.0, 1.50),
    "RTIB": (0.02, -0.13, 0.35),
    "RHEE": (-0.05, -0.1, 0.05),
    "LHEE": (-0.05, 0.1, 0.05),
    "RTOE": (0.17, -0.12, 0.03),
}
FRAMES = 40


def _write(path, places=PERSON, *, unit="mm", scale=1000.0, rate=100.0, first=0, extra=None, change=None):
    points = np.ones((4, len(places), FRAMES))
    points[:3] = scale * np.array(list(places.values())).T[..., None]
    points[0] += scale * 0.012 * np.arange(FRAMES)
    if change:
        change(points)
    file = ezc3d.c3d()
    file["parameters"]["POINT"]["UNITS"]["value"] = [unit]
    file["parameters"]["POINT"]["RATE"]["value"] = [rate]
    file["parameters"]["POINT"]["LABELS"]["value"] = list(places)
    for name, values in (extra or {}).items():
        file.add_parameter("POINT", name, values)
    file["header"]["points"]["first_frame"] = first
    file["data"]["points"] = points
    file.write(str(path))
    return path


@pytest.mark.parametrize(("unit", "scale"), [("mm", 1000.0), ("m", 1.0), ("cm", 100.0)])
def test_markers_stand_in_the_house_frame_in_metres(tmp_path, unit, scale):
    motion = c3d.read(_write(tmp_path / "a.c3d", unit=unit, scale=scale, rate=250.0))
    assert motion.rate == 250.0 and motion.landmarks == tuple(PERSON) and motion.rotation is None
    assert motion.position.shape == (FRAMES, 7, 3)
    np.testing.assert_allclose(motion.position[0], list(PERSON.values()), atol=1e-6)
    np.testing.assert_allclose(motion.position[10, 6], [0.17 + 0.12, -0.12, 0.03], atol=1e-6)
    assert f"unit {unit}, z up" in motion.provenance.note and len(motion.provenance.sha256) == 64


def test_unseen_markers_are_missing_and_those_never_seen_left_out(tmp_path):
    def lose(points):
        points[:3, 3, 5:9] = np.nan
        points[:3, 4, 12] = 0.0
        points[:3, 2] = np.nan

    motion = c3d.read(_write(tmp_path / "a.c3d", change=lose))
    assert motion.landmarks == tuple(name for name in PERSON if name != "C7")
    missing = np.argwhere(np.isnan(motion.position).all(axis=2)).tolist()
    assert missing == [[5, 2], [6, 2], [7, 2], [8, 2], [12, 3]]
    assert "never seen and dropped: C7" in motion.provenance.note


def test_what_a_gait_model_computed_is_no_marker(tmp_path):
    computed = ["LKneeAngles", "RKneeMoment", "CentreOfMass", "Odd", "*12", "LFEO", "LFEA", "LFEL", "LFEP"]
    places = {**PERSON, **{name: (40.0 + i, 3.0, 900.0) for i, name in enumerate(computed)}, "LFOO": (0.1, 0.1, 0.1)}
    motion = c3d.read(_write(tmp_path / "a.c3d", places, extra={"ANGLES": ["LKneeAngles", "Odd"]}))
    assert motion.landmarks == (*PERSON, "LFOO")  # one of four: a marker on the foot


def test_second_markers_of_a_name_get_a_number(tmp_path):
    path = _write(tmp_path / "a.c3d", {**PERSON, "RTHX": (0.0, -0.15, 0.5)})
    path.write_bytes(path.read_bytes().replace(b"RTHX", b"RTIB"))
    motion = c3d.read(path)
    assert motion.landmarks == (*PERSON, "RTIB_2")
    np.testing.assert_allclose(motion.position[0, 7], [0.0, -0.15, 0.5], atol=1e-6)
    assert "second markers of the same name: RTIB_2" in motion.provenance.note


def test_up_axis_is_that_of_the_person_and_else_of_the_screen(tmp_path):
    lying = {name: (x, z, -y) for name, (x, y, z) in PERSON.items()}  # y up
    motion = c3d.read(_write(tmp_path / "a.c3d", lying, extra={"Y_SCREEN": ["+Z"]}))
    np.testing.assert_allclose(motion.position[0], list(PERSON.values()), atol=1e-6)
    assert "not z up as usual" in motion.provenance.note
    nameless = {f"M{i}": place for i, place in enumerate(lying.values())}
    motion = c3d.read(_write(tmp_path / "b.c3d", nameless, extra={"Y_SCREEN": ["+Y"]}))
    np.testing.assert_allclose(motion.position[0], list(PERSON.values()), atol=1e-6)


def test_two_people_need_a_name(tmp_path):
    two = {f"{who}:{name}": place for who in ("Anna", "Bert") for name, place in PERSON.items()}
    path = _write(tmp_path / "a.c3d", two)
    with pytest.raises(BadFile, match='subjects Anna, Bert: name one with subject="Anna"'):
        c3d.read(path)
    assert c3d.read(path, subject="Bert").landmarks == tuple(PERSON)


def _text(path):
    path.write_text("Frame# Time")


def _cut(path):
    content = _write(path).read_bytes()
    path.write_bytes(content[: len(content) - 8 * 512 // 2])


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: None, "cannot be read"),
        (lambda path: path.touch(), "does not begin as one"),
        (_text, "does not begin as one"),
        (lambda path: _write(path, unit="m"), "says m, but .* look like mm"),
        (lambda path: _write(path, scale=1.0), "says mm, but .* look like m: correct"),
        (lambda path: _write(path, unit="ft", scale=3.28), 'in "ft"; m, cm or mm is needed'),
        (lambda path: _write(path, {"LKneeAngles": (30.0, 0, 0), "*1": (0, 0, 1)}), "none of them is a named marker"),
        (lambda path: _write(path, change=lambda p: p[:3].fill(np.nan)), "no marker that was ever seen"),
        (_cut, "cut short: its header promises 40 frames"),
    ],
)
def test_bad_file_is_named(tmp_path, make, words):
    path = tmp_path / "bad.c3d"
    make(path)
    with pytest.raises(BadFile, match=words):
        c3d.read(path)


@pytest.mark.parametrize(
    ("name", "rate", "frames", "count", "start"),
    [
        ("c3d-gait-btk/Gait.c3d", 100.0, 487, 33, 0.0),
        ("c3d-gait-btk/PiG_Motion-FlatFoot-One.c3d", 100.0, 255, 35, 3.41),  # TRIAL:ACTUAL_START_FIELD is 342
        ("c3d-gait-opensim/walking2.c3d", 250.0, 1249, 44, 0.0),
        ("c3d-gait-opensim/walking5.c3d", 250.0, 1103, 40, 0.0),
    ],
)
def test_recorded_trials_stand_upright_in_metres(shared_data, name, rate, frames, count, start):
    motion = c3d.read(shared_data / name)
    assert (motion.rate, len(motion.position), len(motion.landmarks)) == (rate, frames, count)
    assert c3d.first_time(shared_data / name) == pytest.approx(start)
    place = dict(zip(motion.landmarks, np.moveaxis(motion.position, 1, 0)))
    toe, heel = (next(place[name] for name in names if name in place) for names in (("RTOE", "RMT1"), ("RHEE", "RCAL")))
    across = place["LASI"] - place["RASI"]
    assert 0.8 < np.nanmean(place["RASI"][:, 2]) < 1.2 and 0.15 < np.nanmean(np.linalg.norm(across, axis=1)) < 0.35
    forward = np.cross(across, [0, 0, 1])  # left x up: no mirror image
    assert np.nanmedian(np.sum((toe - heel) * forward, axis=1)) > 0.02
