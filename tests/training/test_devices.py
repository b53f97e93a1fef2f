"""Devices that are not there are one sentence."""

import jax
import pytest

from biomimic.errors import BadValue
from biomimic.training import devices
from biomimic.training.devices import Devices, Hosts

HERE = len(jax.devices("cpu"))


@pytest.mark.skipif(jax.default_backend() == "gpu", reason="there is a GPU here")
def test_cuda_where_there_is_none():
    with pytest.raises(BadValue, match=r'asks for devices of the kind "cuda", and JAX finds only cpu here.*\[cuda\]'):
        devices.find(Devices("cuda"))


def test_too_many():
    with pytest.raises(BadValue, match=rf"asks for {HERE + 1} devices, and there (is|are) {HERE} of the kind"):
        devices.find(Devices("cpu", count=HERE + 1))


def test_what_there_is():
    found = devices.find(Devices("cpu", count=1))
    assert len(found) == 1 and devices.words(found) == "1 x cpu"
    assert len(devices.find(Devices("cpu"))) == HERE


def test_processes_that_nobody_tells_about():
    with pytest.raises(BadValue, match="were to meet at .*--coordinator HOST:PORT"):
        devices.join(Hosts())
