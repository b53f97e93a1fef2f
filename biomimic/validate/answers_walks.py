"""Known answers of what is measured on a walk: curves, forces, muscles, moments, steps, the body's freedom."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from biomimic.gait.cycles import Cycles
from biomimic.gait.strides import STANDARD_GRAVITY
from biomimic.metrics import (
    activation,
    bursts,
    cocontraction,
    energetics,
    grf,
    kinetics,
    least_effort,
    profile,
    redundancy,
    spatiotemporal,
    waveform,
)
from biomimic.metrics.energetics import Bhargava, Fibres, Umberger
from biomimic.metrics.estimate import Estimate
from biomimic.signals import Signals
from biomimic.validate.answer import CHANNEL, DURATION, ONCE, ORACLE, SHARE, Answer, person, strides
from biomimic.validate.results import Finding

DEFINITION = "follows from the definition"
SCORES = "measured on ten adults: ceiling 0.970, null 0.790 of the stance's vertical force"
BAKER = "Baker et al., Gait & Posture 30 (2009) 265-269, worked by hand"
PROBES = "OpenSim 4.6, metabolic probes of one muscle of 1000 N and 10 cm at rest"
MASS = 80.0  # [kg]


def answers() -> Iterator[Answer]:
    """All of them, computed now."""
    yield from _curves()
    yield from _scores()
    yield from _profile()
    yield from _stance()
    yield from _shear()
    yield from _weight()
    yield from _muscles()
    yield from _moments()
    yield from _steps()
    yield from _redundancy()
    yield from _energetics()


def _curves() -> Iterator[Answer]:
    turn = 2.0 * np.pi * SHARE
    sine, off = np.sin(turn), np.radians(3.0)
    exact = np.sin(turn[:-1]), np.cos(turn[:-1])  # over whole periods
    for name, r, expected in (
        ("a sine with itself", waveform.pearson(exact[0], exact[0]), 1.0),
        ("a sine with its negative", waveform.pearson(exact[0], -exact[0]), -1.0),
        ("a sine with a cosine", waveform.pearson(*exact), 0.0),
    ):
        yield Answer(
            f"r of {name}",
            ("correlation",),
            float(r),
            expected,
            1e-12,
            DEFINITION,
        )
    shifted, human = strides(sine + off, sine + off), person(sine, 0.2)
    for metric, expected in (("rmse", 3.0), ("offset", 3.0), ("rmse_without_offset", 0.0)):
        found = getattr(waveform, metric)(shifted, human, CHANNEL, ONCE).value
        yield Answer(
            "a curve 3 degrees too high [degrees]", (metric,), float(np.degrees(found)), expected, 1e-9, DEFINITION
        )
    found = waveform.rmse_in_sd(strides(sine + 0.2, sine + 0.2), human, CHANNEL, ONCE).value
    yield Answer("a curve one SD too high [SD]", ("rmse_in_sd",), found, 1.0, 1e-9, DEFINITION)
    doubled = strides(2.0 * sine + 0.5, 2.0 * sine + 0.5)
    for metric, expected in (("gain", 2.0), ("intercept", 0.5)):
        found = getattr(waveform, metric)(doubled, human, CHANNEL, ONCE).value
        yield Answer("twice a curve and 0.5 more", (metric,), found, expected, 1e-9, DEFINITION)
    late = np.append(np.roll(sine[:-1], 7), sine[-8])
    lagged = waveform.best_lag(strides(late, late), human, CHANNEL, ONCE)
    metrics = ("best_lag",), ("best_correlation",)
    yield Answer("a curve 7 % late [s]", metrics[0], lagged.lag.value, 0.07 * DURATION, 1e-12, DEFINITION)
    yield Answer("r of a curve 7 % late, at its lag", metrics[1], lagged.correlation.value, 1.0, 1e-12, DEFINITION)


def _scores() -> Iterator[Answer]:
    for r, expected in ((0.70, -0.20), (0.80, 0.03), (0.90, 0.39), (0.95, 0.74), (0.97, 1.00)):
        estimate = Estimate(r, r, r, 0.95, 10, "strides", "1")
        found = Finding("ground reaction force", "correlation", estimate, null=0.790, ceiling=0.970).score
        yield Answer(f"score of r = {r:.2f}", ("score",), found, expected, 5e-3, SCORES)
    twice = Finding("kinematics", "rmse", Estimate(8.0, 8.0, 8.0, 0.95, 10, "strides", "degrees"), ceiling=4.0).score
    yield Answer("score of twice the human error", ("score",), twice, 0.5, 1e-12, DEFINITION)


def _profile() -> Iterator[Answer]:
    found = float(profile.gait_profile_score([5, 3, 4, 6, 5, 7, 4, 6, 8]))
    yield Answer("Gait Profile Score of nine variables", ("gait_profile_score",), found, 5.5377, 5e-5, BAKER)
    ends = np.zeros(101)
    ends[[0, -1]] = 1.0
    found = profile.gait_variable_score(strides(ends, ends), person(np.zeros(101)), CHANNEL, ONCE).value
    name = "Gait Variable Score, off by 1 at the ends of 51 points"
    yield Answer(name, ("gait_variable_score",), found, np.sqrt(2 / 51), 1e-12, BAKER)


def _stance() -> Iterator[Answer]:
    humps = np.interp(SHARE, (0, 0.25, 0.5, 0.75, 1), (0, 1.1, 0.8, 1.2, 0))
    peaks = {"first_peak": 1.1, "first_peak_time": 0.25, "valley": 0.8, "valley_time": 0.5, "second_peak": 1.2}
    for metric, expected in (peaks | {"second_peak_time": 0.75, "depth_index": 0.35}).items():
        yield Answer("two straight humps", (metric,), _figure(metric, humps), expected, 1e-9, DEFINITION)
    bells = np.exp(-(((SHARE - 0.25) / 0.15) ** 2)) + np.exp(-(((SHARE - 0.75) / 0.15) ** 2))
    share = ("double_peak_share",)
    yield Answer("double peak of a half-sine", share, _figure(share[0], np.sin(np.pi * SHARE)), 0.0, 0.0, DEFINITION)
    yield Answer("double peak of two Gaussians", share, _figure(share[0], bells), 1.0, 0.0, DEFINITION)
    ramp = np.interp(SHARE, (0, 0.1 / (0.6 * DURATION), 0.5, 0.75, 1), (0, 1.0, 0.7, 1.0, 0))
    for metric in ("loading_rate", "steepest_loading"):
        found = _figure(metric, ramp)
        yield Answer("force from 0 to 1 BW in 0.1 s [BW/s]", (metric,), found, 10.0, 1e-6, DEFINITION)
    outer = np.interp(SHARE, (0, 0.05, 0.5, 1), (0, 0.02, -0.06, 0))
    for metric, expected in (("outward_peak", 0.02), ("inward_peak", -0.06)):
        yield Answer("force to the side", (metric,), _figure(metric, outer, "lateral"), expected, 1e-12, DEFINITION)
    for name, found, expected in (
        ("symmetry index", grf.symmetry_index(1.1, 1.0), 9.5238),
        ("symmetry angle", grf.symmetry_angle(1.1, 1.0), 3.0292),
    ):
        source = "Zifchock et al., Gait & Posture 27 (2008) 622-627; Robinson et al. 1987"
        yield Answer(f"{name} of 1.1 and 1.0 [%]", (name.replace(" ", "_"),), found, expected, 5e-5, source)


def _figure(metric: str, curve: np.ndarray, channel: str = "vertical") -> float:
    rows = replace(strides(curve, unit="BW", phase="stance"), names=(channel,))
    return float(grf.figure(rows, metric).values[0])


def _shear() -> Iterator[Answer]:
    # -0.2 sin over the stance of 0.66 s: each half has 0.2 x 0.33 s x 2 / pi
    curve, half = -0.2 * np.sin(2.0 * np.pi * SHARE), 0.2 * 0.3 * DURATION * 2.0 / np.pi
    found = {"braking_peak": -0.2, "propulsion_peak": 0.2, "braking_impulse": -half, "propulsion_impulse": half}
    for metric, expected in (found | {"net_impulse_share": 0.0}).items():
        tolerance = 1e-9 if "impulse" not in metric else 1e-4  # of the trapezoidal rule
        yield Answer(
            "a sine of braking and propulsion",
            (metric,),
            _figure(metric, curve, "anterior"),
            expected,
            tolerance,
            DEFINITION,
        )


def _weight() -> Iterator[Answer]:
    for duty, peak in ((0.62, 1.267), (0.35, 2.244), (0.30, 2.618)):
        name = f"half-sines of {peak:g} BW over {100 * duty:.0f} % of the stride carry the body [BW]"
        time = np.arange(0.0, 6.0, 0.001)
        feet = []
        for late in (0.0, 0.5 * DURATION):
            share = (time - late) / DURATION % 1.0
            feet.append(peak * MASS * STANDARD_GRAVITY * np.sin(np.pi * share / duty) * (share < duty))
        force = Signals(time, np.column_stack(feet), ("vertical_right", "vertical_left"), "N")
        found = float(kinetics.weight_support(force, _cycles(), MASS)[0])
        yield Answer(name, ("weight_support",), found, 1.0, 5e-4, "mean force is one body weight: peak = pi / (4 duty)")
    stance = strides(np.pi / (4 * 0.6) * np.sin(np.pi * SHARE), unit="BW", phase="stance")
    found = float(grf.impulse(stance, CHANNEL)[0])
    yield Answer(
        "impulse of half a stride of weight [BW s]", ("vertical_impulse",), found, 0.5 * DURATION, 1e-3, DEFINITION
    )
    # something holds the body with 3 % of its weight
    time = np.arange(0.0, 4.0, 0.002)
    up = 2.0 * np.sin(2.0 * np.pi * time / (0.5 * DURATION))
    motion = np.column_stack([np.zeros((len(time), 2)), up])
    force = MASS * (motion + [0.0, 0.0, 1.03 * STANDARD_GRAVITY])
    floor = Signals(time, force, ("floor_x", "floor_y", "floor_z"), "N")
    moved = Signals(time, motion, ("com_x", "com_y", "com_z"), "m/s^2")
    law = kinetics.newton_residual(floor, moved, _cycles(), mass=MASS)
    for metric, found in (("newton_residual", law.mean[0]), ("newton_residual_rms", law.rms[0])):
        yield Answer(
            "a body held with 3 % of its weight [BW]", (metric,), float(found), 0.03, 1e-9, "Newton's second law"
        )


def _cycles() -> Cycles:
    start = np.array([1.0])
    return Cycles("right", start, start + 0.66, start + DURATION, start + 0.11, start + 0.55)


def _muscles() -> Iterator[Answer]:
    percent = np.arange(101)
    early, late = ((percent >= a) & (percent < a + 30) for a in (10, 20))
    rows, emg = strides(early, early, unit="1"), person(late.astype(float), unit="1")
    found = activation.overlap(rows, emg, CHANNEL, ONCE).value
    yield Answer("bursts of 10 to 40 % and 20 to 50 %", ("overlap",), found, 0.5, 1e-12, "Jaccard: 20 / 40")
    timing = bursts.timing(rows, emg, CHANNEL, ONCE)
    for metric, part, expected in (
        ("onset", timing.onset, -10.0),
        ("burst_end", timing.offset, -10.0),
        ("onset_time", timing.onset_time, -0.1 * DURATION),
        ("burst_end_time", timing.offset_time, -0.1 * DURATION),
    ):
        yield Answer("the same bursts, later by", (metric,), part.value, expected, 1e-9, DEFINITION)
    found = bursts.centre_difference(rows, emg, CHANNEL, ONCE).value
    yield Answer("their centres, later by [%]", ("centre_difference",), found, -10.0, 1e-9, DEFINITION)
    both = np.array([0.4]), np.array([0.2])
    falconer, rudolph = (float(one(*both)) for one in (cocontraction.falconer_winter, cocontraction.rudolph))
    names = ("cocontraction_stance", "cocontraction_swing")
    source = "Falconer & Winter 1985: 2 x 0.2 / 0.6"
    yield Answer("co-contraction of 0.4 and 0.2 [%]", names, falconer, 200.0 / 3.0, 1e-9, source)
    source = "Rudolph et al. 2000: 0.2 / 0.4 x 0.6"
    yield Answer("co-contraction of 0.4 and 0.2, by Rudolph", ("rudolph",), rudolph, 0.3, 1e-12, source)


def _moments() -> Iterator[Answer]:
    wave = np.sin(2.0 * np.pi * SHARE)
    rows, human = strides(31.0 * wave, 31.0 * wave, unit="N m"), person(25.0 * wave, unit="N m")
    found = kinetics.peak_difference(rows, human, CHANNEL, ONCE)
    for metric, value, expected in (
        ("highest_difference", found.highest.value, 6.0),
        ("lowest_difference", found.lowest.value, -6.0),
        ("peak_ratio", kinetics.peak_ratio(rows, human, CHANNEL, ONCE).value, 31.0 / 25.0),
    ):
        yield Answer("moments of 31 and 25 sin", (metric,), value, expected, 1e-9, DEFINITION)


def _steps() -> Iterator[Answer]:
    time = np.arange(0.0, 4.0, 0.01)
    pelvis = 1.25 * time
    points = {"pelvis_x": pelvis, "pelvis_y": 0 * time, "heel_right_x": pelvis + 0.32, "heel_right_y": 0 * time - 0.1}
    points |= {"heel_left_x": pelvis, "heel_left_y": 0 * time}
    found = spatiotemporal.figures(_cycles(), Signals(time, np.column_stack([*points.values()]), (*points,), "m"))
    for metric, value, expected in (
        ("speed", found.speed, 1.25),
        ("stride_time", found.duration, DURATION),
        ("cadence", found.cadence, 120.0 / DURATION),
        ("stride_length", found.stride_length, 1.25 * DURATION),
        ("step_length", found.step_length, 0.32),
        ("step_width", found.step_width, 0.10),
        ("stance_fraction", found.stance, 0.6),
        ("double_support", found.double_support, 0.2),  # 0.11 s twice in 1.1 s
    ):
        yield Answer("a steady walk", (metric,), float(value[0]), expected, 1e-9, DEFINITION)
    spread = spatiotemporal.variation(np.array([1.0, 1.1, 1.2]), np.zeros(3, int), ONCE).value
    yield Answer(
        "variation of 1.0, 1.1 and 1.2 [%]", ("stride_time_variation",), spread, 100.0 / 11.0, 1e-9, DEFINITION
    )


def _redundancy() -> Iterator[Answer]:
    """10 a1 + 5 a2 - 8 a3 = 4: every muscle can be off or fully on; least squares 0.32, 0.16 and 0."""
    arms = np.array([[[10.0], [5.0], [-8.0]]])
    chosen = np.array([[0.5, 0.6, 0.5]])
    nothing, demand = np.zeros((1, 1)), np.array([[4.0]])
    body = redundancy.Capacity(np.zeros(1), ("m1", "m2", "m3"), ("q",), arms, nothing, demand, chosen)
    ranges = redundancy.feasible_range(body)
    opened = redundancy.openness(ranges)
    name, source = "10 a1 + 5 a2 - 8 a3 = 4", "worked by hand, after Simpson et al. 2015"
    for metrics, value, expected in (
        (("muscle_width", "feasible_width"), opened.width, 1.0),
        (("unconstrained_muscles",), opened.unconstrained, 1.0),
        (("necessary_muscles",), opened.necessary, 0.0),
        (("infeasible_instants",), opened.infeasible, 0.0),
        (("muscle_place",), redundancy.freedoms(ranges, chosen)[1].place, 0.6),
    ):
        yield Answer(name, metrics, float(value), expected, 1e-6, source)
    least = least_effort.least_effort(body)
    for muscle, value, expected in zip(body.muscles, least[0], (0.32, 0.16, 0.0)):
        yield Answer(
            f"{name}: least squares of {muscle}", ("effort_over_least_squares",), value, expected, 1e-6, source
        )
    ratio = least_effort.effort(chosen, least).ratio
    yield Answer(f"{name}: effort over the least", ("effort_over_least_squares",), ratio, 0.86 / 0.128, 1e-6, source)


def _energetics() -> Iterator[Answer]:
    mass = energetics.muscle_mass([1000.0], [0.10])
    source = "1000 N x 0.10 m x 1059.7 kg/m^3 / 0.25 MPa"
    yield Answer("mass of the muscle [kg]", ("muscle_mass",), float(mass[0]), 0.42388, 1e-9, source)
    laws = {"umberger": (Umberger(), 1), "bhargava": (Bhargava(), 2)}
    rows = (1.0, 56.58798, 75.87452), (0.5, 26.21374, 32.23101), (0.25, 12.79628, 13.18252), (0.01, 1.04296, 0.42388)
    for row in rows:
        level = row[0]
        one, zero = np.full((1, 1), level), np.zeros((1, 1))
        state = Fibres(
            time=np.zeros(1),
            names=("muscle",),
            activation=one,
            excitation=one,
            length=np.ones((1, 1)),
            speed=zero,
            active_force=1000.0 * one,
            passive_force=zero,
            force_length=np.ones((1, 1)),
            peak_force=np.array([1000.0]),
            optimal_length=np.array([0.10]),
            fastest=np.array([10.0]),
            mass=mass,
        )
        for name, (law, column) in laws.items():
            found, metrics = law.rates(state).total.item(), (f"{name}_power", f"{name}_cost")
            yield Answer(
                f"{name.title()}, isometric at {level:g} [W]", metrics, found, row[column], 1e-5, PROBES, ORACLE
            )
