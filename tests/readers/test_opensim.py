import math

import numpy as np
import pytest

from biomimic.errors import BadFile, BadValue, UnknownName
from biomimic.readers import opensim

RAJAGOPAL = opensim.names("rajagopal2016")


def _write(path, text):
    path.write_text(text)
    return path


def test_degrees_become_radians_and_translations_stay(tmp_path):
    table = opensim.read_table(
        _write(
            tmp_path / "a.mot",
            "a\nversion=1\nnRows=2\nnColumns=3\ninDegrees=yes\nendheader\n"
            "time\tknee_angle_r\tpelvis_tx\n0\t180\t90\n0.01\t90\t91\n",
        )
    )
    np.testing.assert_allclose(table.channel("knee_angle_r"), [math.pi, math.pi / 2])
    np.testing.assert_array_equal(table.channel("pelvis_tx"), [90, 91])
    assert table.rate == 100.0 and table.unit == "SI"


def test_forces_stay_newtons_even_if_the_header_says_degrees(tmp_path):
    text = (
        "a\ninDegrees=yes\nendheader\ntime ground_force_vy ground_torque_y hip_flexion_r_moment\n0 700 5 8\n1 1 2 3\n"
    )
    table = opensim.read_table(_write(tmp_path / "a.mot", text))
    np.testing.assert_array_equal(table.values, [[700, 5, 8], [1, 2, 3]])


@pytest.mark.parametrize(
    ("header", "factor"),
    [
        ("a\ninDegrees=no\nendheader\n", 1.0),
        ("a\nINDEGREES = YES\t\t\nEndHeader  \n", math.pi / 180),
        ("a\nversion=3\nnRows=1\nendheader\n", 1.0),  # OpenSim's own default
        ("name a.mot\ndatacolumns 2\ndatarows 2\nrange 0 1\nendheader\n", math.pi / 180),  # the older form is degrees
        (
            "a\n\nUnits are S.I. units (second, meters)\nAngles are in degrees.\n\ninDegrees=yes\n\nendheader\n",
            math.pi / 180,
        ),
    ],
)
def test_header_forms(tmp_path, header, factor):
    table = opensim.read_table(_write(tmp_path / "a.mot", header + "time\tq\n0\t2\n1\t2\n"))
    np.testing.assert_allclose(table.channel("q"), 2.0 * factor)


def test_state_paths_are_shortened(tmp_path):
    labels = (
        "time\t/jointset/hip_r/hip_flexion_r/value\t/jointset/hip_r/hip_flexion_r/speed\t/forceset/soleus_r/activation"
    )
    table = opensim.read_table(
        _write(tmp_path / "a.sto", f"a\ninDegrees=no\nendheader\n{labels}\n0\t1\t2\t3\n1\t1\t2\t3\n")
    )
    assert table.names == ("hip_flexion_r", "hip_flexion_r/speed", "soleus_r/activation")


def test_padding_blank_lines_missing_values_and_a_wrong_row_count(tmp_path, caplog):
    text = "\ufeffa\t\t\nnRows=5\t\t\ninDegrees=no\nendheader\t\t\n\n"
    text += "   time\t  a\tb\t\t\n -5e-7\t 1\t nan\t\t\n\n0.1  2  -1.#IND\n0.2\t\t7\n"
    table = opensim.read_table(_write(tmp_path / "a.sto", text))
    np.testing.assert_array_equal(table.values, [[1, np.nan], [2, np.nan], [np.nan, 7]])
    assert "promises 5 rows, it has 3" in caplog.text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("time\ta\n0\t1\n", 'no line "endheader"'),
        ("a\nendheader\ntime\ta\n", "no OpenSim table or is cut short"),
        ("a\nendheader\ntime\ta\tb\n0\t1\t2\n1\t3\n", r"cut short or damaged: line 5 has 2 of 3 columns"),
        ("a\nendheader\ntime\ta\n0\tone\n", 'line 4, column "a", holds "one", which is no number'),
        ("a\nendheader\nframe\ta\n0\t1\n", 'the first column is "frame"'),
        ("a\nendheader\ntime\ta\n1\t1\n0\t1\n", "time must increase; line 5 has 0 s after 1 s"),
        ("a\ninDegrees=maybe\nendheader\ntime\ta\n1\t1\n", 'inDegrees is "maybe"'),
    ],
)
def test_bad_tables_are_one_sentence(tmp_path, text, message):
    with pytest.raises(BadFile, match=message):
        opensim.read_table(_write(tmp_path / "a.mot", text))


def test_missing_file(tmp_path):
    with pytest.raises(BadFile, match="absent.mot cannot be read"):
        opensim.read_table(tmp_path / "absent.mot")


COLUMNS = ("pelvis_tilt", "pelvis_tx", "pelvis_ty", "pelvis_tz", "knee_angle_r", "knee_angle_l", "ankle_angle_r")


def _coordinates(path, row, degrees="no"):
    body = "\n".join("\t".join(str(x) for x in (t, *row)) for t in (0, 0.01))
    return _write(path, f"a\ninDegrees={degrees}\nendheader\ntime\t" + "\t".join(COLUMNS) + f"\n{body}\n")


@pytest.mark.parametrize(("family", "sign"), [("rajagopal2016", 1.0), ("gait2392", -1.0)])
def test_house_names_signs_and_frame(tmp_path, family, sign):
    file = _coordinates(tmp_path / "ik.mot", (0.1, 1.0, 0.9, 0.2, sign * 0.5, sign * 0.6, 0.3))
    trial = opensim.read_recording(coordinates=file, mass=70.0, names=opensim.names(family))
    expected = {
        "pelvis_tilt": -0.1,
        "knee_flexion_right": 0.5,
        "knee_flexion_left": 0.6,
        "ankle_dorsiflexion_right": 0.3,
    }
    for name, value in expected.items():
        np.testing.assert_allclose(trial.angles.channel(name), value)
    # OpenSim x forward, y up, z right to x forward, y left, z up
    np.testing.assert_allclose(trial.position.values[0], [1.0, -0.2, 0.9])
    assert trial.position.names == ("pelvis_x", "pelvis_y", "pelvis_z")
    assert trial.trial == "ik" and len(trial.provenance.sha256) == 64


def test_degrees_under_a_radian_header_are_refused(tmp_path):
    file = _coordinates(tmp_path / "ik.mot", (0.1, 1.0, 0.9, 0.2, 40.0, 50.0, 5.0))
    with pytest.raises(BadFile, match="says that its angles are radians, but they reach 50"):
        opensim.read_recording(coordinates=file, mass=70.0, names=RAJAGOPAL)


FORCE = "time {0}vx {0}vy {0}vz {0}px {0}py {0}pz {1}vx {1}vy {1}vz {1}px {1}py {1}pz {0}my {1}my\n"


@pytest.mark.parametrize(
    ("right", "left", "plates"),
    [
        ("ground_force_r_", "ground_force_l_", None),
        ("R_ground_force_", "L_ground_force_", None),
        ("1_ground_force_", "ground_force_", {"1_ground_force_": "right", "ground_force_": "left"}),
        ("ground_force_2_", "ground_force_1_", {"ground_force_2_": "right", "ground_force_1_": "left"}),
    ],
)
def test_force_of_each_foot(tmp_path, right, left, plates):
    text = (
        "a\nendheader\n"
        + FORCE.format(right, left)
        + "0 1 500 3 0.1 0 0.2 4 10 6 331 0 -495 7 8\n1 1 500 3 0.1 0 0.2 4 10 6 331 0 -495 7 8\n"
    )
    names = opensim.names("gait2392", plates=plates)
    trial = opensim.read_recording(coordinates=None, forces=_write(tmp_path / "g.mot", text), mass=70.0, names=names)
    found = dict(zip(trial.force.names, trial.force.values[0]))
    # z points right: outward for the right foot, inward for the left one
    assert found == {
        "vertical_right": 500, "anterior_right": 1, "lateral_right": 3,
        "vertical_left": 10, "anterior_left": 4, "lateral_left": -6,
    }  # fmt: skip
    np.testing.assert_array_equal(trial.pressure.values[0], [0.1, -0.2, np.nan, np.nan])  # 10 N is not loaded
    np.testing.assert_array_equal(trial.free_moment.values[0], [7, 8])


def test_plates_that_do_not_say_the_foot(tmp_path):
    text = (
        "a\nendheader\n"
        + FORCE.format("ground_force_", "1_ground_force_")
        + "0 "
        + "0 " * 13
        + "1\n"
        + "1 "
        + "0 " * 14
        + "\n"
    )
    with pytest.raises(UnknownName, match=r"no force columns that say which foot .*plates=\{"):
        opensim.read_forces(_write(tmp_path / "g.mot", text), RAJAGOPAL)


def test_emg_names_and_side(tmp_path):
    text = "a\nendheader\ntime\tVastus-medius\tsoleus\tmarker 3\n0\t0.1\t0.2\t9\n1\t0.1\t0.2\t9\n"
    names = opensim.names("rajagopal2016", emg_side="left")
    trial = opensim.read_recording(coordinates=None, emg=_write(tmp_path / "e.sto", text), mass=70.0, names=names)
    assert trial.activity.names == ("vastus_medialis_left", "soleus_left") and trial.activity.unit == "1"


def test_moments_carry_the_sign_of_their_angle(tmp_path):
    text = "a\ninDegrees=no\nendheader\ntime\tknee_angle_r_moment\tpelvis_tx_force\n0\t30\t1\n1\t30\t1\n"
    file = _write(tmp_path / "id.sto", text)
    moments = opensim.read_moments(file, opensim.names("gait2392"))
    assert moments.names == ("knee_flexion_right",) and moments.unit == "N m"
    np.testing.assert_array_equal(moments.values[:, 0], -30)


def test_unknown_family_and_no_file():
    with pytest.raises(UnknownName, match='No OpenSim model family "gait2354".*Did you mean "gait2392"'):
        opensim.names("gait2354")
    with pytest.raises(BadValue, match="without any file"):
        opensim.read_recording(coordinates=None, mass=70.0, names=RAJAGOPAL)


def test_every_shared_table_is_read(shared_data):
    """Eight sources, all header forms; knees flex by 40 to 160 degrees in the house sign, walking or running."""
    for file in sorted(shared_data.glob("*/*ik.mot")):
        family = "rajagopal2016" if "opencap" in str(file) else "gait2392"
        angles = opensim.read_recording(coordinates=file, mass=70.0, names=opensim.names(family)).angles
        knee = np.degrees(angles.channel("knee_flexion_right"))
        assert 40 < knee.max() < 160 and knee.mean() > 10, file


def test_rajagopal_trial(shared_data):
    """Published with the data: model mass 85.27 kg, speed about 1.25 m/s, force peaks near 1.1 body weights."""
    raw = shared_data / "rajagopal2016-walk"
    trial = opensim.read_recording(
        coordinates=raw / "coordinates.sto", forces=raw / "grf_walk.mot", emg=raw / "electromyography.sto",
        mass=85.27, names=RAJAGOPAL,
    )  # fmt: skip
    assert len(trial.angles.names) == 16 and len(trial.activity.names) == 10
    peak = trial.force.channel("vertical_right").max() / (85.27 * 9.80665)
    assert 1.05 < peak < 1.2
    travel = np.diff(trial.position.channel("pelvis_x")[[0, -1]])[0] / np.ptp(trial.position.time)
    assert 1.2 < travel < 1.3
    # walking people push the ground outward, so it pushes them inward
    assert trial.force.channel("lateral_right").mean() < 0 and trial.force.channel("lateral_left").mean() < 0
    first = trial.pressure.between(0.3, 1.0).channel("pressure_x_right")  # within the first stance
    assert 0.15 < np.ptp(first) < 0.35  # [m] about a foot's length
