import numpy as np
import pytest
from scipy import stats
from scipy.special import gamma

from biomimic.errors import BadValue
from biomimic.metrics.random_field import (
    RESEL,
    Law,
    chance,
    cluster_chance,
    critical_height,
    expected_excursions,
    smoothness,
)


def noise(generator, *, shape, width, points=101):
    """Unit-variance noise whose smoothing kernel has this FWHM [points]; (*shape, points)."""
    sigma = width / np.sqrt(8 * np.log(2))
    reach = int(np.ceil(5 * sigma))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    rough = generator.normal(size=(*shape, points + 2 * reach))
    smooth = np.apply_along_axis(lambda row: np.convolve(row, kernel, mode="valid"), -1, rough)
    return smooth / np.sqrt((kernel**2).sum())


def t_density(order, t, error):
    """Density of the Euler characteristic of a t field whose derivative has unit variance, printed in Worsley 1996."""
    shape = (1 + t**2 / error) ** (-(error - 1) / 2)
    if order == 1:
        return shape / (2 * np.pi)
    if order == 2:
        ratio = gamma((error + 1) / 2) / (np.sqrt(error / 2) * gamma(error / 2))
        return shape * ratio * t / (2 * np.pi) ** 1.5
    return shape * ((error - 1) / error * t**2 - 1) / (2 * np.pi) ** 2


def other_hotelling(error, components):
    """Ratio of the upcrossing density of the other program to that of Cao & Worsley: its gammas have one df less."""
    return (
        gamma(error / 2)
        * gamma((error - components + 2) / 2)
        / gamma((error - components + 1) / 2)
        / gamma((error + 1) / 2)
    )


@pytest.mark.oracle("random_field", "critical_height")
@pytest.mark.parametrize(
    "law, width, height",
    [
        (Law("Z"), 25, 2.511268),
        (Law("t", (8,)), 15, 3.785605),
        (Law("F", (2, 12)), 15, 10.310003),
        (Law("X2", (4,)), 15, 15.964686),
    ],
)
def test_critical_height_over_101_points(law, width, height):
    assert critical_height(law, 0.05, 100 / width) == pytest.approx(height, abs=1e-6)


@pytest.mark.published("random_field", "critical_height", "chance")
def test_critical_height_of_a_normal_curve_by_hand():
    # at u = 3 and 4 resels: 0.0013499 + 4 sqrt(4 ln 2) / (2 pi) exp(-4.5) = 0.0131259; 1 - exp(-that) = 0.0130401
    assert expected_excursions(Law("Z"), 3.0, 4.0) == pytest.approx(0.0131259, abs=5e-7)
    assert chance(Law("Z"), 3.0, 4.0) == pytest.approx(0.0130401, abs=5e-7)
    assert critical_height(Law("Z"), 0.0130401, 4.0) == pytest.approx(3.0, abs=1e-5)


@pytest.mark.parametrize("height", [2.0, 3.0, 5.0])
def test_laws_meet_where_they_must(height):
    squared = height**2
    both = 2 * Law("t", (9,)).upcrossings(height)
    assert Law("F", (1, 9)).upcrossings(squared) == pytest.approx(both)
    assert Law("T2", (1, 9)).upcrossings(squared) == pytest.approx(both)
    assert Law("t", (1e7,)).upcrossings(height) == pytest.approx(Law("Z").upcrossings(height), rel=1e-4)
    assert Law("X2", (1,)).upcrossings(squared) == pytest.approx(2 * Law("Z").upcrossings(height))
    assert Law("T2", (3, 1e6)).upcrossings(squared) == pytest.approx(Law("X2", (3,)).upcrossings(squared), rel=1e-3)
    assert Law("T2", (1, 9)).tail(squared) == pytest.approx(2 * stats.t.sf(height, 9))


@pytest.mark.published("random_field", "hotelling")
@pytest.mark.parametrize("error", [7, 20, 39])
@pytest.mark.parametrize("height", [20.0, 60.0])
def test_hotelling_is_the_largest_t_over_all_directions(error, height):
    # a T2 field of C components is a t field over the curve times the sphere of directions (Worsley et al. 2004):
    # circle 2 pi rho_2; sphere 4 pi rho_3 + 2 rho_1
    t = np.sqrt(height)
    circle = 2 * np.pi * t_density(2, t, error)
    sphere = 4 * np.pi * t_density(3, t, error) + 2 * t_density(1, t, error)
    assert Law("T2", (2, error)).upcrossings(height) == pytest.approx(np.sqrt(RESEL) * circle, rel=1e-10)
    assert Law("T2", (3, error)).upcrossings(height) == pytest.approx(np.sqrt(RESEL) * sphere, rel=1e-10)


@pytest.mark.oracle("random_field", "hotelling")
@pytest.mark.parametrize(
    "df, resels, height, ours", [((10, 39), 7.1759162, 48.8573, 49.8813), ((3, 7), 5.1860618, 106.0921, 116.7628)]
)
def test_hotelling_heights_and_how_the_other_program_comes_to_its_own(df, resels, height, ours):
    law = Law("T2", df)
    assert critical_height(law, 0.05, resels * other_hotelling(df[1], df[0])) == pytest.approx(height, abs=2e-4)
    assert critical_height(law, 0.05, resels) == pytest.approx(ours, abs=2e-4)


@pytest.mark.slow
def test_simulated_hotelling_curves_cross_as_often_as_the_formula_says():
    generator = np.random.default_rng(4)
    units, components, width, points, crossings = 8, 3, 80.0, 401, 0
    fields = 3000
    for _ in range(fields // 100):
        rows = noise(generator, shape=(100, units, components), width=width, points=points)
        mean = rows.mean(axis=1)
        scatter = np.einsum("bnip,bnjp->bpij", rows, rows)
        solved = np.linalg.solve(scatter, np.moveaxis(mean, 1, 2)[..., None])[..., 0]
        share = units * (np.moveaxis(mean, 1, 2) * solved).sum(axis=-1)
        t2 = (units - 1) * share / (1 - share)
        crossings += ((t2[:, 1:] > 40) & (t2[:, :-1] <= 40)).sum()
    resels = (points - 1) / width
    expected = resels * Law("T2", (3, 7)).upcrossings(40.0)
    error = np.sqrt(crossings) / fields
    assert abs(crossings / fields - expected) < 3 * error
    assert abs(crossings / fields - expected * other_hotelling(7, 3)) > 3 * error


@pytest.mark.oracle("random_field", "cluster_chance")
@pytest.mark.parametrize(
    "law, height, extent, resels, p",
    [
        (Law("t", (9,)), 3.8213389, 0.2872467, 8.7909806, 0.030983083),
        (Law("t", (9,)), 3.4059025, 0.2721001, 4.9087068, 0.035278654),
        (Law("X2", (3,)), 14.9752080, 1.2635111, 11.1268577, 3.353875e-5),
        (Law("X2", (9,)), 26.4332768, 0.0951577, 11.0490578, 0.047734441),
        (Law("F", (2, 57)), 7.5968703, 1.3607855, 16.3454846, 3.253349e-6),
    ],
)
def test_chance_of_a_stretch(law, height, extent, resels, p):
    assert cluster_chance(law, height, extent, resels) == pytest.approx(p, rel=1e-5)


@pytest.mark.oracle("random_field", "cluster_chance", "hotelling")
def test_chance_of_a_hotelling_stretch():
    # the other program's density enters through the resels and through the extent
    ratio = other_hotelling(39, 10)
    found = cluster_chance(Law("T2", (10, 39)), 48.8573116, 0.4681004 * ratio, 7.1759162 * ratio)
    assert found == pytest.approx(0.0117336, abs=1e-6)


def test_stretch_of_no_length_has_the_chance_of_its_height():
    law = Law("t", (9,))
    assert cluster_chance(law, 3.5, 0.0, 5.0) == pytest.approx(chance(law, 3.5, 5.0))
    longer = [cluster_chance(law, 3.5, extent, 5.0) for extent in (0.0, 0.1, 0.3, 1.0)]
    assert np.all(np.diff(longer) < 0)


def test_single_number_has_its_own_tail():
    assert critical_height(Law("t", (11,)), 0.05, 0.0) == pytest.approx(stats.t.isf(0.05, 11))
    assert chance(Law("F", (2, 12)), 5.0, 0.0) == pytest.approx(stats.f.sf(5.0, 2, 12))
    assert smoothness(np.arange(4.0)[:, None] - 1.5).resels == 0.0


@pytest.mark.published("random_field", "smoothness")
def test_width_of_smoothed_noise_is_that_of_its_kernel():
    rows = noise(np.random.default_rng(0), shape=(200,), width=20.0, points=401)
    found = smoothness(rows - rows.mean(axis=0))
    assert found.fwhm == pytest.approx(20.0, rel=0.03)
    assert found.resels == pytest.approx(400 / found.fwhm)


def test_width_knows_no_unit_and_leaves_out_where_nothing_varies():
    rows = noise(np.random.default_rng(1), shape=(10,), width=15.0)
    rows -= rows.mean(axis=0)
    assert smoothness(7.0 * rows).fwhm == pytest.approx(smoothness(rows).fwhm)
    assert smoothness(np.stack([rows, 3 * rows], axis=2)).fwhm == pytest.approx(smoothness(rows).fwhm)
    still = np.concatenate([rows, np.zeros((10, 40))], axis=1)
    assert np.isfinite(smoothness(still).fwhm)


def test_width_without_variation_is_an_error():
    with pytest.raises(BadValue, match="do not vary from unit to unit"):
        smoothness(np.zeros((5, 101)))
    with pytest.raises(BadValue, match="constant along the curve"):
        smoothness(np.outer([-1.0, 0.0, 1.0], np.ones(101)))


@pytest.mark.parametrize(
    "kind, df, text",
    [("q", (), "one of Z, t, F"), ("t", (), "1 positive degrees"), ("T2", (5, 3), "more units or fewer components")],
)
def test_law_that_does_not_exist(kind, df, text):
    with pytest.raises(BadValue, match=text):
        Law(kind, df)


def test_error_rate_in_percent_is_refused():
    with pytest.raises(BadValue, match="0.05 for 5 %"):
        critical_height(Law("Z"), 5.0, 4.0)
