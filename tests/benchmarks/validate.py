"""Time of validating twenty minutes of walking without OpenSim, split by stage.

    python tests/benchmarks/validate.py [minutes] [--profile]

The walk is made by formulas: 500 Hz force, 100 Hz angles, muscle activity, joint moments and positions, strides that
differ in length and amplitude. It is saved, loaded, and validated as any recording is, against the people of the
shipped protocol, with the sweep of settings, and its report is written. Each stage's time excludes the stages inside
it. Only one core is used whatever there is: the limit of 60 s is meant for two.
"""

from __future__ import annotations

import cProfile
import pstats
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "validate")]

import synthetic_walk as made  # noqa: E402

from biomimic import files, reference, report  # noqa: E402
from biomimic.gait import cycles, events, filters, strides  # noqa: E402
from biomimic.metrics import estimate  # noqa: E402
from biomimic.recording import UNITS, Recording  # noqa: E402
from biomimic.report import html, paper, pdf  # noqa: E402
from biomimic.signals import Signals  # noqa: E402
from biomimic.validate import (  # noqa: E402
    audit,
    ceiling,
    coordination,
    evaluate,
    feet,
    gates,
    physics,
    profiles,
    results,
    selftest,
    sensitivity,
    subject,
    summary,
    walks,
    whole_body,
)
from biomimic.validate.protocol import Protocol, load_protocol, of_recordings  # noqa: E402

MINUTES, LIMIT = 20.0, 60.0
SWEEP = "sweep of settings"
FORCE, ANGLES = 500.0, 100.0  # [Hz]
SPREAD = 0.02  # of stride times and amplitudes
WHO = {"run": {"name": "long", "kind": "simulated"}, "protocol": {"name": "level_walking", "version": "1.0"}}

# stage → functions whose time it is; what they call inside another stage counts there
INSIDE = {
    "filter": [(filters, "low_pass")],
    "events and strides": [
        (events, "detect"),
        (events, "detect_from_positions"),
        (events, "agreement"),
        (cycles, "choose"),
        (walks, "_steady"),
    ],
    "cut and normalise": [(strides, "cut"), (strides, "stack"), (strides, "in_body_weights"), (subject, "cut_all")],
    "people": [(evaluate, "person"), (evaluate, "group")],
    "audit": [(audit, "checks")],
    "physics": [(physics, "findings")],
    "comparisons": [(evaluate, "_compare")],
    "ceilings, nulls, scores": [
        (ceiling, "null"),
        (ceiling, "ceiling"),
        (ceiling, "error_ceiling"),
        (ceiling, "score_draws"),
        (summary, "scores"),
    ],
    "resampling": [(estimate, "_stride_weights")],
    "steps, symmetry, effort": [
        (whole_body, "symmetry"),
        (whole_body, "spatiotemporal_findings"),
        (whole_body, "effort"),
    ],
    "bands, profile score": [(profiles, "people_bands"), (profiles, "outside"), (profiles, "findings")],
    "synergies, co-contraction": [(coordination, "findings")],
    "centre of pressure, sides": [(feet, "centre_of_pressure"), (feet, "running_force"), (feet, "symmetry")],
    "gates": [(gates, "gates")],
}


class Clock:
    """Wall and processor time by stage [s]; a stage that begins inside another one stops the other's clock."""

    def __init__(self) -> None:
        self.spent: dict[str, np.ndarray] = {}
        self.running: list[str] = []
        self.since = self._now()

    def run(self, stage: str, work: Callable, *arguments, **options):
        """Result of the work, its time added to the stage."""
        self._turn()
        self.running.append(stage)
        try:
            return work(*arguments, **options)
        finally:
            self._turn()
            self.running.pop()

    def timed(self, stage: str, work: Callable) -> Callable:
        """The same function, its time added to the stage; the sweep counts as one stage whatever it calls."""

        def call(*arguments, **options):
            inside = self.running and self.running[0] == SWEEP
            return work(*arguments, **options) if inside else self.run(stage, work, *arguments, **options)

        return call

    def _turn(self) -> None:
        now = self._now()
        if self.running:
            self.spent[self.running[-1]] = self.spent.get(self.running[-1], np.zeros(2)) + now - self.since
        self.since = now

    @staticmethod
    def _now() -> np.ndarray:
        return np.array([time.perf_counter(), time.process_time()])


def walk(minutes: float, seed: int = 0) -> Recording:
    """A walk whose strides differ by 2 % in time and amplitude."""
    generator = np.random.default_rng(seed)
    count = int(60.0 * minutes / made.PERIOD) + 3
    strikes = np.concatenate(([0.0], np.cumsum(made.PERIOD * (1.0 + SPREAD * generator.standard_normal(count)))))
    gains = 1.0 + SPREAD * generator.standard_normal(len(strikes))

    def sampled(rate: float) -> tuple[np.ndarray, dict[str, np.ndarray], np.ndarray]:
        times = np.arange(0.0, 60.0 * minutes, 1.0 / rate)
        share = np.interp(times, strikes, np.arange(len(strikes)))
        return times, {"right": share, "left": share + 0.5}, np.interp(times, strikes, gains)

    times, shares, _ = sampled(FORCE)
    weight = made.MASS * 9.80665
    force = {}
    for side, share in shares.items():
        force[f"vertical_{side}"] = weight * made.vertical(share)
        force[f"anterior_{side}"] = weight * made.anterior(share)
        force[f"lateral_{side}"] = -0.05 * force[f"vertical_{side}"]
    total = force["vertical_right"] + force["vertical_left"]
    shear = force["anterior_right"] + force["anterior_left"]
    floor = {"floor_x": shear, "floor_y": 0.0 * shear, "floor_z": total}
    moved = {"com_x": shear / made.MASS, "com_y": 0.0 * shear, "com_z": total / made.MASS - made.GRAVITY}
    slow, phases, gain = sampled(ANGLES)
    angles = {f"{name}_{side}": gain * made.angle(name, phases[side]) for name in made.ANGLES for side in phases}
    parts = {
        "force": (times, force),
        "floor": (times, floor),
        "acceleration": (times, moved),
        "angles": (slow, angles | {name: gain * made.angle(name, phases["right"]) for name in made.TRUNK}),
        "activity": (slow, _sides(made.MUSCLES, made.activity, phases, gain)),
        "moment": (slow, _sides(made.MOMENTS, made.moment, phases, made.MASS * gain)),
        "position": (slow, made._positions(slow, phases)),
        "applied": (slow, {"largest": np.zeros(len(slow))}),
        "effort": (slow, {"legs": 2.0 + np.sin(phases["right"])}),
    }
    signals = {
        name: Signals(when, np.column_stack([*part.values()]), (*part,), UNITS[name])
        for name, (when, part) in parts.items()
    }
    return Recording("simulated", "long", made.MASS, made.MADE_UP, **signals)


def _sides(names, values, phases, gain) -> dict[str, np.ndarray]:
    return {f"{name}_{side}": gain * values(name, phases[side]) for name in names for side in phases}


def validated(path: Path, out: Path, clock: Clock) -> None:
    """Everything that the command does with a recording, stage by stage."""
    protocol: Protocol = of_recordings(load_protocol("level_walking"), without="long")
    recording = clock.run("load", Recording.load, path)
    humans = clock.run("load", lambda: {one.name: reference.load(one.name) for one in protocol.humans})
    about = evaluate.About("long", identity=WHO, allows_speed=True)
    walker = clock.run("rest of the walk", subject.recorded, [recording], protocol)
    found = clock.run("rest of the evaluation", evaluate.assess, walker, humans, protocol, about)
    how = {"build": subject.recorded, "allows_speed": True}
    clock.run(SWEEP, sensitivity.sweep, found, walker, humans, protocol, **how)
    clock.run("self-test", selftest.run)
    built = clock.run("report: content", report.build, found, protocol)
    content: dict[str, str | bytes] = {
        "report.html": clock.run("report: HTML", html.render, built),
        "report.pdf": clock.run("report: PDF", pdf.render, built),
        "first.png": clock.run("report: PDF", pdf.picture, built.figures[0]),
    }
    content |= clock.run("report: figures and tables for a paper", paper.contents, built)
    content["results.json"] = clock.run("report: numbers", results.to_json, found)
    content["metrics.csv"] = clock.run("report: numbers", results.metrics_csv, found)
    content["exclusions.csv"] = clock.run("report: numbers", results.exclusions_csv, found)
    for name, data in content.items():
        clock.run("write", files.write, out / name, data)
    counts = {f.side: int(f.value) for f in found.find("strides")}
    print(", ".join(f"{count} {side} strides" for side, count in counts.items()))


def main(words: list[str]) -> None:
    minutes = float(next((word for word in words if not word.startswith("--")), MINUTES))
    clock = Clock()
    for stage, functions in INSIDE.items():
        for owner, name in functions:
            setattr(owner, name, clock.timed(stage, getattr(owner, name)))
    profile = cProfile.Profile()
    with tempfile.TemporaryDirectory() as folder:
        path = walk(minutes).save(Path(folder) / "long.npz")
        print(f"{minutes:g} minutes of walking, {path.stat().st_size / 1e6:.0f} MB")
        if "--profile" in words:
            profile.enable()
        validated(path, Path(folder) / "out", clock)
        profile.disable()
    whole, busy = sum(clock.spent.values())
    print(f"{'':40s}{'wall':>10s}  {'processor':>10s}")
    for stage, (wall, processor) in clock.spent.items():
        print(f"{stage:40s}{wall:8.2f} s  {processor:8.2f} s  {100 * processor / busy:5.1f} %")
    print(f"{'sum':40s}{whole:8.2f} s  {busy:8.2f} s")
    print(
        f"{whole / LIMIT:.2f} of the {LIMIT:g} s allowed for {MINUTES:g} minutes, {busy / LIMIT:.2f} by processor time"
    )
    print(f"{60.0 * minutes / whole:.0f} times as fast as the walk itself")
    if "--profile" in words:
        pstats.Stats(profile).sort_stats("tottime").print_stats(35)


if __name__ == "__main__":
    main(sys.argv[1:])
