"""Recordings that are kept: which ones are used again."""

from dataclasses import replace

import numpy as np
import pytest

from biomimic import archive
from biomimic.errors import BadFile
from biomimic.rollout.kept import Task, pictures
from biomimic.rollout.plan import Plan, Push


@pytest.fixture
def task(tmp_path) -> Task:
    return Task(tmp_path / "run", tmp_path, Plan("start_0", 20.0, 0.1), {"run": "ab12", "mujoco": "4.0.0"})


def _keep(task: Task) -> None:
    archive.save(task.path, "recording", 1, {"a": np.zeros(3)})
    task.path.with_suffix(".json").write_text(task.text, encoding="utf-8")


def test_a_kept_recording_is_used_again_for_the_same_task_only(task):
    assert not task.is_done
    _keep(task)
    assert task.is_done
    others = (
        replace(task, stamp={**task.stamp, "run": "cd34"}),
        replace(task, plan=replace(task.plan, duration=21.0)),
        replace(task, plan=replace(task.plan, push=Push("left"))),
        replace(task, is_film=True),
    )
    assert not any(other.is_done for other in others)


def test_a_recording_that_was_cut_short_is_made_again(task):
    _keep(task)
    task.path.write_bytes(task.path.read_bytes()[:100])
    assert not task.is_done


def test_a_recording_without_mark_is_not_used(task):
    task.path.write_bytes(b"half of it")
    assert not task.is_done


def test_pictures_come_back_as_they_were_kept(tmp_path):
    frames = np.arange(24, dtype=np.uint8).reshape(1, 2, 4, 3)
    content = {"frames": frames, "percents": np.array([0.0]), "reason": np.array("")}
    archive.save(tmp_path / "film.npz", "film", 1, content)
    found = pictures(tmp_path / "film.npz")
    assert np.array_equal(found.frames[0], frames[0]) and found.percents == (0.0,)


def test_truncated_pictures_are_one_sentence(tmp_path):
    (tmp_path / "film.npz").write_bytes(b"PK")
    with pytest.raises(BadFile, match="truncated"):
        pictures(tmp_path / "film.npz")
