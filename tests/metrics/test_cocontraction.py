"""Co-contraction of curves whose answers follow from the definitions."""

import numpy as np
import pytest

from biomimic.errors import BadValue, UnknownName
from biomimic.gait.strides import Strides
from biomimic.metrics import cocontraction
from biomimic.metrics.estimate import Resampling

PERCENT = np.arange(101)
QUICK = Resampling(draws=200)
PAIR = ("tibialis_anterior", "soleus")


def strides(*pairs, stance=0.6, phase="stride"):
    """Each pair: the curves of one stride."""
    count = len(pairs)
    return Strides(
        side="right",
        names=PAIR,
        unit="1",
        values=np.moveaxis(np.array(pairs, float), 1, 2),
        duration=np.full(count, 1.1),
        stance=np.broadcast_to(np.array(stance, float), (count,)),
        trial=np.zeros(count, int),
        phase=phase,
    )


def between(start, end, height=1.0):
    return height * ((PERCENT >= start) & (PERCENT < end))


@pytest.mark.published("falconer_winter", "rudolph", "cocontraction")
def test_constant_activities_by_hand():
    first, second = np.full(100, 0.4), np.full(100, 0.2)
    assert cocontraction.falconer_winter(first, second) == pytest.approx(66.667, abs=1e-3)  # 2 x 0.2 / 0.6
    assert cocontraction.rudolph(first, second) == pytest.approx(0.300)  # 0.2 / 0.4 x 0.6


@pytest.mark.published("falconer_winter", "rudolph", "cocontraction")
def test_bounds():
    same, apart = between(10, 40), between(50, 80)
    assert cocontraction.falconer_winter(same, same) == pytest.approx(100.0)
    assert cocontraction.falconer_winter(same, apart) == 0.0 and cocontraction.rudolph(same, apart) == 0.0
    assert cocontraction.rudolph(np.ones(100), np.ones(100)) == pytest.approx(2.0)
    assert np.isnan(cocontraction.falconer_winter(np.zeros(100), np.zeros(100)))


@pytest.mark.published("cocontraction")
@pytest.mark.parametrize(
    ("part", "common", "total"),
    [("stride", 20, 60), ("stance", 20, 50), ("swing", 0, 10)],  # boxes 10 ... 40 and 20 ... 40 plus 70 ... 80 %
)
def test_parts_of_the_stride_by_hand(part, common, total):
    one = (between(10, 40), between(20, 40) + between(70, 80))
    found = cocontraction.cocontraction(strides(one, one), PAIR, QUICK, part=part)
    assert found.value == pytest.approx(100 * 2 * common / total) and (found.n, found.unit) == (2, "%")


def test_each_stride_has_its_own_toe_off():
    one = (between(40, 60), between(0, 80))
    found = cocontraction.cocontraction(
        strides(one, one, stance=(0.5, 0.6)), PAIR, QUICK, index="rudolph", part="stance"
    )
    assert found.value == pytest.approx(0.5 * (2 * 10 / 50 + 2 * 20 / 60)) and found.unit == "1"
    unknown_toe_off = strides(one, one, stance=(0.5, np.nan))
    assert cocontraction.cocontraction(unknown_toe_off, PAIR, QUICK, part="stance").n == 1
    assert cocontraction.cocontraction(unknown_toe_off, PAIR, QUICK, part="stride").n == 2


def test_gain_of_a_muscle_does_not_count():
    first, second = 0.5 + 0.3 * np.sin(PERCENT / 16), 0.5 + 0.3 * np.cos(PERCENT / 16)
    for index in cocontraction.INDICES:
        found = [
            cocontraction.cocontraction(strides((first, gain * second)), PAIR, QUICK, index=index).value
            for gain in (1.0, 0.2)
        ]
        assert found[0] == pytest.approx(found[1])


def test_what_has_no_cocontraction_says_why():
    quiet = cocontraction.cocontraction(strides((between(10, 40), between(10, 40, 0.02))), PAIR, QUICK)
    assert np.isnan(quiet.value) and quiet.note == "soleus is silent: it has no co-contraction"
    missing = cocontraction.cocontraction(strides((between(10, 40), np.full(101, np.nan))), PAIR, QUICK)
    assert np.isnan(missing.value) and "no stride" in missing.note
    with pytest.raises(UnknownName, match='co-contraction index "rudolf".*Did you mean "rudolph"'):
        cocontraction.cocontraction(strides((between(0, 9), between(0, 9))), PAIR, QUICK, index="rudolf")
    with pytest.raises(UnknownName, match='part of the stride "flight"'):
        cocontraction.cocontraction(strides((between(0, 9), between(0, 9))), PAIR, QUICK, part="flight")
    with pytest.raises(BadValue, match='over whole strides; these span a "stance"'):
        cocontraction.cocontraction(strides((between(0, 9), between(0, 9)), phase="stance"), PAIR, QUICK)
