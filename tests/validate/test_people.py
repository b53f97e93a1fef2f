"""The mean of several people, their ceiling, and the interval of a score over them."""

from dataclasses import replace

import numpy as np
import pytest
from synthetic_walk import person as made_up

from biomimic.gait.strides import POINTS
from biomimic.metrics.estimate import Resampling
from biomimic.metrics.waveform import fisher_mean, pearson, to_z
from biomimic.validate import ceiling, subject
from biomimic.validate.evaluate import About, assess
from biomimic.validate.people import PEOPLE, group, members, person
from biomimic.validate.protocol import Human, load_protocol

WALK = replace(load_protocol("level_walking"), criteria=(), resampling=Resampling(200))
KEY = ("angles", "right", "stride")


def _cohort(count: int, *, spread: float = 1.0, seed: int = 0) -> dict:
    """People whose angles differ from a common walk by smooth random curves, one stride each."""
    generator = np.random.default_rng(seed)
    phase = 2 * np.pi * np.linspace(0.0, 1.0, POINTS)
    waves = np.array([f(k * phase) for k in (1, 2, 3) for f in (np.sin, np.cos)])  # (6, 101)
    cohort = {}
    for number in range(count):
        one = made_up(f"person{number}", rows=1, sides=("right",))
        rows = one.parts[KEY]
        size = rows.values.std(axis=1, keepdims=True)  # (1, 1, C)
        noise = np.einsum("cw,wt->tc", generator.normal(scale=0.1, size=(len(rows.names), 6)), waves)[None]
        cohort[one.name] = replace(
            one, parts=one.parts | {KEY: replace(rows, values=rows.values + spread * size * noise)}
        )
    return cohort


def _people(cohort: dict) -> tuple:
    return tuple(person(Human(name, "other"), data, WALK) for name, data in cohort.items())


def test_the_group_is_the_mean_of_everybody_but_the_tracked_person():
    cohort = _cohort(4)
    singles = _people(cohort)
    several = group((replace(singles[0], role="same"), *singles[1:]))
    wanted = np.mean([one.rows(KEY, "knee_flexion")[0] for one in singles[1:]], axis=0)
    assert several.curves(KEY).channel("knee_flexion") == pytest.approx(wanted)
    assert (several.name, several.entry.of, len(several.strides[KEY])) == (PEOPLE, "subjects", 3)


def test_one_other_person_makes_no_group():
    assert group(_people(_cohort(1))) is None


def test_rows_of_a_data_set_of_several_people_are_people():
    one = made_up("many", rows=5, sides=("right",))
    several = person(Human("many", "other"), replace(one, entry=replace(one.entry, of="subjects", subjects=5)), WALK)
    assert len(members((several,), KEY, "knee_flexion")) == 5
    assert len(group((several,)).strides[KEY]) == 5


def test_the_ceiling_of_a_group_leaves_one_person_out():
    people = _people(_cohort(5))
    curves = [one.rows(KEY, "knee_flexion")[0] for one in people]
    wanted = fisher_mean([pearson(c, np.mean(curves[:k] + curves[k + 1 :], axis=0)) for k, c in enumerate(curves)])
    found = ceiling.ceiling((*people, group(people)), group(people), KEY, "knee_flexion")
    assert found.value == pytest.approx(wanted)
    assert found.words == "each person against the mean of the others (n = 5 people, provisional: fewer than 8)"


def test_eight_people_are_no_longer_provisional():
    people = _people(_cohort(8))
    assert "provisional" not in ceiling.ceiling((*people, group(people)), group(people), KEY, "knee_flexion").words


def test_human_error_is_the_error_of_the_one_left_out():
    people = _people(_cohort(5))
    curves = [one.rows(KEY, "knee_flexion")[0] for one in people]
    gaps = [c - np.mean(curves[:k] + curves[k + 1 :], axis=0) for k, c in enumerate(curves)]
    found = ceiling.error_ceiling(people, group(people), KEY, "knee_flexion", offset=True)
    assert found.value == pytest.approx(np.mean([np.sqrt(np.mean(gap**2)) for gap in gaps]))
    found = ceiling.error_ceiling(people, group(people), KEY, "knee_flexion", offset=False)
    assert found.value == pytest.approx(np.mean([gap.std() for gap in gaps]))


def test_people_who_are_left_out_score_one_on_average():
    cohort = _cohort(12)
    found = []
    for name in list(cohort)[:6]:
        others = {other: data for other, data in cohort.items() if other != name}
        protocol = replace(WALK, humans=tuple(Human(other, "other") for other in others))
        results = assess(subject.data_set(cohort[name], protocol), others, protocol, About(name))
        score = next(s for s in results.scores if (s.domain, s.reference) == ("kinematics", PEOPLE))
        assert score.low <= score.value <= score.high
        assert "11 people" in score.of
        found.append(score.value)
    assert np.mean(found) == pytest.approx(1.0, abs=0.1)


def test_the_interval_of_a_score_is_wide_among_few_people():
    def width(count: int) -> float:
        people = _people(_cohort(count, seed=3))
        several = members(people, KEY, "knee_flexion")
        own = _people(_cohort(1, seed=9))[0].rows(KEY, "knee_flexion")
        draws, _ = ceiling._people_draws(np.tile(own, (2000, 1)), np.array(several), 0)
        return float(np.ptp(np.percentile(draws, (2.5, 97.5))))

    assert width(4) > 1.2 * width(16)


def test_resampled_people_give_the_plain_value_when_all_are_alike():
    curve = np.sin(2 * np.pi * np.linspace(0.0, 1.0, POINTS))
    own = curve + 0.2 * np.cos(4 * np.pi * np.linspace(0.0, 1.0, POINTS))
    found, top = ceiling._people_draws(np.tile(own, (50, 1)), np.tile(curve, (4, 1)), 0)
    assert found == pytest.approx(float(to_z(pearson(own, curve))))
    assert top[np.isfinite(top)] == pytest.approx(float(to_z(np.array(1.0))))


def test_channels_that_people_do_not_share_are_left_out_of_the_score():
    cohort = _cohort(30, spread=20.0)  # the noise is larger than the shape
    people = _people(cohort)
    assert ceiling.doubt(people, KEY, "hip_rotation").startswith("spread of ")
