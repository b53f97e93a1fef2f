"""Reward: published maxima, errors worked by hand, the floor of the costs, and terms that need more than the state."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from made_swings import data_at, made, swinging, view_of

from biomimic import config
from biomimic.errors import BadValue
from biomimic.training import clips, reward
from biomimic.training.reward import Costs, Sharpness, Transition, Weights

ARMS = Weights(0.5, 0.5, 0.0, 0.0, 2.0, 0.2, 0.5, 0.5)  # of MuscleMimic
PLAIN = Weights()
at, begin = jax.jit(clips.at), jax.jit(clips.begin)
terms = jax.jit(reward.terms, static_argnums=(1, 2))


class Case:
    """A body in the state of a frame, its target, and no action."""

    def __init__(self, name: str, frames: int = 30) -> None:
        self.embodiment, self.body = made(name)
        self.packed = clips.pack([swinging(self.embodiment, 100.0, frames)], self.body)

    def step(self, frame: int, *, qpos=None, qvel=None, dynamics: bool = False) -> Transition:
        """Begun at this frame: the root above the origin, the target shifted alike."""
        start = begin(self.packed, 0, frame)
        data = data_at(self.embodiment, start.qpos if qpos is None else qpos, start.qvel if qvel is None else qvel, 0.3)
        view = view_of(self.embodiment, data, dynamics=dynamics)
        none = jnp.zeros(self.body.muscles)
        return Transition(view, at(self.packed, 0, frame, start.origin), none, none, reward.start(view, self.body))

    def terms(self, step: Transition, weights: Weights = PLAIN) -> dict[str, float]:
        return {name: float(value) for name, value in terms(step, weights, self.body).items()}


@pytest.fixture(scope="module")
def tiny() -> Case:
    return Case("tiny")


@pytest.mark.published
def test_perfect_tracking_of_the_full_body_gives_1_21():
    case = Case("myofullbody", 12)
    found = case.terms(case.step(7))
    assert float(reward.total(found, Weights())) == pytest.approx(1.21, abs=2e-5)
    assert reward.best(Weights(), case.body) == pytest.approx(1.21)
    for name in reward.MATCHES[:8]:
        assert found[name] == pytest.approx(1.0, abs=1e-5), name


@pytest.mark.published
def test_perfect_tracking_of_the_arms_gives_4_2():
    case = Case("bimanual", 8)
    found = case.terms(case.step(5), ARMS)
    assert "root_position" not in found
    assert float(reward.total(found, ARMS)) == pytest.approx(4.2, abs=1e-4)
    assert reward.best(ARMS, case.body) == pytest.approx(4.2)


@pytest.mark.published
def test_without_shifting_the_target_the_root_is_lost(tiny):
    """MuscleMimic: below 1e-3 without, 1.0 to 1e-5 with the shift; here the clip is recorded 3 m away."""
    step = tiny.step(20)
    far = at(tiny.packed, 0, 20, jnp.array([3.0, 0.0]))
    assert tiny.terms(step._replace(target=far))["root_position"] < 1e-3
    assert tiny.terms(step)["root_position"] == pytest.approx(1.0, abs=1e-5)


def test_errors_by_hand(tiny):
    """One joint 0.3 rad off, one speed 2 rad/s off, the root 0.1 m too high.

    Joint positions: (0.3^2 + 0.1^2) / (nq - 4) at sharpness 10; speeds: 4 / nv at 2; root: 0.01 / 3 at 10. The root's
    speed is as wanted. Quaternions count by their angle.
    """
    start = begin(tiny.packed, 0, 9)
    model = tiny.embodiment.model
    qpos, qvel = np.array(start.qpos), np.array(start.qvel)
    hip = model.joint("hip_flexion_r")
    qpos[hip.qposadr[0]] += 0.3
    qvel[hip.dofadr[0]] += 2.0
    qpos[2] += 0.1
    found = tiny.terms(tiny.step(9, qpos=qpos, qvel=qvel))
    assert found["joint_position"] == pytest.approx(np.exp(-10 * 0.1 / (model.nq - 4)), rel=1e-5)
    assert found["joint_velocity"] == pytest.approx(np.exp(-2 * 4 / model.nv), rel=1e-5)
    assert found["root_position"] == pytest.approx(np.exp(-10 * 0.01 / 3), rel=1e-5)
    assert found["root_velocity"] == pytest.approx(1.0, abs=1e-5)
    assert found["site_position"] < 1 and found["site_rotation"] < 1


def test_a_turned_root_counts_by_its_angle(tiny):
    """A turn of 0.2 rad about z: 0.2 is added to the mean square; the root's own speeds are turned as well."""
    start = begin(tiny.packed, 0, 0)
    qpos = np.array(start.qpos)
    qpos[3:7] = np.cos(0.1), 0, 0, np.sin(0.1)  # the clip begins with no turn
    found = tiny.terms(tiny.step(0, qpos=qpos))
    assert found["joint_position"] == pytest.approx(np.exp(-10 * 0.2), rel=1e-4)
    speed = np.array(start.qvel[:3])
    turned = np.array([[np.cos(0.2), np.sin(0.2), 0], [-np.sin(0.2), np.cos(0.2), 0], [0, 0, 1]]) @ speed
    assert found["root_velocity"] == pytest.approx(np.exp(-10 * np.sum((turned - speed) ** 2) / 6), rel=1e-4)


def test_mean_of_exponentials_by_hand(tiny):
    """One of nv speeds off by 2 rad/s: (nv - 1 + exp(-2 x 4)) / nv."""
    start = begin(tiny.packed, 0, 9)
    qvel, nv = np.array(start.qvel), tiny.embodiment.model.nv
    qvel[-1] += 2.0
    found = tiny.terms(tiny.step(9, qvel=qvel), Weights(form="mean_of_exp"))
    assert found["joint_velocity"] == pytest.approx((nv - 1 + np.exp(-8)) / nv, rel=1e-5)


def test_sites_by_hand(tiny):
    """Every relative site 0.1 m off along one axis: exp(-100 x 0.01 / 3); 2 rad/s about one axis: exp(-0.1 x 4 / 3)."""
    step = tiny.step(3)
    target = step.target._replace(
        position=step.target.position + jnp.array([0.1, 0.0, 0.0]),
        velocity=step.target.velocity + jnp.array([2.0, 0, 0, 0, 0, 0.5]),
    )
    found = tiny.terms(step._replace(target=target))
    assert found["site_position"] == pytest.approx(np.exp(-1 / 3), rel=1e-4)
    assert found["site_spin"] == pytest.approx(np.exp(-0.4 / 3), rel=1e-4)
    assert found["site_speed"] == pytest.approx(np.exp(-0.1 * 0.25 / 3), rel=1e-4)


def test_costs_by_hand(tiny):
    """Two of A actions beyond [-1, 1] by 1 and 0.5: 1.25 / A; change of the action: its squares; effort 0.3^2."""
    weights = Weights(costs=Costs(acceleration=1.0, action_rate=1.0, effort=1.0, fatigue=1.0))
    step, muscles = tiny.step(3), tiny.body.muscles
    action = jnp.zeros(muscles).at[0].set(2.0).at[1].set(-1.5)
    change = jnp.zeros(tiny.embodiment.model.nv).at[0].set(9.0).at[8].set(0.2)  # that of the root does not count
    memory = step.memory._replace(change=change, tired=jnp.full(muscles, 0.4))
    found = tiny.terms(step._replace(action=action, memory=memory), weights)
    assert found["cost_out_of_bounds"] == pytest.approx(1.25 / muscles, rel=1e-5)
    assert found["cost_action_rate"] == pytest.approx(4 + 2.25, rel=1e-6)
    assert found["cost_effort"] == pytest.approx(0.09, rel=1e-5)
    assert found["cost_acceleration"] == pytest.approx(0.04 / 0.01, rel=1e-5)
    assert found["cost_fatigue"] == pytest.approx(0.5**3, rel=1e-5)


def test_costs_take_no_more_than_one_and_the_reward_is_never_negative():
    weights = Weights(costs=Costs(effort=100.0))
    perfect = {name: 1.0 for name in reward.MATCHES[:8]}
    total = {
        cost: float(reward.total({**perfect, "cost_out_of_bounds": 0.0, "cost_effort": cost}, weights))
        for cost in (0.0, 0.005, 5.0)
    }
    assert total[0.0] == pytest.approx(1.21) and total[0.005] == pytest.approx(0.71)
    assert total[5.0] == pytest.approx(0.21)
    worthless = dict.fromkeys(perfect, 0.0)
    assert float(reward.total({**worthless, "cost_effort": 1.0}, weights)) == 0.0


def test_a_state_that_is_no_number_is_worth_nothing():
    broken = {name: jnp.array(np.nan) for name in reward.MATCHES[:8]}
    assert float(reward.total(broken, Weights())) == 0.0


def test_weights_raised_by_a_curriculum():
    perfect = {name: 1.0 for name in reward.MATCHES[:8]}
    found = reward.total(perfect, Weights(), {"joint_velocity": jnp.array(0.4), "root_velocity": jnp.array(0.2)})
    assert float(found) == pytest.approx(1.21 + 0.3 + 0.1)


def test_loads_are_asked_for_only_with_a_weight(tiny):
    step = tiny.step(3, dynamics=True)
    assert not {"load", "pressure", "moment"} & set(tiny.terms(step))
    weights = Weights(load=0.1, pressure=0.1, moment=0.1)
    assert weights.needs_loads and weights.is_dynamic and not Weights().is_dynamic
    found = tiny.terms(step, weights)
    assert [found[name] for name in ("load", "pressure", "moment")] == [0.0] * 3  # this clip knows of none of them


def test_settings_are_read_from_a_file_and_survive_it():
    text = (
        'site_position = 0.5\nform = "mean_of_exp"\nbounds = [0.0, 1.0]\n[costs]\neffort = 0.2\n[sharpness]\nload = 3.0'
    )
    found = config.loads(Weights, text)
    assert found.costs == Costs(effort=0.2) and found.sharpness == Sharpness(load=3.0) and found.bounds == (0.0, 1.0)
    assert config.loads(Weights, config.dumps(found)) == found


def test_rewards_that_cannot_be_given(tiny):
    with pytest.raises(BadValue, match="bounds of an action are 1 and -1; they must rise"):
        Weights(bounds=(1.0, -1.0))
    with pytest.raises(BadValue, match="moments or torques; they need an engine with dynamics"):
        reward.terms(tiny.step(3), dataclasses.replace(Weights(), costs=Costs(torque=1.0)), tiny.body)
