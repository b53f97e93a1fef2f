"""The ONNX file and the NumPy player of the documentation say what the network says."""

import re
from pathlib import Path

import jax
import numpy as np
import pytest

from biomimic.errors import BadFile
from biomimic.training import checkpoint, network
from biomimic.training.network import Network

onnx = pytest.importorskip("onnx", reason="the extra export is not installed")
onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
from biomimic.training import export  # noqa: E402

WIDTH, STRIDE, ACTIONS = 23, 9, 5
PLAYER = Path(__file__).parents[2] / "docs" / "numpy_player.md"
FORMS = {
    "plain": Network(hidden=(16, 12)),
    "gated": Network(hidden=(16, 16, 12), residual=True),
    "experts": Network(hidden=(16, 16), experts=4, expert_layer=1),
    "all": Network(hidden=(16, 12, 14), residual=True, experts=3, expert_layer=2, skip=True, knots=7),
}


def _params(form: str, seed: int = 0) -> network.Parameters:
    """Parameters none of which is what it starts as, with a normaliser."""
    random = np.random.default_rng(seed)
    made = jax.eval_shape(lambda key: network.init(key, FORMS[form], WIDTH, ACTIONS, STRIDE), jax.random.key(0))
    moved = jax.tree.map(lambda leaf: np.float32(0.5 * random.standard_normal(leaf.shape)), made)
    for layer in moved["actor"].values():
        if "temperature" in layer:
            layer["temperature"] = np.float32(0.5)
    statistics = {"mean": random.standard_normal(WIDTH), "variance": random.uniform(0.0, 4.0, WIDTH)}
    return moved | {"normaliser": {k: v.astype(np.float32) for k, v in statistics.items()} | {"count": np.float32(9)}}


def _observations(seed: int = 1, rows: int = 40) -> np.ndarray:
    """With phases in [0, 1), the last just below 1, stance flags, and some numbers beyond the normaliser's limit."""
    random = np.random.default_rng(seed)
    found = random.standard_normal((rows, WIDTH)) * random.choice([1.0, 30.0], (rows, WIDTH))
    found[:, 0] = random.uniform(0, 1, rows)
    found[:3, 0] = 0.0, np.nextafter(np.float32(1), np.float32(0)), 3.0 / 7.0
    found[:, 1:3] = random.integers(0, 2, (rows, 2))
    return found.astype(np.float32)


def _wanted(params: network.Parameters, observation: np.ndarray) -> np.ndarray:
    return np.asarray(jax.jit(network.mode)(params, observation))


def _by_onnx(path: Path, observation: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session.run(["action"], {"observation": observation})[0]


@pytest.mark.parametrize("form", FORMS)
def test_onnx_acts_as_the_network_does(form, tmp_path):
    params, seen = _params(form), _observations()
    path = export.save(params, tmp_path / "policy.onnx")
    wanted = _wanted(params, seen)
    np.testing.assert_allclose(_by_onnx(path, seen), wanted, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(_by_onnx(path, seen[:1]), wanted[:1], rtol=1e-4, atol=1e-4)


def test_a_single_layer_by_hand(tmp_path):
    # LayerNorm of (1, -1) is (1, -1) / sqrt(1 + 1e-5); SiLU of +-1 is +-1 / (1 + exp(-+1)) = 0.73106 and -0.26894
    eye, none = np.eye(2, dtype=np.float32), np.zeros(2, np.float32)
    layers = {"0": {"w": eye, "b": none, "scale": none + 1, "offset": none}, "out": {"w": eye, "b": none + 10}}
    path = export.save({"actor": layers}, tmp_path / "two.onnx")
    found = _by_onnx(path, np.array([[3.0, 1.0]], np.float32))
    np.testing.assert_allclose(found, [[10.73106, 9.73106]], atol=2e-5)


def test_the_file_says_what_it_is_and_is_the_same_each_time(tmp_path):
    params = _params("plain")
    path = export.save(params, tmp_path / "a.onnx", {"run": "run9"})
    made = onnx.load(path)
    assert {one.key: one.value for one in made.metadata_props} == {"run": "run9"}
    assert made.producer_name == "biomimic"
    assert path.read_bytes() == export.save(params, tmp_path / "b.onnx", {"run": "run9"}).read_bytes()
    with pytest.raises(BadFile, match="cannot be written"):
        export.save(params, path / "below.onnx")


@pytest.mark.parametrize("form", FORMS)
def test_the_player_of_the_documentation_acts_as_the_network_does(form, tmp_path, monkeypatch):
    params, seen = _params(form), _observations()
    checkpoint.save(tmp_path / "policy.npz", params)
    monkeypatch.chdir(tmp_path)
    code = re.search(r"```python\n(.*?)```", PLAYER.read_text(encoding="utf-8"), re.DOTALL).group(1)
    assert len([line for line in code.splitlines() if line.strip()]) <= 35
    names: dict = {}
    exec(compile(code, str(PLAYER), "exec"), names)
    found = np.array([names["act"](row) for row in seen])
    np.testing.assert_allclose(found, _wanted(params, seen), rtol=1e-4, atol=1e-4)
