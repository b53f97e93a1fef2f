"""Settings of the warm start: a recipe's table [warm]."""

from dataclasses import dataclass

from biomimic.config import ranged


@dataclass(frozen=True)
class WarmStart:
    """How a policy learns from the tracker before any reinforcement learning.

    In the first round the tracker drives; in the later ones most bodies follow the policy of the round before, and the
    tracker says at every step what it would do (DAgger). All labels are kept. The policy of the round that falls last
    from starts nobody trained on goes on.

    Args:
        rounds: of collecting and fitting; 0: no warm start.
        bodies: at once.
        seconds: that each body walks in a round.
        teacher: share of the bodies that the tracker drives in the later rounds.
        noise: spread of filtered noise on the actions of both, in units of action.
        noise_time: over which that noise forgets itself [s].
        before_fall: what is left out before a fall [s]: nothing helps there.
        ridge: shrinkage of the linear map, as a share of the samples per phase knot.
        epochs: of the network beside the linear map, in each round, from where the last one left it; 0: the linear map
            alone.
        batch: samples in a step of it.
        rate: of its first step; it falls to 0 along half a cosine.
        hold_out: share of the labels kept from the network, in blocks, to report how well it generalises.
        trial: how long a policy must walk to be perfect [s].
        values: epochs of the critic on what the best policy gathers; 0: the critic stays as it is.
        value_seconds: that each body walks for them.
    """

    rounds: int = ranged(0, low=0)
    bodies: int = ranged(24, low=1)
    seconds: float = ranged(8.0, low=0.1)
    teacher: float = ranged(0.2, low=0.0, high=1.0)
    noise: float = ranged(0.1, low=0.0)
    noise_time: float = ranged(0.06, low=0.0)
    before_fall: float = ranged(0.3, low=0.0)
    ridge: float = ranged(1e-3, low=0.0)
    epochs: int = ranged(0, low=0)
    batch: int = ranged(512, low=1)
    rate: float = ranged(1e-3, low=0.0)
    hold_out: float = ranged(0.05, low=0.0, high=0.5)
    trial: float = ranged(10.0, low=0.1)
    values: int = ranged(0, low=0)
    value_seconds: float = ranged(10.0, low=0.1)
