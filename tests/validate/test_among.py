"""People measured as if each were the walk, and where a walk lies among them."""

from dataclasses import replace

import numpy as np
import pytest
import shared_people
from synthetic_walk import activity
from synthetic_walk import person as made_up

from biomimic.gait.strides import POINTS
from biomimic.metrics.estimate import Resampling
from biomimic.readers import opensim
from biomimic.validate import among, subject
from biomimic.validate.evaluate import About, assess
from biomimic.validate.measures import Pair
from biomimic.validate.people import group, person
from biomimic.validate.protocol import Human, load_protocol

WALK = replace(load_protocol("level_walking"), criteria=(), resampling=Resampling(50))
EMG = ("activity", "right", "stride")
FORCE = ("force", "right", "stance")


def _late(name: str, percent: int):
    """A person whose muscles all come some percent of the stride late."""
    one = made_up(name, rows=1, sides=("right",))
    rows = one.parts[EMG]
    share = np.linspace(0.0, 1.0, POINTS) - percent / 100.0
    values = np.column_stack([activity(muscle, share) for muscle in rows.names])[None]
    return person(Human(name, "other"), replace(one, parts=one.parts | {EMG: replace(rows, values=values)}), WALK)


def _pair(one, key, channel: str) -> Pair:
    rows = one.strides[key]
    return Pair(rows, one.curves(key), rows, channel, key[0], WALK, WALK.resampling)


def test_the_ceiling_of_a_difference_is_its_mean_size_between_people():
    # the centres of the others lie 4 % late and 2 % early: mean size 3 %
    first, second, third = _late("first", 0), _late("second", 4), _late("third", -2)
    found = among.people("centre_difference", _pair(first, EMG, "soleus"), first, (first, second, third))
    assert found.value == pytest.approx(3.0, abs=0.05)
    assert found.words == "2 other people against the same, provisional: fewer than 8"


def test_alone_nobody_is_a_ceiling():
    first = _late("first", 0)
    found = among.people("overlap", _pair(first, EMG, "soleus"), first, (first,))
    assert np.isnan(found.value)
    assert found.words == "none: nobody else was recorded on this channel and side"


def test_a_place_among_people_stands_where_a_p_value_could_not():
    people = [made_up(f"p{k}", rows=1, sides=("right",)) for k in range(6)]
    scaled = [
        replace(one, parts={key: replace(r, values=(1 + 0.1 * k) * r.values) for key, r in one.parts.items()})
        for k, one in enumerate(people)
    ]
    protocol = replace(WALK, humans=tuple(Human(one.name, "other") for one in scaled))
    results = assess(subject.data_set(people[0], protocol), {one.name: one for one in scaled}, protocol, About("walk"))
    finding = results.find("first_peak", reference="people", side="right")[0]
    # peaks of six people 1.0 to 1.5 times the walk's: mean 1.25, SD 0.187; the walk equals the lowest of them
    assert "-1.3 SD from the mean of 6 people, percentile 8" in finding.note


def test_a_single_person_has_no_place_to_give():
    one = _late("first", 0)
    several = group((one, _late("second", 2)))
    pair = _pair(one, FORCE, "vertical")
    assert among.position("first_peak", pair, _mean(1.0), one) == ""
    assert among.position("correlation", pair, _mean(1.0), several) == ""


def _mean(value: float):
    from biomimic.validate.physics import counted

    return counted(value, 1, "strides", "BW")


@pytest.mark.skipif(shared_people.MISSING, reason=shared_people.WHY)
def test_a_run_is_recognised_and_measured_as_one():
    folder = shared_people.DATA / "hamner2013-run-subject01"
    recording = opensim.read_recording(
        coordinates=folder / "run300_ik.mot",
        forces=folder / "run300_grf.mot",
        mass=72.84,
        names=opensim.names("gait2392", plates=_plates(folder / "run300_grf.mot")),
    )
    humans = {human.name: shared_people.data_set(human.name) for human in WALK.humans}
    results = assess(subject.recorded([recording], WALK), humans, WALK, About("run", allows_speed=True))
    peak = results.find("running_active_peak", side="right")[0]
    assert 2.0 < peak.value < 3.0  # body weights, at 3 m/s
    share = results.find("double_peak_share", side="right")[0]
    assert np.isnan(share.value)
    assert "a single active peak is expected" in share.note


def _plates(path) -> dict[str, str]:
    columns = opensim.read_table(path).names
    known = {"ground_force_": "right", "1_ground_force_": "left", "R_ground_force_": "right", "L_ground_force_": "left"}
    known |= {
        "ground_force_1_": "right",
        "ground_force_2_": "left",
        "ground_force_r_": "right",
        "ground_force_l_": "left",
    }
    return {prefix: side for prefix, side in known.items() if f"{prefix}vy" in columns}
