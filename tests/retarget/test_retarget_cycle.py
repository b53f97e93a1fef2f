"""Folding a trial onto one cycle: closed-form walks, forces that give a known motion."""

from dataclasses import replace

import numpy as np
import pytest

from biomimic.errors import BadFile, BadValue, NotEnoughData
from biomimic.retarget import fourier, walk
from biomimic.retarget.cycle import GRAVITY, fold_trial
from biomimic.retarget.options import Options
from biomimic.signals import Signals

PERIOD, SPEED, PEAK, STANCE = 1.1, 1.3, 900.0, 0.62  # of the closed-form trial


def test_fold_returns_the_sines(closed_form):
    human = fold_trial(closed_form, Options())
    phase = 2.0 * np.pi * np.arange(100) / 100
    assert human.period == pytest.approx(PERIOD, abs=1e-4)
    assert human.left_strike == pytest.approx(0.5, abs=1e-3)
    # the 20 Hz filter moves the instant at which the force passes 20 N by a few milliseconds: up to 0.01 rad here
    np.testing.assert_allclose(human.angles["a"], 0.3 * np.sin(phase), atol=0.01)
    np.testing.assert_allclose(human.angles["b"], 0.1 + 0.2 * np.cos(2.0 * phase), atol=0.015)


def test_progress_and_heading_are_taken_out(closed_form):
    human = fold_trial(closed_form, Options())
    assert human.stride == pytest.approx(SPEED * PERIOD, rel=1e-3)  # 1.43 m
    assert np.degrees(human.heading) == pytest.approx(10.0, abs=0.05)
    assert np.ptp(human.pelvis[:, 0]) == pytest.approx(0.04, abs=1e-3)  # 2 x 2 cm along the way
    assert np.ptp(human.pelvis[:, 1]) == pytest.approx(0.06, abs=1e-3)  # 2 x 3 cm across


def test_plates_weigh_the_person(closed_form):
    # mean of a half sine over its stance: 2 / pi; two feet; 2 * 900 * 0.62 * 2 / pi / 9.80665 = 72.447 kg
    human = fold_trial(closed_form, Options())
    assert human.mass == pytest.approx(2 * PEAK * STANCE * 2 / np.pi / GRAVITY, rel=1e-3)


def test_force_is_in_house_axes_and_faces_the_walk(closed_form):
    human = fold_trial(closed_form, Options())
    right, left = human.force[30, :3], human.force[80, 3:]  # both feet in mid stance
    c, s = np.cos(human.heading), np.sin(human.heading)
    for load, outward in ((right, -1.0), (left, 1.0)):
        forward, across = 0.1 * load[2], outward * 0.05 * load[2]
        np.testing.assert_allclose(load[:2], [c * forward + s * across, c * across - s * forward], atol=0.5)


def test_twice_integrated_force_gives_the_known_motion():
    # x = A cos wt has the acceleration -A w^2 cos wt; a constant is left out
    period, amplitude = 1.2, 0.015
    time = np.arange(60) * period / 60
    turning = 2 * 2.0 * np.pi / period
    acceleration = -amplitude * turning**2 * np.cos(turning * time) + 3.0
    moved = fourier.integrate_twice(acceleration, period, 4)
    np.testing.assert_allclose(moved, amplitude * np.cos(turning * time), atol=1e-12)
    back = fourier.derivative(fourier.derivative(moved, period), period)
    np.testing.assert_allclose(back, acceleration - 3.0, atol=1e-9)


def test_pendulum_follows_its_support_by_the_known_share():
    # y'' = r^2 (y - p), p = P cos wt: y = P r^2 / (r^2 + w^2) cos wt
    period, rate = 1.1, 3.3
    turning = 2.0 * np.pi / period
    wave = 0.08 * np.cos(turning * np.arange(50) * period / 50)
    np.testing.assert_allclose(
        fourier.pendulum(wave, period, rate), wave * rate**2 / (rate**2 + turning**2), atol=1e-12
    )


def test_smooth_keeps_the_first_harmonics_at_any_number_of_samples():
    def wave(count: int) -> np.ndarray:
        phase = 2.0 * np.pi * np.arange(count) / count
        return 1.0 + np.sin(3 * phase)

    fast = 0.2 * np.cos(2.0 * np.pi * 7 * np.arange(40) / 40)
    np.testing.assert_allclose(fourier.smooth(wave(40) + fast, 4), wave(40), atol=1e-12)
    np.testing.assert_allclose(fourier.smooth(wave(40) + fast, 4, count=100), wave(100), atol=1e-12)


def test_dynamic_similarity_keeps_forces_in_body_weights(closed_form):
    # lengths x k and time x sqrt(k): accelerations stay, so mass-specific forces do
    options = Options(length_ratio=0.81)
    human = fold_trial(closed_form, options)
    period = human.period * walk.time_ratio(options)
    assert period / human.period == pytest.approx(0.9)
    up = walk.aim(human, options).up
    acceleration = fourier.derivative(fourier.derivative(up, period), period)
    specific = human.force[:, [2, 5]].sum(axis=1) / human.mass - GRAVITY
    np.testing.assert_allclose(acceleration, fourier.smooth(specific, 8), atol=1e-9)


def test_same_time_without_dynamic_similarity():
    assert walk.time_ratio(Options(length_ratio=0.81, dynamic_similarity=False)) == 1.0


def test_a_single_heel_strike_is_no_stride(closed_form):
    short = replace(closed_form, force=closed_form.force.between(0.0, 1.2))
    with pytest.raises(NotEnoughData, match='"closed form" has 1 right and 1 left heel strikes; a stride needs two'):
        fold_trial(short, Options())


def test_angles_shorter_than_a_stride(closed_form):
    short = replace(closed_form, position=closed_form.position.between(0.5, 1.5))
    with pytest.raises(NotEnoughData, match="pelvis is known from 0.5 to 1.495 s, but a stride takes 1.1 s"):
        fold_trial(short, Options())


def test_a_foot_whose_force_ends_early(closed_form):
    short = replace(closed_form, force=closed_form.force.between(0.0, 1.6))
    with pytest.raises(NotEnoughData, match="left foot's force is needed from"):
        fold_trial(short, Options())


def test_a_missing_number_is_named(closed_form):
    values = np.array(closed_form.angles.values)
    values[20, 1] = np.nan
    with pytest.raises(BadFile, match='"b" is not a number at 0.55 s'):
        fold_trial(replace(closed_form, angles=closed_form.angles.with_values(values)), Options())


def test_a_run_is_no_walk(closed_form):
    force = closed_form.force
    left = Signals(force.time, np.roll(force.values, -150, axis=0), force.names, force.unit).channel("vertical_left")
    values = np.array(force.values)
    values[:, force.index("vertical_left")] = (
        left  # the left foot strikes before the right one leaves, and leaves early
    )
    with pytest.raises(BadFile, match="has no foot on the plates at"):
        fold_trial(replace(closed_form, force=force.with_values(values)), Options())


def test_trial_without_force(closed_form):
    with pytest.raises(BadFile, match='Trial "closed form" has no force; a target needs'):
        fold_trial(replace(closed_form, force=None), Options())


def test_options_say_what_they_need():
    with pytest.raises(BadValue, match="20 frames was asked for; its harmonics need at least 22"):
        Options(frames=20)
    with pytest.raises(BadValue, match="leg length ratio of 9 was given"):
        Options(length_ratio=9.0)
