"""Contacts found from markers of feet against plate forces: overground walks, treadmill runs and walks."""

from pathlib import Path

import numpy as np
import pytest

from biomimic.motion import Motion
from biomimic.readers import bvh, trc
from biomimic.retarget import checks, companions
from biomimic.retarget import contact_phases as phases
from biomimic.retarget.contact import Points
from biomimic.retarget.ground import Ground, detect

DATA = Path(__file__).parents[2] / "../shared/data"
RATE = 100.0
OPENCAP = ("r_calc", "r_5meta", "r_toe", "L_calc", "L_5meta", "L_toe")
HAMNER = ("RCAL", "RMT5", "RTOE", "LCAL", "LMT5", "LTOE")
DELAWARE = tuple(f"{side}.{name}" for side in "RL" for name in ("Heel", "Toe.Lat", "Toe.Med", "Toe.Tip"))
# folder and trial, markers of the feet, the belt's speed [m/s], latest touch-down against 20 N [s]
TRIALS = {
    "opencap-walk-subject4/walking1": (OPENCAP, 0.0, 0.03),
    "opencap-walk-subject4/walking2": (OPENCAP, 0.0, 0.03),
    "opencap-walk-subject4/walking4": (OPENCAP, 0.0, 0.03),
    "hamner2013-run-subject01/run200": (HAMNER, 2.0, 0.03),
    "hamner2013-run-subject01/run300": (HAMNER, 3.0, 0.03),
    "hamner2010-run-subject02/subject02_running": (DELAWARE, 3.96, 0.06),  # 60 Hz, smoothed before it was published
    "gait2392-subject01-walk/subject01_walk1": (DELAWARE, 1.12, 0.03),
}


def trial(name: str) -> tuple[Motion, np.ndarray]:
    """A motion at 100 Hz and the force on both feet at its frames."""
    path = DATA / f"{name}.trc"
    if not path.exists():
        pytest.skip(f"{path.name} is not here")
    motion = checks.resample(trc.read(path), RATE)
    force = companions.forces(path.with_name(f"{path.stem}_grf.mot"), motion, RATE, trc.first_time(path))
    frames = min(len(force), len(motion.position))
    return motion, force[:frames]


def points_of(motion: Motion, names: tuple[str, ...], frames: int) -> tuple[np.ndarray, Points]:
    """Markers as points whose lower ends are a skin's or shoe's height below them."""
    place = motion.position[:frames, [motion.landmarks.index(name) for name in names]]
    low = np.quantile(place[..., 2], 0.1, axis=0)
    sides = np.array([0 if name[0] in "Rr" else 1 for name in names])
    count = len(names)
    return place, Points(names, np.zeros(count, int), np.zeros((count, 3)), low - low.min(), sides, ("toe",) * count)


def apart(ground: Ground, points: Points, force: np.ndarray, edge: str) -> np.ndarray:
    """How late touch-downs ("first") or toe-offs ("last") are found after the plates have them [s]."""
    late = []
    for side in (0, 1):
        ours = phases.runs(ground.contact[:, points.sides == side].any(axis=1)[:, None])
        true = phases.runs((force[:, 2 + 3 * side] > 20.0)[:, None])
        frame = getattr(true, edge)
        inside = (frame > 3) & (frame < len(force) - 6) & (true.length > 6)
        late += [(getattr(ours, edge) - one)[np.abs(getattr(ours, edge) - one).argmin()] for one in frame[inside]]
    return np.array(late) / RATE


@pytest.mark.parametrize("name", TRIALS)
def test_touch_down_and_toe_off_agree_with_the_plates(name):
    names, _, latest = TRIALS[name]
    motion, force = trial(name)
    place, points = points_of(motion, names, len(force))
    ground = detect(place, points, RATE)
    assert np.abs(apart(ground, points, force, "first")).max() <= latest + 1e-9
    assert np.abs(apart(ground, points, force, "last")).max() <= 0.06 + 1e-9  # a toe marker leaves before the toe


@pytest.mark.parametrize("name", TRIALS)
def test_the_belt_runs_as_the_laboratory_says(name):
    names, speed, _ = TRIALS[name]
    motion, force = trial(name)
    place, points = points_of(motion, names, len(force))
    ground = detect(place, points, RATE)
    assert np.linalg.norm(ground.belt) == pytest.approx(speed, abs=0.04)
    assert ground.slope < 0.01


def test_plates_under_the_feet_are_believed():
    names, _, _ = TRIALS["opencap-walk-subject4/walking1"]
    motion, force = trial("opencap-walk-subject4/walking1")
    place, points = points_of(motion, names, len(force))
    ground = detect(place, points, RATE, force=force)
    assert ground.force_used == (True, True)
    assert np.abs(apart(ground, points, force, "first")).max() <= 0.02 + 1e-9
    assert ground.weighed.mean() > 0.9


@pytest.mark.parametrize("name", ["07_01_walk_from_fbx", "08_02_walk_from_fbx"])
def test_the_floor_of_the_walks_that_rises_by_two_percent_is_found(name):
    path = DATA / f"cmu-mocap/bvh/{name}.bvh"
    if not path.exists():
        pytest.skip(f"{path.name} is not here")
    motion = checks.resample(bvh.read(path), RATE)
    joints = [f"{joint}_{side}" for side in ("right", "left") for joint in ("ankle", "toe")]
    place = motion.position[:, [motion.landmarks.index(joint) for joint in joints]]
    radii = np.tile([np.median(place[:, ::2, 2]) - np.median(place[:, 1::2, 2]), 0.0], 2)
    points = Points(tuple(joints), np.zeros(4, int), np.zeros((4, 3)), radii, np.array([0, 0, 1, 1]), ("toe",) * 4)
    ground = detect(place, points, RATE)
    assert ground.slope == pytest.approx(0.02, abs=0.006)
    assert not ground.belt.any()
