"""A simulated trial through OpenSim's inverse dynamics, beside the moments that the simulation had itself."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from biomimic.embodiment import Embodiment
from biomimic.errors import NotEnoughData
from biomimic.gait import events
from biomimic.lab import body, export, tool
from biomimic.readers import opensim
from biomimic.recording import Recording

CUTOFF = 15.0  # [Hz] of both sides; what is faster is impact, and 100 states a second do not show it


@dataclass(frozen=True)
class Agreement:
    """One moment by both programs, T samples of one trial.

    Attributes:
        angle: house name.
        n: samples.
        strides: whole strides of the right foot within them.
        r: correlation over the samples; its ceiling is 1, since body and motion are the same.
        null: r once one of both is shifted by half a stride.
        rmse: [N m].
        largest: of OpenSim, of the simulation [N m].
        smallest: of OpenSim, of the simulation [N m].
    """

    angle: str
    n: int
    strides: int
    r: float
    null: float
    rmse: float
    largest: tuple[float, float]
    smallest: tuple[float, float]

    @property
    def peak_difference(self) -> float:
        """Difference of the peak with the larger magnitude, as a share of it."""
        pair = max((self.largest, self.smallest), key=lambda one: abs(one[1]))
        return abs(pair[0] - pair[1]) / abs(pair[1])


def inverse_dynamics(
    recording: Recording, embodiment: Embodiment, folder: str | Path, *, cutoff: float = CUTOFF
) -> list[Agreement]:
    """OpenSim's moments of a simulated trial beside its own, for every angle that has a moment.

    Coordinates, the wrenches of the ground and the simulation's moments are filtered alike. Moments of joints that
    follow another one are carried over to the one they follow, as the simulation does.

    Args:
        recording: simulated, with coordinates, force, centre of pressure and moments.
        embodiment: its body.
        folder: where model, setup and tables are left.
        cutoff: low pass of all three [Hz]; 0 filters nothing.

    Raises:
        NotEnoughData: the trial lacks one of them.
        BadRun: opensim is not installed.
    """
    folder = Path(folder)
    if recording.moment is None:
        raise NotEnoughData(f'Trial "{recording.trial}" has no joint moments to compare with.')
    left = export.write(recording, folder, embodiment=embodiment, cutoff=cutoff)
    if "id_setup" not in left:
        raise NotEnoughData(f'Trial "{recording.trial}" has no ground force with a centre of pressure.')
    tool.run("id", left["id_setup"])
    return agreements(recording, embodiment, folder, cutoff=cutoff)


def agreements(recording: Recording, embodiment: Embodiment, folder: Path, *, cutoff: float) -> list[Agreement]:
    """The comparison of id.sto in the folder with the trial's own moments."""
    found = opensim.read_table(folder / "id.sto")
    own = export.smoothed(recording, cutoff).moment
    posed = opensim.read_table(folder / "coordinates.mot")
    strikes = events.detect(recording.force, side="right").heel_strike
    strikes = strikes[np.isfinite(strikes)]
    half = float(np.median(np.diff(strikes))) / 2.0 if len(strikes) > 1 else 0.5
    columns = {name.removesuffix("_moment").removesuffix("_force"): name for name in found.names}
    carried = body.carried(embodiment)
    results = []
    for angle, moment in embodiment.moments.items():
        total = found.channel(columns[body.plain(moment.joint)]).copy()
        pose = np.interp(found.time, posed.time, posed.channel(body.plain(moment.joint)))
        for follower, slope in carried.get(moment.joint, {}).items():
            total += np.polyval(slope, pose) * found.channel(columns[body.plain(follower)])
        total *= moment.scale
        mine = np.interp(found.time, own.time, own.channel(angle))
        shift = round(half / float(np.median(np.diff(found.time))))
        null = float(np.corrcoef(total[shift:], mine[:-shift])[0, 1])
        results.append(
            Agreement(
                angle=angle,
                n=len(total),
                strides=max(len(strikes) - 1, 0),
                r=float(np.corrcoef(total, mine)[0, 1]),
                null=null,
                rmse=float(np.sqrt(np.mean((total - mine) ** 2))),
                largest=(float(total.max()), float(mine.max())),
                smallest=(float(total.min()), float(mine.min())),
            )
        )
    return results


def table(found: list[Agreement]) -> str:
    """The comparison as text; n counts samples of one trial, which are no independent observations."""
    if not found:
        return "No moment was compared."
    first = found[0]
    lines = [
        f"OpenSim's inverse dynamics beside the simulation's own moments: one trial, {first.n} samples, "
        f"{first.strides} strides.",
        f"{'moment [N m]':<28}{'RMSE':>7}{'largest':>18}{'smallest':>18}{'peak':>8}{'r':>8}{'null r':>8}",
    ]
    for one in found:
        pairs = (f"{a:.1f} / {b:.1f}" for a, b in (one.largest, one.smallest))
        largest, smallest = pairs
        lines.append(
            f"{one.angle:<28}{one.rmse:>7.2f}{largest:>18}{smallest:>18}{100 * one.peak_difference:>7.1f}%"
            f"{one.r:>8.4f}{one.null:>8.2f}"
        )
    lines.append(
        "r: over samples of one trial, ceiling 1 (same body, same motion); null: one side half a stride later."
    )
    return "\n".join(lines)
