"""Markers of laboratories: names by hand, places against the model's own marker sites."""

from pathlib import Path

import mujoco
import numpy as np
import pytest
from posed_people import distance, walking

from biomimic import embodiment
from biomimic.errors import BadValue
from biomimic.motion import Motion
from biomimic.provenance import Provenance
from biomimic.readers import trc
from biomimic.retarget import marker_targets
from biomimic.retarget.targets import targets

DATA = Path(__file__).parents[2] / "../shared/data"
PLUG_IN_GAIT = (
    "LFHD RFHD C7 T10 CLAV STRN RBAK LSHO LELB LWRA LWRB LFIN RSHO RELB RWRA RWRB RFIN LASI RASI LPSI RPSI LTHI LKNE "
    "LTIB LANK LHEE LTOE RTHI RKNE RTIB RANK RHEE RTOE"
).split()
FULL_BODY = "RASI LASI RPSI LPSI RTH1 LTH1 RLFC LLFC RTB1 LTB1 RLMAL LLMAL RCAL LCAL RTOE LTOE RMT5 LMT5 C7".split()
HEADS = {"R.Temple", "L.Temple", "Top.Head"}


def motion(names: list[str], position: np.ndarray | None = None) -> Motion:
    position = np.zeros((4, len(names), 3)) if position is None else position
    return Motion(100.0, position, tuple(names), Provenance("made by this test"))


def worn(body: embodiment.Embodiment, names: list[str], qpos: np.ndarray) -> Motion:
    """Markers that sit where the table says."""
    aim = targets(motion(names), body)
    data, places = mujoco.MjData(body.model), {}
    for pose in qpos:
        data.qpos[:] = pose
        mujoco.mj_kinematics(body.model, data)
        world = data.xpos[aim.bodies] + (data.xmat.reshape(-1, 3, 3)[aim.bodies] @ aim.offsets[..., None])[..., 0]
        for name, point in zip(aim.names, body.to_house(world)):
            places.setdefault(name, []).append(point)
    return motion(list(places), np.stack([np.array(path) for path in places.values()], axis=1))


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["R.ASIS"], [("asis", "r")]),
        (["L_ASIS", "r.PSIS_study"], [("asis", "l"), ("psis", "r")]),
        (["RASI", "RKNE", "LTOE"], [("asis", "r"), ("epicondyle_lateral", "r"), ("metatarsal2", "l")]),
        (["RASI", "RLFC", "LTOE"], [("asis", "r"), ("epicondyle_lateral", "r"), ("toe_joint", "l")]),
        (["R.Knee", "R.MKnee", "R.Toe"], [("epicondyle_lateral", "r"), ("epicondyle_medial", "r"), ("toe_tip", "r")]),
        (["r_knee", "r_5meta", "r_toe"], [("epicondyle_lateral", "r"), ("metatarsal5", "r"), ("metatarsal2", "r")]),
        (["V.Sacral", "R.Thigh.Upper", "L.Toe.Tip"], [("sacrum", ""), ("thigh", "r"), ("toe_tip", "l")]),
        (["LLEL", "LMEL", "LLMAL"], [("elbow_lateral", "l"), ("elbow_medial", "l"), ("malleolus_lateral", "l")]),
        (["RBAK", "RBHD", "Top.Head"], [("shoulder_blade", "r"), ("", "r"), ("", "")]),
        (["Right ASIS"], [("asis", "r")]),
    ],
)
def test_names_of_laboratories(names, expected):
    found = marker_targets.named(tuple(names))
    assert list(found.values()) == expected


def test_every_name_of_the_table_leads_to_a_place():
    places, families = marker_targets.tables()
    used = {key for family in families.values() for key in (*family.sided.values(), *family.middle.values())}
    assert used - {""} == set(places)


@pytest.mark.parametrize(
    ("site", "key"),
    [
        ("RASI", "asis"),
        ("RPSI", "psis"),
        ("RLFC", "epicondyle_lateral"),
        ("RMFC", "epicondyle_medial"),
        ("RLMAL", "malleolus_lateral"),
        ("RMMAL", "malleolus_medial"),
        ("RCAL", "heel"),
        ("RTOE", "toe_joint"),
        ("RMT5", "metatarsal5"),
        ("R.Elbow.Lateral_marker", "elbow_lateral"),
        ("R.Elbow.Medial_marker", "elbow_medial"),
        ("R.Ulna_marker", "styloid_ulnar"),
        ("R.Radius_marker", "styloid_radial"),
        ("R.Shoulder_marker", "acromion"),
    ],
)
def test_places_agree_with_the_sites_of_the_model(body, site, key):
    place = marker_targets.tables()[0][key]
    number = body.model.site(site).id
    assert body.model.body(body.model.site_bodyid[number]).name == place.body.format(s="r")
    assert np.linalg.norm(body.model.site_pos[number] - np.array(place.at)) < 2.0 * place.spread


def test_markers_worn_as_the_table_says_are_met_exactly(body):
    qpos = walking(body, 10)
    seen = worn(body, PLUG_IN_GAIT, qpos)
    aim = targets(seen, body)
    assert distance(body, aim, qpos).max() < 1e-9
    assert len(aim.names) == len(PLUG_IN_GAIT) - 2  # two head markers


def test_both_sides_mirror_each_other(body):
    aim = targets(motion(PLUG_IN_GAIT), body)
    right, left = (
        aim.offsets[[aim.names.index(side + name) for name in ("ASI", "KNE", "TOE", "WRA")]] for side in "RL"
    )
    np.testing.assert_allclose(right * [1, 1, -1], left, atol=1e-12)


def test_clusters_are_wide_and_bones_are_not(body):
    aim = targets(motion(FULL_BODY), body)
    spread = dict(zip(aim.names, aim.spread))
    assert spread["RTH1"] == spread["LTB1"] == 0.08
    assert max(spread[name] for name in ("RASI", "RPSI", "RLFC", "RLMAL", "RCAL")) <= 0.015


def test_unseen_markers_stay_unseen_and_unknown_ones_are_named(body):
    seen = worn(body, [*FULL_BODY], walking(body, 6))
    position = np.concatenate([seen.position, np.zeros((6, 2, 3))], axis=1)
    position[2, 0] = np.nan
    aim = targets(motion([*seen.landmarks, "wand", "RFHD"], position), body)
    assert aim.dropped == ("wand", "RFHD")
    assert np.isnan(aim.position[2, 0]).all() and np.isfinite(aim.position[1]).all()


def test_parts_without_markers_are_named(body):
    names = [name for name in FULL_BODY if name not in ("LTOE", "LMT5", "RPSI", "LPSI")]
    with pytest.raises(BadValue, match=r"the pelvis \(2 of 3\), the left foot \(1 of 2\).*plug_in_gait"):
        targets(motion(names), body)


def test_unknown_markers_alone_are_refused(body):
    with pytest.raises(BadValue, match="Too few known markers .* the file has M001, M002"):
        targets(motion(["M001", "M002"]), body)


def test_arms_alone_need_trunk_and_arms():
    arms = embodiment.load("bimanual")
    aim = targets(motion(PLUG_IN_GAIT), arms)
    assert {"C7", "CLAV", "RSHO", "LELB", "RWRA", "LFIN"} <= set(aim.names)
    assert {"RASI", "LKNE", "RTOE"} <= set(aim.dropped)
    with pytest.raises(BadValue, match=r"the trunk \(1 of 3\), the right arm \(0 of 3\)"):
        targets(motion(FULL_BODY), arms)


@pytest.mark.parametrize(
    ("file", "least"),
    [
        ("rajagopal2016-walk/markers_walk.trc", 41),
        ("rajagopal2016-run/motion_capture_run.trc", 42),
        ("gait2392-subject01-walk/subject01_walk1.trc", 38),
        ("hamner2010-run-subject02/subject02_running.trc", 37),
        ("hamner2013-run-subject01/run200.trc", 42),
        ("opencap-walk-subject4/walking1.trc", 49),
    ],
)
def test_real_marker_sets_are_known(body, file, least):
    path = DATA / file
    if not path.is_file():
        pytest.skip(f"the raw file is not at {path}")
    aim = targets(trc.read(path), body)
    assert len(aim.names) == least
    assert set(aim.dropped) <= HEADS | {"R_HJC_reg", "L_HJC_reg", "RHJC", "LHJC"}
