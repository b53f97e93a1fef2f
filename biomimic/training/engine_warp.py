"""The engine on MuJoCo Warp: thousands of bodies on a GPU in single precision, called from JAX, under jit and scan."""

import contextlib
import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import mujoco
import mujoco_warp as mjw
import numpy as np
import warp as wp

from biomimic.errors import BadValue
from biomimic.training.engine import Physics, substeps
from biomimic.training.view import DYNAMICS, BodyView, collect

CONTACTS, ROWS = 96, 400  # capacity per body; a lying body has about 60 contacts and 320 rows
LANES = 16  # one body in so many can be reset at once; more take several passes
STATE = (
    "qpos",
    "qvel",
    "act",
    "qacc_warmstart",
    "ctrl",
    "qfrc_applied",
)  # what a call takes; the first four in the order of Physics
LAST = ("actuator_force", "sensordata", "qfrc_constraint", "overflow")  # of the last physics step
PLACE = ("qpos", "qvel", "act", "qacc_warmstart", "actuator_length", "actuator_velocity", "xpos", "xmat", "cvel") + (
    "subtree_com",
)  # of the state itself
_LOST = {
    "constraints": mjw.OverflowType.NEFC | mjw.OverflowType.NJMAX_NNZ,
    "contacts": mjw.OverflowType.BROADPHASE | mjw.OverflowType.NARROWPHASE | mjw.OverflowType.CCD,
}
LOST = int(_LOST["constraints"] | _LOST["contacts"])


class _Bodies(NamedTuple):
    """MuJoCo Warp's own record of some bodies; every call writes it anew."""

    model: mjw.Model
    data: mjw.Data
    seen: wp.array  # overflow since the engine was made, (n,)


@wp.kernel
def _keep(overflow: wp.array(dtype=int), seen: wp.array(dtype=int)):  # noqa: F821 - Warp reads these annotations
    body = wp.tid()
    seen[body] = seen[body] | overflow[body]


class WarpEngine:
    """Computes from its arguments alone; see `Engine`. One per process: several GPUs take one process each.

    Attributes:
        size: number of bodies.
        is_traced: True.
        is_dynamic: views carry Dynamics.
    """

    def __init__(
        self,
        model: mujoco.MjModel,
        size: int,
        *,
        device: str = "cuda",
        dynamics: bool = False,
        contacts: int = CONTACTS,
        rows: int = ROWS,
    ) -> None:
        """Compiles what is not in Warp's cache yet: minutes the first time on a machine, seconds later.

        Raises:
            BadValue: `device` is "cuda" and JAX has none, or "cpu" and JAX would put its arrays elsewhere.
        """
        self.size, self.is_traced, self.is_dynamic = size, True, dynamics
        self._model, self._substeps = model, substeps(model)
        self._lanes = min(size, max(8, -(-size // LANES)))
        names = PLACE + (DYNAMICS if dynamics else ())
        with _quiet(), wp.ScopedDevice(_device(device)):
            shared = mjw.put_model(model)
            shared.opt.warn_overflow = 0  # reported by `overflow` instead
            bodies, lanes = (_bodies(model, shared, n, contacts, rows) for n in (size, self._lanes))
            self._seen = bodies.seen
            self._step = _call(bodies, names, self._advance)
            self._forward = _call(lanes, names, _forward)

    def reset(self, physics: Physics | None, chosen: jax.Array, start: Physics) -> tuple[Physics, BodyView]:
        """See `Engine.reset`; the view of bodies that were not chosen is zero."""
        chosen, start = jnp.asarray(chosen), Physics(*(jnp.asarray(part, jnp.float32) for part in start))
        physics = (
            start if physics is None else jax.tree.map(lambda a, b: jnp.where(chosen[:, None], a, b), start, physics)
        )
        still = jnp.zeros((self._lanes, self._model.nu), jnp.float32)
        alone = jnp.zeros((self._lanes, self._model.nv), jnp.float32)

        def some(left_and_view: tuple[jax.Array, BodyView]) -> tuple[jax.Array, BodyView]:
            left, view = left_and_view
            rows = jnp.nonzero(left, size=self._lanes, fill_value=self.size)[0]
            part = jax.tree.map(lambda values: values.at[rows].get(mode="clip"), physics)
            found = self._view(self._forward(*part, still, alone), still)
            view = jax.tree.map(lambda all_, new: all_.at[rows].set(new, mode="drop"), view, found)
            return left.at[rows].set(False, mode="drop"), view

        shapes = jax.eval_shape(
            lambda part: self._view(self._forward(*part, still, alone), still), _rows(physics, self._lanes)
        )
        blank = jax.tree.map(lambda shape: jnp.zeros((self.size, *shape.shape[1:]), shape.dtype), shapes)
        return physics, jax.lax.while_loop(lambda state: state[0].any(), some, (chosen, blank))[1]

    def step(self, physics: Physics, excitation: jax.Array, push: jax.Array | None = None) -> tuple[Physics, BodyView]:
        """See `Engine.step`."""
        excitation = jnp.asarray(excitation, jnp.float32)
        applied = jnp.zeros((self.size, self._model.nv), jnp.float32)
        applied = applied if push is None else applied.at[:, :3].set(push)
        fields = self._step(*physics, excitation, applied)
        return Physics(*(fields[name] for name in STATE[:4])), self._view(fields, excitation)

    def save(self, physics: Physics) -> Physics:
        """See `Engine.save`."""
        return Physics(*(np.asarray(part) for part in physics))

    def put(self, saved: Physics) -> Physics:
        """See `Engine.put`."""
        return Physics(*(jnp.asarray(part, jnp.float32) for part in saved))

    def overflow(self) -> dict[str, int]:
        """See `Engine.overflow`; waits for the device."""
        seen = self._seen.numpy()
        return {what: int(((seen & int(bits)) != 0).sum()) for what, bits in _LOST.items()}

    def _advance(self, bodies: _Bodies) -> None:
        bodies.data.overflow.zero_()
        for _ in range(self._substeps):
            mjw.step(bodies.model, bodies.data)
        wp.launch(_keep, dim=bodies.data.nworld, inputs=[bodies.data.overflow, bodies.seen])

    def _view(self, fields: dict[str, jax.Array], excitation: jax.Array) -> BodyView:
        fields = fields | {"ctrl": excitation}
        view = collect(self._model, fields.__getitem__, cast=jnp.asarray, dynamics=self.is_dynamic)
        lost = (fields["overflow"] & LOST) != 0
        return view._replace(qpos=jnp.where(lost[:, None], jnp.nan, view.qpos))


def _rows(physics: Physics, count: int) -> Physics:
    return jax.tree.map(lambda values: values[:count], physics)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without one line per kernel that Warp loads or compiles."""
    level = wp.config.log_level
    wp.config.log_level = max(level, wp.LOG_WARNING)
    try:
        yield
    finally:
        wp.config.log_level = level


def _device(kind: str) -> wp.Device:
    """The Warp device of this process's first JAX device."""
    device = jax.local_devices()[0]
    if (device.platform == "gpu") != (kind == "cuda"):
        raise BadValue(
            'MuJoCo Warp on CUDA was asked for, and JAX finds no CUDA device here; take engine = "mujoco" (threads).'
            if kind == "cuda"
            else "MuJoCo Warp on the processor was asked for, and JAX puts its arrays on a GPU; set JAX_PLATFORMS=cpu."
        )
    return wp.device_from_jax(device)


def _bodies(model: mujoco.MjModel, shared: mjw.Model, size: int, contacts: int, rows: int) -> _Bodies:
    data = mjw.make_data(model, nworld=size, nconmax=contacts, njmax=rows)
    mjw.reset_data(shared, data)
    return _Bodies(shared, data, wp.zeros(size, dtype=int))


def _forward(bodies: _Bodies) -> None:
    mjw.forward(bodies.model, bodies.data)


def _call(
    bodies: _Bodies, names: Sequence[str], advance: Callable[[_Bodies], None]
) -> Callable[..., dict[str, jax.Array]]:
    """A function of JAX arrays: write STATE, advance, read LAST, bring the other fields up to date, read `names`."""
    model, data = bodies.model, bodies.data

    def run(*arrays: wp.array) -> None:
        given, last = arrays[: len(STATE)], arrays[len(STATE) :][: len(LAST)]
        for name, array in zip(STATE, given, strict=True):
            wp.copy(getattr(data, name), array)
        advance(bodies)
        for name, array in zip(LAST, last, strict=True):
            wp.copy(array, getattr(data, name))
        mjw.fwd_kinematics(model, data)
        if "M" in names:
            mjw.crb(model, data)
        mjw.transmission(model, data)
        mjw.fwd_velocity(model, data)
        for name, array in zip(names, arrays[len(STATE) + len(LAST) :], strict=True):
            wp.copy(array, getattr(data, name))

    outputs = (*LAST, *names)
    fields = {f"{name}_given": getattr(data, name) for name in STATE} | {name: getattr(data, name) for name in outputs}
    _declare(run, fields)
    run(*(wp.clone(array) for array in fields.values()))  # compiles and loads every kernel
    bodies.seen.zero_()
    modes = wp.JaxCallableGraphMode
    call = wp.jax_callable(
        run,
        num_outputs=len(outputs),
        output_dims={name: fields[name].shape for name in outputs},
        graph_mode=modes.WARP_STAGED if wp.get_device().is_cuda else modes.NONE,
    )
    return lambda *arrays: dict(zip(outputs, call(*arrays), strict=True))


def _declare(function: Callable[..., None], fields: dict[str, wp.array]) -> None:
    """Give a function of any number of arrays the named and typed arguments that Warp reads from its signature."""
    types = {name: wp.array(dtype=array.dtype, ndim=array.ndim) for name, array in fields.items()}
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    function.__signature__ = inspect.Signature([inspect.Parameter(name, kind) for name in types])
    function.__annotations__ = types
