"""Tables of domains that the report knows nothing about: any finding is laid out, none breaks it."""

import math

from biomimic.metrics.estimate import Estimate
from biomimic.report import comparisons, numbers, redundancy, tables, wording
from biomimic.report.blocks import Paragraph
from biomimic.validate.protocol import Human, Protocol
from biomimic.validate.results import Evidence, Finding, Results

PROTOCOL = Protocol("Level walking", "1.0", (Human("other", "other"),), (), ())


def _finding(metric: str, value: float, unit: str = "1", *, note: str = "", **more) -> Finding:
    estimate = Estimate(value, math.nan, math.nan, 0.95, 12, "strides", unit, note)
    return Finding(domain=more.pop("domain", "new things"), metric=metric, estimate=estimate, note=note, **more)


def _results(*findings: Finding) -> Results:
    return Results("made", findings, (), (), (), (), {"run": {"kind": "simulated"}}, Evidence())


def test_an_unknown_measure_is_written_by_its_name_and_unit():
    (table,) = numbers.tables([_finding("strange_number", 3.14159, "furlong", channel="left_ear", side="right")])
    assert table.header == ("Channel", "Side", "Strange number [furlong]")
    assert table.rows == (("Left ear", "right", "3.142"),)


def test_measures_of_the_same_channels_share_a_table_with_the_human_figure():
    found = [_finding(name, k, channel="soleus", side="right", human=2.0 * k) for k, name in enumerate(("a", "b"), 1)]
    (table,) = numbers.tables(found)
    assert table.header == ("Channel", "Side", "A", "Human", "B", "Human")
    assert table.rows == (("Soleus", "right", "1.00", "2.00", "2.00", "4.00"),)


def test_a_measure_with_a_null_has_a_table_of_its_own():
    plain = _finding("plain", 1.0, channel="soleus", side="right")
    judged = _finding("best_correlation", 0.9, channel="soleus", side="right", null=0.5, ceiling=0.9, ceiling_from="c")
    first, second = sorted(numbers.tables([plain, judged]), key=lambda table: len(table.header))
    assert first.header == ("Channel", "Side", "Plain")
    assert second.rows == (("Soleus", "right", "0.90", "0.50", "0.90", "1.00"),)
    assert "Ceiling: c." in second.caption


def test_numbers_of_the_whole_body_stand_one_a_row():
    (table,) = numbers.tables([_finding("speed", 1.234, "m/s"), _finding("cost", 2.0, "J/kg/m", note="an index")])
    assert table.header == ("Measure", "Value", "n", "Remark")
    cells = [cell.replace(wording.TIE, " ") for cell in table.rows[1]]
    assert cells == ["Cost", "2.00 J/(kg m)", "12 strides", "an index"]


def test_a_reason_stands_where_a_number_is_missing():
    found = [_finding("a", math.nan, channel=name, side="left", note="it was not recorded") for name in "xyz"]
    (table,) = numbers.tables(found)
    assert table.caption.endswith("No value: x left, y left, z left: it was not recorded.")


def test_many_channels_with_one_reason_are_counted():
    found = [_finding("a", math.nan, channel=f"c{k}", side="left", note="it was not recorded") for k in range(9)]
    assert "No value: 9 channels and sides: it was not recorded." in numbers.tables(found)[0].caption


def test_what_r_cannot_judge_is_muted():
    found = [
        _finding("best_correlation", 0.9, channel=name, side="right", null=0.1, doubt=doubt)
        for name, doubt in (("a", ""), ("b", "too wide"))
    ]
    assert numbers.tables(found)[0].tones == ("", "muted")


def test_wide_groups_are_cut_into_several_tables():
    found = [_finding(f"m{k}", k, channel="a", side="right", human=1.0) for k in range(5)]
    assert [len(table.header) for table in numbers.tables(found)] == [2 + 6, 2 + 4]


def test_a_domain_of_its_own_gets_a_section():
    (section,) = comparisons.others(_results(_finding("a", 1.0), _finding("b", 2.0, side="left")), PROTOCOL)
    assert (section.name, section.title, len(section.blocks)) == ("new_things", "New things", 2)


def test_the_target_is_left_to_its_own_section():
    found = _results(_finding("a", 1.0, side="left", reference="target"), _finding("a", 2.0, side="left"))
    (table,) = numbers.rest(found, PROTOCOL, "new things")
    assert len(table.rows) == 1


def test_redundancy_tells_the_body_from_the_controller():
    shared = {"domain": "redundancy", "side": "right"}
    against = {"channel": "soleus", "reference": "other", "null": 0.0, "ceiling": 0.9, "ceiling_from": "c", **shared}
    found = [
        _finding("feasible_width", 0.9, "share", **shared),
        _finding("muscle_width", 0.4, "share", channel="soleus_r", note="", **shared),
        _finding("muscle_width", 0.2, "share", channel="soleus_l", **shared),
        _finding("muscle_place", 0.1, "share", channel="soleus_r", **shared),
        _finding("correlation_controller", 0.0, **against),
        _finding("correlation_nearest_to_EMG", 0.9, **against),
    ]
    (section,) = redundancy.sections(_results(*found))
    assert isinstance(section.blocks[0], Paragraph)
    emg, least = section.blocks[2:]
    assert emg.rows == (("Soleus", "right", "0.00", "0.90", "0.00 (0.00)", "0.90 (1.00)"),)
    assert "controller 0.00 (grade D*); nearest to EMG 1.00 (grade A*)" in emg.caption
    assert [row[0] for row in least.rows] == ["soleus r"]  # the left soleus is not of the right stride


def test_no_section_without_a_solution_space():
    assert redundancy.sections(_results()) == ()


def test_what_people_reach_among_themselves_stands_beside_a_measure():
    found = [
        _finding("onset", 5.0, "%", channel="soleus", side="right", ceiling=3.0, ceiling_from="3 other people"),
        _finding("overlap", 0.8, channel="soleus", side="right"),
    ]
    (table,) = numbers.tables(found)
    assert table.rows == (("Soleus", "right", "5.0", "3.0", "0.80"),)
    assert table.header[3] == "Among people" and "Among people: 3 other people." in table.caption


def test_notes_that_differ_have_a_column():
    found = [_finding("silent_muscles", 1.0, channel=name, note=f"of {name}") for name in ("a", "b", "c")]
    assert [row[-1] for row in numbers.tables(found)[0].rows] == ["of a", "of b", "of c"]


def test_a_number_of_strides_has_its_place_among_people():
    note = "-1.2 SD from the mean of 9 people, percentile 12"
    shared = {"domain": "ground reaction force", "channel": "vertical", "human": 1.1, "of_human": "subjects"}
    found = [
        _finding("first_peak", 1.0, "BW", side=side, reference="people", n_human=9, note=note, **shared)
        for side in ("right", "left")
    ]
    table = tables.side_by_side(_results(*found), PROTOCOL, "ground reaction force", ["first_peak"], "Numbers.")
    assert table.header[-2:] == ("Place, right", "Place, left")
    assert table.rows[0][-1] == "−1.2 SD, 12 %" and table.rows[0][3] == "1.100"
    assert "percentile" in table.caption
