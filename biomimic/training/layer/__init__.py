"""The tracker as pure JAX functions of a view and a memory, for one body, `jax.vmap` and `jax.jit`.

`build` gives a `Layer`. Its parts:
    begin, look, advance   the memory of a body: phase clock, footing, capture point (`layer.footing`)
    stride                 what a policy observes of it (`layer.stride`)
    wanted                 the teacher's answer at any state: the accelerations that the tracker's tasks ask for
    drive                  the muscle layer: accelerations -> activations by the tracker's quadratic programme
"""

from biomimic.training.layer.layer import Layer, Look, Memory, build

__all__ = ["Layer", "Look", "Memory", "build"]
