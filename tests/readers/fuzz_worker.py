"""python fuzz_worker.py FOLDER FIRST LAST: damages files in every way and reads them as a user would.

Prints one JSON line: what went wrong, the slowest file [s], and the memory that was used at most [MB]. It runs in a
process of its own, so that a crash, endless loop or hunger of a reader is seen and not suffered.
"""

import contextlib
import faulthandler
import io
import json
import resource
import shutil
import signal
import sys
import time
import traceback
import zipfile
import zlib
from pathlib import Path

import fuzz_seeds
import numpy as np

from biomimic.readers.__main__ import main

SLOWEST = 5.0  # [s] of the processor that a file may take; the machine may be busy with other things
HANGS = 120.0  # [s] after which it hangs, even if it waits for something or Python does not answer
ROOM = 1 << 30  # [bytes] that reading may add
WORDS = (b"nan", b"inf", b"-inf", b"1e308", b"-1", b"0", b"99999999999", b"4294967296", b"", b"1,5", b"abc", b"1_0")
WORDS += (b"\x00\x00", b"\xff\xfe", b"\t\t", b"\n\n", b"}", b"<", b"endheader", "°µ".encode())


class Slow(Exception):
    """A file took too long."""


def damaged(raw: bytes, rng: np.random.Generator, others: list[bytes]) -> bytes:
    """The bytes of a file after one to three accidents."""
    for _ in range(int(rng.integers(1, 4))):
        raw = ACCIDENTS[int(rng.integers(len(ACCIDENTS)))](raw, rng, others)
    return raw


def _cut(raw: bytes, rng, others) -> bytes:
    return raw[: int(rng.integers(len(raw) + 1))]


def _flip(raw: bytes, rng, others) -> bytes:
    data = bytearray(raw)
    for place in rng.integers(max(len(data), 1), size=int(rng.integers(1, 9))) if data else ():
        data[place] = int(rng.integers(256))
    return bytes(data)


def _flip_head(raw: bytes, rng, others) -> bytes:
    data = bytearray(raw)
    extreme = (0, 1, 127, 128, 254, 255)
    for place in rng.integers(min(len(data), 1536) or 1, size=int(rng.integers(1, 5))) if data else ():
        data[place] = extreme[int(rng.integers(len(extreme)))]
    return bytes(data)


def _slice(raw: bytes, rng) -> tuple[int, int]:
    first = int(rng.integers(len(raw) + 1))
    return first, min(len(raw), first + int(rng.integers(1, 400)))


def _remove(raw: bytes, rng, others) -> bytes:
    first, last = _slice(raw, rng)
    return raw[:first] + raw[last:]


def _repeat(raw: bytes, rng, others) -> bytes:
    first, last = _slice(raw, rng)
    return raw[:last] + raw[first:last] * int(rng.integers(1, 4)) + raw[last:]


def _insert(raw: bytes, rng, others) -> bytes:
    place = int(rng.integers(len(raw) + 1))
    return raw[:place] + rng.bytes(int(rng.integers(1, 40))) + raw[place:]


def _word(raw: bytes, rng, others) -> bytes:
    """One word of a text becomes another."""
    words = raw.split(b"\t") if raw.count(b"\t") > 5 else raw.split(b" ")
    mark = b"\t" if raw.count(b"\t") > 5 else b" "
    words[int(rng.integers(len(words)))] = WORDS[int(rng.integers(len(WORDS)))]
    return mark.join(words)


def _lines(raw: bytes, rng, others) -> bytes:
    """Lines are lost, doubled or exchanged."""
    lines = raw.split(b"\n")
    first, second = (int(k) for k in rng.integers(len(lines), size=2))
    chance = int(rng.integers(3))
    if chance == 0:
        del lines[first]
    elif chance == 1:
        lines.insert(second, lines[first])
    else:
        lines[first], lines[second] = lines[second], lines[first]
    return b"\n".join(lines)


def _digits(raw: bytes, rng, others) -> bytes:
    """A number gets more digits, another sign or a comma."""
    places = [k for k, letter in enumerate(raw[:4000]) if 48 <= letter <= 57]
    if not places:
        return raw
    place = places[int(rng.integers(len(places)))]
    new = (b"-", b"9999", b",", b"e9", b".")[int(rng.integers(5))]
    return raw[:place] + new + raw[place:]


def _other(raw: bytes, rng, others) -> bytes:
    """The content of another file, or its half behind the first half of this one."""
    other = others[int(rng.integers(len(others)))]
    return other if rng.random() < 0.5 else raw[: len(raw) // 2] + other[len(other) // 2 :]


def _nothing(raw: bytes, rng, others) -> bytes:
    return (b"", b"\n", b"\x00" * 1024)[int(rng.integers(3))]


def _inside(raw: bytes, rng, others) -> bytes:
    """One array of an npz file is damaged and packed again, so that its checksum is right."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as package:
            parts = {name: package.read(name) for name in package.namelist()}
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, RuntimeError, NotImplementedError, EOFError):
        return _flip(raw, rng, others)
    if not parts:
        return raw
    chosen = sorted(parts)[int(rng.integers(len(parts)))]
    change = (_flip_head, _digits, _cut, _word, _flip)[int(rng.integers(5))]
    parts[chosen] = change(parts[chosen], rng, others)
    if rng.random() < 0.2:
        parts.pop(sorted(parts)[int(rng.integers(len(parts)))])
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            package.writestr(name, content)
    return made.getvalue()


ACCIDENTS = (_cut, _flip, _flip_head, _remove, _repeat, _insert, _word, _word, _lines, _digits, _digits, _other)
ACCIDENTS += (_nothing, _inside, _inside)


def one(number: int, seeds: list[fuzz_seeds.Seed], contents: list[bytes], folder: Path) -> tuple[str, float]:
    """Damage and read file number `number`: what went wrong (or nothing), and how long it took [s]."""
    rng = np.random.default_rng([20000, number])
    seed = seeds[number % len(seeds)]
    place = folder / "now"
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(seed.folder, place)
    victim = place / seed.victims[int(rng.integers(len(seed.victims)))]
    raw = victim.read_bytes()
    victim.write_bytes(damaged(raw, rng, contents))
    said, wrong = io.StringIO(), io.StringIO()
    begin, problem = time.process_time(), ""
    signal.setitimer(signal.ITIMER_PROF, SLOWEST)
    faulthandler.dump_traceback_later(HANGS, exit=True, file=sys.__stderr__)
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(wrong):
            code = main(["read", *(str(place / name) for name in seed.files), *seed.options])
        if code not in (0, 2) or (code == 2 and not wrong.getvalue().strip()):
            problem = f"exit code {code}: {wrong.getvalue()[-300:]}"
    except (Slow, MemoryError, RecursionError):
        problem = traceback.format_exc(limit=-4)
    except Exception:  # noqa: BLE001 - whatever reaches the user is what is looked for
        problem = traceback.format_exc(limit=-6)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        faulthandler.cancel_dump_traceback_later()
    took = time.process_time() - begin
    return (f"file {number} ({seed.name}, {victim.name}): {problem}" if problem else ""), took


def _late(signum, frame) -> None:
    raise Slow


def run(folder: Path, first: int, last: int) -> dict:
    """All files from number `first` to the one before `last`."""
    seeds = fuzz_seeds.make(folder / "seeds")
    contents = [path.read_bytes() for seed in seeds for path in sorted(seed.folder.iterdir())]
    signal.signal(signal.SIGPROF, _late)
    for seed in seeds:  # all readers are loaded, and every seed reads, before memory is counted
        if main(["read", *(str(seed.folder / name) for name in seed.files), *seed.options]) != 0:
            return {"wrong": [f"the seed {seed.name} is not read"], "slowest": 0.0, "memory": 0.0, "next": last}
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + ROOM, resource.RLIM_INFINITY))
    wrong, slowest = [], 0.0
    log = folder / "number"
    for number in range(first, last):
        log.write_text(str(number))
        problem, took = one(number, seeds, contents, folder)
        slowest = max(slowest, took)
        if problem:
            wrong.append(problem)
    status = Path("/proc/self/status").read_text()  # ru_maxrss begins with what the parent had used
    memory = int(status.split("VmHWM:")[1].split()[0]) / 1024.0
    return {"wrong": wrong, "slowest": slowest, "memory": memory, "next": last}


if __name__ == "__main__":
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        result = run(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
    print(json.dumps(result))
