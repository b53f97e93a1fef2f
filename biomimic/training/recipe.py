"""Recipe: everything that is known of a training before its data."""

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path

from biomimic import config, errors, share
from biomimic.embodiment import PUBLISHED
from biomimic.errors import BadValue
from biomimic.training.actions import Actions
from biomimic.training.curriculum import Curriculum
from biomimic.training.devices import Devices
from biomimic.training.network import Network
from biomimic.training.observation import Blocks
from biomimic.training.optimise import Optimiser
from biomimic.training.ppo import PPO
from biomimic.training.pushes import Pushes
from biomimic.training.reward import Weights
from biomimic.training.sampling import Sampling
from biomimic.training.termination import Limits
from biomimic.training.warm.settings import WarmStart


@dataclass(frozen=True)
class Body:
    """The body that is trained and what moves it.

    Args:
        embodiment: name of the body.
        muscle_parameters: name of the set of muscle parameters.
        engine: "mujoco" (MuJoCo C on threads), "warp" (MuJoCo Warp on CUDA), or "warp_cpu", slow, for tests.
        threads: of MuJoCo C; 0: one per processor.
        timestep: of the physics [s]; divides the control step of 0.01 s.
    """

    embodiment: str
    muscle_parameters: str = PUBLISHED
    engine: str = config.one_of("mujoco", "warp", "warp_cpu", default="mujoco")
    threads: int = config.ranged(0, low=0)
    timestep: float = config.ranged(0.002, low=1e-4, high=0.01)


@dataclass(frozen=True)
class Start:
    """Where a training begins.

    Args:
        run: name or path of a run whose policy and observation statistics are taken; empty: from random weights.
        std: standard deviation of the actions set anew; None: that of the network, or of the run.
        activation: of all muscles when a body is put into its target.
    """

    run: str = ""
    std: float | None = config.ranged(None, low=1e-4)
    activation: float = config.ranged(0.02, low=0.0, high=1.0)


@dataclass(frozen=True)
class Course:
    """How long is trained, and what is kept and measured on the way.

    Args:
        updates: of PPO; 0: none, as for a policy that is only warm-started.
        horizon: control steps after which an episode is cut.
        checkpoint_every: updates.
        keep: how many checkpoints, the newest ones.
        evaluate_every: updates; 0: only at the end.
        evaluations: bodies in an evaluation; 0: none at all.
        evaluation_steps: control steps of one.
        chosen: the policy that the run keeps: that of the "last" update, or the "best" of all evaluations by the mean
            time until a body failed, then by return.
    """

    updates: int = config.ranged(1000, low=0)
    horizon: int = config.ranged(1000, low=1)
    checkpoint_every: int = config.ranged(20, low=1)
    keep: int = config.ranged(2, low=1)
    evaluate_every: int = config.ranged(0, low=0)
    evaluations: int = config.ranged(16, low=0)
    evaluation_steps: int = config.ranged(500, low=1)
    chosen: str = config.one_of("last", "best", default="last")


@dataclass(frozen=True)
class Recipe:
    """What is trained and with which settings.

    Args:
        title: one line.
        body: embodiment and engine.
        targets: where the targets come from unless they are given: files or folders of them, "run:<name>" for those of
            a run, "made:<name>" for those that the package makes.
        tracker: run whose tracker's settings, or .toml file of settings, the muscle layer and the stride take; empty:
            those of the package.
        protocol: the run is measured by unless another is asked for.
        seed: of all that is drawn.
        note: what a reader of the report must know.
    """

    title: str
    body: Body
    targets: tuple[str, ...] = ()
    tracker: str = ""
    protocol: str = "level_walking"
    seed: int = config.ranged(0, low=0)
    note: str = ""
    start: Start = field(default_factory=Start)
    warm: WarmStart = field(default_factory=WarmStart)
    course: Course = field(default_factory=Course)
    devices: Devices = field(default_factory=Devices)
    actions: Actions = field(default_factory=Actions)
    observation: Blocks = field(default_factory=Blocks)
    reward: Weights = field(default_factory=Weights)
    limits: Limits = field(default_factory=Limits)
    sampling: Sampling = field(default_factory=Sampling)
    pushes: Pushes = field(default_factory=Pushes)
    curriculum: Curriculum = field(default_factory=Curriculum)
    network: Network = field(default_factory=Network)
    ppo: PPO = field(default_factory=PPO)
    optimiser: Optimiser = field(default_factory=Optimiser)
    text: str = field(init=False, default="", compare=False, repr=False)  # the file it was read from, verbatim


def load_recipe(name_or_path: str | Path) -> Recipe:
    """The recipe of this name, shipped or in a file.

    Args:
        name_or_path: a name; or, if it contains a separator or ends in .toml, a path.

    Raises:
        UnknownName: no shipped recipe has this name.
        BadFile, BadValue: the file is missing or wrong; the key is named.
    """
    path = path_of(name_or_path)
    text = config.read_text(path)
    recipe = config.loads(Recipe, text, name=str(path))
    object.__setattr__(recipe, "text", text)
    return recipe


def path_of(name_or_path: str | Path) -> Path:
    """The file of a recipe given by name or by path."""
    text = str(name_or_path)
    if isinstance(name_or_path, Path) or "/" in text or "\\" in text or text.endswith(".toml"):
        return Path(text)
    path = share.folder("training") / f"{text}.toml"
    if not path.is_file():
        raise errors.unknown("recipe", text, sorted(known.stem for known in path.parent.glob("*.toml")))
    return path


def check(recipe: Recipe) -> None:
    """Prove that a recipe made in Python keeps to the ranges that a file's must keep to.

    Raises:
        BadValue, BadFile: the key, what was found and what is allowed.
    """
    lost = differences(recipe, config.loads(Recipe, config.dumps(recipe), name="the recipe"))
    if lost:
        raise BadValue(f"The recipe cannot be written to a file: {lost[0]} when it is read; give it another value.")


def differences(old: object, new: object, place: str = "") -> list[str]:
    """Words like "ppo.unroll = 20 there and 40 now" for all that differs between two recipes."""
    found = []
    for part in dataclasses.fields(old):
        if not part.compare:
            continue
        name = f"{place}{part.name}"
        before, after = getattr(old, part.name), getattr(new, part.name)
        if dataclasses.is_dataclass(before) and dataclasses.is_dataclass(after):
            found += differences(before, after, f"{name}.")
        elif before != after:
            found.append(f"{name} = {before!r} there and {after!r} now")
    return found
