"""python -m biomimic.training: what is wrong is one sentence and exit code 2, and nothing is written."""

import jax
import pytest

from biomimic import training
from biomimic.training.__main__ import BAD, main

SMALL = 'title = "small"\ntargets = ["made:tiny:1"]\n[body]\nembodiment = "tiny"\nmuscle_parameters = "tiny"\n'
NO_GPU = pytest.mark.skipif(jax.default_backend() == "gpu", reason="there is a GPU here")


@pytest.fixture(autouse=True)
def empty(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("more", "arguments", "message"),
    [
        ("", ["--run", "r"], 'Run "r" was not begun yet, so it needs a recipe: give --recipe, e.g. smoke.'),
        ("", ["--run", "r", "--recipe", "smok"], 'Did you mean "smoke"?'),
        (
            "",
            ["--run", "r", "--recipe", "smoke", "--targets", "absent.npz"],
            "absent.npz was asked for as a trajectory",
        ),
        ("", ["--run", "r", "--recipe", "smoke", "--targets", "run:run42"], 'is for the body "myofullbody"'),
        ("[ppo]\nenvironments = 0", [], "ppo.environments = 0 is out of range; allowed is at least 1."),
        ("[ppo]\nenviroments = 8", [], 'unknown key "enviroments" in [ppo]'),
        pytest.param(
            '[devices]\nkind = "cuda"', [], 'devices of the kind "cuda", and JAX finds only cpu', marks=NO_GPU
        ),
        ("[devices]\ncount = 99", [], "asks for 99 devices"),
        ("[observation]\nstride = true", [], "needs exactly one periodic target; 1 were given, 0 of them periodic"),
        ("[network]\nskip = true", [], "needs the stride block at the head of the observation"),
        ('[start]\nrun = "walk"', [], 'No run "walk"'),
        ('[start]\nrun = "run42"', [], 'Run "run42" has a tracker for a controller, and a policy was asked for.'),
        ('[optimiser]\nschedule = "linear"', [], "set horizon to the number of updates"),
    ],
)
def test_bad_input_is_one_sentence(tmp_path, capsys, more, arguments, message):
    (tmp_path / "mine.toml").write_text(SMALL + more + "\n")
    assert main(arguments or ["--run", "r", "--recipe", "mine.toml"]) == BAD
    found = capsys.readouterr()
    assert message in found.err and len(found.err.strip().splitlines()) == 1 and not found.out
    assert not (tmp_path / "runs").exists()


@NO_GPU
def test_warp_without_a_gpu(tmp_path, capsys):
    pytest.importorskip("mujoco_warp", reason="MuJoCo Warp is not here")
    (tmp_path / "mine.toml").write_text(SMALL.replace("[body]", '[body]\nengine = "warp"'))
    assert main(["--run", "r", "--recipe", "mine.toml"]) == BAD
    assert "JAX finds no CUDA device here" in capsys.readouterr().err and not (tmp_path / "runs").exists()


def test_the_package_tells_its_names_lazily():
    assert callable(training.fit) and callable(training.load_recipe) and training.Recipe.__name__ == "Recipe"
    with pytest.raises(AttributeError, match="no attribute fitt"):
        training.fitt  # noqa: B018


def test_importing_the_package_needs_no_jax():
    import subprocess
    import sys

    code = "import sys, biomimic.training; sys.exit('jax' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
