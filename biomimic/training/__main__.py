"""python -m biomimic.training: train a policy by a recipe, or go on with a training that was stopped."""

import argparse
import os
import sys
from pathlib import Path

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
GOOD, BAD, STOPPED = 0, 2, 130  # exit codes


def main(arguments: list[str] | None = None) -> int:
    """Train; the exit code."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")
    options = _parser().parse_args(arguments)
    for variable in THREADS:  # physics and JAX have threads of their own
        os.environ.setdefault(variable, "1")
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # the physics needs memory of the same GPU
    from biomimic.errors import BiomimicError  # imports wait until the arguments are known to be good

    try:
        return _train(options)
    except BiomimicError as error:
        print(str(error), file=sys.stderr)
        return BAD
    except KeyboardInterrupt:
        print("Stopped. The checkpoints are kept; the same command goes on from the newest.", file=sys.stderr)
        return STOPPED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m biomimic.training",
        description="Train a policy by a recipe. The same command goes on with a training that was stopped.",
        epilog="Several GPUs or machines: start one process for each GPU with the same command and --coordinator, "
        "--processes, --process and --gpu; under SLURM or MPI, --distributed finds the first three out.",
    )
    parser.add_argument("--run", required=True, help="name of the run in ./runs, or path of its folder")
    parser.add_argument("--recipe", help="name of a recipe, or its .toml file; not needed for a run that was begun")
    parser.add_argument(
        "--targets",
        nargs="+",
        metavar="TARGET",
        help="what is tracked: .npz files or folders of them, run:NAME for the target of a run, made:NAME for those "
        "that the package makes; by default those of the recipe, or of a run that was begun",
    )
    parser.add_argument("--distributed", action="store_true", help="join the processes that a scheduler started")
    parser.add_argument("--coordinator", default="", metavar="HOST:PORT", help="of process 0")
    parser.add_argument("--processes", type=int, help="that train together")
    parser.add_argument("--process", type=int, help="number of this one, from 0")
    parser.add_argument("--gpu", type=int, help="number of the GPU on this machine that this process takes, from 0")
    return parser


def _train(options: argparse.Namespace) -> int:
    from biomimic import training
    from biomimic.training import assemble, devices, folder, sources

    if options.distributed or options.coordinator or options.processes is not None:
        devices.join(devices.Hosts(options.coordinator, options.processes, options.process, options.gpu))
    place = folder.place_of(options.run)
    begun = folder.found(place)
    recipe = _recipe(options, begun)
    if options.targets is None and begun is not None:
        targets = folder.targets_of(begun)
    else:
        targets = sources.load(options.targets or recipe.targets, assemble.load_body(recipe))
    with _Bar() as bar:
        run = training.fit(recipe, targets, run=place, progress=bar.tell)
    if begun is not None and begun.manifest.status == "complete":
        print("This run was complete already; another --run trains anew.")
    print(f"{run.path}: policy of {recipe.body.embodiment}, {recipe.title}")
    name = run.name if run.path.parent.resolve() == Path("runs").resolve() else run.path
    print(f"Its figures:    {run.path / 'metrics.csv'}; tensorboard --logdir {run.path}")
    print(f"To measure it:  python -m biomimic.validate --run {name}")
    return GOOD


def _recipe(options: argparse.Namespace, begun):
    from biomimic.errors import BadValue
    from biomimic.training import folder, recipe

    if options.recipe is not None:
        return recipe.load_recipe(options.recipe)
    if begun is None:
        raise BadValue(f'Run "{options.run}" was not begun yet, so it needs a recipe: give --recipe, e.g. smoke.')
    return folder.recipe_of(begun)


class _Bar:
    """A bar for each stage of the training, and a line for each trial."""

    def __init__(self) -> None:
        self._bar, self._stage = None, ""

    def __enter__(self) -> "_Bar":
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def tell(self, told) -> None:
        """Show a row of figures."""
        from tqdm import tqdm

        if told.stage == "trial":
            tqdm.write(f"after {told.done} updates: {_words(told.figures)}", file=sys.stderr)
            return
        if told.stage != self._stage:
            self.__exit__()
            first = told.done - 1 if told.stage == "ppo" else 0
            self._bar = tqdm(total=told.total, initial=first, desc=told.stage, unit="update")
            self._stage = told.stage
        self._bar.update(told.done - self._bar.n)
        self._bar.set_postfix_str(_words(told.figures))


SHOWN = {
    "steps_per_second": "{:.0f} steps/s",
    "return": "return {:.1f}",
    "fall_rate": "falls {:.0%}",
    "time": "followed {:.2f} s",
    "survived": "survived {:.0%}",
}


def _words(figures: dict[str, float]) -> str:
    return ", ".join(shown.format(figures[name]) for name, shown in SHOWN.items() if name in figures)


if __name__ == "__main__":
    sys.exit(main())
