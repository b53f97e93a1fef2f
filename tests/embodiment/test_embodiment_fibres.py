"""Fibres of recorded muscles against the engine's own muscle functions and an audit of the body."""

import mujoco
import numpy as np
import pytest

from biomimic.embodiment import fibres
from biomimic.errors import BadValue, UnknownName
from biomimic.metrics import energetics
from biomimic.provenance import Provenance
from biomimic.recording import UNITS, Recording
from biomimic.signals import Signals

# Normalised fibre lengths of an independent audit of the package: neutral; hip 30, knee 60; hip -20, ankle +10 degrees.
POSES = ({}, {"hip_flexion_r": 30, "knee_angle_r": 60}, {"hip_flexion_r": -20, "ankle_angle_r": 10})
AUDIT = {
    "soleus_r": (1.05, 1.05, 1.21),
    "gasmed_r": (1.30, 0.99, 1.40),
    "vaslat_r": (0.75, 0.98, 0.75),
    "recfem_r": (0.62, 0.75, 0.68),
    "bflh_r": (0.94, 0.83, 0.83),
    "psoas_r": (1.10, 0.99, 1.14),
    "glmax1_r": (0.97, 1.13, 0.85),
    "glmed1_r": (0.89, 0.98, 0.79),
    "tibant_r": (0.96, 0.96, 0.85),
}


def recorded(body, length, *, force=None, activation=None, step=0.01, names=None):
    """A recording with these path lengths, (T, nu) [m], and forces, without activity unless given."""
    names = body.actuators if names is None else names
    nothing = np.zeros_like(length)
    force = passive(body, length) if force is None else force
    activation = nothing if activation is None else activation
    time = step * np.arange(len(length))
    logged = {"activation": activation, "excitation": activation, "muscle_force": force, "muscle_length": length}
    signals = {name: Signals(time, values, names, UNITS[name]) for name, values in logged.items()}
    return Recording("simulated", "made", body.mass, Provenance(source="made for a test"), **signals)


def passive(body, length):
    """Passive forces by the engine, (T, nu) [N]."""
    model = body.model
    return np.array([
        [
            -mujoco.mju_muscleBias(one[i], model.actuator_lengthrange[i], model.actuator_acc0[i], prm[:9])
            for i, prm in enumerate(model.actuator_biasprm)
        ]
        for one in length
    ])  # fmt: skip


@pytest.fixture(scope="module")
def wild(body):
    """Random poses in random motion: lengths, speeds [m/s], activations and forces by the engine, each (T, nu)."""
    rng = np.random.default_rng(7)
    model, data = body.model, mujoco.MjData(body.model)
    hinges = np.flatnonzero(model.jnt_type != mujoco.mjtJoint.mjJNT_FREE)
    rows = []
    for _ in range(4):
        qpos = model.qpos0.copy()
        qpos[model.jnt_qposadr[hinges]] = rng.uniform(*model.jnt_range[hinges].T)
        data.qpos[:] = body.couplings.expand(qpos)
        data.qvel[:] = 2.0 * rng.normal(size=model.nv)
        data.act[:] = rng.uniform(size=model.nu)
        mujoco.mj_forward(model, data)
        rows.append(np.array([data.actuator_length, data.actuator_velocity, data.act, -data.actuator_force]))
    return np.moveaxis(rows, 1, 0)


@pytest.mark.oracle("fibres", "energetics_index")
def test_fibre_lengths_of_the_audit(body, posed):
    length = np.array([posed(body, **pose).actuator_length.copy() for pose in POSES])
    found = fibres.fibres(body, recorded(body, length), muscles=tuple(AUDIT))
    np.testing.assert_allclose(found.length.T, list(AUDIT.values()), rtol=0, atol=0.02)
    assert found.names == tuple(AUDIT)


@pytest.mark.oracle("fibres")
def test_forces_are_those_of_the_engine(body, wild):
    length, _, activation, force = wild
    found = fibres.fibres(body, recorded(body, length, force=force, activation=activation))
    np.testing.assert_allclose(found.passive_force, passive(body, length), rtol=1e-9, atol=1e-6)
    np.testing.assert_allclose(found.active_force + found.passive_force, force, rtol=1e-6, atol=1e-3)
    model = body.model
    still = [
        [
            -mujoco.mju_muscleGain(one[i], 0.0, model.actuator_lengthrange[i], model.actuator_acc0[i], prm[:9])
            for i, prm in enumerate(model.actuator_gainprm)
        ]
        for one in length
    ]
    np.testing.assert_allclose(found.force_length * found.peak_force, still, rtol=1e-9, atol=1e-6)
    assert (found.passive_force > 1.0).any() and (found.force_length < 0.5).any()


@pytest.mark.published("fibres", "active_factor", "passive_factor")
def test_curves_by_hand():
    # between 0.5 and 1.6: 0 at the ends, 1 at 1, 0.5 half way; passive: fpmax / 2 half way to 1.6, 1.5 fpmax at 1.6
    lengths = np.array([0.4, 0.5, 0.75, 1.0, 1.3, 1.6, 1.7])[:, None]
    low, high, share = np.array([0.5]), np.array([1.6]), np.array([1.2])
    np.testing.assert_allclose(fibres.active_factor(lengths, low, high)[:, 0], [0, 0, 0.5, 1, 0.5, 0, 0], atol=1e-12)
    expected = [0, 0, 0, 0, 0.6, 1.8, 1.2 * (0.7 / 0.3 - 0.5)]
    np.testing.assert_allclose(fibres.passive_factor(lengths, high, share)[:, 0], expected, atol=1e-12)


def test_speed_is_that_of_the_path(body):
    # the path shortens by 5 cm/s: the fibre does, for the tendon is rigid
    start = fibres.fibre_lengths(body.model)[0] + fibres.fibre_lengths(body.model)[1]
    length = start - 0.05 * 0.01 * np.arange(6)[:, None]
    found = fibres.fibres(body, recorded(body, length))
    np.testing.assert_allclose(found.velocity, -0.05, rtol=1e-9)
    np.testing.assert_allclose(found.speed, -0.05 / found.optimal_length * np.ones((6, 1)), rtol=1e-9)
    np.testing.assert_allclose(found.length[0], 1.0)


def test_masses_follow_from_the_specific_tension(body):
    length = np.tile(fibres.fibre_lengths(body.model)[1] + 0.9 * fibres.fibre_lengths(body.model)[0], (3, 1))
    found = fibres.fibres(body, recorded(body, length), muscles=("soleus_r",))
    # by hand from the model's columns: gainprm range and force of the soleus
    gain, span = body.model.actuator("soleus_r").gainprm, body.model.actuator("soleus_r").lengthrange
    optimal = (span[1] - span[0]) / (gain[1] - gain[0])
    assert found.mass[0] == pytest.approx(gain[2] * optimal * 1059.7 / 0.25e6)
    assert found.fastest[0] == gain[6] == 10.0
    stronger = fibres.fibres(body, recorded(body, length), muscles=("soleus_r",), specific_tension=0.5e6)
    assert stronger.mass[0] == pytest.approx(found.mass[0] / 2)


def test_rates_of_groups_are_sums_over_their_muscles(body, wild):
    length, _, activation, force = (np.tile(part, (510, 1)) for part in wild)  # more than one block
    assert len(length) > fibres.BLOCK
    record = recorded(body, length, force=force, activation=activation, step=0.5)
    law = energetics.Umberger()
    whole = law.rates(fibres.fibres(body, record)).total
    found = fibres.energy_rate(body, record, law)
    assert (found.names, found.unit) == (("legs", "trunk", "arms"), "W")
    for name, group in body.groups.items():
        np.testing.assert_allclose(found.channel(name), whole[:, group].sum(axis=1), rtol=1e-12)


def test_another_bodys_recording_is_refused(body, corrected, wild):
    length, _, activation, force = wild
    with pytest.raises(BadValue, match="of its peak force less than its passive force.*other muscle parameters"):
        fibres.fibres(corrected, recorded(body, length, force=0.0 * force, activation=activation))
    names = ("soleus_x", *body.actuators[1:])
    with pytest.raises(UnknownName, match='No actuator "soleus_x" in embodiment myofullbody.*Did you mean "soleus_'):
        fibres.fibres(body, recorded(body, length, names=names))
    bare = Recording("simulated", "bare", body.mass, Provenance(source="made for a test"))
    with pytest.raises(BadValue, match='trial "bare" has no activation and no excitation and no muscle_force and no'):
        fibres.fibres(body, bare)
