"""Energetics against another program's probes and against the printed formulas, on one muscle of 1000 N and 10 cm."""

import numpy as np
import pytest

from biomimic.errors import BadValue
from biomimic.gait.cycles import Cycles
from biomimic.metrics import energetics
from biomimic.metrics.energetics import Bhargava, Fibres, Umberger
from biomimic.signals import Signals

# States of a Millard muscle with a rigid tendon in OpenSim 4.6 and what its probes gave for it: length [optimal
# lengths], speed [optimal lengths/s], activation, excitation, active force-length factor, active and passive force [N];
# then Umberger2010 as it comes, Umberger2010 as published, Bhargava2004 as it comes and with a force-dependent
# shortening heat [W].
PROBES = np.array([
    (0.6, -2, 1, 1, 0.4511018783, 203.8521133, -20, 122.98195, 122.98195, 110.15399, 122.01532),
    (0.9, -0.4, 0.5, 0.5, 0.9567598325, 388.1804495, -4, 43.149869, 54.142539, 49.801999, 51.787925),
    (0.6, 0.4, 0.3, 0.6, 0.4511018783, 156.0368995, 4, 40.936672, 42.79447, 25.668019, 24.662988),
    (1.2, -2, 0.6, 0.2, 0.8236809709, 223.331954, 29.69203021, 62.578585, 77.244378, 64.915672, 77.18801),
    (1.2, 0, 0.3, 0.6, 0.8236809709, 247.1042913, 49.69203021, 28.541768, 37.243782, 31.909495, 31.909495),
    (1.2, 0.4, 1, 1, 0.8236809709, 949.7087839, 53.69203021, 33.561619, 52.172596, 22.202609, 15.901252),
    (1.6, -3, 1, 1, 0.2630268837, 86.86191976, 687.0695271, 67.733786, 67.733786, 120.76905, 117.14178),
    (1.6, -0.4, 0.25, 0.25, 0.2630268837, 53.35816287, 713.0695271, 9.3700936, 15.958336, 15.188526, 13.463371),
    (1.6, 0.4, 0.3, 0.6, 0.2630268837, 90.9814421, 721.0695271, 18.179085, 23.534066, 14.838782, 9.7391023),
    (1, 0.4, 0.3, 0, 1, 345.9016843, 4, 0, 18.415332, 0, 0),
    (1, -3, 1, 1, 1, 330.2397023, -30, 194.09521, 194.09521, 197.46441, 239.15937),
    (1.2, 0.4, 0.3, 0, 0.8236809709, 284.9126352, 53.69203021, 0, 16.446968, 0, 0),
])  # fmt: skip
MASS = energetics.muscle_mass([1000.0], [0.10])


def fibres(rows, names=("muscle",)):
    """Fibres of one muscle from rows of length, speed, activation, excitation, factor, active and passive force."""
    length, speed, activation, excitation, factor, active, passive = np.asarray(rows, float).T[:, :, None]
    return Fibres(
        time=np.arange(len(length)),
        names=names,
        activation=activation,
        excitation=excitation,
        length=length,
        speed=speed,
        active_force=active,
        passive_force=passive,
        force_length=factor,
        peak_force=np.array([1000.0]),
        optimal_length=np.array([0.10]),
        fastest=np.array([10.0]),
        mass=MASS,
    )


def held(activation):
    """At rest at its optimal length."""
    return (1.0, 0.0, activation, activation, 1.0, 1000.0 * activation, 0.0)


@pytest.mark.published("muscle_mass")
def test_mass_of_the_muscle():
    assert MASS == pytest.approx(0.42388)  # 1000 N x 0.10 m x 1059.7 kg/m^3 / 0.25 MPa
    assert energetics.muscle_mass(1000.0, 0.10, specific_tension=0.5e6) == pytest.approx(0.21194)


@pytest.mark.oracle("umberger", "bhargava", "energetics_index")
@pytest.mark.parametrize(
    ("activation", "umberger", "bhargava"),
    [(1.0, 56.58798, 75.87452), (0.5, 26.21374, 32.23101), (0.25, 12.79628, 13.18252), (0.01, 1.04296, 0.42388)],
)
def test_isometric_rates_of_the_probes(activation, umberger, bhargava):
    state = fibres([held(activation)])
    assert Umberger().rates(state).total.item() == pytest.approx(umberger, abs=1e-5)
    assert Bhargava().rates(state).total.item() == pytest.approx(bhargava, abs=1e-5)


@pytest.mark.oracle("umberger", "bhargava", "energetics_index")
def test_shortening_and_lengthening_rates_of_the_probes():
    # -0.2 and +0.2 m/s at full activation, forces of the Millard muscle with its damping
    shorten = fibres([(1.0, -2.0, 1.0, 1.0, 1.0, 451.89816999, -20.0)])
    assert Umberger().rates(shorten).total.item() == pytest.approx(172.5912, abs=1e-4)
    assert Bhargava().rates(shorten).total.item() == pytest.approx(187.8491, abs=1e-4)
    lengthen = fibres([(1.0, 2.0, 1.0, 1.0, 1.0, 1269.465062, 20.0)])
    assert Umberger().rates(lengthen).total.item() == 0.0
    assert Bhargava().rates(lengthen).total.item() == 0.0


@pytest.mark.oracle("umberger", "bhargava", "energetics_index")
@pytest.mark.parametrize(
    ("law", "column"),
    [
        (Umberger(), 7),
        (Umberger(recruitment=False, negative_work=False), 8),
        (Bhargava(), 9),
        (Bhargava(force_dependent=True), 10),
    ],
)
def test_rates_of_the_probes_off_the_optimal_length(law, column):
    np.testing.assert_allclose(law.rates(fibres(PROBES[:, :7])).total[:, 0], PROBES[:, column], rtol=1e-6, atol=1e-5)


@pytest.mark.published("umberger", "bhargava", "energetics_index")
def test_isometric_rates_by_the_printed_formulas():
    # Umberger: 1.5 (1.28 x 50 + 25) W/kg; Bhargava: (40 + 133 + 74 + 111) / 2 W/kg, at full activation
    state = fibres([held(1.0)])
    assert Umberger().rates(state).total.item() == pytest.approx(1.5 * (1.28 * 50 + 25) * MASS.item())
    assert Bhargava().rates(state).total.item() == pytest.approx(0.5 * (40 + 133 + 74 + 111) * MASS.item())
    # shortening at 2 optimal lengths/s, half slow: 100 / 4 and 153 / 10 W/kg each, x 1.5 (Umberger 2003)
    fast = fibres([(1.0, -2.0, 1.0, 1.0, 1.0, 450.0, 0.0)])
    found = Umberger().rates(fast)
    assert found.shortening.item() == pytest.approx(1.5 * (0.5 * 25 * 2 + 0.5 * 15.3 * 2) * MASS.item())
    assert found.work.item() == pytest.approx(450.0 * 0.2)
    assert found.total.item() == pytest.approx(found.maintenance.item() + found.shortening.item() + 90.0)
    # Bhargava 2004: 0.16 of the isometric and 0.18 of the present force times the speed
    paper = Bhargava(force_dependent=True).rates(fast)
    assert paper.shortening.item() == pytest.approx((0.16 * 1000 + 0.18 * 450) * 0.2)


def test_rates_are_never_negative_and_grow_with_the_muscle():
    generator = np.random.default_rng(3)
    rows = np.column_stack([
        generator.uniform(0.5, 1.6, 200),
        generator.uniform(-8, 8, 200),
        *generator.uniform(0, 1, (3, 200)),
        *generator.uniform(0, 1400, (2, 200)),
    ])  # fmt: skip
    for law in (
        Umberger(),
        Umberger(recruitment=False, negative_work=False),
        Bhargava(),
        Bhargava(force_dependent=True),
    ):
        total = law.rates(fibres(rows)).total
        assert (total >= -1e-9).all()
        heat = total - law.rates(fibres(rows)).work
        assert (heat >= MASS * energetics.LEAST_HEAT - 1e-9).all()


def test_a_muscle_at_rest_has_the_least_heat():
    for law in (Umberger(), Bhargava()):
        assert law.rates(fibres([held(0.0)])).total.item() == pytest.approx(MASS.item())  # 1 W/kg


def test_more_slow_fibres_cost_less():
    state = fibres([held(0.6)])
    for law in (Umberger, Bhargava):
        costs = [law(slow=slow).rates(state).total.item() for slow in (0.2, 0.5, 0.8)]
        assert costs[0] > costs[1] > costs[2]


def cycles(start, end):
    start, end = np.asarray(start, float), np.asarray(end, float)
    nan = np.full(len(start), np.nan)
    return Cycles("right", start, 0.4 * start + 0.6 * end, end, nan, nan)


@pytest.mark.published("per_stride", "energetics_index")
def test_index_per_stride_by_hand():
    # two muscles, together 140 + 35 sin(2 pi t) W: over whole seconds 140 W, for 70 kg 2 W/kg, at 1.25 m/s 1.6 J/kg/m
    time = np.arange(0, 5.001, 0.01)
    wave = 100.0 + 35.0 * np.sin(2 * np.pi * time)
    rate = Signals(time, np.column_stack([wave, np.full_like(time, 40.0)]), ("legs", "trunk"), "W")
    found = energetics.per_stride(rate, cycles([0.503, 1.2, 4.5], [1.503, 3.2, 5.5]), mass=70.0, speed=[1.25, 1.0, 1.0])
    np.testing.assert_allclose(found.power, [2.0, 2.0, np.nan], rtol=1e-5)  # the last is not covered
    np.testing.assert_allclose(found.cost, [1.6, 2.0, np.nan], rtol=1e-5)
    np.testing.assert_allclose(found.dimensionless, [1.6 / 9.80665, 2.0 / 9.80665, np.nan], rtol=1e-5)
    standing = energetics.per_stride(rate, cycles([1.0], [2.0]), mass=70.0, speed=[0.0])
    assert standing.power[0] == pytest.approx(2.0) and np.isnan(standing.cost[0])


def test_half_a_period_has_its_own_mean():
    time = np.arange(0, 2.001, 0.005)
    rate = Signals(time, (100.0 * np.sin(2 * np.pi * time))[:, None], ("legs",), "W")
    found = energetics.per_stride(rate, cycles([0.0], [0.5]), mass=1.0, speed=[1.0])
    assert found.power[0] == pytest.approx(100 * 2 / np.pi, rel=1e-3)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Umberger(slow=50), "between 0 and 1; got 50. Give 0.5 for 50 %"),
        (lambda: energetics.muscle_mass(1.0, 1.0, specific_tension=0.0), "positive; got 0 Pa. Give 0.25e6"),
        (lambda: fibres([held(0.5)], names=("one", "two")), r"activation of the fibres has shape \(1, 1\)"),
        (
            lambda: energetics.per_stride(
                Signals([0.0, 2.0], [[1.0], [1.0]], ("legs",), "N"), cycles([0], [1]), mass=70.0, speed=[1.0]
            ),
            'rates in "W"; these signals are in "N"',
        ),
        (
            lambda: energetics.per_stride(
                Signals([0.0, 2.0], [[1.0], [1.0]], ("legs",), "W"), cycles([0], [1]), mass=70.0, speed=[1.0, 1.1]
            ),
            r"Each of the 1 strides needs its speed; found an array of \(2,\)",
        ),
    ],
)
def test_impossible_questions_are_refused(make, words):
    with pytest.raises(BadValue, match=words):
        make()
