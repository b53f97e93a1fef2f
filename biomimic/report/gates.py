"""Gates: their table, what a failed one makes doubtful, and the grey it lays over the sections that follow."""

from dataclasses import replace

from biomimic.report import wording
from biomimic.report.blocks import Block, Bullets, Paragraph, Section, Table
from biomimic.validate.results import Gate, Results

FAIL, WARNING, NONE = "fail", "warning", "not applicable"
ALL, PEOPLE = "everything", "people"  # what a failed gate touches: all numbers, or only comparisons with people
TONES = {"pass": "good", FAIL: "bad", WARNING: "", NONE: "muted"}

# gate → (what it touches, what becomes doubtful when it fails); a gate that is not listed touches everything
DOUBTS = {
    "G1": (ALL, "every number made from the channels named: their unit or their change over the cycle is wrong"),
    "G2": (ALL, "every comparison of the channels named: a sign or a side is exchanged"),
    "G3": (ALL, "all of it: something other than the ground held or pushed the body"),
    "G4": (ALL, "forces, moments and whatever is divided by body mass"),
    "G5": (ALL, "forces and moments: force and motion do not belong together"),
    "G6": (ALL, "every mean and every interval: they rest on too few strides"),
    "G7": (PEOPLE, "comparisons with the people named: their curves were smoothed differently"),
    "G8": (PEOPLE, "comparisons with the people named: angles, forces and muscle activity change with speed"),
    "G9": (ALL, "every number: the walk was not simulated stably, or a signal is broken"),
    "G10": (ALL, "every mean: the strides that were kept are those of the trials that survived"),
    "G11": (ALL, "every curve over the cycle: angles and force run on different clocks"),
}


def blocks(results: Results) -> tuple[Block, ...]:
    """The table of gates, and in sentences what failed and what that makes doubtful; nothing without gates."""
    if not results.gates:
        return ()
    return (_table(results), *_consequences(results))


def grey(section: Section, results: Results, touches: str = PEOPLE) -> Section:
    """The section, greyed with the reason when a gate failed that makes it doubtful.

    Args:
        section: as it would stand if all gates passed.
        results: with their gates.
        touches: "people" for a section that compares with people, "everything" for one that does not.
    """
    failed = _touching(results, touches)
    if not failed:
        return section
    each = "; ".join(f"{_named(gate)} ({wording.sentence(gate.found)}), so doubt {_doubt(gate)}" for gate in failed)
    words = "A gate failed" if len(failed) == 1 else "Gates failed"
    return replace(section, tone="grey", reason=f"{words}: {each}.")


def doubted(results: Results, reference: str) -> tuple[str, ...]:
    """Names of the failed gates that make the comparison with a data set doubtful."""
    return tuple(gate.name for gate in _touching(results, PEOPLE) if _concerns(gate, reference))


def headline(results: Results) -> str:
    """How many gates passed, in a few words; empty without gates."""
    if not results.gates:
        return ""
    able = [gate for gate in results.gates if gate.status != NONE]
    failed = [gate.name for gate in able if gate.failed]
    warned = [gate.name for gate in able if gate.status == WARNING]
    parts = [f"{wording.listed(failed)} failed"] if failed else []
    parts += [f"{wording.listed(warned)} {'warns' if len(warned) == 1 else 'warn'}"] if warned else []
    return f"{sum(gate.status == 'pass' for gate in able)} of {len(able)} pass" + "".join(f"; {part}" for part in parts)


def _table(results: Results) -> Table:
    rows = [
        (
            gate.name,
            wording.first_upper(gate.title),
            wording.sentence(gate.found),
            gate.limit + (f" ({gate.source})" if gate.source else ""),
            gate.status,
        )
        for gate in results.gates
    ]
    tones = tuple(TONES.get(gate.status, "") for gate in results.gates)
    return Table(
        "Gates: what must hold before any number below is believed. A gate that fails greys what it makes doubtful and "
        "hides nothing; a warning asks for care; a gate that is not applicable lacks what it needs.",
        ("Gate", "Guards", "Found", "Must hold", "Status"),
        tuple(rows),
        "lllll",
        tones,
        name="gates",
    )


def _consequences(results: Results) -> list[Block]:
    if not results.failed_gates:
        warned = [gate for gate in results.gates if gate.status == WARNING]
        text = "No gate failed."
        text += f" Read with care: {wording.listed([_named(gate) for gate in warned])}." if warned else ""
        return [Paragraph(text)]
    return [
        Paragraph("Failed gates. The sections that they make doubtful are greyed, never left out."),
        Bullets(
            tuple(
                f"{_named(gate)}: {wording.sentence(gate.found)}; must hold: {gate.limit}. Doubtful: {_doubt(gate)}."
                + (f" Concerned: {_concerned(gate)}." if gate.channels else "")
                for gate in results.failed_gates
            )
        ),
    ]


def _concerned(gate: Gate) -> str:
    return wording.listed([wording.sentence(name) for name in gate.channels])


def _named(gate: Gate) -> str:
    return f"{gate.name} ({gate.title})"


def _doubt(gate: Gate) -> str:
    return DOUBTS.get(gate.name, (ALL, "what follows"))[1]


def _touching(results: Results, touches: str) -> list[Gate]:
    """Failed gates that concern a section of a kind."""
    return [g for g in results.failed_gates if touches == PEOPLE or DOUBTS.get(g.name, (ALL, ""))[0] == ALL]


def _concerns(gate: Gate, reference: str) -> bool:
    """Whether a failed gate concerns a comparison: one about speed or filters names the people it is about."""
    if DOUBTS.get(gate.name, (ALL, ""))[0] == ALL or not gate.channels:
        return True
    return reference in gate.channels or reference == "people"
