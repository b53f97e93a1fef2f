import numpy as np
import pytest

from biomimic.errors import BadValue, UnknownName
from biomimic.gait import cycles
from biomimic.gait.events import Events


def walking(count=12, period=1.1, stance=0.62, start=0.5):
    """Events of both feet of a regular walk."""
    strikes = start + period * np.arange(count)
    right = Events("right", strikes, strikes + stance * period)
    left = Events("left", strikes - period / 2, strikes - period / 2 + stance * period)
    return right, left


def reasons(chosen):
    return [(round(one.time, 3), one.reason) for one in chosen.excluded]


def test_a_regular_walk_gives_all_its_strides_but_the_open_one():
    right, left = walking(count=12)
    chosen = cycles.choose(right, left, span=(0.0, 20.0))
    assert len(chosen) == 11
    assert reasons(chosen) == [(12.6, "incomplete")]
    np.testing.assert_allclose(chosen.duration, 1.1)
    np.testing.assert_allclose(chosen.stance, 0.62)
    np.testing.assert_allclose(chosen.other_strike - chosen.start, 0.55)
    np.testing.assert_allclose(chosen.other_off - chosen.start, 0.62 * 1.1 - 0.55)  # double support


def test_first_strides_and_seconds_are_left_out():
    right, left = walking()
    rule = cycles.CycleRule(skip_time=2.0, skip_strides=1)
    chosen = cycles.choose(right, left, span=(0.0, 20.0), rule=rule)
    assert reasons(chosen)[:2] == [(0.5, "start"), (1.6, "start")]
    assert chosen.start[0] == pytest.approx(2.7)


def test_wrong_order_is_recorded():
    right, left = walking()
    missing = Events("left", np.delete(left.heel_strike, 4), np.delete(left.toe_off, 4))  # the left foot skips a step
    chosen = cycles.choose(right, missing, span=(0.0, 20.0))
    # left contact 4 (3.8 ... 4.48 s from the first) spans the end of right stride 3 and the begin of stride 4
    assert [reason for _, reason in reasons(chosen)] == ["order", "order", "incomplete"]
    assert [time for time, _ in reasons(chosen)][:2] == [3.8, 4.9]


def test_without_the_other_foot_the_order_is_not_checked():
    right, _ = walking()
    chosen = cycles.choose(right, None, span=(0.0, 20.0))
    assert len(chosen) == 11 and np.isnan(chosen.other_off).all()


def test_impossible_durations_and_outliers():
    right, left = walking(count=20)
    strikes = right.heel_strike.copy()
    strikes[10:] += 0.15  # stride 9 lasts 1.25 s
    strikes[15:] += 1.0  # stride 14 lasts 2.1 s
    late = Events("right", strikes, strikes + 0.68)
    chosen = cycles.choose(late, None, span=(0.0, 40.0))
    assert [reason for _, reason in reasons(chosen)] == ["outlier", "duration", "incomplete"]


def test_median_absolute_deviation_by_hand():
    # median 1.1, deviations 0 0 .1 .1 .1 .1 .1 .4 .46, their median .1: the limit is 3 * 1.4826 * 0.1 = 0.445 s
    durations = np.array([1.0, 1.1, 1.2, 1.0, 1.2, 1.1, 1.0, 1.5, 1.56])
    strikes = np.concatenate(([0.0], np.cumsum(durations)))
    chosen = cycles.choose(Events("right", strikes, strikes + 0.6), None, span=(0.0, 40.0))
    assert reasons(chosen) == [(pytest.approx(9.1), "outlier"), (pytest.approx(10.66), "incomplete")]


def test_a_periodic_walk_keeps_strides_a_hair_longer():
    right, _ = walking(count=20)
    strikes = right.heel_strike.copy()
    strikes[10:] += 0.004  # MAD is 0; 4 ms is under 2 % of 1.1 s
    chosen = cycles.choose(Events("right", strikes, strikes + 0.68), None, span=(0.0, 40.0))
    assert len(chosen) == 19


def test_nothing_is_used_from_the_fall_on():
    right, left = walking()
    chosen = cycles.choose(right, left, span=(0.0, 20.0), fall=6.2)
    assert chosen.end.max() < 6.2
    assert {reason for _, reason in reasons(chosen)} == {"fall", "incomplete"}


def test_strides_outside_the_span_are_incomplete():
    right, left = walking()
    chosen = cycles.choose(right, left, span=(1.0, 8.0))
    assert reasons(chosen)[0] == (0.5, "incomplete")
    assert chosen.start.min() > 1.0 and chosen.end.max() < 8.0


def test_every_stride_is_used_or_recorded_once():
    right, left = walking(count=30)
    strikes = right.heel_strike + np.random.default_rng(3).normal(0, 0.08, 30)
    chosen = cycles.choose(Events("right", strikes, strikes + 0.68), left, span=(3.0, 30.0), fall=25.0)
    times = np.concatenate((chosen.start, [one.time for one in chosen.excluded]))
    np.testing.assert_allclose(np.sort(times), np.sort(strikes))


def test_dropping_a_push_adds_to_the_record():
    right, left = walking()
    chosen = cycles.choose(right, left, span=(0.0, 20.0))
    left_out = cycles.drop(chosen, cycles.overlapping(chosen, 5.0, 5.1), "push")
    assert len(left_out) == len(chosen) - 1
    assert (4.9, "push") in reasons(left_out)
    with pytest.raises(BadValue, match=r"mask over 11 strides.*\(3,\)"):
        cycles.drop(chosen, np.zeros(3, bool), "push")


def running(count=12, period=0.7, stance=0.35, start=0.5):
    """Events of both feet of a regular run: flight of 15 % of the stride after each toe-off."""
    return walking(count, period, stance, start)


@pytest.mark.published("flight")
def test_running_has_its_own_order_and_durations():
    right, left = running()
    assert len(cycles.choose(right, left, span=(0.0, 20.0))) == 0  # as a walk, the order is wrong
    chosen = cycles.choose(right, left, span=(0.0, 20.0), rule=cycles.RUNNING)
    assert len(chosen) == 11 and reasons(chosen) == [(8.2, "incomplete")]
    assert (chosen.toe_off < chosen.other_strike).all() and (chosen.other_off < chosen.end).all()
    np.testing.assert_allclose(chosen.other_strike - chosen.toe_off, 0.15 * 0.7)  # flight
    walk = cycles.choose(*walking(period=0.9), span=(0.0, 20.0), rule=cycles.RUNNING)
    assert {reason for _, reason in reasons(walk)} == {"order", "incomplete"}


@pytest.mark.parametrize(("period", "kept"), [(0.44, 0), (0.46, 11), (0.99, 11), (1.01, 0)])
def test_running_strides_last_between_half_a_second_and_one(period, kept):
    right, left = running(period=period)
    assert len(cycles.choose(right, left, span=(0.0, 20.0), rule=cycles.RUNNING)) == kept


def test_an_impossible_rule_is_refused():
    with pytest.raises(BadValue, match="shorter than the longest; got 2 to 1.8 s"):
        cycles.CycleRule(shortest=2.0)
    with pytest.raises(UnknownName, match='No gait "run" for a stride rule'):
        cycles.CycleRule(gait="run")


def test_no_events_give_no_strides():
    none = Events("left", np.zeros(0), np.zeros(0))
    chosen = cycles.choose(none, none, span=(0.0, 10.0))
    assert len(chosen) == 0 and chosen.excluded == ()
