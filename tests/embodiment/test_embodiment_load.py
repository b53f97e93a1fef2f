"""Counts, mass, names and errors of the bodies; left against right."""

import mujoco
import numpy as np
import pytest

from biomimic import embodiment
from biomimic.errors import BadValue, UnknownName

# Counts and mass as read from the compiled package by another program (MuJoCo's own reader).


@pytest.mark.oracle
def test_full_body_without_fingers(body):
    model = body.model
    assert (model.nu, model.njnt, model.neq, model.nq, model.nv) == (354, 83, 51, 89, 88)
    assert body.mass == pytest.approx(84.27, abs=0.005)
    assert model.opt.timestep == 0.001
    assert {group: len(members) for group, members in body.groups.items()} == {"legs": 80, "trunk": 210, "arms": 64}
    assert len(body.couplings.independent) == 37


@pytest.mark.oracle
def test_fingers_and_arms():
    full = embodiment.load("myofullbody", fingers=True)
    assert (full.model.nu, full.model.njnt) == (416, 123)
    arms = embodiment.load("bimanual")
    assert (arms.model.nu, arms.model.njnt, arms.feet) == (126, 76, {})
    assert arms.mass == pytest.approx(16.53, abs=0.005)
    assert embodiment.load("bimanual", fingers=False).model.nu == 64


@pytest.mark.oracle
def test_same_model_as_deleting_elements_one_by_one(body):
    """The same elements deleted from an MjSpec of the package's file give the same numbers."""
    import musclemimic_models

    spec = mujoco.MjSpec.from_file(str(musclemimic_models.get_xml_path("myofullbody")))
    kept = set(body.actuators)
    for actuator in [a for a in spec.actuators if a.name not in kept]:
        tendon = spec.tendon(actuator.target)
        spec.delete(actuator)
        spec.delete(tendon)
    joints = {body.model.joint(i).name for i in range(body.model.njnt)}
    for joint in [j for j in spec.joints if j.name not in joints]:
        spec.delete(joint)
    other = spec.compile()
    for name in (
        "body_mass",
        "body_inertia",
        "body_ipos",
        "jnt_range",
        "eq_data",
        "site_pos",
        "wrap_type",
        "actuator_gainprm",
        "actuator_biasprm",
        "actuator_lengthrange",
        "tendon_stiffness",
        "qpos0",
    ):
        assert np.array_equal(getattr(other, name), getattr(body.model, name)), name


def test_visual_parts_change_no_motion(body):
    drawn = embodiment.load("myofullbody", visual=True)
    assert drawn.model.nmesh > 0 and body.model.nmesh == 0
    assert drawn.sha256 == body.sha256
    poses = []
    for model in (body.model, drawn.model):
        data = mujoco.MjData(model)
        data.ctrl[:] = np.linspace(0.0, 0.5, model.nu)
        mujoco.mj_step(model, data, nstep=20)
        poses.append(data.qpos.copy())
    assert np.allclose(*poses, atol=1e-12)
    assert drawn.feet["right"].geoms == body.feet["right"].geoms


def test_hash_tells_parameters_but_not_time_step(body, corrected):
    assert corrected.sha256 != body.sha256
    assert embodiment.load("myofullbody", timestep=0.002).sha256 == body.sha256


def test_left_and_right_muscles_are_equal(body, corrected):
    for loaded in (body, corrected):
        for name, muscle in loaded.muscles.items():
            if name.endswith("_right"):
                left = loaded.muscles[name.removesuffix("_right") + "_left"]
                gain = loaded.model.actuator_gainprm
                assert np.allclose(gain[muscle.actuators], gain[left.actuators], rtol=1e-4), name


@pytest.mark.published
def test_electrode_weights_are_shares_of_peak_force(body):
    """Medial and lateral gastrocnemius: 2237 N for the medial head (muscle table of the package)."""
    muscle = body.muscles["gastrocnemius_right"]
    force = body.model.actuator_gainprm[muscle.actuators, 2]
    assert force[0] == pytest.approx(2237, abs=1)
    assert muscle.weights == pytest.approx(force / force.sum())
    activation = np.zeros((2, body.model.nu))
    activation[1, muscle.actuators] = 1.0
    column = list(body.muscles).index("gastrocnemius_right")
    assert body.activity(activation)[:, column] == pytest.approx([0.0, 1.0])
    assert len(body.muscles) == 20


def test_feet_are_heel_and_toes_with_five_contact_geoms(body):
    for side, end in (("right", "r"), ("left", "l")):
        foot = body.feet[side]
        assert foot.bodies == (f"calcn_{end}", f"toes_{end}")
        assert len(foot.geoms) == 5
        assert set(body.model.geom_bodyid[foot.geom_ids]) == set(foot.body_ids)


def test_unknown_names_are_answered_with_the_closest():
    with pytest.raises(UnknownName, match='No embodiment "myofulbody".*Did you mean "myofullbody"'):
        embodiment.load("myofulbody")
    with pytest.raises(UnknownName, match='No muscle parameter set "corrected_trunk".*Did you mean "corrected-trunk"'):
        embodiment.load("myofullbody", muscle_parameters="corrected_trunk")
    with pytest.raises(BadValue, match="time step of 0.0 s"):
        embodiment.load("myofullbody", timestep=0.0)
