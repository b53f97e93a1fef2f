"""Many clips: what is done is kept, what changed is done again, a bad clip is named and stops nothing."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import made_clips
import pytest

from biomimic.errors import BadFile
from biomimic.motion import Trajectory
from biomimic.retarget import bulk, clips, outcome
from biomimic.retarget.record import Record

NAMES = ("a/left", "right")


def _clips(folder: Path) -> Path:
    made_clips.amass(folder / "right.npz", frames=20)
    made_clips.amass(folder / "a/left.npz", frames=20, side="left")
    (folder / "broken.bvh").write_text("no hierarchy")
    return folder


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """Two good clips and a broken one, done once; the folders and what came of it."""
    source, out = _clips(tmp_path_factory.mktemp("source")), tmp_path_factory.mktemp("out")
    work = bulk.Work("myofullbody", out)
    return source, work, bulk.run(clips.find(source), work, jobs=1)


def _times(out: Path) -> dict[str, int]:
    return {path.relative_to(out).as_posix(): path.stat().st_mtime_ns for path in out.rglob("*") if path.is_file()}


def test_results_are_whole(first):
    _, work, done = first
    for name in NAMES:
        trajectory = Trajectory.load(work.out / f"{name}.npz")
        record = Record.load(work.out / f"{name}.record.json")
        assert len(trajectory.qpos) == record.frames == 39  # 0.38 s at 100 Hz, both ends included
        assert (work.out / f"{name}.svg").read_text().startswith("<svg")
    assert [one.clip for one in done.outcomes] == ["broken", "right", "a/left"]
    assert (done.kept, done.frames) == (0, 2 * 39)


def test_bad_clip_is_named_and_leaves_nothing_but_its_outcome(first):
    _, work, done = first
    (failed,) = done.failed
    assert failed.clip == "broken" and "broken.bvh" in failed.sentence and not failed.is_fault
    assert [path.name for path in work.out.glob("broken*")] == [f"broken{outcome.ENDING}"]
    assert not [path for path in work.out.rglob(".*")]


def test_second_call_does_nothing(first):
    source, work, done = first
    before = _times(work.out)
    again = bulk.run(clips.find(source), work, jobs=1)
    assert (again.kept, again.frames, again.outcomes) == (3, 0, done.outcomes)
    assert _times(work.out) == before


def test_only_what_changed_is_done_again(first, tmp_path):
    source, work, _ = first
    out = shutil.copytree(work.out, tmp_path / "out")
    work = replace(work, out=out)
    before = _times(out)
    os.truncate(out / "right.npz", 1000)  # as after a full disk
    changed = made_clips.amass(tmp_path / "source/a/left.npz", frames=20, side="left", swing=0.1)
    made = tuple(replace(one, path=changed) if one.name == "a/left" else one for one in clips.find(source))
    done = bulk.run(made, work, jobs=1)
    after = _times(out)
    assert done.kept == 1 and {name for name in after if after[name] != before[name]} == {
        f"{name}{ending}" for name in NAMES for ending in (".npz", ".record.json", ".svg", ".clip.json")
    }
    Trajectory.load(out / "right.npz")


def test_clip_that_got_bad_loses_its_old_result(first, tmp_path):
    source, work, _ = first
    out = shutil.copytree(work.out, tmp_path / "out")
    (right,) = (one for one in clips.find(source) if one.name == "right")
    damaged = tmp_path / "damaged.npz"
    damaged.write_bytes(right.path.read_bytes()[:500])
    bulk.run((replace(right, path=damaged),), replace(work, out=out), jobs=1)
    assert [path.name for path in out.glob("right*")] == [f"right{outcome.ENDING}"]


def test_failure_is_kept_until_asked_for(first):
    source, work, done = first
    broken = tuple(clip for clip in clips.find(source) if clip.name == "broken")
    assert bulk.run(broken, work, jobs=1).kept == 1
    assert bulk.run(broken, replace(work, retry=True), jobs=1).kept == 0


def test_file_that_is_gone_is_a_failure_of_its_clip(first):
    _, work, _ = first
    gone = clips.Clip("gone", Path("nowhere/gone.bvh"))
    (failed,) = bulk.run((gone,), work, jobs=1).failed
    assert failed.sentence == "nowhere/gone.bvh cannot be read: No such file or directory."


def test_work_and_method_change_the_fingerprint(tmp_path):
    work = bulk.Work("myofullbody", tmp_path)
    others = [
        replace(work, embodiment="bimanual"),
        replace(work, fingers=True),
        replace(work, has_cache=True),
        replace(work, method="mink"),
    ]
    assert len({bulk.fingerprint(one) for one in (work, *others)}) == 5
    assert bulk.fingerprint(replace(work, out=tmp_path / "b", retry=True)) == bulk.fingerprint(work)


def test_folder_that_cannot_be_made(tmp_path, first):
    (tmp_path / "file").write_text("x")
    with pytest.raises(BadFile, match="cannot be written"):
        bulk.run((), replace(first[1], out=tmp_path / "file" / "out"), jobs=1)


def test_cache_layout_beside_the_result(first, tmp_path):
    source, work, _ = first
    (right,) = (one for one in clips.find(source) if one.name == "right")
    done = bulk.run((right,), replace(work, out=tmp_path, has_cache=True), jobs=1)
    assert "right.musclemimic.npz" in done.outcomes[0].files and (tmp_path / "right.musclemimic.npz").exists()


def test_arms_alone(first, tmp_path):
    source, _, _ = first
    (right,) = (one for one in clips.find(source) if one.name == "right")
    done = bulk.run((right,), bulk.Work("bimanual", tmp_path), jobs=1)
    assert not done.failed, done.failed[0].sentence
    assert Record.load(tmp_path / "right.record.json").skate is None
