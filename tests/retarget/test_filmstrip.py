"""Filmstrips: the drawing is valid SVG, the floor, the sides and the contact phases are where they must be."""

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import mujoco
import numpy as np
import pytest

from biomimic import embodiment
from biomimic.motion import Trajectory
from biomimic.provenance import Provenance
from biomimic.retarget.contact import contact_points
from biomimic.retarget.filmstrip import Film, draw
from biomimic.retarget.options import Contact

SVG = "{http://www.w3.org/2000/svg}"


def _still(body: embodiment.Embodiment, frames: int = 5) -> Trajectory:
    """The reference pose of the body."""
    data = mujoco.MjData(body.model)
    data.qpos[:] = body.couplings.expand(body.model.qpos0)
    mujoco.mj_kinematics(body.model, data)
    place = np.tile(body.landmark_position(data), (frames, 1, 1))
    rotation = np.tile([1.0, 0.0, 0.0, 0.0], (frames, len(body.landmarks), 1))
    return Trajectory(
        rate=100.0,
        qpos=np.tile(data.qpos, (frames, 1)),
        qvel=np.zeros((frames, body.model.nv)),
        landmark_position=place,
        landmark_rotation=rotation,
        landmarks=tuple(body.landmarks),
        embodiment=body.name,
        model_sha256=body.sha256,
        provenance=Provenance("made by this test"),
    )


def _turned(body: embodiment.Embodiment, clip: Trajectory, angle: float) -> Trajectory:
    """The same with the root turned about the vertical."""
    qpos = clip.qpos.copy()
    turn, found = np.array([np.cos(angle / 2), 0.0, 0.0, np.sin(angle / 2)]), np.empty(4)
    for pose in qpos:
        mujoco.mju_mulQuat(found, turn, pose[3:7])
        pose[3:7] = found
    return replace(clip, qpos=qpos)


def _paths(svg: str, kind: str) -> list[np.ndarray]:
    """Corners of every path of a kind, (n, 2)."""
    root = ElementTree.fromstring(svg)
    lines = [path.get("d") for path in root.iter(f"{SVG}path") if path.get("class") == kind]
    return [np.array(re.findall(r"(-?[\d.]+) (-?[\d.]+)", line), dtype=float) for line in lines]


def test_twelve_figures_in_two_rows_on_a_floor(body):
    svg = draw(_still(body, 40), body)
    root = ElementTree.fromstring(svg)
    assert len(_paths(svg, "open")) == 2 * 12  # the left joints of every figure
    floors = [path for path in root.iter(f"{SVG}path") if re.fullmatch(r"M0 [\d.]+H\d+", path.get("d"))]
    assert len(floors) == 2
    assert [text.text for text in root.iter(f"{SVG}text")] == ["from the right side", "from the front"]


def test_short_clip_shows_every_frame_once(body):
    assert len(_paths(draw(_still(body, 3), body), "open")) == 2 * 3


def test_soles_stand_as_high_as_they_are(body):
    clip, soles = _still(body, 1), contact_points(body, Contact())
    root = ElementTree.fromstring(draw(clip, body))
    floors = (re.match(r"M0 ([\d.]+)H", path.get("d")) for path in root.iter(f"{SVG}path"))
    base = next(float(found[1]) for found in floors if found)
    pale = [path for path in root.iter(f"{SVG}path") if path.get("stroke-opacity") and path.get("class") == "right"]
    drawn = []
    for path in pale:
        corners = re.findall(r"(-?[\d.]+) (-?[\d.]+)", path.get("d"))
        drawn += [(base - float(y)) / 100.0 - float(path.get("stroke-width")) / 200.0 for _, y in corners]
    data = mujoco.MjData(body.model)
    data.qpos[:] = clip.qpos[0]
    mujoco.mj_kinematics(body.model, data)
    world = np.einsum("pij,pj->pi", data.xmat[soles.bodies].reshape(-1, 3, 3), soles.places) + data.xpos[soles.bodies]
    assert max(drawn) > 0  # both rows are in the list; those of the first one are above the first floor
    assert min(value for value in drawn if value > -0.5) == pytest.approx(np.min(world[:, 2] - soles.radii), abs=2e-3)


@pytest.mark.parametrize("angle", [0.0, 1.0, np.pi])
def test_right_side_is_left_of_the_middle_seen_from_the_front(body, angle):
    clip = _turned(body, _still(body, 1), angle)
    svg = draw(clip, body, Film(frames=1))
    middle = float(ElementTree.fromstring(svg).get("viewBox").split()[2]) / 2.0
    right, left = _paths(svg, "right"), _paths(svg, "left")
    # in the row from the front, the knee of the right leg lies to the left of the middle, the left one's to the right
    assert right[-2][1, 0] < middle < left[-2][1, 0]
    assert middle - right[-2][1, 0] == pytest.approx(7.6, abs=0.3)  # knees of the reference pose are 0.152 m apart


def test_drawing_does_not_change_with_the_heading(body):
    clip = _still(body, 2)
    first, second = draw(clip, body), draw(_turned(body, clip, 0.7), body)
    for kind in ("right", "left", "trunk"):
        for one, other in zip(_paths(first, kind), _paths(second, kind)):
            np.testing.assert_allclose(one, other, atol=0.11)


def test_contact_lanes(body):
    names = contact_points(body, Contact()).names
    contact = np.zeros((10, len(names)), dtype=bool)
    contact[2:5, 0] = True  # a right point for 3 of 10 frames
    clip = replace(_still(body, 10), contact=contact, contact_points=names)
    root = ElementTree.fromstring(draw(clip, body))
    (bar,) = root.iter(f"{SVG}rect")
    width = float(root.get("viewBox").split()[2])
    lane = float(bar.get("width")) / 0.3
    assert bar.get("class") == "right bar"
    assert float(bar.get("x")) == pytest.approx(width - lane + 0.2 * lane, abs=1.0)
    assert "on the floor, 0 to 0.09 s" in [text.text for text in root.iter(f"{SVG}text")]


def test_arms_alone_have_no_floor():
    arms = embodiment.load("bimanual")
    root = ElementTree.fromstring(draw(_still(arms, 4), arms))
    assert len([path for path in root.iter(f"{SVG}path") if path.get("class") == "open"]) == 2 * 4
    assert not [path for path in root.iter(f"{SVG}path") if re.fullmatch(r"M0 [\d.]+H\d+", path.get("d"))]
