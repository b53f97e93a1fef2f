"""Feet that stand are flat: how far the feet of a fitted person are turned about their ankles, and the cure.

A source tells the turn of a foot about its ankle worst: a skeleton has one or two joints there, and a marker's place
on the shoe is known to a centimetre over a length of 0.2 m. While a foot is planted its sole lies on the floor, so
what its points stand too high or too low, over the whole clip, is the mean error of its pitch and roll.
"""

from dataclasses import dataclass

import mujoco
import numpy as np
from scipy.spatial.transform import Rotation

from biomimic.retarget.contact import Points
from biomimic.retarget.ground import Ground


@dataclass(frozen=True)
class FlatOptions:
    """How far a foot is turned.

    Attributes:
        noise: [m] of the height of a planted point.
        turn: [rad] by which fitted feet are usually turned; 2 to 13 degrees were seen.
        largest: [rad] a foot that would have to turn further walks on its edge or its toes, and stays.
    """

    noise: float = 0.005
    turn: float = 0.2
    largest: float = 0.35


def tilts(model: mujoco.MjModel, soles: Points, ground: Ground, options: FlatOptions | None = None) -> np.ndarray:
    """Pitch (toes up) and roll (right edge up) of right and left foot against their soles, (2, 2) [rad].

    Args:
        model: the body, whose feet have x forward, y up, z right.
        soles: points of its feet, right foot first.
        ground: what the person's feet stood on, with the heights of their planted points.
        options: None for the usual ones.
    """
    options = FlatOptions() if options is None else options
    found = np.zeros((2, 2))
    stiff = np.diag([1e-9, *[(options.noise / options.turn) ** 2] * 2])
    for side in range(2):
        foot = np.flatnonzero((np.asarray(soles.sides) == side) & ground.contact.any(axis=0))
        if len(foot) < 3:
            continue
        layout = soles.places[foot] + _from_heel(model, soles.bodies[foot], _heel(soles, side))
        terms = np.column_stack([np.ones(len(foot)), layout[:, 0], layout[:, 2]])
        found[side] = np.linalg.solve(terms.T @ terms + stiff, terms.T @ ground.sole[foot])[1:]
    return np.where(np.abs(found) <= options.largest, found, 0.0)


def flattened(
    model: mujoco.MjModel, soles: Points, turns: np.ndarray, points: tuple[np.ndarray, np.ndarray], scale: np.ndarray
) -> np.ndarray:
    """Places of points in their bodies, after the feet have been turned under them so that they stand flat, (P, 3) [m].

    The points stay where they are in the world and the foot turns about the ankle, so their places in the foot turn
    the other way. A fit that starts from the old poses then finds the ankles' new angles.

    Args:
        model: the body.
        soles: points of its feet, right foot first.
        turns: from `tilts`, (2, 2) [rad].
        points: bodies, (P,), and places in them at the person's size, (P, 3) [m].
        scale: person's size over the model's, of each body, (nbody,).
    """
    bodies, places = points
    places = np.array(places, dtype=float)
    for side, (pitch, roll) in enumerate(turns):
        turn = Rotation.from_euler("z", -pitch) * Rotation.from_euler("x", roll)
        parts, heel = np.unique(soles.bodies[np.asarray(soles.sides) == side]), _heel(soles, side)
        ankle = -model.body_pos[heel] * scale[heel]  # the talus, which turns in the shank
        for part in parts:
            own = bodies == part
            away = _from_heel(model, np.array([part]), heel)[0] * scale[heel] - ankle
            places[own] = turn.inv().apply(places[own] + away) - away
    return places


def _heel(soles: Points, side: int) -> int:
    """The body of a foot from which its other one, the toes, hangs."""
    return int(soles.bodies[np.asarray(soles.sides) == side].min())


def _from_heel(model: mujoco.MjModel, bodies: np.ndarray, heel: int) -> np.ndarray:
    """Origins of a foot's bodies in its heel's frame, (Q, 3) [m]."""
    return np.where((bodies == heel)[:, None], 0.0, model.body_pos[bodies])
