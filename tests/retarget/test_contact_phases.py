"""Runs of true frames: worked by hand."""

import numpy as np

from biomimic.retarget import contact_phases as phases


def column(text: str) -> np.ndarray:
    return np.array([[letter == "x"] for letter in text])


def text(mask: np.ndarray) -> str:
    return "".join("x" if value else "." for value in mask[:, 0])


def test_runs_are_found_in_every_column_and_at_both_ends():
    mask = np.column_stack([column("xx..x"), column("....."), column(".xxx.")])
    found = phases.runs(mask)
    assert found.column.tolist() == [0, 0, 2]
    assert found.first.tolist() == [0, 4, 1]
    assert found.last.tolist() == [1, 4, 3]
    assert found.length.tolist() == [2, 1, 3]


def test_painting_the_runs_gives_the_mask_back():
    mask = np.random.default_rng(3).random((50, 4)) < 0.5
    assert (phases.paint(phases.runs(mask), mask.shape) == mask).all()


def test_frames_are_numbered_by_run():
    label = phases.number(phases.runs(column("x.xx.")), (5, 1))
    assert label[:, 0].tolist() == [0, -1, 1, 1, -1]


def test_neighbouring_runs_of_two_columns_keep_their_numbers():
    label = phases.number(phases.runs(np.column_stack([column(".xx"), column("xx.")])), (3, 2))
    assert label.T.tolist() == [[-1, 0, 0], [1, 1, -1]]


def test_a_loose_run_stays_if_a_strict_frame_lies_in_it():
    assert text(phases.hysteresis(column("...x......"), column("..xxx..xx."))) == "..xxx....."


def test_short_gaps_close_then_short_runs_drop():
    assert text(phases.tidy(column("..xx.xx....x..."), longest_gap=1, least=3)) == "..xxxxx........"


def test_a_gap_closes_only_over_frames_that_may_bridge_it():
    mask, bridge = column("..xx.xx..xx.."), column("..xxxxx......")
    assert text(phases.tidy(mask, longest_gap=2, least=1, bridge=bridge)) == "..xxxxx..xx.."


def test_what_the_record_cuts_off_is_never_too_short():
    assert text(phases.tidy(column("x...x...x"), longest_gap=0, least=3)) == "x.......x"


def test_the_mean_over_a_run_is_weighted_and_unknown_without_weight():
    values = np.array([[[1.0]], [[4.0]], [[9.0]], [[5.0]]])
    weights = np.array([[1.0], [2.0], [1.0], [0.0]])
    label = np.array([[0], [0], [-1], [1]])
    assert np.allclose(phases.mean(values, weights, label, 2), [[3.0], [np.nan]], equal_nan=True)


def test_a_record_without_contact_has_no_runs():
    assert len(phases.runs(np.zeros((5, 2), dtype=bool)).column) == 0
    assert not phases.tidy(np.zeros((5, 2), dtype=bool), longest_gap=9, least=1).any()
