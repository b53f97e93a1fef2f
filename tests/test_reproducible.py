"""The same report twice, in two processes: identical bytes."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]

MAKE = """
import sys
from dataclasses import replace
from pathlib import Path

sys.path[:0] = [{tests!r}]
from synthetic_walk import person, record

from biomimic.report import build, write
from biomimic.validate.evaluate import evaluate
from biomimic.validate.protocol import Pushes, Resampling, Trials, load_protocol
from biomimic.validate.results import exclusions_csv, metrics_csv, to_json

protocol = replace(load_protocol("level_walking"), trials=Trials(2, 8.0, 0.0), pushes=Pushes(directions=()),
                   resampling=Resampling(20))
people = {{human.name: person(human.name, rows=2, sides=("right",)) for human in protocol.humans}}
walks = [record(plan, seed=i) for i, plan in enumerate(protocol.planned)]
results = evaluate(walks, people, protocol, run="formula", shaped_by=("angles",))
folder = Path(sys.argv[1])
write(build(results, protocol), folder)
(folder / "results.json").write_text(to_json(results))
(folder / "metrics.csv").write_text(metrics_csv(results))
(folder / "exclusions.csv").write_text(exclusions_csv(results))
"""


def _make(folder: Path, hash_seed: str) -> dict[str, str]:
    code = MAKE.format(tests=str(ROOT / "tests" / "validate"))
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT), "TZ": f"UTC-{hash_seed}"}
    folder.mkdir()
    subprocess.run([sys.executable, "-c", code, str(folder)], check=True, env=environment, cwd=folder)
    written = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in written}


def test_two_processes_write_the_same_bytes(tmp_path):
    first, second = _make(tmp_path / "one", "1"), _make(tmp_path / "another", "2")
    assert set(first) >= {"report.html", "report.pdf", "results.json", "metrics.csv", "exclusions.csv", "methods.md"}
    assert any(name.startswith("figures/") for name in first)
    assert first == second
