"""A whole trial through OpenSim, of a body and a motion that are known."""

import json
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from made_trials import made_trial

from biomimic.errors import BadFile, BadValue, NotEnoughData, UnknownName
from biomimic.lab import body, loads, quality, tables, trial
from biomimic.lab.__main__ import main
from biomimic.lab.settings import Dynamics, Ground, Kinematics, Measurement, Scaling, Settings
from biomimic.recording import Recording

TOML = """
trial = "made"
model = "tiny.osim"
family = "rajagopal2016"
mass = {mass}
markers = "walk.trc"
forces = "grf.mot"
forward = "x"
[ground.bodies]
right = "foot_r"
left = "foot_l"
[kinematics]
accuracy = 1e-9
[dynamics]
cutoff = 0.0
muscles = false
"""
pytestmark = pytest.mark.slow  # each step starts OpenSim


@pytest.fixture(scope="module")
def made(tiny):
    return made_trial(tiny)


@pytest.fixture(scope="module")
def files(tiny, made, tmp_path_factory):
    """Raw files as a laboratory has them."""
    folder = tmp_path_factory.mktemp("raw")
    body.write(folder / "tiny.osim", tiny)
    tables.write_markers(folder / "walk.trc", made.position.time, places(made, tiny), tuple(tiny.landmarks))
    loads.write(loads.of_recording(made), folder / "grf.mot", folder / "unused.xml")
    (folder / "trial.toml").write_text(TOML.format(mass=tiny.mass))
    return folder


def places(made, tiny) -> np.ndarray:
    """(T, K, 3) landmarks, which are the model's markers."""
    parts = [[made.position.channel(f"{name}_{axis}") for axis in "xyz"] for name in tiny.landmarks]
    return np.stack(parts).transpose(2, 0, 1)


def settings_of(files, tiny, **changes) -> Settings:
    plain = Settings(
        trial="made",
        model=str(files / "tiny.osim"),
        family="rajagopal2016",
        mass=tiny.mass,
        markers=str(files / "walk.trc"),
        forces=str(files / "grf.mot"),
        forward="x",
        ground=Ground(bodies={"right": "foot_r", "left": "foot_l"}),
        kinematics=Kinematics(accuracy=1e-9),
        dynamics=Dynamics(cutoff=0.0, muscles=False),
    )
    return replace(plain, **changes)


@pytest.fixture(scope="module")
def run(with_opensim, files, tmp_path_factory):
    """What the command leaves."""
    folder = tmp_path_factory.mktemp("lab")
    assert main(["process", str(files / "trial.toml"), "--out", str(folder)]) == 0
    return folder


def test_angles_and_moments_are_found_again(run, made):
    found = Recording.load(run / "recording.npz")
    inner = slice(10, -10)  # OpenSim's splines know nothing before and after the record
    for name in (name for name in made.angles.names if name in found.angles.names):
        miss = found.angles.channel(name) - made.angles.channel(name)
        assert np.degrees(np.abs(miss)).max() < 0.1, name
    for name in (name for name in made.moment.names if name in found.moment.names and "knee" not in name):
        own = made.moment.channel(name)[inner]
        assert found.moment.channel(name)[inner] == pytest.approx(own, abs=0.02 * np.abs(own).max() + 0.05), name
    assert found.force.values == pytest.approx(made.force.select(found.force.names).values, abs=1e-6)
    assert found.kind == "measured" and found.mass == made.mass


def test_centre_of_mass_is_that_of_the_body(run, made, tiny):
    import mujoco

    found = Recording.load(run / "recording.npz").position
    data = mujoco.MjData(tiny.model)
    data.qpos[:] = made.coordinates.values[40]
    mujoco.mj_fwdPosition(tiny.model, data)
    place = [found.channel(f"com_{axis}")[40] for axis in "xyz"]
    assert place == pytest.approx(data.subtree_com[1].tolist(), abs=1e-3)


def test_provenance_names_programs_and_files(run):
    note = Recording.load(run / "recording.npz").provenance.note
    for word in ("biomimic", "OpenSim 4", "tiny.osim", "walk.trc", "grf.mot"):
        assert word in note


def test_every_file_of_opensim_is_kept(run):
    kept = {"subject.osim", "markers.trc", "ik_setup.xml", "ik.mot", "coordinates.mot", "grf.mot", "external_loads.xml"}
    kept |= {"id_setup.xml", "id.sto", "ik_setup.log", "settings_used.toml", "quality.html", "quality.json"}
    assert kept <= {path.name for path in run.iterdir()}
    for name in ("ik_setup.xml", "id_setup.xml"):
        text = [one.text or "" for one in ElementTree.parse(run / name).getroot().iter()]
        assert not [word for word in text if "/" in word or "\\" in word], "paths would break when the folder is moved"


def test_second_run_keeps_all_and_a_changed_one_does_what_follows(run, files, tiny):
    plain = settings_of(files, tiny)
    assert trial.process(plain, run).done == ()
    slower = replace(plain, dynamics=Dynamics(cutoff=10.0, muscles=False))
    assert trial.process(slower, run).done == ("dynamics",)


def test_quality_page_has_its_figures(run):
    content = json.loads((run / "quality.json").read_text())
    checks = {(check["name"], check["source"]): check for check in content["checks"]}
    rms = checks["RMS of the markers, worst frame", quality.CHECKLIST]
    assert rms["passed"] and rms["value"] < 1e-3
    mass = checks["mass of the model against the person's", quality.OURS]
    assert mass["passed"] and mass["value"] == pytest.approx(0.0, abs=1e-9)
    html = (run / "quality.html").read_text()
    assert "Hicks" in html and "OpenSim checklist" in html and "http-equiv" not in html and "src=" not in html


def test_model_scaled_by_its_markers(with_opensim, files, made, tiny, tmp_path):
    """A person a tenth larger than the model, by the distance of hips and knees: every body gets 1.1."""
    tables.write_markers(tmp_path / "static.trc", made.position.time[:20], 1.1 * places(made, tiny)[:1].repeat(20, 0),
                         tuple(tiny.landmarks))  # fmt: skip
    bodies = tuple(tiny.model.body(k).name for k in range(1, tiny.model.nbody))
    pairs = (("hip_right", "knee_right"), ("hip_left", "knee_left"))
    scaling = Scaling(str(tmp_path / "static.trc"), 0.0, 0.1, {"all": Measurement(pairs, bodies)})
    plain = settings_of(files, tiny, scaling=scaling, mass=30.0)
    assert trial.subject(plain, tmp_path)
    factors = ElementTree.parse(tmp_path / "scale_factors.xml").getroot()
    found = {one.find("segment").text: one.find("scales").text.split() for one in factors.iter("Scale")}
    assert np.array([found[name] for name in bodies], dtype=float) == pytest.approx(1.1, abs=1e-6)
    assert json.loads((tmp_path / "subject.json").read_text())["mass"] == pytest.approx(30.0, rel=1e-6)
    assert not trial.subject(plain, tmp_path)


@pytest.mark.parametrize(
    ("changes", "kind", "message"),
    [
        ({"kinematics": Kinematics(weights={"*": 1.0, "nose": 1.0})}, UnknownName, 'No marker "nose" in the trial'),
        ({"kinematics": Kinematics(locked=("hip_r",))}, BadFile, 'no coordinate "hip_r" to lock'),
        ({"ground": Ground()}, UnknownName, 'No body "calcn_r" in the model, for the right foot'),
        ({"end": 9.0}, BadValue, "The trial lasts from 0 to 1.5 s; 0 to 9 s was asked for"),
        ({"dynamics": Dynamics(cutoff=0.0)}, NotEnoughData, "has no muscles; set muscles = false"),
    ],
)
def test_what_does_not_fit_is_a_sentence(run, files, tiny, changes, kind, message):
    with pytest.raises(kind, match=message):
        trial.process(settings_of(files, tiny, **changes), run)


def test_model_that_is_none(with_opensim, files, tiny, tmp_path):
    (tmp_path / "broken.osim").write_text("<OpenSimDocument><Model></OpenSimDocument>")
    with pytest.raises(BadFile, match="reading of the model stopped"):
        trial.process(settings_of(files, tiny, model=str(tmp_path / "broken.osim")), tmp_path / "out")


def test_missing_file_by_command(files, tmp_path, capsys):
    (tmp_path / "trial.toml").write_text(TOML.format(mass=20.0).replace("tiny.osim", "missing.osim"))
    assert main(["process", str(tmp_path / "trial.toml"), "--out", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert "missing.osim" in said and "cannot be read" in said
