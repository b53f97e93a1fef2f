"""The engine on MuJoCo Warp, on the processor: MuJoCo C's numbers, and a function of its arguments alone."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from biomimic import embodiment
from biomimic.errors import BadValue
from biomimic.training import engine, view
from biomimic.training.engine import Engine, Physics

pytest.importorskip("mujoco_warp", reason="the extra `warp` is not installed")
if jax.default_backend() != "cpu":
    pytest.skip("JAX puts its arrays on a GPU here; set JAX_PLATFORMS=cpu", allow_module_level=True)

from biomimic.training.engine_warp import WarpEngine  # noqa: E402

SIZE, STEPS = 10, 10  # more bodies than can be reset in one pass


class Pair:
    """Both engines on one body, and excitations."""

    def __init__(self, name: str, size: int, lowered: float) -> None:
        self.model = embodiment.load(name, timestep=0.002).model
        self.size = size
        self.warp = engine.load(self.model, size, kind="warp_cpu", dynamics=True)
        self.mujoco = engine.load(self.model, size, dynamics=True)
        rng = np.random.default_rng(1)
        self.start = engine.standing(self.model, size)
        self.start.qpos[:, 2] -= lowered  # into the floor, so that no contact begins within rounding
        self.start.qvel[:] = rng.normal(0, 0.3, self.start.qvel.shape)
        self.start.activation[:] = rng.uniform(0, 0.3, self.start.activation.shape)
        self.excitations = rng.uniform(size=(STEPS, size, self.model.nu)).astype(np.float32)

    def reset(self, bodies: Engine) -> tuple[Physics, view.BodyView]:
        return bodies.reset(None, np.ones(self.size, bool), self.start)


@pytest.fixture(scope="module")
def tiny() -> Pair:
    return Pair("tiny", SIZE, lowered=0.005)


def named(seen: view.BodyView) -> dict[str, np.ndarray]:
    parts = seen._asdict()
    dynamics = parts.pop("dynamics")
    return {name: np.asarray(values) for name, values in (parts | dynamics._asdict()).items()}


def differences(one: view.BodyView, other: view.BodyView) -> dict[str, float]:
    """Largest difference of each field over its largest value (at least 1)."""
    one, other = named(one), named(other)
    assert {name: values.shape for name, values in one.items()} == {name: v.shape for name, v in other.items()}
    assert {values.dtype for values in one.values()} == {values.dtype for values in other.values()}
    return {
        name: float(np.abs(values - other[name]).max(initial=0) / max(np.abs(values).max(initial=0), 1))
        for name, values in one.items()
    }


def assert_agreement(pair: Pair, at_start: float, after: float) -> None:
    """Views of both engines after a reset and after STEPS control steps, relative to the size of each field."""
    (physics, expected), (traced, seen) = pair.reset(pair.mujoco), pair.reset(pair.warp)
    found = differences(expected, seen)
    assert max(found.values()) < at_start, found
    for excitation in pair.excitations:
        physics, expected = pair.mujoco.step(physics, excitation)
        traced, seen = pair.warp.step(traced, excitation)
    found = differences(expected, seen)
    assert max(found.values()) < after, found
    assert expected.touch.max() > 10  # the feet did carry something
    assert pair.warp.overflow() == {"constraints": 0, "contacts": 0}


def test_agrees_with_mujoco_c(tiny):
    assert_agreement(tiny, at_start=1e-4, after=1e-3)


@pytest.mark.slow
def test_agrees_with_mujoco_c_on_the_full_body():
    assert_agreement(Pair("myofullbody", 2, lowered=0.03), at_start=2e-3, after=5e-3)


@pytest.mark.slow
def test_agrees_with_mujoco_c_on_the_arms():
    """A fixed root and no floor."""
    pair = Pair("bimanual", 2, lowered=0.0)
    (physics, expected), (traced, seen) = pair.reset(pair.mujoco), pair.reset(pair.warp)
    assert max(differences(expected, seen).values()) < 1e-4
    physics, expected = pair.mujoco.step(physics, pair.excitations[0])
    traced, seen = pair.warp.step(traced, pair.excitations[0])
    assert max(differences(expected, seen).values()) < 1e-3


def test_is_a_function_of_its_arguments(tiny):
    """Whatever was computed between, and under jit and scan: the same bits."""
    physics, _ = tiny.reset(tiny.warp)
    step = jax.jit(tiny.warp.step)
    once = step(physics, tiny.excitations[0])
    step(physics._replace(qvel=-physics.qvel), tiny.excitations[1])
    again = step(tiny.warp.put(tiny.warp.save(physics)), tiny.excitations[0])
    assert all(np.array_equal(a, b) for a, b in zip(jax.tree.leaves(once), jax.tree.leaves(again)))

    @jax.jit
    def unroll(physics: Physics, excitations: jax.Array) -> Physics:
        return jax.lax.scan(lambda state, u: (tiny.warp.step(state, u)[0], None), physics, excitations)[0]

    last = physics
    for excitation in tiny.excitations:
        last, _ = step(last, excitation)
    scanned = unroll(physics, jnp.asarray(tiny.excitations))
    assert all(np.array_equal(a, b) for a, b in zip(last, scanned))


def test_a_failed_body_is_seen_harms_no_other_and_can_be_reset(tiny):
    physics, _ = tiny.reset(tiny.warp)
    expected, _ = tiny.warp.step(physics, tiny.excitations[0])
    broken = physics._replace(qvel=physics.qvel.at[4].set(jnp.nan))
    found, seen = tiny.warp.step(broken, tiny.excitations[0])
    others = np.arange(SIZE) != 4
    assert view.is_sound(seen).tolist() == others.tolist()
    np.testing.assert_array_equal(found.qpos[others], expected.qpos[others])
    healed, seen = jax.jit(tiny.warp.reset)(found, ~view.is_sound(seen), tiny.start)
    np.testing.assert_array_equal(healed.qpos[others], expected.qpos[others])
    np.testing.assert_array_equal(healed.qpos[4], tiny.start.qpos[4].astype(np.float32))
    assert view.is_sound(tiny.warp.step(healed, tiny.excitations[0])[1]).all()


@pytest.mark.slow
def test_too_little_capacity_is_reported(tiny):
    """Four feet on the floor need more than six rows: the body is not sound, and the lack is counted."""
    narrow = WarpEngine(tiny.model, 2, device="cpu", rows=6)
    start = Physics(*(part[:2] for part in tiny.start))
    start.qpos[1, 2] += 1.0  # this one is in the air
    physics, _ = narrow.reset(None, np.ones(2, bool), start)
    _, seen = narrow.step(physics, tiny.excitations[0, :2])
    assert view.is_sound(seen).tolist() == [False, True]
    assert narrow.overflow() == {"constraints": 1, "contacts": 0}


def test_cuda_where_there_is_none(tiny):
    with pytest.raises(BadValue, match="no CUDA device here"):
        engine.load(tiny.model, 1, kind="warp")
