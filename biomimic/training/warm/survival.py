"""How long a policy walks from starts that nobody trained on."""

import jax
import jax.numpy as jnp
import numpy as np

from biomimic.training import engine as engines
from biomimic.training.engine import CONTROL_STEP
from biomimic.training.playing import Player

FALLEN = 0.7  # share of its height at the start below which the root has fallen, as in a rollout


def times(player: Player, phases: np.ndarray, seconds: float, threads: int = 0) -> np.ndarray:
    """Time to fall of one body for each start, (B,) [s]; `seconds` for those that do not fall.

    Args:
        player: of the policy; follows one periodic clip.
        phases: of the cycle at which they begin, (B,).
        seconds: after which it is enough.
        threads: of MuJoCo C; 0: one per processor.
    """
    steps, model = round(seconds / CONTROL_STEP), player.task.body.model
    engine = engines.load(model, len(phases), threads=threads, dynamics=player.is_dynamic)
    frames = player.task.layer.plan.ground.course.period / CONTROL_STEP
    begun, start = player.place(np.zeros(len(phases), int), np.asarray(phases) * frames)
    physics, view = engine.reset(None, np.ones(len(phases), bool), start)
    view = jax.tree.map(jnp.asarray, view)
    state, least = player.begin(begun, view), FALLEN * np.asarray(view.xpos)[:, 1, 2]
    lived = np.full(len(phases), steps)
    for step in range(steps):
        excitation, state = player.act(state)
        physics, view = engine.step(physics, excitation)
        state, _ = player.see(state, jax.tree.map(jnp.asarray, view))
        height = np.asarray(view.xpos)[:, 1, 2]
        down = ~(height >= least) | ~np.isfinite(np.asarray(view.qpos)).all(axis=1)
        lived = np.where(down & (lived == steps), step, lived)
        if (lived < steps).all():
            break
    return lived * CONTROL_STEP
