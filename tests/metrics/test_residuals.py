"""Two rules for residuals; the worked example is the sample that comes with OpenSim, before and after its reduction."""

import numpy as np
import pytest

from biomimic.errors import BadFile, BadValue, UnknownName
from biomimic.metrics import residuals
from biomimic.metrics.residuals import CHECKLIST, HICKS
from biomimic.readers import opensim
from biomimic.signals import Signals

EXTERNAL, HEIGHT = 811.0, 1.0  # [N] largest external force of the sample; [m]
REDUCED = {"FX": (18.2, 4.9), "FY": (32.2, 8.8)}  # [N] peak and RMS after residual reduction
INVERSE = {"FX": (122.0, 23.0), "FY": (167.0, 25.0)}  # [N] of inverse dynamics before it


def signals(sizes, unit="N", count=1001):
    """Channels with exactly this peak and RMS: one sample of the peak, the others of one size and alternating sign."""
    columns = []
    for peak, rms in sizes.values():
        rest = np.sqrt((count * rms**2 - peak**2) / (count - 1))
        column = rest * (-1.0) ** np.arange(count)
        column[500] = -peak
        columns.append(column)
    return Signals(np.arange(count) / 100.0, np.column_stack(columns), tuple(sizes), unit)


def verdicts(found, external=EXTERNAL, height=HEIGHT):
    graded = residuals.grade(found, external_force=external, height=height)
    return {(one.rule, one.name, one.statistic): one for one in graded}


def passed(found):
    return {key: one.passed for key, one in verdicts(found).items()}


@pytest.mark.published("residual_sizes")
def test_peak_and_rms_by_hand():
    found = residuals.sizes(Signals(np.arange(4.0), np.array([[3.0], [-4.0], [0.0], [0.0]]), ("residual_x",), "N"))
    assert found == (("residual_x", "N", 4.0, 2.5),)  # sqrt((9 + 16) / 4)


@pytest.mark.published("residual_rules")
def test_sample_after_reduction_passes_one_rule_and_fails_the_other():
    found = passed(residuals.sizes(signals(REDUCED)))
    assert found[CHECKLIST, "FX", "peak"] and found[CHECKLIST, "FX", "rms"]
    assert not found[CHECKLIST, "FY", "peak"] and found[CHECKLIST, "FY", "rms"]  # 32.2 of 25 N, 8.8 of 15 N
    assert all(found[HICKS, axis, statistic] for axis in ("FX", "FY") for statistic in ("peak", "rms"))
    verdict = verdicts(residuals.sizes(signals(REDUCED)))[HICKS, "FY", "peak"]
    assert verdict.value == pytest.approx(32.2) and verdict.limit == pytest.approx(40.55)  # 5 % of 811 N


@pytest.mark.published("residual_rules")
def test_moment_of_the_sample_passes_the_checklist():
    found = verdicts(residuals.sizes(signals({"MZ": (45.6, 10.1)}, "N m")))
    assert found[CHECKLIST, "MZ", "peak"].passed and found[CHECKLIST, "MZ", "rms"].passed  # of 75 and 50 N m
    strict = found[HICKS, "MZ", "peak"]
    assert strict.limit == pytest.approx(8.11) and not strict.passed  # 1 % of 1 m times 811 N


@pytest.mark.published("residual_rules")
def test_sample_before_reduction_fails_both_rules():
    found = passed(residuals.sizes(signals(INVERSE)))
    assert not any(found[rule, axis, "peak"] for rule in (HICKS, CHECKLIST) for axis in ("FX", "FY"))
    assert not any(found[CHECKLIST, axis, "rms"] for axis in ("FX", "FY"))
    assert all(found[HICKS, axis, "rms"] for axis in ("FX", "FY"))  # 23 and 25 N are under 40.55 N


def test_where_a_value_lies_in_the_range_of_the_checklist():
    found = verdicts(residuals.sizes(signals({"a": (9.0, 4.0), "b": (18.2, 4.9), "c": (30.0, 16.0)})))
    notes = [found[CHECKLIST, name, "peak"].note.split()[0] for name in "abc"]
    assert notes == ["below", "within", "above"]
    assert found[CHECKLIST, "c", "rms"].note == "above the range of 5 to 15 N"


def test_a_limit_grows_with_the_person_under_one_rule_only():
    heavy = verdicts(residuals.sizes(signals(REDUCED)), external=2 * EXTERNAL)
    light = verdicts(residuals.sizes(signals(REDUCED)))
    assert heavy[HICKS, "FX", "peak"].limit == pytest.approx(2 * light[HICKS, "FX", "peak"].limit)
    assert heavy[CHECKLIST, "FX", "peak"].limit == light[CHECKLIST, "FX", "peak"].limit
    assert set(residuals.SOURCES) == {HICKS, CHECKLIST}


def test_missing_residuals_pass_nothing():
    holed = signals(REDUCED).values.copy()
    holed[10, 0] = np.nan
    found = passed(residuals.sizes(signals(REDUCED).with_values(holed)))
    assert not any(found[rule, "FX", statistic] for rule in (HICKS, CHECKLIST) for statistic in ("peak", "rms"))


@pytest.mark.published("external_force")
def test_largest_external_force_of_both_feet():
    # at the second instant both feet push outward with 100 N, which cancels: |(30 + 10, 0, 600 + 300)| = 900.89 N
    columns = {
        "vertical_right": [500, 600],
        "anterior_right": [0, 30],
        "lateral_right": [0, 100],
        "vertical_left": [0, 300],
        "anterior_left": [0, 10],
        "lateral_left": [0, 100],
    }
    force = Signals(np.arange(2.0), np.array(list(columns.values()), float).T, tuple(columns), "N")
    assert residuals.largest_external_force(force) == pytest.approx(np.hypot(40, 900))
    one = force.select(("vertical_right", "anterior_right", "lateral_right"))
    assert residuals.largest_external_force(one) == pytest.approx(np.sqrt(600**2 + 30**2 + 100**2))


INVERSE_COLUMNS = ("pelvis_tilt_moment", "pelvis_list_moment", "pelvis_rotation_moment")
INVERSE_COLUMNS += ("pelvis_tx_force", "pelvis_ty_force", "pelvis_tz_force", "knee_angle_r_moment")


@pytest.mark.parametrize(
    ("columns", "row"),
    [(INVERSE_COLUMNS, (1, 2, 3, 4, 5, 6, 7)), (("FX", "FY", "FZ", "MX", "MY", "MZ"), (4, 5, 6, 2, 3, 1))],
)
def test_residuals_are_read_in_house_axes_and_signs(tmp_path, columns, row):
    file = tmp_path / "left_over.sto"
    table = "\n".join("\t".join(map(str, (time, *row))) for time in (0.0, 0.1))
    file.write_text("left over\ninDegrees=no\nendheader\ntime\t" + "\t".join(columns) + "\n" + table + "\n")
    force, moment = opensim.read_residuals(file)
    assert (force.unit, force.names) == ("N", ("residual_x", "residual_y", "residual_z"))
    np.testing.assert_allclose(force.values[0], [4, -6, 5])  # forward, left, up
    assert (moment.unit, moment.names) == ("N m", ("residual_tilt", "residual_list", "residual_rotation"))
    np.testing.assert_allclose(moment.values[0], [-1, 2, 3])  # tilt is anterior here


def test_files_without_residuals_and_impossible_rules(tmp_path):
    file = tmp_path / "moments.sto"
    file.write_text("m\ninDegrees=no\nendheader\ntime\tknee_angle_r_moment\n0\t1\n0.1\t2\n")
    with pytest.raises(UnknownName, match='No residual "FX" in .*moments.sto'):
        opensim.read_residuals(file)
    with pytest.raises(BadFile, match="cannot be read"):
        opensim.read_residuals(tmp_path / "none.sto")
    with pytest.raises(BadValue, match="above 0; got 0 N and 1 m"):
        residuals.grade((), external_force=0.0, height=1.0)
    with pytest.raises(BadValue, match='"N" or "N m".*"BW"'):
        residuals.sizes(signals(REDUCED, "BW"))


@pytest.mark.oracle("residual_sizes", "residual_rules")
def test_inverse_dynamics_of_a_measured_walk_breaks_both_rules(shared_data):
    # another program's inverse dynamics of a person; the largest value of each column was looked up in its file
    folder = shared_data / "rajagopal2016-walk"
    if not folder.is_dir():
        pytest.skip("the raw walk rajagopal2016-walk is not at hand")
    force, moment = opensim.read_residuals(folder / "id_walk.sto")
    found = residuals.sizes(force) + residuals.sizes(moment)
    peaks = {one.name: one.peak for one in found}
    assert peaks["residual_x"] == pytest.approx(142.615, abs=1e-3) and peaks["residual_z"] == pytest.approx(
        286.935, abs=1e-3
    )
    ground, _, _ = opensim.read_forces(folder / "grf_walk.mot", opensim.names("rajagopal2016"))
    graded = verdicts(found, external=residuals.largest_external_force(ground))
    assert not graded[HICKS, "residual_z", "peak"].passed and not graded[CHECKLIST, "residual_z", "peak"].passed
    assert graded[CHECKLIST, "residual_tilt", "peak"].passed and not graded[HICKS, "residual_tilt", "peak"].passed
