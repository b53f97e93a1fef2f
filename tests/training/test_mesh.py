"""A mesh of devices computes the update of one device."""

import json
import os
import subprocess
import sys
from pathlib import Path

import jax
import pytest

from biomimic.errors import BadValue
from biomimic.training import mesh, ppo

ROOT = Path(__file__).parents[2]

# Runs with four CPU devices: the same updates on one and on all of them.
PROGRAM = """
import json, re
import jax, numpy as np
from jax import numpy as jnp
from biomimic.training import mesh, network, optimise, ppo

settings = ppo.PPO(environments=16, unroll=8, minibatches=4, epochs=2, groups=4)
optimiser = optimise.Optimiser(kind="muon", rate=1e-3)
T, B, O, A = 8, 16, 5, 3
keys = jax.random.split(jax.random.key(0), 8)
params = network.init(keys[0], network.Network(hidden=(8,)), O, A)
normal = lambda key, *shape: jax.random.normal(key, shape)
unroll = ppo.Unroll(
    normal(keys[1], T, B, O), normal(keys[2], T, B, A), normal(keys[3], T, B) - 4, normal(keys[4], T, B),
    normal(keys[5], T, B), normal(keys[6], T, B), normal(keys[7], T, B) > 1, normal(keys[7], T, B) < -1,
)
answers, text = [], ""
for count in (1, 4):
    row = mesh.build(jax.devices()[:count], settings)
    learner = mesh.place(row, ppo.start(optimiser, params, O, B))
    dealt, key = mesh.deal(row, unroll, 1), mesh.everywhere(row, jax.random.key(1))
    update = mesh.updater(row, settings, optimiser)
    learner, figures = update(learner, dealt, key)
    learner, figures = update(learner, dealt, key)
    assert count == 1 or not learner.scale.running.sharding.is_fully_replicated
    assert learner.params["actor"]["0"]["w"].sharding.is_fully_replicated
    answers.append(jax.device_get((learner._replace(moments=()), figures)))
    text = update.lower(learner, dealt, key).compile().as_text()
far = [
    max(float(np.max(np.abs(a - b))) for a, b in zip(jax.tree.leaves(answers[0]), jax.tree.leaves(other)))
    for other in answers[1:]
]
start = jax.device_get(params["actor"]["0"]["w"])
print(json.dumps({
    "devices": jax.device_count(),
    "far": far,
    "moved": float(np.max(np.abs(answers[0][0].params["actor"]["0"]["w"] - start))),
    "updates": int(answers[1][0].updates),
    "moves": sorted(set(re.findall(r"all-to-all|collective-permute|all-reduce", text))),
    "gathered": [line for line in text.splitlines() if re.search(r"= f32.* all-gather", line)],
}))
"""


@pytest.fixture(scope="module")
def answer():
    environment = {
        **os.environ,
        "XLA_FLAGS": "--xla_force_host_platform_device_count=4",
        "JAX_PLATFORMS": "cpu",
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.slow
def test_four_devices_give_the_update_of_one(answer):
    assert answer["devices"] == 4 and answer["updates"] == 2
    assert answer["moved"] > 1e-3  # something was learnt
    assert max(answer["far"]) < 2e-5  # sums are taken in another order, nothing else


@pytest.mark.slow
def test_no_sample_moves_between_devices(answer):
    assert answer["moves"] == ["all-reduce"], "only sums of gradients and means may cross devices"
    assert answer["gathered"] == []


def test_groups_that_do_not_fit_are_refused():
    settings = ppo.PPO(environments=9, unroll=8, minibatches=4, groups=3)
    with pytest.raises(BadValue, match="3 groups of bodies cannot be dealt out to 2 devices; set groups .* to 2 or a"):
        mesh.build([jax.devices()[0]] * 2, settings)
