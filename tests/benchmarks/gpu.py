"""How much of MuJoCo Warp's raw speed training reaches, on one GPU; on a CPU it only shows that everything runs.

    python tests/benchmarks/gpu.py [--bodies 512 2048 4096 8192] [--recipe NAME] [--turns 5] [--json FILE]
    python tests/benchmarks/gpu.py --cpu --bodies 2 --turns 1

Rates are control steps of all bodies per second (5 physics steps of 0.002 s each); rows come as they are found:

    raw        MuJoCo Warp by itself: 5 steps as one CUDA graph, launched again and again, no JAX
    engine     the engine under jit and scan: the same, the view of the bodies, arrays of JAX
    collecting policy, environment, resets: an unroll
    training   collecting and PPO's update
    compile    from nothing to the first result, [s]: engine (kernels), unroll, update
    memory     of the device in use after training [GB]

Without --recipe: the full body without fingers, excitations, the walk of run43-cmu0701, networks of the default size.
Bodies stand in the frames of their clips, and excitations are what an untrained policy makes of them.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # Warp allocates beside JAX
sys.path.insert(0, str(Path(__file__).parents[2]))

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import mujoco_warp as mjw  # noqa: E402
import warp as wp  # noqa: E402

from biomimic.training import assemble, curriculum, engine, engine_warp, network, ppo, sampling, unroll  # noqa: E402
from biomimic.training.env import Env, Stage  # noqa: E402
from biomimic.training.recipe import Body, Recipe, load_recipe  # noqa: E402
from biomimic.training.sources import load as load_targets  # noqa: E402

DEFAULT = Recipe(title="Benchmark", body=Body("myofullbody"), targets=("run:run43-cmu0701",))


def main() -> None:
    options = _options()
    rows = []
    print(f"{jax.local_devices()[0].device_kind}, jax {jax.__version__}, warp {wp.__version__}")
    for count in options.bodies:
        row = measure(_recipe(options, count), "warp_cpu" if options.cpu else "warp", options.turns)
        rows.append({"bodies": count} | row)
        print(", ".join(f"{name} {value:.4g}" for name, value in rows[-1].items()), flush=True)
        if options.json:
            options.json.write_text(json.dumps(rows, indent=1))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bodies", type=int, nargs="+", default=[512, 2048, 4096, 8192])
    parser.add_argument("--recipe", help="name or path; its engine and number of bodies do not count")
    parser.add_argument("--unroll", type=int, help="control steps per update; by default the recipe's, 2 on a CPU")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--cpu", action="store_true")
    parser.add_argument("--json", type=Path, help="file for all figures")
    return parser.parse_args()


def _recipe(options: argparse.Namespace, count: int) -> Recipe:
    recipe = load_recipe(options.recipe) if options.recipe else DEFAULT
    steps = options.unroll or (2 if options.cpu else recipe.ppo.unroll)
    cuts = min(recipe.ppo.minibatches, count)
    return dataclasses.replace(
        recipe, ppo=dataclasses.replace(recipe.ppo, environments=count, unroll=steps, minibatches=cuts, groups=1)
    )


def measure(recipe: Recipe, kind: str, turns: int) -> dict[str, float]:
    """All figures of one number of bodies."""
    body = assemble.load_body(recipe)
    targets, settings = load_targets(recipe.targets, body), assemble.tracker_settings(recipe)
    small = assemble.build(recipe, body, targets, settings, 1)
    count, steps = recipe.ppo.environments, recipe.ppo.unroll
    found: dict[str, float] = {}
    begun = time.perf_counter()
    moved = engine.load(body.model, count, kind=kind, dynamics=small.engine.is_dynamic)
    found["compile engine"] = time.perf_counter() - begun
    env = dataclasses.replace(small, engine=moved)
    collect, learn = _training(env, recipe)
    found["compile unroll"], (flow, batch, _) = _timed(collect)
    found["compile update"], _ = _timed(lambda: learn(batch))
    found["raw"] = count * steps / _least(_raw(env, flow.state.physics, steps), turns)
    found["engine"] = count * steps / _least(_engine(env, flow.state.physics, steps), turns)
    found["collecting"] = count * steps / _least(collect, turns)
    found["training"] = count * steps / _least(lambda: learn(collect()[1]), turns)
    found["share of raw"] = found["training"] / found["raw"]
    found["memory"] = _memory()
    return found | {f"overflow {what}": bodies for what, bodies in moved.overflow().items()}


def _training(env: Env, recipe: Recipe) -> tuple[Callable, Callable]:
    """Functions that collect one unroll, and that learn from one; each call begins where the first began."""
    sizes = env.observation_size, env.task.action_size, env.stride_size
    policy = network.init(jax.random.key(0), recipe.network, *sizes)
    lesson = curriculum.start(recipe.curriculum, recipe.reward)
    stage = Stage(
        sampling.start(env.clips.count, recipe.sampling).weights,
        curriculum.raised(lesson, recipe.curriculum),
        curriculum.limit(lesson, recipe.curriculum),
    )
    learner = ppo.start(recipe.optimiser, policy, env.observation_size, env.engine.size)
    policy, flow = ppo.policy(learner), unroll.begin(env, policy, stage, jax.random.key(1))
    update = jax.jit(lambda learner, batch: ppo.update(recipe.ppo, recipe.optimiser, learner, batch, jax.random.key(2)))
    return (
        lambda: unroll.collect(env, recipe.ppo, policy, flow, stage, jax.random.key(3)),
        lambda batch: update(learner, batch),
    )


def _raw(env: Env, physics: engine.Physics, steps: int) -> Callable[[], None]:
    """MuJoCo Warp alone in the same states, with excitations of one half."""
    model, count = env.task.body.model, env.engine.size
    shared, data = (
        mjw.put_model(model),
        mjw.make_data(model, nworld=count, nconmax=engine_warp.CONTACTS, njmax=engine_warp.ROWS),
    )
    shared.opt.warn_overflow = 0
    given = {name: wp.from_jax(values) for name, values in zip(engine_warp.STATE, physics)}
    given["ctrl"] = wp.full((count, model.nu), 0.5, dtype=float)
    substeps = engine.substeps(model)

    def control_step() -> None:
        for _ in range(substeps):
            mjw.step(shared, data)

    control_step()
    graph = None
    if wp.get_device().is_cuda:
        with wp.ScopedCapture() as capture:
            control_step()
        graph = capture.graph

    def run() -> None:
        for name, values in given.items():
            wp.copy(getattr(data, name), values)
        for _ in range(steps):
            if graph is None:
                control_step()
            else:
                wp.capture_launch(graph)
        wp.synchronize()

    return run


def _engine(env: Env, physics: engine.Physics, steps: int) -> Callable[[], object]:
    """The engine by itself in the same states, with excitations of one half."""
    excitation = jnp.full((env.engine.size, env.task.body.model.nu), 0.5)

    @jax.jit
    def run(physics: engine.Physics) -> tuple:
        def step(now: engine.Physics, _: None) -> tuple[engine.Physics, jax.Array]:
            now, view = env.engine.step(now, excitation)
            return now, jax.tree.map(lambda values: values.ravel()[0], view)

        return jax.lax.scan(step, physics, length=steps)

    return lambda: run(physics)


def _timed(function: Callable[[], object]) -> tuple[float, object]:
    begun = time.perf_counter()
    found = jax.block_until_ready(function())
    return time.perf_counter() - begun, found


def _least(function: Callable[[], object], turns: int) -> float:
    """Least time of some turns [s], after one that does not count."""
    function()
    return min(_timed(function)[0] for _ in range(turns))


def _memory() -> float:
    device = wp.get_device()
    if device.is_cuda:
        return (device.total_memory - device.free_memory) / 1e9
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


if __name__ == "__main__":
    main()
