"""Record: every figure that says how good a retargeted clip is, and how each is measured."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Protocol

import mujoco
import numpy as np

from biomimic import config, files
from biomimic.embodiment import Embodiment
from biomimic.errors import BadFile, BadValue
from biomimic.motion import Trajectory
from biomimic.retarget import tendons
from biomimic.retarget.contact import Points, contact_points
from biomimic.retarget.figures import Ceilings, Coupling, Figure, Ground, Limits, Nearness, Skate
from biomimic.retarget.options import DEG, Contact
from biomimic.retarget.tendons import Jumps
from biomimic.signals import Signals

SCHEMA = 1
_COUPLED_TOLERANCE = 1e-3  # [rad or m] the model's couplings leave its own ranges by up to 2.5e-4
_RANGE_TOLERANCE = 1e-5  # [rad or m] of the published rule
_DEEP = 1e-3  # [m] of the published rule
_LOW = 5e-3  # [m] a contact point lower than this is taken to stand, whatever the contact phases say
_ALONG = np.linspace(0.0, np.pi, 36, endpoint=False)  # widths along these miss at most 0.1 % of a distance


class Attached(Protocol):
    """Points that move with bodies of the model: P names, bodies (P,), places in them (P, 3) [m]."""

    names: tuple[str, ...]
    bodies: np.ndarray
    offsets: np.ndarray


@dataclass(frozen=True)
class Record:
    """The quality of one retargeted clip.

    Attributes:
        embodiment: name of the body.
        model_sha256: of the compiled body.
        rate: [Hz].
        frames: of the trajectory.
        seconds: that retargeting it took, or None.
        jumps: of muscle lengths by the published rule.
        strict: jumps found at four times the frame rate that do not shrink with the step, or None if not looked for.
            The published rule also flags smooth motion that begins from rest; this one does not, and it also counts
            jumps that are small against the rest length.
        skate: within the contact phases of the trajectory, or None without them.
        low: travel of contact points lower than 5 mm, by geometry alone, or None for a body without feet.
        nearness: to the scaled source points, or None.
        angles: name of an angle -> root mean square difference from the source's [rad].
        notes: sentences a reader must know.
    """

    embodiment: str
    model_sha256: str
    rate: float
    frames: int
    limits: Limits
    ground: Ground
    jumps: Jumps
    coupling: Coupling
    strict: Jumps | None = None
    skate: Skate | None = None
    low: Skate | None = None
    nearness: Nearness | None = None
    angles: dict[str, float] = field(default_factory=dict)
    seconds: float | None = None
    notes: tuple[str, ...] = ()
    schema: int = SCHEMA

    @property
    def speed(self) -> float | None:
        """Frames of the result per second of work, or None."""
        return self.frames / self.seconds if self.seconds else None

    def figures(self, ceilings: Ceilings | None = None) -> tuple[Figure, ...]:
        """The figures of the table, in units that people read."""
        c = ceilings or Ceilings()
        found = [
            Figure("limit violation", self.limits.percent, "%", c.limits),
            Figure("limit violation, published rule", self.limits.published, "%"),
            Figure("penetration", self.ground.percent, "% of frames", c.ground),
            Figure("deepest contact", 1e3 * self.ground.deepest, "mm"),
            Figure("tendon jumps, published rule", self.jumps.large, "", c.jumps),
            Figure("tendon jumps, strict", self.strict.count if self.strict else None, "", c.jumps),
            Figure("steps above the running mean", self.jumps.count, ""),
            Figure("coupling residual", self.coupling.largest, "rad or m", c.coupling),
            Figure("skate per stance", 1e3 * self.skate.largest if self.skate else None, "mm", 1e3 * c.skate),
            Figure("travel below 5 mm", 1e3 * self.low.largest if self.low else None, "mm"),
            Figure("landmark RMSE", 1e3 * self.nearness.rmse if self.nearness else None, "mm", 1e3 * c.nearness),
        ]
        for name, value in self.angles.items():
            sagittal = name.startswith(("hip_flexion", "knee_flexion", "ankle_dorsiflexion"))
            found.append(Figure(f"{name} RMSE", value / DEG, "deg", c.angle / DEG if sagittal else None))
        return (*found, Figure("speed", self.speed, "frames/s"))

    def broken(self, ceilings: Ceilings | None = None) -> tuple[str, ...]:
        """Names of the figures above their ceilings."""
        return tuple(figure.name for figure in self.figures(ceilings) if not figure.kept)

    def to_json(self) -> str:
        """JSON with sorted keys; `from_json` reads it back."""
        return json.dumps(asdict(self), indent=1, sort_keys=True, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: str, *, name: str = "this text") -> "Record":
        """The record that `to_json` wrote.

        Raises:
            BadFile: no JSON, or not the JSON of a record of this schema.
        """
        try:
            values = json.loads(text)
        except json.JSONDecodeError as error:
            raise BadFile(f"{name} is no JSON ({error}); make the record again.") from None
        version = values.get("schema") if isinstance(values, dict) else None
        if version != SCHEMA:
            raise BadFile(f"{name} is no quality record of schema {SCHEMA}: schema {version} was found; make it again.")
        return config.build(cls, _known(values), name=name)

    def save(self, path: str | Path) -> Path:
        """Write to a JSON file, atomically."""
        return files.write(path, self.to_json())

    @classmethod
    def load(cls, path: str | Path) -> "Record":
        """Read what `save` wrote."""
        return cls.from_json(config.read_text(path), name=str(path))


def assess(
    trajectory: Trajectory,
    embodiment: Embodiment,
    *,
    scaled_source: np.ndarray | None = None,
    points: Attached | None = None,
    angles: Signals | None = None,
    crossed: list[tendons.Crossing] | None = None,
) -> Record:
    """Measure a retargeted clip.

    Args:
        trajectory: the clip.
        embodiment: the body it belongs to, compiled with as many joints as the clip has.
        scaled_source: where the points should be, house frame, NaN where unknown, (T, P, 3) [m].
        points: the P points of the body, fitted places.
        angles: of the source [rad]; time 0 is the clip's first frame, names as the body's angles, others are left out.
        crossed: the clip's crossings (`tendons.clip_crossings`) if they were looked for already.

    Raises:
        BadValue: the clip is another body's, or the source's points or angles do not fit it.
    """
    model, qpos = embodiment.model, trajectory.qpos
    if qpos.shape[1] != model.nq:
        raise BadValue(
            f'The clip has {qpos.shape[1]} coordinates and the body "{embodiment.name}" as loaded has {model.nq}. '
            "Load the body that the clip was made for, with or without fingers as then."
        )
    if (scaled_source is None) != (points is None):
        raise BadValue("Source points can only be compared when both `scaled_source` and `points` are given.")
    soles = contact_points(embodiment, Contact()) if embodiment.feet else None
    seen = _watch(embodiment, qpos, soles, points)
    contact = _loaded(trajectory, soles)
    names = tuple(model.tendon(k).name for k in range(model.ntendon))
    return Record(
        embodiment=embodiment.name,
        model_sha256=embodiment.sha256,
        rate=trajectory.rate,
        frames=len(qpos),
        limits=_limits(embodiment, qpos),
        ground=_ground(seen, contact),
        jumps=tendons.published_jumps(seen.lengths, model.tendon_length0, names),
        coupling=_coupling(embodiment, qpos),
        strict=tendons.strict_jumps(
            embodiment, tendons.clip_crossings(embodiment, qpos) if crossed is None else crossed
        ),
        skate=None if contact is None else _skate(seen.soles, contact, soles.names),
        low=None if soles is None else _skate(seen.soles, seen.soles[..., 2] < _LOW, soles.names),
        nearness=None if points is None else _nearness(seen.places, scaled_source, points.names),
        angles={} if angles is None else _angle_errors(trajectory, embodiment, angles),
    )


@dataclass(frozen=True, eq=False)
class _Seen:
    """What one walk through all poses gives."""

    lengths: np.ndarray  # (T, ntendon) [m]
    depth: np.ndarray  # (T,) deepest contact with the floor [m]
    geoms: tuple[str, ...]  # T, what touches there
    lowest: float  # geom centre [m]
    soles: np.ndarray  # (T, S, 3) lowest places of the contact points, house frame [m]
    places: np.ndarray  # (T, P, 3) house frame [m]


def _watch(embodiment: Embodiment, qpos: np.ndarray, soles: Points | None, points: Attached | None) -> _Seen:
    model, data = embodiment.model, mujoco.MjData(embodiment.model)
    floor = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_GEOM, "floor")
    others = np.flatnonzero(np.arange(model.ngeom) != floor)
    lengths, depth, lowest, geoms = np.empty((len(qpos), model.ntendon)), np.zeros(len(qpos)), np.inf, []
    at_soles = np.empty((len(qpos), 0 if soles is None else len(soles.names), 3))
    at_points = np.empty((len(qpos), 0 if points is None else len(points.names), 3))
    for frame, pose in enumerate(qpos):
        data.qpos[:] = pose
        mujoco.mj_kinematics(model, data)
        mujoco.mj_comPos(model, data)
        mujoco.mj_tendon(model, data)
        mujoco.mj_collision(model, data)
        lengths[frame] = data.ten_length
        depth[frame], geom = _deepest(data, floor)
        geoms.append(geom)
        lowest = min(lowest, float(data.geom_xpos[others, 2].min()))
        if soles is not None:
            at_soles[frame] = embodiment.to_house(_place(data, soles.bodies, soles.places))
        if points is not None:
            at_points[frame] = embodiment.to_house(_place(data, points.bodies, points.offsets))
    at_soles[..., 2] -= 0.0 if soles is None else soles.radii
    names = tuple(model.geom(geom).name or f"geom {geom}" if geom >= 0 else "" for geom in geoms)
    return _Seen(lengths, depth, names, lowest, at_soles, at_points)


def _place(data: mujoco.MjData, bodies: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    turned = data.xmat[bodies].reshape(-1, 3, 3) @ np.asarray(offsets)[:, :, None]
    return data.xpos[bodies] + turned[..., 0]


def _deepest(data: mujoco.MjData, floor: int) -> tuple[float, int]:
    """Depth of the deepest contact with the floor [m] and the other geom; 0 and -1 without any."""
    pairs = data.contact.geom[: data.ncon]
    with_floor = np.flatnonzero((pairs == floor).any(axis=1))
    if not len(with_floor):
        return 0.0, -1
    deepest = with_floor[data.contact.dist[with_floor].argmin()]
    depth = -float(data.contact.dist[deepest])
    return (depth, int(pairs[deepest][pairs[deepest] != floor][0])) if depth > 0.0 else (0.0, -1)


def _loaded(trajectory: Trajectory, soles: Points | None) -> np.ndarray | None:
    """Contact of the body's contact points in their own order, (T, S), or None when the clip has no phases."""
    if trajectory.contact is None or soles is None:
        return None
    missing = sorted(set(trajectory.contact_points) - set(soles.names))
    if missing:
        raise BadValue(
            f'The clip has contact phases of "{missing[0]}", which is no contact point of the body; '
            f"the body has {', '.join(soles.names)}."
        )
    contact = np.zeros((len(trajectory.qpos), len(soles.names)), dtype=bool)
    contact[:, [soles.names.index(name) for name in trajectory.contact_points]] = trajectory.contact
    return contact


def _limits(embodiment: Embodiment, qpos: np.ndarray) -> Limits:
    model = embodiment.model
    joints = np.flatnonzero(np.isin(model.jnt_type, (mujoco.mjtJoint.mjJNT_HINGE, mujoco.mjtJoint.mjJNT_SLIDE)))
    values, (low, high) = qpos[:, model.jnt_qposadr[joints]], model.jnt_range[joints].T
    excess = np.maximum(low - values, values - high)
    free = np.isin(model.jnt_dofadr[joints], embodiment.couplings.independent)
    outside = excess > np.where(free, _RANGE_TOLERANCE, _COUPLED_TOLERANCE)
    published = excess > _RANGE_TOLERANCE
    frame, worst = np.unravel_index(excess.argmax(), excess.shape)
    shares = 100.0 * float(outside.mean()), 100.0 * float(published.mean())
    if not published.any():
        return Limits(*shares, 0.0, "", -1)
    return Limits(*shares, float(excess.max()), model.joint(joints[worst]).name, int(frame))


def _ground(seen: _Seen, contact: np.ndarray | None) -> Ground:
    frame = int(seen.depth.argmax())
    deep = seen.depth[frame] > 0.0
    hover = float(seen.soles[..., 2][contact].max()) if contact is not None and contact.any() else None
    return Ground(
        percent=100.0 * float((seen.depth > _DEEP).mean()),
        deepest=float(seen.depth[frame]),
        geom=seen.geoms[frame],
        frame=frame if deep else -1,
        lowest=seen.lowest,
        hover=hover,
    )


def _coupling(embodiment: Embodiment, qpos: np.ndarray) -> Coupling:
    model, couplings = embodiment.model, embodiment.couplings
    residual = np.abs(couplings.residual(qpos))
    frame, worst = np.unravel_index(residual.argmax(), residual.shape)
    joint = model.joint(model.dof_jntid[couplings.dependent[worst]]).name
    return Coupling(float(residual.max()), joint, int(frame), float(np.sqrt(np.mean(residual**2))))


def _skate(soles: np.ndarray, contact: np.ndarray, names: tuple[str, ...]) -> Skate:
    stances = [(point, first, end) for point in range(len(names)) for first, end in phases(contact[:, point])]
    if not stances:
        return Skate(0, 0.0, "", -1, 0.0, 0)
    travel = np.array([_distance(soles[first:end, point, :2]) for point, first, end in stances])
    worst = int(travel.argmax())
    return Skate(
        stances=len(stances),
        largest=float(travel[worst]),
        point=names[stances[worst][0]],
        frame=stances[worst][1],
        median=float(np.median(travel)),
        beyond=int((travel > Ceilings().skate).sum()),
    )


def phases(contact: np.ndarray) -> list[tuple[int, int]]:
    """First frame and end (one past the last) of every stretch that is true, (T,) -> pairs."""
    edges = np.diff(np.concatenate([[0], np.asarray(contact, dtype=int), [0]]))
    return [(int(a), int(b)) for a, b in zip(np.flatnonzero(edges > 0), np.flatnonzero(edges < 0))]


def _distance(places: np.ndarray) -> float:
    """Largest distance between any two places in the plane, (n, 2) [m]."""
    along = places @ np.array([np.cos(_ALONG), np.sin(_ALONG)])
    return float(np.ptp(along, axis=0).max())


def _nearness(places: np.ndarray, source: np.ndarray, names: tuple[str, ...]) -> Nearness:
    source = np.asarray(source, dtype=float)
    if source.shape != places.shape:
        raise BadValue(f"The scaled source points have shape {source.shape}; the clip and its points {places.shape}.")
    apart = np.linalg.norm(places - source, axis=-1)
    if np.isnan(apart).all():
        raise BadValue("The scaled source has no point that is a number; there is nothing to compare the clip with.")
    marks = np.array([":" not in name for name in names])  # the others are virtual points that only show turns
    marks = marks if np.isfinite(apart[:, marks]).any() else np.ones(len(names), dtype=bool)
    own = np.where(marks, apart, np.nan)
    frame, worst = np.unravel_index(np.nanargmax(own), own.shape)
    seen = ~np.isnan(apart).all(axis=0)
    each = {name: float(np.sqrt(np.nanmean(apart[:, p] ** 2))) for p, name in enumerate(names) if seen[p]}
    return Nearness(float(np.sqrt(np.nanmean(own**2))), float(own[frame, worst]), names[worst], int(frame), each)


def _angle_errors(trajectory: Trajectory, embodiment: Embodiment, angles: Signals) -> dict[str, float]:
    ours = embodiment.angle_names
    shared = [name for name in ours if name in angles.names]
    time = np.arange(len(trajectory.qpos)) / trajectory.rate
    inside = (time >= angles.time[0] - 1e-9) & (time <= angles.time[-1] + 1e-9)
    if not shared or not inside.any():
        raise BadValue(
            f"The source's angles ({', '.join(angles.names[:5])}; {angles.time[0]:.3g} to {angles.time[-1]:.3g} s) "
            f"share no name or no time with the clip (0 to {time[-1]:.3g} s). They may be: {', '.join(ours)}."
        )
    of_body = dict(zip(ours, embodiment.trajectory_angles(trajectory.qpos[inside]).T))
    found = {}
    for name in shared:
        apart = of_body[name] - np.interp(time[inside], angles.time, np.unwrap(angles.channel(name)))
        apart = np.angle(np.exp(1j * apart))
        if not np.isnan(apart).all():
            found[name] = float(np.sqrt(np.nanmean(apart**2)))
    return found


def _known(values: object) -> object:
    """The same without the keys whose value is None."""
    if isinstance(values, dict):
        return {key: _known(value) for key, value in values.items() if value is not None}
    return values
