"""EMG envelopes: known bursts, known filters, the normaliser, and the published envelopes of one walk."""

from dataclasses import replace

import numpy as np
import pytest

from biomimic.errors import BadFile, BadValue, NotEnoughData, UnknownName
from biomimic.lab import emg
from biomimic.lab.settings import Emg
from biomimic.lab.tables import write_table
from biomimic.readers.storage import read_table
from biomimic.signals import Signals

RATE, SECONDS = 2000.0, 6.0
USABLE = 9  # muscles of the Rajagopal walk: all but gluteus maximus


def time() -> np.ndarray:
    return np.arange(int(RATE * SECONDS)) / RATE


def burst(phase: float) -> np.ndarray:
    """Activity that rises once a second, between 0.05 and 1."""
    return 0.05 + 0.95 * np.exp(6.0 * (np.cos(2.0 * np.pi * (time() - phase)) - 1.0))


def raw(gain: float = 1.0) -> Signals:
    """A carrier of 120 Hz that is modulated: the mean of |sin| is 2 / pi of its amplitude."""
    carrier = gain * np.sin(2.0 * np.pi * 120.0 * time())
    return Signals(time(), np.column_stack([burst(0.2) * carrier, burst(0.7) * carrier]), ("SOL", "TA"), "V")


@pytest.fixture
def file(tmp_path):
    return write_table(tmp_path / "emg.sto", raw())


def test_envelope_of_a_modulated_carrier_is_its_amplitude():
    found = emg.envelope(raw(), replace(Emg(), cutoff=10.0))
    inner = (time() > 1.0) & (time() < 5.0)
    assert found.values[inner, 0] == pytest.approx(2.0 / np.pi * burst(0.2)[inner], abs=0.012)
    assert found.unit == "V"


def test_movement_of_the_electrode_is_taken_out():
    # 2 V at 3 Hz under the carrier: 20 Hz, order 4 leaves less than (3/20)^2 of each pass, 5e-4 in all
    shaken = raw().with_values(raw().values + 2.0 * np.sin(2.0 * np.pi * 3.0 * time())[:, None])
    clean, found = (emg.envelope(one, Emg()).values for one in (raw(), shaken))
    inner = (time() > 1.0) & (time() < 5.0)
    assert np.abs(found - clean)[inner].max() < 2e-3


def test_gain_of_the_amplifier_does_not_matter(tmp_path):
    files = [write_table(tmp_path / f"{gain}.sto", raw(gain)) for gain in (1.0, 40.0)]
    one, other = (emg.envelopes(Emg(file=str(file))) for file in files)
    assert one.activity.values == pytest.approx(other.activity.values, abs=1e-6)
    assert other.largest["soleus_right"] == pytest.approx(40.0 * one.largest["soleus_right"], rel=1e-6)
    assert one.activity.values.max(axis=0) == pytest.approx([1.0, 1.0]) and one.activity.unit == "1"
    assert one.normaliser.startswith("largest envelope of this trial (0 to 5.9995 s)")


def test_reference_trial_is_the_normaliser(tmp_path, file):
    strong = write_table(tmp_path / "mvc.sto", raw(4.0))
    found = emg.envelopes(Emg(file=str(file), normaliser="reference", references=(str(strong),), side="left"))
    assert found.activity.names == ("soleus_left", "tibialis_anterior_left")
    assert found.activity.values.max() == pytest.approx(0.25, rel=1e-6)
    assert found.normaliser == "largest envelope in mvc.sto"


def test_muscle_that_never_rests_is_not_usable(tmp_path):
    tense = raw().with_values(raw().values + np.array([0.0, 0.6]) * np.sin(2.0 * np.pi * 97.0 * time())[:, None])
    found = emg.envelopes(Emg(file=str(write_table(tmp_path / "emg.sto", tense))))
    assert found.usable == ("soleus_right",)
    assert found.floor["tibialis_anterior_right"] > emg.NOISY > found.floor["soleus_right"]


def test_channels_can_be_named(file):
    found = emg.envelopes(Emg(file=str(file), channels={"TA": "vastus_lateralis"}))
    assert found.activity.names == ("vastus_lateralis_right",)
    with pytest.raises(UnknownName, match='No channel "GAS"'):
        emg.envelopes(Emg(file=str(file), channels={"GAS": "gastrocnemius"}))
    with pytest.raises(BadValue, match="soleus_right"):
        emg.envelopes(Emg(file=str(file), channels={"TA": "soleus", "SOL": "soleus"}))


def test_unusual_names_are_asked_for(tmp_path):
    odd = Signals(raw().time, raw().values, ("ch1", "ch2"), "V")
    with pytest.raises(UnknownName, match=r"name them in \[emg.channels\]"):
        emg.envelopes(Emg(file=str(write_table(tmp_path / "emg.sto", odd))))


def test_silent_channel(tmp_path):
    silent = raw().with_values(raw().values * np.array([1.0, 0.0]))
    with pytest.raises(NotEnoughData, match='"tibialis_anterior_right" is silent throughout'):
        emg.envelopes(Emg(file=str(write_table(tmp_path / "emg.sto", silent))))


def test_slow_sampling_is_refused():
    slow = Signals(raw().time[::4], raw().values[::4], raw().names, "V")
    with pytest.raises(BadValue, match="EMG sampled at 500 Hz has nothing above 250 Hz"):
        emg.envelope(slow, Emg())


def test_other_files_are_refused(tmp_path):
    with pytest.raises(BadFile, match="no file of EMG that can be read here"):
        emg.read(tmp_path / "emg.csv")


def test_empty_band_and_normaliser_without_files():
    with pytest.raises(BadValue, match="from 450 to 20 Hz is empty"):
        Emg(high_pass=450.0, low_pass=20.0)
    with pytest.raises(BadValue, match="needs at least one of them"):
        Emg(normaliser="reference")


def test_published_envelopes_with_their_own_filters(rajagopal):
    """Equality of processing: r over 4780 samples of one trial with the published envelope, ceiling 1.

    Their band is 50 to 500 Hz, order 6 a pass, then 7.5 Hz, order 4 a pass; as -3 dB points of both passes these are
    53.8 and 464.6 Hz, order 12, and 6.72 Hz, order 8. Null: the same muscle's envelope half a stride (0.57 s) later.
    """
    theirs = read_table(rajagopal / "electromyography.sto")
    file = str(rajagopal / "emg_walk_raw.anc")
    own = Emg(file=file, high_pass=53.8, low_pass=464.6, band_order=12, cutoff=6.72, order=8)
    found = emg.envelopes(own)
    assert len(found.activity) == len(theirs) == 4780 and len(found.usable) == USABLE
    assert "gluteus_maximus_right" not in found.usable
    shift = round(0.57 * RATE)
    for name in found.usable:
        muscle = name.removesuffix("_right").replace("vastus_medialis", "vastus_medius")
        curve, expected = found.activity.channel(name), theirs.channel(muscle)
        assert np.corrcoef(curve, expected)[0, 1] > 0.99, name
        assert np.corrcoef(curve[shift:], expected[:-shift])[0, 1] < 0.9, name


def test_published_envelopes_with_the_usual_filters(rajagopal):
    """With 20 to 450 Hz and 6 Hz the envelope is another one; it still is the same muscle's (RMSE below 0.07)."""
    theirs = read_table(rajagopal / "electromyography.sto")
    found = emg.envelopes(Emg(file=str(rajagopal / "emg_walk_raw.anc")))
    assert "gluteus_maximus_right" not in found.usable and len(found.usable) == USABLE
    for name in found.usable:
        muscle = name.removesuffix("_right").replace("vastus_medialis", "vastus_medius")
        assert np.sqrt(np.mean((found.activity.channel(name) - theirs.channel(muscle)) ** 2)) < 0.07, name
