"""A stopped run goes on with what has not changed; settings are strict."""

import pytest

from biomimic import config
from biomimic.errors import BadFile, BadValue, UnknownName
from biomimic.lab import inverse, settings, steps

SETTINGS = """
trial = "walk 1"
model = "generic.osim"
family = "rajagopal2016"
mass = 70.0
markers = "walk.trc"
forces = "grf.mot"

[scaling]
markers = "static.trc"
start = 0.0
end = 1.0
measurements.thigh = { pairs = [["R.ASIS", "R.Knee"], ["L.ASIS", "L.Knee"]], bodies = ["femur_r", "femur_l"] }

[kinematics]
weights = { "*" = 1.0, "R.ASIS" = 10.0 }

[emg]
file = "emg.anc"
"""


class Work:
    """A step that copies its input in capitals, and counts how often it did."""

    def __init__(self, folder):
        self.folder, self.times, self.broken = folder, 0, False

    def __call__(self):
        self.times += 1
        if not self.broken:
            (self.folder / "out.txt").write_text((self.folder / "in.txt").read_text().upper())

    def run(self, words="a"):
        inputs = [self.folder / "in.txt"]
        return steps.run(self.folder, "step", inputs=inputs, outputs=["out.txt"], words=words, work=self)


@pytest.fixture
def work(tmp_path):
    (tmp_path / "in.txt").write_text("walk")
    return Work(tmp_path)


def test_unchanged_step_is_kept(work):
    assert work.run() and not work.run() and not work.run()
    assert work.times == 1


@pytest.mark.parametrize("change", ["input", "setting", "output", "missing"])
def test_step_is_done_anew_once_anything_changed(work, change):
    work.run()
    if change == "input":
        (work.folder / "in.txt").write_text("run")
    if change == "output":
        (work.folder / "out.txt").write_text("somebody wrote here")
    if change == "missing":
        (work.folder / "out.txt").unlink()
    assert work.run("b" if change == "setting" else "a")
    assert (work.folder / "out.txt").read_text() == (work.folder / "in.txt").read_text().upper()
    assert work.times == 2


def test_same_content_elsewhere_is_the_same_input(work):
    work.run()
    (work.folder / "in.txt").unlink()
    (work.folder / "in.txt").write_text("walk")
    assert not work.run()


def test_step_that_leaves_nothing_is_done_again(work):
    work.broken = True
    with pytest.raises(BadFile, match='The step "step" should have left .*out.txt'):
        work.run()
    work.broken = False
    assert work.run() and work.times == 2


def test_damaged_record_is_named(work):
    (work.folder / "steps.json").write_text("{")
    with pytest.raises(BadFile, match="steps.json is damaged; delete it"):
        work.run()


def test_files_are_found_from_the_settings(tmp_path):
    path = tmp_path / "trial.toml"
    path.write_text(SETTINGS)
    found = settings.load(path)
    assert found.markers == str(tmp_path / "walk.trc") and found.emg.file == str(tmp_path / "emg.anc")
    assert found.scaling.markers == str(tmp_path / "static.trc") and found.coordinates == ""
    thigh = found.scaling.measurements["thigh"]
    assert thigh.pairs[1] == ("L.ASIS", "L.Knee") and thigh.bodies == ("femur_r", "femur_l")
    assert config.loads(settings.Settings, config.dumps(found)) == found


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("mass = 70.0", "mass = -1.0", "mass = -1.0 is out of range"),
        ("mass = 70.0", "mas = 70.0", 'unknown key "mas"'),
        ('markers = "walk.trc"', "", "either markers or coordinates"),
        ("mass = 70.0", "mass = 70.0\nstart = 2.0\nend = 1.0", "end lies after start"),
    ],
)
def test_wrong_settings_are_a_sentence(tmp_path, old, new, message):
    path = tmp_path / "trial.toml"
    path.write_text(SETTINGS.replace(old, new, 1))
    with pytest.raises((BadFile, BadValue), match=message):
        settings.load(path)


def test_weights_of_markers():
    trial, model = ["a", "b", "c", "d", "x"], ["a", "b", "c", "d", "y"]
    found = inverse.weighted(trial, model, {"*": 1.0, "a": 5.0, "d": 0.0})
    assert found == {"a": 5.0, "b": 1.0, "c": 1.0}
    with pytest.raises(UnknownName, match='No marker "y" in the trial'):
        inverse.weighted(trial, model, {"y": 1.0})
    with pytest.raises(UnknownName, match='No marker "x" on the model'):
        inverse.weighted(trial, model, {"x": 1.0})
    with pytest.raises(BadValue, match="Only 2 markers are on both"):
        inverse.weighted(trial, model, {"a": 1.0, "b": 1.0})
    with pytest.raises(BadValue, match="must not be negative"):
        inverse.weighted(trial, model, {"a": -1.0, "*": 1.0})
