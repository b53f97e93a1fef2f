"""The engine on MuJoCo C: the bits of a plain loop, resets, exact continuation, failures that are not hidden."""

import jax
import mujoco
import numpy as np
import pytest

from biomimic import embodiment
from biomimic.errors import BadValue, UnknownName
from biomimic.training import engine, view
from biomimic.training.engine import Engine, Physics

SIZE, STEPS = 3, 12


def model_of(name: str) -> mujoco.MjModel:
    return embodiment.load(name, timestep=0.002).model


@pytest.fixture(scope="module")
def tiny() -> mujoco.MjModel:
    return model_of("tiny")


def begin(model: mujoco.MjModel, size: int = SIZE) -> tuple[Physics, np.ndarray]:
    """Start with speeds and activations of all kinds, and excitations of STEPS control steps."""
    rng = np.random.default_rng(1)
    start = engine.standing(model, size)
    start.qvel[:] = rng.normal(0, 0.3, start.qvel.shape)
    start.activation[:] = rng.uniform(0, 0.3, start.activation.shape)
    return start, rng.uniform(size=(STEPS, size, model.nu))


def run(bodies: Engine, physics: Physics, excitations: np.ndarray) -> tuple[Physics, view.BodyView]:
    for excitation in excitations:
        physics, seen = bodies.step(physics, excitation)
    return physics, seen


def row(tree: object, which: object) -> object:
    return jax.tree.map(lambda part: part[which], tree)


def same(one: object, other: object) -> bool:
    pairs = zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True)
    return all(np.array_equal(a, b, equal_nan=True) for a, b in pairs)


def test_same_bits_as_a_rollout(tiny):
    """Every body is what one MjData is after mj_step and mj_step1, and the engine's view is `of_data`."""
    start, excitations = begin(tiny)
    bodies = engine.load(tiny, SIZE, dynamics=True)
    physics, first = bodies.reset(None, np.ones(SIZE, bool), start)
    _, seen = run(bodies, physics, excitations)
    for body in range(SIZE):
        data = mujoco.MjData(tiny)
        data.qpos[:], data.qvel[:], data.act[:] = (part[body] for part in start[:3])
        mujoco.mj_forward(tiny, data)
        assert same(row(first, body), view.of_data(tiny, data, dynamics=True))
        for excitation in excitations:
            data.ctrl[:] = excitation[body]
            for _ in range(5):
                mujoco.mj_step(tiny, data)
        mujoco.mj_step1(tiny, data)
        assert same(row(seen, body), view.of_data(tiny, data, dynamics=True))


@pytest.mark.parametrize("name", ["tiny", "myofullbody"])
def test_goes_on_to_the_bit_after_save_and_put(name):
    """Half the way, a new engine of another number of threads, the other half: the bits of the whole way."""
    model = model_of(name)
    start, excitations = begin(model)
    whole = engine.load(model, SIZE, dynamics=True)
    physics, _ = whole.reset(None, np.ones(SIZE, bool), start)
    physics, _ = run(whole, physics, excitations[:6])
    saved = whole.save(physics)
    expected = run(whole, physics, excitations[6:])
    again = engine.load(model, SIZE, threads=1, dynamics=True)
    assert same(run(again, again.put(saved), excitations[6:]), expected)


def test_saved_state_survives_single_precision_on_the_way(tiny):
    """Physics that went through float32, as under jit, is still the engine's own."""
    start, excitations = begin(tiny)
    plain, cast = engine.load(tiny, SIZE), engine.load(tiny, SIZE)
    expected = run(plain, plain.reset(None, np.ones(SIZE, bool), start)[0], excitations)
    physics = cast.reset(None, np.ones(SIZE, bool), start)[0]
    for excitation in excitations:
        physics, seen = cast.step(Physics(*(part.astype(np.float32) for part in physics)), excitation)
    assert same((physics, seen), expected)


def test_reset_leaves_the_others_alone(tiny):
    start, excitations = begin(tiny)
    alone, mixed = engine.load(tiny, SIZE), engine.load(tiny, SIZE)
    chosen = np.array([False, True, False])
    half = run(alone, alone.reset(None, ~chosen | chosen, start)[0], excitations[:6])[0]
    expected, _ = run(alone, half, excitations[6:])
    half = run(mixed, mixed.reset(None, ~chosen | chosen, start)[0], excitations[:6])[0]
    half, seen = mixed.reset(half, chosen, start)
    np.testing.assert_array_equal(half.qpos[1], start.qpos[1])
    np.testing.assert_array_equal(seen.excitation[1], 0)
    physics, _ = run(mixed, half, excitations[6:])
    assert same(row(physics, ~chosen), row(expected, ~chosen))
    fresh = engine.load(tiny, SIZE)
    expected, _ = run(fresh, fresh.reset(None, ~chosen | chosen, start)[0], excitations[6:])
    assert same(row(physics, chosen), row(expected, chosen))


@pytest.mark.parametrize("fault", [np.nan, 1e12])
def test_a_failed_body_is_seen_and_can_be_reset(tiny, fault):
    start, excitations = begin(tiny)
    bodies = engine.load(tiny, SIZE)
    broken = start._replace(qvel=start.qvel.copy())
    broken.qvel[1, 4] = fault
    physics, _ = bodies.reset(None, np.ones(SIZE, bool), broken)
    physics, seen = bodies.step(physics, excitations[0])
    assert view.is_sound(seen).tolist() == [True, False, True]
    physics, seen = bodies.reset(physics, ~view.is_sound(seen), start)
    assert view.is_sound(seen)[1]
    assert view.is_sound(run(bodies, physics, excitations)[1]).all()


def test_bad_questions_get_one_sentence(tiny):
    start, excitations = begin(tiny)
    with pytest.raises(UnknownName, match='No engine "mujco".*"mujoco"'):
        engine.load(tiny, 1, kind="mujco")
    with pytest.raises(BadValue, match="0 bodies were asked for"):
        engine.load(tiny, 0)
    with pytest.raises(BadValue, match="-2 threads"):
        engine.load(tiny, 1, threads=-2)
    with pytest.raises(BadValue, match="physics step of 0.003 s, which does not divide"):
        engine.load(embodiment.load("tiny", timestep=0.003).model, 1)
    bodies = engine.load(tiny, SIZE)
    with pytest.raises(BadValue, match="must choose all bodies"):
        bodies.reset(None, np.array([True, False, True]), start)
    with pytest.raises(BadValue, match=r"qpos of shape \(2, 15\).*\(3, 15\)"):
        bodies.reset(None, np.ones(SIZE, bool), begin(tiny, 2)[0])
    physics, _ = bodies.reset(None, np.ones(SIZE, bool), start)
    bodies.step(physics, excitations[0])
    with pytest.raises(BadValue, match="a state that is not its last"):
        bodies.step(physics, excitations[0])
    assert same(bodies.reset(None, np.ones(SIZE, bool), start)[0], physics)  # but it may begin anew
