"""Bad files of a laboratory: each ends in one sentence that names file, line or channel, and what would work."""

import made_c3d
import made_gait
import numpy as np
import pytest

from biomimic.errors import BiomimicError
from biomimic.readers import Told, read
from biomimic.readers.__main__ import main

MASS = Told(mass=made_gait.MASS)
PLATES = {"ground_force_1_": "right", "ground_force_2_": "left"}


def _change(path, old: str, new: str, count: int = 1):
    text = path.read_text()
    assert old in text, old
    path.write_text(text.replace(old, new, count))
    return path


def _lines(path, change):
    lines = path.read_text().splitlines()
    change(lines)
    path.write_text("\n".join(lines) + "\n")
    return path


def _truncated(folder):
    path = made_gait.angles(folder / "ik.mot")
    text = path.read_text()
    path.write_text(text[: len(text) - 40])
    return [path], MASS


def _empty(folder):
    (folder / "ik.mot").write_text("")
    return [folder / "ik.mot"], MASS


def _binary(folder):
    (folder / "ik.mot").write_bytes(made_c3d.write(folder / "a.c3d").read_bytes())
    return [folder / "ik.mot"], MASS


def _text_as_binary(folder):
    (folder / "a.c3d").write_bytes(made_gait.angles(folder / "ik.mot").read_bytes())
    return [folder / "a.c3d"], MASS


def _twice(folder):
    return [_change(made_gait.angles(folder / "ik.mot"), "knee_angle_l", "knee_angle_r")], MASS


def _backwards(folder):
    def swap(lines):
        lines[20], lines[21] = lines[21], lines[20]

    return [_lines(made_gait.angles(folder / "ik.mot"), swap)], MASS


def _again(folder):
    return [_lines(made_gait.angles(folder / "ik.mot"), lambda lines: lines.insert(20, lines[19]))], MASS


def _again_trc(folder):
    return [_lines(made_gait.trc(folder / "m.trc"), lambda lines: lines.insert(20, lines[19]))], Told()


def _comma(folder):
    def write(lines):
        lines[15] = lines[15].replace(".", ",")

    return [_lines(made_gait.angles(folder / "ik.mot"), write)], MASS


def _comma_csv(folder):
    def write(lines):
        lines[5] = lines[5].replace(".", ",")

    return [_lines(made_gait.sheet(folder / "walk.csv"), write)], Told()


def _millimetres(folder):
    return [_change(made_gait.trc(folder / "m.trc", unit="mm"), "\tmm\t", "\tm\t")], Told()


def _millimetres_pelvis(folder):
    def write(lines):
        cells = [line.split("\t") for line in lines[7:]]
        lines[7:] = ["\t".join([*row[:4], *(f"{1000 * float(x):g}" for x in row[4:7]), *row[7:]]) for row in cells]

    return [_lines(made_gait.angles(folder / "ik.mot"), write)], MASS


def _millimetres_pressure(folder):
    def write(lines):
        cells = [line.split("\t") for line in lines[7:]]
        lines[7:] = ["\t".join([*row[:4], *(f"{1000 * float(x):g}" for x in row[4:7]), *row[7:]]) for row in cells]

    return [_lines(made_gait.forces(folder / "grf.mot", {"ground_force_r_": "right"}), write)], MASS


def _no_foot(folder):
    return [made_c3d.write(folder / "a.c3d", change=_far)], Told()


def _far(file):
    table = np.array(file["parameters"]["FORCE_PLATFORM"]["CORNERS"]["value"], float)
    table[1] += 3000.0
    file.add_parameter("FORCE_PLATFORM", "CORNERS", table)


def _two_feet(folder):
    return [made_c3d.write(folder / "a.c3d", change=_together)], Told()


def _together(file):
    points = np.array(file["data"]["points"])
    names = list(made_gait.MARKERS)
    for end in ("HEE", "TOE"):
        points[:3, names.index(f"L{end}")] = points[:3, names.index(f"R{end}")] + np.array([0.0, 20.0, 0.0])[:, None]
    file["data"]["points"] = points


def _unseen(folder):
    def blank(lines):
        for k in range(6, len(lines)):
            cells = lines[k].split("\t")
            lines[k] = "\t".join([*cells[:2], *([""] * (len(cells) - 2))])

    return [_lines(made_gait.trc(folder / "m.trc"), blank)], Told()


def _no_side(folder):
    return [made_gait.emg(folder / "emg.sto", names=("soleus", "tibialis_anterior"))], MASS


def _no_side_plate(folder):
    return [made_gait.forces(folder / "grf.mot", PLATES)], MASS


def _no_mass(folder):
    return [made_gait.angles(folder / "ik.mot")], Told()


def _degrees(folder):
    return [
        made_gait.angles(folder / "ik.mot", degrees=False),
    ], Told(mass=70.0, degrees=True)


def _radians_as_degrees(folder):
    return [_change(made_gait.angles(folder / "ik.mot", degrees=False), "inDegrees=no", "inDegrees=yes")], MASS


def _degrees_as_radians(folder):
    return [_change(made_gait.angles(folder / "ik.mot"), "inDegrees=yes", "inDegrees=no")], MASS


def _kilonewtons(folder):
    def write(lines):
        cells = [line.split("\t") for line in lines[7:]]
        lines[7:] = ["\t".join([row[0], *(f"{float(x) / 1000:g}" for x in row[1:4]), *row[4:]]) for row in cells]

    return [_lines(made_gait.forces(folder / "grf.mot", {"ground_force_r_": "right"}), write)], MASS


def _on_the_plate(folder):
    def write(lines):
        cells = [line.split("\t") for line in lines[7:]]
        lines[7:] = ["\t".join([row[0], *(f"{-float(x):g}" for x in row[1:4]), *row[4:]]) for row in cells]

    return [_lines(made_gait.forces(folder / "grf.mot", {"ground_force_r_": "right"}), write)], MASS


def _sides(folder):
    files = [made_gait.angles(folder / "ik.mot")]
    files.append(made_gait.forces(folder / "grf.mot", {"ground_force_l_": "right", "ground_force_r_": "left"}))
    return files, MASS


def _two_of_a_kind(folder):
    return [made_gait.angles(folder / "one.mot"), made_gait.angles(folder / "two.mot")], MASS


def _hand(folder):
    made_gait.forces(folder / "grf.mot", PLATES)
    return [made_gait.external_loads(folder / "l.xml", "grf.mot", {"ground_force_1_": "hand_r"})], MASS


def _lost_data(folder):
    return [made_gait.external_loads(folder / "l.xml", "gone.mot", {"ground_force_1_": "calcn_r"})], MASS


def _cut_xml(folder):
    path = made_gait.external_loads(folder / "l.xml", "grf.mot", {"ground_force_1_": "calcn_r"})
    path.write_text(path.read_text()[:200])
    return [path], MASS


def _no_sidecar(folder):
    made_gait.sheet(folder / "walk.csv").with_suffix(".toml").unlink()
    return [folder / "walk.csv"], Told()


def _undescribed(folder):
    _change(made_gait.sheet(folder / "walk.csv").with_suffix(".toml"), 'ignore = ["frame"]', "ignore = []")
    return [folder / "walk.csv"], Told()


def _wrong_unit(folder):
    _change(made_gait.sheet(folder / "walk.csv").with_suffix(".toml"), '"deg"', '"gon"')
    return [folder / "walk.csv"], Told()


def _spreadsheet(folder):
    (folder / "walk.xlsx").write_bytes(b"PK\x03\x04")
    return [folder / "walk.xlsx"], Told()


def _silent(folder):
    return [folder / "gone.mot"], Told()


def _backward_walk(folder):
    def write(lines):
        cells = [line.split("\t") for line in lines[7:]]
        lines[7:] = ["\t".join([*row[:4], f"{-float(row[4]):g}", *row[5:]]) for row in cells]

    return [_lines(made_gait.angles(folder / "ik.mot"), write)], MASS


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (_truncated, "ik.mot is cut short or damaged: line 128 has . of 13 columns|ik.mot.*line 12. has"),
        (_empty, "ik.mot is empty, so it is no MOT file; copy or export it again"),
        (_binary, r"ik.mot is no text: it holds binary data .* Give it the ending of what it is"),
        (_text_as_binary, "a.c3d is no C3D file: it does not begin as one"),
        (_twice, "ik.mot has more than one column called knee_angle_r; rename or remove"),
        (_backwards, "ik.mot: time must increase; line 22 has .* after .* s. Leave out rows"),
        (_again, "ik.mot: time must increase; line 21 has the same time again after .* s"),
        (_again_trc, "m.trc: time must increase; line 21 has the same time again"),
        (_comma, 'ik.mot: line 16, column "time", holds "0,16", which has a decimal comma; export the file'),
        (_comma_csv, "walk.csv is cut short or damaged: line 6 has .+ of 5 columns. A decimal comma"),
        (_millimetres, "m.trc says m, but .* They look like mm: correct the unit"),
        (_millimetres_pelvis, "ik.mot: pelvis_ty is 950 m, higher than any person's pelvis.* look like mm"),
        (_millimetres_pressure, "grf.mot: the centre of pressure of a loaded foot is .* millimetres, so write"),
        (_no_foot, "a.c3d: force plate 1 is loaded from .* but the nearer foot is .* leave that plate out"),
        (_two_feet, "a.c3d: force plate . is loaded from .* so both may stand on it; leave that plate out"),
        (_unseen, "m.trc has no marker that was ever seen"),
        (_no_side, 'emg.sto does not say on which side "soleus" was recorded; give the side'),
        (_no_side_plate, "grf.mot: the columns ground_force_1_v… do not say the foot. Say the side of each"),
        (_no_mass, "ik.mot does not say the mass of the person; give it in kg"),
        (_degrees, "ik.mot says inDegrees=no and the opposite was given"),
        (_radians_as_degrees, "ik.mot: the knees move by only 1° while the person walks; .* inDegrees=no"),
        (_degrees_as_radians, "ik.mot says that its angles are radians, but they reach .* Put inDegrees=yes"),
        (_kilonewtons, r"vertical_right reaches 0.\d+ N, .* \(it would fit in .*kN"),
        (_on_the_plate, "vertical_right reaches 0 N upward and .* N downward, while the ground can only push upward"),
        (_sides, "The legs fit the force once right and left are exchanged"),
        (_two_of_a_kind, "one.mot and .*two.mot both hold joint angles; a trial has one such file"),
        (_hand, 'l.xml: the force "f0" acts on hand_r, which is no foot'),
        (_lost_data, "l.xml takes its forces from gone.mot, which is not beside it"),
        (_cut_xml, "l.xml is no XML or is cut short"),
        (_no_sidecar, r"walk.csv does not say its units, signs, sides and rate; describe its columns in walk.toml"),
        (_undescribed, "walk.csv has columns that walk.toml does not describe: frame"),
        (_wrong_unit, 'No unit of angles "gon".*It has: deg, rad'),
        (_spreadsheet, "walk.xlsx is no trial: export the sheet as .csv"),
        (_silent, "gone.mot was asked for and does not exist"),
        (_backward_walk, r'the pelvis travels -2\.\d+ m forward .* say forward = "-x"'),
    ],
    ids=lambda one: one.__name__.strip("_") if callable(one) else "",
)  # fmt: skip
def test_bad_input_is_one_sentence(tmp_path, make, words, capsys):
    files, told = make(tmp_path)
    with pytest.raises(BiomimicError, match=words) as caught:
        read(files if len(files) > 1 else files[0], told)
    assert "\n" not in str(caught.value)
    out = tmp_path / "out.npz"
    options = ["--mass", str(told.mass)] if told.mass else []
    assert main(["read", *map(str, files), *options, *(["--degrees"] if told.degrees else []), "--out", str(out)]) == 2
    said = capsys.readouterr()
    assert said.err.strip().count("\n") == 0 and "Traceback" not in said.err and not out.exists()


def test_a_wrong_number_of_rows_is_noted_not_refused(tmp_path, caplog):
    """Files of well-known data sets promise more rows than they have."""
    path = _change(made_gait.angles(tmp_path / "ik.mot"), "nRows=121", "nRows=200")
    trial = read(path, MASS)
    assert len(trial.angles) == 121
    assert "ik.mot: its header promises 200 rows, it has 121; if the trial was longer, export it again" in caplog.text
    assert "promises 200 rows" in trial.provenance.note


def test_a_lost_marker_leaves_the_others(tmp_path):
    def blank(lines):
        for k in range(6, len(lines)):
            cells = lines[k].split("\t")
            lines[k] = "\t".join([*cells[:14], "", "", "", *cells[17:]])

    motion = read(_lines(made_gait.trc(tmp_path / "m.trc"), blank))
    assert "C7" not in motion.landmarks and len(motion.landmarks) == len(made_gait.MARKERS) - 1
    assert "never seen and dropped: C7" in motion.provenance.note


def test_an_accepted_channel_is_noted(tmp_path):
    path = _change(made_gait.forces(tmp_path / "grf.mot", {"ground_force_r_": "right"}), "ground_force_r_vx", "q")
    path.write_text(path.read_text().replace("\tq\t", "\tground_force_r_vx\t"))
    heavy = Told(mass=400.0)
    with pytest.raises(BiomimicError, match="accept vertical_right"):
        read(path, heavy)
    trial = read(path, Told(mass=400.0, accepted=("vertical_right",)))
    assert "failed and accepted: vertical_right" in trial.provenance.note
