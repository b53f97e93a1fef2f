"""Unit quaternions w x y z in arrays (..., 4): product, rotated vectors, from axis-angle, Euler angles and matrices."""

import numpy as np

from biomimic.errors import BadValue

_AXES = "xyz"


def multiply(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Product of two arrays of quaternions: `second` turns first, then `first`, (..., 4)."""
    w, x, y, z = np.moveaxis(first, -1, 0)
    a, b, c, d = np.moveaxis(second, -1, 0)
    product = np.empty((*np.broadcast_shapes(first.shape, second.shape)[:-1], 4))
    product[..., 0] = w * a - x * b - y * c - z * d
    product[..., 1] = w * b + x * a + y * d - z * c
    product[..., 2] = w * c - x * d + y * a + z * b
    product[..., 3] = w * d + x * c - y * b + z * a
    return product


def rotate(quaternion: np.ndarray, vector: np.ndarray) -> np.ndarray:
    """Vectors turned by quaternions, (..., 3)."""
    w, axis = quaternion[..., :1], quaternion[..., 1:]
    twice = 2.0 * _cross(axis, vector)
    return vector + w * twice + _cross(axis, twice)


def of_axis_angle(turn: np.ndarray) -> np.ndarray:
    """Quaternions of rotation vectors (..., 3) [rad], whose length is the angle."""
    angle = np.linalg.norm(turn, axis=-1, keepdims=True)
    # sin(a / 2) / a; np.sinc is sin(pi x) / (pi x) and 1 at zero
    return np.concatenate([np.cos(0.5 * angle), 0.5 * np.sinc(angle / (2.0 * np.pi)) * turn], axis=-1)


def of_euler(angles: np.ndarray, axes: np.ndarray) -> np.ndarray:
    """Quaternions of turns about own axes, one after the other.

    Args:
        angles: (..., J, K) [rad], K turns of each of J joints, the outermost first.
        axes: (J, K) which axis each turn is about: 0 x, 1 y, 2 z; a turn of zero does nothing.

    Returns:
        (..., J, 4); R = R_first R_second ..., the order in which BVH files list their channels.
    """
    half = 0.5 * angles
    single = np.zeros((*angles.shape, 4))
    single[..., 0] = np.cos(half)
    place = np.broadcast_to((axes + 1)[..., None], (*angles.shape, 1))
    np.put_along_axis(single, place, np.sin(half)[..., None], axis=-1)
    turned = single[..., 0, :]
    for turn in range(1, angles.shape[-1]):
        turned = multiply(turned, single[..., turn, :])
    return turned


def of_fixed_axes(angles: np.ndarray, order: str) -> np.ndarray:
    """Quaternions of turns about fixed axes, the first letter of `order` first, e.g. "xyz" is R = Rz Ry Rx.

    Args:
        angles: (..., K) [rad], in the order of the letters.
        order: K letters of x, y, z.
    """
    axes = np.array([[_AXES.index(letter) for letter in reversed(order)]])
    return of_euler(np.asarray(angles, float)[..., None, ::-1], axes)[..., 0, :]


def of_matrix(matrix: np.ndarray) -> np.ndarray:
    """Quaternion of one rotation matrix (3, 3).

    Raises:
        BadValue: no rotation; its determinant is not 1 or its columns are not at right angles.
    """
    matrix = np.asarray(matrix, float)
    if not (np.allclose(matrix @ matrix.T, np.eye(3), atol=1e-6) and np.linalg.det(matrix) > 0):
        raise BadValue("A matrix was given as a rotation, but it is none; its columns must be a right-handed frame.")
    # the largest eigenvector of Bar-Itzhack's symmetric matrix, doi:10.2514/2.4654
    (a, b, c), (d, e, f), (g, h, i) = matrix
    symmetric = np.array(
        [
            [a + e + i, h - f, c - g, d - b],
            [h - f, a - e - i, b + d, c + g],
            [c - g, b + d, e - a - i, f + h],
            [d - b, c + g, f + h, i - a - e],
        ]
    )
    quaternion = np.linalg.eigh(symmetric)[1][:, -1]
    return quaternion if quaternion[0] >= 0 else -quaternion


def conjugate(quaternion: np.ndarray) -> np.ndarray:
    """The opposite turns, (..., 4)."""
    return quaternion * np.array([1.0, -1.0, -1.0, -1.0])


def continuous(quaternion: np.ndarray) -> np.ndarray:
    """The same turns, with signs that do not flip from frame to frame, and of length one, (T, ..., 4)."""
    unit = quaternion / np.linalg.norm(quaternion, axis=-1, keepdims=True)
    flips = np.where(np.sum(unit[1:] * unit[:-1], axis=-1) < 0.0, -1.0, 1.0)
    unit[1:] *= np.cumprod(flips, axis=0)[..., None]
    return unit


def _cross(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    a, b, c = np.moveaxis(first, -1, 0)
    x, y, z = np.moveaxis(np.asarray(second), -1, 0)
    return np.stack([b * z - c * y, c * x - a * z, a * y - b * x], axis=-1)
