"""What is computed on: JAX's devices and, where several machines train one policy, their processes."""

from dataclasses import dataclass

import jax

from biomimic import config
from biomimic.errors import BadValue


@dataclass(frozen=True)
class Devices:
    """Devices of a training.

    Args:
        kind: "any": what JAX prefers; "cpu"; "cuda": NVIDIA GPUs.
        count: how many of each process share the bodies; None: all there are.
    """

    kind: str = config.one_of("any", "cpu", "cuda", default="any")
    count: int | None = config.ranged(None, low=1)


@dataclass(frozen=True)
class Hosts:
    """Processes on one or more machines that train together; see `jax.distributed.initialize`.

    Args:
        coordinator: "host:port" of process 0; empty: found out from the cluster's scheduler.
        processes: how many there are; None: from the scheduler.
        process: number of this one, from 0; None: from the scheduler.
        gpu: number of the GPU on its machine that this process takes; None: all that it sees.
    """

    coordinator: str = ""
    processes: int | None = None
    process: int | None = None
    gpu: int | None = None


def join(hosts: Hosts) -> None:
    """Connect this process to the others; called before anything is computed.

    Raises:
        BadValue: the coordinator does not answer or there is no scheduler to ask.
    """
    try:
        jax.distributed.initialize(
            hosts.coordinator or None, hosts.processes, hosts.process, local_device_ids=hosts.gpu
        )
    except (RuntimeError, ValueError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise BadValue(
            f'The processes of this training were to meet at "{hosts.coordinator or "a scheduler"}": {reason}. '
            "Give --coordinator HOST:PORT, --processes and --process, the same first two to every process."
        ) from None


def find(asked: Devices) -> list[jax.Device]:
    """All devices of all processes that are asked for.

    Raises:
        BadValue: there is none of this kind, or too few.
    """
    try:
        found = jax.devices(None if asked.kind == "any" else asked.kind)
    except RuntimeError:
        there = sorted({device.platform for device in jax.devices()})
        raise BadValue(
            f'The recipe asks for devices of the kind "{asked.kind}", and JAX finds only {", ".join(there)} here. '
            f"{_advice(asked.kind)}"
        ) from None
    if asked.count is None:
        return found
    here = len(found) // jax.process_count()
    if asked.count > here:
        raise BadValue(
            f"The recipe asks for {asked.count} devices, and there {'is' if here == 1 else 'are'} {here} of the kind "
            f'"{found[0].platform}" here. Set devices.count to at most {here}, or leave it out to take all.'
        )
    taken: dict[int, int] = {}
    chosen = []
    for device in found:
        taken[device.process_index] = taken.get(device.process_index, 0) + 1
        if taken[device.process_index] <= asked.count:
            chosen.append(device)
    return chosen


def words(devices: list[jax.Device]) -> str:
    """What run.toml says of them, e.g. "2 x cpu"."""
    kinds = sorted({device.device_kind for device in devices})
    return f"{len(devices)} x {', '.join(kinds)}"


def _advice(kind: str) -> str:
    if kind == "cuda":
        return 'Install "biomimic[cuda]" on a machine with an NVIDIA GPU, or set devices.kind to "cpu".'
    return 'Set devices.kind to "any".'
