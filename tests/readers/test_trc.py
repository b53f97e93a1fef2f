import numpy as np
import pytest

from biomimic.errors import BadFile, BadValue, UnknownName
from biomimic.readers import trc

# a standing person in metres, OpenSim's axes: x forward, y up, z right
PERSON = {
    "R.ASIS": (0.05, 1.00, 0.12),
    "L.ASIS": (0.05, 1.00, -0.12),
    "C7": (-0.08, 1.50, 0.0),
    "R.Shank.Upper": (0.0, 0.40, 0.15),
    "R.Heel": (-0.05, 0.05, 0.1),
    "L.Heel": (-0.05, 0.05, -0.1),
    "R.Toe": (0.17, 0.03, 0.12),
}
UNITS = {"m": 1.0, "mm": 1000.0, "cm": 100.0}


def _write(path, places=PERSON, *, unit="mm", header="100", times=None, shift=(0.012, 0, 0), change=lambda text: text):
    times = np.arange(40) / 100.0 if times is None else times
    names = "\t\t\t".join(places)
    axes = "\t".join(f"X{i}\tY{i}\tZ{i}" for i in range(1, len(places) + 1))
    lines = [
        f"PathFileType\t4\t(X/Y/Z)\t{path.name}",
        "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\tOrigNumFrames",
        f"{header}\t{header}\t{len(times)}\t{len(places)}\t{unit}\t{header}\t1\t{len(times)}",
        f"Frame#\tTime\t{names}\t\t",
        f"\t\t{axes}",
        "",
    ]
    for frame, time in enumerate(times):
        values = UNITS.get(unit, 1.0) * (np.array(list(places.values())) + frame * np.array(shift))
        lines.append("\t".join([str(frame + 1), f"{time:.5f}", *(f"{value:.6f}" for value in values.ravel())]))
    path.write_text(change("\n".join(lines) + "\n"))
    return path


@pytest.mark.parametrize("unit", UNITS)
def test_markers_stand_in_the_house_frame_in_metres(tmp_path, unit):
    motion = trc.read(_write(tmp_path / "a.trc", unit=unit))
    assert motion.rate == 100.0 and motion.landmarks == tuple(PERSON) and motion.rotation is None
    np.testing.assert_allclose(motion.position[0, 0], [0.05, -0.12, 1.00], atol=1e-6)  # right is -y
    np.testing.assert_allclose(motion.position[10, 6], [0.17 + 0.12, -0.12, 0.03], atol=1e-6)
    assert f"unit {unit}, y up" in motion.provenance.note and len(motion.provenance.sha256) == 64


def test_blank_nan_and_zero_are_not_seen(tmp_path):
    def lose(text):
        lines = text.splitlines()
        cells = [line.split("\t") for line in lines]
        cells[8][5:8] = ["", "", ""]  # row 2, second marker
        cells[9][-3:] = ["", "", ""]
        cells[10][2:5] = ["NaN", "-1.#IND", "0"]
        cells[11][2:5] = ["0.0", "0", "0.000"]
        return "\n".join("\t".join(line) for line in cells)

    motion = trc.read(_write(tmp_path / "a.trc", change=lose))
    missing = np.argwhere(np.isnan(motion.position).all(axis=2)).tolist()
    assert missing == [[2, 1], [3, 6], [4, 0], [5, 0]]
    assert np.isnan(motion.position).sum() == 12


def test_markers_never_seen_are_dropped_and_told(tmp_path):
    places = {**PERSON, "R.Bicep": (0.0, 0.0, 0.0)}

    def lose(text):
        lines = text.splitlines()
        return "\n".join(lines[:6] + ["\t".join(line.split("\t")[:-3]) + "\t\t\t" for line in lines[6:]])

    motion = trc.read(_write(tmp_path / "a.trc", places, change=lose))
    assert motion.landmarks == tuple(PERSON)
    assert "never seen and dropped: R.Bicep" in motion.provenance.note


@pytest.mark.parametrize("up", ["x", "y", "z", "-x", "-y", "-z"])
def test_up_axis_is_found_and_handedness_kept(tmp_path, up):
    axis, sign = "xyz".index(up[-1]), -1.0 if up[0] == "-" else 1.0
    order = [(axis + step) % 3 for step in (2, 0, 1)]  # where forward, up, right of PERSON go
    places = {}
    for name, place in PERSON.items():
        turned = np.empty(3)
        turned[order] = np.array(place) * [1.0, sign, sign]
        places[name] = tuple(turned)
    found = trc.read(_write(tmp_path / "a.trc", places, shift=(0, 0, 0)))
    truth = trc.read(_write(tmp_path / "b.trc", shift=(0, 0, 0)))
    np.testing.assert_allclose(found.position[..., 2], truth.position[..., 2], atol=1e-6)
    volumes = [
        np.linalg.det([motion.position[0, i] - motion.position[0, 4] for i in (6, 0, 2)]) for motion in (found, truth)
    ]
    assert volumes[0] == pytest.approx(volumes[1], rel=1e-4)  # no mirror image
    assert f"{up} up" in found.provenance.note


def test_names_that_tell_nothing_leave_the_usual_axis_or_the_one_given(tmp_path):
    places = {f"M{i}": place for i, place in enumerate(PERSON.values())}
    motion = trc.read(_write(tmp_path / "a.trc", places))
    np.testing.assert_allclose(motion.position[0, 0], [0.05, -0.12, 1.00], atol=1e-6)
    assert "no marker names tell feet from trunk" in motion.provenance.note
    np.testing.assert_allclose(trc.read(tmp_path / "a.trc", up="z").position[0, 0], [0.05, 1.0, 0.12], atol=1e-6)
    with pytest.raises(UnknownName, match='No up axis "Y"'):
        trc.read(tmp_path / "a.trc", up="Y")


def test_leaning_between_two_axes_asks_for_the_axis(tmp_path):
    places = {name: (x - 0.7 * y, y - 0.25 * y, z - 0.7 * y) for name, (x, y, z) in PERSON.items()}
    with pytest.raises(BadValue, match='name it, e.g. up="z"'):
        trc.read(_write(tmp_path / "a.trc", places))


def test_subject_stands_before_the_colon(tmp_path):
    one = {f"Anna:{name}": place for name, place in PERSON.items()}
    assert trc.read(_write(tmp_path / "a.trc", one)).landmarks == tuple(PERSON)
    two = {**one, **{f"Bert:{name}": (x, y, z + 2.0) for name, (x, y, z) in PERSON.items()}}
    path = _write(tmp_path / "b.trc", two)
    with pytest.raises(BadFile, match='subjects Anna, Bert: name one with subject="Anna"'):
        trc.read(path)
    np.testing.assert_allclose(trc.read(path, subject="Bert").position[0, 0], [0.05, -2.12, 1.0], atol=1e-6)
    with pytest.raises(UnknownName, match='No subject "Berta".*Did you mean "Bert"'):
        trc.read(path, subject="Berta")


def test_times_decide_the_rate(tmp_path):
    rounded = trc.read(_write(tmp_path / "a.trc", header="60", times=np.round(np.arange(40) / 60.0, 3)))
    assert rounded.rate == 60.0
    wrong = trc.read(_write(tmp_path / "b.trc", header="100", times=np.arange(40) / 120.0))
    assert wrong.rate == pytest.approx(120.0, rel=1e-4) and "says 100 Hz" in wrong.provenance.note
    assert trc.first_time(_write(tmp_path / "c.trc", times=0.23 + np.arange(40) / 100.0)) == 0.23


def _cut(text):
    return text[: len(text) - 60]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            {"unit": "m", "change": lambda t: t.replace("\tm\t", "\tmm\t")},
            "says mm, but .* look like m: correct the unit",
        ),
        (
            {"unit": "mm", "change": lambda t: t.replace("\tmm\t", "\tm\t")},
            "says m, but .*0.15 to 1.5 m.* look like mm",
        ),
        ({"unit": "inches"}, 'in "inches"; m, cm or mm is needed'),
        ({"change": _cut}, "cut short or damaged: line 46 has .* columns; the 7 markers that are named need 23"),
        ({"change": lambda t: t.replace("R.Toe", "R.Heel")}, "more than one marker called R.Heel"),
        (
            {"change": lambda t: t.replace("1000.000000", "what", 1)},
            'line 7, column "R.ASIS y", holds "what", which is no number',
        ),
        ({"change": lambda t: "\n".join(t.splitlines()[:6])}, "has no frames"),
        ({"change": lambda t: "x\n" + t.split("Frame#")[1]}, 'no row that begins with "Frame#"'),
        ({"times": np.array([0.0, 0.01, 0.01, 0.02])}, "line 9 has the same time again after 0.01 s"),
        ({"times": np.r_[np.arange(20), np.arange(22, 42)] / 100.0}, "frames are missing.*0.03 s after 0.19 s"),
    ],
)
def test_bad_file_is_named(tmp_path, arguments, words):
    with pytest.raises(BadFile, match=words):
        trc.read(_write(tmp_path / "a.trc", **arguments))


def test_missing_file_is_named(tmp_path):
    with pytest.raises(BadFile, match="cannot be read"):
        trc.read(tmp_path / "none.trc")
    with pytest.raises(BadFile, match="cannot be read"):
        trc.first_time(tmp_path / "none.trc")


@pytest.mark.parametrize(
    ("name", "rate", "frames", "count", "start"),
    [
        ("gait2392-subject01-walk/subject01_walk1.trc", 60.0, 151, 41, 0.0),
        ("hamner2010-run-subject02/subject02_running.trc", 60.0, 600, 40, 0.0),
        ("hamner2013-run-subject01/run300.trc", 100.0, 216, 42, 0.52),
        ("opencap-walk-subject4/walking1.trc", 100.0, 131, 51, 0.0),
        ("rajagopal2016-run/motion_capture_run.trc", 100.0, 510, 42, 0.23),
        ("rajagopal2016-walk/markers_walk.trc", 100.0, 238, 41, 0.0),
        ("rajagopal2016-walk/static_walk_1.trc", 100.0, 287, 64, 0.0),
    ],
)
def test_recorded_trials_stand_upright_in_metres(shared_data, name, rate, frames, count, start):
    motion = trc.read(shared_data / name)
    assert (motion.rate, len(motion.position), len(motion.landmarks)) == (rate, frames, count)
    assert trc.first_time(shared_data / name) == start
    middle = dict(zip(motion.landmarks, np.nanmean(motion.position, axis=0)))

    def mean(words, side=""):
        found = [place for name, place in middle.items() if any(word in name.lower() for word in words)]
        sides = [name for name in middle if any(word in name.lower() for word in words)]
        return np.mean([place for name, place in zip(sides, found) if name.lower().startswith(side)], axis=0)

    right, left = mean(["asi"], "r"), mean(["asi"], "l")
    assert 0.8 < right[2] < 1.2 and np.linalg.norm(left - right) > 0.15
    toes, heels = mean(["toe"]), mean(["heel", "rcal", "lcal", "calc"])
    assert (toes - heels) @ np.cross(left - right, [0, 0, 1]) > 0.02  # left x up is forward: no mirror image
