from dataclasses import dataclass, field

import pytest

from biomimic import config
from biomimic.errors import BadFile, BadValue


@dataclass(frozen=True)
class Events:
    threshold_n: float = config.ranged(20.0, low=1.0, high=100.0)
    min_stance_s: float = 0.2


@dataclass(frozen=True)
class Criterion:
    metric: str
    at_least: float | None = None


@dataclass(frozen=True)
class Settings:
    title: str
    engine: str = config.one_of("warp", "mujoco", default="mujoco")
    count: int = 10
    mirrored: bool = False
    channels: tuple[str, ...] = ()
    pair: tuple[float, float] = (0.0, 1.0)
    events: Events = Events()
    criteria: tuple[Criterion, ...] = ()
    files: dict[str, str] = field(default_factory=dict)


TEXT = """
title = "Level \\"walking\\""
count = 3
channels = ["a", "b"]
pair = [1, 2.5]

[events]
threshold_n = 5

[[criteria]]
metric = "r"
at_least = 0.9

[[criteria]]
metric = "rmse"

[files]
"a.csv" = "sha256:00"
"""


def test_nested_tables_become_dataclasses():
    settings = config.loads(Settings, TEXT)
    assert settings.events == Events(threshold_n=5.0) and isinstance(settings.events.threshold_n, float)
    assert settings.criteria == (Criterion("r", 0.9), Criterion("rmse"))
    assert settings.pair == (1.0, 2.5) and settings.channels == ("a", "b") and settings.title == 'Level "walking"'


def test_round_trip():
    settings = config.loads(Settings, TEXT)
    assert config.loads(Settings, config.dumps(settings)) == settings
    assert config.loads(Settings, config.dumps(Settings("x"))) == Settings("x")


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        (
            'title = "x"\n[events]\ntreshold_n = 1.0',
            BadFile,
            r'p\.toml: unknown key "treshold_n" in \[events\]\. Known keys: '
            r'threshold_n, min_stance_s\. Did you mean "threshold_n"\?',
        ),
        ("count = 1", BadFile, 'p.toml: the key "title" is missing'),
        (
            'title = "x"\n[events]\nthreshold_n = 0.5',
            BadValue,
            r"events\.threshold_n = 0\.5 is out of range; allowed is from 1",
        ),
        ('title = "x"\ncount = 1.5', BadValue, "count = 1.5 has the wrong type; expected is a whole number"),
        ('title = "x"\ncount = true', BadValue, "count = True has the wrong type"),
        ("title = 3", BadValue, "expected is text in quotes"),
        ('title = "x"\nengine = "jax"', BadValue, r'engine = "jax" is not allowed; it may be warp, mujoco'),
        ('title = "x"\nchannels = "a"', BadValue, "expected is a list of text in quotes"),
        ('title = "x"\npair = [1]', BadValue, "expected is a list of 2 times a number"),
        ('title = "x', BadFile, "p.toml is not valid TOML"),
    ],
)
def test_what_is_wrong_is_named(text, kind, message):
    with pytest.raises(kind, match=message):
        config.loads(Settings, text, name="p.toml")


def test_missing_file(tmp_path):
    with pytest.raises(BadFile, match="absent.toml does not exist"):
        config.load(Settings, tmp_path / "absent.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadFile, match="is not a UTF-8 text file"):
        config.load(Settings, tmp_path / "binary.toml")
