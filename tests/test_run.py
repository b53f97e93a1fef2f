import dataclasses

import pytest

from biomimic import run
from biomimic.errors import BadRun, BadValue, UnknownName

MANIFEST = run.Manifest(
    schema=1,
    name="walk1",
    controller="tracker",
    embodiment="myofullbody",
    muscle_parameters="corrected-trunk",
    protocol="level_walking",
    target="target.npz",
    settings="controller.toml",
    created="2026-11-22",
    versions={"mujoco": "4.0.0"},
)
CONTENT = {"target.npz": b"not read here", "controller.toml": "gain = 1.0\n"}


@pytest.fixture
def made(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return run.create(MANIFEST, CONTENT)


def test_a_run_is_opened_by_name_by_path_and_by_its_file(made, tmp_path):
    for asked in ("walk1", "runs/walk1", tmp_path / "runs" / "walk1", "runs/walk1/run.toml"):
        opened = run.open_run(asked)
        assert opened.manifest == made.manifest and opened.target.read_bytes() == b"not read here"
        assert opened.settings.read_text() == "gain = 1.0\n"
    assert "walk1" in run.names() and not made.is_shipped and made.output == made.path


def test_identity_changes_with_any_file(made, tmp_path):
    other = run.create(MANIFEST, {**CONTENT, "controller.toml": "gain = 2.0\n"}, folder=tmp_path / "else")
    assert other.identity != made.identity and len(made.identity) == 64


def test_unknown_name_offers_the_closest(made):
    with pytest.raises(
        UnknownName, match=r'No run "walk2" in \./runs or among the shipped ones\..*Did you mean "walk1"'
    ):
        run.open_run("walk2")


def test_absent_folder(made):
    with pytest.raises(BadRun, match=r"The run folder runs/absent does not exist\. Known runs: "):
        run.open_run("runs/absent")


def test_missing_truncated_and_changed_files(made):
    made.target.write_bytes(b"not re")
    with pytest.raises(
        BadRun, match=r"target\.npz was changed or cut short: run\.toml says sha256:[0-9a-f]+…, the file is"
    ):
        run.open_run("walk1")
    made.target.unlink()
    with pytest.raises(BadRun, match=r"run\.toml names target\.npz, and .*target\.npz is missing\. Copy the run again"):
        run.open_run("walk1")
    (made.path / "run.toml").unlink()
    with pytest.raises(BadRun, match=r"runs/walk1 has no run\.toml"):
        run.open_run("walk1")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("schema = 1", "schema = 2", "has schema 2, newer than the 1 of this version; install a newer biomimic"),
        ("schema = 1", "schema = 0", "has schema 0; this version reads schema 1"),
        ("schema = 1\n", "", 'the key "schema" is missing'),
        ('embodiment = "myofullbody"\n', "", 'the key "embodiment" is missing'),
        ("embodiment", "embodyment", 'unknown key "embodyment"'),
        ('"tracker"', '"magic"', 'controller = "magic" is not allowed; it may be tracker, policy'),
        ("name = ", "name ", "is not valid TOML"),
        ('"target.npz" = "sha256', '"other.npz" = "sha256', "has no hash of target.npz"),
    ],
)
def test_a_bad_manifest_is_one_sentence(made, old, new, message):
    file = made.path / "run.toml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
    with pytest.raises(BadRun, match=message):
        run.open_run("walk1")


def test_a_run_is_not_overwritten(made):
    with pytest.raises(BadRun, match='There is a run "walk1" in runs already'):
        run.create(MANIFEST, CONTENT)


def test_what_a_killed_process_left_does_not_matter(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    stage = tmp_path / "runs" / ".walk1.part"
    stage.mkdir(parents=True)
    (stage / "half").write_text("half")
    with pytest.raises(UnknownName):
        run.open_run("walk1")
    made = run.create(MANIFEST, CONTENT)
    assert sorted(path.name for path in made.path.iterdir()) == ["controller.toml", "run.toml", "target.npz"]
    assert not stage.exists()


def test_output_of_a_shipped_run_does_not_hide_it(tmp_path, monkeypatch):
    """Results of run42 lie in runs/run42, which then is a folder without run.toml."""
    shipped = tmp_path / "shipped"
    run.create(dataclasses.replace(MANIFEST, name="run42"), CONTENT, folder=shipped)
    monkeypatch.setattr(run, "_shipped", lambda: shipped)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs" / "run42" / "validation").mkdir(parents=True)
    opened = run.open_run("run42")
    assert opened.is_shipped and opened.path == shipped / "run42" and str(opened.output) == "runs/run42"


def test_names_and_needed_files(tmp_path):
    with pytest.raises(BadValue, match=r'"a/b" cannot name a run'):
        run.create(dataclasses.replace(MANIFEST, name="a/b"), CONTENT, folder=tmp_path)
    with pytest.raises(BadValue, match="names the file controller.toml, which was not given"):
        run.create(MANIFEST, {"target.npz": b""}, folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_run_in_training_is_opened_only_by_training(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = run.create(dataclasses.replace(MANIFEST, controller="policy", status="training"), CONTENT)
    for asked, told in (("walk1", "walk1"), (made.path.resolve(), "walk1")):
        with pytest.raises(BadRun, match=f'Run "walk1" has no policy yet: .*biomimic.training --run {told}$'):
            run.open_run(asked)
    assert run.open_training(made.path).manifest == made.manifest
    done = run.complete(made, {"policy.npz": b"numbers"})
    assert run.open_run("walk1").manifest == done.manifest and done.manifest.status == "complete"
    assert set(done.manifest.files) == {*CONTENT, "policy.npz"}
    (done.path / "policy.npz").write_bytes(b"number")
    with pytest.raises(BadRun, match="policy.npz was changed or cut short"):
        run.open_run("walk1")


def test_a_run_in_training_elsewhere_is_named_by_its_path(tmp_path):
    made = run.create(dataclasses.replace(MANIFEST, status="training"), CONTENT, folder=tmp_path)
    with pytest.raises(BadRun, match=f"--run {made.path}$"):
        run.open_run(made.path)
