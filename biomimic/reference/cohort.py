"""A made-up cohort whose truth is known: people differ, their strides differ, in shape, level, timing and speed.

A stride k of person s on a channel is

    mean(t + a_s + b_sk) + (v_sk - v) per_speed(t + a_s + b_sk) + A_s(t) + B_sk(t)

with a, b normal shifts of phase, v normal speeds, and A, B smooth periodic normal curves (six harmonics of equal size,
A with a constant beside them). On muscles A and B multiply, as exp of such curves with mean one: EMG noise. Over the
stance nothing is shifted and A, B vanish at both ends. So mean and covariance are known (`biomimic.reference.truth`),
and what an estimator finds can be held against them.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from biomimic import errors
from biomimic.errors import BadValue
from biomimic.gait.strides import POINTS, Strides
from biomimic.provenance import Provenance
from biomimic.reference import UNITS, Entry, Figure, ReferenceData

HARMONICS = np.arange(1, 7)  # of the differences between people and between strides
SHARE = np.linspace(0.0, 1.0, POINTS)  # of the stride or stance
SOURCE = "made by a formula"
STANCE_SHARE = 0.62
LEG_LENGTH = 0.9  # [m]

Key = tuple[str, str]  # quantity, channel


@dataclass(frozen=True, eq=False)
class Shape:
    """A curve as a sum of waves, Re sum of coefficient × exp(2 pi i order share).

    Args:
        order: (H,) waves per stride or stance; 0 is the level.
        coefficient: (H,) complex, in the unit of the channel.
    """

    order: np.ndarray
    coefficient: np.ndarray

    def at(self, share: np.ndarray, blur: float = 0.0) -> np.ndarray:
        """Values at shares of the stride, of any shape.

        Args:
            share: of the stride.
            blur: SD of a normal shift over which the mean is taken [share of the stride].
        """
        damped = self.coefficient * np.exp(-0.5 * (2.0 * np.pi * self.order * blur) ** 2)
        found = np.zeros(np.shape(share))
        for order, size in zip(self.order, damped):
            found += np.abs(size) * np.cos(2.0 * np.pi * order * np.asarray(share) + np.angle(size))
        return found


def waves(level: float, *parts: tuple[float, float, float], scale: float = 1.0) -> Shape:
    """A shape from a level and waves (size, order, phase): size cos(2 pi order share + phase), all times `scale`."""
    order = np.array([0.0, *(part[1] for part in parts)])
    coefficient = np.array([level, *(part[0] * np.exp(1j * part[2]) for part in parts)], complex)
    return Shape(order, scale * coefficient)


def burst(floor: float, height: float, centre: float, sharpness: float = 4.0) -> Shape:
    """A burst floor + height exp(sharpness (cos 2 pi (share - centre) - 1)), by its waves."""
    samples = np.exp(sharpness * (np.cos(2.0 * np.pi * np.arange(64) / 64) - 1.0))
    size = np.real(np.fft.rfft(samples))[:20] / 64
    size[1:] *= 2.0
    order = np.arange(20.0)
    coefficient = height * size * np.exp(-2j * np.pi * order * centre)
    coefficient[0] += floor
    return Shape(order, coefficient)


@dataclass(frozen=True, eq=False)
class Channel:
    """One curve of the cohort and how much it differs.

    Args:
        quantity: "angles", "activity" (differences multiply, their SD is of the logarithm) or "force" (over stance).
        name: house name without side.
        mean: of the population at its speed.
        per_speed: change for 1 m/s more.
        between: SD of A at any phase without its constant, in the unit of the channel.
        level: SD of the constant of A.
        within: SD of B at any phase.
    """

    quantity: str
    name: str
    mean: Shape
    per_speed: Shape
    between: float
    level: float
    within: float

    @property
    def multiplies(self) -> bool:
        """Whether differences are factors."""
        return self.quantity == "activity"

    @property
    def phase(self) -> str:
        """What 0 to 100 % spans."""
        return "stance" if self.quantity == "force" else "stride"

    @property
    def window(self) -> np.ndarray:
        """What A and B are multiplied with, (101,)."""
        return np.sin(np.pi * SHARE) if self.phase == "stance" else np.ones(POINTS)


_DEGREE = math.pi / 180.0
_NONE = waves(0.0)
CHANNELS = (
    Channel(
        "angles",
        "hip_flexion",
        waves(12.0, (22.0, 1, 0.25), scale=_DEGREE),
        waves(2.0, (6.0, 1, 0.25), scale=_DEGREE),
        *(2.5 * _DEGREE, 5.0 * _DEGREE, 1.2 * _DEGREE),
    ),
    Channel(
        "angles",
        "knee_flexion",
        waves(22.0, (20.0, 1, -4.6), (14.0, 2, -2.2), scale=_DEGREE),
        waves(2.0, (2.0, 1, -4.6), (3.0, 2, -2.2), scale=_DEGREE),
        *(3.0 * _DEGREE, 4.0 * _DEGREE, 1.5 * _DEGREE),
    ),
    Channel(
        "angles",
        "ankle_dorsiflexion",
        waves(2.0, (7.0, 1, -0.3 - math.pi / 2), (6.0, 2, -2.6 - math.pi / 2), scale=_DEGREE),
        waves(-1.0, (2.0, 2, -2.6 - math.pi / 2), scale=_DEGREE),
        *(2.0 * _DEGREE, 3.5 * _DEGREE, 1.0 * _DEGREE),
    ),
    Channel("activity", "soleus", burst(0.04, 0.5, 0.42, 6.0), burst(0.0, 0.2, 0.44, 6.0), 0.25, 0.15, 0.20),
    Channel("activity", "tibialis_anterior", burst(0.05, 0.4, 0.02), burst(0.0, 0.1, 0.02), 0.30, 0.15, 0.25),
    Channel(
        "force",
        "vertical",
        waves(0.0, (0.98, 0.5, -math.pi / 2), (0.42, 1.5, -math.pi / 2)),
        waves(0.0, (0.25, 1.5, -math.pi / 2)),
        *(0.03, 0.0, 0.02),
    ),
)


@dataclass(frozen=True, eq=False)
class Cohort:
    """People and strides to make.

    Args:
        people: how many.
        strides: of each.
        seed: of all draws; person k is the same however many there are.
        speed: mean of the population [m/s].
        speed_between: SD of the mean speed of people [m/s].
        speed_within: SD of the speed of one person's strides [m/s].
        timing_between: SD of a person's phase [share of the stride].
        timing_within: SD of a stride's phase.
        spread: factor on all SD of A and B.
        lift: channel name → constant added to it in all strides, a known effect on the whole group.
        channels: the curves.
        label: first part of the people's names.
    """

    people: int = 12
    strides: int = 10
    seed: int = 0
    speed: float = 1.25
    speed_between: float = 0.10
    speed_within: float = 0.03
    timing_between: float = 0.008
    timing_within: float = 0.004
    spread: float = 1.0
    lift: Mapping[str, float] = field(default_factory=dict)
    channels: tuple[Channel, ...] = CHANNELS
    label: str = "person"

    def __post_init__(self) -> None:
        if self.people < 1 or self.strides < 1:
            raise BadValue(f"A cohort has people and strides; got {self.people} and {self.strides}.")
        sizes = {name: value for name, value in vars(self).items() if name.startswith(("speed_", "timing_", "spread"))}
        for name, value in sizes.items():
            if not (math.isfinite(value) and value >= 0):
                raise BadValue(f"{name} of a cohort is an SD or a factor, zero or more; got {value:g}.")
        for name in self.lift:
            self.channel(name)

    def channel(self, name: str) -> Channel:
        """One of the curves.

        Raises:
            UnknownName: there is none of this name.
        """
        for one in self.channels:
            if one.name == name:
                return one
        raise errors.unknown("channel", name, [one.name for one in self.channels], where="in the cohort")

    def only(self, *names: str) -> "Cohort":
        """The same cohort with these channels; their curves are drawn as if the others were there."""
        return replace(self, channels=tuple(self.channel(name) for name in names))


@dataclass(frozen=True, eq=False)
class Drawn:
    """The strides of one person: channel → (strides, 101), and the speed of each stride [m/s]."""

    name: str
    values: dict[str, np.ndarray]
    speed: np.ndarray


def draw(cohort: Cohort) -> tuple[Drawn, ...]:
    """The strides of everybody; the same seed gives the same people, and more people add to them."""
    own = _normals(cohort, "people", 2) * [cohort.speed_between, cohort.timing_between]  # (people, 2)
    each = _normals(cohort, "strides", 2 * cohort.strides).reshape(cohort.people, cohort.strides, 2)
    speed = cohort.speed + own[:, :1] + cohort.speed_within * each[:, :, 0]
    shift = own[:, 1:] + cohort.timing_within * each[:, :, 1]
    curves = {one.name: _curves(one, cohort, speed, shift) for one in cohort.channels}
    return tuple(
        Drawn(f"{cohort.label}{number}", {name: rows[number] for name, rows in curves.items()}, speed[number])
        for number in range(cohort.people)
    )


def _normals(cohort: Cohort, name: str, count: int) -> np.ndarray:
    """Standard normal numbers (people, count) for one purpose; the first people's do not depend on how many follow."""
    return np.random.default_rng([cohort.seed, *name.encode()]).normal(size=(cohort.people, count))


def _curves(channel: Channel, cohort: Cohort, speed: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Strides of everybody, (people, strides, 101), from speeds [m/s] and shifts [share], (people, strides)."""
    at = SHARE + (shift[:, :, None] if channel.phase == "stride" else np.zeros((*shift.shape, 1)))
    plain = channel.mean.at(at) + (speed - cohort.speed)[:, :, None] * channel.per_speed.at(at)
    between, level, within = (cohort.spread * sd for sd in (channel.between, channel.level, channel.within))
    size = 2 * len(HARMONICS)
    drawn = _normals(cohort, channel.name, 1 + size * (1 + cohort.strides))
    own = level * drawn[:, :1] + smooth(between * drawn[:, 1 : 1 + size])  # (people, 101)
    each = smooth(within * drawn[:, 1 + size :].reshape(cohort.people, cohort.strides, size))
    apart = own[:, None] + each
    lift = cohort.lift.get(channel.name, 0.0)
    if channel.multiplies:
        return plain * np.exp(apart - 0.5 * (between**2 + level**2 + within**2)) + lift
    return plain + apart * channel.window + lift


def smooth(size: np.ndarray) -> np.ndarray:
    """Smooth periodic curves (…, 101) from the sizes of their waves (…, 12); the SD at any phase is that of a size."""
    turn = 2.0 * np.pi * np.outer(HARMONICS, SHARE)
    return size @ np.concatenate((np.cos(turn), np.sin(turn))) / math.sqrt(len(HARMONICS))


def data_sets(cohort: Cohort, side: str = "right") -> dict[str, ReferenceData]:
    """Every person as a data set of their own, the rows their strides: what a comparison with people takes."""
    return {one.name: _data_set(cohort, (one,), side, "strides") for one in draw(cohort)}


def population(cohort: Cohort, side: str = "right") -> ReferenceData:
    """All people as one data set, one row a person: the mean of their strides."""
    return _data_set(cohort, draw(cohort), side, "subjects")


def _data_set(cohort: Cohort, people: tuple[Drawn, ...], side: str, of: str) -> ReferenceData:
    rows = [one.values for one in people]
    count = len(people) if of == "subjects" else cohort.strides
    parts = {}
    for quantity in dict.fromkeys(channel.quantity for channel in cohort.channels):
        group = [channel for channel in cohort.channels if channel.quantity == quantity]
        stacked = [
            np.array([row[one.name].mean(axis=0) for row in rows]) if of == "subjects" else rows[0][one.name]
            for one in group
        ]
        parts[quantity, side, group[0].phase] = Strides(
            side=side,
            names=tuple(one.name for one in group),
            unit=UNITS[quantity],
            values=np.stack(stacked, axis=2),
            duration=np.full(count, 1.1),
            stance=np.full(count, STANCE_SHARE),
            trial=np.arange(count) if of == "subjects" else np.zeros(count),
            phase=group[0].phase,
        )
    name = people[0].name if of == "strides" else cohort.label
    means = np.array([one.speed.mean() for one in people])
    sd = float(means.std(ddof=1)) if len(means) > 1 else float("nan")
    figures = {("speed", ""): Figure(float(means.mean()), sd, len(means), "m/s")}
    entry = Entry(
        title=f"made-up {'cohort' if of == 'subjects' else 'person'}, seed {cohort.seed}",
        source=SOURCE,
        licence="none needed",
        attribution="nobody",
        form="curves",
        subjects=len(people),
        mass_kg=75.0,
        of=of,
        note="Nobody walked: curves with known truth, for tests and teaching.",
        leg_length_m=LEG_LENGTH,
    )
    return ReferenceData(name, entry, Provenance(SOURCE, "none needed"), parts=parts, figures=figures)
