"""Envelopes of surface EMG: band-passed, rectified, low-passed without lag, in shares of a stated normaliser."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from biomimic.errors import BadFile, BadValue, NotEnoughData, unknown
from biomimic.gait import filters
from biomimic.lab.settings import Emg
from biomimic.readers import anc, c3d, c3d_plates, families
from biomimic.readers import emg as columns
from biomimic.readers.storage import read_table
from biomimic.signals import Signals

NOISY = 0.2  # an envelope that is hardly ever below this share of its maximum does not show rest (our choice)
_QUIET = 5.0  # percentile of the envelope that counts as its floor


class Envelopes(NamedTuple):
    """Envelopes of one trial.

    Attributes:
        activity: muscle_side → share of the normaliser, (T, M).
        normaliser: what one stands for, in words.
        largest: muscle_side → value of one, in the unit of the raw signal.
        floor: muscle_side → lowest share that is common (5th percentile).
    """

    activity: Signals
    normaliser: str
    largest: dict[str, float]
    floor: dict[str, float]

    @property
    def usable(self) -> tuple[str, ...]:
        """Channels whose floor is low enough for the burst to be seen."""
        return tuple(name for name in self.activity.names if self.floor[name] <= NOISY)


def read(path: str | Path) -> Signals:
    """Raw signals of an .anc, .c3d, .mot or .sto file; of a .c3d file all analog channels that are no force plate.

    Raises:
        BadFile: another kind of file, or one that cannot be read.
    """
    path = Path(path)
    kind = path.suffix.lower()
    if kind == ".anc":
        return anc.read(path)
    if kind == ".c3d":
        return _analog(path)
    if kind in (".mot", ".sto"):
        return read_table(path)
    raise BadFile(f"{path} is no file of EMG that can be read here; .anc, .c3d, .mot or .sto is needed.")


def _analog(path: Path) -> Signals:
    content = c3d.load(path)
    values = content["data"]["analogs"][0]
    labels = c3d.words(content, "ANALOG", "LABELS")[: len(values)]
    plates = set(c3d_plates.plate_channels(content, path))
    free = [k for k, label in enumerate(labels) if label and k not in plates and labels.index(label) == k]
    rate = float(content["header"]["analogs"]["frame_rate"])
    if not free or not rate > 0.0:
        raise BadFile(f"{path} has no analog channels beside its force plates.")
    time = c3d.first_time(path) + np.arange(values.shape[1]) / rate
    return Signals(time, values[free].T, tuple(labels[k] for k in free), "V")


def muscles(raw: Signals, settings: Emg, path: str | Path = "the EMG") -> Signals:
    """Those channels that are EMG, named <muscle>_<side>.

    Args:
        raw: all channels of a file.
        settings: its `channels`; empty takes the usual names (SOL, GAS, R_TA, soleus_l, …).
        path: of the file, for errors.

    Raises:
        UnknownName: a named channel is not there, or none has a usual name.
        BadValue: two channels for one muscle.
    """
    for channel in settings.channels:
        raw.index(channel)
    told = {channel: f"{muscle}_{settings.side}" for channel, muscle in settings.channels.items()}
    offered = tuple(told) or raw.names
    chosen = columns.channels(offered, families.names("rajagopal2016"), settings.side, told, path)
    if not chosen:
        raise unknown("usual EMG channel", "SOL", raw.names, where=f"in {path}; name them in [emg.channels]")
    picked = raw.select(list(chosen))
    return Signals(picked.time, picked.values, tuple(chosen.values()), raw.unit)


def envelope(raw: Signals, settings: Emg) -> Signals:
    """Envelopes in the unit of the raw signal: band pass, rectify, low pass, without lag; never negative.

    Raises:
        BadValue: the sampling rate is too low for the band, or irregular.

    Source:
        20 Hz: De Luca et al., J Biomech 43 (2010) 1573-1579; full-wave rectification and a linear envelope are usual.
    """
    if not filters.is_regular(raw):
        raw = filters.regular(raw)
    if raw.rate <= 2.0 * settings.low_pass:
        raise BadValue(
            f"EMG sampled at {raw.rate:g} Hz has nothing above {raw.rate / 2:g} Hz, and the band ends at "
            f"{settings.low_pass:g} Hz; give low_pass below {raw.rate / 2:g}."
        )
    band = filters.high_pass(raw, order=settings.band_order, cutoff=settings.high_pass)
    band = filters.low_pass(band, order=settings.band_order, cutoff=settings.low_pass)
    smooth = filters.envelope(band, order=settings.order, cutoff=settings.cutoff)
    return smooth.with_values(np.maximum(smooth.values, 0.0))


def envelopes(settings: Emg) -> Envelopes:
    """Envelopes of a trial's file, in shares of the normaliser.

    Raises:
        NotEnoughData: a channel is silent throughout.
        BadFile, BadValue, UnknownName: as `read`, `muscles` and `envelope`.
    """
    own = envelope(muscles(read(settings.file), settings, settings.file), settings)
    if settings.normaliser == "reference":
        largest = np.full(len(own.names), 0.0)
        for file in settings.references:
            other = envelope(muscles(read(file), settings, file), settings)
            largest = np.maximum(largest, np.nanmax(other.select(own.names).values, axis=0))
        files = ", ".join(Path(file).name for file in settings.references)
        words = f"largest envelope in {files}"
    else:
        largest = np.nanmax(own.values, axis=0)
        words = f"largest envelope of this trial ({own.time[0]:g} to {own.time[-1]:g} s)"
    for name, value in zip(own.names, largest):
        if not value > 0.0:
            raise NotEnoughData(f'EMG channel "{name}" is silent throughout; leave it out of [emg.channels].')
    share = own.values / largest
    activity = Signals(own.time, share, own.names, "1")
    floor = np.nanpercentile(share, _QUIET, axis=0)
    return Envelopes(
        activity,
        words,
        {name: float(value) for name, value in zip(own.names, largest)},
        {name: float(value) for name, value in zip(own.names, floor)},
    )


def words(settings: Emg) -> str:
    """The processing as a sentence for a methods section."""
    return (
        f"EMG was band-passed from {settings.high_pass:g} to {settings.low_pass:g} Hz (resulting order "
        f"{settings.band_order}), rectified and low-passed at {settings.cutoff:g} Hz (resulting order "
        f"{settings.order}), all Butterworth filters run forward and backward, cut-offs being the -3 dB points of both "
        "passes together."
    )
