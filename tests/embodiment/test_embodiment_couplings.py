"""Couplings: values, derivatives, left against right, speed of evaluation."""

import mujoco
import numpy as np
import pytest

from biomimic.embodiment.couplings import Couplings
from biomimic.errors import BadValue

PAIR = """
<mujoco><compiler angle="radian"/><worldbody><body>
<joint name="a" type="hinge"/><joint name="b" type="slide"/><joint name="c" type="hinge" ref="0.3"/><geom size=".1"/>
</body></worldbody><equality>
<joint joint1="b" joint2="a" polycoef="0.1 2 3 4 5"/><joint joint1="c" polycoef="0.2"/>
</equality></mujoco>
"""


def test_polynomial_by_hand():
    """b = .1 + 2a + 3a2 + 4a3 + 5a4 at .5: .1+1+.75+.5+.3125 = 2.6625; b' = 2+3+3+2.5 = 10.5; b'' = 6+12+15 = 33."""
    couplings = Couplings.of(mujoco.MjModel.from_xml_string(PAIR))
    qpos = couplings.expand(np.array([0.5, 9.0, 9.0]))
    assert qpos == pytest.approx([0.5, 2.6625, 0.5])  # c is fixed at its reference .3 plus .2
    assert couplings.jacobian(qpos) == pytest.approx(np.array([[1.0], [10.5], [0.0]]))
    assert couplings.drift(qpos, np.array([2.0])) == pytest.approx([0.0, 33 * 4.0, 0.0])
    assert couplings.residual(np.array([0.5, 3.0, 0.5])) == pytest.approx([0.3375, 0.0])
    assert couplings.names == ("a",)


def test_a_chain_is_refused():
    chain = PAIR.replace('joint1="c" polycoef="0.2"', 'joint1="c" joint2="b"')
    with pytest.raises(BadValue, match=r"form a chain .*\(b\)"):
        Couplings.of(mujoco.MjModel.from_xml_string(chain))


@pytest.mark.oracle
def test_engine_sees_no_error_after_expansion(body):
    """MuJoCo's own equality errors vanish, and its equality Jacobian is orthogonal to G."""
    model, couplings = body.model, body.couplings
    rng = np.random.default_rng(1)
    data = mujoco.MjData(model)
    hinged = model.jnt_type != mujoco.mjtJoint.mjJNT_FREE
    inside = rng.uniform(*model.jnt_range[hinged].T)
    data.qpos[model.jnt_qposadr[hinged]] = inside
    data.qpos[:] = couplings.expand(data.qpos)
    mujoco.mj_forward(model, data)
    rows = data.efc_type == mujoco.mjtConstraint.mjCNSTR_EQUALITY
    assert rows.sum() == 51
    assert np.abs(data.efc_pos[rows]).max() < 1e-12
    dense = np.zeros((data.nefc, model.nv))
    mujoco.mju_sparse2dense(dense, data.efc_J, data.efc_J_rownnz, data.efc_J_rowadr, data.efc_J_colind)
    assert np.abs(dense[rows] @ couplings.jacobian(data.qpos)).max() < 1e-12


def test_derivatives_against_finite_differences(body):
    couplings = body.couplings
    rng = np.random.default_rng(2)
    qpos = couplings.expand(body.model.qpos0 + rng.uniform(0.0, 0.5, body.model.nq))
    speed = rng.standard_normal(len(couplings.independent))
    step = 1e-6
    moved = []
    for sign in (1, -1):
        there = qpos.copy()
        mujoco.mj_integratePos(body.model, there, couplings.jacobian(qpos) @ speed, sign * step)
        moved.append(couplings.expand(there))
    change = np.zeros(body.model.nv)
    mujoco.mj_differentiatePos(body.model, change, 2 * step, moved[1], moved[0])
    assert change == pytest.approx(couplings.jacobian(qpos) @ speed, abs=1e-8)
    drift = (couplings.jacobian(moved[0]) - couplings.jacobian(moved[1])) @ speed / (2 * step)
    assert drift == pytest.approx(couplings.drift(qpos, speed), abs=1e-6)


def test_expansion_is_vectorised(body):
    poses = np.random.default_rng(3).uniform(0, 1, (4, 2, body.model.nq))
    assert np.array_equal(body.couplings.expand(poses)[3, 1], body.couplings.expand(poses[3, 1]))


def test_left_leg_is_the_mirror_image_of_the_right(body, posed):
    """Knee translations, knee rotations and patella: bodies and muscle lengths mirror in the pelvis' midplane."""
    mirror = np.diag([1.0, 1.0, -1.0])  # pelvis frame: z points to the right
    pose = {"hip_flexion": 25, "hip_adduction": -7, "hip_rotation": 11, "ankle_angle": 9, "subtalar_angle": 5}
    legs = body.groups["legs"]
    for knee in (0, 20, 60, 120):
        data = posed(
            body, **{f"{joint}_{end}": value for joint, value in (pose | {"knee_angle": knee}).items() for end in "rl"}
        )
        pelvis = data.body("pelvis").xmat.reshape(3, 3)
        for part in ("femur", "tibia", "patella", "talus", "calcn", "toes"):
            right, left = (pelvis.T @ (data.body(f"{part}_{end}").xpos - data.body("pelvis").xpos) for end in "rl")
            assert right == pytest.approx(mirror @ left, abs=1e-12), part
            right, left = (pelvis.T @ data.body(f"{part}_{end}").xmat.reshape(3, 3) for end in "rl")
            assert right == pytest.approx(mirror @ left @ mirror, abs=1e-12), part
        length = data.actuator_length[legs]
        assert length[:40] == pytest.approx(length[40:], abs=1e-12)


def test_trunk_gains_are_sums_of_coupling_factors(body):
    """Rotation of the torso per unit of the named joint: one plus the factors of the four joints above it."""
    slope = dict(zip(body.couplings.dependent, body.couplings.slope(body.model.qpos0), strict=True))
    for angle, letters in (("lumbar_extension", "FE"), ("lumbar_bending", "LB"), ("lumbar_rotation", "AR")):
        above = [body.model.joint(f"L{k}_L{k + 1}_{letters}").dofadr[0] for k in (1, 2, 3, 4)]
        assert 1.0 / body.moments[angle].scale == pytest.approx(1.0 + sum(slope[dof] for dof in above), abs=1e-4)
