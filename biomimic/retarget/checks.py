"""Whether a motion can be a person's, and its repair: short gaps filled, another frame rate."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.interpolate import CubicSpline

from biomimic.errors import BadValue, NotEnoughData
from biomimic.gait import filters
from biomimic.motion import Motion
from biomimic.provenance import Provenance
from biomimic.readers import markers
from biomimic.signals import Signals

ORDER = 4  # resulting order of the low-pass filter
_DIP = 0.2  # [s] for which a stretch may fall short of its share of seen landmarks
_BESIDE_PATH = 0.005  # [m] beside the middle of its neighbours; less is noise of fast cameras
_BESIDE = 5  # frames on either side of a gap that give the speed there


@dataclass(frozen=True)
class Plausible:
    """What a recorded person can do.

    Attributes:
        least_duration: [s] less and no step, swing or reach is in it.
        least_rate: [Hz] slower and the legs of a walk (2 Hz and its harmonics) cannot be followed.
        most_rate: [Hz] faster than any motion capture of whole people.
        most_speed: [m/s] of a landmark; the foot of a sprinter swings at about 20 m/s.
        longest_freeze: [s] in which no coordinate changes at all; people and cameras never are that still.
    """

    least_duration: float = 0.3
    least_rate: float = 10.0
    most_rate: float = 2000.0
    most_speed: float = 25.0
    longest_freeze: float = 0.5


def check_motion(motion: Motion, plausible: Plausible | None = None) -> None:
    """Refuse what cannot be the motion of an upright person.

    Args:
        motion: of a skeleton (with rotations; every frame must be known) or of markers (gaps allowed).
        plausible: limits; None takes those of `Plausible`.

    Raises:
        NotEnoughData: no frame, no landmark, or shorter than the least duration.
        BadValue: an impossible rate, a missing value in a skeleton, a marker that is never seen, a person of
            impossible size, upside down or lying, frozen or jumping landmarks.
    """
    plausible = Plausible() if plausible is None else plausible
    name = motion.provenance.source
    _check_extent(motion, plausible, name)
    _check_known(motion, name)
    _check_body(motion, name)
    _check_still(motion, plausible, name)
    _check_jumps(motion, plausible, name)


def trim(motion: Motion, least: float = 0.5) -> tuple[Motion, int]:
    """The longest stretch in which enough landmarks are seen, and how many frames were cut before it.

    People walk into the cameras' view and out of it. Frames with fewer seen landmarks are cut off; within the
    stretch such frames may stand for no longer than 0.2 s at a time.

    Args:
        motion: of markers or of a skeleton.
        least: share of the landmarks, 0 to 1, that must be seen.

    Raises:
        BadValue: there is no such frame.
    """
    if not 0.0 <= least <= 1.0:
        raise BadValue(f"A share of {least:g} of the landmarks was asked for; it lies between 0 and 1.")
    share = np.isfinite(motion.position).all(axis=2).mean(axis=1) if motion.position.size else np.zeros(0)
    good = np.flatnonzero(share >= least)
    if not len(good):
        most = share.max() if len(share) else 0.0
        raise BadValue(
            f"{motion.provenance.source} never shows {least:.0%} of its {len(motion.landmarks)} landmarks at once "
            f"(at most {most:.0%}); leave out those that are rarely seen."
        )
    parts = np.split(good, np.flatnonzero(np.diff(good) > _DIP * motion.rate) + 1)
    first, last = max(((part[0], part[-1]) for part in parts), key=lambda ends: ends[1] - ends[0])
    if first == 0 and last == len(motion.position) - 1:
        return motion, 0
    kept = slice(int(first), int(last) + 1)
    rotation = None if motion.rotation is None else motion.rotation[kept]
    note = f"frames {first} to {last} of {len(motion.position)} kept, where {least:.0%} of the landmarks are seen"
    cut = replace(motion, position=motion.position[kept], rotation=rotation, provenance=_noted(motion, note))
    return cut, int(first)


def drop_spikes(motion: Motion, most: float = 300.0) -> Motion:
    """Markers without the frames in which they leave their own path and come back (swapped or ghost markers).

    Such a frame lies more than 5 mm beside the middle of its neighbours, and that would need more than `most`.

    Args:
        motion: of markers; a skeleton comes back as it is.
        most: acceleration [m/s^2]; markers on running feet reach about 100 m/s^2.
    """
    if motion.rotation is not None or len(motion.position) < 3:
        return motion
    bend = np.linalg.norm(motion.position[2:] - 2 * motion.position[1:-1] + motion.position[:-2], axis=2)
    spike = (bend * motion.rate**2 > most) & (bend > 2 * _BESIDE_PATH)
    if not spike.any():
        return motion
    position = motion.position.copy()
    position[1:-1][spike] = np.nan
    names = [name for name, hit in zip(motion.landmarks, spike.any(axis=0)) if hit]
    note = f"{spike.sum()} frames of markers that jump and return dropped ({', '.join(names)})"
    return replace(motion, position=position, provenance=_noted(motion, note))


def fill_gaps(motion: Motion, longest: float = 0.2) -> Motion:
    """Markers with their short gaps filled by the cubic that leaves and meets the seen path at its speed.

    The speed at an edge is that of a parabola fitted to the last 5 frames before (after) the gap, as far as they were
    seen. Longer gaps, and those at the begin and end of the motion, stay NaN.

    Args:
        motion: of markers or of a skeleton; rotations stay as they are.
        longest: gap to be filled [s], from the last frame seen to the next.
    """
    seen = np.isfinite(motion.position).all(axis=2)
    if seen.all():
        return motion
    before, after, column = _gaps(seen)
    short = (after - before) <= longest * motion.rate + 1e-9
    if not short.any():
        return motion
    before, after, column = before[short], after[short], column[short]
    position = np.where(seen[..., None], motion.position, np.nan)
    _bridge(position, seen, before, after, column)
    longest_filled = (after - before).max() / motion.rate
    note = f"{len(before)} gaps of up to {longest_filled:.3g} s filled by cubics"
    return replace(motion, position=position, provenance=_noted(motion, note))


def resample(motion: Motion, rate: float = 100.0, *, low_pass: float | None = None) -> Motion:
    """The motion at another frame rate: cubic splines through positions and through rotations.

    Rotations: splines through the four numbers of the quaternions (taken with continuous sign), brought back to
    length 1. Where a landmark was not seen it stays NaN: a frame between a seen and an unseen one is unseen. The
    first frame stays the first; the last is the last that lies within the record.

    Args:
        motion: at least one frame.
        rate: wanted [Hz].
        low_pass: cut-off [Hz] of a zero-lag Butterworth filter of resulting order 4 before (markers: 6 to 12 Hz), or
            None. Stretches of seen frames no longer than 12 become NaN.

    Raises:
        BadValue: a rate that is not positive, or a cut-off beyond half of the motion's rate.
        NotEnoughData: too few frames for the filter.
    """
    if not (np.isfinite(rate) and rate > 0):
        raise BadValue(f"A motion at {rate} Hz was asked for; a rate is positive.")
    if low_pass is not None:
        motion = _smoothed(motion, low_pass)
    if abs(rate - motion.rate) <= 1e-9 * rate or len(motion.position) < 2:
        return motion
    last = len(motion.position) - 1
    place = np.arange(int(np.floor(last * rate / motion.rate + 1e-6)) + 1) * (motion.rate / rate)
    place = np.minimum(place, last)
    position = _spline_seen(motion.position, place)
    rotation = None if motion.rotation is None else _spline_rotation(motion.rotation, place)
    note = f"resampled from {motion.rate:g} to {rate:g} Hz by cubic splines"
    return replace(motion, rate=rate, position=position, rotation=rotation, provenance=_noted(motion, note))


def _noted(motion: Motion, note: str) -> Provenance:
    before = motion.provenance.note
    return replace(motion.provenance, note=f"{before}; {note}" if before else note)


def _check_extent(motion: Motion, plausible: Plausible, name: str) -> None:
    frames, count = motion.position.shape[:2]
    if frames == 0 or count == 0:
        raise NotEnoughData(f"{name} has {frames} frames of {count} landmarks; there is nothing to follow.")
    if not plausible.least_rate <= motion.rate <= plausible.most_rate:
        raise BadValue(
            f"{name} has {motion.rate:g} frames per second; {plausible.least_rate:g} to {plausible.most_rate:g} Hz are "
            "possible. Correct the rate in its header."
        )
    if motion.duration < plausible.least_duration:
        raise NotEnoughData(
            f"{name} lasts {motion.duration:.3g} s ({frames} frames at {motion.rate:g} Hz); at least "
            f"{plausible.least_duration:g} s are needed."
        )


def _check_known(motion: Motion, name: str) -> None:
    known = np.isfinite(motion.position).all(axis=2)
    if motion.rotation is not None:
        known &= np.isfinite(motion.rotation).all(axis=2)
        if not known.all():
            frame, landmark = np.argwhere(~known)[0]
            raise BadValue(
                f'{name}: joint "{motion.landmarks[landmark]}" has no number in frame {frame} (and in '
                f"{(~known).sum() - 1} more places); a skeleton needs every joint in every frame."
            )
        return
    if np.isinf(motion.position).any():
        frame, landmark = np.argwhere(np.isinf(motion.position).any(axis=2))[0]
        raise BadValue(f'{name}: marker "{motion.landmarks[landmark]}" is infinite in frame {frame}; use NaN.')
    never = [landmark for landmark, seen in zip(motion.landmarks, known.any(axis=0)) if not seen]
    if never:
        raise BadValue(f"{name}: never seen: {', '.join(never[:10])}. Leave such markers out.")


def _check_body(motion: Motion, name: str) -> None:
    found = markers.size(motion.position)
    if not np.isfinite(found):
        raise BadValue(f"{name} never shows two landmarks at once; a person needs more.")
    if not markers.SIZE[0] <= found <= markers.SIZE[1]:
        raise BadValue(f"{name} is no person in metres: {markers.size_words(found)}")
    direction = markers.upward(motion.position, motion.landmarks)
    if direction is None or direction[2] >= markers.UPRIGHT:
        return
    if direction[2] <= -markers.UPRIGHT:
        raise BadValue(
            f"{name}: the feet are above the trunk; the file's up axis is wrong, or the person stands on hands."
        )
    axis = int(np.argmax(np.abs(direction[:2])))
    tilt = np.degrees(np.arccos(direction[2]))
    raise BadValue(
        f"{name}: the line from the feet to the trunk is {tilt:.0f} degrees away from vertical, "
        f"along {'xy'[axis]}; the file's up axis is wrong, or the person lies. Upright motion is needed."
    )


def _check_still(motion: Motion, plausible: Plausible, name: str) -> None:
    first, then = motion.position[:-1], motion.position[1:]
    same = ((first == then) | (np.isnan(first) & np.isnan(then))).all(axis=(1, 2))
    edges = np.flatnonzero(np.diff(np.concatenate(([False], same, [False])).astype(int)))
    lengths = edges[1::2] - edges[::2]
    if not len(lengths) or lengths.max() / motion.rate <= plausible.longest_freeze:
        return
    longest = int(np.argmax(lengths))
    start, length = edges[2 * longest] / motion.rate, lengths[longest] / motion.rate
    if same.all():
        raise BadValue(f"{name} shows one pose for all its {length:.3g} s; a clip in which something moves is needed.")
    raise BadValue(
        f"{name}: no landmark moves at all for {length:.3g} s from {start:.3g} s on; the recording stopped there. Cut "
        "that stretch out."
    )


def _check_jumps(motion: Motion, plausible: Plausible, name: str) -> None:
    position = motion.position
    seen = np.isfinite(position).all(axis=2)
    frames = np.arange(len(position))
    if seen.all():
        step = np.linalg.norm(np.diff(position, axis=0), axis=2)
    else:
        last = np.maximum.accumulate(np.where(seen, frames[:, None], -1), axis=0)[:-1]
        came = np.take_along_axis(position, np.maximum(last, 0)[..., None], axis=0)
        waited = np.where(last >= 0, frames[1:, None] - last, 1)
        step = np.where(seen[1:] & (last >= 0), np.linalg.norm(position[1:] - came, axis=2) / waited, 0.0)
    speed = step * motion.rate
    if (speed > plausible.most_speed).any():
        frame, landmark = np.unravel_index(int(np.argmax(speed)), speed.shape)
        count = int((speed > plausible.most_speed).any(axis=1).sum())
        raise BadValue(
            f'{name}: "{motion.landmarks[landmark]}" jumps by {step[frame, landmark]:.3g} m at frame {frame + 1} '
            f"({speed[frame, landmark]:.3g} m/s; {plausible.most_speed:g} m/s are possible), and {count} frames do so. "
            "Repair or cut them out."
        )


def _gaps(seen: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Inner gaps: last frame seen before, first frame seen after, and landmark, each (G,)."""
    change = np.diff(seen.astype(np.int8), axis=0).T  # (K, T-1), so that edges come landmark by landmark
    column, frame = np.nonzero(change)
    lost = change[column, frame] < 0
    pair = np.flatnonzero(lost[:-1] & ~lost[1:] & (column[:-1] == column[1:]))
    return frame[pair], frame[pair + 1] + 1, column[pair]


def _edge_speed(position: np.ndarray, seen: np.ndarray, frame: np.ndarray, column: np.ndarray, step: int) -> np.ndarray:
    """Speed at seen frames beside a gap [m per frame], (G, 3); NaN where fewer than two frames are seen.

    Args:
        step: -1 looks at the frames before, +1 at those after.
    """
    away = step * np.arange(_BESIDE)
    rows = frame[:, None] + away
    inside = (rows >= 0) & (rows < len(position))
    rows = np.clip(rows, 0, len(position) - 1)
    known = np.logical_and.accumulate(inside & seen[rows, column[:, None]], axis=1)
    value = np.where(known[..., None], position[rows, column[:, None]], 0.0)
    count = known.sum(axis=1)
    speed = np.full((len(frame), 3), np.nan)
    for terms in (2, 3):  # a line through two frames, a parabola through three and more
        chosen = (count == 2) if terms == 2 else (count >= 3)
        if chosen.any():
            powers = away[None, :, None] ** np.arange(terms) * known[chosen][..., None]
            left = np.einsum("gai,gaj->gij", powers, powers)
            right = np.einsum("gai,gac->gic", powers, value[chosen])
            speed[chosen] = np.linalg.solve(left, right)[:, 1]
    return speed


def _bridge(position: np.ndarray, seen: np.ndarray, before: np.ndarray, after: np.ndarray, column: np.ndarray) -> None:
    """Write cubic Hermite curves into the gaps of `position`."""
    length = after - before
    start, end = position[before, column], position[after, column]
    straight = (end - start) / length[:, None]
    leaving = _edge_speed(position, seen, before, column, -1)
    meeting = _edge_speed(position, seen, after, column, 1)
    leaving = np.where(np.isnan(leaving), straight, leaving) * length[:, None]
    meeting = np.where(np.isnan(meeting), straight, meeting) * length[:, None]
    gap = np.repeat(np.arange(len(before)), length - 1)
    first = np.cumsum(length - 1) - (length - 1)
    frame = np.arange(len(gap)) - first[gap] + before[gap] + 1
    s = ((frame - before[gap]) / length[gap])[:, None]
    position[frame, column[gap]] = (
        (1 + 2 * s) * (1 - s) ** 2 * start[gap]
        + s**2 * (3 - 2 * s) * end[gap]
        + s * (1 - s) ** 2 * leaving[gap]
        - s**2 * (1 - s) * meeting[gap]
    )


def _smoothed(motion: Motion, cutoff: float) -> Motion:
    frames, count = motion.position.shape[:2]
    time = np.arange(frames) / motion.rate

    def filtered(values: np.ndarray) -> np.ndarray:
        flat = values.reshape(frames, -1)
        signals = Signals(time, flat, tuple(map(str, range(flat.shape[1]))), "1")
        return filters.low_pass(signals, order=ORDER, cutoff=cutoff).values.reshape(values.shape)

    rotation = None
    if motion.rotation is not None:
        rotation = filtered(_continuous(motion.rotation))
        rotation = rotation / np.linalg.norm(rotation, axis=2, keepdims=True)
    note = f"low-passed at {cutoff:g} Hz, zero lag, order {ORDER}"
    return replace(motion, position=filtered(motion.position), rotation=rotation, provenance=_noted(motion, note))


def _continuous(rotation: np.ndarray) -> np.ndarray:
    """Quaternions with signs that never turn around between frames, (T, K, 4)."""
    flips = np.sum(rotation[1:] * rotation[:-1], axis=2) < 0
    sign = np.where(np.cumsum(flips, axis=0) % 2, -1.0, 1.0)
    return np.concatenate([rotation[:1], rotation[1:] * sign[..., None]])


def _spline_rotation(rotation: np.ndarray, place: np.ndarray) -> np.ndarray:
    frames = np.arange(len(rotation))
    found = CubicSpline(frames, _continuous(rotation), axis=0)(place)
    return found / np.linalg.norm(found, axis=2, keepdims=True)


def _spline_seen(position: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Positions at places between frames, (N, K, 3); landmarks seen at the same time share one spline."""
    seen = np.isfinite(position).all(axis=2)
    result = np.full((len(place), *position.shape[1:]), np.nan)
    frames = np.arange(len(position))
    whole = seen.all(axis=0)
    if whole.any():
        result[:, whole] = CubicSpline(frames, position[:, whole], axis=0)(place)
    for column in np.flatnonzero(~whole):
        edges = np.flatnonzero(np.diff(np.concatenate(([False], seen[:, column], [False])).astype(int)))
        for first, end in zip(edges[::2], edges[1::2]):
            here = (place >= first - 1e-9) & (place <= end - 1 + 1e-9)
            if end - first == 1:
                result[here, column] = position[first, column]
            else:
                result[here, column] = CubicSpline(frames[first:end], position[first:end, column], axis=0)(place[here])
    return result
