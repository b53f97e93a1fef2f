"""The tracker in JAX gives what the tracker gives: memory, tasks, activations and excitations along a walk."""

from typing import NamedTuple

import jax
import mujoco
import numpy as np
import pytest

from biomimic import control
from biomimic.control import qp
from biomimic.training import layer
from biomimic.training import view as seen
from biomimic.training.layer import stride

PHASE, STEPS = 0.62, 12  # from the lifting of the right foot on


class Step(NamedTuple):
    """One control step of the tracker and of its twin."""

    tracker: dict
    twin: dict
    touches: int  # contacts between limbs, which the twin does not see


@pytest.fixture(scope="module")
def functions(built):
    with jax.enable_x64(True):

        @jax.jit
        def step(memory, view):
            memory, look = built.look(memory, view)
            action = built.wanted(look)
            activation, after = built.drive(memory, view, look, action)
            excitation = built.excitation(view.activation, activation)
            return {
                "memory": memory,
                "look": look,
                "problem": built.problem(view, look, action),
                "activation": activation,
                "excitation": excitation,
                "stride": built.stride(memory, view, look),
                "next": built.advance(after),
            }

        return step, jax.jit(built.begin)


@pytest.fixture(scope="module")
def walked(walker, target, settings, functions):
    """Some control steps of both on the tracker's own walk."""
    step, begin = functions
    tracker, data = control.build(walker, target, settings), mujoco.MjData(walker.model)
    tracker.start(data, PHASE)
    steps = []
    with jax.enable_x64(True):
        memory = begin(np.float64(PHASE), data.act)._replace(guess=tracker._guess)
        for _ in range(STEPS):
            mujoco.mj_step1(walker.model, data)
            twin = jax.device_get(step(memory, seen.of_data(walker.model, data, dynamics=True, dtype=np.float64)))
            memory = twin["next"]
            data.ctrl[:] = tracker.excitations(data)
            touch = (data.contact.geom != tracker.balance.floor).all(axis=1) & (data.contact.dist < 0)
            steps.append(Step(_state(tracker, data.ctrl), twin, int(touch.sum())))
            mujoco.mj_step2(walker.model, data)
            for _ in range(tracker.substeps - 1):
                mujoco.mj_step(walker.model, data)
    return steps


def _state(tracker, ctrl) -> dict:
    balance = tracker.balance
    return {
        "error": balance.error.copy(),
        "anchor": balance.anchor.copy(),
        "stands": np.array(balance.stands),
        "lowered": np.array(balance.lowered),
        "phase": balance.phase,
        "mass": tracker.dynamics.mass_matrix.copy(),
        "pull": tracker.dynamics.pull.copy(),
        "rest": tracker.dynamics.rest.copy(),
        "com_drift": tracker.dynamics.com_drift.copy(),
        "activation": tracker.solution.x[: len(ctrl)].copy(),
        "excitation": ctrl.copy(),
    }


def test_bookkeeping_is_the_trackers(walked):
    for step in walked:
        memory = step.twin["memory"].footing
        assert memory.error == pytest.approx(step.tracker["error"], abs=1e-9)
        assert memory.anchor == pytest.approx(step.tracker["anchor"], abs=1e-9)
        assert (memory.stands == step.tracker["stands"]).all()
        assert memory.lowered == pytest.approx(step.tracker["lowered"], abs=1e-12)
        assert step.twin["next"].footing.phase == pytest.approx(step.tracker["phase"], abs=1e-12)
    assert any(not step.tracker["stands"].all() for step in walked)  # a foot swings


def test_equations_of_motion_are_the_trackers(walked):
    for step in walked[:3]:
        found = step.twin["look"].sight.motion
        for name, values in (
            ("mass", found.mass_matrix),
            ("pull", found.pull),
            ("rest", found.rest),
            ("com_drift", found.com_drift),
        ):
            expected = step.tracker[name]
            assert values == pytest.approx(expected, rel=1e-9, abs=1e-9 * np.abs(expected).max()), name


def test_muscles_are_driven_as_by_the_tracker(walked):
    free = [step for step in walked if not step.touches]
    assert free
    for step in free:
        assert step.twin["activation"] == pytest.approx(step.tracker["activation"], abs=1e-6)
        assert step.twin["excitation"] == pytest.approx(step.tracker["excitation"], abs=2e-3)


def test_programme_agrees_with_a_general_solver(walked):
    piqp = pytest.importorskip("piqp")
    problem = qp.Problem(*(np.asarray(part) for part in walked[4].twin["problem"]))
    free = problem.high - problem.low > 1e-12
    A = problem.A[:, free]
    solver = piqp.DenseSolver()
    solver.settings.eps_abs = solver.settings.eps_rel = 1e-10
    slope = problem.c[free] - A.T @ problem.b
    solver.setup(
        A.T @ A + np.diag(problem.d[free]), slope, None, None, None, None, None, problem.low[free], problem.high[free]
    )
    solver.solve()
    best = problem.low.copy()
    best[free] = solver.result.x
    ours = np.concatenate(
        [walked[4].twin["activation"], walked[4].twin["next"].guess[len(walked[4].tracker["excitation"]) :]]
    )
    least = qp.objective(problem, best)
    assert qp.objective(problem, ours) == pytest.approx(least, rel=2e-4)


def test_many_bodies_are_one_body_many_times(built, functions, walked, walker):
    step, begin = functions
    data = mujoco.MjData(walker.model)
    mujoco.mj_forward(walker.model, data)
    view = seen.of_data(walker.model, data, dynamics=True, dtype=np.float64)
    memory = begin(np.float64(0.1), np.full(walker.model.nu, 0.02))
    alone = step(memory, view)
    pair = jax.tree.map(lambda part: np.stack([part, part]), (jax.device_get(memory), view))
    both = jax.vmap(step)(*pair)
    for row in range(2):
        assert both["stride"][row] == pytest.approx(np.asarray(alone["stride"]), abs=1e-9)
        assert both["activation"][row] == pytest.approx(np.asarray(alone["activation"]), abs=1e-6)


def test_starts_are_the_trackers(walker, target, settings, built):
    tracker, data = control.build(walker, target, settings), mujoco.MjData(walker.model)
    for phase in (0.0, 0.62, 0.994):
        tracker.start(data, round(phase, 2) % 1.0)
        assert np.asarray(built.resting(phase)) == pytest.approx(data.act, abs=1e-12)


def test_parts_on_demand_follow_the_rest(walker, target, settings, built):
    """Where the foot should land and the torque left come behind the block as it is; of_arms finds the arms."""
    full = layer.build(walker, target, settings, sees_landing=True, sees_torque=True)
    joints = len(built.plan.ground.course.joints)
    assert stride.width(full.plan) == stride.width(built.plan) + stride.LANDING + joints
    tracker, data = control.build(walker, target, settings), mujoco.MjData(walker.model)
    tracker.start(data, 0.8)  # the right foot swings
    mujoco.mj_step1(walker.model, data)
    view = seen.of_data(walker.model, data, dynamics=True)
    blocks = []
    for each in (built, full):
        memory, look = each.look(each.begin(0.8, view.activation), view)
        blocks.append(np.asarray(each.stride(memory, view, look)))
    plain, more = blocks
    assert more[: len(plain)] == pytest.approx(plain, abs=1e-12)
    landing = more[len(plain) : len(plain) + stride.LANDING]
    assert np.abs(landing[:3]).max() > 0 and (landing[3:6] == 0).all() and (landing[9:12] == 0).all()  # right, left
    speeds = np.zeros((len(full.plan.feet.body), 3))
    for k, (body, end) in enumerate(zip(full.plan.feet.body, full.plan.feet.end)):
        jacobian = np.zeros((3, walker.model.nv))
        place = data.xpos[body] + data.xmat[body].reshape(3, 3) @ end
        mujoco.mj_jac(walker.model, data, jacobian, None, place, body)
        speeds[k] = jacobian @ data.qvel
    assert landing[12:] * stride.SCALE["speed"] == pytest.approx(speeds[:, 2], abs=1e-6)

    names = np.array(walker.couplings.names[6:])[stride.of_arms(full.plan)[2 * stride.HARMONICS :][:joints]]
    assert len(names) and all(name.startswith(("elv", "shoulder", "elbow", "pro", "dev", "flex")) for name in names)
    assert stride.of_arms(full.plan).sum() == 3 * len(names) and len(stride.of_arms(full.plan)) == len(more) - 3
    assert stride.of_arms(built.plan).sum() == 2 * len(names)


def test_observation_is_sound(walked, built):
    block = walked[-1].twin["stride"]
    assert block.shape == (stride.width(built.plan),)
    assert np.isfinite(block).all() and np.abs(block).max() < 12
    assert 0 <= block[0] < 1 and set(block[1:3]) <= {0.0, 1.0}
