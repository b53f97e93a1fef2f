from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from biomimic.errors import BadFile, UnknownName
from biomimic.motion import Motion
from biomimic.provenance import Provenance
from biomimic.readers import trc
from biomimic.retarget import marker_places

# a knee that slides by 1.5 * 0.02 m at zero, between frames that are turned alike
KNEE = """<SpatialTransform>
  <TransformAxis name="rotation1"><coordinates>knee</coordinates><axis>0 0 1</axis>{f0}
    <LinearFunction{n}><coefficients>1 0</coefficients></LinearFunction>{f1}</TransformAxis>
  <TransformAxis name="rotation2"><axis>0 1 0</axis>{f0}<Constant{n}><value>0</value></Constant>{f1}</TransformAxis>
  <TransformAxis name="translation1"><axis>1 0 0</axis>{f0}<MultiplierFunction{n}><function>
    <SimmSpline><x>-2 -1 0 1</x><y>0.03 0.01 0.02 0.01</y></SimmSpline></function><scale>1.5</scale>
    </MultiplierFunction>{f1}</TransformAxis>
  <TransformAxis name="translation2"><axis>0 1 0</axis>{f0}<Constant{n}><value>-0.01</value></Constant>{f1}
  </TransformAxis></SpatialTransform>"""
NEW = """<?xml version="1.0"?><OpenSimDocument Version="40500"><Model name="new"><Ground name="ground"/>
<BodySet><objects><Body name="pelvis"><mass>11</mass></Body><Body name="femur_r"><mass>9</mass></Body>
<Body name="femur_l"><mass>9</mass></Body><Body name="tibia_r"><mass>4</mass></Body></objects></BodySet>
<JointSet><objects>
<CustomJoint name="ground_pelvis"><socket_parent_frame>/ground</socket_parent_frame>
  <socket_child_frame>/bodyset/pelvis</socket_child_frame></CustomJoint>
<BallJoint name="hip_r"><socket_parent_frame>a</socket_parent_frame><socket_child_frame>b</socket_child_frame><frames>
  <PhysicalOffsetFrame name="a"><socket_parent>/bodyset/pelvis</socket_parent>
    <translation>-0.05 -0.08 0.09</translation><orientation>0 0 0</orientation></PhysicalOffsetFrame>
  <PhysicalOffsetFrame name="b"><socket_parent>/bodyset/femur_r</socket_parent>
    <translation>0 0 0</translation><orientation>0 0 0</orientation></PhysicalOffsetFrame></frames></BallJoint>
<BallJoint name="hip_l"><socket_parent_frame>a</socket_parent_frame>
  <socket_child_frame>/bodyset/femur_l</socket_child_frame><frames>
  <PhysicalOffsetFrame name="a"><socket_parent>/bodyset/pelvis</socket_parent>
    <translation>-0.05 -0.08 -0.09</translation><orientation>0 0 0</orientation></PhysicalOffsetFrame>
  </frames></BallJoint>
<CustomJoint name="knee_r"><socket_parent_frame>a</socket_parent_frame><socket_child_frame>b</socket_child_frame>
<frames>
  <PhysicalOffsetFrame name="a"><socket_parent>/bodyset/femur_r</socket_parent>
    <translation>0 -0.4 0</translation><orientation>0 0 1.5707963267948966</orientation></PhysicalOffsetFrame>
  <PhysicalOffsetFrame name="b"><socket_parent>/bodyset/tibia_r</socket_parent>
    <translation>0 0 0</translation><orientation>0 0 1.5707963267948966</orientation></PhysicalOffsetFrame></frames>
{knee}</CustomJoint></objects></JointSet>
<MarkerSet><objects><Marker name="R.ASIS"><socket_parent_frame>/bodyset/pelvis</socket_parent_frame>
  <location>0.02 0.03 0.12</location></Marker><Marker name="R.Shank"><socket_parent_frame>/bodyset/tibia_r
  </socket_parent_frame><location>0.01 -0.1 0.05</location></Marker></objects></MarkerSet></Model></OpenSimDocument>"""
OLD = """<?xml version="1.0"?><OpenSimDocument Version="30000"><Model name="old"><BodySet><objects><Body name="ground"/>
<Body name="pelvis"><mass>11</mass><Joint><CustomJoint name="ground_pelvis"><parent_body>ground</parent_body>
  <location_in_parent>0 0 0</location_in_parent></CustomJoint></Joint></Body>
<Body name="femur_r"><mass>9</mass><Joint><BallJoint name="hip_r"><parent_body>pelvis</parent_body>
  <location_in_parent>-0.05 -0.08 0.09</location_in_parent></BallJoint></Joint></Body>
<Body name="femur_l"><mass>9</mass><Joint><BallJoint name="hip_l"><parent_body>pelvis</parent_body>
  <location_in_parent>-0.05 -0.08 -0.09</location_in_parent></BallJoint></Joint></Body>
<Body name="tibia_r"><mass>4</mass><Joint><CustomJoint name="knee_r"><parent_body>femur_r</parent_body>
  <location_in_parent>0 -0.4 0</location_in_parent><orientation_in_parent>0 0 1.5707963267948966</orientation_in_parent>
  <location>0 0 0</location><orientation>0 0 1.5707963267948966</orientation>{knee}</CustomJoint></Joint></Body>
</objects></BodySet><MarkerSet><objects>
<Marker name="R.ASIS"><body>pelvis</body><location> 0.02 0.03 0.12</location></Marker>
<Marker name="R.Shank"><body>tibia_r</body><location>0.01 -0.1 0.05</location></Marker>
</objects></MarkerSet></Model></OpenSimDocument>"""


def _write(folder, form):
    path = folder / f"{form}.osim"
    wrapped = {"f0": "<function>", "f1": "</function>", "n": ""} if form == "old" else {"f0": "", "f1": ""}
    knee = KNEE.format(**({"n": ' name="function"'} | wrapped))
    path.write_text((OLD if form == "old" else NEW).replace("{knee}", knee))
    return path


@pytest.mark.parametrize("form", ["old", "new"])
def test_markers_and_lengths_worked_by_hand(tmp_path, form):
    model = marker_places.read_osim(_write(tmp_path, form))
    assert model.name == form and model.mass == {"pelvis": 11.0, "femur_r": 9.0, "femur_l": 9.0, "tibia_r": 4.0}
    body, place = model.markers["R.ASIS"]
    assert body == "pelvis" and place.tolist() == [0.02, 0.03, 0.12]
    # the knee's frame is turned by 90 degrees about z: its x is the thigh's y, its y the thigh's -x
    tibia = np.array([-0.05, -0.08, 0.09]) + [0.01, -0.4 + 1.5 * 0.02, 0.0]
    np.testing.assert_allclose(model.poses["tibia_r"][:3, 3], tibia, atol=1e-12)
    np.testing.assert_allclose(model.poses["tibia_r"][:3, :3], np.eye(3), atol=1e-12)
    np.testing.assert_allclose(model.marker_positions()["R.Shank"], tibia + [0.01, -0.1, 0.05], atol=1e-12)
    assert model.lengths == pytest.approx({"thigh_right": np.hypot(0.01, 0.37), "hips": 0.18})
    with pytest.raises(UnknownName, match='No body "tibia_l" in .*Did you mean "tibia_r"'):
        model.distance("femur_l", "tibia_l")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<OpenSimDocument><Model", "is no OpenSim model or is cut short"),
        ("<Document/>", "it has no <Model>"),
        ("<OpenSimDocument><Model/></OpenSimDocument>", "its model has no bodies"),
        (OLD.replace("{knee}", "").replace("0.02 0.03 0.12", "0.02 0.03"), '"0.02 0.03" stands where 3 numbers belong'),
        (OLD.replace("{knee}", "").replace(">ground</parent_body>", ">tibia_r</parent_body>"), "hangs on itself"),
    ],
)
def test_bad_file_is_named(tmp_path, text, words):
    path = tmp_path / "bad.osim"
    path.write_text(text)
    with pytest.raises(BadFile, match=words):
        _ = marker_places.read_osim(path).poses


def test_missing_file_is_named(tmp_path):
    with pytest.raises(BadFile, match="cannot be read"):
        marker_places.read_osim(tmp_path / "none.osim")


def test_misfit_sees_through_turns_and_finds_the_displaced_marker(tmp_path):
    places = np.array([[0.1, 0, 0.12], [0.1, 0, -0.12], [-0.1, 0.02, 0.05], [-0.1, 0.02, -0.05]])
    marks = {name: ("pelvis", place) for name, place in zip("abcd", places)} | {"e": ("tibia_r", np.zeros(3))}
    model = replace(marker_places.read_osim(_write(tmp_path, "old")), markers=marks)
    turns = Rotation.from_euler("zyx", np.linspace(0, 1, 30)[:, None] * [2.0, 0.5, -0.7]).as_matrix()
    position = np.einsum("tij,nj->tni", turns, places) + np.linspace(0, 3, 30)[:, None, None]
    position = np.concatenate([position, position[:, :1]], axis=1)
    position[3, 1] = np.nan
    motion = Motion(100.0, position, tuple("abcde"), Provenance("made"))
    found = marker_places.misfit(model, motion)
    assert set(found) == set("abcd") and max(found.values()) < 1e-12
    for change in ([1, 1, 1], [1, 1, -1]):  # a mirror image is no turn
        moved = (places + [[0, 0.1, 0], [0, 0, 0], [0, 0, 0], [0, 0, 0.03]]) * change
        others = {name: ("pelvis", place) for name, place in zip("abcd", moved)}
        found = marker_places.misfit(replace(model, markers=others), motion)
        _, rssd = Rotation.align_vectors(places - places.mean(axis=0), moved - moved.mean(axis=0))
        assert np.linalg.norm(list(found.values())) == pytest.approx(rssd, rel=1e-9) and rssd > 0.02


@pytest.mark.parametrize(
    ("file", "trial", "mass", "count", "most"),
    [
        ("rajagopal2016-walk/subject_walk_scaled.osim", "rajagopal2016-walk/markers_walk.trc", 85.27, 65, 0.012),
        (
            "opencap-walk-subject4/optimized_scale_and_markers.osim",
            "opencap-walk-subject4/walking1.trc",
            62.6,
            49,
            0.01,
        ),
        ("hamner2013-run-subject01/final.osim", "hamner2013-run-subject01/run200.trc", 72.84, 64, 0.006),
    ],
)
def test_fitted_models_fit_their_trials(shared_data, file, trial, mass, count, most):
    model = marker_places.read_osim(shared_data / file)
    assert sum(model.mass.values()) == pytest.approx(mass, abs=0.1) and len(model.markers) == count
    misfit = marker_places.misfit(model, trc.read(shared_data / trial))
    assert len(misfit) > 15 and np.sqrt(np.mean(np.square(list(misfit.values())))) < most
    lengths = model.lengths
    assert 0.35 < lengths["thigh_right"] < 0.5 and 0.38 < lengths["shank_left"] < 0.52
    assert 0.14 < lengths["hips"] < 0.19 and 0.3 < lengths["shoulders"] < 0.45 and 0.45 < lengths["trunk"] < 0.62


def test_generic_places_are_noticed(shared_data):
    folder = shared_data / "hamner2010-run-subject02"
    model = marker_places.read_osim(folder / "subject02_scaled.osim")
    misfit = marker_places.misfit(model, trc.read(folder / "subject02_running.trc"))
    assert np.sqrt(np.mean(np.square(list(misfit.values())))) > 0.03


def test_model_without_markers_still_has_lengths(shared_data):
    model = marker_places.read_osim(shared_data / "falisse2019-walk/subject1.osim")
    assert model.markers == {} and sum(model.mass.values()) == pytest.approx(62.0, abs=0.01)
    assert model.lengths["shank_right"] == pytest.approx(0.415694825374905)  # location_in_parent of its ankle
