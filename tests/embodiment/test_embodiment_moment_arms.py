"""Moment arms with the joint couplings applied, against the source model and an independent measurement."""

import numpy as np
import pytest

# coordinate, its angles [deg], muscle, moment arms [cm], + in the positive direction of the coordinate.
# Ankle and hip: OpenSim's computeMomentArm on Rajagopal 2016.
SOURCE_MODEL = [
    ("ankle_angle", (-20, 0, 10), "soleus", (-4.42, -4.14, -3.83)),
    ("ankle_angle", (-20, 0, 10), "gasmed", (-4.30, -4.29, -4.10)),
    ("ankle_angle", (-20, 0, 10), "tibant", (3.80, 4.26, 4.38)),
    ("hip_flexion", (30, 60), "psoas", (2.76, 3.34)),
    ("hip_flexion", (-10, 0), "glmax1", (-5.06, -4.91)),
    ("hip_flexion", (-10, 60), "glmax3", (-6.91, -5.93)),
    ("hip_flexion", (-10, 60), "bflh", (-4.05, -5.75)),
    ("hip_flexion", (-10, 60), "semimem", (-3.57, -5.12)),
    ("hip_flexion", (-10, 60), "recfem", (2.80, 5.04)),
    ("hip_adduction", (-10, 0, 10), "glmed1", (-5.31, -5.13, -4.85)),
]
# Where this body differs from its source model: knee paths, and two hip paths that wrap elsewhere.
THIS_BODY = [
    ("knee_angle", (10, 30, 60, 90), "recfem", (-4.16, -4.09, -3.98, -2.57)),
    ("knee_angle", (10, 30, 60, 90), "vaslat", (-3.84, -3.77, -3.35, -2.24)),
    ("knee_angle", (10, 30, 60, 90), "bflh", (3.91, 4.25, 4.36, 3.41)),
    ("knee_angle", (10, 30, 60, 90), "semimem", (4.42, 5.15, 5.32, 4.04)),
    ("knee_angle", (10, 30, 60, 90), "semiten", (5.09, 5.84, 6.26, 4.97)),
    ("knee_angle", (10, 30, 60, 90), "gasmed", (1.77, 2.31, 2.66, 2.19)),
    ("hip_flexion", (-10, 0, 30, 60), "psoas", (1.57, 1.90, 2.76, 3.34)),
    ("hip_flexion", (-10, 0, 30, 60), "glmax1", (-5.06, -4.91, -3.96, -2.56)),
]


def moment_arms(body, posed, joint: str, muscle: str, angles) -> list[float]:
    """Minus the change of path length per radian, over +-0.5 deg [cm]."""
    i = body.model.actuator(muscle).id
    lengths = [[posed(body, **{joint: angle + half}).actuator_length[i] for half in (-0.5, 0.5)] for angle in angles]
    return [-100.0 * (above - below) / np.deg2rad(1.0) for below, above in lengths]


@pytest.mark.oracle
@pytest.mark.parametrize("end", ["r", "l"])
@pytest.mark.parametrize(("joint", "angles", "muscle", "expected"), SOURCE_MODEL)
def test_ankle_and_hip_paths_are_those_of_the_source_model(body, posed, end, joint, angles, muscle, expected):
    found = moment_arms(body, posed, f"{joint}_{end}", f"{muscle}_{end}", angles)
    assert found == pytest.approx(expected, abs=0.05)


@pytest.mark.oracle
@pytest.mark.parametrize("end", ["r", "l"])
@pytest.mark.parametrize(("joint", "angles", "muscle", "expected"), THIS_BODY)
def test_paths_that_differ_from_the_source_model(body, posed, end, joint, angles, muscle, expected):
    found = moment_arms(body, posed, f"{joint}_{end}", f"{muscle}_{end}", angles)
    assert found == pytest.approx(expected, abs=0.01)
