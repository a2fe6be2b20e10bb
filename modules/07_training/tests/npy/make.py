"""Writes the .npy files beside this script. Run with NumPy 2: `python make.py`."""

import pathlib

import numpy as np

HERE = pathlib.Path(__file__).parent
GRID = np.array([[1.5, -2.0, 3.25], [0.0, -0.0, 1e-3]])
COUNTS = np.array([[1, -2, 3], [0, 127, -128]])


def save(name, array, version=None):
    with open(HERE / f"{name}.npy", "wb") as file:
        np.lib.format.write_array(file, array, version=version)


save("f4", GRID.astype("<f4"))
save("f4_big_endian", GRID.astype(">f4"))
save("f4_fortran", np.asfortranarray(GRID.astype("<f4")))
save("f4_fortran_3d", np.asfortranarray(np.arange(24, dtype="<f4").reshape(2, 3, 4)))
save("f4_version_2", GRID.astype("<f4"), version=(2, 0))
save("f4_version_3", GRID.astype("<f4"), version=(3, 0))
save("f4_scalar", np.array(2.5, dtype="<f4"))
save("f4_vector", np.array([1.0, 2.0, 3.0], dtype="<f4"))
save("f4_empty", np.zeros((0, 3), dtype="<f4"))
save("f4_seven_dimensions", np.zeros((1,) * 7, dtype="<f4"))
save("f8", GRID)
save("f8_big_endian", GRID.astype(">f8"))
save("f8_too_large", np.array([1.0, 1e300]))
save("f2", GRID.astype("<f2"))
save("i1", COUNTS.astype("i1"))
save("i2_big_endian", COUNTS.astype(">i2"))
save("i4", COUNTS.astype("<i4"))
save("i8", COUNTS.astype("<i8"))
save("i8_too_large", np.array([1, 2**31]))
save("u1", np.array([0, 255], dtype="u1"))
save("u4", np.array([0, 2**31 - 1], dtype="<u4"))
save("b1", np.array([True, False, True]))
save("c8", np.array([1j], dtype="<c8"))
save("record", np.array([(1, 2.0)], dtype=[("a", "<i4"), ("b", "<f4")]))
save("pickle", np.array([{"a": 1}], dtype=object))
