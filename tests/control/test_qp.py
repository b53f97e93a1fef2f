import sys
from pathlib import Path

import numpy as np
import pytest

from biomimic.control.qp import Problem, minimise, objective, solve
from biomimic.errors import BadValue

sys.path.insert(0, str(Path(__file__).parent))
from tracker_problems import MUSCLES, sequence, single  # noqa: E402

SEEDS = range(3)


def compiled64(problem, start=None):
    """`minimise` as a user of JAX would call it, in float64."""
    import jax

    with jax.enable_x64(True):
        x, gap, count = jax.jit(minimise)(problem, start)
        return type(solve(problem))(np.asarray(x), float(gap), int(count))


def dense(problem):
    """Hessian and slope of the same problem in standard form."""
    return problem.A.T @ problem.A + np.diag(problem.d), problem.c - problem.A.T @ problem.b


def by_piqp(problem):
    piqp = pytest.importorskip("piqp")
    solver = piqp.DenseSolver()
    solver.settings.eps_abs, solver.settings.eps_rel = 1e-9, 1e-12
    solver.settings.eps_duality_gap_abs, solver.settings.eps_duality_gap_rel = 1e-7, 1e-12
    high = np.where(np.isinf(problem.high), 1e30, problem.high)
    solver.setup(*dense(problem), None, None, None, None, None, problem.low, high)
    solver.solve()
    return np.clip(solver.result.x, problem.low, problem.high)


def by_clarabel(problem):
    clarabel = pytest.importorskip("clarabel")
    from scipy import sparse

    m, n = problem.A.shape
    bounded = np.isfinite(problem.high)
    # Unknowns (x, r) with r = A x - b, so that the Hessian stays diagonal.
    hessian = sparse.diags(np.concatenate([problem.d, np.ones(m)]), format="csc")
    lower = sparse.hstack([-sparse.eye(n), sparse.csc_matrix((n, m))])
    upper = sparse.hstack([sparse.eye(n), sparse.csc_matrix((n, m))]).tocsr()[bounded]
    rows = sparse.vstack([sparse.hstack([sparse.csc_matrix(problem.A), -sparse.eye(m)]), lower, upper], format="csc")
    right = np.concatenate([problem.b, -problem.low, problem.high[bounded]])
    cones = [clarabel.ZeroConeT(m), clarabel.NonnegativeConeT(n + int(bounded.sum()))]
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    slope = np.concatenate([problem.c, np.zeros(m)])
    found = clarabel.DefaultSolver(hessian, slope, rows, right, cones, settings).solve()
    return np.clip(np.array(found.x)[:n], problem.low, problem.high)


def box_of_two(**parts):
    """1/2 |x - b|^2 + 1/2 |x|^2 on [0, 1]^2: every unknown by itself, minimum at b / 2 clipped."""
    fields = dict(A=np.eye(2), b=np.array([1.0, 4.0]), d=np.ones(2), c=np.zeros(2), low=np.zeros(2), high=np.ones(2))
    return Problem(**{**fields, **parts})


@pytest.mark.parametrize("form", [solve, compiled64])
def test_separable_problem_by_hand(form):
    # b / 2 = (0.5, 2), clipped (0.5, 1); objective 0.25/2 + 9/2 + 0.25/2 + 1/2 = 5.25
    found = form(box_of_two())
    assert found.x == pytest.approx([0.5, 1.0], abs=1e-4)
    assert objective(box_of_two(), found.x) == pytest.approx(5.25, abs=2e-5)


@pytest.mark.parametrize("form", [solve, compiled64])
def test_coupled_problem_by_hand(form):
    # A = [1 1], b = 3, d = 1: with x2 <= 0.5 active, (x1 + 0.5 - 3) + x1 = 0, so x1 = 1.25.
    problem = Problem(np.ones((1, 2)), [3.0], np.ones(2), np.zeros(2), np.zeros(2), [np.inf, 0.5])
    problem = Problem(*(np.asarray(part, float) for part in problem))
    assert form(problem).x == pytest.approx([1.25, 0.5], abs=1e-4)


def test_unbounded_both_ways_is_least_squares():
    rng = np.random.default_rng(1)
    A, b, c = rng.normal(size=(5, 12)), rng.normal(size=5), rng.normal(size=12)
    problem = Problem(A, b, np.full(12, 2.0), c, np.full(12, -np.inf), np.full(12, np.inf))
    expected = np.linalg.solve(A.T @ A + 2 * np.eye(12), A.T @ b - c)
    assert solve(problem, tolerance=1e-10).x == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("form", [solve, compiled64])
@pytest.mark.oracle
@pytest.mark.parametrize("oracle", [by_piqp, by_clarabel])
@pytest.mark.parametrize("seed", SEEDS)
def test_agrees_with_other_solvers(form, oracle, seed):
    problem = single(np.random.default_rng(seed), rows=(37, 45, 64)[seed % 3], rays=(0, 16, 32)[seed % 3])
    found, known = form(problem), objective(problem, oracle(problem))
    assert objective(problem, found.x) - known <= 1e-4 * abs(known)
    assert known - objective(problem, found.x) <= 1e-4 * abs(known)
    assert (found.x >= problem.low - 1e-9).all() and (found.x <= problem.high + 1e-9).all()
    assert found.iterations <= 20


@pytest.mark.parametrize("seed", SEEDS)
def test_gap_bounds_the_suboptimality_wherever_it_stops(seed):
    problem = single(np.random.default_rng(seed))
    best = objective(problem, solve(problem, tolerance=1e-9).x)
    for iterations in (0, 2, 5, 8):
        found = solve(problem, iterations=iterations)
        assert found.iterations == iterations
        excess = objective(problem, found.x) - best
        assert -1e-6 * best <= excess <= found.gap * (1 + 1e-9)


def test_start_changes_the_work_but_not_the_answer():
    pairs = sequence(np.random.default_rng(0), solve)
    warm = [solve(problem, start) for problem, start in pairs]
    cold = [solve(problem) for problem, _ in pairs]
    for (problem, _), one, other in zip(pairs, warm, cold, strict=True):
        assert objective(problem, one.x) == pytest.approx(objective(problem, other.x), rel=1e-4)
    assert np.mean([one.iterations for one in warm]) < np.mean([one.iterations for one in cold])


def test_objective_scale_only_scales_the_tolerance():
    problem = single(np.random.default_rng(3))
    larger = Problem(10 * problem.A, 10 * problem.b, 100 * problem.d, 100 * problem.c, problem.low, problem.high)
    assert solve(larger, tolerance=1e-3).x == pytest.approx(solve(problem).x, abs=1e-6)


def test_fixed_unknowns_stay_and_drop_out():
    problem = single(np.random.default_rng(4))
    held = np.arange(problem.c.size) % 3 == 0
    value = np.where(np.isfinite(problem.high), 0.5 * (problem.low + problem.high), 0.0)[held]
    low, high = problem.low.copy(), problem.high.copy()
    low[held] = high[held] = value
    found = solve(problem._replace(low=low, high=high))
    rest = Problem(
        problem.A[:, ~held],
        problem.b - problem.A[:, held] @ value,
        problem.d[~held],
        *(part[~held] for part in (problem.c, problem.low, problem.high)),
    )
    assert (found.x[held] == value).all()
    assert objective(rest, found.x[~held]) == pytest.approx(objective(rest, solve(rest).x), rel=1e-4)


def test_everything_fixed_takes_no_iteration():
    problem = box_of_two(low=np.full(2, 0.3), high=np.full(2, 0.3))
    found = solve(problem)
    assert found.iterations == 0 and (found.x == 0.3).all() and found.gap == 0


def test_all_bounds_active():
    problem = single(np.random.default_rng(5), rays=0)
    pushed = problem._replace(c=np.where(np.arange(MUSCLES) % 2, 1e8, -1e8))
    expected = np.where(np.arange(MUSCLES) % 2, problem.low, problem.high)
    assert solve(pushed).x == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("width", [1e-3, 1e-6, 1e-9, 1e-12, 1e-15])
def test_narrow_boxes(width):
    problem = single(np.random.default_rng(6), rays=0)
    found = solve(problem._replace(high=problem.low + width), problem.low)
    assert (found.x >= problem.low).all() and (found.x <= problem.low + width).all()
    assert found.gap <= 1e-5 * MUSCLES


def test_batch_equals_one_by_one():
    import jax

    problems = [single(np.random.default_rng(seed)) for seed in range(5)]
    stacked = Problem(*(np.stack(parts) for parts in zip(*problems, strict=True)))
    with jax.enable_x64(True):
        batch = np.asarray(jax.jit(jax.vmap(minimise))(stacked).x)
    for problem, x in zip(problems, batch, strict=True):
        assert x == pytest.approx(solve(problem).x, abs=1e-7)


@pytest.mark.parametrize("seed", SEEDS)
def test_single_precision_is_finite_and_its_gap_is_honest(seed):
    import jax

    problem = single(np.random.default_rng(seed))
    small = Problem(*(part.astype(np.float32) for part in problem))
    found = jax.jit(minimise)(small, tolerance=1e-2)
    x = np.clip(np.asarray(found.x, float), problem.low, problem.high)
    excess = objective(problem, x) - objective(problem, solve(problem, tolerance=1e-9).x)
    rounding = 4e-6 * 0.5 * problem.b @ problem.b  # 32 machine epsilon of the objective at x = 0
    assert found.x.dtype == np.float32
    assert excess <= 1e-2 * x.size + 2 * rounding
    assert excess <= float(found.gap) + rounding


def test_importing_it_does_not_import_jax():
    import subprocess

    code = "import sys, biomimic.control.qp; sys.exit('jax' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], check=False).returncode == 0


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"b": np.array([1.0, np.nan])}, '"b" of the problem has 1 NaN in 2 values'),
        ({"high": np.array([1.0, np.nan])}, '"high" of the problem has 1 NaN in 2 values'),
        ({"c": np.array([1.0, np.inf])}, '"c" of the problem has an infinite value; only "low" and "high"'),
        ({"d": np.array([1.0, 0.0])}, '"d" of the problem has smallest value 0; every weight must be above 0'),
        ({"low": np.array([0.0, 2.0])}, '"low" is above "high" for 1 of 2 unknowns'),
        ({"b": np.zeros(3)}, r'"b" of the problem has shape \(3,\); with this "A" it should be \(2,\)'),
        ({"A": np.zeros(3)}, r'"A" of the problem has shape \(3,\); it should be \(rows, unknowns\)'),
    ],
)
def test_bad_problems_are_named(parts, words):
    with pytest.raises(BadValue, match=words):
        solve(box_of_two(**parts))


def test_bad_start_is_named():
    with pytest.raises(BadValue, match='"start" of the problem has 1 NaN'):
        solve(box_of_two(), np.array([0.0, np.nan]))
