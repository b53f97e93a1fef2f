"""States with the activations of another visit to the same phase.

Along a walk state and activations go together, and a student that may not see the activations guesses them from the
state. A state that is labelled once more with muscles as they were at another visit tells the two apart.
"""

import jax.numpy as jnp
import numpy as np

from biomimic.training import env as environment
from biomimic.training.env import Env, State
from biomimic.training.warm import teacher

BINS, FEW = 32, 4  # stretches of the cycle, and visits below which a stretch lends nothing
WHOLE = 0.5  # share of the samples that take the other activations whole; the others take a part of them


class Visits:
    """Activations seen so far, by phase."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng, self._seen = rng, [[] for _ in range(BINS)]

    def samples(self, env: Env, state: State, share: float) -> tuple[State, np.ndarray, np.ndarray] | None:
        """Remember the activations of B bodies, and label some of these states with those of other visits.

        Args:
            env: of the bodies.
            state: of them now.
            share: of the bodies.

        Returns:
            The state with other activations and what is observed then, the tracker's actions (B, A), and which bodies
            they hold for, (B,) bool; None if for none.
        """
        if not share:
            return None
        bins = (np.asarray(state.memory.stride.footing.phase) * BINS).astype(int) % BINS
        own = np.asarray(state.view.activation)
        drawn = self._rng.uniform(size=(3, len(bins)))
        chosen = (drawn[0] < share) & np.array([len(self._seen[k]) >= FEW for k in bins])
        other = own.copy()
        for body in np.flatnonzero(chosen):
            lent = self._seen[bins[body]]
            part = 1.0 if drawn[1, body] < WHOLE else drawn[2, body]
            other[body] += part * (lent[self._rng.integers(len(lent))] - own[body])
        for body, k in enumerate(bins):
            self._seen[k].append(own[body])
        if not chosen.any():
            return None
        changed = state._replace(view=state.view._replace(activation=jnp.asarray(other)))
        changed = changed._replace(observation=environment.observed(env.task, env.clips, changed))
        return changed, np.asarray(teacher.told(env, changed, chosen)), chosen
