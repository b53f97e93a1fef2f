"""Targets that need no recording: squats and sways of the small body, reaches of two arms, made from formulas."""

from collections.abc import Mapping
from dataclasses import dataclass

import mujoco
import numpy as np

from biomimic.embodiment import Embodiment
from biomimic.errors import BadValue
from biomimic.motion import Trajectory
from biomimic.provenance import Provenance

RATE = 100.0  # [Hz], one frame for each control step
_LEG = ("hip_flexion", "knee_angle", "ankle_angle")
_MIDDLE = 0.03  # [m] in front of the ankles: middle of the soles
_SECANTS = 8
_TRIES = 100  # postures drawn before reaches are given up

# Joint ranges that reaches keep to, in front of the trunk [rad]; the same for both arms.
_REACH = {
    "elv_angle": (0.5, 1.5),
    "shoulder_elv": (0.3, 1.2),
    "shoulder_rot": (-0.3, 0.6),
    "elbow_flex": (0.4, 1.8),
    "pro_sup": (-0.7, 0.7),
    "deviation": (-0.1, 0.3),
    "flexion": (-0.4, 0.4),
}
_GRIP = 0.4  # share of its range by which a finger joint bends at most
_MOVE, _HOLD = 0.8, 0.2  # [s] of each reach


@dataclass(frozen=True)
class Sway:
    """One clip of the small body: its feet stand, its legs bend alike, its centre of mass sways above them.

    Attributes:
        depth: largest bend of the knees beyond the least one [rad].
        forward: amplitude of the centre of mass, forward and back [m].
        bow: amplitude of the trunk's tilt [rad].
        pace: of the bend [Hz]; the sway has the same, the bow half of it.
        phase: of the bend at the first frame [rad].
    """

    depth: float = 0.0
    forward: float = 0.0
    bow: float = 0.0
    pace: float = 0.4
    phase: float = 0.0


BASIC: Mapping[str, Sway] = {
    "squat": Sway(depth=0.9),
    "sway": Sway(forward=0.025, pace=0.5),
    "bow": Sway(bow=0.25, depth=0.2, pace=0.5),
}


def tiny_targets(
    embodiment: Embodiment, count: int = 4, *, seconds: float = 10.0, seed: int = 0
) -> dict[str, Trajectory]:
    """Clips of the body "tiny" at 100 Hz: a squat, a sway, a bow, then mixtures of them drawn at random.

    Couplings and joint ranges are kept, the soles stand still on the floor, and the centre of mass stays above them.
    The clips carry the contacts, the forces on the feet (both carry the same) and the joint moments that the motion
    asks for.

    Args:
        embodiment: "tiny".
        count: clips.
        seconds: of each.
        seed: of the mixtures; the same seed gives the same clips.

    Raises:
        BadValue: another body, or no clips or frames.
    """
    frames = _frames(embodiment, "tiny", count, seconds)
    random = np.random.default_rng(seed)
    clips = dict(list(BASIC.items())[:count])
    for k in range(count - len(clips)):
        clips[f"mixture {k}"] = Sway(
            depth=random.uniform(0.2, 0.9),
            forward=random.uniform(0.0, 0.02),
            bow=random.uniform(0.0, 0.2),
            pace=random.uniform(0.3, 0.6),
            phase=random.uniform(0.0, 2.0 * np.pi),
        )
    return {name: _swaying(embodiment, name, sway, np.arange(frames) / RATE) for name, sway in clips.items()}


def reaching_targets(
    embodiment: Embodiment, count: int = 8, *, seconds: float = 4.0, seed: int = 0
) -> dict[str, Trajectory]:
    """Clips of the body "bimanual" at 100 Hz: both hands reach from place to place and rest there.

    They begin with hanging arms. Every second each arm goes to a posture drawn from ranges in front of the trunk, in
    0.8 s of least jerk along all independent joints, while the fingers open or close a little. Couplings and joint
    ranges are kept; a posture is drawn again if there or on the way more touches than with hanging arms.

    Args:
        embodiment: "bimanual", with or without fingers.
        count: clips.
        seconds: of each.
        seed: the same seed gives the same clips.

    Raises:
        BadValue: another body, or no clips or frames.

    Source:
        least jerk: Flash and Hogan 1985, here in joint angles.
    """
    frames = _frames(embodiment, "bimanual", count, seconds)
    random = np.random.default_rng(seed)
    return {f"reach {k}": _reaching(embodiment, f"reach {k}", frames, random) for k in range(count)}


def _frames(embodiment: Embodiment, wanted: str, count: int, seconds: float) -> int:
    if embodiment.name != wanted:
        raise BadValue(f'These targets are made for the body "{wanted}", not for "{embodiment.name}"; load that one.')
    frames = round(seconds * RATE) + 1
    if count < 1 or frames < 3:
        raise BadValue(f"{count} clips of {seconds:g} s were asked for; at least 1 of 0.02 s can be made.")
    return frames


def _swaying(embodiment: Embodiment, name: str, sway: Sway, time: np.ndarray) -> Trajectory:
    turn = 2.0 * np.pi * sway.pace * time + sway.phase
    knee = 0.25 + 0.5 * sway.depth * (1.0 - np.cos(turn))
    tilt = 0.1 + 0.35 * (knee - 0.25) + sway.bow * np.sin(0.5 * turn)
    ahead = _MIDDLE + sway.forward * np.sin(turn)
    stance, qpos = _Stance(embodiment), np.empty((len(time), embodiment.model.nq))
    for frame in range(len(time)):
        qpos[frame] = stance.pose(tilt[frame], knee[frame], ahead[frame])
    return _trajectory(embodiment, name, qpos, _speeds(embodiment.model, qpos), has_feet=True)


class _Stance:
    """Poses of the small body with flat feet that stay where they are in the model's own pose."""

    def __init__(self, embodiment: Embodiment) -> None:
        self._model, self._couplings = embodiment.model, embodiment.couplings
        self._data, self._ankle = mujoco.MjData(embodiment.model), 0.0
        self._joints = [[self._model.joint(f"{name}_{side}").qposadr[0] for side in "rl"] for name in _LEG]
        self._foot = self._model.body(embodiment.landmarks["ankle_right"].body).id
        mujoco.mj_kinematics(self._model, self._data)
        self._stands = self._data.xpos[self._foot].copy()

    def pose(self, tilt: float, knee: float, ahead: float) -> np.ndarray:
        """The pose with a tilt of the trunk, a knee angle and the centre of mass ahead of the ankles, (nq,) [rad, m].

        The ankle angle is searched by secants from that of the pose before.
        """
        before, ankle = self._ankle + 1e-3, self._ankle
        error = self._place(tilt, knee, before) - ahead, self._place(tilt, knee, ankle) - ahead
        for _ in range(_SECANTS):
            if abs(error[1]) < 1e-12:
                break
            before, ankle = ankle, ankle - error[1] * (ankle - before) / (error[1] - error[0])
            error = error[1], self._place(tilt, knee, ankle) - ahead
        self._ankle = ankle
        pose = self._data.qpos.copy()
        pose[:3] += self._stands - self._data.xpos[self._foot]
        return pose

    def _place(self, tilt: float, knee: float, ankle: float) -> float:
        """How far the centre of mass is ahead of the ankles [m]; with flat feet hip = tilt + knee - ankle."""
        model, data = self._model, self._data
        pose = model.qpos0.copy()
        pose[3:7] = [np.cos(0.5 * tilt), 0.0, np.sin(0.5 * tilt), 0.0]
        for joints, value in zip(self._joints, (tilt + knee - ankle, knee, ankle)):
            pose[joints] = value
        data.qpos[:] = self._couplings.expand(pose)
        mujoco.mj_kinematics(model, data)
        mujoco.mj_comPos(model, data)
        return float(data.subtree_com[1, 0] - data.xpos[self._foot, 0])


def _reaching(embodiment: Embodiment, name: str, frames: int, random: np.random.Generator) -> Trajectory:
    couplings, data = embodiment.couplings, mujoco.MjData(embodiment.model)
    touching = _touching(embodiment, data, embodiment.model.qpos0[None])
    here = couplings.expand(embodiment.model.qpos0)
    reaches = -(-frames // round((_MOVE + _HOLD) * RATE))
    qpos, qvel = [], []
    for _ in range(reaches):
        for _ in range(_TRIES):
            there = _drawn(embodiment, random)
            place, speed = _least_jerk(here, there)
            if _touching(embodiment, data, couplings.expand(place)) <= touching:
                break
        else:
            raise BadValue(f"{name}: no free way was found in {_TRIES} draws; draw with another seed.")
        qpos.append(couplings.expand(place))
        qvel += [couplings.jacobian(p) @ v[couplings.independent] for p, v in zip(qpos[-1], speed)]
        here = there
    return _trajectory(embodiment, name, np.concatenate(qpos)[:frames], np.array(qvel)[:frames], has_feet=False)


def _drawn(embodiment: Embodiment, random: np.random.Generator) -> np.ndarray:
    """A posture, (nq,)."""
    model, pose = embodiment.model, embodiment.model.qpos0.copy()
    grip = dict(zip("rl", random.uniform(0.0, _GRIP, 2)))
    for name in embodiment.couplings.names:
        joint, stem = model.joint(name), name[:-2]
        if stem in _REACH:
            pose[joint.qposadr[0]] = random.uniform(*_REACH[stem])
        elif "flexion" in stem:
            low, high = joint.range
            pose[joint.qposadr[0]] = max(low, 0.0) + grip[name[-1]] * (high - max(low, 0.0))
    return embodiment.couplings.expand(pose)


def _least_jerk(here: np.ndarray, there: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates and their speeds from one posture to another and at rest there, (N, nq) each."""
    share = np.minimum(np.arange(round((_MOVE + _HOLD) * RATE)) / (_MOVE * RATE), 1.0)[:, None]
    way = share**3 * (10.0 - 15.0 * share + 6.0 * share**2)
    rate = 30.0 * share**2 * (1.0 - share) ** 2 / _MOVE
    return here + way * (there - here), rate * (there - here)


def _touching(embodiment: Embodiment, data: mujoco.MjData, qpos: np.ndarray) -> int:
    """Most contacts in any of the poses."""
    most = 0
    for pose in qpos:
        data.qpos[:] = pose
        mujoco.mj_fwdPosition(embodiment.model, data)
        most = max(most, data.ncon)
    return most


def _speeds(model: mujoco.MjModel, qpos: np.ndarray) -> np.ndarray:
    """Central differences, one-sided at the ends, (T, nv)."""
    step = np.empty((len(qpos) - 1, model.nv))
    for frame in range(len(step)):
        mujoco.mj_differentiatePos(model, step[frame], 1.0 / RATE, qpos[frame], qpos[frame + 1])
    return 0.5 * (np.concatenate([step[:1], step]) + np.concatenate([step, step[-1:]]))


def _trajectory(embodiment: Embodiment, name: str, qpos: np.ndarray, qvel: np.ndarray, *, has_feet: bool) -> Trajectory:
    model, data = embodiment.model, mujoco.MjData(embodiment.model)
    bodies, _ = embodiment.landmark_places
    rotation, com = np.empty((len(qpos), len(bodies), 4)), np.empty((len(qpos), 3))
    for frame, pose in enumerate(qpos):
        data.qpos[:] = pose
        mujoco.mj_kinematics(model, data)
        mujoco.mj_comPos(model, data)
        rotation[frame], com[frame] = data.xquat[bodies], data.subtree_com[1]
    loads = _loads(embodiment, qpos, qvel) if has_feet else {}
    return Trajectory(
        rate=RATE,
        qpos=qpos,
        qvel=qvel,
        landmark_position=embodiment.to_model(embodiment.trajectory_landmarks(qpos)),
        landmark_rotation=rotation / np.linalg.norm(rotation, axis=-1, keepdims=True),
        landmarks=tuple(embodiment.landmarks),
        embodiment=embodiment.name,
        model_sha256=embodiment.sha256,
        provenance=Provenance(f"made by this package: {name}", "Apache-2.0", note="closed form, not measured"),
        com=com,
        **loads,
    )


def _loads(embodiment: Embodiment, qpos: np.ndarray, qvel: np.ndarray) -> dict[str, object]:
    """Contacts, forces on the feet and joint moments of a motion on two feet that stand and share all load alike."""
    model, data = embodiment.model, mujoco.MjData(embodiment.model)
    feet = [foot.body_ids[0] for foot in embodiment.feet.values()]
    acceleration = np.gradient(qvel, 1.0 / RATE, axis=0)
    force = np.empty((len(qpos), 2, 3))
    moment = np.empty((len(qpos), len(embodiment.moments)))
    jacobian = np.zeros((2, 6, model.nv))
    for frame, pose in enumerate(qpos):
        data.qpos[:], data.qvel[:] = pose, qvel[frame]
        mujoco.mj_fwdPosition(model, data)
        mujoco.mj_fwdVelocity(model, data)
        needed = np.zeros(model.nv)
        mujoco.mj_mulM(model, data, needed, acceleration[frame])
        needed += data.qfrc_bias
        for k, foot in enumerate(feet):
            mujoco.mj_jacBody(model, data, jacobian[k, :3], jacobian[k, 3:], foot)
        wrench = np.linalg.solve(jacobian.sum(axis=0)[:, :6].T, needed[:6])
        left = embodiment.couplings.jacobian(pose).T @ (needed - jacobian.sum(axis=0).T @ wrench)
        force[frame] = embodiment.to_house(wrench[:3])
        moment[frame] = [part.scale * left[part.column] for part in embodiment.moments.values()]
    points = [f"{geom}:{end}" for foot in embodiment.feet.values() for geom in foot.geoms for end in ("-1", "+1")]
    return {
        "contact": np.ones((len(qpos), len(points)), dtype=bool),
        "contact_points": tuple(points),
        "force": force.reshape(-1, 6),
        "moment": moment,
        "moment_names": tuple(embodiment.moments),
    }
