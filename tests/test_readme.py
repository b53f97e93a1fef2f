"""The README says what is true: its Python runs, its commands are those of tox, its links lead somewhere."""

import configparser
import re
import subprocess
import sys
from pathlib import Path

import pytest

from biomimic.validate.__main__ import _parser

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
PYTHON = [text for language, text in BLOCKS if language == "python"]
SHELL = [line for language, text in BLOCKS if language == "sh" for line in text.splitlines()]


@pytest.mark.parametrize("text", PYTHON)
def test_python_block_runs(text):
    done = subprocess.run([sys.executable, "-c", text], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "degrees, n = 1 strides" in done.stdout and "Apache-2.0" in done.stdout


def test_the_two_commands():
    assert SHELL[:2] == [
        "python -m pip install tox && python -m tox run -e run42",
        "python -m pip install tox && python -m tox run",
    ]


def test_ci_runs_the_test_command_of_the_readme():
    script = (ROOT / ".ci" / "run").read_text()
    assert SHELL[1] in script.splitlines()
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o100


def test_tox_has_what_the_commands_name():
    tox = configparser.ConfigParser()
    tox.read(ROOT / "tox.ini")
    assert "python -m biomimic.validate --run run42" in tox["testenv:run42"]["commands"]
    assert tox["tox"]["env_list"] == "py" and "pytest" in tox["testenv"]["commands"]
    assert SHELL[3] in tox["testenv:run42"]["commands"].replace(" {posargs}", "")


def test_commands_of_validation_are_understood():
    commands = [line.partition("#")[0].split()[3:] for line in SHELL if line.startswith("python -m biomimic.validate")]
    assert len(commands) > 3
    for arguments in commands:
        assert _parser().parse_args(arguments)


def test_files_it_points_at_exist():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        if not target.startswith("http"):
            assert (ROOT / target).exists(), target
    for folder in re.findall(r"^\| `([\w/]+)/` \|", README, re.MULTILINE):
        assert (ROOT / folder).is_dir(), folder
