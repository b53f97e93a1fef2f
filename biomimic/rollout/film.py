"""Pictures of a body in given poses, drawn offscreen in a process of their own."""

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import mujoco
import numpy as np

from biomimic import embodiment
from biomimic.errors import BadValue
from biomimic.gait import events, filters
from biomimic.motion import Trajectory
from biomimic.rollout import controllers
from biomimic.rollout.loop import Controller, simulate
from biomimic.rollout.plan import Plan
from biomimic.run import Run

PLATFORMS = ("egl", "osmesa", "glfw")  # ways to draw offscreen, tried in this order
PATIENCE, PATIENCE_EACH = 120.0, 10.0  # [s] for one way, loading included, and for each picture
CAMERA_DISTANCE = 3.0  # [m]
FIELD_OF_VIEW = 36.0  # [deg] vertical
SCENE_DISTANCE, SCENE_ELEVATION, SCENE_TURN = 3.3, -8.0, 20.0  # [m], [deg], [deg] of the camera with scenery
CENTRE_HEIGHT = 0.9  # [m] at which the camera looks
BACKGROUND = (214, 222, 230)  # light bones and red muscles stand out on it, on a dark and on a light page
GROUND = (176, 187, 198)
REST, ACTIVE = np.array((0.45, 0.55, 0.68)), np.array((0.80, 0.08, 0.05))  # colours of a muscle
SHARES = np.linspace(0.0, 0.9, 10)  # of the gait cycle
FORCE_ORDER, FORCE_CUTOFF = 4, 20.0  # resulting order, [Hz]; events need no more
NONE = "No pictures: none of EGL, OSMesa and GLFW could draw offscreen on this machine."


@dataclass(frozen=True, eq=False)
class Pictures:
    """Drawn poses, or the reason why there are none.

    Args:
        frames: (H, W, 3) uint8 each; empty if nothing could be drawn.
        percents: of the gait cycle, one a frame; empty if the frames are of no stride.
        reason: one sentence; empty if there are frames.
    """

    frames: tuple[np.ndarray, ...]
    percents: tuple[float, ...] = ()
    reason: str = ""


def stride(run: Run, target: Trajectory, plan: Plan, *, skip: int = 2) -> Pictures:
    """Pictures of one right stride of a trial, evenly spread over the gait cycle.

    Args:
        run: whose controller walks.
        target: what it follows.
        plan: a trial long enough for the strides that are skipped and one more.
        skip: right strides that are left out.

    Returns:
        Pictures at 0, 10, … 90 % of the stride; the reason if the walk is too short or nothing can be drawn.
    """
    body = controllers.body(run, target, plan)
    watched = Watched(controllers.build(run, body, target))
    recording = simulate(body, watched, plan)
    force = filters.low_pass(recording.force, order=FORCE_ORDER, cutoff=FORCE_CUTOFF)
    strikes = events.detect(force, side="right").heel_strike
    strikes = strikes[np.isfinite(strikes)]
    if len(strikes) < skip + 2:
        return Pictures((), reason=f"No pictures: the walk ended before its right stride number {skip + 1}.")
    times = strikes[skip] + SHARES * (strikes[skip + 1] - strikes[skip])
    rows = np.searchsorted(watched.time, times).clip(max=len(watched.time) - 1)
    drawn = draw(body.name, np.array(watched.qpos)[rows], np.array(watched.activation)[rows])
    return replace(drawn, percents=tuple(float(100 * share) for share in SHARES) if drawn.frames else ())


class Watched:
    """A controller that keeps the state of every control step."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self.dt = controller.dt
        self.time: list[float] = []
        self.qpos: list[np.ndarray] = []
        self.activation: list[np.ndarray] = []

    def start(self, data: mujoco.MjData, phase: float) -> None:
        """As the controller's."""
        self._controller.start(data, phase)

    def excitations(self, data: mujoco.MjData) -> np.ndarray:
        """As the controller's."""
        self.time.append(data.time)
        self.qpos.append(data.qpos.copy())
        self.activation.append(data.act.copy())
        return self._controller.excitations(data)


def draw(
    name: str,
    qpos: np.ndarray,
    activation: np.ndarray | None = None,
    *,
    size: tuple[int, int] = (216, 480),
    scenery: bool = False,
) -> Pictures:
    """The body in each pose, seen from its right side, the camera moving along with the pelvis.

    A drawing library chooses its way when it is loaded and may end the process; so another process draws, once for each
    way until one works.

    Args:
        name: of the body; it is drawn without fingers.
        qpos: (N, nq) poses.
        activation: (N, nu) colours the muscles from grey-blue (0) to red (1); None leaves them red.
        size: width and height of a picture [pixels].
        scenery: with the floor, seen from a little above and ahead; without, from the side on plain ground.

    Raises:
        BadValue: poses and activations do not belong together.
    """
    if qpos.ndim != 2 or (activation is not None and len(activation) != len(qpos)):
        raise BadValue(f"Pictures need poses (N, nq) and as many activations; found {qpos.shape}.")
    with tempfile.TemporaryDirectory() as folder:
        task, drawn = Path(folder) / "task.npz", Path(folder) / "drawn.npy"
        states = np.zeros((len(qpos), 0)) if activation is None else activation
        asked = {"size": np.array(size), "body": np.array(name), "scenery": np.array(scenery)}
        np.savez(task, qpos=qpos, activation=states, **asked)
        patience = PATIENCE + PATIENCE_EACH * len(qpos)
        for platform in PLATFORMS:
            if _other_process(task, drawn, platform, patience):
                return Pictures(tuple(np.load(drawn)))
    return Pictures((), reason=NONE)


def _other_process(task: Path, drawn: Path, platform: str, patience: float) -> bool:
    code = "import sys; from biomimic.rollout import film; film.draw_task(sys.argv[1], sys.argv[2])"
    package = str(Path(__file__).resolve().parents[2])
    environment = {**os.environ, "MUJOCO_GL": platform, "PYTHONPATH": package, "EGL_LOG_LEVEL": "fatal"}
    try:
        ended = subprocess.run(
            [sys.executable, "-c", code, str(task), str(drawn)],
            env=environment,
            cwd=task.parent,
            capture_output=True,
            timeout=patience,
        )
    except subprocess.TimeoutExpired:
        return False
    return ended.returncode == 0 and drawn.is_file()


def draw_task(task: str, drawn: str) -> None:
    """What the other process does: read poses, draw them, write (N, H, W, 3) uint8."""
    content = np.load(task)
    body = embodiment.load(str(content["body"]), visual=True)
    model, has_scenery = body.model, bool(content["scenery"])
    width, height = (int(n) for n in content["size"])
    model.vis.global_.offwidth, model.vis.global_.offheight = width, height
    model.vis.global_.fovy = FIELD_OF_VIEW
    data, camera = mujoco.MjData(model), mujoco.MjvCamera()
    tendons = model.actuator_trnid[:, 0]
    camera.distance, camera.elevation, camera.azimuth = CAMERA_DISTANCE, 0.0, _azimuth(body.house)
    if has_scenery:
        camera.distance, camera.elevation, camera.azimuth = SCENE_DISTANCE, SCENE_ELEVATION, camera.azimuth + SCENE_TURN
        _paint(model)
    frames = []
    with mujoco.Renderer(model, height, width) as renderer:
        for pose, activation in zip(content["qpos"], content["activation"]):
            data.qpos[:] = pose
            if activation.size:
                share = np.sqrt(np.clip(activation, 0.0, 1.0))[:, None]  # small activations are to be seen as well
                model.tendon_rgba[tendons, :3] = (1.0 - share) * REST + share * ACTIVE
            mujoco.mj_forward(model, data)
            camera.lookat[:] = (data.subtree_com[1][0], data.subtree_com[1][1], CENTRE_HEIGHT)
            renderer.update_scene(data, camera)
            frames.append(_with_sky(renderer.render().copy()) if has_scenery else _cut_out(renderer, model))
    np.save(drawn, np.array(frames))


def _with_sky(picture: np.ndarray) -> np.ndarray:
    """The picture with a plain sky, of a model that has none: where nothing is drawn, it is black."""
    picture[(picture == 0).all(axis=2)] = BACKGROUND
    return picture


def _cut_out(renderer: mujoco.Renderer, model: mujoco.MjModel) -> np.ndarray:
    """The body alone on plain ground: floor and scenery are not drawn."""
    picture = renderer.render().copy()
    height = len(picture)
    ground = round(height / 2 * (1 + CENTRE_HEIGHT / CAMERA_DISTANCE / np.tan(np.radians(FIELD_OF_VIEW / 2))))
    renderer.enable_segmentation_rendering()
    seen, kind = np.moveaxis(renderer.render(), -1, 0)
    renderer.disable_segmentation_rendering()
    world = np.flatnonzero(model.geom_bodyid == 0)
    empty = (seen < 0) | ((kind == mujoco.mjtObj.mjOBJ_GEOM) & np.isin(seen, world))
    picture[empty] = BACKGROUND
    picture[ground:][empty[ground:]] = GROUND
    return picture


def _paint(model: mujoco.MjModel) -> None:
    """A plain sky and a light floor that mirrors nothing; the floor keeps its pattern, which shows the way."""
    model.mat_reflectance[:] = 0.0
    model.vis.rgba.haze[:3] = np.array(BACKGROUND) / 255.0
    sky = mujoco.mjtTexture.mjTEXTURE_SKYBOX
    if sky not in model.tex_type:  # nor light, most likely
        model.vis.headlight.ambient[:] = model.vis.headlight.diffuse[:] = 0.5
    floor = model.geom_matid[np.flatnonzero(model.geom_type == mujoco.mjtGeom.mjGEOM_PLANE)]
    papered = model.mat_texid[floor[floor >= 0], mujoco.mjtTextureRole.mjTEXROLE_RGB]
    for texture in range(model.ntex):
        channels = model.tex_nchannel[texture]
        size = model.tex_height[texture] * model.tex_width[texture] * channels
        pixels = model.tex_data[model.tex_adr[texture] :][:size].reshape(-1, channels)
        if model.tex_type[texture] == sky:
            pixels[:, :3] = BACKGROUND
        elif texture in papered:
            light = pixels[:, :3].mean(axis=1, keepdims=True)
            share = (light - light.min()) / max(np.ptp(light), 1.0)
            pixels[:, :3] = np.array(GROUND) * (0.8 + 0.2 * share)


def _azimuth(house: np.ndarray) -> float:
    """Direction in which the camera looks [deg]: toward the body's left, so that it walks to the right."""
    left = house[1]
    return float(np.degrees(np.arctan2(left[1], left[0])))
