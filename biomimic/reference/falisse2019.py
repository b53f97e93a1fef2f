"""Data set falisse2019_walking: eleven overground strides of one adult, all expressed as a right leg."""

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from scipy.interpolate import CubicSpline, PchipInterpolator
from scipy.io import loadmat

from biomimic.errors import BadFile
from biomimic.gait.strides import POINTS, STANDARD_GRAVITY, Strides
from biomimic.readers import opensim
from biomimic.reference import Entry
from biomimic.reference.table import Row, curves_file, figures_file

NAME = "falisse2019_walking"
FOLDER = "falisse2019-walk"  # of the raw files
FILES = ("ExperimentalData.mat",)
MASS = 62.0  # [kg]
LEG_LENGTH = 0.813  # [m] hip to knee to ankle joint centre in subject1.osim
THRESHOLD = 20.0  # [N]
SIDE = "right"

ENTRY = Entry(
    title="Falisse 2019, overground walking, eleven strides of one adult",
    source="doi:10.1098/rsif.2019.0402; antoinefalisse/3dpredictsim @ 5fa3929fa9ba, "
    "ExperimentalData/ExperimentalData.mat",
    licence="MIT",
    attribution="Copyright (c) 2019 antoinefalisse (MIT licence, text in SOURCE.md); data of A. Falisse, "
    "G. Serrancoli, C. Dembia, J. Gillis, I. Jonkers and F. De Groote, Journal of the Royal Society Interface 16 "
    "(2019) 20190402.",
    form="curves",
    subjects=1,
    mass_kg=MASS,
    of="trials",
    leg_length_m=LEG_LENGTH,
    note="Eleven strides of one person: the spread is between trials, not between people. All are expressed as a "
    "right leg; six of them (1, 3, 5, 7, 8, 10) are left strides mirrored at the source. EMG in 6, 8 or 11 of them, "
    "scaled by an unstated reference: only its shape can be compared. The vertical force averages 0.42 to 0.49 body "
    "weights over the stride where 0.50 is expected, so its level is low by up to 16 %.",
)


def build(raw: Path) -> dict[str, str]:
    """File name → text of every file of the data set, from the folder of raw files."""
    try:
        data = loadmat(raw / FILES[0], squeeze_me=True, struct_as_record=False)["ExperimentalData"]
    except (OSError, ValueError, KeyError) as error:
        raise BadFile(f"{raw / FILES[0]} is missing or no data file of Falisse 2019: {error}.") from None
    names = opensim.names("gait2392")
    kinematics, speeds = data.Q.subject1.Qs, data.Q.subject1.Qdots
    angles, angle_names = _house_angles(kinematics.all, kinematics.colheaders, names)
    torques, torque_names = _house_angles(data.Torques.subject1.all, data.Torques.subject1.colheaders, names)
    inside = [k for k, name in enumerate(torque_names) if "pelvis" not in name]
    ground = _force(data.GRFs.subject1)
    activity, muscles = _activity(data.EMG.subject1, names)
    forward = list(kinematics.colheaders).index("pelvis_tx")
    speed = _mean_over_stride(speeds.all[:, forward])
    duration = (kinematics.all[-1, forward] - kinematics.all[0, forward]) / speed
    contact = np.array([_toe_off(vertical) for vertical in ground[:, 1].T]) / (len(ground) - 1)
    axes = ("anterior", "vertical", "lateral")
    stance = np.stack([_resample(ground[:, :, k], PchipInterpolator, contact[k]) for k in range(len(contact))])

    def part(values: np.ndarray, channels: tuple[str, ...], unit: str, phase: str = "stride") -> Strides:
        return Strides(SIDE, channels, unit, values, duration, contact, np.arange(1, len(contact) + 1), phase)

    parts = [
        ("angles", part(np.radians(_normalise(angles, CubicSpline)), angle_names, "rad")),
        ("force", part(_normalise(ground, PchipInterpolator), axes, "BW")),
        ("force", part(stance, axes, "BW", "stance")),
        (
            "moment",
            part(_normalise(torques[:, inside] / MASS, CubicSpline), [torque_names[k] for k in inside], "N m/kg"),
        ),
        ("activity", part(_normalise(activity, PchipInterpolator), muscles, "1")),
    ]
    content = dict(curves_file(strides, quantity) for quantity, strides in parts)
    content.update([figures_file(_figures(speed, duration, contact, data))])
    return content


def _house_angles(values: np.ndarray, columns: np.ndarray, names: opensim.Names) -> tuple[np.ndarray, list[str]]:
    """Columns of the right leg and the trunk in house names and signs, (100, C, N)."""
    chosen, house = [], []
    for k, column in enumerate(columns):
        found = names.angles.get(column) or names.angles.get(f"{column}_r")
        if found:
            chosen.append(found[1] * values[:, k])
            house.append(found[0].removesuffix(f"_{SIDE}"))
    return np.stack(chosen, axis=1), house


def _force(data: object) -> np.ndarray:
    """Anterior, vertical and lateral (outward for the right foot) force, (100, 3, N) [BW]."""
    columns = list(data.colheaders)
    order = [columns.index(name) for name in ("Fore-aft", "Vertical", "Lateral")]
    return data.all[:, order] / 100.0


def _activity(data: object, names: opensim.Names) -> tuple[np.ndarray, list[str]]:
    """EMG of the muscles that are compared, (100, C, N); NaN in trials without that muscle."""
    house = [names.muscles.get(re.sub("[- ]", "_", column.lower())) for column in data.colheaders]
    chosen = [k for k, muscle in enumerate(house) if muscle]
    return data.all[:, chosen], [house[k] for k in chosen]


def _toe_off(vertical: np.ndarray) -> float:
    """Sample, with its fraction, at which the vertical force [BW] of a stride falls through 20 N for the last time."""
    threshold = THRESHOLD / (MASS * STANDARD_GRAVITY)
    last = int(np.flatnonzero(vertical >= threshold)[-1])
    return last + (vertical[last] - threshold) / (vertical[last] - vertical[last + 1])


def _resample(values: np.ndarray, kind: type, until: float | np.ndarray = 1.0) -> np.ndarray:
    """Curves (100, C) at 101 points from 0 to `until` of the stride; NaN stays NaN."""
    phase = np.linspace(0.0, 1.0, len(values))
    at = np.linspace(0.0, float(until), POINTS)
    result = np.full((POINTS, values.shape[1]), np.nan)
    known = np.isfinite(values).all(axis=0)
    if known.any():
        result[:, known] = kind(phase, values[:, known], axis=0)(at)
    return result


def _normalise(values: np.ndarray, kind: type) -> np.ndarray:
    """(100, C, N) at the source to (N, 101, C); the 100 points include both heel strikes."""
    return np.stack([_resample(values[:, :, k], kind) for k in range(values.shape[2])])


def _mean_over_stride(values: np.ndarray) -> np.ndarray:
    """Mean over the stride of curves that include both ends, (100, N) to (N,)."""
    return np.trapezoid(values, axis=0) / (len(values) - 1)


def _figures(speed: np.ndarray, duration: np.ndarray, contact: np.ndarray, data: object) -> list[Row]:
    rows: list[Row] = []
    for k in range(len(speed)):
        trial = k + 1
        rows += [
            ("speed", "", trial, "m/s", float(speed[k])),
            ("stride_length", "", trial, "m", float(data.StrideLength.subject1.all[k])),
            ("step_width", "", trial, "m", float(data.StepWidth.subject1.all[k])),
            ("cadence", "", trial, "steps/min", 120.0 / float(duration[k])),
            ("stride_time", SIDE, trial, "s", float(duration[k])),
            ("stance_fraction", SIDE, trial, "1", float(contact[k])),
        ]
    return rows


def source_text(hashes: Mapping[str, str], command: str) -> str:
    """SOURCE.md of the data set."""
    return SOURCE.format(command=command, files="\n".join(f"- {name}: sha256 {hashes[name]}" for name in FILES))


SOURCE = """# falisse2019_walking

Eleven overground strides of one adult (62 kg, 1.22 to 1.43 m/s), all expressed as a right leg.

**Source.** github.com/antoinefalisse/3dpredictsim, commit 5fa3929fa9ba (2022-06-20), folder `ExperimentalData`.
Paper: Falisse A, Serrancoli G, Dembia CL, Gillis J, Jonkers I, De Groote F. Rapid predictive simulations with
complex musculoskeletal models suggest that diverse healthy and pathological human gaits can emerge from similar
control strategies. Journal of the Royal Society Interface 16 (2019) 20190402, doi:10.1098/rsif.2019.0402.

**Licence.** MIT, of the whole repository:

> MIT License. Copyright (c) 2019 antoinefalisse
>
> Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
> documentation files (the "Software"), to deal in the Software without restriction, including without
> limitation the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the
> Software, and to permit persons to whom the Software is furnished to do so, subject to the following
> conditions:
>
> The above copyright notice and this permission notice shall be included in all copies or substantial portions
> of the Software.
>
> THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED
> TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL
> THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF
> CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER
> DEALINGS IN THE SOFTWARE.

**Made from**
{files}

**By**

    {command}

**How.** The source gives 100 points per trial from heel strike to heel strike, both included. They are
resampled to 101 points (angles and moments by cubic spline, force and EMG by a monotone spline); nothing is
filtered here, since the source is filtered already by filters that the file does not state.
- Angles: degrees to radians; knee flexion and pelvic tilt negated, since in the model knee flexion and forward
  tilt of the pelvis are negative.
- Force: percent of body weight to body weights. `lateral` positive to the right, which is outward for the right
  foot. Stance ends where the vertical force falls through 20 N (3.3 % of body weight) for the last time.
- Moments: per kg of 62 kg, with the sign of the angle.
- EMG: Hamstrings-medialis, Hamstrings-lateralis (biceps_femoris), Gluteus-medialis (gluteus_medius) and
  Gastrocnemius-medialis (gastrocnemius) are taken; the scale is that of the source and has no stated reference.
- Speed: mean of the pelvis' forward velocity over the stride. Stride time: forward travel of the pelvis divided
  by it. stride_length and step_width are the source's own figures (its stride length is about 1 % less than the
  travel).

**Legs.** The source calls all strides right. Trial 5 is however the left stride of its trial gait_14 (3.195 to
4.265 s of gait_14_ik.mot), mirrored: all angles agree within 0.8 degrees (root mean square), and pelvis_list,
pelvis_rotation, lumbar_bending and lumbar_rotation do so within 0.2 degrees after a change of sign; its force
is that of the left plate within 1 % of body weight. Mean hip rotation is about +4 degrees in trials 1, 3, 5, 7,
8, 10 and about -5 degrees in 2, 4, 6, 9, 11; the two legs of gait_14 differ in the same way (+4.8 left, -6.1
right), and the full set of EMG exists in the first group only. So the first group are taken to be left strides
and the second right ones. Here they stay together, as in the source: names and signs are those of a right leg,
and the spread of rotations contains the difference between the legs.

**Limits.** One person: the spread is between trials. EMG in 6 trials, of the soleus and vastus lateralis in 11,
of the medial hamstrings in 8. The vertical force averages 0.42 to 0.49 body weights over the stride and leg,
where a steady walk has 0.50: its level is low by 2 to 16 %, so compare its shape rather than its level.
"""
