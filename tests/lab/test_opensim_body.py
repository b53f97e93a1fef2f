"""The simulated body as an OpenSim model: what the file says, and what OpenSim makes of it."""

import json
import subprocess
import sys
from dataclasses import replace
from xml.etree import ElementTree

import mujoco
import numpy as np
import pytest
from made_trials import made_trial, swing

from biomimic import embodiment
from biomimic.errors import BadValue, NotEnoughData
from biomimic.lab import body, tables

# places, in a process that has opensim: body → origin in ground, for each row of coordinates
PLACES = """
import json, sys
import opensim
opensim.Logger.setLevelString("error")
model = opensim.Model(sys.argv[1]); state = model.initSystem()
job = json.load(open(sys.argv[2])); found = []
for row in job["rows"]:
    for name, value in zip(job["names"], row):
        model.getCoordinateSet().get(name).setValue(state, value, False)
    model.realizePosition(state)
    bodies = model.getBodySet()
    found.append([bodies.get(k).getPositionInGround(state).to_numpy().tolist() for k in range(bodies.getSize())])
json.dump({"places": found, "mass": model.getTotalMass(state)}, open(sys.argv[2], "w"))
"""


@pytest.fixture(scope="module")
def document(tiny, tmp_path_factory):
    path = body.write(tmp_path_factory.mktemp("body") / "tiny.osim", tiny)
    return ElementTree.parse(path).getroot().find("Model")


def test_masses_add_up_to_the_body(document, tiny):
    masses = [float(one.find("mass").text) for one in document.iter("Body")]
    assert sum(masses) == pytest.approx(tiny.mass, rel=1e-12)
    assert len(masses) == tiny.model.nbody - 1


def test_gravity_points_down_along_y(document):
    assert [float(x) for x in document.find("gravity").text.split()] == pytest.approx([0.0, -9.81, 0.0])


def test_inertia_of_a_sphere_is_that_of_a_sphere(document):
    # the head: 2 kg, radius 0.07 m: 2/5 m r^2 = 0.00392 kg m^2 about each axis, no products
    head = next(one for one in document.iter("Body") if one.get("name") == "head")
    found = [float(x) for x in head.find("inertia").text.split()]
    assert found == pytest.approx([0.00392, 0.00392, 0.00392, 0.0, 0.0, 0.0], abs=1e-9)


def test_kneecap_of_another_body_is_a_coordinate_with_a_constraint(document):
    coupled = {one.find("dependent_coordinate_name").text for one in document.iter("CoordinateCouplerConstraint")}
    assert coupled == {"patella_angle_r", "patella_angle_l"}
    names = {one.get("name") for one in document.iter("Coordinate")}
    assert coupled | set(body.ROOT) | {"hip_flexion_r", "knee_angle_l", "ankle_angle_r"} <= names


def test_coordinates_of_a_turned_root(tiny):
    # 0.3 rad about the house's z turn the body to the left: rotation about OpenSim's y, the other two angles stay zero
    trial = made_trial(tiny)
    qpos = np.array(trial.coordinates.values)
    qpos[:, 3:7] = [np.cos(0.15), 0.0, 0.0, np.sin(0.15)]
    turned = replace(trial, coordinates=trial.coordinates.with_values(qpos))
    found = body.coordinates(tiny, turned)
    assert found.channel("pelvis_rotation") == pytest.approx(0.3, abs=1e-12)
    assert np.abs(found.select(["pelvis_tilt", "pelvis_list"]).values).max() < 1e-12
    assert found.channel("pelvis_tx") == pytest.approx(trial.coordinates.time)


def test_lean_forward_is_a_negative_tilt(tiny):
    # OpenSim's tilt turns about the axis to the right; anterior tilt (house, about the left axis) has the other sign
    trial = made_trial(tiny)
    found = body.coordinates(tiny, trial).channel("pelvis_tilt")
    assert found == pytest.approx(-trial.angles.channel("pelvis_tilt"), abs=1e-12)


def test_another_body_is_refused(tiny):
    trial = made_trial(tiny)
    fewer = replace(trial, coordinates=trial.coordinates.select(trial.coordinates.names[:-1]))
    with pytest.raises(NotEnoughData, match=f"has {tiny.model.nq - 1} of the {tiny.model.nq} coordinates of tiny"):
        body.coordinates(tiny, fewer)


def test_slide_after_a_hinge_is_refused(tiny, tmp_path):
    xml = """<mujoco><worldbody><body name="a"><joint name="turn" axis="0 0 1"/>
      <joint name="shift" type="slide" axis="1 0 0"/><geom size="0.1"/></body></worldbody></mujoco>"""
    model = mujoco.MjModel.from_xml_string(xml)
    with pytest.raises(BadValue, match='Body "a" has 2 joints; a CustomJoint has up to 3 slides before up to 3 hinges'):
        body.write(tmp_path / "a.osim", replace(tiny, model=model))


@pytest.mark.parametrize("name", ["tiny", pytest.param("myofullbody", marks=pytest.mark.slow)])
def test_opensim_places_every_body_where_mujoco_does(with_opensim, tmp_path, name):
    own = embodiment.load(name)
    model = own.model
    qpos = swing(own, np.array([0.0, 0.21, 0.77]))[0]
    trial = made_trial(own, 0.02)
    table = body.coordinates(own, replace(trial, coordinates=trial.coordinates.with_values(qpos)))
    path = body.write(tmp_path / "body.osim", own)
    job = tmp_path / "job.json"
    job.write_text(json.dumps({"names": table.names, "rows": table.values.tolist()}))
    subprocess.run([sys.executable, "-c", PLACES, str(path), str(job)], check=True, cwd=tmp_path, capture_output=True)
    found = json.loads(job.read_text())
    data, expected = mujoco.MjData(model), []
    for pose in qpos:
        data.qpos[:] = pose
        mujoco.mj_kinematics(model, data)
        expected.append(tables.to_opensim(own.to_house(data.xpos[1:])))
    assert found["mass"] == pytest.approx(own.mass, rel=1e-12)
    assert np.abs(np.array(found["places"]) - expected).max() < 1e-9
