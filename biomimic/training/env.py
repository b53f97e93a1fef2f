"""The environment: reset and step of B bodies as pure functions around an engine.

    command    state and action → excitations
    (engine)   one control step of physics
    judge      the new view → reward, end, observation
    draw, place    where the bodies that ended begin anew, and what they see there

The functions are the same for both engines: around MuJoCo Warp they are traced into one program, around MuJoCo C they
are compiled one by one and called in turn.
"""

from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from biomimic.training import actions, clips, cores, observation, reward, sampling, termination
from biomimic.training.actions import Actions, Dynamics
from biomimic.training.body import Body
from biomimic.training.clips import Clips
from biomimic.training.engine import Engine, Physics
from biomimic.training.layer import Layer, Look
from biomimic.training.observation import Blocks, Instant
from biomimic.training.pushes import Pushes, forces
from biomimic.training.reward import Transition, Weights
from biomimic.training.sampling import Sampling
from biomimic.training.termination import Limits
from biomimic.training.view import BodyView, is_sound


class Memory(NamedTuple):
    """What a body carries from step to step beside its physics.

    Attributes:
        reward: of the reward's filters.
        stride: of the stride's bookkeeping, before it has seen the present view; () without one.
    """

    reward: object
    stride: object


class Stage(NamedTuple):
    """What changes from update to update, the same for all bodies.

    Attributes:
        chance: of each clip to be drawn, (C,).
        raised: weights of single matches that a curriculum has changed, () each.
        limit: of the sites, () [m], in place of the recipe's; or None.
    """

    chance: jax.Array
    raised: dict[str, jax.Array]
    limit: jax.Array | None


class State(NamedTuple):
    """B bodies at one control step.

    Attributes:
        physics: of the engine.
        view: of the bodies.
        clip: that each follows, (B,).
        frame: of it, (B,).
        age: control steps since the start, (B,).
        origin: shift of the clip in the plane, (B, 2) [m].
        memory: of each.
        action: the last one, (B, A).
        observation: (B, O).
        key: of what is drawn for each body, (B,).
    """

    physics: Physics
    view: BodyView
    clip: jax.Array
    frame: jax.Array
    age: jax.Array
    origin: jax.Array
    memory: Memory
    action: jax.Array
    observation: jax.Array
    key: jax.Array


class Outcome(NamedTuple):
    """What one control step of B bodies led to, before any of them began anew.

    Attributes:
        reward: (B,).
        terminated: failed, (B,) bool.
        truncated: out of time or at the end of the clip, (B,) bool.
        observation: (B, O).
        terms: of the reward by name, (B,) each.
        clip: that was followed, (B,).
        age: control steps since the start, (B,).
        label: action that the tracker would have taken instead, (B, A), or None.
    """

    reward: jax.Array
    terminated: jax.Array
    truncated: jax.Array
    observation: jax.Array
    terms: dict[str, jax.Array]
    clip: jax.Array
    age: jax.Array
    label: jax.Array | None = None

    @property
    def done(self) -> jax.Array:
        """Terminated or truncated, (B,) bool."""
        return self.terminated | self.truncated


@dataclass(frozen=True, eq=False)
class Task:
    """Constants of the environment beside its engine and clips.

    Attributes:
        body: of all bodies.
        actions: what an action means.
        muscles: activation dynamics.
        blocks: of the observation.
        weights: of the reward.
        limits: of termination.
        horizon: control steps of an episode.
        activation: of all muscles at the start; with a layer, it knows better.
        sampling: how starts are drawn.
        layer: the stride's bookkeeping and the muscle layer of a periodic target, or None.
        is_labelled: every step also tells what the tracker would do; needs a layer.
        pushes: that disturb the bodies.
    """

    body: Body
    actions: Actions
    muscles: Dynamics
    blocks: Blocks
    weights: Weights
    limits: Limits
    horizon: int
    activation: float
    sampling: Sampling
    layer: Layer | None = None
    is_labelled: bool = False
    pushes: Pushes = Pushes()

    @property
    def is_programmed(self) -> bool:
        """Whether a step solves the muscle layer's programme, to act or to label."""
        return self.layer is not None and (self.actions.kind == "acceleration" or self.is_labelled)

    @property
    def action_size(self) -> int:
        """Numbers of an action."""
        return self.layer.accelerations if self.actions.kind == "acceleration" else self.body.muscles


@dataclass(frozen=True, eq=False)
class Env:
    """B bodies, what they follow and what moves them."""

    task: Task
    clips: Clips
    engine: Engine

    @property
    def observation_size(self) -> int:
        """Numbers of an observation."""
        return observation.width(self.task.blocks, self.task.body, self.stride_size)

    @property
    def stride_size(self) -> int:
        """Numbers of the stride block; 0 if it is not seen."""
        layer = self.task.layer
        return layer.width if layer is not None and self.task.blocks.stride else 0

    def reset(self, key: jax.Array, stage: Stage) -> State:
        """All bodies put into clips and frames drawn anew."""
        size, task = self.engine.size, self.task
        key = jax.device_put(key, jax.local_devices()[0])  # all that follows stays there: one compilation, not two
        begun, start = _draw(task, self.clips, jax.random.split(key, size), stage)
        physics, view = self.engine.reset(None, np.ones(size, dtype=bool), start)
        return self._begun(physics, view, begun)

    def step(self, state: State, action: jax.Array, stage: Stage) -> tuple[State, Outcome]:
        """One control step; bodies that end begin anew, and the outcome still shows how they ended.

        Pure if the engine is traced; otherwise the state must be the last one.
        """
        task = self.task
        excitation, memory, label = self._commanded(state, action)
        push = forces(task.pushes, state.key, state.age) if task.pushes.force else None
        physics, view = self.engine.step(state.physics, excitation, push)
        view = jax.tree.map(jnp.asarray, view)
        moved = state._replace(physics=(), view=view, memory=memory, observation=())
        after, outcome = judge(task, self.clips, moved, action, stage)
        state = after._replace(physics=physics, view=view)
        if self.engine.is_traced or np.asarray(outcome.done).any():
            state = self.renew(state, outcome.done, stage)
        return state, outcome._replace(label=label)

    def renew(self, state: State, chosen: jax.Array, stage: Stage) -> State:
        """The chosen bodies (B,) put into clips and frames drawn anew."""
        begun, start = _draw(self.task, self.clips, state.key, stage)
        physics, view = self.engine.reset(state.physics, chosen, start)
        return _chosen(chosen, self._begun((), view, begun), state._replace(physics=()))._replace(physics=physics)

    def _commanded(self, state: State, action: jax.Array) -> tuple[jax.Array, Memory, jax.Array | None]:
        """`command`; around MuJoCo C, the programmes of the muscle layer are shared out to one thread per core."""
        task, given = self.task, (state.memory, state.view, action)
        if self.engine.is_traced or not task.is_programmed:
            return command(task, *given)
        return cores.share(partial(command_one_by_one, task), given)

    def _begun(self, physics: Physics, view: BodyView, begun: "Begin") -> State:
        view = jax.tree.map(jnp.asarray, view)
        return first(self.task, self.clips, view, begun)._replace(physics=physics, view=view)


class Begin(NamedTuple):
    """Where B bodies begin: clip (B,), frame (B,), shift of the clip in the plane (B, 2) [m], random keys (B,)."""

    clip: jax.Array
    frame: jax.Array
    origin: jax.Array
    key: jax.Array


@partial(jax.jit, static_argnums=0)
def command(
    task: Task, memory: Memory, view: BodyView, action: jax.Array
) -> tuple[jax.Array, Memory, jax.Array | None]:
    """Excitations (B, nu), the memory with the stride's clock moved on, and labels (B, A)."""
    return jax.vmap(lambda *one: _commands(task, *one))(memory, view, action)


@partial(jax.jit, static_argnums=0)
def command_one_by_one(
    task: Task, memory: Memory, view: BodyView, action: jax.Array
) -> tuple[jax.Array, Memory, jax.Array | None]:
    """As `command`, one body after the other: quicker on a processor, and the same bits in any company."""
    return jax.lax.map(lambda one: _commands(task, *one), (memory, view, action))


def _commands(
    task: Task, memory: Memory, view: BodyView, action: jax.Array
) -> tuple[jax.Array, Memory, jax.Array | None]:
    """Excitations, memory and label of one body."""
    layer, label = task.layer, None
    if layer is None:
        return actions.command(task.actions, task.muscles, view.activation, action), memory, None
    stride, look = layer.look(memory.stride, view)
    if task.is_labelled:
        label = advice(task, stride, view, look)
    if task.actions.kind == "acceleration":
        wanted, stride = layer.drive(stride, view, look, action)
        excitation = actions.excitation(task.muscles, view.activation, wanted)
    else:
        excitation = actions.command(task.actions, task.muscles, view.activation, action)
    return excitation, memory._replace(stride=layer.advance(stride)), label


def advice(task: Task, stride: object, view: BodyView, look: Look) -> jax.Array:
    """The tracker's action in one view, (A,)."""
    label = task.layer.wanted(look)
    if task.actions.kind == "acceleration":
        return label
    drive, _ = task.layer.drive(stride, view, look, label)
    if task.actions.kind == "excitation":
        drive = actions.excitation(task.muscles, view.activation, drive)
    return actions.rest_of(task.actions, drive)


@partial(jax.jit, static_argnums=0)
def judge(task: Task, all_clips: Clips, state: State, action: jax.Array, stage: Stage) -> tuple[State, Outcome]:
    """Reward, end and observation of a step whose view is in the state already."""

    def one(state: State, action: jax.Array) -> tuple[State, Outcome]:
        view, sound = state.view, is_sound(state.view)
        block, frame, origin = _pursued(task, state)
        memory = Memory(reward.advance(state.memory.reward, view, task.weights, task.body), state.memory.stride)
        target = clips.at(all_clips, state.clip, frame, origin)
        terms = reward.terms(Transition(view, target, action, state.action, memory.reward), task.weights, task.body)
        gained = reward.total(terms, task.weights, stage.raised)
        failed = termination.terminated(view, target, task.limits, task.body, stage.limit)
        age = state.age + 1
        over = termination.truncated(all_clips, state.clip, frame, age, task.horizon)
        seen = observation.observe(Instant(view, state.clip, frame, origin, block), all_clips, task.blocks, task.body)
        seen = jnp.where(sound & jnp.isfinite(seen), seen, 0.0)
        outcome = Outcome(
            reward=jnp.where(sound, gained, 0.0),
            terminated=failed,
            truncated=over & ~failed,
            observation=seen,
            terms={name: jnp.where(sound, term, 0.0) for name, term in terms.items()},
            clip=state.clip,
            age=age,
        )
        after = state._replace(
            view=(), frame=frame, origin=origin, age=age, memory=memory, action=action, observation=seen
        )
        return after, outcome

    return jax.vmap(one)(state._replace(frame=state.frame + 1), action)


@partial(jax.jit, static_argnums=0)
def _draw(task: Task, all_clips: Clips, keys: jax.Array, stage: Stage) -> tuple[Begin, Physics]:
    """Clips and frames to begin at, and the physics there; B bodies."""

    def one(key: jax.Array) -> tuple[Begin, Physics]:
        key, drawn = jax.random.split(key)
        clip, frame = sampling.draw(drawn, stage.chance, all_clips, task.sampling)
        return _placed(task, all_clips, clip, (frame.astype(jnp.float32), key))

    return jax.vmap(one)(keys)


@partial(jax.jit, static_argnums=0)
def place(task: Task, all_clips: Clips, clip: jax.Array, frame: jax.Array) -> tuple[Begin, Physics]:
    """Where B bodies begin that are put into clips (B,) at frames (B,), and the physics there."""
    keys = jax.random.split(jax.random.key(0), len(clip))  # of what is drawn when they begin anew
    return jax.vmap(lambda *one: _placed(task, all_clips, one[0], one[1:]))(clip, frame, keys)


def _placed(task: Task, all_clips: Clips, clip: jax.Array, place: tuple[jax.Array, jax.Array]) -> tuple[Begin, Physics]:
    """One body at a frame of a clip, with its random key."""
    frame, key = place
    start = clips.begin(all_clips, clip, frame)
    qpos, origin = start.qpos, start.origin
    activation = jnp.full(task.body.model.na, task.activation)
    if task.layer is not None:  # its line runs through the origin, where the clip lies
        qpos, origin = qpos.at[:2].add(-origin), jnp.zeros(2)
        activation = task.layer.resting(clips.at(all_clips, clip, frame).phase).astype(jnp.float32)
    return Begin(clip, frame, origin, key), Physics(qpos, start.qvel, activation, jnp.zeros_like(start.qvel))


@partial(jax.jit, static_argnums=0)
def first(task: Task, all_clips: Clips, view: BodyView, begun: Begin) -> State:
    """Bodies that have just been put where they begin."""

    def one(view: BodyView, begun: Begin) -> tuple[Memory, jax.Array]:
        stride, block = (), None
        if task.layer is not None:
            phase = clips.at(all_clips, begun.clip, begun.frame).phase
            stride = task.layer.begin(phase, view.activation)
            seen, look = task.layer.look(stride, view)
            block = task.layer.stride(seen, view, look)
        instant = Instant(view, begun.clip, begun.frame, begun.origin, block)
        memory = Memory(reward.start(view, task.body), stride)
        return memory, observation.observe(instant, all_clips, task.blocks, task.body)

    memory, seen = jax.vmap(one)(view, begun)
    size = begun.clip.shape[0]
    return State(
        physics=(),
        view=(),
        clip=begun.clip,
        frame=begun.frame,
        age=jnp.zeros(size, jnp.int32),
        origin=begun.origin,
        memory=memory,
        action=jnp.zeros((size, task.action_size)),
        observation=seen,
        key=begun.key,
    )


@partial(jax.jit, static_argnums=0)
def observed(task: Task, all_clips: Clips, state: State) -> jax.Array:
    """What B bodies see whose view was changed by hand, (B, O)."""

    def one(state: State) -> jax.Array:
        block, frame, origin = _pursued(task, state)
        return observation.observe(
            Instant(state.view, state.clip, frame, origin, block), all_clips, task.blocks, task.body
        )

    return jax.vmap(one)(state._replace(physics=()))


def _pursued(task: Task, state: State) -> tuple[jax.Array | None, jax.Array, jax.Array]:
    """Stride block, frame and origin of one body; the target of a stride's bookkeeping goes by its clock and feet."""
    if task.layer is None:
        return None, state.frame, state.origin
    memory, look = task.layer.look(state.memory.stride, state.view)
    footing, steps = memory.footing, task.layer.plan.ground.course.period / task.body.control_step
    return task.layer.stride(memory, state.view, look), (footing.cycles + footing.phase) * steps, footing.anchor


@jax.jit
def _chosen(chosen: jax.Array, fresh: State, old: State) -> State:
    """Rows of the one where chosen (B,), else of the other."""

    def rows(new: jax.Array, kept: jax.Array) -> jax.Array:
        return jnp.where(chosen.reshape(-1, *[1] * (new.ndim - 1)), new, kept)

    return jax.tree.map(rows, fresh, old)
