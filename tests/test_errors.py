import pytest

from biomimic import errors


def test_unknown_name_lists_what_exists_and_the_closest():
    error = errors.unknown("channel", "knee_angle_r", ["hip_flexion_right", "knee_flexion_right"], where="in angles")
    assert str(error) == (
        'No channel "knee_angle_r" in angles. It has: hip_flexion_right, knee_flexion_right. '
        'Did you mean "knee_flexion_right"?'
    )
    assert isinstance(error, errors.BiomimicError)


def test_at_most_ten_names_are_listed():
    text = str(errors.unknown("run", "zzz", [f"run{k}" for k in range(30)]))
    assert "run9, … (30 in all)" in text and "run10" not in text and "mean" not in text


def test_nothing_known():
    assert str(errors.unknown("run", "run42", [])) == 'No run "run42". There is none.'


@pytest.mark.parametrize(
    "kind", [errors.UnknownName, errors.BadFile, errors.BadValue, errors.BadRun, errors.NotEnoughData]
)
def test_every_kind_is_ours(kind):
    assert issubclass(kind, errors.BiomimicError)
