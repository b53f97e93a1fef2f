"""What to do with one trial of a laboratory: files, model, filters, thresholds. Read from TOML."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from biomimic import config
from biomimic.config import one_of, ranged
from biomimic.errors import BadValue


@dataclass(frozen=True)
class Measurement:
    """Distances between markers, model against person, that scale some bodies.

    Args:
        pairs: of markers; the mean ratio of their distances is the factor.
        bodies: that are scaled.
        axes: of the bodies, "X Y Z" or some of them.
    """

    pairs: tuple[tuple[str, str], ...]
    bodies: tuple[str, ...]
    axes: str = "X Y Z"


@dataclass(frozen=True)
class Scaling:
    """From a generic model and a static trial to the person's model.

    Args:
        markers: static trial, .trc or .c3d.
        start: of the part that is averaged [s].
        end: of it [s].
        measurements: name → distances that scale; none keeps all sizes.
        weights: marker → weight in the static pose; "*" stands for all others, 0 leaves a marker out.
        place: put the model's markers where the person's are once the pose is found.
        preserve_mass_distribution: keep the shares of the bodies in the mass.
    """

    markers: str
    start: float
    end: float
    measurements: dict[str, Measurement] = field(default_factory=dict)
    weights: dict[str, float] = field(default_factory=lambda: {"*": 1.0})
    place: bool = True
    preserve_mass_distribution: bool = True


@dataclass(frozen=True)
class Kinematics:
    """Inverse kinematics.

    Args:
        weights: marker → weight; "*" stands for all others, 0 leaves a marker out.
        locked: coordinates that may not move, e.g. mtp_angle_r where no marker shows them.
        accuracy: of the solver.
    """

    weights: dict[str, float] = field(default_factory=lambda: {"*": 1.0})
    locked: tuple[str, ...] = ()
    accuracy: float = ranged(1e-5, low=1e-12, high=1e-2)


@dataclass(frozen=True)
class Ground:
    """Ground force.

    Args:
        plates: prefix of the force columns, or number of a plate, → foot, where neither file nor feet say it.
        bodies: foot → body of the model that the force acts on.
        cutoff: low pass of the wrench before inverse dynamics [Hz]; 0 leaves it as it was measured.
        threshold: of contact [N]: below it there is no centre of pressure, and the foot strikes or leaves there.
    """

    plates: dict[str, str] = field(default_factory=dict)
    bodies: dict[str, str] = field(default_factory=lambda: {"right": "calcn_r", "left": "calcn_l"})
    cutoff: float = ranged(0.0, low=0.0)
    threshold: float = ranged(20.0, low=1.0, high=200.0)


@dataclass(frozen=True)
class Dynamics:
    """Inverse dynamics and static optimisation.

    Args:
        cutoff: low pass of the coordinates by OpenSim [Hz]; 0 filters nothing.
        muscles: whether static optimisation is done.
        exponent: of the activations in its cost.
        reserve: optimal moment of the reserve at each joint without an actuator [N m]; small, so that it costs much.
        residual: optimal force and moment at the pelvis [N, N m].
    """

    cutoff: float = ranged(6.0, low=0.0)
    muscles: bool = True
    exponent: float = ranged(2.0, low=1.0, high=10.0)
    reserve: float = ranged(1.0, low=1e-3)
    residual: float = ranged(100.0, low=1e-3)


@dataclass(frozen=True)
class Emg:
    """Envelopes of surface EMG; orders and cut-offs are those of the result of both passes.

    Args:
        file: raw signals, .anc, .c3d, .mot or .sto; empty if there are none.
        channels: channel of the file → muscle, e.g. SOL = "soleus"; empty takes the usual short names.
        side: leg that was recorded.
        high_pass: [Hz]; 20 removes the movement of the electrodes (De Luca 2010).
        low_pass: [Hz].
        band_order: of both.
        cutoff: of the envelope [Hz].
        order: of the envelope.
        normaliser: "maximum" of this trial, or "reference": the largest value in the reference files.
        references: files of maximal contractions or other trials, processed in the same way.
    """

    file: str = ""
    channels: dict[str, str] = field(default_factory=dict)
    side: str = one_of("right", "left", default="right")
    high_pass: float = ranged(20.0, low=1.0)
    low_pass: float = ranged(450.0, low=10.0)
    band_order: int = ranged(4, low=2, high=16)
    cutoff: float = ranged(6.0, low=0.5, high=50.0)
    order: int = ranged(4, low=2, high=16)
    normaliser: str = one_of("maximum", "reference", default="maximum")
    references: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.high_pass >= self.low_pass:
            raise BadValue(f"The EMG band from {self.high_pass:g} to {self.low_pass:g} Hz is empty.")
        if (self.normaliser == "reference") != bool(self.references):
            raise BadValue('Reference files go with normaliser = "reference", and that needs at least one of them.')


@dataclass(frozen=True)
class Settings:
    """One trial.

    Args:
        trial: label.
        model: .osim; generic where [scaling] is given, else the person's.
        family: whose names and signs hold, e.g. "rajagopal2016".
        mass: of the person [kg].
        markers: .trc or .c3d, in any heading; empty where `coordinates` are given.
        coordinates: known joint angles (.mot, .sto) instead of markers.
        forces: ground force (.mot, .sto, .c3d); empty where there is none.
        forward: axis of the laboratory, z up, in which the person goes ("x", "-y", …); by default it is found.
        start: first time [s]; by default that of the markers.
        end: last time [s].
        source: where the data come from, e.g. a DOI.
        licence: of the data.
    """

    trial: str
    model: str
    family: str
    mass: float = ranged(low=1.0, high=500.0)
    markers: str = ""
    coordinates: str = ""
    forces: str = ""
    forward: str = ""
    start: float | None = None
    end: float | None = None
    source: str = ""
    licence: str = ""
    scaling: Scaling | None = None
    kinematics: Kinematics = Kinematics()
    ground: Ground = Ground()
    dynamics: Dynamics = Dynamics()
    emg: Emg = Emg()

    def __post_init__(self) -> None:
        if bool(self.markers) == bool(self.coordinates):
            raise BadValue("A trial has either markers or coordinates; give one of the two files.")
        if self.start is not None and self.end is not None and self.start >= self.end:
            raise BadValue(
                f"The trial would begin at {self.start:g} s and end at {self.end:g} s; end lies after start."
            )


def load(path: str | Path) -> Settings:
    """Settings of a trial; files in it are found from the folder of the TOML file.

    Raises:
        BadFile: no such file, no TOML, or a key that is unknown or missing.
        BadValue: a value of the wrong type or out of range.
    """
    path = Path(path)
    found = config.load(Settings, path)
    return absolute(found, path.parent)


def absolute(settings: Settings, folder: Path) -> Settings:
    """The same settings with all files as absolute paths."""

    def there(file: str) -> str:
        return str((folder / file).resolve()) if file else ""

    scaling = settings.scaling
    if scaling is not None:
        scaling = replace(scaling, markers=there(scaling.markers))
    emg = replace(settings.emg, file=there(settings.emg.file), references=tuple(map(there, settings.emg.references)))
    files = {name: there(getattr(settings, name)) for name in ("model", "markers", "coordinates", "forces")}
    return replace(settings, scaling=scaling, emg=emg, **files)
