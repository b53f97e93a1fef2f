import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from biomimic.errors import BadValue
from biomimic.readers import quaternions

HALF = np.sqrt(0.5)


def _same(found, expected):
    np.testing.assert_allclose(np.abs(np.sum(found * expected, axis=-1)), 1.0, atol=1e-12)


def test_quarter_turn_about_z_takes_x_to_y():
    quarter = quaternions.of_axis_angle(np.array([0.0, 0.0, np.pi / 2]))
    np.testing.assert_allclose(quarter, [HALF, 0, 0, HALF], atol=1e-15)
    np.testing.assert_allclose(quaternions.rotate(quarter, np.array([1.0, 0, 0])), [0, 1, 0], atol=1e-15)
    np.testing.assert_allclose(quaternions.multiply(quarter, quarter), [0, 0, 0, 1], atol=1e-15)


def test_no_turn_is_the_identity():
    np.testing.assert_array_equal(quaternions.of_axis_angle(np.zeros((2, 3))), [[1, 0, 0, 0]] * 2)


@pytest.mark.oracle
def test_agrees_with_scipy():
    random = np.random.default_rng(1)
    turns, angles, vector = random.normal(size=(40, 3)), random.normal(size=(40, 2, 3)), random.normal(size=(40, 3))
    expected = Rotation.from_rotvec(turns)
    found = quaternions.of_axis_angle(turns)
    _same(found, expected.as_quat(scalar_first=True))
    np.testing.assert_allclose(quaternions.rotate(found, vector), expected.apply(vector), atol=1e-12)
    _same(quaternions.of_matrix(expected[3].as_matrix()), found[3])
    euler = quaternions.of_euler(angles, np.array([[2, 1, 0], [1, 2, 0]]))
    _same(euler[:, 0], Rotation.from_euler("ZYX", angles[:, 0]).as_quat(scalar_first=True))
    _same(euler[:, 1], Rotation.from_euler("YZX", angles[:, 1]).as_quat(scalar_first=True))
    fixed = quaternions.of_fixed_axes(angles[:, 0], "xyz")
    _same(fixed, Rotation.from_euler("xyz", angles[:, 0]).as_quat(scalar_first=True))


def test_half_turn_is_a_rotation_and_a_mirror_is_none():
    np.testing.assert_allclose(quaternions.of_matrix(np.diag([1.0, -1.0, -1.0])), [0, 1, 0, 0], atol=1e-12)
    with pytest.raises(BadValue, match="right-handed"):
        quaternions.of_matrix(np.diag([1.0, 1.0, -1.0]))


def test_signs_do_not_flip_over_time():
    turns = np.linspace(0.0, 4.0 * np.pi, 60)[:, None] * np.array([0.0, 0.6, 0.8])
    wild = quaternions.of_axis_angle(turns) * np.where(np.arange(60) % 2, -2.0, 2.0)[:, None]
    smooth = quaternions.continuous(wild)
    assert (np.sum(smooth[1:] * smooth[:-1], axis=1) > 0.9).all()
    np.testing.assert_allclose(np.linalg.norm(smooth, axis=1), 1.0)
