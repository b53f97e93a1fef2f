"""A rollout as an mp4 file: simulated, drawn in a process of its own, encoded by the program ffmpeg."""

import os
import shutil
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from tqdm import tqdm

from biomimic.errors import BadFile, BadRun, BadValue
from biomimic.motion import Trajectory
from biomimic.rollout import controllers, film
from biomimic.rollout.loop import simulate
from biomimic.rollout.plan import Plan
from biomimic.run import Run

RATE = 25  # pictures a second
SIZE = (640, 480)  # width and height [pixels]
CHUNK = 200  # pictures drawn by one process and kept in memory at once
ENCODERS = ("libx264", "libopenh264", "mpeg4")  # the first that the program has; browsers play all but the last
NO_PROGRAM = (
    "A video was asked for, and the program ffmpeg is not installed. Install it, or pip install biomimic[video]."
)


def shoot(run: Run, target: Trajectory, plan: Plan, path: str | Path) -> float | None:
    """Simulate a trial and write it as a video in real time.

    Args:
        run: whose controller moves the body.
        target: what it follows.
        plan: the trial.
        path: of the file, ending in .mp4.

    Returns:
        Time of the fall, which ends the video [s], or None.

    Raises:
        BadRun: there is no program to encode, nothing can be drawn on this machine, or the run is wrong.
        BadFile, BadValue: the file cannot be written, or is no mp4.
    """
    path, encoder = checked(path), program()
    body = controllers.body(run, target, plan)
    watched = film.Watched(controllers.build(run, body, target))
    recording = simulate(body, watched, plan)
    rows = np.arange(0, len(watched.time), round(1.0 / (RATE * plan.control_step)))
    write(path, body.name, np.array(watched.qpos)[rows], np.array(watched.activation)[rows], encoder=encoder)
    return recording.fall


def write(path: str | Path, name: str, qpos: np.ndarray, activation: np.ndarray, *, encoder: str = "") -> None:
    """Draw poses of a body (N, nq) with their activations (N, nu), `RATE` a second, into an mp4 file.

    Raises:
        BadRun: no program to encode, or nothing can be drawn.
        BadFile, BadValue: the file cannot be written, or is no mp4.
    """
    path, encoder = checked(path), encoder or program()
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    command = [encoder, "-hide_banner", "-loglevel", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24"]
    command += ["-video_size", f"{SIZE[0]}x{SIZE[1]}", "-framerate", str(RATE), "-i", "-", "-an"]
    command += ["-c:v", _codec(encoder), "-pix_fmt", "yuv420p", "-movflags", "+faststart", "-f", "mp4", str(part)]
    try:
        with tempfile.TemporaryFile() as said, subprocess.Popen(command, stdin=subprocess.PIPE, stderr=said) as pipe:
            failed = _draw_into(pipe, name, qpos, activation)
            pipe.stdin.close()
            ended = pipe.wait()
            said.seek(0)
            words = " ".join(said.read().decode(errors="replace").split()[:30])
        if failed or ended:
            raise BadRun(failed) if failed else BadFile(f"{path} cannot be encoded by {encoder}: {words}.")
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _draw_into(pipe: subprocess.Popen, name: str, qpos: np.ndarray, activation: np.ndarray) -> str:
    """Send all pictures to the encoder; a reason if they cannot be drawn. An encoder that ended is seen afterwards."""
    with tqdm(total=len(qpos), desc="drawing", unit="picture") as progress:
        for first in range(0, len(qpos), CHUNK):
            part = slice(first, first + CHUNK)
            drawn = film.draw(name, qpos[part], activation[part], size=SIZE, scenery=True)
            if not drawn.frames:
                return drawn.reason
            try:
                for frame in drawn.frames:
                    pipe.stdin.write(frame.tobytes())
            except BrokenPipeError:
                return ""
            progress.update(len(drawn.frames))
    return ""


def checked(path: str | Path) -> Path:
    """The path of a video that can be written.

    Raises:
        BadValue: it does not end in .mp4.
        BadFile: its folder does not exist.
    """
    path = Path(path)
    if path.suffix.lower() != ".mp4":
        raise BadValue(f'A video was asked for as "{path}"; only mp4 files are written, so give a name ending in .mp4.')
    if not path.resolve().parent.is_dir():
        raise BadFile(f"{path} cannot be written: its folder does not exist. Make the folder first.")
    return path


def program() -> str:
    """Path of ffmpeg: the system's own, else the one that the package imageio-ffmpeg brings; it runs as a process.

    Raises:
        BadRun: there is neither.
    """
    own = shutil.which("ffmpeg")
    if own:
        return own
    if find_spec("imageio_ffmpeg") is None:
        raise BadRun(NO_PROGRAM)
    import imageio_ffmpeg  # only the extra "video" has it

    try:
        return imageio_ffmpeg.get_ffmpeg_exe()
    except RuntimeError:  # the package has no program for this kind of machine
        raise BadRun(NO_PROGRAM) from None


def _codec(encoder: str) -> str:
    listed = subprocess.run([encoder, "-hide_banner", "-encoders"], capture_output=True, text=True).stdout.split()
    return next((name for name in ENCODERS if name in listed), ENCODERS[-1])
