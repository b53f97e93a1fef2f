"""What muscles can do at recorded instants, against the moments that the engine recorded."""

from dataclasses import replace

import mujoco
import numpy as np
import pytest

from biomimic import embodiment
from biomimic.embodiment import capacity as capacities
from biomimic.embodiment.solution_space import CHOSEN, CUBES, NEAREST, SQUARES, solution_space
from biomimic.errors import BadValue, NotEnoughData, UnknownName
from biomimic.gait import cycles, events
from biomimic.gait.cycles import Cycles
from biomimic.gait.strides import Curves
from biomimic.motion import Trajectory
from biomimic.provenance import Provenance
from biomimic.recording import Recording
from biomimic.rollout import Plan, rollout, simulate
from biomimic.run import open_run
from biomimic.signals import Signals

TIMES = np.arange(0.03, 0.26, 0.02)


class Changing:
    """Falls from high above the floor with excitations that differ from muscle to muscle and change slowly."""

    dt = 0.01

    def __init__(self, body) -> None:
        rng = np.random.default_rng(3)
        self.qpos = body.couplings.expand(body.model.qpos0)
        self.qpos[2] += 3.0
        self.level, self.phase = rng.uniform(0.0, 0.25, body.model.nu), rng.uniform(0, 2 * np.pi, body.model.nu)

    def start(self, data: mujoco.MjData, phase: float) -> None:
        data.qpos[:] = self.qpos
        data.act[:] = self.level

    def excitations(self, data: mujoco.MjData) -> np.ndarray:
        return self.level * (1.0 + np.sin(2 * np.pi * 2.0 * data.time + self.phase))


@pytest.fixture(scope="module")
def flying() -> embodiment.Embodiment:
    return embodiment.load("myofullbody", muscle_parameters="corrected-trunk", timestep=0.002)


@pytest.fixture(scope="module")
def recording(flying) -> Recording:
    return simulate(flying, Changing(flying), Plan("flying", 0.3))


@pytest.fixture(scope="module")
def capacity(flying, recording):
    return capacities.of_recording(flying, recording, TIMES)


def strides_of(*start: float, length: float, side: str = "right") -> Cycles:
    begin = np.array(start)
    nan = np.full(len(begin), np.nan)
    return Cycles(side, begin, begin + 0.6 * length, begin + length, nan, nan)


def recorded_moments(body, recording: Recording, times: np.ndarray) -> np.ndarray:
    names = [f"muscle/{name}" for name in body.moments]
    rows = np.round(times * recording.moment.rate).astype(int)
    return recording.moment.select(names).values[rows]


@pytest.mark.oracle("of_recording", "muscle_moments")
def test_recorded_activation_makes_the_recorded_moments(flying, recording, capacity):
    made = capacities.muscle_moments(flying, capacity)
    wanted = recorded_moments(flying, recording, capacity.times)
    np.testing.assert_allclose(capacity.times, TIMES, atol=1e-9)
    assert np.abs(wanted).max() > 20.0
    wrong = np.sqrt(np.mean((made - wanted) ** 2, axis=1))  # at each instant
    assert np.median(wrong) < 0.02 and wrong.max() < 0.6  # more while a joint runs into its limit
    np.testing.assert_allclose(
        np.einsum("nmd,nm->nd", capacity.active, capacity.activation) + capacity.passive, capacity.required
    )


@pytest.mark.oracle("of_recording")
def test_force_of_one_muscle_is_the_recorded_force_times_its_arm(flying, recording, capacity):
    soleus, ankle = capacity.muscles.index("soleus_r"), capacity.coordinates.index("ankle_angle_r")
    data = mujoco.MjData(flying.model)
    row = int(round(TIMES[5] * 100))
    lengths = []
    for half in (-1e-4, 1e-4):  # arm: minus the change of the path length
        data.qpos[:] = recording.coordinates.values[row]
        data.qpos[flying.model.joint("ankle_angle_r").qposadr[0]] += half
        mujoco.mj_forward(flying.model, data)
        lengths.append(data.actuator_length[soleus])
    arm = -(lengths[1] - lengths[0]) / 2e-4
    others = capacity.activation[5].copy()
    others[soleus] = 0.0
    alone = capacity.required[5, ankle] - capacity.active[5, :, ankle] @ others - capacity.passive[5, ankle]
    data.qpos[:] = recording.coordinates.values[row]
    mujoco.mj_forward(flying.model, data)  # no activation: passive force
    force = (
        recording.muscle_force.values[row, soleus] + data.actuator_force[soleus]
    )  # the engine counts a pull negative
    assert alone == pytest.approx(force * arm, rel=0.01)


def test_the_root_is_left_out_and_legs_stand_alone(flying, capacity):
    assert "root" not in capacity.coordinates and len(capacity.coordinates) == 31
    names = [flying.actuators[k] for k in flying.groups["legs"]]
    legs = capacity.of_muscles(names)
    assert len(legs.muscles) == 80 and len(legs.coordinates) == 14
    with pytest.raises(BadValue, match="was left out, yet it moves a coordinate"):
        capacity.of_muscles([name for name in names if name != "soleus_r"])


@pytest.mark.published("typical_stride")
def test_the_stride_in_the_middle_is_typical():
    time = np.arange(0, 5, 0.01)
    size = np.select([time < 1.5, time < 2.5], [1.0, 2.0], 3.3)  # the mean is 2.1
    angle = Signals(time, (size * np.sin(2 * np.pi * (time - 0.5)))[:, None], ("knee_flexion_right",), "rad")
    trial = Recording("simulated", "three", 70.0, Provenance("made by a test"), angles=angle)
    found = capacities.typical_stride(trial, np.array([0.5, 1.5, 2.5]), np.array([1.5, 2.5, 3.5]))
    assert (found.number, found.start, found.end) == (1, 1.5, 2.5)
    np.testing.assert_allclose(found.times, np.arange(1.5, 2.501, 0.02), atol=1e-9)
    few = capacities.typical_stride(trial, np.array([1.5]), np.array([2.5]), phases=5)
    np.testing.assert_allclose(few.times, [1.5, 1.75, 2.0, 2.25, 2.5], atol=1e-9)
    with pytest.raises(NotEnoughData, match='None of 1 strides lies within trial "three"'):
        capacities.typical_stride(trial, np.array([4.5]), np.array([5.5]))


def test_what_is_refused(flying, recording):
    with pytest.raises(NotEnoughData, match="they must lie from 0.02 to"):
        capacities.of_recording(flying, recording, [0.0, 0.1])
    with pytest.raises(BadValue, match="has no coordinates"):
        capacities.of_recording(flying, replace(recording, coordinates=None), TIMES)
    with pytest.raises(BadValue, match="Load the body that was simulated"):
        capacities.of_recording(embodiment.load("bimanual"), recording, TIMES)
    with pytest.raises(BadValue, match="makes joint moments that differ from the recorded ones"):
        capacities.of_recording(embodiment.load("myofullbody"), recording, TIMES)
    with pytest.raises(UnknownName, match='No group of actuators "leg"'):
        solution_space(flying, recording, strides_of(0.05, length=0.2), group="leg")


@pytest.mark.published("as_wanted")
def test_emg_takes_the_scale_of_the_controller(flying, capacity):
    percent = np.linspace(0, 1, 101)
    emg = Curves(("soleus", "vastus_lateralis"), "1", np.stack([percent, 0 * percent], axis=1), None, 1, "trials")
    stride = capacities.TypicalStride(0, TIMES[0], TIMES[-1], TIMES)
    wanted = capacities.as_wanted(flying, capacity, stride, emg, "right")
    soleus = capacity.muscles.index("soleus_r")
    expected = np.linspace(0, 1, len(TIMES)) * capacity.activation[:, soleus].max()
    np.testing.assert_allclose(wanted[:, soleus], expected, atol=1e-9)
    assert np.isnan(np.delete(wanted, soleus, axis=1)).all()  # EMG without activity says nothing


def test_all_solutions_make_the_moments_of_the_stride(flying, recording):
    percent = np.linspace(0, 1, 101)
    emg = Curves(("soleus", "rectus_femoris"), "1", 0.5 + 0.5 * np.sin([6 * percent, 3 * percent]).T, None, 1, "trials")
    found = solution_space(flying, recording, strides_of(0.04, length=0.2), emg=emg)
    assert set(found.activations) == set(found.strides) == {CHOSEN, SQUARES, CUBES, NEAREST}
    part = found.capacity
    for activation in found.activations.values():
        made = np.einsum("nmd,nm->nd", part.active, activation)
        np.testing.assert_allclose(made, part.demand, atol=1e-3)
        assert (found.ranges.low - 1e-5 <= activation).all() and (activation <= found.ranges.high + 1e-5).all()
    assert len(found.freedoms) == found.openness.muscles == 80 and found.openness.infeasible == 0
    assert min(found.effort[SQUARES].ratio, found.effort[CUBES].ratio) >= 1.0
    assert found.peak.least <= found.peak.chosen + 1e-6
    assert "soleus" in found.strides[NEAREST].names and found.strides[NEAREST].side == "right"


@pytest.mark.slow
@pytest.mark.selfmade("solution_space")
def test_most_of_the_shipped_walk_is_left_open(flying):
    run = open_run("run42")
    walk = rollout(run, Trajectory.load(run.target), Plan("short", 4.0))
    feet = {side: events.detect(walk.force, side=side, threshold=20.0, min_stance=0.2) for side in ("right", "left")}
    chosen = cycles.choose(feet["right"], feet["left"], span=(0.0, 4.0))
    found = solution_space(flying, walk, chosen)
    assert 0.3 < found.openness.unconstrained < 0.7 and found.openness.infeasible == 0
    assert 1.0 < found.effort[SQUARES].ratio < 1.6
