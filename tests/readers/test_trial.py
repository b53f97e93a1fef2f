"""One call for all files of a trial: what each is, whose foot, which way, and the command that does the same."""

import fuzz_seeds
import made_c3d
import made_gait
import numpy as np
import pytest

from biomimic.errors import BadValue, UnknownName
from biomimic.motion import Motion
from biomimic.readers import Told, loads, overview, points, read, sheet
from biomimic.readers.__main__ import main
from biomimic.recording import Recording

PLATES = {"ground_force_1_": "right", "ground_force_2_": "left"}
MASS = Told(mass=made_gait.MASS)


def _is_the_walk(trial: Recording) -> None:
    walk = made_gait.Walk()
    for side in ("right", "left"):
        expected = walk.force(trial.force.time, side)
        outward = np.sign(made_gait.WIDTH[side])
        np.testing.assert_allclose(trial.force.channel(f"vertical_{side}"), expected[:, 2], atol=0.01)
        np.testing.assert_allclose(trial.force.channel(f"anterior_{side}"), expected[:, 0], atol=0.01)
        np.testing.assert_allclose(trial.force.channel(f"lateral_{side}"), outward * expected[:, 1], atol=0.01)
        loaded = expected[:, 2] > 20.0
        point = walk.point(trial.force.time, side)
        found = [trial.pressure.channel(f"pressure_{axis}_{side}")[loaded] for axis in "xy"]
        np.testing.assert_allclose(np.array(found).T, point[loaded], atol=1e-5)
        np.testing.assert_allclose(trial.free_moment.channel(f"free_moment_{side}"), 0.01 * expected[:, 2], atol=1e-3)


@pytest.mark.parametrize("how", ["told", "loads", "markers", "angles", "names"])
def test_the_foot_of_a_plate_is_found_in_every_way(tmp_path, how):
    prefixes = {"R_ground_force_": "right", "L_ground_force_": "left"} if how == "names" else PLATES
    files, told = [made_gait.forces(tmp_path / "grf.mot", prefixes)], MASS
    if how == "told":
        told = Told(mass=made_gait.MASS, plates=PLATES)
    if how == "loads":
        bodies = {"ground_force_1_": "/bodyset/calcn_r", "ground_force_2_": "calcn_l"}
        files = [made_gait.external_loads(tmp_path / "l.xml", "C:\\data\\grf.mot", bodies)]
    if how == "markers":
        files.append(made_gait.trc(tmp_path / "m.trc"))
    if how == "angles":  # a generic body, posed; it has its feet 0.1 m from where the made ones are
        files.append(made_gait.angles(tmp_path / "ik.mot"))
    _is_the_walk(read(files, told))


def test_all_files_of_a_trial_make_one_recording(tmp_path):
    folder = tmp_path / "together"
    folder.mkdir()
    trial = read([folder / name for name in fuzz_seeds._together(folder)])
    assert trial.mass == 70.0 and trial.trial == "ik" and trial.kind == "measured"
    assert {"pelvis_x", "heel_right_x", "toe_left_z"} <= set(trial.position.names)
    assert trial.moment.names == ("hip_flexion_right", "knee_flexion_right")
    assert trial.activity.names == ("soleus_right", "tibialis_anterior_right")
    assert trial.activity.values.max(axis=0) == pytest.approx([1.0, 1.0])
    one = overview.overview(trial)
    assert one.gait == "walking" and one.speed == pytest.approx(made_gait.SPEED, abs=0.01)
    assert one.knee == pytest.approx({"right": 63.0, "left": 63.0}, abs=0.2)  # 33 + 30 degrees
    assert one.emg["soleus_right"] == pytest.approx(45, abs=2)  # the made burst
    peak = 9.0 * np.pi / (40.0 * made_gait.STANCE) * 4.0 / 3.0 / np.sqrt(2.0)  # of sin x + sin 3x / 3, at a quarter
    assert np.array(list(one.vertical.values())) == pytest.approx(peak, abs=0.02)


def test_raw_emg_is_made_into_envelopes_and_sides_are_asked_for(tmp_path):
    trial = read(made_gait.anc(tmp_path / "emg.anc"), Told(mass=70.0, emg_side="left"))
    assert trial.activity.names == ("soleus_left", "tibialis_anterior_left")
    assert "20 to 450 Hz, rectified, 6 Hz" in trial.provenance.note
    walk = made_gait.Walk()
    expected = walk.burst(trial.activity.time, "right", 0.45)
    found = trial.activity.channel("soleus_left")
    lag = trial.activity.time[found.argmax()] - trial.activity.time[expected.argmax()]
    assert abs(lag % made_gait.PERIOD - made_gait.PERIOD * (abs(lag) > 0.5)) < 0.08  # noise under the burst
    named = read(tmp_path / "emg.anc", Told(mass=70.0, muscles={"SOL": "gastrocnemius_right", "TA": ""}))
    assert named.activity.names == ("gastrocnemius_right",)
    with pytest.raises(UnknownName, match='No EMG channel "SOLEUS"'):
        read(tmp_path / "emg.anc", Told(mass=70.0, muscles={"SOLEUS": "soleus_right"}))


def test_who_walks_backward_along_x_is_turned_when_told(tmp_path):
    """The same walk in a laboratory turned by half a turn: every x and y of markers, force and angles changes sign."""
    walk = made_gait.Walk()
    time = walk.time(200.0)
    names, columns = ["time"], [time]
    for prefix, side in PLATES.items():
        force, point = walk.force(time, side), walk.point(time, side)
        names += [f"{prefix}v{a}" for a in "xyz"] + [f"{prefix}p{a}" for a in "xyz"] + [f"{prefix}my"]
        columns += [-force[:, 0], force[:, 2], force[:, 1], -point[:, 0], 0 * time, point[:, 1], 0.01 * force[:, 2]]
    path = made_gait.table(tmp_path / "grf.mot", names, columns)
    told = Told(mass=made_gait.MASS, plates=PLATES)
    with pytest.raises(BadValue, match="the ground first brakes a step and then drives it forward"):
        read(path, told)
    _is_the_walk(read(path, Told(mass=made_gait.MASS, plates=PLATES, forward="-x")))


def test_a_span_is_cut_out(tmp_path):
    path = made_gait.forces(tmp_path / "grf.mot", {"ground_force_r_": "right"})
    trial = read(path, Told(mass=made_gait.MASS, span=(0.5, 1.5)))
    assert trial.force.time[[0, -1]] == pytest.approx([0.5, 1.5])
    with pytest.raises(BadValue, match="force has nothing from 5 to 6 s; it lasts from 0 to 2.4 s"):
        read(path, Told(mass=made_gait.MASS, span=(5.0, 6.0)))


def test_every_format_is_read_by_the_command(tmp_path, capsys):
    for seed in fuzz_seeds.make(tmp_path / "seeds"):
        out = tmp_path / f"{seed.name}.npz"
        assert main(["read", *(str(seed.folder / name) for name in seed.files), *seed.options, "--out", str(out)]) == 0
        assert str(out) in capsys.readouterr().out
        kind = Motion if seed.name in ("trc", "amass", "motion", "bvh", "amc", "deepmimic") else Recording
        assert kind.load(out).provenance.source


def test_a_sheet_says_units_and_signs(tmp_path):
    trial = sheet.read(made_gait.sheet(tmp_path / "walk.csv"))
    walk = made_gait.Walk()
    time = trial.angles.time
    np.testing.assert_allclose(
        np.degrees(trial.angles.channel("knee_flexion_right")), walk.angle("knee", "right", time), atol=1e-4
    )
    np.testing.assert_allclose(trial.force.channel("vertical_left"), walk.force(time, "left")[:, 2], atol=0.01)
    german = (tmp_path / "walk.csv").read_text().replace(",", ";").replace(".", ",")
    (tmp_path / "walk.csv").write_text(german)
    described = (tmp_path / "walk.toml").read_text()
    (tmp_path / "walk.toml").write_text('delimiter = ";"\ndecimal = ","\n' + described)
    again = read(tmp_path / "walk.csv")
    np.testing.assert_allclose(again.angles.values, trial.angles.values)


def test_a_rollout_of_several_episodes_asks_which(tmp_path):
    path = tmp_path / fuzz_seeds._rollout(tmp_path)[0]
    with np.load(path) as package:
        arrays = dict(package)
    more = {name.replace("episode_0", "episode_1"): value for name, value in arrays.items() if "episode_0" in name}
    np.savez(path, **{**arrays, **more, "n_episodes": 2})
    with pytest.raises(BadValue, match="holds 2 episodes; say which one, from 0 to 1"):
        read(path, Told(touch_unit="N"))
    assert read(path, Told(touch_unit="N", episode=1)).kind == "simulated"


def test_a_model_tells_mass_and_knee(tmp_path):
    model = loads.read_model(made_gait.model(tmp_path / "a.osim", knee="-2.1 0.1"))
    assert (model.mass, model.knee) == (70.0, -1)


def test_speed_counts_against_the_ground_on_a_belt_too(tmp_path):
    walk = made_gait.Walk()
    motion = read(made_gait.trc(tmp_path / "m.trc", walk=walk))
    time = np.arange(len(motion.position)) / motion.rate
    belt = motion.position - made_gait.SPEED * time[:, None, None] * [1.0, 0.0, 0.0]
    standing = Motion(motion.rate, belt, motion.landmarks, motion.provenance)
    assert points.speed(motion) == pytest.approx(made_gait.SPEED, abs=0.01)
    assert points.speed(standing) == pytest.approx(made_gait.SPEED, abs=0.03)
    assert points.forward(standing) == pytest.approx([1.0, 0.0], abs=0.05)


def test_markers_alone_of_a_c3d_are_a_motion(tmp_path):
    path = made_c3d.write(tmp_path / "a.c3d", change=_without_analogs)
    motion = read(path)
    assert isinstance(motion, Motion) and motion.landmarks == made_gait.MARKERS


def _without_analogs(file):
    file["data"]["analogs"] = np.zeros((1, 0, file["data"]["analogs"].shape[2]))
    file["parameters"]["ANALOG"]["LABELS"]["value"] = []
    file["parameters"]["ANALOG"]["UNITS"]["value"] = []
    file.add_parameter("FORCE_PLATFORM", "USED", [0])
