"""Several runs side by side: paired differences of single runs, or groups of runs as units, and what flips."""

import csv
import io
import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from biomimic.errors import BadValue
from biomimic.validate.over_curves import OverCurves, over_curves
from biomimic.validate.over_runs import OverRuns, over_runs
from biomimic.validate.over_strides import OverStrides, over_strides
from biomimic.validate.paired import Pair, pair
from biomimic.validate.protocol import Protocol
from biomimic.validate.results import Results, rounded, text
from biomimic.validate.statistics import LEAST_UNITS

SCHEMA = 1
FIRST, NAMED, GROUPS = "first run", "named run", "groups"  # what the others are held against
SAME_FOR_ALL = ("name", "kind", "note")  # parts of a run's identity that are no setting
COLUMNS = (
    "run",
    "against",
    "domain",
    "reference",
    "channel",
    "side",
    "metric",
    "first",
    "second",
    "difference",
    "ci_lo",
    "ci_hi",
    "level",
    "of",
    "unit",
    "limit",
    "limit_unit",
    "size",
    "verdict",
    "nearer",
    "human",
    "g",
    "g_lo",
    "g_hi",
    "p",
    "p_floor",
    "p_adjusted",
    "family",
    "method",
    "note",
)


@dataclass(frozen=True)
class Flip:
    """A gate or a criterion that is not alike in all runs.

    Attributes:
        kind: "gate" or "criterion".
        name: of the gate: its name and title; of the criterion: domain, metric, channel, reference.
        states: one a run, in the order of the comparison: the status of a gate, "met" or "not met".
    """

    kind: str
    name: tuple[str, ...]
    states: tuple[str, ...]


@dataclass(frozen=True)
class Setting:
    """A setting, or a part of a run's identity, that is not alike in all runs; one value a run, or an empty one."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Comparison:
    """Runs side by side.

    Attributes:
        runs: name → results; those that the others are held against come last.
        against: names of those that the others are held against.
        scheme: "first run" (none was named, so the first one is held against), "named run" or "groups".
        pairs: each run and the one it is held against; empty with groups.
        groups: measures over runs as units; empty without groups.
        flips: gates and criteria that are not alike in all runs.
        settings: what differs between the runs before they walk.
        protocol: under which all were measured.
        curves: whole curves over runs as units; empty without groups or without their evidence.
        strides: measures of single strides in mixed models, strides nested in runs; empty like `curves`.
    """

    runs: dict[str, Results]
    against: tuple[str, ...]
    scheme: str
    pairs: tuple[Pair, ...]
    groups: tuple[OverRuns, ...]
    flips: tuple[Flip, ...]
    settings: tuple[Setting, ...]
    protocol: Protocol
    curves: tuple[OverCurves, ...] = ()
    strides: tuple[OverStrides, ...] = ()

    @property
    def held(self) -> tuple[str, ...]:
        """Names of the runs that are held against the others."""
        return tuple(name for name in self.runs if name not in self.against)


def compare(
    results: Sequence[Results],
    against: Results | Sequence[Results] | None,
    protocol: Protocol,
    *,
    same_seeds: bool = False,
) -> Comparison:
    """Runs of one protocol side by side.

    Each run is held against the one named; with five or more runs on a side, or several to hold against, the two
    sides are groups and the runs are the units.

    Args:
        results: of the runs.
        against: the run or the runs they are held against; None takes the first of `results`, and no groups are made.
        protocol: under which all were measured.
        same_seeds: whether the runs of both groups belong together in order, e.g. were trained with the same seeds.

    Raises:
        BadValue: there are not two runs to compare.
    """
    several = [against] if isinstance(against, Results) else list(against or ())
    own = list(results) if several else list(results[1:])
    others = several or list(results[:1])
    if not own or not others:
        raise BadValue("A comparison needs two different runs, and only one was given. Name another one beside it.")
    scheme = NAMED if several else FIRST
    if several and (len(others) > 1 or len(own) >= LEAST_UNITS):
        scheme = GROUPS
    names = _labels([*own, *others])
    runs = dict(zip(names, [*own, *others]))
    pairs, parts = (), {}
    if scheme != GROUPS:
        pairs = tuple(pair((name, names[-1]), one, others[0]) for name, one in zip(names, own))
    else:
        parts["curves"] = over_curves(own, others, protocol, same_seeds=same_seeds)
        parts["strides"] = over_strides(own, others, protocol)
    return Comparison(
        runs=runs,
        against=tuple(names[len(own) :]),
        scheme=scheme,
        pairs=pairs,
        groups=over_runs(own, others, protocol, same_seeds=same_seeds) if scheme == GROUPS else (),
        flips=tuple(_flips(list(runs.values()))),
        settings=tuple(_settings(list(runs.values()))),
        protocol=protocol,
        **parts,
    )


def to_json(compared: Comparison) -> str:
    """differences.json: keys sorted, six significant digits, null for what could not be measured."""
    content = {
        "schema": SCHEMA,
        "runs": [
            {"name": name, "passed": one.passed, "identity": one.identity.get("run", {})}
            for name, one in compared.runs.items()
        ],
        "against": compared.against,
        "scheme": compared.scheme,
        "settings": compared.settings,
        "flips": compared.flips,
        "pairs": compared.pairs,
        "groups": compared.groups,
        "curves": compared.curves,
        "strides": compared.strides,
    }
    return json.dumps(rounded(content), sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def differences_csv(compared: Comparison) -> str:
    """differences.csv, long form: one row a measure of a pair, or of two groups."""
    rows = [
        {**asdict(one), "run": both.run, "against": both.against, "nearer": ("", both.run, both.against)[one.nearer]}
        for both in compared.pairs
        for one in both.differences
    ]
    held, against = (" + ".join(names) for names in (compared.held, compared.against))
    for one in compared.groups:
        nearer = ("", held, against)[one.nearer]
        verdict = "differs" if one.is_sure and one.size > 1 else "within the limit" if one.is_within else "undecided"
        of = f"{one.n[0]} and {one.n[1]} runs"
        more = {"run": held, "against": against, "of": of, "nearer": nearer, "verdict": verdict}
        rows.append({**asdict(one), **more, "p_floor": one.floor, "p_adjusted": one.adjusted})
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        row |= {"difference": row["value"], "limit": row["limit"]["value"], "limit_unit": row["limit"]["unit"]}
        row |= {"ci_lo": row["low"], "ci_hi": row["high"], "g_lo": row.get("g_low", ""), "g_hi": row.get("g_high", "")}
        writer.writerow([text(row.get(column, "")) for column in COLUMNS])
    return buffer.getvalue()


def _labels(results: Sequence[Results]) -> list[str]:
    """Names of the runs; the second run of a name is numbered."""
    names: list[str] = []
    for one in results:
        label, number = one.run, 2
        while label in names:
            label, number = f"{one.run} ({number})", number + 1
        names.append(label)
    return names


def _flips(runs: Sequence[Results]) -> Iterator[Flip]:
    gates = [{gate.name: gate.status for gate in one.gates} for one in runs]
    for gate in runs[0].gates:
        states = tuple(one.get(gate.name, "not asked") for one in gates)
        if len(set(states)) > 1:
            yield Flip("gate", (gate.name, gate.title), states)
    met = [{(o.domain, o.metric, o.channel, o.reference): o.passed for o in one.outcomes} for one in runs]
    for key in met[0]:
        states = tuple("not asked" if key not in one else "met" if one[key] else "not met" for one in met)
        if len(set(states)) > 1:
            yield Flip("criterion", key, states)


def _settings(runs: Sequence[Results]) -> Iterator[Setting]:
    """Parts of the identity that differ, then settings of the controllers where the identity holds them."""
    for part in ("run", "settings"):
        flat = [dict(_flat(_table(one.identity.get(part, {})))) for one in runs]
        for name in dict.fromkeys(name for one in flat for name in one):
            values = tuple(one.get(name, "") for one in flat)
            if len(set(values)) > 1 and name not in SAME_FOR_ALL:
                yield Setting(name, values)


def _table(part: object) -> Mapping:
    """A table of the identity; text is taken for TOML, as a settings file is."""
    if isinstance(part, Mapping):
        return part
    try:
        return tomllib.loads(str(part))
    except tomllib.TOMLDecodeError:
        return {"settings": str(part)}


def _flat(table: Mapping, head: str = "") -> Iterator[tuple[str, str]]:
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{head}{name}.")
        else:
            yield f"{head}{name}", str(value)
