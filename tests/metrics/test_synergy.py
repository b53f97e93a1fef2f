"""Synergies of made activity whose factors are known, and the definitions by hand."""

import numpy as np
import pytest
from scipy.optimize import nnls
from scipy.stats import spearmanr

from biomimic.errors import BadValue
from biomimic.gait.strides import Curves, Strides
from biomimic.metrics import synergy
from biomimic.metrics.estimate import Resampling

PERCENT = np.arange(101)
QUICK = Resampling(draws=100)
NAMES = tuple(f"muscle_{letter}" for letter in "abcdefgh")
FEW = synergy.Rule(restarts=3)  # enough for made activity
CENTRES = (10, 35, 60, 85)


def bell(centre, width=9.0):
    away = (PERCENT - centre + 50) % 100 - 50
    return np.exp(-((away / width) ** 2))


def product(weights=None):
    """Activity of eight muscles as a product of four bursts and weights, (101, 8)."""
    weights = np.random.default_rng(1).uniform(0.0, 1.0, (8, 4)) ** 3 if weights is None else weights
    return np.column_stack([bell(centre) for centre in CENTRES]) @ weights.T


def curves(values, names=NAMES):
    return Curves(names, "1", np.asarray(values), None, 1, "subjects")


def strides(*walks, names=NAMES):
    count = len(walks)
    return Strides(
        side="right",
        names=names,
        unit="1",
        values=np.array(walks, float),
        duration=np.full(count, 1.1),
        stance=np.full(count, 0.6),
        trial=np.zeros(count, int),
    )


@pytest.mark.published("vaf", "decompose", "synergies")
def test_four_synergies_explain_a_product_of_four():
    found = synergy.decompose(curves(product()), count=4)
    assert found.vaf > 1 - 1e-9 and found.muscle_vaf.min() > 1 - 1e-8
    np.testing.assert_allclose(np.linalg.norm(found.weights, axis=0), 1.0)
    np.testing.assert_allclose(found.activity @ found.weights.T, synergy.envelopes(curves(product())), atol=1e-4)


@pytest.mark.published("vaf", "decompose", "synergies")
def test_explained_share_is_uncentred():
    # two muscles one after the other, one synergy: it can hold only one of two separate bursts, the wider one, whose
    # squares are 4 of 7 of all (the sum of the squares of a bell grows with its width)
    apart = curves(np.column_stack([bell(20, 4.0), bell(70, 3.0)]), names=("first", "second"))
    found = synergy.decompose(apart, count=1)
    assert found.vaf == pytest.approx(4 / 7, abs=1e-6)
    by_hand = (
        1
        - ((synergy.envelopes(apart) - found.activity @ found.weights.T) ** 2).sum()
        / (synergy.envelopes(apart) ** 2).sum()
    )
    assert found.vaf == pytest.approx(by_hand)
    assert found.muscle_vaf == pytest.approx([1.0, 0.0], abs=1e-5)


@pytest.mark.published("synergies", "synergy_count")
def test_the_smallest_number_that_meets_both_limits():
    # four separate groups of two muscles each: three synergies leave one group, a quarter of all, unexplained
    groups = np.kron(np.eye(4), np.ones((2, 1)))
    found = synergy.decompose(curves(product(groups)), FEW)
    assert len(found) == 4 and found.enough
    assert found.activity.argmax(axis=0).tolist() == list(CENTRES)  # in the order of their peaks
    # a muscle on its own, weak against seven equal ones: all activity is explained by one synergy, that muscle is not
    values = np.column_stack([*[bell(20, 20.0)] * 7, bell(70, 1.0)])
    assert len(synergy.decompose(curves(values), FEW)) == 2
    assert len(synergy.decompose(curves(values), synergy.Rule(muscle_vaf=0.0, restarts=3))) == 1


def test_the_same_seed_gives_the_same_synergies_and_gain_does_not_count():
    noisy = product() + 0.1 * np.random.default_rng(5).uniform(size=(101, 8))
    first, again = (synergy.decompose(curves(noisy), FEW, count=3) for _ in range(2))
    assert (first.weights == again.weights).all() and first.vaf == again.vaf
    louder = synergy.decompose(curves(noisy * np.linspace(0.1, 5, 8)), FEW, count=3)
    np.testing.assert_allclose(louder.weights, first.weights, atol=1e-4)


def made(weights, activity, names=NAMES):
    """Synergies with given weights and activities."""
    return synergy.Synergies(names, weights / np.linalg.norm(weights, axis=0), activity, 1.0, np.ones(len(names)), True)


@pytest.mark.published("match", "synergies")
def test_matching_by_hand():
    weights, activity = np.kron(np.eye(4), np.ones((2, 1))), np.column_stack([bell(c)[:-1] for c in CENTRES])
    shuffled = made(weights[:, [2, 0, 3, 1]], activity[:, [2, 0, 3, 1]])
    found = synergy.match(made(weights, activity), shuffled)
    assert sorted(found.pairs) == [(0, 1), (1, 3), (2, 0), (3, 2)]
    np.testing.assert_allclose(found.weights, 1.0)
    np.testing.assert_allclose(found.activity, 1.0)
    # (1, 1) against (1, 0) has cosine 1 / sqrt 2; the best sum, not each one's best, decides
    first = made(np.array([[1.0, 1.0], [1.0, 0.0]]), activity[:, :2], NAMES[:2])
    second = made(np.array([[1.0, 0.0], [0.0, 1.0]]), activity[:, :2], NAMES[:2])
    found = synergy.match(first, second)
    assert sorted(found.pairs) == [(0, 1), (1, 0)]
    assert sorted(found.weights) == pytest.approx([2**-0.5, 1.0])
    fewer = synergy.match(made(weights, activity), made(weights[:, :3], activity[:, :3]))
    assert len(fewer.pairs) == 3 and fewer.alone == (1, 0)


def test_the_order_of_the_muscles_does_not_count():
    order = np.random.default_rng(3).permutation(8)
    first = synergy.decompose(curves(product()), FEW, count=4)
    other = synergy.decompose(curves(product()[:, order], tuple(NAMES[k] for k in order)), FEW, count=4)
    np.testing.assert_allclose(synergy.match(first, other).weights, 1.0, atol=1e-3)
    walk = strides(0.5 * product()[:, order], names=tuple(NAMES[k] for k in order))
    assert synergy.cross_vaf(walk, first, QUICK).value > 1 - 1e-6


@pytest.mark.published("cross_vaf", "synergies")
def test_cross_vaf_by_hand():
    # the person's one synergy is muscles a and b together; of a muscle alone it rebuilds half:
    # |e|^2 = 1, its share along (1, 1) / sqrt 2 is 1 / 2. The second muscle is the first one 50 % later.
    person = made(np.ones((2, 1)), bell(20)[:-1, None], NAMES[:2])
    apart = np.column_stack([bell(20, 3.0), bell(70, 3.0)])
    found = synergy.cross_vaf(strides(apart, apart, names=NAMES[:2]), person, QUICK)
    assert found.value == pytest.approx(0.5, abs=1e-9) and found.unit == "1" and found.n == 2
    assert synergy.cross_vaf_of(curves(apart, NAMES[:2]), person) == pytest.approx(0.5, abs=1e-9)
    together = np.column_stack([bell(20), bell(20)])
    assert synergy.cross_vaf_of(curves(together, NAMES[:2]), person) == pytest.approx(1.0)


@pytest.mark.oracle("cross_vaf")
def test_rebuilt_share_is_that_of_non_negative_least_squares():
    generator = np.random.default_rng(8)
    weights, activity = generator.uniform(size=(8, 5)), generator.uniform(size=(3, 40, 8))
    left = [[nnls(weights, sample)[1] ** 2 for sample in walk] for walk in activity]
    expected = 1 - np.sum(left, axis=1) / (activity**2).sum(axis=(1, 2))
    np.testing.assert_allclose(synergy._rebuilt(activity, weights), expected, atol=1e-12)


@pytest.mark.published("representational_similarity")
def test_likeness_by_hand():
    # four muscles at 0, 10, 27, 50 % of a sine: the correlation of a pair is the cosine of its distance. Distances of
    # the pairs 10 27 17 50 40 23, ranks 1 4 2 6 5 3; of the other walk, with the second muscle at 30 %, 30 27 3 50 20
    # 23, ranks 5 4 1 6 2 3. Spearman: 1 - 6 (16 + 0 + 1 + 0 + 9 + 0) / (6 x 35)
    wave, other = (
        0.5 + 0.4 * np.sin(2 * np.pi * (PERCENT[:, None] - np.array([0, second, 27, 50])) / 100) for second in (10, 30)
    )
    found = synergy.representational_similarity(strides(wave, wave, names=NAMES[:4]), curves(other, NAMES[:4]), QUICK)
    assert found.value == pytest.approx(1 - 6 * 26 / 210)
    same = synergy.representational_similarity(strides(wave, names=NAMES[:4]), curves(3 * wave, NAMES[:4]), QUICK)
    assert same.value == pytest.approx(1.0)


@pytest.mark.oracle("representational_similarity")
def test_likeness_is_spearmans():
    generator = np.random.default_rng(4)
    walk, human = generator.uniform(0.1, 1, (2, 101, 8))
    found = synergy.representational_similarity(strides(walk), curves(human), QUICK)
    low = np.tril_indices(8, k=-1)
    both = [np.corrcoef(one[:-1].T)[low] for one in (walk, human)]
    assert found.value == pytest.approx(spearmanr(*both).statistic, abs=1e-12)
    assert synergy.similarity_of(curves(walk), curves(human)) == pytest.approx(found.value)


def test_intervals_come_from_strides():
    generator = np.random.default_rng(6)
    walks = [np.clip(product() + 0.3 * generator.normal(size=(101, 8)), 0, None) for _ in range(6)]
    person = synergy.decompose(curves(product()), FEW, count=4)
    for found in (
        synergy.cross_vaf(strides(*walks), person, QUICK),
        synergy.representational_similarity(strides(*walks), curves(product()), QUICK),
    ):
        assert found.low <= found.value <= found.high and found.low < found.high and found.n == 6


def test_silent_missing_and_few_muscles_say_why():
    quiet = product() * np.where(np.arange(8) == 2, 0.01, 1.0)
    person = synergy.decompose(curves(product()), FEW, count=2)
    silent = synergy.cross_vaf(strides(quiet), person, QUICK)
    assert np.isnan(silent.value) and silent.note.startswith("muscle_c is silent")
    like = synergy.representational_similarity(strides(quiet), curves(product()), QUICK)
    assert np.isnan(like.value) and like.note.startswith("muscle_c is silent")
    missing = synergy.cross_vaf(strides(np.full((101, 8), np.nan)), person, QUICK)
    assert missing.n == 0 and "no stride" in missing.note
    few = synergy.representational_similarity(
        strides(product()[:, :3], names=NAMES[:3]), curves(product()[:, :3], NAMES[:3]), QUICK
    )
    assert few.note == "3 muscles have too few pairs; at least 4 are needed"
    flat = np.where(np.arange(8) == 1, 0.5, product())
    level = synergy.representational_similarity(strides(product()), curves(flat), QUICK)
    assert level.note == "the reference of muscle_b is constant or not measured"


def test_unequal_muscles_are_refused():
    person = synergy.decompose(curves(product()), FEW, count=2)
    seven = synergy.decompose(curves(product()[:, :7], NAMES[:7]), FEW, count=2)
    words = "equal sets of muscles; found . and ., and only one has muscle_h. Select the muscles that both have"
    with pytest.raises(BadValue, match=words):
        synergy.match(person, seven)
    with pytest.raises(BadValue, match=words):
        synergy.cross_vaf(strides(product()), seven, QUICK)
    with pytest.raises(BadValue, match=words):
        synergy.representational_similarity(strides(product()), curves(product()[:, :7], NAMES[:7]), QUICK)
    with pytest.raises(BadValue, match="muscle_a is never active"):
        synergy.decompose(curves(product() * np.where(np.arange(8) == 0, 0.0, 1.0)))
    with pytest.raises(BadValue, match="8 muscles have 1 to 8 synergies; 9 were asked for"):
        synergy.decompose(curves(product()), count=9)
    with pytest.raises(BadValue, match="between 0 and 1; got 90"):
        synergy.Rule(vaf=90)
