"""Feasible ranges and least effort: small bodies whose answers are known by hand."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import linprog, minimize

from biomimic.errors import BadValue, UnknownName
from biomimic.gait.strides import Curves
from biomimic.metrics import activation as emg
from biomimic.metrics import least_effort, redundancy
from biomimic.metrics.estimate import Resampling
from biomimic.metrics.redundancy import Capacity
from biomimic.signals import Signals


def capacity(arms, demand, activation=None, passive=0.0) -> Capacity:
    """Muscles with moments `arms` (M, D) per unit of activation, the same at each instant of `demand` (N, D)."""
    arms, demand = np.atleast_2d(np.asarray(arms, float)), np.atleast_2d(np.asarray(demand, float))
    count = len(demand)
    return Capacity(
        times=np.arange(count) * 0.02,
        muscles=tuple(f"m{k + 1}" for k in range(len(arms))),
        coordinates=tuple(f"q{k + 1}" for k in range(arms.shape[1])),
        active=np.tile(arms, (count, 1, 1)),
        passive=np.full(demand.shape, passive),
        required=demand + passive,
        activation=np.zeros((count, len(arms))) if activation is None else activation,
    )


def random_capacity(seed, instants=6, muscles=12, coordinates=3) -> Capacity:
    """Muscles on some of the coordinates, at demands that a random activation makes."""
    rng = np.random.default_rng(seed)
    shape = (instants, muscles, coordinates)
    active = rng.normal(0, 40, size=shape) * (rng.random(size=shape) < 0.6)
    passive = rng.normal(0, 5, size=(instants, coordinates))
    chosen = rng.beta(0.5, 1.0, size=(instants, muscles))
    return Capacity(
        times=np.arange(instants) * 0.02,
        muscles=tuple(f"m{k}" for k in range(muscles)),
        coordinates=tuple(f"q{k}" for k in range(coordinates)),
        active=active,
        passive=passive,
        required=np.einsum("nmd,nm->nd", active, chosen) + passive,
        activation=chosen,
    )


# 10 a1 + 5 a2 - 8 a3 = 4: every muscle can be off or fully on.
OPEN = ([[10.0], [5.0], [-8.0]], [[4.0]])


@pytest.mark.published("feasible_range", "openness")
def test_three_muscles_that_are_all_free():
    ranges = redundancy.feasible_range(capacity(*OPEN))
    np.testing.assert_allclose(ranges.low, [[0, 0, 0]], atol=1e-9)
    np.testing.assert_allclose(ranges.high, [[1, 1, 1]], atol=1e-9)
    assert redundancy.openness(ranges).unconstrained == 1.0


@pytest.mark.published("feasible_range")
@pytest.mark.parametrize(
    ("arms", "demand", "low", "high"),
    [
        # 10 a1 + 5 a2 = 12: with a2 = 1, a1 = 0.7; with a1 = 1, a2 = 0.4
        ([[10.0], [5.0]], [[12.0]], [0.7, 0.4], [1.0, 1.0]),
        # 10 a1 - 8 a2 = 4: with a2 = 0, a1 = 0.4; with a1 = 1, a2 = 0.75
        ([[10.0], [-8.0]], [[4.0]], [0.4, 0.0], [1.0, 0.75]),
        # a1 makes 20 at q1, a3 makes 10 at q2, a2 makes 10 at both: 20 a1 + 10 a2 = 8, 10 a2 + 10 a3 = 6
        ([[20.0, 0.0], [10.0, 10.0], [0.0, 10.0]], [[8.0, 6.0]], [0.1, 0.0, 0.0], [0.4, 0.6, 0.6]),
        # all that two muscles can do
        ([[10.0], [5.0]], [[15.0]], [1.0, 1.0], [1.0, 1.0]),
        # the third one acts on nothing
        ([[10.0, 0.0], [0.0, 5.0], [0.0, 0.0]], [[4.0, 1.0]], [0.4, 0.2, 0.0], [0.4, 0.2, 1.0]),
    ],
)
def test_ranges_by_hand(arms, demand, low, high):
    ranges = redundancy.feasible_range(capacity(arms, demand, passive=3.0))
    np.testing.assert_allclose(ranges.low[0], low, atol=1e-6)
    np.testing.assert_allclose(ranges.high[0], high, atol=1e-6)
    assert not ranges.infeasible.any()


@pytest.mark.published("least_effort", "effort", "least_peak")
def test_least_effort_by_hand():
    chosen = np.array([[0.5, 0.6, 0.5]])  # 5 + 3 - 4 = 4
    body = capacity(*OPEN, activation=chosen)
    squares, cubes = least_effort.least_effort(body), least_effort.least_effort(body, power=3)
    np.testing.assert_allclose(squares, [[0.32, 0.16, 0.0]], atol=1e-9)  # in the ratio 10 : 5, antagonist off
    unit = 4 / (10 * np.sqrt(10) + 5 * np.sqrt(5))  # in the ratio of the roots of 10 and 5
    np.testing.assert_allclose(cubes, [[unit * np.sqrt(10), unit * np.sqrt(5), 0.0]], atol=1e-5)
    np.testing.assert_allclose(least_effort.least_peak(body), [4 / 15], atol=1e-6)  # both agonists alike
    found = least_effort.effort(chosen, squares)
    assert found.least == pytest.approx(0.128) and found.chosen == pytest.approx(0.86)
    assert found.ratio == pytest.approx(0.86 / 0.128) and found.instants == 1


@pytest.mark.published("least_effort")
def test_least_effort_with_a_muscle_at_its_limit():
    best = least_effort.least_effort(capacity([[10.0], [5.0]], [[14.0]]))
    np.testing.assert_allclose(best, [[1.0, 0.8]], atol=1e-9)  # 1.12 and 0.56 without the limit
    best = least_effort.least_effort(capacity([[10.0], [5.0]], [[15.0]]))
    np.testing.assert_allclose(best, [[1.0, 1.0]], atol=1e-9)


@pytest.mark.published("nearest")
def test_nearest_activation_by_hand():
    # closest to (0.2, 0.2) on 10 a1 + 5 a2 = 4: the step is in the ratio 10 : 5 and makes the missing 1
    best = least_effort.nearest(capacity([[10.0], [5.0]], [[4.0]]), [[0.2, 0.2]])
    np.testing.assert_allclose(best, [[0.28, 0.24]], atol=1e-9)
    # nothing is known of the second one: w a1 and 0.01 w a2, so that steps are in the ratio 10 : 500
    best = least_effort.nearest(capacity([[10.0], [5.0]], [[4.0]]), [[0.3, np.nan]])
    np.testing.assert_allclose(best, [[0.3 + 10 / 2600, 500 / 2600]], atol=1e-9)


@pytest.mark.published("freedoms", "openness")
def test_rows_of_a_table_by_hand():
    # 10 a1 + 5 a2 = 12 and 4 in turn: ranges [0.7, 1] and [0.4, 1]; [0, 0.4] and [0, 0.8]
    chosen = np.array([[1.0, 0.4], [0.1, 0.6]])
    body = capacity([[10.0], [5.0]], [[12.0], [4.0]], chosen)
    ranges = redundancy.feasible_range(body)
    first, second = redundancy.freedoms(ranges, chosen)
    assert first.width == pytest.approx(0.35) and second.width == pytest.approx(0.7)
    assert (first.necessary, second.necessary) == (0.5, 0.5)
    assert (first.at_low, first.at_high) == (0.0, 0.5) and (second.at_low, second.at_high) == (0.5, 0.0)
    assert first.place == pytest.approx((1.0 + 0.25) / 2) and second.place == pytest.approx((0.0 + 0.75) / 2)
    assert (first.wide, first.instants) == (0.0, 2)
    whole = redundancy.openness(ranges)
    assert (whole.unconstrained, whole.necessary, whole.ever_necessary) == (0.0, 0.5, 1.0)
    assert whole.width == pytest.approx(0.525) and (whole.muscles, whole.instants, whole.infeasible) == (2, 2, 0)


@pytest.mark.published("feasible_range")
def test_what_cannot_be_done_is_said_with_what_is_missing():
    # q1: 15 can be made of 20; q2 has a muscle of its own
    body = capacity([[10.0, 0.0], [5.0, 0.0], [0.0, 10.0]], [[20.0, 4.0], [12.0, 4.0]])
    ranges = redundancy.feasible_range(body)
    np.testing.assert_allclose(ranges.missing, [[5.0, 0.0], [0.0, 0.0]], atol=1e-6)
    np.testing.assert_array_equal(ranges.infeasible, [True, False])
    assert np.isnan(ranges.low[0, :2]).all() and ranges.high[0, 2] == pytest.approx(0.4)
    assert np.isfinite(ranges.low[1]).all()
    rows = redundancy.freedoms(ranges, np.zeros((2, 3)))
    assert [row.instants for row in rows] == [1, 1, 2]
    assert redundancy.openness(ranges).infeasible == 1
    best = least_effort.least_effort(body)
    assert np.isnan(best[0, :2]).all() and np.isfinite(best[1]).all()
    assert np.isnan(least_effort.least_peak(body)[0])
    assert least_effort.effort(np.ones((2, 3)), best).instants == 1


def test_a_moment_without_a_muscle_is_missing():
    ranges = redundancy.feasible_range(capacity([[10.0, 0.0]], [[4.0, 2.0]]))
    np.testing.assert_allclose(ranges.missing, [[0.0, 2.0]])
    assert ranges.infeasible.all() and ranges.low[0, 0] == pytest.approx(0.4)


@pytest.mark.oracle("feasible_range")
@pytest.mark.parametrize("seed", range(3))
def test_ranges_are_those_of_one_programme_each(seed):
    body = random_capacity(seed)
    ranges = redundancy.feasible_range(body)
    for instant in range(len(body.times)):
        equal, force = body.active[instant].T, body.demand[instant]
        for muscle, cost in enumerate(np.eye(len(body.muscles))):
            ends = [linprog(sign * cost, A_eq=equal, b_eq=force, bounds=(0, 1)).x[muscle] for sign in (1, -1)]
            assert (ranges.low[instant, muscle], ranges.high[instant, muscle]) == pytest.approx(ends, abs=1e-5)


@pytest.mark.oracle("least_effort")
@pytest.mark.parametrize("power", [2, 3])
def test_least_effort_is_that_of_a_general_solver(power):
    body = random_capacity(11, instants=4, muscles=9)
    best = least_effort.least_effort(body, power=power)
    for instant, own in enumerate(best):
        equal, force = body.active[instant].T, body.demand[instant]
        found = minimize(
            lambda a: (a**power).sum(),
            body.activation[instant],
            jac=lambda a: power * a ** (power - 1),
            bounds=[(0, 1)] * len(own),
            constraints={"type": "eq", "fun": lambda a: equal @ a - force, "jac": lambda a: equal},  # noqa: B023
            method="SLSQP",
            options={"ftol": 1e-12, "maxiter": 500},
        )
        assert found.success and (own**power).sum() == pytest.approx(found.fun, abs=2e-6)
        np.testing.assert_allclose(equal @ own, force, atol=1e-6)


@pytest.mark.oracle("least_effort")
@pytest.mark.parametrize("seed", range(4))
def test_quadratic_programmes_are_those_of_clarabel(seed):
    clarabel = pytest.importorskip("clarabel")
    from scipy import sparse

    rng = np.random.default_rng(seed)
    rows, muscles = 5, 30
    matrix = rng.normal(size=(rows, muscles)) * (rng.random((rows, muscles)) < 0.5)
    weight, slope = rng.uniform(0.01, 5, muscles), rng.normal(size=muscles)
    force = matrix @ np.clip(rng.normal(0.5, 1.0, muscles), 0, 1)  # most at a bound
    own, _ = least_effort.minimise(least_effort.Quadratic(matrix, force, weight, slope))
    stacked = sparse.csc_matrix(np.vstack([matrix, np.eye(muscles), -np.eye(muscles)]))
    limits = np.concatenate([force, np.ones(muscles), np.zeros(muscles)])
    cones = [clarabel.ZeroConeT(rows), clarabel.NonnegativeConeT(2 * muscles)]
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    solver = clarabel.DefaultSolver(sparse.diags(weight, format="csc"), slope, stacked, limits, cones, settings)
    np.testing.assert_allclose(own, solver.solve().x, atol=1e-5)


def test_the_controller_is_inside_and_the_least_effort_below():
    body = random_capacity(5, instants=20, muscles=20, coordinates=5)
    ranges = redundancy.feasible_range(body)
    assert (ranges.low - 1e-6 <= body.activation).all() and (body.activation <= ranges.high + 1e-6).all()
    for power in (2, 3):
        best = least_effort.least_effort(body, power=power)
        assert (ranges.low - 1e-6 <= best).all() and (best <= ranges.high + 1e-6).all()
        assert ((best**power).sum(axis=1) <= (body.activation**power).sum(axis=1) + 1e-6).all()
        assert least_effort.effort(body.activation, best, power=power).ratio >= 1.0
    assert (least_effort.least_peak(body) <= body.activation.max(axis=1) + 1e-6).all()


def test_the_unit_of_a_coordinate_does_not_matter():
    body = random_capacity(6)
    scale = np.array([1000.0, 1.0, 0.01])
    other = replace(body, active=body.active * scale, passive=body.passive * scale, required=body.required * scale)
    one, two = redundancy.feasible_range(body), redundancy.feasible_range(other)
    np.testing.assert_allclose(one.low, two.low, atol=1e-6)
    np.testing.assert_allclose(one.high, two.high, atol=1e-6)
    np.testing.assert_allclose(least_effort.least_effort(body), least_effort.least_effort(other), atol=1e-7)


def test_another_muscle_never_shrinks_a_range():
    body = random_capacity(7)
    rng = np.random.default_rng(8)
    more = replace(
        body,
        muscles=(*body.muscles, "new"),
        active=np.concatenate([body.active, rng.normal(0, 40, size=(len(body.times), 1, 3))], axis=1),
        activation=np.concatenate([body.activation, np.zeros((len(body.times), 1))], axis=1),
    )
    few, many = redundancy.feasible_range(body), redundancy.feasible_range(more)
    assert (many.low[:, :-1] <= few.low + 1e-6).all() and (many.high[:, :-1] >= few.high - 1e-6).all()
    least_few, least_many = least_effort.least_effort(body), least_effort.least_effort(more)
    assert ((least_many**2).sum(axis=1) <= (least_few**2).sum(axis=1) + 1e-9).all()


def test_open_moments_never_shrink_a_range():
    body = random_capacity(9)
    few, many = redundancy.feasible_range(body), redundancy.feasible_range(body.without(("q1",)))
    assert (many.low <= few.low + 1e-6).all() and (many.high >= few.high - 1e-6).all()


def test_wanting_what_is_chosen_gives_it():
    body = random_capacity(10)
    np.testing.assert_allclose(least_effort.nearest(body, body.activation), body.activation, atol=1e-7)


def test_muscles_that_share_nothing_are_solved_apart():
    arms = np.zeros((4, 2))
    arms[:2, 0], arms[2:, 1] = (10.0, 5.0), (3.0, -6.0)
    body = capacity(arms, [[12.0, 1.0]])
    assert [part.muscles.tolist() for part in redundancy.parts(body)] == [[0, 1], [2, 3]]
    leg = body.of_muscles(("m1", "m2"))
    assert leg.coordinates == ("q1",)
    whole, alone = redundancy.feasible_range(body), redundancy.feasible_range(leg)
    np.testing.assert_allclose(whole.low[:, :2], alone.low, atol=1e-9)


def test_what_is_refused():
    body = capacity([[20.0, 0.0], [10.0, 10.0], [0.0, 10.0]], [[8.0, 6.0]])
    with pytest.raises(BadValue, match="m2 was left out, yet it moves a coordinate of the muscles asked for"):
        body.of_muscles(("m1",))
    with pytest.raises(UnknownName, match='No muscle "m9"'):
        body.of_muscles(("m9",))
    with pytest.raises(UnknownName, match='No coordinate "knee"'):
        body.without(("knee",))
    with pytest.raises(BadValue, match="power of 2 or 3; got 4"):
        least_effort.least_effort(body, power=4)
    with pytest.raises(BadValue, match="not finite"):
        replace(body, required=np.array([[np.nan, 0.0]]))
    with pytest.raises(BadValue, match="No activation of 2 muscles"):
        least_effort.minimise(least_effort.Quadratic(np.ones((1, 2)), np.array([3.0]), np.ones(2), np.zeros(2)))


PHASE = 2 * np.pi * np.linspace(0, 1, 51)


@pytest.mark.published("as_stride")
def test_activity_as_a_stride_meets_emg():
    start, end = 3.0, 4.1
    smooth = 0.4 + 0.3 * np.sin(PHASE)
    values = np.column_stack([smooth, 0.2 + 0.1 * np.cos(PHASE), smooth])
    names = ("soleus_right", "vastus_lateralis_right", "soleus_left")
    stride = least_effort.as_stride(Signals(start + 1.1 * PHASE / (2 * np.pi), values, names, "1"), start, end, "right")
    assert stride.names == ("soleus", "vastus_lateralis") and len(stride) == 1
    found = stride.channel("soleus")[0]
    assert found[0] == pytest.approx(found[-1], abs=1e-9)  # one period
    np.testing.assert_allclose(found[::2], smooth, atol=0.002)  # 0.9 Hz passes a filter of 6 Hz
    human = Curves(("soleus",), "1", (1 + np.sin(2 * np.pi * np.linspace(0, 1, 101)))[:, None], None, 1, "trials")
    assert emg.correlation(stride, human, "soleus", Resampling(draws=10)).value == pytest.approx(1.0, abs=1e-4)


def test_a_side_that_is_not_there():
    signals = Signals(np.linspace(0, 1, 51), np.zeros((51, 1)), ("soleus_left",), "1")
    with pytest.raises(BadValue, match="No channel of the right side among soleus_left"):
        least_effort.as_stride(signals, 0.0, 1.0, "right")
