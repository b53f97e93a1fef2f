"""Protocol: what is rolled out, how it is measured, with whom it is compared and what counts as good."""

from dataclasses import dataclass, replace
from pathlib import Path

from biomimic import config, errors, share
from biomimic.errors import BadValue

DIRECTIONS = ("forward", "backward", "left", "right")
DOMAINS = (
    "physics",
    "stability",
    "kinematics",
    "ground reaction force",
    "muscles",
    "moments",
    "powers",
    "coordination",
    "redundancy",
    "energetics",
    "centre of pressure",
    "symmetry",
    "spatiotemporal",
    "effort",
)


DOMAIN_OF = {  # quantity → part of the report in which its curves are compared
    "angles": "kinematics",
    "force": "ground reaction force",
    "activity": "muscles",
    "moment": "moments",
    "power": "powers",
}


@dataclass(frozen=True)
class Trials:
    """The undisturbed walks."""

    count: int = config.ranged(10, low=1)  # starts, spread evenly over the gait cycle
    duration_s: float = config.ranged(20.0, low=3.0)
    endurance_s: float = config.ranged(60.0, low=0.0)  # one longer walk; 0 leaves it out
    skip_strides: int = config.ranged(2, low=0)  # on each side, from the start of a trial
    min_strides: int = config.ranged(5, low=1)  # on each side, over all trials


@dataclass(frozen=True)
class Pushes:
    """The disturbed walks: one trial for each direction."""

    force_n: float = config.ranged(100.0, low=0.0)
    duration_s: float = config.ranged(0.1, low=0.0)
    at_s: float = config.ranged(5.0, low=0.0)  # start of the push
    watch_s: float = config.ranged(5.0, low=0.0)  # after the push
    directions: tuple[str, ...] = DIRECTIONS

    def __post_init__(self):
        for name in self.directions:
            if name not in DIRECTIONS:
                raise errors.unknown("push direction", name, DIRECTIONS)


@dataclass(frozen=True)
class Events:
    """Heel strike and toe-off from the vertical force."""

    threshold_n: float = config.ranged(20.0, low=1.0)
    min_stance_s: float = config.ranged(0.2, low=0.0)


@dataclass(frozen=True)
class Filters:
    """Resulting order and resulting -3 dB points of the zero-lag low-pass filters, the same on both sides."""

    order: int = config.ranged(4, low=2)
    angles_hz: float = config.ranged(6.0, low=0.5)
    force_hz: float = config.ranged(20.0, low=0.5)
    activity_hz: float = config.ranged(6.0, low=0.5)
    moment_hz: float = config.ranged(6.0, low=0.5)


@dataclass(frozen=True)
class Human:
    """A human data set and what it is to this walk."""

    name: str
    role: str = config.one_of("same", "other")  # the person whose motion was tracked, or another one


@dataclass(frozen=True)
class Comparison:
    """Measures of one quantity, for each channel and side, against each human data set that has the channel."""

    domain: str = config.one_of(*DOMAINS)
    quantity: str = config.one_of("angles", "force", "activity", "moment", "power")
    metrics: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    phase: str = config.one_of("stride", "stance", default="stride")
    mean_of: tuple[str, ...] = ()  # channels whose correlations are also averaged, as published means are


@dataclass(frozen=True)
class Criterion:
    """A limit that findings must keep, and where the limit comes from.

    Holds for every finding with this domain, metric, channel and reference; an empty `channel` means all channels,
    an empty `reference` means the findings that name none. Exactly one of at_least, at_most and within is given.
    """

    domain: str = config.one_of(*DOMAINS)
    metric: str = ""
    source: str = ""
    channel: str = ""
    reference: str = ""
    at_least: float | None = None
    at_most: float | None = None
    within: tuple[float, float] | None = None

    def __post_init__(self):
        given = [name for name in ("at_least", "at_most", "within") if getattr(self, name) is not None]
        if len(given) != 1:
            raise BadValue(
                f'The criterion on "{self.metric}" gives {" and ".join(given) or "no limit"}; '
                "give exactly one of at_least, at_most and within."
            )
        if not self.source.strip() or not self.metric.strip():
            raise BadValue(
                f'The criterion on "{self.metric}" needs a metric and a source. Say where its limit comes from.'
            )

    def met(self, value: float) -> bool:
        """Whether a value keeps the limit; one that is not a number never does."""
        if self.within is not None:
            return self.within[0] <= value <= self.within[1]
        return value >= self.at_least if self.at_least is not None else value <= self.at_most

    @property
    def bounds(self) -> tuple[float, float]:
        """Lowest and highest value allowed; infinite where there is no limit."""
        if self.within is not None:
            return self.within
        low = self.at_least if self.at_least is not None else float("-inf")
        return low, self.at_most if self.at_most is not None else float("inf")


@dataclass(frozen=True)
class Published:
    """A figure of published work that stands beside ours in the report; it is no limit."""

    domain: str = config.one_of(*DOMAINS)
    metric: str = ""
    value: float = 0.0
    who: str = ""  # whose figure, against whom
    source: str = ""
    channel: str = ""


@dataclass(frozen=True)
class Resampling:
    """Bootstrap over trials, then over the strides within each."""

    draws: int = config.ranged(2000, low=1)
    seed: int = config.ranged(0, low=0)
    level: float = config.ranged(0.95, low=0.5, high=0.999)


@dataclass(frozen=True)
class Protocol:
    """One way of measuring a walk; read from a TOML file in validation/."""

    title: str
    version: str
    humans: tuple[Human, ...]
    comparisons: tuple[Comparison, ...]
    criteria: tuple[Criterion, ...]
    published: tuple[Published, ...] = ()
    trials: Trials = Trials()
    pushes: Pushes = Pushes()
    events: Events = Events()
    filters: Filters = Filters()
    resampling: Resampling = Resampling()
    max_lag_s: float = config.ranged(0.1, low=0.0)  # of activation against EMG, for the best-lag figures
    valley_prominence_bw: float = config.ranged(0.05, low=0.0)  # min(peaks) - valley that makes a double peak

    def __post_init__(self):
        names = tuple(human.name for human in self.humans)
        same = [human.name for human in self.humans if human.role == "same"]
        if len(same) > 1 or len(set(names)) != len(names):
            raise BadValue(f"humans lists {', '.join(names)}; each data set once, and at most one with the role same.")
        for criterion in self.criteria:
            if criterion.reference and criterion.reference not in names:
                raise errors.unknown("human data set", criterion.reference, names, where="in humans")

    @property
    def planned(self) -> "tuple[Planned, ...]":
        """The trials to roll out, in order: the starts, the long walk, the pushes."""
        trials, pushes = self.trials, self.pushes
        starts = [Planned(f"start_{i}", trials.duration_s, i / trials.count) for i in range(trials.count)]
        if trials.endurance_s > 0:
            starts.append(Planned("endurance", trials.endurance_s, 0.0))
        length = pushes.at_s + pushes.duration_s + pushes.watch_s
        starts += [Planned(f"push_{name}", length, 0.0, name) for name in pushes.directions]
        return tuple(starts)


@dataclass(frozen=True)
class Planned:
    """One trial to roll out: its name, duration [s], start phase as a share of the cycle, and push direction."""

    name: str
    duration: float
    phase: float
    push: str = ""


def load_protocol(name_or_path: str) -> Protocol:
    """The protocol of this name, shipped or in a file.

    Args:
        name_or_path: a name; or, if it contains a separator or ends in .toml, a path.

    Raises:
        UnknownName: no shipped protocol has this name.
        BadFile, BadValue: the file is missing or wrong; the key is named.
    """
    return config.load(Protocol, path_of(name_or_path))


def of_recordings(protocol: Protocol, *, without: str) -> Protocol:
    """The protocol for a walker that was recorded, not rolled out: nobody was tracked, so every person is another one.

    The limits of the protocol are those of a run of this project; a recording is judged by gates and scores alone.

    Args:
        protocol: as shipped.
        without: a data set that is left out, because it is the walker.
    """
    humans = tuple(replace(human, role="other") for human in protocol.humans if human.name != without)
    return replace(protocol, humans=humans, criteria=())


def path_of(name_or_path: str) -> Path:
    """The file of a protocol given by name or by path."""
    if "/" in name_or_path or "\\" in name_or_path or name_or_path.endswith(".toml"):
        return Path(name_or_path)
    path = share.folder("validation") / f"{name_or_path}.toml"
    if not path.is_file():
        known = sorted(file.stem for file in path.parent.glob("*.toml"))
        raise errors.unknown("protocol", name_or_path, known)
    return path
