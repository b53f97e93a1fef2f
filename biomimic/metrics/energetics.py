"""Energetics index: what the fibres of a simulated walk would cost by two published models of muscle energetics.

An index, not a metabolic rate: MuJoCo's muscles have rigid tendons, so that the fibre takes over all of the motion
that a real tendon would store and give back, most of all in the calf. Compare it between walks of one body with one
muscle parameter set, never with measured watts per kilogram.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from biomimic.errors import BadValue
from biomimic.gait.cycles import Cycles
from biomimic.gait.strides import STANDARD_GRAVITY
from biomimic.signals import Signals, frozen_array

LABEL = "index (rigid tendon): for comparing walks of one body, not a metabolic rate"
DENSITY = 1059.7  # [kg/m^3] of mammalian muscle
SPECIFIC_TENSION = 0.25e6  # [Pa] OpenSim's default
BASAL = 1.2  # [W/kg] of body mass: OpenSim's rate of rest, in no index unless it is added
LEAST_HEAT = 1.0  # [W/kg] of muscle mass: least rate of heat of any muscle (Umberger et al. 2003)
MAINTENANCE = ((0.0, 0.5, 1.0, 1.5), (0.5, 0.5, 1.0, 0.0))  # Bhargava's factor over the fibre length [optimal lengths]
_OVER_TIME = ("activation", "excitation", "length", "speed", "active_force", "passive_force", "force_length")
_OF_MUSCLE = ("peak_force", "optimal_length", "fastest", "mass")


@dataclass(frozen=True, eq=False)
class Fibres:
    """State of M muscles' fibres at T times.

    Args:
        time: (T,) [s].
        names: M muscles.
        activation, excitation: (T, M) [1].
        length: (T, M) [optimal lengths].
        speed: (T, M) [optimal lengths/s], negative: shortening.
        active_force: of the contractile element, (T, M) [N].
        passive_force: of the parallel element, (T, M) [N].
        force_length: active force of a fully active fibre at rest, (T, M) [peak forces].
        peak_force: isometric, (M,) [N].
        optimal_length: (M,) [m].
        fastest: shortening speed without load, (M,) [optimal lengths/s].
        mass: (M,) [kg].
    """

    time: np.ndarray
    names: tuple[str, ...]
    activation: np.ndarray
    excitation: np.ndarray
    length: np.ndarray
    speed: np.ndarray
    active_force: np.ndarray
    passive_force: np.ndarray
    force_length: np.ndarray
    peak_force: np.ndarray
    optimal_length: np.ndarray
    fastest: np.ndarray
    mass: np.ndarray

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", tuple(self.names))
        object.__setattr__(self, "time", frozen_array(self.time, shape=(None,), what="time of the fibres"))
        shape = (len(self.time), len(self.names))
        for name in (*_OVER_TIME, *_OF_MUSCLE):
            wanted = shape if name in _OVER_TIME else shape[1:]
            object.__setattr__(
                self, name, frozen_array(getattr(self, name), shape=wanted, what=f"{name} of the fibres")
            )
        for name in _OF_MUSCLE:
            if not np.all(getattr(self, name) > 0):
                worst = self.names[int(np.argmin(getattr(self, name) > 0))]
                raise BadValue(f"{name} of the fibres must be positive; that of {worst} is not.")

    @property
    def velocity(self) -> np.ndarray:
        """(T, M) [m/s], negative: shortening."""
        return self.speed * self.optimal_length


class Rates(NamedTuple):
    """Rates of energy of each muscle at each time, (T, M) [W]; total = heat + work, after the two limits on them."""

    maintenance: np.ndarray  # activation and maintenance heat
    shortening: np.ndarray  # shortening and lengthening heat, before the limits
    work: np.ndarray  # of the contractile element
    total: np.ndarray


@dataclass(frozen=True)
class Umberger:
    """Energetics of Umberger 2010, by default in the form in which OpenSim's probe computes it.

    Args:
        slow: share of slow fibres.
        aerobic: 1.5 for mostly aerobic, 1.0 for mostly anaerobic activity.
        recruitment: slow fibres are recruited first (Bhargava 2004), so that the active share of slow fibres falls
            from 1 to `slow` as the excitation grows.
        negative_work: work on lengthening fibres counts as negative, with the heat of lengthening of the 2003 paper
            (factor 4.0) and no total below zero; without, lengthening does no work and its heat has the factor 0.3 of
            the 2010 paper. With recruitment and negative_work False this is the model as published in 2010.

    Source:
        Umberger, Gerritsen & Martin, Comput Methods Biomech Biomed Engin 6 (2003) 99-111; Umberger, J R Soc Interface
        7 (2010) 1329-1340; recruitment and the limit at zero as in OpenSim's probe, Uchida et al., PLoS ONE 11 (2016)
        e0150378.
    """

    slow: float = 0.5
    aerobic: float = 1.5
    recruitment: bool = True
    negative_work: bool = True

    def __post_init__(self) -> None:
        _check_share(self.slow)

    def rates(self, fibres: Fibres) -> Rates:
        """Rates of every muscle at every time, (T, M) [W]."""
        excitation, activation, speed = fibres.excitation, fibres.activation, fibres.speed
        effort = np.where(excitation > activation, excitation, 0.5 * (excitation + activation))
        slow = _recruited(excitation, self.slow) if self.recruitment else np.full_like(excitation, self.slow)
        is_long = fibres.length > 1.0
        base = self.aerobic * effort**0.6 * (128.0 * (1.0 - slow) + 25.0)
        maintenance = base * np.where(is_long, 0.4 + 0.6 * fibres.force_length, 1.0)
        per_slow, per_fast = 100.0 / (fibres.fastest / 2.5), 153.0 / fibres.fastest  # [W/kg per optimal length/s]
        shorten, stretch = np.maximum(-speed, 0.0), np.maximum(speed, 0.0)
        heat = slow * np.minimum(per_slow * shorten, 100.0) + (1.0 - slow) * per_fast * shorten
        factor = 4.0 if self.negative_work else 0.3
        heat = self.aerobic * (effort**2 * heat + effort * factor * per_slow * stretch)
        heat = heat * np.where(is_long, fibres.force_length, 1.0)
        work = -fibres.active_force * fibres.velocity / fibres.mass
        work = work if self.negative_work else np.where(speed <= 0, work, 0.0)
        return _rates(fibres.mass, maintenance, heat, work)


@dataclass(frozen=True)
class Bhargava:
    """Energetics of Bhargava 2004, by default in the form in which OpenSim's probe computes it.

    Args:
        slow: share of slow fibres.
        activation_slow, activation_fast: heat of activation [W/kg].
        maintenance_slow, maintenance_fast: heat of maintenance [W/kg].
        force_dependent: heat of shortening by the paper, 0.16 of the isometric and 0.18 of the present force, and of
            lengthening, 0.157 of the force; else 0.25 of the force when shortening and none when lengthening.

    Source:
        Bhargava, Pandy & Anderson, J Biomech 37 (2004) 81-88; OpenSim's probe, Uchida et al., PLoS ONE 11 (2016)
        e0150378.
    """

    slow: float = 0.5
    activation_slow: float = 40.0
    activation_fast: float = 133.0
    maintenance_slow: float = 74.0
    maintenance_fast: float = 111.0
    force_dependent: bool = False

    def __post_init__(self) -> None:
        _check_share(self.slow)

    def rates(self, fibres: Fibres) -> Rates:
        """Rates of every muscle at every time, (T, M) [W]."""
        slow, fast = _recruitment(fibres.excitation, self.slow)
        steady = self.activation_slow * slow + self.activation_fast * fast
        held = self.maintenance_slow * slow + self.maintenance_fast * fast
        steady = steady + np.interp(fibres.length, *MAINTENANCE) * held
        force = fibres.active_force + fibres.passive_force
        shortens = fibres.speed <= 0
        if self.force_dependent:
            isometric = fibres.activation * fibres.force_length * fibres.peak_force
            share = np.where(shortens, 0.16 * isometric + 0.18 * force, 0.157 * force)
        else:
            share = np.where(shortens, 0.25 * force, 0.0)
        heat = -share * fibres.velocity / fibres.mass
        return _rates(fibres.mass, steady, heat, -fibres.active_force * fibres.velocity / fibres.mass)


class StrideIndex(NamedTuple):
    """Energetics index of each stride, (S,); NaN where the rates do not cover it."""

    power: np.ndarray  # [W/kg] of body mass
    cost: np.ndarray  # [J/kg/m]
    dimensionless: np.ndarray  # cost over gravity [1]


def muscle_mass(
    peak_force: np.ndarray, optimal_length: np.ndarray, *, specific_tension: float = SPECIFIC_TENSION
) -> np.ndarray:
    """Mass of each muscle, (M,) [kg]: peak force x optimal fibre length x density / specific tension.

    Args:
        peak_force: isometric, (M,) [N].
        optimal_length: of the fibre, (M,) [m].
        specific_tension: [Pa]; a body whose peak forces are high for their area needs its own, or it is too heavy.
    """
    if not specific_tension > 0:
        raise BadValue(f"A specific tension is positive; got {specific_tension:g} Pa. Give 0.25e6 for 25 N/cm^2.")
    return np.asarray(peak_force) * np.asarray(optimal_length) * DENSITY / specific_tension


def per_stride(rate: Signals, cycles: Cycles, *, mass: float, speed: np.ndarray) -> StrideIndex:
    """Energetics index of each stride: time average of the sum of all channels, from the exact event times.

    Args:
        rate: rates of muscles or groups of muscles [W].
        cycles: S strides.
        mass: of the body [kg].
        speed: of each stride, (S,) [m/s].
    """
    if rate.unit != "W":
        raise BadValue(f'An energetics index is made of rates in "W"; these signals are in "{rate.unit}".')
    if not mass > 0:
        raise BadValue(f"Body mass is positive; got {mass:g} kg.")
    speed = np.asarray(speed, float)
    if speed.shape != cycles.start.shape:
        raise BadValue(f"Each of the {len(cycles.start)} strides needs its speed; found an array of {speed.shape}.")
    time, total = rate.time, rate.values.sum(axis=1)
    steps = 0.5 * (total[1:] + total[:-1]) * np.diff(time)
    energy = np.concatenate(([0.0], np.cumsum(steps)))
    spent = np.interp(cycles.end, time, energy) - np.interp(cycles.start, time, energy)
    covered = (cycles.start >= time[0]) & (cycles.end <= time[-1])
    power = np.where(covered, spent / (cycles.duration * mass), np.nan)
    cost = np.divide(power, speed, out=np.full(power.shape, np.nan), where=speed > 0)
    return StrideIndex(power, cost, cost / STANDARD_GRAVITY)


def _rates(mass: np.ndarray, maintenance: np.ndarray, heat: np.ndarray, work: np.ndarray) -> Rates:
    """Rates [W] from rates per muscle mass [W/kg]: no total below zero, and no heat below its least."""
    limited = np.maximum(maintenance + heat, -work)
    total = np.maximum(limited, LEAST_HEAT) + work
    return Rates(mass * maintenance, mass * heat, mass * work, mass * total)


def _recruitment(excitation: np.ndarray, slow: float) -> tuple[np.ndarray, np.ndarray]:
    """Shares of all fibres that are recruited: slow and fast ones."""
    angle = 0.5 * np.pi * excitation
    return slow * np.sin(angle), (1.0 - slow) * (1.0 - np.cos(angle))


def _recruited(excitation: np.ndarray, slow: float) -> np.ndarray:
    """Share of slow fibres among the recruited ones; all are slow when none is excited."""
    slow_part, fast_part = _recruitment(excitation, slow)
    both = slow_part + fast_part
    return np.divide(slow_part, both, out=np.ones_like(both), where=both > 0)


def _check_share(slow: float) -> None:
    if not 0 <= slow <= 1:
        raise BadValue(f"The share of slow fibres lies between 0 and 1; got {slow:g}. Give 0.5 for 50 %.")
