"""The report on differences between runs: what it names, what it never says, and that both layouts take it."""

import re
from dataclasses import replace

import numpy as np
import pytest
from made_runs import finding, likeness, run

from biomimic.report import difference, difference_tables, html, named, pdf
from biomimic.report.blocks import Bullets, Chips, Table, words
from biomimic.report.wording import TIE
from biomimic.validate.compare import compare
from biomimic.validate.evaluate import evaluate

PERSON = {"human": 1.1, "side": "right", "channel": "vertical"}
P_VALUE = re.compile(r"\bp\s*[=<>≤≥]|\bp of\b|(?<!no )\bp value")


@pytest.fixture(scope="module")
def weaker(protocol, results):
    """The formula walk of the report's results with half the knee moment, and without its fall."""
    from synthetic_walk import person, record

    people = {
        "rajagopal2016_walking": person("rajagopal2016_walking", rows=1, sides=("right", "left")),
        "falisse2019_walking": person("falisse2019_walking", rows=3, sides=("right",)),
    }
    walks = []
    for k, plan in enumerate(protocol.planned):
        one = record(plan, seed=k)
        factors = np.array([0.5 if name.startswith("knee_flexion") else 1.0 for name in one.moment.names])
        walks.append(replace(one, moment=replace(one.moment, values=one.moment.values * factors)))
    identity = {"run": {"name": "weaker", "note": "made <weaker> & #worse* on $purpose_"}, "settings": {"knee": 0.5}}
    return evaluate(walks, people, protocol, run="weaker", shaped_by=("angles", "force"), identity=identity)


@pytest.fixture(scope="module")
def compared(weaker, results, protocol):
    return compare([weaker], results, protocol)


@pytest.fixture(scope="module")
def built(compared, protocol):
    return difference.build(compared, protocol)


def _texts(report) -> list[str]:
    found = [report.title, report.subtitle]
    for section in report.sections:
        found += [section.title, *(text for block in section.blocks for text in words(block))]
    return found


def _section(report, name: str):
    return next(section for section in report.sections if section.name == name)


def _pair(first, second, protocol):
    return compare([run("first", *first)], run("second", *second), protocol)


def test_sections_stand_in_order(built):
    names = ["compared", "verdicts", "named", "curves", "all", "methods", "cannot", "references"]
    assert [section.name for section in built.sections] == names


def test_a_halved_moment_is_named_with_both_values_and_who_is_nearer(built):
    texts = next(block for block in _section(built, "named").blocks if isinstance(block, Bullets)).items
    named = [text for text in texts if text.startswith("Knee flexion moment") and "ratio to human" in text]
    assert len(named) == 1
    assert "weaker 0.50, formula 1.00, difference −0.50" in named[0].replace(TIE, " ")
    assert "5.0 times the limit" in named[0] and "formula is nearer to" in named[0]
    assert "moment" in texts[0] or "power" in texts[0]
    assert not any(text.startswith(("Hip", "Soleus", "Vertical")) for text in texts)


def test_a_sentence_says_values_difference_interval_size_and_person(protocol):
    compared = _pair([finding("first_peak", 1.4, **PERSON)], [finding("first_peak", 1.1, **PERSON)], protocol)
    text = difference.lines(compared)[2].replace(TIE, " ")
    assert text == (
        "Vertical force, right: first peak: first 1.400 BW, second 1.100 BW, difference +0.300 BW, 3.0 times the "
        "limit; second is nearer to another person."
    )


def test_both_sides_and_all_people_of_one_kind_are_one_sentence(protocol):
    def both(value: float) -> list:
        people = ("falisse2019_walking", "rajagopal2016_walking")
        return [
            finding("first_peak", value, **{**PERSON, "side": side, "reference": name, "human": human})
            for side in ("right", "left")
            for name, human in zip(people, (1.1, 1.6))
        ]

    texts = [text for text in difference.lines(_pair(both(1.4), both(1.1), protocol)) if "first peak" in text]
    assert len(texts) == 1
    assert "first is nearer to the recorded person, second is nearer to another person" in texts[0]
    assert texts[0].endswith("alike.")


def test_the_largest_difference_comes_first(protocol):
    values = [("first_peak", 1.3), ("loading_rate", 9.0), ("second_peak_time", 0.80)]
    units = {"first_peak": "BW", "loading_rate": "BW/s", "second_peak_time": "1"}
    first, second = (
        [finding(name, by(value), unit=units[name], **{**PERSON, "human": value}) for name, value in values]
        for by in (lambda value: value, lambda value: 0.8 * value)
    )
    compared = _pair(first, second, protocol)
    sizes = [one.size for one in compared.pairs[0].having("differs")]
    assert len(sizes) == 3 and sizes == sorted(sizes, reverse=True)
    texts = difference.lines(compared)[2:5]
    assert [text.split(": ")[1] for text in texts] == ["time of second peak", "first peak", "loading rate"]


def test_alike_runs_name_nothing(protocol):
    compared = _pair([finding("first_peak", 1.1)], [finding("first_peak", 1.1)], protocol)
    report = difference.build(compared, protocol)
    assert not any(isinstance(block, Bullets) for block in _section(report, "named").blocks)
    assert any("no difference is larger than its limit" in text for text in _texts(report))
    assert "0 differ by more than their limit, 1 lie within it" in difference.lines(compared)[-1]


@pytest.mark.parametrize(("first", "second"), [(1, 1), (2, 1), (4, 1), (4, 4), (6, 3)])
def test_below_five_runs_no_text_holds_a_p_value(protocol, first, second):
    def several(count: int, head: str, value: float) -> list:
        return [
            run(f"{head}{k}", finding("first_peak", value + 0.01 * k, seed=k), likeness(value / 2))
            for k in range(count)
        ]

    compared = compare(several(first, "a", 1.5), several(second, "b", 1.1), protocol)
    texts = [*_texts(difference.build(compared, protocol)), *difference.lines(compared)]
    assert not [text for text in texts if P_VALUE.search(text)]
    assert any("a0" in text for text in texts)


def test_no_text_of_two_walks_holds_a_p_value_or_a_missing_number(built, compared):
    texts = [*_texts(built), *difference.lines(compared)]
    assert not [text for text in texts if P_VALUE.search(text)]
    assert not [text for text in texts if re.search(r"\bnan\b|\binf\b|None", text)]


def test_six_runs_against_six_say_p_its_floor_and_the_family(protocol):
    def several(head: str, value: float) -> list:
        return [
            run(
                f"{head}{k}",
                finding("first_peak", value + 0.002 * k, seed=k, **PERSON),
                likeness(value - 0.6 + 0.002 * k),
            )
            for k in range(6)
        ]

    compared = compare(several("a", 1.4), several("b", 1.1), protocol)
    texts = difference.lines(compared)
    peak = next(text for text in texts if "first peak" in text)
    assert "a0 and 5 more" in peak and "b0 and 5 more is nearer to another person" in peak
    assert "over 6 and 6 runs" in peak and "smallest possible before correction 0.0022" in peak
    assert any("Holm in kinematics" in text for text in texts)
    report = difference.build(compared, protocol)
    assert any("924 arrangements" in text for text in _texts(report))
    assert html.render(report) and pdf.render(report).startswith(b"%PDF")


def test_chips_say_by_domain_who_is_more_human(built, compared):
    chips = next(block for block in _section(built, "compared").blocks if isinstance(block, Chips))
    assert [chip.title for chip in chips.items] and {chip.status for chip in chips.items} == {"alike"}
    worse = replace(compared.pairs[0].scores[0], first=0.2, second=0.9, value=-0.7, low=-0.8, high=-0.6)
    changed = replace(compared, pairs=(replace(compared.pairs[0], scores=(worse,)),))
    chip = difference_tables.glance(changed)[0].items[0]
    assert (chip.status, chip.tone) == ("less human", "bad") and chip.detail == "score 0.20 beside 0.90"


def test_what_differs_in_the_settings_and_flips_is_listed(built):
    tables = [block for section in built.sections for block in section.blocks if isinstance(block, Table)]
    settings = next(table for table in tables if table.caption.startswith("What differs between the runs"))
    assert ("knee", "0.5", "–") in settings.rows
    assert any("fell in 1 of 4 trials" in text for text in _texts(built))


def test_curves_of_both_runs_and_a_person_lie_over_each_other(built):
    figure = next(block for block in _section(built, "curves").blocks)
    labels = set(row[4] for row in figure.data.rows)
    assert {"weaker", "formula"} <= labels and any("person" in label for label in labels)
    assert any(panel.startswith("Knee flexion moment") for panel in {row[0] for row in figure.data.rows})


def test_both_layouts_take_it_and_give_the_same_bytes_twice(built, compared, protocol):
    again = difference.build(compared, protocol)
    page = html.render(built)
    assert page == html.render(again) and pdf.render(built) == pdf.render(again)
    assert "made &lt;weaker&gt; &amp; #worse* on $purpose_" in page


def test_the_box_says_that_the_walks_are_the_units(built):
    box = _section(built, "cannot").blocks[0]
    assert "about these walks only" in box.items[0] and "five runs on a side" in box.items[0]


def test_no_correlation_stands_without_its_null_and_ceiling(compared):
    correlations = [one for one in compared.pairs[0].differences if "correlation" in one.metric]
    assert correlations
    for one in correlations:
        assert re.search(r"\(null .*, (ceiling .*|no ceiling)\)", named.what(one)), named.what(one)
