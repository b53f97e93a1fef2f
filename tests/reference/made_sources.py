"""Small folders in the layout of public data sets, their curves those of the made-up cohort."""

import csv
from pathlib import Path

import numpy as np

from biomimic.reference.cohort import SHARE, Cohort, draw

PEOPLE = 3


def curves(people: int = PEOPLE, seed: int = 4, speed: float = 1.25) -> list[dict[str, np.ndarray]]:
    """Mean curve (101,) of each channel of each person, angles in radians."""
    return [
        {name: rows.mean(axis=0) for name, rows in one.values.items()}
        for one in draw(Cohort(people=people, strides=4, seed=seed, speed=speed, spread=0.5))
    ]


def vertical(person: dict[str, np.ndarray]) -> np.ndarray:
    """Force over the stride [BW]: the stance's, and none in swing."""
    return np.where(SHARE <= 0.62, np.interp(SHARE / 0.62, SHARE, person["vertical"]), 0.0)


def anterior() -> np.ndarray:
    """Braking, then pushing over the first 62 % of the stride [BW]."""
    return np.where(SHARE <= 0.62, -0.2 * np.sin(2 * np.pi * SHARE / 0.62), 0.0)


def fukuchi(folder: Path, *, knee_sign: float = 1.0, workbook: bool = False) -> None:
    """Three people overground at two speeds and at one of the treadmill."""
    rows = [["Subject", "FileName", "Mass", "GaitSpeed(m/s)"]]
    for number, person in enumerate(curves(), start=1):
        for trial, letter, speed in (("O01", "C", 1.2), ("O02", "C", 1.3), ("O01", "S", 0.9)):
            name = f"WBDS{number:02d}walk{trial}{letter}.c3d"
            rows.append([str(number), name, f"{60 + number}", f"{speed + number / 100:g}"])
        rows.append([str(number), f"WBDS{number:02d}walkT03ang.txt", f"{60 + number}", "1.1"])
        rows.append([str(number), f"WBDS{number:02d}static1.c3d", f"{60 + number}", "--"])
        for walk in ("OC", "OS", "T03"):
            _fukuchi_files(folder / "ascii", f"WBDS{number:02d}walk{walk}", person, knee_sign)
    if workbook:
        _workbook(folder / "WBDSinfo.xlsx", rows)
    else:
        with (folder / "WBDSinfo.csv").open("w", newline="") as file:
            csv.writer(file).writerows(rows)


def _fukuchi_files(folder: Path, stem: str, person: dict[str, np.ndarray], knee_sign: float) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    names = {"Hip": "hip_flexion", "Knee": "knee_flexion", "Ankle": "ankle_dorsiflexion"}
    angles, kinetics = {"Time": 100 * SHARE}, {"Time": 100 * SHARE}
    for letter in "RL":
        for joint, name in names.items():
            sign = knee_sign if joint == "Knee" else 1.0
            angles[f"{letter}{joint}AngleX"] = np.zeros(101)
            angles[f"{letter}{joint}AngleZ"] = sign * np.degrees(person[name])
        kinetics[f"{letter}GRFX"] = 9.80665 * anterior()
        kinetics[f"{letter}GRFY"] = 9.80665 * vertical(person)
        kinetics[f"{letter}GRFZ"] = np.zeros(101)
    for kind, table in (("ang", angles), ("knt", kinetics)):
        lines = ["\t".join(table), *("\t".join(f"{v:.6g}" for v in row) for row in zip(*table.values()))]
        (folder / f"{stem}{kind}.txt").write_text("\n".join(lines) + "\n")


def _workbook(path: Path, rows: list[list[str]]) -> None:
    import zipfile

    words = sorted({cell for row in rows for cell in row if not _is_number(cell)})
    lines = []
    for number, row in enumerate(rows, start=1):
        cells = []
        for column, cell in enumerate(row):
            place = f"{chr(65 + column)}{number}"
            if _is_number(cell):
                cells.append(f'<c r="{place}"><v>{cell}</v></c>')
            else:
                cells.append(f'<c r="{place}" t="s"><v>{words.index(cell)}</v></c>')
        lines.append(f'<row r="{number}">{"".join(cells)}</row>')
    space = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("xl/sharedStrings.xml", f"<sst {space}>{''.join(f'<si><t>{w}</t></si>' for w in words)}</sst>")
        sheet = f"<worksheet {space}><sheetData>{''.join(lines)}</sheetData></worksheet>"
        package.writestr("xl/worksheets/sheet1.xml", sheet)


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdigit()


WANG_ANGLES = (
    "time pelvis_tilt pelvis_list pelvis_rotation pelvis_tx pelvis_ty pelvis_tz hip_flexion_r hip_adduction_r "
    "hip_rotation_r knee_angle_r ankle_angle_r subtalar_angle_r mtp_angle_r hip_flexion_l hip_adduction_l "
    "hip_rotation_l knee_angle_l ankle_angle_l subtalar_angle_l mtp_angle_l lumbar_extension lumbar_bending "
    "lumbar_rotation"
).split()


def wang(folder: Path, *, knee_sign: float = -1.0) -> None:
    """Three people walking at two speeds; the muscles are time, soleus, both gastrocnemii and six more."""
    from scipy.io import savemat

    for number, person in enumerate(curves(), start=4):
        angles = np.zeros((100, 24))
        for name, column, sign in (
            ("hip_flexion", "hip_flexion_r", 1.0),
            ("knee_flexion", "knee_angle_r", knee_sign),
            ("ankle_dorsiflexion", "ankle_angle_r", 1.0),
        ):
            angles[:, WANG_ANGLES.index(column)] = sign * np.degrees(person[name][:-1])
        muscles = np.tile(person["tibialis_anterior"][:-1, None], (1, 10))
        muscles[:, 1], muscles[:, 2], muscles[:, 3] = person["soleus"][:-1], 0.2, 0.4
        average = {"IKAngData": {"ave_r": angles}, "EMG": {"ave_r": muscles}}
        own = folder / f"Subj{number:02d}"
        own.mkdir(parents=True)
        for condition in ("walk_36", "walk_45"):
            content = {"Datastr": {"Resample": {"Sych": {"Average": average}}}}
            savemat(own / f"Subj{number:02d}_{condition}.mat", content)


def gait120(folder: Path, *, knee_sign: float = -1.0) -> None:
    """Two men, two trials of one stride each; strides begin at the left heel strike, the right one is at 50 %."""
    from scipy.io import savemat

    for number, person in enumerate(curves(2), start=1):
        own = folder / "Gait120_001_to_010" / f"S{number:03d}"
        emg = {}
        for trial in (1, 2):
            _gait120_step(own / "JointAngle" / "LevelWalking" / f"Trial{trial:02d}", person, knee_sign)
            muscles = {name: _half_later(person["tibialis_anterior"]) for name in GAIT120_MUSCLES}
            muscles["SoleusMedialis"] = _half_later(person["soleus"])
            emg[f"Trial{trial:02d}"] = {"Step01": {"EMGs_interpolated": muscles}}
        (own / "EMG").mkdir()
        savemat(own / "EMG" / "ConvertedData.mat", {"LevelWalking": emg})


GAIT120_MUSCLES = (
    "VastusLateralis RectusFemoris VastusMedialis TibialisAnterior BicepsFemoris Semitendinosus "
    "GastrocnemuisMedialis GastrocnemiusLateralis SoleusMedialis PeroneusLongus PeroneusBrevis"
).split()


def _half_later(curve: np.ndarray) -> np.ndarray:
    """A right stride's curve as it is seen in a left stride."""
    return np.append(np.roll(curve[:-1], 50), curve[50])


def _gait120_step(folder: Path, person: dict[str, np.ndarray], knee_sign: float) -> None:
    folder.mkdir(parents=True)
    columns = {"time": 1.1 * SHARE}
    for name, label in (("hip_flexion", "hip_flexion"), ("ankle_dorsiflexion", "ankle_angle")):
        columns[f"{label}_l"], columns[f"{label}_r"] = np.degrees(person[name]), np.degrees(_half_later(person[name]))
    knee = knee_sign * np.degrees(person["knee_flexion"])
    columns |= {"knee_angle_l": knee, "knee_angle_r": _half_later(knee)}
    columns |= {"hip_adduction_l": np.full(101, -3.0), "hip_adduction_r": np.full(101, 3.0)}
    columns |= {"hip_rotation_l": np.zeros(101), "hip_rotation_r": np.zeros(101)}
    head = f"Coordinates\nversion=1\nnRows=101\nnColumns={len(columns)}\ninDegrees=yes\nendheader\n"
    lines = ["\t".join(columns), *("\t".join(f"{v:.8g}" for v in row) for row in zip(*columns.values()))]
    (folder / "step01.mot").write_text(head + "\n".join(lines) + "\n")


LENCIONI = """
strides = "s.Data"
mass = "s.BM"
condition = "Task"
keep = ["Walking"]
side = "Foot"
right = "RX"
speed = "speed"
[[curves]]
quantity = "angles"
channel = "knee_flexion"
field = "Ang"
row = 1
unit = "deg"
sign = -1
[[curves]]
quantity = "force"
channel = "vertical"
field = "Grf"
unit = "N"
"""


def lencioni(folder: Path, told: str = LENCIONI) -> None:
    """Two people with two right strides, a left one and one on stairs, and what is told of their fields."""
    from scipy.io import savemat

    folder.mkdir(parents=True, exist_ok=True)
    for number, person in enumerate(curves(2), start=1):
        mass = 60.0 + number
        angles = np.stack((np.zeros(101), -np.degrees(person["knee_flexion"])))
        force = mass * 9.80665 * vertical(person)
        stride = {"Task": "Walking", "Foot": "RX", "speed": 1.2, "Ang": angles, "Grf": force}
        others = [{**stride, "speed": 1.4}, {**stride, "Foot": "LX"}, {**stride, "Task": "StepUp"}]
        savemat(folder / f"Subject{number}.mat", {"s": {"BM": mass, "Data": np.array([stride, *others], object)}})
    (folder / "lencioni2019.toml").write_text(told)
