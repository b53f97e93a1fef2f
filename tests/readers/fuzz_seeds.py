"""Small sound files of every format that the readers know, each with the command that reads it."""

import json
from dataclasses import dataclass
from pathlib import Path

import made_c3d
import made_gait
import numpy as np

from biomimic.motion import Motion
from biomimic.provenance import Provenance
from biomimic.recording import Recording
from biomimic.signals import Signals

SHORT = made_gait.Walk(1.6)
PLATES = {"ground_force_1_": "right", "ground_force_2_": "left"}


@dataclass(frozen=True)
class Seed:
    """A trial that is read.

    Args:
        name: of the seed.
        folder: with its files, and nothing else.
        files: that are given to the command.
        victims: of which one is damaged.
        options: of the command.
    """

    name: str
    folder: Path
    files: tuple[str, ...]
    victims: tuple[str, ...]
    options: tuple[str, ...] = ()


def make(folder: Path) -> list[Seed]:
    """Write all seeds; a folder each."""
    seeds = []
    for name, (writer, options) in _SEEDS.items():
        place = folder / name
        place.mkdir(parents=True, exist_ok=True)
        files = writer(place)
        victims = tuple(path.name for path in sorted(place.iterdir()))
        seeds.append(Seed(name, place, tuple(files), victims, tuple(options)))
    return seeds


def _angles(place: Path) -> list[str]:
    made_gait.angles(place / "ik.mot", walk=SHORT, rate=30.0)
    return ["ik.mot"]


def _forces(place: Path) -> list[str]:
    made_gait.forces(place / "grf.mot", {"R_ground_force_": "right", "L_ground_force_": "left"}, SHORT, 100.0)
    return ["grf.mot"]


def _together(place: Path) -> list[str]:
    made_gait.angles(place / "ik.sto", degrees=False, walk=SHORT, rate=30.0)
    made_gait.forces(place / "grf.mot", PLATES, SHORT, 100.0)
    made_gait.trc(place / "markers.trc", walk=SHORT, rate=30.0)
    made_gait.moments(place / "id.sto")
    made_gait.emg(place / "emg.sto")
    made_gait.model(place / "model.osim")
    return ["ik.sto", "grf.mot", "markers.trc", "id.sto", "emg.sto", "model.osim"]


def _loads(place: Path) -> list[str]:
    made_gait.forces(place / "grf.mot", PLATES, SHORT, 100.0)
    made_gait.external_loads(
        place / "loads.xml", "grf.mot", {"ground_force_1_": "calcn_r", "ground_force_2_": "calcn_l"}
    )
    return ["loads.xml"]


def _emg(place: Path) -> list[str]:
    made_gait.emg(place / "emg.sto", raw=True)
    return ["emg.sto"]


def _trc(place: Path) -> list[str]:
    made_gait.trc(place / "markers.trc", walk=SHORT, rate=30.0)
    return ["markers.trc"]


def _c3d(kind: int):
    def write(place: Path) -> list[str]:
        made_c3d.write(place / "a.c3d", kind=kind)
        return ["a.c3d"]

    return write


def _anc(place: Path) -> list[str]:
    made_gait.anc(place / "emg.anc")
    return ["emg.anc"]


def _sheet(place: Path) -> list[str]:
    made_gait.sheet(place / "walk.csv")
    return ["walk.csv"]


def _amass(place: Path) -> list[str]:
    poses = np.zeros((8, 156))
    poses[:, 0] = np.pi / 2
    poses[:, 12] = np.linspace(0, 1, 8)
    np.savez(
        place / "amass.npz", poses=poses, trans=np.tile([0.0, 0.0, 1.2], (8, 1)), betas=np.zeros(16), gender="neutral",
        mocap_framerate=np.array(120.0),
    )  # fmt: skip
    return ["amass.npz"]


def _motion(place: Path) -> list[str]:
    time = SHORT.time(30.0)
    Motion(30.0, SHORT.markers(time), made_gait.MARKERS, Provenance("made")).save(place / "motion.npz")
    return ["motion.npz"]


def _recording(place: Path) -> list[str]:
    time = SHORT.time(100.0)
    force = Signals(time, np.column_stack([SHORT.force(time, "right")[:, 2]]), ("vertical_right",), "N")
    Recording("measured", "made", made_gait.MASS, Provenance("made"), force=force).save(place / "walk.npz")
    return ["walk.npz"]


def _rollout(place: Path) -> list[str]:
    time = np.arange(40) * 0.01
    joints = ("root", "hip_flexion_r", "knee_angle_r", "hip_flexion_l", "knee_angle_l")
    qpos = np.zeros((40, 11))
    qpos[:, 1], qpos[:, 2], qpos[:, 3] = -time, 0.95, 1.0
    qpos[:, 8] = 0.5 + 0.5 * np.sin(20.0 * time)
    np.savez(
        place / "rollout.npz", n_episodes=1, dt=0.01, joint_names=np.array(joints), motion_group="walk",
        activation_sample_phase="pre_step", model_mass_kg=70.0, episode_0_traj_id=0, episode_0_traj_length=40,
        episode_0_joint_positions=qpos, episode_0_touch_observations=np.full((40, 4), 300.0),
        episode_0_muscle_activations=np.zeros((40, 3)),
    )  # fmt: skip
    return ["rollout.npz"]


def _bvh(place: Path) -> list[str]:
    text = "HIERARCHY\nROOT Hips\n{\n OFFSET 0 0 0\n CHANNELS 6 Xposition Yposition Zposition "
    text += "Zrotation Xrotation Yrotation\n"
    for side, x in (("Left", 10), ("Right", -10)):
        for bone, offset in (("UpLeg", f"{x} 0 0"), ("Leg", "0 -42 0"), ("Foot", "0 -42 0")):
            text += f" JOINT {side}{bone}\n {{\n OFFSET {offset}\n CHANNELS 3 Zrotation Xrotation Yrotation\n"
        text += " End Site\n {\n OFFSET 0 0 15\n }\n" + " }\n" * 3
    for bone, offset in (("Spine", "0 12 0"), ("Neck", "0 40 0"), ("Head", "0 10 0")):
        text += f" JOINT {bone}\n {{\n OFFSET {offset}\n CHANNELS 3 Zrotation Xrotation Yrotation\n"
    text += " End Site\n {\n OFFSET 0 15 0\n }\n" + " }\n" * 3 + "}\n"
    rows = [f"0 90 {2 * k} " + " ".join(["0"] * (3 + 3 * 9)) for k in range(6)]
    text += f"MOTION\nFrames: {len(rows)}\nFrame Time: 0.0333333\n" + "\n".join(rows) + "\n"
    (place / "a.bvh").write_text(text)
    return ["a.bvh"]


def _amc(place: Path) -> list[str]:
    bones = [("lhipjoint", "root", "1 0 0", 2, ""), ("lfemur", "lhipjoint", "0 -1 0", 8, "rx ry rz")]
    bones += [("ltibia", "lfemur", "0 -1 0", 8, "rx"), ("lfoot", "ltibia", "0 0 1", 2, "rx rz")]
    across = {"1 0 0": "-1 0 0"}
    bones += [
        ("r" + name[1:], parent if parent == "root" else "r" + parent[1:], across.get(way, way), length, dof)
        for name, parent, way, length, dof in bones
    ]
    bones += [("lowerback", "root", "0 1 0", 2, "rx"), ("upperback", "lowerback", "0 1 0", 2, "rx")]
    bones += [("thorax", "upperback", "0 1 0", 2, "rx"), ("lowerneck", "thorax", "0 1 0", 2, "rx")]
    bones += [("upperneck", "lowerneck", "0 1 0", 1, "rx"), ("head", "upperneck", "0 1 0", 2, "rx")]
    text = ":version 1.10\n:name a\n:units\n mass 1.0\n length 0.45\n angle deg\n:root\n order TX TY TZ RX RY RZ\n"
    text += " axis XYZ\n position 0 0 0\n orientation 0 0 0\n:bonedata\n"
    for k, (name, _, way, length, dof) in enumerate(bones):
        text += f" begin\n id {k + 1}\n name {name}\n direction {way}\n length {length}\n axis 0 0 0 XYZ\n"
        text += (f" dof {dof}\n" if dof else "") + " end\n"
    text += ":hierarchy\n begin\n" + "".join(f"  {parent} {name}\n" for name, parent, *_ in bones) + " end\n"
    (place / "a.asf").write_text(text)
    frame = "root 0 17 {z} 0 0 0\n" + "".join(
        f"{name} {' '.join(['1'] * len(dof.split()))}\n" for name, _, _, _, dof in bones if dof
    )
    rows = "".join(f"{k + 1}\n{frame.format(z=k)}" for k in range(6))
    (place / "a.amc").write_text(f":FULLY-SPECIFIED\n:DEGREES\n{rows}")
    return ["a.amc"]


def _deepmimic(place: Path) -> list[str]:
    joints = [[1, 0, 0, 0]] * 3 + [[-0.3], [1, 0, 0, 0], [1, 0, 0, 0], [0.2], [1, 0, 0, 0], [-0.3]]
    joints += [[1, 0, 0, 0], [1, 0, 0, 0], [0.2]]
    frame = [0.0333, 0.0, 0.9, 0.0, 1, 0, 0, 0, *(value for joint in joints for value in joint)]
    frames = [[*frame[:1], 0.03 * k, *frame[2:]] for k in range(6)]
    (place / "a.txt").write_text(json.dumps({"Loop": "wrap", "Frames": frames}))
    return ["a.txt"]


_MASS = ("--mass", "70")
_SEEDS = {
    "angles": (_angles, _MASS),
    "forces": (_forces, _MASS),
    "together": (_together, ()),
    "loads": (_loads, _MASS),
    "emg": (_emg, _MASS),
    "trc": (_trc, ()),
    "c3d_2": (_c3d(2), ()),
    "c3d_4": (_c3d(4), ()),
    "anc": (_anc, (*_MASS, "--emg-side", "right")),
    "sheet": (_sheet, ()),
    "amass": (_amass, ()),
    "motion": (_motion, ()),
    "recording": (_recording, ()),
    "rollout": (_rollout, ("--touch-unit", "N")),
    "bvh": (_bvh, ()),
    "amc": (_amc, ()),
    "deepmimic": (_deepmimic, ()),
}
