"""What may be wrong with a clip: each kind is named and skipped in bulk, and ends a call for it alone with code 2."""

import re
from pathlib import Path

import made_clips
import numpy as np
import pytest

from biomimic.retarget import bulk, clips, outcome
from biomimic.retarget.__main__ import main

FRAMES = 30


def _nan(path: Path) -> None:
    poses = np.zeros((FRAMES, 156))
    poses[:, 0], poses[12, 5] = np.pi / 2.0, np.nan
    made_clips.amass(path, poses=poses)


def _marker_walk(**changed: np.ndarray) -> dict[str, np.ndarray]:
    """Markers of somebody who stands and sways a little, on the body's usual places [m]."""
    places = {"Sternum": (0.1, 0.0, 1.35), "Sacral": (-0.12, 0.0, 1.02)}
    for side, sign in (("R", -1.0), ("L", 1.0)):
        places |= {
            f"{side}.ASIS": (0.1, 0.12 * sign, 1.0),
            f"{side}.Acromium": (0.0, 0.18 * sign, 1.42),
            f"{side}.Knee.Lat": (0.0, 0.14 * sign, 0.5),
            f"{side}.Ankle.Lat": (-0.02, 0.13 * sign, 0.09),
            f"{side}.Heel": (-0.08, 0.09 * sign, 0.04),
            f"{side}.Toe.Tip": (0.16, 0.1 * sign, 0.03),
        }
    sway = 0.01 * np.sin(2.0 * np.pi * np.arange(60) / 60.0)[:, None] * [1.0, 0.5, 0.1]
    return {name: np.array(place) + sway * place[2] for name, place in places.items()} | changed


def _sideways(path: Path) -> None:
    """A person whose up axis is the file's x, in a format whose up axis is fixed: AMASS."""
    poses = np.zeros((FRAMES, 156))
    made_clips.amass(path, poses=poses)  # SMPL's own y stays up


def _without(path: Path, *joints: str) -> None:
    person = {name: value for name, value in made_clips.PERSON.items() if name not in joints}
    made_clips.bvh(
        path, person={name: (above, place) for name, (above, place) in person.items() if above not in joints}
    )


def _renamed(path: Path) -> None:
    names = {name: f"bone{number:02d}" for number, name in enumerate(made_clips.PERSON)}
    made_clips.bvh(path, person={names[one]: (names.get(above), at) for one, (above, at) in made_clips.PERSON.items()})


def _in_millimetres(path: Path) -> None:
    made_clips.trc(path, {name: 1000.0 * place for name, place in _marker_walk().items()}, unit="m")


def _never_seen(path: Path) -> None:
    made_clips.trc(path, _marker_walk(**{"R.Heel": np.full((60, 3), np.nan)}))


def _frozen(path: Path) -> None:
    made_clips.trc(path, {name: np.tile(place[:1], (100, 1)) for name, place in _marker_walk().items()})


def _lost(path: Path) -> None:
    kept = ("R.Heel", "L.Heel", "R.Toe.Tip", "L.Toe.Tip", "Sacral", "Sternum")
    made_clips.trc(path, {name: place for name, place in _marker_walk().items() if name in kept})


# kind: file, how it is made, what must be said
KINDS = {
    "not a number": ("nan.npz", _nan, "pelvis|joint|number"),
    "missing joint": ("knee.bvh", lambda path: _without(path, "LeftLeg", "LeftFoot", "LeftToeBase"), "knee_left"),
    "zero length": ("empty.npz", lambda path: made_clips.amass(path, frames=0), "0 frames|no frames"),
    "one frame": ("one.npz", lambda path: made_clips.amass(path, frames=1), "at least 0.3 s"),
    "no frame rate": ("still.npz", lambda path: made_clips.amass(path, rate=0.0), "rate"),
    "impossible frame rate": ("fast.npz", lambda path: made_clips.amass(path, rate=50000.0), "50000"),
    "negative frame time": ("back.bvh", lambda path: made_clips.bvh(path, step=-0.01), "[Ff]rame"),
    "wrong up axis": ("lying.npz", _sideways, "stands along y"),
    "unknown skeleton": ("bones.bvh", _renamed, "bone01"),
    "millimetres for metres": ("walk.trc", _in_millimetres, "says m, .* look like mm"),
    "millimetres for metres, joints": (
        "far.npz",
        lambda path: made_clips.amass(path, trans=np.tile([0.0, 0.0, 1200.0], (FRAMES, 1))),
        "millimetres",
    ),
    "marker of a foot never seen": ("marker.trc", _never_seen, "right foot"),
    "frozen": ("frozen.trc", _frozen, "frozen.trc.* (moves|one pose)"),
    "too few markers": ("few.trc", _lost, "[Tt]oo few|lack"),
    "cut short": (
        "cut.bvh",
        lambda path: path.write_text("HIERARCHY\nROOT Hips\n{\n  OFFSET 0 0"),
        "cut|end|broken|expected",
    ),
    "empty file": ("nothing.trc", lambda path: path.write_text(""), "TRC"),
    "no skeleton file": ("01_01.amc", lambda path: path.write_text(":FULLY-SPECIFIED\n:DEGREES\n1\n"), "asf"),
}


@pytest.fixture(scope="module")
def together(tmp_path_factory):
    """All bad clips in one folder with a good one, done in one call."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("out")
    for name, write, _ in KINDS.values():
        write(source / name)
    made_clips.amass(source / "good.npz", frames=20)
    done = bulk.run(clips.find(source), bulk.Work("myofullbody", out), jobs=1)
    return source, out, {one.source: one for one in done.outcomes}


def test_good_clip_among_them_is_done(together):
    _, out, outcomes = together
    assert outcomes["good.npz"].is_done and (out / "good.npz").exists()
    assert len(outcomes) == len(KINDS) + 1


@pytest.mark.parametrize("kind", KINDS)
def test_named_and_skipped(together, kind):
    name, _, words = KINDS[kind]
    _, out, outcomes = together
    failed = outcomes[name]
    assert not failed.is_fault, failed.sentence
    assert re.search(words, failed.sentence), failed.sentence
    assert failed.sentence.count("\n") == 0 and failed.sentence.endswith(".")
    assert [path.name for path in out.glob(f"{Path(name).stem}*")] == [f"{Path(name).stem}{outcome.ENDING}"]


@pytest.mark.parametrize("kind", KINDS)
def test_alone_ends_with_code_two(together, tmp_path, capsys, kind):
    name, _, _ = KINDS[kind]
    source, _, outcomes = together
    assert main([str(source / name), "--out", str(tmp_path / "out"), "--jobs", "1"]) == 2
    assert capsys.readouterr().err.splitlines()[-1] == outcomes[name].sentence
    left = {path.name for path in (tmp_path / "out").iterdir()}
    assert left == {f"{Path(name).stem}{outcome.ENDING}", "overview.html"}
