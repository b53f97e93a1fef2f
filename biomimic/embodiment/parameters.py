"""Named sets of muscle parameters, applied to a compiled model as pure edits of gainprm and biasprm.

A MuJoCo muscle has no fibre or tendon length of its own: with the path length between lengthrange[0] and [1] mapped to
range[0] and [1], the fibre length in optimal lengths is range[0] + (path - lengthrange[0]) / L0, where
L0 = (lengthrange[1] - lengthrange[0]) / (range[1] - range[0]) and the slack length of the rigid tendon is
LT = lengthrange[0] - range[0] L0. Any (L0, LT) is therefore reached by an edit of range alone.
"""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from importlib.metadata import version
from pathlib import Path

import mujoco
import numpy as np

from biomimic.embodiment.couplings import Couplings
from biomimic.errors import BadFile, BadValue, unknown

PUBLISHED = "musclemimic-1.0.6"
TINY = "tiny"
_FILES = {PUBLISHED: None, "corrected-trunk": "corrected_trunk.toml", TINY: None}
_RANGE, _FORCE, _FPMAX = slice(0, 2), 2, 7  # places in gainprm and biasprm


@dataclass(frozen=True)
class FibreRule:
    """Fibre and tendon of one muscle group.

    Attributes:
        group: name of the group.
        muscles: shell patterns of actuator names.
        fibre_fraction: share of the neutral path length that is fibre; the rest is slack length.
        neutral_fibre_length: in optimal fibre lengths, in the model's reference pose.
        passive_force: MuJoCo's fpmax [peak isometric force before it is scaled].
        source: where the numbers come from.
    """

    group: str
    muscles: tuple[str, ...]
    fibre_fraction: float
    neutral_fibre_length: float
    passive_force: float
    source: str


@dataclass(frozen=True)
class ParameterSet:
    """A named set of muscle parameters: what it changes against the package's own.

    Attributes:
        name: stamped into every result.
        version: of the set; a changed number is a new version.
        rules: fibre rules; each muscle they name is named once.
        peak_force_scale: factor on the peak isometric force of every muscle with a fibre rule; the passive force in
            newtons is not scaled.
        consistent: patterns of muscles whose passive parameters are set equal to their active ones.
        unstretched: patterns of muscles that carry no passive force in the reference pose: where their fibre is longer
            than optimal there, their slack length grows until it is optimal.
    """

    name: str
    version: int
    rules: tuple[FibreRule, ...] = ()
    peak_force_scale: float = 1.0
    consistent: tuple[str, ...] = ()
    unstretched: tuple[str, ...] = ()


def parameter_sets() -> tuple[str, ...]:
    """Names of the sets that `load` accepts."""
    return tuple(_FILES)


def load_set(name: str) -> ParameterSet:
    """A set by its name.

    Raises:
        UnknownName: no set has this name.
        BadValue: another version of the package is installed than the sets describe.
    """
    if name not in _FILES:
        raise unknown("muscle parameter set", name, _FILES)
    if name == TINY:
        return ParameterSet(name=name, version=1)
    installed = version("musclemimic-models")
    if installed != PUBLISHED.rpartition("-")[2]:
        raise BadValue(
            f'Muscle parameter set "{name}" describes musclemimic-models {PUBLISHED.rpartition("-")[2]}, '
            f"installed is {installed}. Install the version it describes."
        )
    if _FILES[name] is None:
        return ParameterSet(name=name, version=1)
    text = tomllib.loads((Path(__file__).parent / _FILES[name]).read_text(encoding="utf-8"))
    rules = tuple(FibreRule(**{**rule, "muscles": tuple(rule["muscles"])}) for rule in text["rules"])
    force = text["peak_force"]
    return ParameterSet(
        name=text["name"],
        version=text["version"],
        rules=rules,
        peak_force_scale=force["stress_n_per_cm2"] / force["implied_stress_n_per_cm2"],
        consistent=tuple(text["consistent"]["muscles"]),
        unstretched=tuple(text["unstretched"]["muscles"]),
    )


def apply(model: mujoco.MjModel, parameters: ParameterSet, *, must_match: Sequence[str] = ()) -> None:
    """Write a set into a model that nobody else uses yet.

    Args:
        model: just compiled, with the package's own parameters.
        parameters: the set.
        must_match: actuators that the fibre rules must cover, each exactly once, when there are any rules.

    Raises:
        BadFile: an actuator is covered by more than one rule, or one of `must_match` by none.
    """
    names = [model.actuator(i).name for i in range(model.nu)]
    rule_of = _rule_of_each(names, parameters, must_match)
    for i in _matching(names, parameters.consistent):
        model.actuator_biasprm[i] = model.actuator_gainprm[i]
    neutral = neutral_path_length(model)
    for i, rule in rule_of.items():
        slack = (1.0 - rule.fibre_fraction) * neutral[i]
        optimal = rule.fibre_fraction * neutral[i] / rule.neutral_fibre_length
        _set_lengths(model, i, optimal, slack)
        for prm in (model.actuator_gainprm[i], model.actuator_biasprm[i]):
            prm[_FORCE] *= parameters.peak_force_scale
            prm[_FPMAX] = rule.passive_force / parameters.peak_force_scale
    optimal, slack = fibre_lengths(model)
    for i in _matching(names, parameters.unstretched):
        if neutral[i] - slack[i] > optimal[i]:
            _set_lengths(model, i, optimal[i], neutral[i] - optimal[i])


def fibre_lengths(model: mujoco.MjModel) -> tuple[np.ndarray, np.ndarray]:
    """Optimal fibre length and tendon slack length of every muscle, each (nu,) [m]."""
    shortest, longest = model.actuator_lengthrange.T
    low, high = model.actuator_gainprm[:, _RANGE].T
    optimal = (longest - shortest) / (high - low)
    return optimal, shortest - low * optimal


def neutral_path_length(model: mujoco.MjModel) -> np.ndarray:
    """Path length of every muscle in the reference pose with the joint couplings applied, (nu,) [m]."""
    data = mujoco.MjData(model)
    data.qpos[:] = Couplings.of(model).expand(model.qpos0)
    mujoco.mj_fwdPosition(model, data)
    return data.actuator_length.copy()


def _set_lengths(model: mujoco.MjModel, i: int, optimal: float, slack: float) -> None:
    model.actuator_gainprm[i, _RANGE] = (model.actuator_lengthrange[i] - slack) / optimal
    model.actuator_biasprm[i, _RANGE] = model.actuator_gainprm[i, _RANGE]


def _rule_of_each(names: Sequence[str], parameters: ParameterSet, must_match: Sequence[str]) -> dict[int, FibreRule]:
    rule_of: dict[int, FibreRule] = {}
    for rule in parameters.rules:
        for i in _matching(names, rule.muscles):
            if i in rule_of:
                raise BadFile(
                    f'Muscle parameter set "{parameters.name}": "{names[i]}" is in the groups '
                    f'"{rule_of[i].group}" and "{rule.group}". Each muscle belongs to one group.'
                )
            rule_of[i] = rule
    missing = [name for name in must_match if names.index(name) not in rule_of] if parameters.rules else []
    if missing:
        raise BadFile(
            f'Muscle parameter set "{parameters.name}": no group holds {", ".join(missing[:10])} '
            f"({len(missing)} muscles). Add a pattern for each."
        )
    return rule_of


def _matching(names: Sequence[str], patterns: Sequence[str]) -> list[int]:
    return [i for i, name in enumerate(names) if any(fnmatchcase(name, pattern) for pattern in patterns)]
