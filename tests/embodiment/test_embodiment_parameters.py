"""Muscle parameter sets: the published one untouched, the corrected trunk within its acceptance limits."""

import itertools

import mujoco
import numpy as np
import pytest

from biomimic.embodiment import parameters
from biomimic.errors import BadFile

TRUNK = ("lumbar_extension", "lumbar_bending", "lumbar_rotation")


def moments(body, data) -> dict[str, float]:
    """Pure trunk moments of the muscles [N m]."""
    reduced = body.couplings.jacobian(data.qpos).T @ data.qfrc_actuator
    return {name: reduced[body.moments[name].column] * body.moments[name].scale for name in TRUNK}


def strongest_extension(body, posed, flexion: float) -> float:
    """Trunk extension with every trunk muscle that extends at 1, passive forces included [N m]."""
    data = posed(body, flex_extension=-flexion / 1.875)
    arms = np.zeros((body.model.nu, body.model.nv))
    mujoco.mju_sparse2dense(arms, data.actuator_moment, data.moment_rownnz, data.moment_rowadr, data.moment_colind)
    lever = arms @ body.couplings.jacobian(data.qpos)[:, body.moments["lumbar_extension"].column]
    trunk = body.groups["trunk"]
    data.act[trunk] = lever[trunk] < 0.0  # a muscle pulls with negative force
    mujoco.mj_forward(body.model, data)
    return moments(body, data)["lumbar_extension"]


def test_published_set_is_the_package_untouched(body):
    import musclemimic_models

    model = mujoco.MjModel.from_xml_path(str(musclemimic_models.get_xml_path("myofullbody")))
    for name in body.actuators:
        i, j = model.actuator(name).id, body.model.actuator(name).id
        assert np.array_equal(model.actuator_gainprm[i], body.model.actuator_gainprm[j])
        assert np.array_equal(model.actuator_biasprm[i], body.model.actuator_biasprm[j])


def test_corrected_trunk_leaves_legs_as_published(body, corrected):
    legs = body.groups["legs"]
    assert np.array_equal(body.model.actuator_gainprm[legs], corrected.model.actuator_gainprm[legs])
    assert np.array_equal(body.model.actuator_biasprm[legs], corrected.model.actuator_biasprm[legs])


def test_every_trunk_muscle_is_in_exactly_one_group(body):
    chosen = parameters.load_set("corrected-trunk")
    names = [body.actuators[i] for i in body.groups["trunk"]]
    counts = {rule.group: len(parameters._matching(names, rule.muscles)) for rule in chosen.rules}
    # Numbers of muscles per group counted by hand in the package's muscle table.
    assert counts == {
        "rectus_abdominis": 2,
        "external_oblique": 12,
        "internal_oblique": 12,
        "quadratus_lumborum": 36,
        "iliocostalis": 24,
        "longissimus": 52,
        "multifidus": 50,
        "psoas_slips": 22,
    }
    assert sum(counts.values()) == len(names) == 210


def test_a_muscle_without_or_with_two_groups_is_refused(body):
    rule = parameters.FibreRule("all", ("EO*",), 0.5, 1.0, 0.5, "made for this test")
    twice = parameters.ParameterSet("twice", 1, (rule, rule))
    with pytest.raises(BadFile, match='"EO1_r" is in the groups "all" and "all"'):
        parameters.apply(body.model, twice)
    with pytest.raises(BadFile, match="no group holds rect_abd_r"):
        parameters.apply(body.model, parameters.ParameterSet("few", 1, (rule,)), must_match=("EO1_r", "rect_abd_r"))


def test_fibre_rule_by_hand(body, corrected):
    """Rectus abdominis: slack length .21 of the neutral path, optimal fibre length .79 / 1.01 of it."""
    i = body.model.actuator("rect_abd_r").id
    path = parameters.neutral_path_length(body.model)[i]
    optimal, slack = parameters.fibre_lengths(corrected.model)
    assert slack[i] == pytest.approx(0.21 * path)
    assert optimal[i] == pytest.approx(0.79 / 1.01 * path)
    before, after = body.model.actuator_gainprm[i], corrected.model.actuator_gainprm[i]
    assert after[2] == pytest.approx(before[2] * 75.5 / 46)
    assert after[2] * after[7] == pytest.approx(0.5 * before[2])  # passive force in newtons is not scaled


def test_active_and_passive_parameters_agree_for_every_muscle(corrected):
    assert np.array_equal(corrected.model.actuator_gainprm[:, :9], corrected.model.actuator_biasprm[:, :9])


@pytest.mark.oracle
def test_published_trunk_bends_itself(body, posed):
    """An independent audit of the package found -52 N m of flexion at rest, 72 N m of strength, 146 negative slacks."""
    assert moments(body, posed(body))["lumbar_extension"] == pytest.approx(-52, abs=0.5)
    assert strongest_extension(body, posed, 0.0) == pytest.approx(72, abs=0.5)
    assert np.sum(parameters.fibre_lengths(body.model)[1][body.groups["trunk"]] < 0) == 146


def test_no_negative_slack_length_in_the_trunk(corrected):
    assert np.all(parameters.fibre_lengths(corrected.model)[1][corrected.groups["trunk"]] > 0)


def test_upright_trunk_is_at_rest(corrected, posed):
    assert max(abs(moment) for moment in moments(corrected, posed(corrected)).values()) < 2.0


def test_passive_moment_in_deep_flexion(corrected, posed):
    """At 60 deg of trunk flexion the passive muscles extend the trunk with at most 25 N m."""
    data = posed(corrected, flex_extension=-60 / 1.875)
    assert 0.0 < moments(corrected, data)["lumbar_extension"] <= 25.0


def test_trunk_extension_strength(corrected, posed):
    """200-290 N m upright and slightly flexed; men of Chaffin 1999: 288 N m at 20 deg, 232 N m at 40 deg."""
    assert 200.0 <= strongest_extension(corrected, posed, 0.0) <= 290.0
    assert 200.0 <= strongest_extension(corrected, posed, 20.0) <= 290.0
    assert 195.0 <= strongest_extension(corrected, posed, 40.0) <= 290.0


def test_trunk_fibres_stay_in_their_working_range_in_walking(corrected, posed):
    """Trunk within 15 deg flexed, 6 deg bent, 10 deg turned: fibres within .5-1.5 optimal lengths."""
    optimal, slack = parameters.fibre_lengths(corrected.model)
    trunk = corrected.groups["trunk"]
    for flexion, bend, turn in itertools.product((0.0, 15.0), (-6.0, 6.0), (-10.0, 10.0)):
        data = posed(corrected, flex_extension=-flexion / 1.875, lat_bending=bend / 1.8645, axial_rotation=turn / 1.136)
        length = ((data.actuator_length - slack) / optimal)[trunk]
        assert 0.5 < length.min() and length.max() < 1.5


def test_arms_hang_without_passive_force(body, corrected):
    optimal, slack = parameters.fibre_lengths(corrected.model)
    length = (parameters.neutral_path_length(corrected.model) - slack) / optimal
    assert length[corrected.groups["arms"]].max() <= 1.0 + 1e-12
    before = parameters.fibre_lengths(body.model)[0]
    arms = [i for i in body.groups["arms"] if not body.actuators[i].startswith("SUPSP")]
    assert optimal[arms] == pytest.approx(before[arms])
