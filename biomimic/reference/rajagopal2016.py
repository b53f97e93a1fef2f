"""Data set rajagopal2016_walking: one stride per side of the Rajagopal 2016 overground walk, folded by phase."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from biomimic.gait import events, filters, strides
from biomimic.gait.cycles import Cycles
from biomimic.gait.strides import STANDARD_GRAVITY, Strides
from biomimic.readers import opensim
from biomimic.reference import Entry
from biomimic.reference.fold import fold
from biomimic.reference.table import Row, curves_file, figures_file
from biomimic.signals import Signals

NAME = "rajagopal2016_walking"
FOLDER = "rajagopal2016-walk"  # of the raw files
FILES = ("coordinates.sto", "grf_walk.mot", "electromyography.sto", "id_walk.sto")
MASS = 85.26985  # [kg] of the scaled model subject_walk_scaled.osim
LEG_LENGTH = 0.860  # [m] hip to knee to ankle joint centre in subject_walk_scaled.osim
ORDER, ANGLES_HZ, FORCE_HZ, ACTIVITY_HZ, MOMENT_HZ = 4, 6.0, 20.0, 6.0, 6.0  # resulting order and -3 dB points
THRESHOLD = 20.0  # [N]

ENTRY = Entry(
    title="Rajagopal 2016, overground walking at self-selected speed, one adult",
    source="doi:10.1109/TBME.2016.2586891; files of opensim-org/opensim-core @ 0435b081dc38, "
    "OpenSim/Examples/Moco/example3DWalking",
    licence="Apache-2.0",
    attribution="Data of A. Rajagopal, C. Dembia, M. DeMers, D. Delp, J. Hicks and S. Delp, IEEE Transactions on "
    "Biomedical Engineering 63 (2016) 2068-2079, distributed with OpenSim (Copyright Stanford University and the "
    "Authors), Apache License 2.0; changed: filtered, folded onto one stride and time-normalised.",
    form="curves",
    subjects=1,
    mass_kg=MASS,
    of="strides",
    filters={
        "order": ORDER,
        "angles_hz": ANGLES_HZ,
        "force_hz": FORCE_HZ,
        "activity_hz": ACTIVITY_HZ,
        "moment_hz": MOMENT_HZ,
    },
    leg_length_m=LEG_LENGTH,
    note="One stride per side of one person: no spread. EMG of the right leg only; each muscle divided by its maximum "
    "in the trial. The gluteus_maximus channel has a noise floor of about half its maximum and biceps_femoris an "
    "unusual late-stance burst.",
)


def build(raw: Path) -> dict[str, str]:
    """File name → text of every file of the data set, from the folder of raw files."""
    names = opensim.names("rajagopal2016")
    trial = opensim.read_recording(
        coordinates=raw / FILES[0], forces=raw / FILES[1], emg=raw / FILES[2], mass=MASS, names=names
    )
    moments = opensim.read_moments(raw / FILES[3], names)
    angles = filters.low_pass(filters.regular(trial.angles), order=ORDER, cutoff=ANGLES_HZ)
    force = filters.low_pass(filters.regular(trial.force), order=ORDER, cutoff=FORCE_HZ)
    activity = filters.envelope(filters.regular(trial.activity), order=ORDER, cutoff=ACTIVITY_HZ)
    moments = filters.low_pass(filters.regular(moments), order=ORDER, cutoff=MOMENT_HZ)
    cycles = _cycles(force)
    content = {}
    for side, cycle in cycles.items():
        for quantity, part in _side_parts(side, cycle, angles, force, moments):
            file, text = curves_file(part, quantity)
            content[file] = text
    file, text = curves_file(_first(strides.cut(activity, cycles["right"])), "activity")
    content[file] = text
    file, text = figures_file(_figures(cycles, force, trial.position))
    content[file] = text
    return content


def _cycles(force: Signals) -> dict[str, Cycles]:
    """One stride per side, each from its own heel strike over the period of the right foot."""
    found = {side: events.detect(force, side=side, threshold=THRESHOLD) for side in strides.SIDES}
    right = found["right"].heel_strike
    period = right[1] - right[0]
    other = {"right": "left", "left": "right"}
    cycles = {}
    for side, event in found.items():
        start, off = event.heel_strike[0], event.toe_off[0]
        opposite = found[other[side]]
        cycles[side] = Cycles(
            side=side,
            start=[start],
            toe_off=[off],
            end=[start + period],
            other_off=[start + (opposite.toe_off[0] - start) % period],
            other_strike=[start + (opposite.heel_strike[0] - start) % period],
            trial=1,
        )
    return cycles


def _side_parts(
    side: str, cycle: Cycles, angles: Signals, force: Signals, moments: Signals
) -> list[tuple[str, Strides]]:
    start, period = float(cycle.start[0]), float(cycle.duration[0])
    whole = fold(angles, start=start, period=period)
    torque = fold(moments, start=start, period=period).select([n for n in moments.names if "pelvis" not in n])
    torque = Signals(torque.time, torque.values / MASS, torque.names, "N m/kg")
    loads = strides.cut(force, cycle), strides.cut(force, cycle, phase="stance")
    return [
        ("angles", _first(strides.cut(whole, cycle))),
        ("moment", _first(strides.cut(torque, cycle))),
        *(("force", _first(strides.in_body_weights(load, MASS))) for load in loads),
    ]


def _first(part: Strides) -> Strides:
    assert len(part) == 1 and np.isfinite(part.values).all(), part.names
    return part


def _figures(cycles: dict[str, Cycles], force: Signals, position: Signals) -> list[Row]:
    right, left = cycles["right"], cycles["left"]
    period = float(right.duration[0])
    begin = position.time[0]
    travel = [np.interp(begin + period, position.time, c) - c[0] for c in position.values[:, :2].T]
    length = float(np.hypot(*travel))
    impulse = 0.0
    for side, cycle in cycles.items():
        inside = (force.time >= cycle.start[0]) & (force.time < cycle.end[0])
        impulse += float(force.channel(f"vertical_{side}")[inside].sum() / force.rate)
    step = float((left.start[0] - right.start[0]) % period)
    rows: list[Row] = [
        ("speed", "", 1, "m/s", length / period),
        ("stride_length", "", 1, "m", length),
        ("cadence", "", 1, "steps/min", 120.0 / period),
        ("mass_plates", "", 1, "kg", impulse / period / STANDARD_GRAVITY),
        ("step_time", "left", 1, "s", step),
        ("step_time", "right", 1, "s", period - step),
    ]
    for side, cycle in cycles.items():
        rows.append(("stride_time", side, 1, "s", period))
        rows.append(("stance_fraction", side, 1, "1", float(cycle.stance[0])))
    overlap = [(c.other_off[0] - c.start[0]) + (c.toe_off[0] - c.other_strike[0]) for c in cycles.values()]
    rows.append(("double_support", "", 1, "1", float(np.mean(overlap)) / period))
    return rows


def source_text(hashes: Mapping[str, str], command: str) -> str:
    """SOURCE.md of the data set."""
    return SOURCE.format(command=command, files="\n".join(f"- {name}: sha256 {hashes[name]}" for name in FILES))


SOURCE = """# rajagopal2016_walking

One stride per side of one adult walking overground at self-selected speed (about 1.25 m/s).

**Source.** github.com/opensim-org/opensim-core, commit 0435b081dc38 (2026-08-21), folder
`OpenSim/Examples/Moco/example3DWalking`. Original publication: Rajagopal A, Dembia CL, DeMers MS, Delp DD,
Hicks JL, Delp SL. Full-body musculoskeletal model for muscle-driven simulation of human gait. IEEE Transactions
on Biomedical Engineering 63 (2016) 2068-2079, doi:10.1109/TBME.2016.2586891.

**Licence.** Apache License 2.0 (LICENSE.txt of opensim-core; the text is the LICENSE file of this package).

**Attribution.** Copyright (c) 2005-2014 Stanford University and the Authors. From the NOTICE of opensim-core:
"The OpenSim API uses the open source Apache 2.0 license, making it suitable for any use commercial, government,
academic, or personal. [...] If you use plugins, models, or other components contributed by your fellow
researchers, you must acknowledge their work as described in the license that accompanies each of these files."
Its author list stands in the NOTICE file of this package. The files here are changed: filtered, folded onto one
stride, time-normalised and written as CSV.

**Made from**
{files}

**By**

    {command}

**How.** All filters are zero-lag Butterworth of resulting order 4; the cut-offs are resulting -3 dB points.
- Events: vertical force through 20 N, after a 20 Hz low-pass, with the time between samples interpolated. Right
  heel strikes 0.267 and 1.411 s, right toe-off 1.024 s, left heel strike 0.836 s, left toe-off 1.590 s. The
  period of both sides is right heel strike to right heel strike; only the right foot has two.
- Angles (inverse kinematics and residual reduction at the source, 1000 Hz, 0.45 to 1.80 s): 6 Hz low-pass, then
  folded by phase onto one stride per side from the side's own heel strike. The 0.2 s that were seen twice are
  cross-faded linearly. The two passes differ there by up to 2.6 degrees (left ankle), on most channels by less
  than 1.5 degrees.
- Force: 20 Hz low-pass, per side in body weights of the model's mass, over the stride and over stance.
  `lateral` is positive away from the body's midline.
- Moments (inverse dynamics at the source, without muscles): 6 Hz low-pass, folded like the angles, per kg of
  the model's mass, each with the sign of its angle.
- EMG of the right leg: at the source band-passed 50-500 Hz (order 6), rectified, low-passed 7.5 Hz (order 4)
  and 15 Hz critically damped (order 4), divided by the maximum of the trial; here low-passed again at 6 Hz with
  the same rule as every activation it is compared with.
- Mass: 85.27 kg is that of the scaled model. The plates, right and left stride added up, give the `mass_plates`
  in spatiotemporal.csv. The left foot's contact before the right heel strike was not on a plate, so one stride
  of each side is used.
- Signs: hip flexion, adduction, internal rotation, knee flexion, dorsiflexion, anterior pelvic tilt positive.
  pelvis_list, pelvis_rotation, lumbar_bending and lumbar_rotation are those of OpenSim for the right side and
  negated for the left.

**Limits.** n = 1 stride per side: there is no spread. The gluteus_maximus channel has a noise floor of about
half its maximum; biceps_femoris has a late-stance burst that textbooks do not show.
"""
