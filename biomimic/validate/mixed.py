"""Mixed models: two groups of units whose strides are nested in them, with a fall-back to the means of the units.

The unit is a person or a seed; strides are never counted as if they were units. With fewer than five units in a group
there is no p value: the position of the value among people stands in its place.
"""

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from biomimic.errors import BadValue, unknown
from biomimic.validate.permutation import Permutation, permute
from biomimic.validate.statistics import Position, position, too_few

LEAST_FOR_Z = 20  # units in all; below it the z test of a mixed model is too liberal and the units' means are permuted
SPREAD_IN_FIT = 10.0  # SD to which the response is scaled: the library calls any variance below 0.01 zero
OPTIMISERS = ("lbfgs", "bfgs", "powell")
NAN = math.nan


@dataclass(frozen=True)
class Effect:
    """A fixed effect of a mixed model: value, standard error and Wald interval, in the unit of the response."""

    name: str
    value: float
    error: float
    low: float
    high: float


@dataclass(frozen=True)
class MixedModel:
    """A linear mixed model fitted by REML.

    Attributes:
        formula: of the fixed effects.
        effects: fixed effects in order; empty when the fit failed.
        spreads: name of each random effect and its SD.
        correlations: "first, second" and the correlation of two random effects.
        residual: SD within units.
        deviance: -2 log restricted likelihood.
        level: of the intervals.
        n: number of units.
        of: what n counts.
        rows: number of measurements nested in them.
        note: why the model cannot be used; empty if it can.
    """

    formula: str
    effects: tuple[Effect, ...]
    spreads: tuple[tuple[str, float], ...]
    correlations: tuple[tuple[str, float], ...]
    residual: float
    deviance: float
    level: float
    n: int
    of: str
    rows: int
    note: str = ""

    def effect(self, name: str) -> Effect:
        """A fixed effect by name."""
        for one in self.effects:
            if one.name == name:
                return one
        raise unknown("fixed effect", name, [one.name for one in self.effects], where=f'in "{self.formula}"')


@dataclass(frozen=True)
class Design:
    """Columns of a table with one row a stride, and what counts as a unit.

    Args:
        metric: the number compared.
        group: whose stride it is, e.g. "simulated" and "human".
        unit: person or seed; a unit belongs to one group.
        of: what a unit is, in the plural: "subjects", "seeds".
        covariates: e.g. ("speed", "side"); text becomes a factor.
        nested: levels between unit and stride, e.g. ("session",), as further random effects.
    """

    metric: str
    group: str
    unit: str
    of: str = "subjects"
    covariates: tuple[str, ...] = ()
    nested: tuple[str, ...] = ()


@dataclass(frozen=True)
class Inference:
    """Level of the intervals, permutations to draw where not all can be made, and their seed."""

    level: float = 0.95
    draws: int = 10_000
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.level < 1 or self.draws < 1:
            raise BadValue(
                f"Inference needs a level between 0 and 1 and at least one draw; got {self.level:g}, {self.draws}."
            )


@dataclass(frozen=True)
class GroupDifference:
    """First group minus second group in one metric.

    Attributes:
        groups: names of the first and the second group.
        value: difference, in the unit of the metric.
        low, high: its interval; NaN where there is none.
        level: of the interval.
        method: how the difference and its interval were found.
        p: two-sided; NaN below five units in either group.
        p_from: which test gave p.
        p_floor: smallest p that this test could have given.
        n: units in the first and the second group.
        of: what n counts.
        rows: strides in the first and the second group.
        position: of the mean of the smaller group among the units of the other, when that group has fewer than five.
        between, within: SD between units of a group and within units, of the mixed model; NaN where it was not used.
        note: why p, the interval or the mixed model is missing; empty if none is.
    """

    groups: tuple[str, str]
    value: float
    low: float
    high: float
    level: float
    method: str
    p: float
    p_from: str
    p_floor: float
    n: tuple[int, int]
    of: str
    rows: tuple[int, int]
    position: Position | None = None
    between: float = NAN
    within: float = NAN
    note: str = ""


def mixed_model(
    table, formula: str, *, unit: str, slopes: str = "1", nested: Sequence[str] = (), of: str = "subjects"
) -> MixedModel:
    """A linear mixed model by REML, with 95 % Wald intervals; strides are nested in units.

    Warnings of the library (no convergence, a variance at zero) make the model unusable: `note` then holds them.

    Args:
        table: data frame, one row a stride, without gaps in the columns used.
        formula: of the fixed effects, e.g. "first_peak ~ group + speed + side".
        unit: column of the persons or seeds.
        slopes: random effects within a unit; "1" is an intercept each, "days" an intercept and a slope.
        nested: columns of levels between unit and stride, each a further random intercept.
        of: what a unit is.

    Source:
        Laird & Ware, Biometrics 38 (1982) 963-974; fitted by statsmodels.
    """
    import statsmodels.formula.api as models  # takes seconds to import
    from statsmodels.tools.sm_exceptions import ModelWarning

    response = formula.split("~")[0].strip()
    units, rows = table[unit].nunique(), len(table)
    failed = MixedModel(formula, (), (), (), NAN, NAN, 0.95, units, of, rows)
    spread = float(np.std(table[response].to_numpy(float)))
    if not spread > 0:
        return replace(failed, note="the metric does not vary")
    scale = SPREAD_IN_FIT / spread
    scaled = table.assign(**{response: table[response] * scale})
    parts = {name: f"0 + C({name})" for name in nested}
    note = ""
    for method in OPTIMISERS:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                model = models.mixedlm(
                    formula, scaled, groups=scaled[unit], re_formula=f"~{slopes}", vc_formula=parts or None
                )
                fit = model.fit(reml=True, method=method)
            except (np.linalg.LinAlgError, ValueError) as error:
                note = str(error)
                continue
        said = [str(warning.message) for warning in caught if issubclass(warning.category, ModelWarning)]
        note = "; ".join(dict.fromkeys(said))
        if fit.converged and not note and np.isfinite(fit.bse_fe).all():
            return _read(fit, failed, scale)
    return replace(failed, note=note or "the fit did not converge")


def group_difference(
    table, design: Design, *, groups: tuple[str, str], inference: Inference = Inference()
) -> GroupDifference:
    """Difference of two groups of units in a metric measured once a stride.

    Value and interval come from the mixed model `metric ~ group + covariates + (1 | unit)`, or, where its fit fails,
    from the means of the units (Welch). p comes from the model's z with at least 20 units in all, and else from
    permuting the means of the units. With fewer than five units in a group there is no p.

    Args:
        table: data frame, one row a stride; rows with a gap are left out.
        design: its columns.
        groups: first and second; the difference is first minus second.
        inference: level, draws, seed.

    Raises:
        UnknownName: the table has no such column, or no such group.
        BadValue: a unit belongs to both groups.
    """
    frame = _frame(table, design, groups)
    means = frame.groupby("unit")[["value", "member"]].mean()
    first = means["member"] == 1
    n = (int(first.sum()), int((~first).sum()))
    rows = (int((frame["member"] == 1).sum()), int((frame["member"] == 0).sum()))
    members, others = (means["value"].to_numpy()[which] for which in (first, ~first))
    plain = float(members.mean() - others.mean()) if min(n) else NAN
    found = GroupDifference(
        groups, plain, NAN, NAN, inference.level, "means of the units", NAN, "none", NAN, n, design.of, rows
    )
    if note := too_few(n, design.of):
        few, many = (members, others) if n[0] <= n[1] else (others, members)
        placed = position(float(few.mean()), many, of=design.of) if len(few) else None
        return replace(found, position=placed, note=f"{note}; the position among the others is given instead")
    formula = "value ~ member" + "".join(f" + {name}" for name in design.covariates)
    model = mixed_model(frame, formula, unit="unit", nested=design.nested, of=design.of)
    if model.note and design.nested:
        found = replace(found, note=f"without {', '.join(design.nested)} as a level ({model.note})")
        model = mixed_model(frame, formula, unit="unit", of=design.of)
    test = _permuted(frame, formula, inference)
    return _combine(found, model, test, inference)


def _read(fit, failed: MixedModel, scale: float) -> MixedModel:
    """The library's fit in the unit of the response."""
    wide = float(stats.norm.ppf(0.5 + failed.level / 2.0))
    values, errors = np.asarray(fit.fe_params) / scale, np.asarray(fit.bse_fe) / scale
    effects = tuple(
        Effect(name, float(v), float(e), float(v - wide * e), float(v + wide * e))
        for name, v, e in zip(fit.model.exog_names, values, errors)
    )
    covariance = np.atleast_2d(np.asarray(fit.cov_re))
    names = ["unit", *list(fit.model.data.exog_re_names)[1:]]
    sd = np.sqrt(np.diag(covariance))
    pairs = [(i, j) for i in range(len(names)) for j in range(i)]
    nested = zip(fit.model.exog_vc.names, np.sqrt(np.asarray(fit.vcomp)) / scale)
    freedom = failed.rows - len(effects)
    return replace(
        failed,
        effects=effects,
        spreads=(*zip(names, (sd / scale).tolist()), *((name, float(value)) for name, value in nested)),
        correlations=tuple((f"{names[j]}, {names[i]}", float(covariance[i, j] / sd[i] / sd[j])) for i, j in pairs),
        residual=float(np.sqrt(fit.scale)) / scale,
        deviance=float(-2.0 * fit.llf - 2.0 * freedom * np.log(scale)),
    )


def _frame(table, design: Design, groups: tuple[str, str]):
    """value, member (1 in the first group), unit, covariates and nested levels; complete rows of the two groups."""
    used = [design.metric, design.group, design.unit, *design.covariates, *design.nested]
    for name in used:
        if name not in table.columns:
            raise unknown("column", name, list(table.columns), where="in the table")
    for name in groups:
        if name not in set(table[design.group]):
            raise unknown("group", name, sorted(set(table[design.group])), where=f'in column "{design.group}"')
    frame = table.loc[table[design.group].isin(groups), used].dropna()
    frame = frame.assign(
        value=frame[design.metric].astype(float),
        member=(frame[design.group] == groups[0]).astype(float),
        unit=frame[design.unit].astype(str),
    )
    shared = frame.groupby("unit")["member"].nunique()
    if (shared > 1).any():
        names = ", ".join(shared.index[shared > 1][:5])
        raise BadValue(
            f"Units {names} are in both groups, {groups[0]} and {groups[1]}. Compare pairs with effects.wilcoxon, or "
            "give each group its own unit names."
        )
    return frame[["value", "member", "unit", *design.covariates, *design.nested]].reset_index(drop=True)


def _permuted(frame, formula: str, inference: Inference) -> Permutation:
    """Test of the units' means, covariates averaged within units."""
    import statsmodels.formula.api as models

    design = models.ols(formula, frame)
    columns = np.column_stack((frame["value"], design.exog))
    units = frame["unit"].to_numpy()
    means = np.array([columns[units == name].mean(axis=0) for name in sorted(set(units))])  # (units, 1 + columns)
    which = 1 + design.exog_names.index("member")
    rest = [k for k in range(1, means.shape[1]) if k != which]
    return permute(
        means[:, 0], means[:, which], means[:, rest], draws=inference.draws, seed=inference.seed, level=inference.level
    )


def _combine(found: GroupDifference, model: MixedModel, test: Permutation, inference: Inference) -> GroupDifference:
    """Value and interval of the mixed model, or of the means where it failed; p by the number of units."""
    units, notes = sum(found.n), [text for text in (found.note, test.note) if text]
    if model.note:
        notes.append(f"the mixed model could not be used ({model.note}): means of the units instead")
        value, low, high, method = test.value, test.low, test.high, "means of the units (Welch)"
    else:
        effect = model.effect("member")
        tail = 0.5 + inference.level / 2.0
        wide = stats.norm.ppf(tail) if units >= LEAST_FOR_Z else stats.t.ppf(tail, max(test.freedom, 1))
        value, method = effect.value, "mixed model (REML)"
        found = replace(found, between=dict(model.spreads)["unit"], within=model.residual)
        low, high = value - float(wide) * effect.error, value + float(wide) * effect.error
    if units >= LEAST_FOR_Z and not model.note:
        p, p_from, floor = float(2.0 * stats.norm.sf(abs(effect.value / effect.error))), "z of the mixed model", 0.0
    else:
        p, p_from, floor = test.p, test.words, test.floor
    return replace(
        found, value=value, low=low, high=high, method=method, p=p, p_from=p_from, p_floor=floor, note="; ".join(notes)
    )
