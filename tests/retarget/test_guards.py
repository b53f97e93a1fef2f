"""Guards: half-spaces under which a clip that was solved again has no jumps left."""

import numpy as np
import pytest

from biomimic.retarget import tendons
from biomimic.retarget.guards import GuardRule, guards

SLIP = 1.18149  # [rad] of pro_sup at which the supinator slips, found by halving


def clip(body, joints) -> np.ndarray:
    """{name: (T,)} -> (T, nq); all other joints stay."""
    qpos = np.tile(body.model.qpos0, (len(next(iter(joints.values()))), 1))
    for name, values in joints.items():
        qpos[:, body.model.joint(name).qposadr[0]] = values
    return body.couplings.expand(qpos)


def bow(low, high, frames) -> np.ndarray:
    return low + (high - low) * np.sin(np.linspace(0.0, np.pi, frames)) ** 2


def moved_inside(body, qpos, laid) -> np.ndarray:
    """The nearest clip within the guards, frame by frame (Dykstra's projections in turn)."""
    independent = body.couplings.independent
    addresses = body.model.jnt_qposadr[body.model.dof_jntid[independent[6:]]]
    joints = qpos[:, addresses].copy()
    for _ in range(50):
        for guard in laid:
            span = slice(guard.first, guard.last + 1)
            beyond = np.maximum(joints[span] @ guard.normal[6:] - guard.bound, 0.0)
            joints[span] -= beyond[:, None] * guard.normal[6:]
    moved = qpos.copy()
    moved[:, addresses] = joints
    return body.couplings.expand(moved)


def freed(body, qpos, rounds=4) -> tuple[np.ndarray, int]:
    """The clip without jumps, and how many rounds of guards that took."""
    laid, moved = (), qpos
    for used in range(rounds + 1):
        found = tendons.clip_crossings(body, moved)
        if not found:
            return moved, used
        laid += guards(body, moved, found)
        moved = moved_inside(body, qpos, laid)
    pytest.fail(f"{len(found)} jumps are left after {rounds} rounds")


def test_supinator_is_held_by_one_joint(body):
    qpos = clip(body, {"pro_sup_r": bow(0.3, 1.4, 80)})
    laid = guards(body, qpos, tendons.clip_crossings(body, qpos))
    column = body.couplings.column("pro_sup_r")
    beyond = np.flatnonzero(qpos[:, body.model.joint("pro_sup_r").qposadr[0]] > SLIP)
    assert laid[0].first == beyond[0] - 3 and laid[-1].last == beyond[-1] + 3
    for guard in laid:
        assert guard.normal[column] == pytest.approx(1.0) and np.count_nonzero(guard.normal) == 1
        assert guard.bound == pytest.approx(SLIP - 0.01, abs=1e-4) and guard.tendon == "SUP_tendon"
    moved, used = freed(body, qpos)
    assert used == 1 and np.abs(moved - qpos).max() == pytest.approx(1.4 - SLIP + 0.01, abs=2e-3)


def test_where_most_frames_are_is_home(body):
    """A forearm that is turned in nearly all the time stays turned in."""
    qpos = clip(body, {"pro_sup_r": bow(1.4, 1.1, 80)})
    laid = guards(body, qpos, tendons.clip_crossings(body, qpos), GuardRule(margin=0.02))
    assert all(guard.normal.min() == pytest.approx(-1.0) for guard in laid)
    assert all(guard.bound == pytest.approx(-SLIP - 0.02, abs=1e-4) for guard in laid)


def test_a_slip_between_two_frames_is_seen(body):
    joints = {"pro_sup_r": np.array([0.0, 0.6, SLIP - 0.005, SLIP - 0.005, 0.6, 0.0])}
    moved, used = freed(body, clip(body, joints))
    assert used <= 2


def test_trunk_bends_no_further_than_its_wrap(body):
    frames = 80
    joints = {
        "flex_extension": bow(0.0, -0.95, frames),
        "lat_bending": 0.2 * np.sin(np.linspace(0, 5, frames)),
        "axial_rotation": 0.3 * np.cos(np.linspace(0, 4, frames)),
    }
    qpos = clip(body, joints)
    laid = guards(body, qpos, tendons.clip_crossings(body, qpos))
    assert {guard.tendon for guard in laid} == {"rect_abd_r_tendon", "rect_abd_l_tendon"}
    assert all(np.linalg.norm(guard.normal) == pytest.approx(1.0) for guard in laid)
    moved, _ = freed(body, qpos)
    columns = [body.model.joint(name).qposadr[0] for name in joints]
    assert np.abs(moved - qpos)[:, columns].max() < 0.4
    legs = body.model.joint("hip_flexion_r").qposadr[0]
    assert np.array_equal(moved[:, legs], qpos[:, legs])


def test_shoulder_behind_the_head(body):
    frames = 80
    joints = {
        "elv_angle_r": bow(0.3, -1.1, frames),
        "shoulder_elv_r": bow(0.5, 2.5, frames),
        "shoulder_rot_r": bow(0.0, 1.0, frames),
    }
    qpos = clip(body, joints)
    found = tendons.clip_crossings(body, qpos)
    assert len({crossing.tendon for crossing in found}) >= 2
    moved, used = freed(body, qpos)
    assert used >= 1 and np.abs(moved - qpos).max() < 1.0


def test_no_crossings_no_guards(body):
    qpos = clip(body, {"pro_sup_r": bow(0.3, 1.0, 20)})
    assert guards(body, qpos, []) == ()
