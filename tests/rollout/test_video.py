"""Videos: what is refused before anything is simulated, and a real file where something can be drawn and encoded."""

import subprocess
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from biomimic import embodiment
from biomimic.errors import BadFile, BadRun, BadValue
from biomimic.rollout import film, video


def _encoder() -> str:
    try:
        return video.program()
    except BadRun as missing:
        pytest.skip(str(missing))


def test_only_mp4_in_a_folder_that_exists(tmp_path):
    with pytest.raises(BadValue, match=r'asked for as "walk.avi"; only mp4 files are written'):
        video.checked("walk.avi")
    with pytest.raises(BadFile, match="its folder does not exist"):
        video.checked(tmp_path / "nowhere" / "walk.mp4")
    assert video.checked(tmp_path / "walk.MP4").suffix == ".MP4"


def test_the_program_is_one_of_the_system_or_of_the_extra(monkeypatch):
    monkeypatch.setenv("PATH", "")
    if find_spec("imageio_ffmpeg"):
        assert Path(video.program()).is_file()
        return
    with pytest.raises(BadRun, match=r"ffmpeg is not installed. Install it, or pip install biomimic\[video\]"):
        video.program()


def test_an_encoder_that_fails_leaves_no_file(tmp_path):
    encoder = _encoder()
    (tmp_path / "walk.mp4").mkdir()  # a folder where the file should go
    with pytest.raises((BadFile, OSError, BadRun)):
        video.write(tmp_path / "walk.mp4", "nobody", np.zeros((1, 3)), np.zeros((1, 0)), encoder=encoder)
    assert [path.name for path in tmp_path.iterdir()] == ["walk.mp4"]


@pytest.mark.slow
def test_a_video_lasts_as_long_as_its_poses(tmp_path):
    encoder = _encoder()
    body = embodiment.load("myofullbody")
    pose = body.couplings.expand(body.model.qpos0)
    try:
        video.write(tmp_path / "stand.mp4", "myofullbody", np.tile(pose, (5, 1)), np.zeros((5, body.model.nu)))
    except BadRun as reason:
        assert str(reason) == film.NONE
        pytest.skip(film.NONE)
    told = subprocess.run([encoder, "-i", str(tmp_path / "stand.mp4")], capture_output=True, text=True).stderr
    assert "Duration: 00:00:00.20" in told  # 5 pictures at 25 a second
    assert "640x480" in told
