"""The command as people call it: exit codes, table, and a call that is killed in the middle and made again."""

import os
import re
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import made_clips
import pytest

from biomimic.motion import Trajectory
from biomimic.retarget import outcome
from biomimic.retarget.__main__ import main
from biomimic.retarget.outcome import Outcome
from biomimic.retarget.record import Record

ROOT = Path(__file__).parents[2]
COUNT = 8
ENDINGS = (outcome.ENDING, outcome.TRAJECTORY, outcome.RECORD, outcome.FILM)


def _command(source: Path, out: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "biomimic.retarget", str(source), "--out", str(out), "--jobs", "2", *words]


def _run(source: Path, out: Path) -> subprocess.CompletedProcess:
    return subprocess.run(_command(source, out), cwd=ROOT, capture_output=True, text=True)


def _files(out: Path) -> dict[str, tuple[int, int]]:
    found = {}
    for path in out.rglob("*"):
        if path.is_file():
            stat = path.stat()
            found[path.relative_to(out).as_posix()] = (stat.st_ino, stat.st_mtime_ns)
    return found


def _finished(out: Path) -> set[str]:
    return {path.name.removesuffix(outcome.ENDING) for path in out.glob(f"*{outcome.ENDING}")}


def _check_whole(out: Path, names: set[str]) -> None:
    """Every result can be read, fits its outcome, and nothing else lies there."""
    assert {path.name for path in out.iterdir()} == {f"{name}{end}" for name in names for end in ENDINGS} | {
        "overview.html"
    }
    for name in names:
        one = Outcome.load(out / f"{name}{outcome.ENDING}")
        assert one.is_done and one.is_complete(out)
        assert len(Trajectory.load(out / f"{name}.npz").qpos) == Record.load(out / f"{name}.record.json").frames
        ElementTree.parse(out / f"{name}.svg")


@pytest.mark.slow
@pytest.mark.parametrize("whom", ["command", "command and its processes"])
def test_killed_and_called_again(tmp_path, whom):
    source, out = tmp_path / "clips", tmp_path / "out"
    names = {f"clip_{number}" for number in range(COUNT)}
    for number, name in enumerate(sorted(names)):
        made_clips.amass(source / f"{name}.npz", frames=40 + number, side=("right", "left")[number % 2])
    call = subprocess.Popen(
        _command(source, out), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    give_up = time.monotonic() + 120.0
    while len(_finished(out)) < 2 and call.poll() is None:
        assert time.monotonic() < give_up, "no clip was done in two minutes"
        time.sleep(0.01)
    (os.kill if whom == "command" else os.killpg)(call.pid, signal.SIGKILL)
    call.wait()
    done = _finished(out)  # first: processes of the killed call may still finish theirs
    before = _files(out)
    assert 2 <= len(done) < COUNT, "the call was to be killed in the middle"

    second = _run(source, out)
    assert second.returncode == 0, second.stderr
    _check_whole(out, names)
    after = _files(out)
    kept = {f"{name}{end}" for name in done for end in ENDINGS}
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}, "a clip was done twice"
    # processes of the killed call may have gone on with what they had been given
    said = re.search(rf"^{COUNT} clips: (\d+) done now, (\d+) before, 0 failed", second.stdout, re.MULTILINE)
    assert int(said[1]) + int(said[2]) == COUNT and int(said[2]) >= len(done)

    third = _run(source, out)
    assert f"{COUNT} clips: 0 done now, {COUNT} before, 0 failed" in third.stdout
    assert {name: _files(out)[name] for name in after if name != "overview.html"} == {
        name: state for name, state in after.items() if name != "overview.html"
    }


@pytest.fixture(scope="module")
def called(tmp_path_factory):
    """One good clip and two bad ones in a folder; the command's folder."""
    source, out = tmp_path_factory.mktemp("clips"), tmp_path_factory.mktemp("out")
    made_clips.amass(source / "good.npz", frames=20)
    (source / "bad.bvh").write_text("HIERARCHY")
    (source / "worse.trc").write_text("")
    return source, out


def test_table_page_and_code_of_a_folder(called, capsys, tmp_path):
    source, out = called
    assert main([str(source), "--out", str(out), "--jobs", "1", "--table", str(tmp_path / "table.txt")]) == 0
    printed = capsys.readouterr()
    lines = printed.out.splitlines()
    assert lines[0] == "failed:" and lines[1].startswith("  bad: ") and lines[2].startswith("  worse: ")
    assert re.match(r"good +39 +", lines[5])
    assert re.match(r"3 clips: 3 done now, 0 before, 2 failed; 39 frames in [\d.]+ s, \d+ frames/s", lines[-2])
    assert lines[-1] == str(out / "overview.html")
    assert (tmp_path / "table.txt").read_text().splitlines() == lines[:-2]
    assert "3/3" in printed.err and "2 failed" in printed.err


def test_folder_of_nothing_but_bad_clips_is_code_two(called, tmp_path):
    source, _ = called
    (tmp_path / "bad.bvh").write_text((source / "bad.bvh").read_text())
    (tmp_path / "worse.trc").write_text("")
    assert main([str(tmp_path), "--out", str(tmp_path / "out"), "--jobs", "1"]) == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere"], "nowhere does not exist; give a folder of clips, one clip, or a TOML list"),
        (["{source}", "--angles", "ik.mot"], "--angles was given for 3 clips; it belongs to one"),
        (["{source}/good.npz", "--embodiment", "robot"], "robot"),
        (["{source}/good.npz", "--body-model", "smplh.npz"], "smplh.npz cannot be read"),
    ],
)
def test_wrong_call_is_one_sentence_and_code_two(called, tmp_path, capsys, words, said):
    words = [word.format(source=called[0]) for word in words]
    assert main([*words, "--out", str(tmp_path / "out"), "--jobs", "1"]) == 2
    assert said in capsys.readouterr().err


def test_help_is_quick_and_names_both_forms(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    printed = capsys.readouterr().out
    assert "--baseline" in printed and "--coordinates ik.mot --forces grf.mot" in printed
    with pytest.raises(SystemExit, match="0"):
        main(["--coordinates", "ik.mot", "--help"])
    assert "--keep-time" in capsys.readouterr().out


def test_form_with_coordinates_says_what_is_missing(tmp_path, capsys):
    words = ["--coord", str(tmp_path / "ik.mot"), "--forces", "grf.mot", "--out", str(tmp_path / "target.npz")]
    assert main(words) == 2
    assert "ik.mot" in capsys.readouterr().err
