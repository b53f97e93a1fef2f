import numpy as np
import pytest

from biomimic.errors import BadValue, NotEnoughData, UnknownName
from biomimic.gait import events
from biomimic.signals import Signals


def force(values, rate=1000.0):
    values = np.asarray(values, float)
    return Signals(np.arange(len(values)) / rate, values[:, None], ("vertical_right",), "N")


def contacts(*spans, rate=1000.0, end=3.0, peak=800.0):
    """Rectangular contacts from start to end [s]."""
    time = np.arange(0, end, 1 / rate)
    return force(peak * np.any([(time >= a) & (time < b) for a, b in spans], axis=0), rate)


def positions(rate=100.0, speed=1.3, period=1.1):
    """A pelvis walking along x, heels and toes swinging about it: heel strikes from 0.3 s on, toe-offs from 0.95 s."""
    time = np.arange(0, 12, 1 / rate)
    pelvis = speed * time
    columns, names = [pelvis, np.zeros_like(time)], ["pelvis_x", "pelvis_y"]
    for side, late in (("right", 0.0), ("left", 0.5)):
        heel = pelvis + 0.35 * np.cos(2 * np.pi * ((time - 0.3) / period - late))
        toe = pelvis + 0.15 - 0.35 * np.cos(2 * np.pi * ((time - 0.95) / period - late))
        for point, way in (("heel", heel), ("toe", toe)):
            columns += [way, np.full_like(time, 0.1)]
            names += [f"{point}_{side}_x", f"{point}_{side}_y"]
    return Signals(time, np.column_stack(columns), tuple(names), "m")


def test_crossings_are_interpolated_between_samples():
    # 10 -> 60 N between samples 1 and 2: 20 N is reached 1/5 of the way; 50 -> 0 N: 20 N is 3/5 of the way
    found = events.detect(
        force([0, 10, 60, 60, 60, 50, 0, 0], rate=10.0), side="right", threshold=20.0, min_stance=0.1, max_gap=0.0
    )
    np.testing.assert_allclose(found.heel_strike, [0.12])
    np.testing.assert_allclose(found.toe_off, [0.56])


def test_a_ramp_known_in_closed_form_is_found_to_the_microsecond():
    # force = 800 N sin(pi (t - 0.5) / 0.7) in stance: 20 N after 0.7 / pi * asin(20 / 800) = 5.5706 ms
    time = np.arange(0, 2, 0.001)
    stance = np.clip(np.sin(np.pi * (time - 0.5) / 0.7), 0, None) * (time < 1.2)
    found = events.detect(force(800 * stance), side="right", threshold=20.0)
    late = 0.7 / np.pi * np.arcsin(20 / 800)
    np.testing.assert_allclose([found.heel_strike[0], found.toe_off[0]], [0.5 + late, 1.2 - late], atol=1e-6)


def test_short_gaps_are_closed_and_short_contacts_dropped():
    signal = contacts((0.2, 0.5), (0.53, 0.8), (1.0, 1.05), (1.5, 1.8), (1.85, 2.1))
    found = events.detect(signal, side="right")  # gap 30 ms closed, contact 50 ms dropped, gap 50 ms kept
    np.testing.assert_allclose(found.heel_strike, [0.2, 1.5, 1.85], atol=2e-3)
    np.testing.assert_allclose(found.toe_off, [0.8, 1.8, 2.1], atol=2e-3)


def test_a_light_touch_is_no_stance():
    time = np.arange(0, 3, 0.001)
    values = 800.0 * ((time > 0.2) & (time < 0.8)) + 200.0 * ((time > 1.2) & (time < 1.7))
    assert len(events.detect(force(values), side="right").heel_strike) == 2
    found = events.detect(force(values), side="right", min_peak=0.6 * 80 * 9.80665)
    np.testing.assert_allclose(found.heel_strike, [0.2], atol=2e-3)


def test_contacts_cut_off_by_the_record_have_no_event_there():
    found = events.detect(contacts((-1, 0.4), (1.0, 1.6), (2.98, 9)), side="right")
    np.testing.assert_allclose(found.heel_strike, [np.nan, 1.0, 2.98], atol=2e-3)
    np.testing.assert_allclose(found.toe_off, [0.4, 1.6, np.nan], atol=2e-3)


def test_a_foot_that_never_loads_has_no_events():
    found = events.detect(force(np.zeros(100)), side="right")
    assert len(found.heel_strike) == len(found.toe_off) == 0


def test_shifting_time_shifts_the_events():
    signal = contacts((0.2, 0.8), (1.3, 1.9))
    later = Signals(signal.time + 5.25, signal.values, signal.names, signal.unit)
    first, second = (events.detect(one, side="right") for one in (signal, later))
    np.testing.assert_allclose(second.heel_strike - first.heel_strike, 5.25)


def test_events_from_positions_where_they_were_put():
    for side, late in (("right", 0.0), ("left", 0.55)):
        found = events.detect_from_positions(positions(), side=side)
        strikes = found.heel_strike[np.isfinite(found.heel_strike)]
        lifts = found.toe_off[np.isfinite(found.toe_off)]
        wanted = 0.3 + late + 1.1 * np.arange(-1, 12)
        assert max(np.abs(wanted[:, None] - strikes).min(axis=0)) < 2e-3
        assert max(np.abs((wanted + 0.65)[:, None] - lifts).min(axis=0)) < 2e-3
        both = np.isfinite(found.heel_strike) & np.isfinite(found.toe_off)
        assert both.sum() >= 9
        np.testing.assert_allclose((found.toe_off - found.heel_strike)[both], 0.65, atol=3e-3)


def test_events_from_positions_in_any_direction_of_travel():
    straight = positions()
    turned = straight.values.copy()
    for k in range(0, turned.shape[1], 2):  # 90 degrees to the left: x becomes y, y becomes -x
        turned[:, k], turned[:, k + 1] = -straight.values[:, k + 1], straight.values[:, k]
    first = events.detect_from_positions(straight, side="right")
    second = events.detect_from_positions(straight.with_values(turned), side="right")
    np.testing.assert_allclose(first.heel_strike, second.heel_strike, atol=1e-3)


def feet(stance, period=1.0, count=5):
    """Regular contacts of both feet, half a stride apart."""
    right = period * np.arange(count)
    return tuple(
        events.Events(side, right + late, right + late + stance * period)
        for side, late in (("right", 0.0), ("left", 0.5 * period))
    )


@pytest.mark.published("duty", "flight")
@pytest.mark.parametrize(("stance", "name", "flight"), [(0.62, "walking", 0.0), (0.35, "running", 0.30)])
def test_walking_and_running_by_duty_and_flight(stance, name, flight):
    # each foot loads 0.35 of the stride: 1 - 2 * 0.35 is spent in the air
    found = events.recognise(*feet(stance))
    assert (found.name, found.note) == (name, "")
    assert found.duty == pytest.approx(stance) and found.flight == pytest.approx(flight)


def test_a_step_beside_the_plate_is_no_run():
    right, left = feet(0.62)
    sparse = events.Events("left", left.heel_strike[1:2], left.toe_off[1:2])
    found = events.recognise(right, sparse)
    assert found.name == "" and "loaded for 62 % of its stride and neither foot for 28 %" in found.note
    nobody = events.recognise(right, events.Events("left", np.zeros(0), np.zeros(0)))
    assert nobody.name == "" and "no whole stride" in nobody.note


@pytest.mark.published("heel_strike_disagreement", "toe_off_disagreement")
def test_agreement_of_two_methods_by_hand():
    first = events.Events("right", np.array([1.0, 2.0, 3.0]), np.array([1.6, 2.6, np.nan]))
    second = events.Events("right", np.array([1.01, 2.03]), np.array([1.6, 2.58, 3.7]))
    found = events.agreement(first, second)
    assert found.heel_strike == pytest.approx(0.02)  # 10 and 30 ms
    assert found.heel_strike_95 == pytest.approx(0.029)
    assert found.toe_off == pytest.approx(0.01)  # 0 and 20 ms
    assert (found.matched, found.missed) == (4, 2)  # one heel strike and one toe-off have no partner


def test_errors_say_what_was_found():
    signal = contacts((0.2, 0.8))
    with pytest.raises(UnknownName, match='vertical_left.*Did you mean "vertical_right"'):
        events.detect(signal, side="left")
    with pytest.raises(BadValue, match='"N".*"BW"'):
        events.detect(Signals(signal.time, signal.values, signal.names, "BW"), side="right")
    holed = signal.values.copy()
    holed[500:510] = np.nan
    with pytest.raises(BadValue, match="missing in 10 samples, first at 0.5 s"):
        events.detect(signal.with_values(holed), side="right")
    with pytest.raises(NotEnoughData, match="without gaps"):
        events.detect_from_positions(positions().with_values(np.full((1200, 10), np.nan)), side="right")
