"""A learned policy as a controller: what training observes and does, around the state of one body in physics."""

import dataclasses
import hashlib
from dataclasses import dataclass, field
from functools import lru_cache

import mujoco
import numpy as np

from biomimic.embodiment import Embodiment
from biomimic.motion import Trajectory
from biomimic.run import Run
from biomimic.training import playing, view
from biomimic.training.engine import CONTROL_STEP
from biomimic.training.playing import Player


class Policy:
    """Drives a body along its target by a network.

    Call `start`, then at every control step, after `mj_step1`, `excitations`.

    Attributes:
        dt: control step [s].
        player: of the run.
    """

    def __init__(self, embodiment: Embodiment, player: Player) -> None:
        self.dt = CONTROL_STEP
        self.player, self._model = player, embodiment.model

    def start(self, data: mujoco.MjData, phase: float) -> None:
        """Put the body into a periodic target at a phase, into another at its first frame; forget what was before."""
        clips = self.player.clips
        frame = phase * float(clips.rows[0]) / float(clips.stride[0]) if bool(clips.is_periodic[0]) else 0.0
        self._begun, physics = self.player.place([0], [frame])
        self._state = None
        mujoco.mj_resetData(self._model, data)
        data.qpos[:], data.qvel[:], data.act[:] = physics.qpos[0], physics.qvel[0], physics.activation[0]
        mujoco.mj_forward(self._model, data)

    def excitations(self, data: mujoco.MjData) -> np.ndarray:
        """Excitation of every muscle for the coming control step, (nu,), in [0, 1]."""
        now = view.of_data(self._model, data, dynamics=self.player.is_dynamic)
        seen = view.BodyView(*(None if part is None else _one(part) for part in now))
        if self._state is None:
            self._state = self.player.begin(self._begun, seen)
        else:
            self._state, _ = self.player.see(self._state, seen)
        excitation, self._state = self.player.act(self._state)
        return np.asarray(excitation[0], float)


def build(embodiment: Embodiment, run: Run, target: Trajectory) -> Policy:
    """The policy of a run for a target.

    Raises:
        BadRun: the run has no policy, or one of another network or body.
        BadFile, BadValue: recipe or policy are damaged, or the policy cannot follow this target.
    """
    key = (run.identity, embodiment.sha256, str(embodiment.model.opt.timestep), _digest(target))
    return Policy(embodiment, _player(_Asked(key, run, embodiment, target)))


@dataclass(frozen=True)
class _Asked:
    """A policy that is asked for; requests with one key are the same."""

    key: tuple[str, ...]
    run: Run = field(compare=False)
    embodiment: Embodiment = field(compare=False)
    target: Trajectory = field(compare=False)


@lru_cache(maxsize=1)  # the trials of a protocol share what takes long to compile
def _player(asked: _Asked) -> Player:
    return playing.load(asked.run, asked.embodiment, [asked.target])


def _digest(target: Trajectory) -> str:
    """Hex SHA-256 of everything in a target."""
    digest = hashlib.sha256()
    for part in dataclasses.fields(target):
        value = getattr(target, part.name)
        digest.update(value.tobytes() if isinstance(value, np.ndarray) else repr(value).encode())
    return digest.hexdigest()


def _one(part):
    """A part of a view as one of one body: with a leading axis of length 1."""
    return part[None] if isinstance(part, np.ndarray) else type(part)(*(value[None] for value in part))
