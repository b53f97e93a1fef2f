"""Observation, reward and ends of episodes of MuscleMimic 0.1.0 itself, in the same states, are ours.

Runs in an environment of its own: `python -m tox run -e musclemimic`.
"""

from importlib import metadata

import jax
import jax.numpy as jnp
import mujoco
import numpy as np
import pytest
from made_swings import made, swinging

from biomimic.retarget import musclemimic_cache as cache
from biomimic.training import clips, observation, reward, termination
from biomimic.training import view as views
from biomimic.training.observation import Blocks, Instant
from biomimic.training.reward import Costs, Transition, Weights

pytest.importorskip("musclemimic", reason="MuscleMimic is compared with in an environment of its own")
if metadata.version("musclemimic") != "0.1.0":
    pytest.skip("these tests compare with musclemimic 0.1.0", allow_module_level=True)
pytest.importorskip("loco_mujoco.core.observations.base")  # first: the wheel's imports go in a circle
trajectory = pytest.importorskip("loco_mujoco.trajectory")
full = pytest.importorskip("musclemimic.environments.humanoids.myofullbody")
arms = pytest.importorskip("musclemimic.environments.humanoids.bimanual")

pytestmark = [pytest.mark.oracle, pytest.mark.slow]
FRAMES, START = 120, 17
MUSCLE = ("muscle_length", "muscle_speed", "muscle_force", "excitation", "activation")
_MUSCLE_SWITCHES = {
    f"enable_muscle_{name}_observations": True for name in ("length", "velocity", "force", "excitation", "activation")
}
_SITES = [
    "pelvis_mimic",
    "upper_body_mimic",
    "head_mimic",
    *(f"{side}_{part}_mimic" for side in ("left", "right") for part in ("shoulder", "elbow", "hand")),
    *(f"{side}_{part}_mimic" for side in ("left", "right") for part in ("hip", "knee", "ankle", "toes")),
]
FULL_BODY = {
    "disable_fingers": True,
    "enable_touch_sensor_observations": True,
    **_MUSCLE_SWITCHES,
    "goal_type": "GoalTrajMimic",
    "goal_params": {
        "n_step_lookahead": 5,
        "n_step_stride": 20,
        "enable_motion_phase": True,
        "use_concise_lookahead": True,
        "sites_for_mimic": _SITES,
    },
    "reward_params": {
        "qpos_w_sum": 0.1,
        "qvel_w_sum": 0.1,
        "root_pos_w_sum": 0.1,
        "root_vel_w_sum": 0.1,
        "rpos_w_sum": 0.6,
        "rquat_w_sum": 0.01,
        "rvel_w_sum": 0.1,
        "sites_for_mimic": _SITES,
    },
    "terminal_state_type": "MeanRelativeSiteDeviationWithRootTerminalStateHandler",
    "terminal_state_params": {
        "mean_site_deviation_threshold": 1.0,
        "root_deviation_threshold": 1.0,
        "root_orientation_threshold": 1.0,
    },
}
ARM_SITES = ["upper_body_mimic", *_SITES[3:9]]
TWO_ARMS = {
    "disable_fingers": False,
    "enable_muscle_force_observations": True,
    "enable_muscle_activation_observations": True,
    "enable_touch_sensor_observations": False,
    "goal_type": "GoalBimanualTrajMimic",
    "goal_params": {"n_step_lookahead": 1, "enable_motion_phase": True, "sites_for_mimic": ARM_SITES},
    "reward_params": {
        "qpos_w_sum": 0.5,
        "qvel_w_sum": 0.5,
        "root_vel_w_sum": 0.0,
        "rpos_w_sum": 2.0,
        "rquat_w_sum": 0.2,
        "rvel_w_sum": 0.5,
        "sites_for_mimic": ARM_SITES,
    },
    "terminal_state_type": "EnhancedBimanualTerminalStateHandler",
    "terminal_state_params": {"max_site_deviation": 0.05, "mean_site_deviation_threshold": 0.05},
}


class Pair:
    """Their environment and our functions on the same clip."""

    def __init__(self, name: str, kind: type, options: dict, folder) -> None:
        self.embodiment, self.body = made(name)
        own = swinging(self.embodiment, 100.0, FRAMES)
        path = cache.write_cache(cache.cache_path(folder, self.embodiment, "swing"), own, self.embodiment)
        self.clips = clips.pack([own], self.body)
        self.theirs = kind(
            th_params={"random_start": False, "fixed_start_conf": (0, START)},
            init_state_type="TrajInitialStateHandler",
            reward_type="MimicReward",
            timestep=0.002,
            n_substeps=5,
            horizon=1000,
            **options,
        )
        self.theirs.load_trajectory(self._as_trained(path), warn=False)

    def _as_trained(self, path) -> object:
        """The clip as it is put together for training; loaded whole, its centre of mass is taken at the origin."""
        whole, model = trajectory.Trajectory.load(path, backend=np), self.theirs._model
        bodies = np.array([model.site(name).bodyid[0] for name in whole.info.site_names])
        lean = {"sparse_body_data": True, "parent_body_ids": bodies, "root_body_id": 1}
        return trajectory.Trajectory.concatenate([whole], backend=np, **lean)

    def reset(self) -> np.ndarray:
        return np.asarray(self.theirs.reset(jax.random.key(0)))

    @property
    def frame(self) -> int:
        return int(self.theirs._additional_carry.traj_state.subtraj_step_no)

    def view(self) -> views.BodyView:
        return jax.tree.map(jnp.asarray, views.of_data(self.theirs._model, self.theirs._data))

    @property
    def origin(self) -> jax.Array:
        return clips.begin(self.clips, 0, START).origin

    def observe(self, blocks: Blocks) -> np.ndarray:
        instant = Instant(self.view(), jnp.array(0), jnp.array(self.frame), self.origin)
        found = observation.observe(instant, self.clips, blocks, self.body)
        return np.asarray(found)

    def in_their_order(self, found: np.ndarray, blocks: Blocks) -> np.ndarray:
        """They list the quantities of one muscle after the other, we the muscles of one quantity."""
        where = observation.layout(blocks, self.body)
        muscles = [found[where[name]] for name in MUSCLE if name in where]
        parts, first = [], where[next(name for name in MUSCLE if name in where)].start
        last = first + sum(len(part) for part in muscles)
        parts = [found[:first], np.stack(muscles, axis=1).ravel(), found[last:]]
        return np.concatenate(parts)

    def target(self) -> clips.Target:
        return clips.at(self.clips, 0, self.frame, self.origin)


@pytest.fixture(scope="module")
def walker(tmp_path_factory) -> Pair:
    return Pair("myofullbody", full.MyoFullBody, FULL_BODY, tmp_path_factory.mktemp("full"))


@pytest.fixture(scope="module")
def reacher(tmp_path_factory) -> Pair:
    return Pair("bimanual", arms.MyoBimanualArm, TWO_ARMS, tmp_path_factory.mktemp("arms"))


def _falling(pair: Pair, steps: int, seed: int = 0) -> list[np.ndarray]:
    """Their observations while random actions, some out of bounds, drive the body from the start."""
    random = np.random.default_rng(seed)
    found = [pair.reset()]
    for _ in range(steps):
        found.append(np.asarray(pair.theirs.step(random.uniform(-1.3, 1.3, pair.body.muscles))[0]))
    return found


@pytest.mark.parametrize("steps", [0, 3, 30])
def test_observation_of_the_full_body(walker, steps):
    """2418 numbers, in single precision; after 30 steps the look ahead is clamped at the last frame."""
    theirs = _falling(walker, steps)[-1]
    assert walker.frame == START + steps and theirs.shape == (2418,)
    blocks = Blocks()
    np.testing.assert_allclose(walker.in_their_order(walker.observe(blocks), blocks), theirs, rtol=1e-5, atol=2e-5)


@pytest.mark.parametrize("steps", [0, 5])
def test_observation_of_the_arms(reacher, steps):
    blocks = Blocks(muscle_length=False, muscle_speed=False, excitation=False, touch=False, goal="full", steps=1)
    theirs = _falling(reacher, steps)[-1]
    mine = reacher.in_their_order(reacher.observe(blocks), blocks)
    assert theirs.shape == mine.shape == (701,)
    np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=5e-5)


TERMS = {
    "joint_position": "reward_qpos",
    "joint_velocity": "reward_qvel",
    "root_position": "reward_root_pos",
    "root_velocity": "reward_root_vel",
    "site_position": "reward_rpos",
    "site_rotation": "reward_rquat",
    "site_spin": "reward_rvel_rot",
    "site_speed": "reward_rvel_lin",
}
COSTS = {
    "acceleration": "_joint_acc_coeff",
    "action_rate": "_action_rate_coeff",
    "effort": "_activation_energy_coeff",
    "out_of_bounds": "_action_out_of_bounds_coeff",
}


def _both_rewards(pair: Pair, weights: Weights, steps: int) -> tuple[dict, dict]:
    """Terms and total of the last of some random steps, theirs and ours."""
    own, random = pair.theirs._reward_function, np.random.default_rng(3)
    for name, coefficient in COSTS.items():
        setattr(own, coefficient, getattr(weights.costs, name))
    own._use_mean_exp_reward = weights.form == "mean_of_exp"
    pair.reset()
    _weigh(pair, weights)
    previous, memory = jnp.zeros(pair.body.muscles), reward.start(pair.view(), pair.body)
    for _ in range(steps):
        _remember(pair)
        action = random.uniform(-1.2, 1.2, pair.body.muscles)
        _, value, _, _, info = pair.theirs.step(action)
        memory = reward.advance(memory, pair.view(), weights, pair.body)
        mine = Transition(pair.view(), pair.target(), jnp.asarray(action), previous, memory)
        previous = jnp.asarray(action)
    found = reward.terms(mine, weights, pair.body)
    found["total"] = reward.total(found, weights)
    return {name: float(info[key]) for name, key in TERMS.items()} | {"total": float(value)}, found


def _weigh(pair: Pair, weights: Weights) -> None:
    """The weights that their curriculum holds, which otherwise begins with some of its own."""
    carry = pair.theirs._additional_carry
    pair.theirs._additional_carry = carry.replace(
        qvel_w_sum=np.float32(weights.joint_velocity), root_vel_w_sum=np.float32(weights.root_velocity)
    )


def _remember(pair: Pair) -> None:
    """Copy their speeds of the step before, which on MuJoCo C point at those of now: nothing would accelerate."""
    carry = pair.theirs._additional_carry
    kept = carry.reward_state.replace(last_qvel=np.array(carry.reward_state.last_qvel))
    pair.theirs._additional_carry = carry.replace(reward_state=kept)


@pytest.mark.parametrize("form", ["exp_of_mean", "mean_of_exp"])
@pytest.mark.parametrize("steps", [1, 4, 25])
def test_reward_of_the_full_body(walker, form, steps):
    weights = Weights(form=form)
    theirs, mine = _both_rewards(walker, weights, steps)
    for name, value in theirs.items():
        assert float(mine[name]) == pytest.approx(value, rel=2e-4, abs=2e-6), name


@pytest.mark.parametrize("name", ["acceleration", "action_rate", "effort", "out_of_bounds"])
def test_costs_of_the_full_body(walker, name):
    """A weight that makes the cost about 0.1."""
    weight = {"acceleration": 1e-5, "action_rate": 1e-3, "effort": 2.0, "out_of_bounds": 10.0}[name]
    weights = Weights(costs=Costs(**({"out_of_bounds": 0.0} | {name: weight})))
    theirs, mine = _both_rewards(walker, weights, 2)
    assert float(mine["total"]) == pytest.approx(theirs["total"], rel=2e-4, abs=2e-5)
    assert 1e-3 < weight * float(mine[f"cost_{name}"])


def test_costs_take_no_more_than_one(walker):
    theirs, mine = _both_rewards(walker, Weights(costs=Costs(effort=1e3)), 2)
    assert float(mine["total"]) == pytest.approx(theirs["total"], abs=1e-5)


def test_reward_of_the_arms(reacher):
    weights = Weights(0.5, 0.5, 0.0, 0.0, 2.0, 0.2, 0.5, 0.5)
    theirs, mine = _both_rewards(reacher, weights, 6)
    for name in set(theirs) - {"root_position", "root_velocity"}:
        assert float(mine[name]) == pytest.approx(theirs[name], rel=2e-4, abs=1e-5), name


def test_perfect_tracking_is_worth_1_21_to_both(walker):
    """Their own state put on the frame after the start: what they would give for it, and what we do."""
    walker.reset()
    _weigh(walker, Weights())
    environment, row = walker.theirs, START + 1
    _put(walker, row)
    carry = environment._additional_carry
    carry = carry.replace(traj_state=carry.traj_state.replace(subtraj_step_no=row))
    action, obs = np.zeros(walker.body.muscles), environment._obs
    theirs, _ = environment._reward(obs, action, obs, False, {}, environment._model, environment._data, carry)
    target = clips.at(walker.clips, 0, row, walker.origin)
    view, none = walker.view(), jnp.zeros(walker.body.muscles)
    step = Transition(view, target, none, none, reward.start(view, walker.body))
    mine = reward.total(reward.terms(step, Weights(), walker.body), Weights())
    assert float(theirs) == pytest.approx(1.21, abs=1e-4) and float(mine) == pytest.approx(1.21, abs=1e-4)


def _put(pair: Pair, row: int, shift=(0.0, 0.0, 0.0)) -> None:
    """Their body into the state of a frame, with the root above the origin of the start's frame."""
    data = pair.theirs._data
    target = clips.at(pair.clips, 0, row, pair.origin)
    data.qpos[:], data.qvel[:] = target.qpos, target.qvel
    if pair.body.has_free_root:
        data.qpos[:3] += shift
    mujoco.mj_forward(pair.theirs._model, data)


def test_ends_of_the_full_body(walker):
    """Random states near and far from the target, with the limits of training and those of published figures."""
    environment, random = walker.theirs, np.random.default_rng(5)
    handler, seen = environment._terminal_state_handler, []
    walker.reset()
    lost = jax.jit(
        lambda view, target, limits: termination.is_lost(termination.deviations(view, target, walker.body), limits),
        static_argnums=2,
    )
    for limits in (termination.TRAINING, termination.PUBLISHED, termination.VALIDATION):
        handler.root_deviation_threshold = limits.root
        handler.root_orientation_threshold = limits.turn
        carry = environment._additional_carry.replace(termination_threshold=np.float32(limits.sites))
        for size in np.linspace(0, 2.0, 12):
            _put(walker, START, shift=size * random.normal(size=3) * 0.5)
            environment._data.qpos[7:] += 0.5 * size * random.normal(size=82)
            turn = np.array([1.0, *(0.3 * size * random.normal(size=3))])
            found = np.zeros(4)
            mujoco.mju_mulQuat(found, environment._data.qpos[3:7].copy(), turn / np.linalg.norm(turn))
            environment._data.qpos[3:7] = found
            mujoco.mj_forward(environment._model, environment._data)
            theirs, _ = handler.is_absorbing(environment, None, {}, environment._data, carry)
            assert bool(lost(walker.view(), walker.target(), limits)) == bool(theirs)
            seen.append(bool(theirs))
    assert 5 < sum(seen) < len(seen) - 5


def test_ends_of_the_arms(reacher):
    environment, random, seen = reacher.theirs, np.random.default_rng(5), []
    reacher.reset()
    for size in np.linspace(0, 0.6, 12):
        _put(reacher, START)
        environment._data.qpos[:] += size * random.normal(size=76)
        mujoco.mj_forward(environment._model, environment._data)
        theirs, _ = environment._terminal_state_handler.is_absorbing(
            environment, None, {}, environment._data, environment._additional_carry
        )
        far = termination.deviations(reacher.view(), reacher.target(), reacher.body)
        assert bool(termination.is_lost(far, termination.ARMS)) == bool(theirs)
        seen.append(bool(theirs))
    assert 2 < sum(seen) < len(seen)


def test_a_clip_ends_at_its_last_frame(walker):
    """Done, but not absorbing, at frame T - 1; the frame stays there."""
    walker.reset()
    carry = walker.theirs._additional_carry
    for frame in (FRAMES - 3, FRAMES - 2, FRAMES - 1):
        state = carry.traj_state.replace(subtraj_step_no=frame)
        ended = bool(walker.theirs.th.reached_trajectory_end(state, np))
        assert bool(clips.is_over(walker.clips, 0, frame)) == ended == (frame == FRAMES - 1)
    moved = walker.theirs.th.update_state(None, None, None, carry.replace(traj_state=state), np)
    assert int(moved.traj_state.subtraj_step_no) == FRAMES - 1
