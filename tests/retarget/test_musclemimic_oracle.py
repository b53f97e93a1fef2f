"""MuscleMimic 0.1.0 itself loads what is written, and what it makes of the same motion are the same arrays.

Runs in an environment of its own: `python -m tox run -e musclemimic`.
"""

from importlib import metadata

import numpy as np
import pytest
from cache_clips import swinging

from biomimic import embodiment
from biomimic.retarget import musclemimic_cache as cache

pytest.importorskip("musclemimic")
if metadata.version("musclemimic") != "0.1.0":
    pytest.skip("these tests compare with musclemimic 0.1.0", allow_module_level=True)
pytest.importorskip("loco_mujoco.core.observations.base")  # first: the wheel's imports go in a circle
trajectory = pytest.importorskip("loco_mujoco.trajectory")
generation = pytest.importorskip("loco_mujoco.datasets.data_generation.utils")
full = pytest.importorskip("musclemimic.environments.humanoids.myofullbody")
arms = pytest.importorskip("musclemimic.environments.humanoids.bimanual")
tools = pytest.importorskip("musclemimic.utils.gmr_cache")

pytestmark = [pytest.mark.oracle, pytest.mark.slow]
ENGINE = ("body_iquat",)  # principal axes, which versions of the engine choose differently where two moments are equal


def _replayed(environment, path):
    """The file after MuscleMimic has loaded it, played it (from the origin of the floor) and recorded it anew."""
    environment.load_trajectory(trajectory.Trajectory.load(path), warn=False)
    own = environment.th.traj
    frames = int(environment.th.len_trajectory(0))
    recorder = generation.ExtendTrajData(
        environment, n_samples=frames, model=environment._model, site_names=environment.sites_for_mimic
    )
    environment.play_trajectory(n_episodes=1, n_steps_per_episode=frames, render=False, callback_class=recorder)
    data, info = recorder.extend_trajectory_data(own.data, own.info)
    target = path.with_name("theirs.npz")
    trajectory.Trajectory(info=info, data=data).save(target)
    return target


@pytest.mark.parametrize(("name", "kind"), [("myofullbody", full.MyoFullBody), ("bimanual", arms.MyoBimanualArm)])
def test_its_own_cache_of_the_motion_is_ours(name, kind, tmp_path):
    body = embodiment.load(name)
    path = cache.write_cache(cache.cache_path(tmp_path, body, "walk"), swinging(body), body)
    fixed = {"random_start": False, "fixed_start_conf": (0, 0)}
    target = _replayed(kind(disable_fingers=name == "myofullbody", th_params=fixed), path)
    with np.load(path) as ours, np.load(target, allow_pickle=True) as theirs:
        assert set(theirs.files) - set(ours.files) == {"metadata"} and set(ours.files) <= set(theirs.files)
        for key in sorted(set(ours.files) - set(ENGINE)):
            mine, other = ours[key], theirs[key]
            assert (mine.shape, mine.dtype) == (other.shape, other.dtype), key
            if mine.dtype.kind == "U":
                assert mine.tolist() == other.tolist(), key
            else:
                np.testing.assert_allclose(mine, other, rtol=1e-5, atol=5e-6, err_msg=key)
    pair = [trajectory.Trajectory.load(file, backend=np) for file in (path, target)]
    assert trajectory.Trajectory.concatenate(pair, backend=np).data.n_trajectories == 2
    back = cache.read_cache(target, body)
    np.testing.assert_allclose(back.qvel, swinging(body).qvel, rtol=1e-5, atol=1e-5)


def test_file_lies_where_it_looks(tmp_path):
    body = embodiment.load("myofullbody")
    assert tools._local_gmr_cache_path("MjxMyoFullBody", "KIT/3/a", tmp_path) == cache.cache_path(
        tmp_path, body, "KIT/3/a"
    )
