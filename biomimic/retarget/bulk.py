"""Many clips at once: what is not done yet is done, one clip a core; a bad clip does not stop the others."""

import functools
import hashlib
import importlib.metadata
import json
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import joblib
from joblib.externals.loky.process_executor import TerminatedWorkerError
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from biomimic import embodiment, files, provenance
from biomimic.embodiment import Embodiment
from biomimic.errors import BadRun, BiomimicError
from biomimic.retarget import filmstrip, method, outcome
from biomimic.retarget.clips import Clip
from biomimic.retarget.method import OURS
from biomimic.retarget.outcome import BASELINE, CACHE, FILM, RECORD, TRAJECTORY, Outcome

_PACKAGE = Path(__file__).parents[1]
_PARTS = ("embodiment", "gait", "readers", "retarget")  # folders of the package whose code makes a result
_SHOWN = ("__main__.py", "overview.py", "overview_page.py", "periodic_command.py")  # show results, make none
# what a programming error may raise; whatever is wrong with a clip is a BiomimicError
_FAULTS = (ArithmeticError, AttributeError, LookupError, MemoryError, OSError, RuntimeError, TypeError, ValueError)


@dataclass(frozen=True)
class Done:
    """What a call did.

    Attributes:
        outcomes: one a clip, in the clips' order.
        kept: clips that were done already.
        frames: made now.
        seconds: it took, by the clock.
    """

    outcomes: tuple[Outcome, ...]
    kept: int
    frames: int
    seconds: float

    @property
    def failed(self) -> tuple[Outcome, ...]:
        """Clips without a result."""
        return tuple(one for one in self.outcomes if not one.is_done)

    @property
    def speed(self) -> float:
        """Frames made per second."""
        return self.frames / self.seconds if self.seconds else 0.0


@dataclass(frozen=True)
class Work:
    """What is done with every clip.

    Attributes:
        embodiment: name of the body.
        out: folder of the results.
        fingers: with finger joints; None: as the body has them.
        has_cache: also write MuscleMimic's layout.
        retry: try again what failed before.
        method: "biomimic", or "mink" for the plain baseline.
        body_model: SMPL-H or SMPL-X body for AMASS files, or None for the neutral one.
    """

    embodiment: str
    out: Path
    fingers: bool | None = None
    has_cache: bool = False
    retry: bool = False
    method: str = OURS
    body_model: Path | None = None

    @property
    def folder(self) -> Path:
        """Where results lie: the baseline's in a folder of their own."""
        return self.out if self.method == OURS else self.out / BASELINE


def run(clips: tuple[Clip, ...], work: Work, *, jobs: int | None = None) -> Done:
    """Retarget clips in parallel, show one progress bar, keep what is there already.

    A result counts as there when its outcome was written (the last of its files, by a rename) for the same bytes of
    input, the same work and the same code, and all its files have their sizes. So a killed run goes on where it
    stopped.

    Args:
        clips: from `clips.find`.
        work: what to do with each.
        jobs: processes; None: what joblib's active configuration says, so that
            `with joblib.parallel_config(backend="dask"): run(...)` works on a cluster whose machines see the same
            files; without a configuration one process.

    Raises:
        BadFile: the folder cannot be written to.
        BadRun: processes end again and again for a reason that no clip explains.
    """
    files.check_writable(work.folder)
    way = fingerprint(work)
    tasks = sorted(((clip, work, way) for clip in clips), key=lambda task: -_size(task[0]))
    found, begin, frames, kept, failed = {}, time.perf_counter(), 0, 0, 0
    with tqdm(total=len(tasks), desc=f"retargeting ({work.method})", unit="clip", dynamic_ncols=True) as bar:
        for one, is_new in _outcomes(tasks, jobs):
            found[one.clip] = one
            frames, kept, failed = frames + is_new * one.frames, kept + (not is_new), failed + (not one.is_done)
            bar.set_postfix_str(f"{frames / (time.perf_counter() - begin):.0f} frames/s, {failed} failed")
            bar.update()
    outcome.sweep(work.folder, {outcome.place(work.folder, clip.name) for clip in clips})
    return Done(tuple(found[clip.name] for clip in clips), kept, frames, time.perf_counter() - begin)


def fingerprint(work: Work) -> str:
    """Hash of everything but the input that a result depends on: work, code, engine and body."""
    digest = hashlib.sha256()
    said = [work.embodiment, work.fingers, work.has_cache, work.method]
    said.append(work.body_model and provenance.sha256(work.body_model))
    said += [importlib.metadata.version(name) for name in ("mujoco", "musclemimic-models")]
    digest.update(json.dumps(said).encode())
    for part in _PARTS:
        for path in sorted((_PACKAGE / part).rglob("*")):
            if path.suffix in (".py", ".toml") and path.name not in _SHOWN:
                digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def do(clip: Clip, work: Work, way: str) -> tuple[Outcome, bool]:
    """One clip: its outcome, and whether it was made now.

    Args:
        clip: what to retarget.
        work: how.
        way: `fingerprint(work)`.
    """
    folder, stem = outcome.place(work.folder, clip.name)
    try:
        key = _key(clip, way)
    except BiomimicError as error:
        failed = _failure(clip, "", str(error))
        failed.save(folder)
        return failed, True
    kept = _kept(folder, stem, key, work)
    if kept is not None:
        return kept, False
    folder.mkdir(parents=True, exist_ok=True)
    with outcome.held(folder, stem):
        kept = _kept(folder, stem, key, work)  # by another process, while this one waited
        if kept is not None:
            return kept, False
        outcome.clear(folder, stem)
        made = _attempt(clip, work, key)
        made.save(folder)
    return made, True


def _kept(folder: Path, stem: str, key: str, work: Work) -> Outcome | None:
    found = Outcome.load(folder / f"{stem}{outcome.ENDING}")
    if found is None or found.key != key or not found.is_complete(folder):
        return None
    return None if work.retry and not found.is_done else found


def _key(clip: Clip, way: str) -> str:
    hashes = {role: provenance.sha256(path) for role, path in clip.files.items()}
    return hashlib.sha256(json.dumps([clip.name, way, hashes], sort_keys=True).encode()).hexdigest()


def _attempt(clip: Clip, work: Work, key: str) -> Outcome:
    """The outcome of doing it; the clip's own trouble and the program's faults become sentences."""
    try:
        with threadpool_limits(1):  # one clip a core: libraries must not each take all of them
            return _make(clip, work, key)
    except BiomimicError as error:
        return _failure(clip, key, str(error))
    except _FAULTS as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        words = f"{type(error).__name__}: {error} ({Path(last.filename).name}, line {last.lineno})"
        sentence = f"A fault of the program, not of the clip, which should be reported: {words}"
        return _failure(clip, key, sentence, is_fault=True)


def _failure(clip: Clip, key: str, sentence: str, *, is_fault: bool = False) -> Outcome:
    return Outcome(clip.name, key, clip.path.name, sentence=sentence, is_fault=is_fault)


def _make(clip: Clip, work: Work, key: str) -> Outcome:
    begin = time.perf_counter()
    body = _body(work.embodiment, work.fingers)
    trajectory, record = method.METHODS[work.method](clip, body, work.body_model)
    drawn = filmstrip.draw(trajectory, body)
    folder, stem = outcome.place(work.folder, clip.name)
    written = [
        trajectory.save(folder / f"{stem}{TRAJECTORY}"),
        record.save(folder / f"{stem}{RECORD}"),
        files.write(folder / f"{stem}{FILM}", drawn),
    ]
    if work.has_cache:
        from biomimic.retarget import musclemimic_cache

        written.append(musclemimic_cache.write_cache(folder / f"{stem}{CACHE}", trajectory, body))
    return Outcome(
        clip.name,
        key,
        clip.path.name,
        frames=len(trajectory.qpos),
        seconds=time.perf_counter() - begin,
        files={path.name: path.stat().st_size for path in written},
    )


@functools.lru_cache(maxsize=2)
def _body(name: str, fingers: bool | None) -> Embodiment:
    """The body, loaded once a process."""
    return embodiment.load(name, fingers=fingers)


def _outcomes(tasks: list[tuple], jobs: int | None) -> Iterator[tuple[Outcome, bool]]:
    """Outcomes as they come; a clip that ends its process is done again alone, and fails if it ends that too."""
    waiting = {task[0].name: task for task in tasks}
    while waiting:
        parallel = joblib.Parallel(n_jobs=jobs, return_as="generator_unordered")
        try:
            for one, is_new in parallel(joblib.delayed(do)(*task) for task in list(waiting.values())):
                del waiting[one.clip]
                yield one, is_new
        except TerminatedWorkerError:
            suspects = [name for name, task in waiting.items() if _is_begun(task)]
            if not suspects:
                raise BadRun("A process was ended before it began a clip; most likely memory is short.") from None
            for name in suspects:
                yield _alone(waiting.pop(name))


def _is_begun(task: tuple) -> bool:
    clip, work, _ = task
    folder, stem = outcome.place(work.folder, clip.name)
    return outcome.is_held(folder, stem)


def _alone(task: tuple) -> tuple[Outcome, bool]:
    """One clip in a process of its own."""
    clip, work, way = task
    try:
        with joblib.parallel_config(backend="loky"):
            return joblib.Parallel(n_jobs=2)([joblib.delayed(do)(*task)])[0]
    except TerminatedWorkerError:
        sentence = "The process that worked on this clip was ended twice from outside, most likely for lack of memory."
        folder, stem = outcome.place(work.folder, clip.name)
        failed = _failure(clip, _key(clip, way), sentence)
        failed.save(folder)
        outcome.release(folder, stem)
        return failed, True


def _size(clip: Clip) -> int:
    try:
        return clip.path.stat().st_size
    except OSError:
        return 0
