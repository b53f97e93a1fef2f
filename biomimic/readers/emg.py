"""EMG: which muscle and side a channel is, and raw signals made into the envelopes that are compared."""

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from biomimic import errors
from biomimic.errors import BadValue, NotEnoughData
from biomimic.gait import filters
from biomimic.readers.families import Names, muscle
from biomimic.signals import Signals

ORDER, LOW, HIGH, ENVELOPE = 4, 20.0, 450.0, 6.0  # resulting order and -3 dB points [Hz]: band-pass, then envelope
_NYQUIST = 0.9  # share of half the sampling rate that the upper limit of the band may reach
_RAW = 0.05  # share of the largest value below zero that an envelope does not reach
_SIDE_LAST = re.compile(r"(?P<muscle>.+)_(?P<side>r|l|right|left)")
_SIDE_FIRST = re.compile(r"(?P<side>right|left|r|l)_?(?P<muscle>.+)")


def envelopes(table: Signals, names: Names, path: str | Path) -> Signals:
    """The EMG columns of a table whose muscle is known, in house names with the side [1], as they are.

    Raises:
        UnknownName: no column is named after a muscle.
    """
    channels = {}
    for column in table.names:
        found = with_side(column, names)
        if found:
            channels.setdefault(f"{found[0]}_{found[1] or names.emg_side}", table.channel(column))
    if not channels:
        raise errors.unknown("EMG channel", "soleus", table.names, where=f"in {path}")
    return Signals(table.time, np.column_stack(list(channels.values())), tuple(channels), "1")


def with_side(column: str, names: Names) -> tuple[str, str] | None:
    """Muscle and side that a channel is named after (R_RF, LSOL, soleus_r …); no side where none is said.

    Returns:
        (house name, "right", "left" or ""), or None where it is no muscle known here.
    """
    whole = muscle(column, names)
    if whole:
        return whole, ""
    word = re.sub(r"[-. ]+", "_", column.strip().lower())
    for pattern in (_SIDE_LAST, _SIDE_FIRST):
        match = pattern.fullmatch(word)
        house = muscle(match["muscle"], names) if match else None
        if house:
            return house, "right" if match["side"][0] == "r" else "left"
    return None


def channels(columns: tuple[str, ...], names: Names, side: str | None, told: Mapping[str, str], path) -> dict[str, str]:
    """Column → house name with its side, for every column that is a muscle.

    Args:
        columns: of the file.
        names: of the muscles.
        side: of the columns that do not say it; None asks for it.
        told: column → house name with its side, as somebody says.
        path: of the file, for errors.

    Raises:
        UnknownName: `told` names a column that is not there.
        BadValue: the side of a column is needed, or two columns are the same muscle of the same side.
    """
    absent = [column for column in told if column not in columns]
    if absent:
        raise errors.unknown("EMG channel", absent[0], columns, where=f"in {path}")
    found = dict(told)
    for column in columns:
        known = None if column in told else with_side(column, names)
        if known is None:
            continue
        if not (known[1] or side):
            raise BadValue(
                f'{path} does not say on which side "{column}" was recorded; give the side of its EMG, right or left.'
            )
        found[column] = f"{known[0]}_{known[1] or side}"
    double = sorted({name for name in found.values() if list(found.values()).count(name) > 1})
    if double:
        both = [column for column, name in found.items() if name == double[0]]
        raise BadValue(f"{path}: {' and '.join(both)} are both {double[0]}; say which of them holds, by its name.")
    return {column: house for column, house in found.items() if house}


def activity(raw: Signals, path: str | Path) -> tuple[Signals, str]:
    """EMG as it is compared: envelopes, each divided by its own largest value in the trial.

    Signals that swing below zero are raw: band-passed from 20 to 450 Hz (or 90 % of what their rate allows), rectified
    and low-passed at 6 Hz, order 4, without lag. Others are envelopes already and only divided.

    Args:
        raw: muscles in house names, in any unit, (T, C).
        path: of the file, for errors.

    Returns:
        The envelopes [1], and what was done, in words.

    Raises:
        NotEnoughData: raw EMG that is too slow or too short for the filters.
    """
    known = np.nan_to_num(raw.values)
    is_raw = bool((known.min(axis=0, initial=0.0) < -_RAW * known.max(axis=0, initial=0.0)).any())
    values, words = known, "EMG envelopes as in the file"
    if is_raw:
        raw = raw if filters.is_regular(raw) else filters.regular(raw)
        high = min(HIGH, _NYQUIST * 0.5 * raw.rate)
        if high < 2.0 * LOW:
            raise NotEnoughData(
                f"{path}: raw EMG at {raw.rate:g} Hz is too slow for a band from {LOW:g} Hz; 1000 Hz or more is usual."
            )
        band = filters.low_pass(filters.high_pass(raw, order=ORDER, cutoff=LOW), order=ORDER, cutoff=high)
        values = filters.envelope(band, order=ORDER, cutoff=ENVELOPE).values
        words = f"raw EMG: {LOW:g} to {high:g} Hz, rectified, {ENVELOPE:g} Hz, order {ORDER}"
    largest = np.nanmax(np.clip(values, 0.0, None), axis=0, initial=0.0)
    silent = [name for name, top in zip(raw.names, largest) if not top > 0]
    divided = np.clip(values, 0.0, None) / np.where(largest > 0, largest, 1.0)
    note = f"{words}, each divided by its largest value in the trial"
    if silent:
        note += f"; without any signal: {', '.join(silent)}"
    return Signals(raw.time, np.where(np.isfinite(divided), divided, np.nan), raw.names, "1"), note
