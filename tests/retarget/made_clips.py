"""Small recordings that tests write themselves: a person who stands and swings a leg, in three formats."""

from pathlib import Path

import numpy as np

_HIP = {"left": 1, "right": 2}  # joints of SMPL
_SHOULDER = {"left": 16, "right": 17}
_UPRIGHT = (np.pi / 2.0, 0.0, 0.0)  # SMPL has y up; this turn makes it z

# joint: parent, place in the parent's frame [m], x left, y up, z forward
PERSON = {
    "Hips": (None, (0.0, 0.0, 0.0)),
    "Spine": ("Hips", (0.0, 0.2, 0.0)),
    "Neck": ("Spine", (0.0, 0.3, 0.0)),
    "Head": ("Neck", (0.0, 0.1, 0.0)),
}
for _side, _sign in (("Left", 1.0), ("Right", -1.0)):
    PERSON |= {
        f"{_side}UpLeg": ("Hips", (0.1 * _sign, -0.05, 0.0)),
        f"{_side}Leg": (f"{_side}UpLeg", (0.0, -0.42, 0.0)),
        f"{_side}Foot": (f"{_side}Leg", (0.0, -0.40, 0.0)),
        f"{_side}ToeBase": (f"{_side}Foot", (0.0, -0.06, 0.13)),
        f"{_side}Arm": ("Spine", (0.18 * _sign, 0.22, 0.0)),
        f"{_side}ForeArm": (f"{_side}Arm", (0.0, -0.3, 0.0)),
        f"{_side}Hand": (f"{_side}ForeArm", (0.0, -0.25, 0.0)),
    }


def amass(path: Path, *, frames: int = 30, rate: float = 50.0, side: str = "right", swing: float = 0.2, **changed):
    """An AMASS file: one leg swings forward and back once, the arms hang.

    Args:
        path: to write.
        frames: number of them.
        rate: [Hz].
        side: of the swinging leg.
        swing: [rad].
        changed: arrays to put in the place of the file's own.
    """
    poses = np.zeros((frames, 156))
    poses[:, :3] = _UPRIGHT
    poses[:, 3 * _HIP[side]] = -swing * np.sin(2.0 * np.pi * np.arange(frames) / max(frames - 1, 1))
    poses[:, 3 * _SHOULDER["left"] + 2], poses[:, 3 * _SHOULDER["right"] + 2] = -1.2, 1.2
    content = {"poses": poses, "trans": np.tile([0.0, 0.0, 1.2], (frames, 1)), "mocap_framerate": np.array(rate)}
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **{**content, **changed})
    return path


def bvh(path: Path, *, person: dict | None = None, frames: int = 30, step: float = 0.02, unit: float = 0.01):
    """A BVH file: the person stands and nods.

    Args:
        path: to write.
        person: joint -> parent and place [m], the root first; None: `PERSON`.
        frames: number of them.
        step: [s].
        unit: of lengths in the file [m].
    """
    person = PERSON if person is None else person
    lines, names = ["HIERARCHY"], []

    def joint(name: str, tab: str) -> None:
        parent, place = person[name]
        names.append(name)
        x, y, z = np.array(place) / unit
        moves = "" if parent else "Xposition Yposition Zposition "
        lines.extend(
            [
                f"{tab}{'JOINT' if parent else 'ROOT'} {name}",
                f"{tab}{{",
                f"{tab}  OFFSET {x:.6f} {y:.6f} {z:.6f}",
                f"{tab}  CHANNELS {3 if parent else 6} {moves}Zrotation Yrotation Xrotation",
            ]
        )
        children = [child for child, (above, _) in person.items() if above == name]
        for child in children:
            joint(child, tab + "  ")
        if not children:
            lines.extend([f"{tab}  End Site", f"{tab}  {{", f"{tab}    OFFSET 0 0 {0.05 / unit:.3f}", f"{tab}  }}"])
        lines.append(f"{tab}}}")

    joint(next(iter(person)), "")
    lines += ["MOTION", f"Frames: {frames}", f"Frame Time: {step:.6f}"]
    for frame in range(frames):
        row = [0.0, 0.95 / unit, 0.0] + [0.0] * 3 * len(names)
        if "Head" in names:
            row[3 + 3 * names.index("Head") + 2] = 10.0 * np.sin(2.0 * np.pi * frame / 30)
        lines.append(" ".join(f"{value:.6f}" for value in row))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    return path


def trc(path: Path, markers: dict[str, np.ndarray], *, rate: float = 100.0, unit: str = "m", start: float = 0.0):
    """A TRC file as OpenSim writes it: x forward, y up, z right.

    Args:
        path: to write.
        markers: name -> (T, 3) in the house frame [m]; written as metres, whatever `unit` says.
        rate: [Hz].
        unit: that the header states.
        start: time of the first frame [s].
    """
    frames = len(next(iter(markers.values())))
    head = [
        f"PathFileType\t4\t(X/Y/Z)\t{path.name}",
        "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\tOrigNumFrames",
        f"{rate:g}\t{rate:g}\t{frames}\t{len(markers)}\t{unit}\t{rate:g}\t1\t{frames}",
        "Frame#\tTime\t" + "\t\t\t".join(markers),
        "\t\t" + "\t".join(f"X{k}\tY{k}\tZ{k}" for k in range(1, len(markers) + 1)),
        "",
    ]
    rows = []
    for frame in range(frames):
        places = [(x, z, -y) for x, y, z in (marker[frame] for marker in markers.values())]
        cells = [f"{value:.6f}" if np.isfinite(value) else "" for place in places for value in place]
        rows.append("\t".join([str(frame + 1), f"{start + frame / rate:.6f}", *cells]))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(head + rows) + "\n")
    return path
