"""Matlab's version 5 files against SciPy, which writes them; damaged ones are refused and harm nothing."""

import numpy as np
import pytest
from scipy.io import savemat

from rrb.data.readers.matlab import load_variable
from rrb.errors import BadFileError


def struct_array(rows):
    array = np.empty((1, len(rows)), [(name, object) for name in rows[0]])
    for i, row in enumerate(rows):
        for name, value in row.items():
            array[name][0, i] = value
    return array


HELD = {
    "name": "2008_000021.jpg",
    "none": np.zeros((0, 0)),
    "number": 3.25,
    "byte": np.uint8(200),
    "small": np.int16(-7),
    "large": np.uint64(2**60),
    "single": np.float32(0.5),
    "flag": True,
    "row": np.array([[1.0, 2.0, 3.5]]),
    "table": np.arange(6, dtype=np.int32).reshape(2, 3),
    "inner": {"x": 1, "deep": {"y": "text"}},
    "one": struct_array([{"a": 1}]),
    "some": struct_array([{"a": 1, "b": "x"}, {"a": np.zeros((0, 0)), "b": "longer than eight"}]),
    "cells": np.array([["first", np.array([[4, 5]])]], dtype=object),
}


@pytest.fixture(params=[True, False], ids=["compressed", "plain"])
def path(request, tmp_path):
    savemat(tmp_path / "a.mat", {"other": 1, "record": HELD, "last": "z"}, do_compression=request.param)
    return tmp_path / "a.mat"


def test_everything_comes_as_plain_python(path):
    held = load_variable(path, "record")
    assert list(held) == list(HELD)
    assert held["name"] == "2008_000021.jpg"
    assert held["none"] is None
    assert (held["number"], held["byte"], held["small"], held["large"]) == (3.25, 200, -7, 2**60)
    assert (held["single"], held["flag"]) == (0.5, True)
    assert held["flag"] is True
    np.testing.assert_array_equal(held["row"], [1, 2, 3.5])
    np.testing.assert_array_equal(held["table"], [[0, 1, 2], [3, 4, 5]])
    assert held["inner"] == {"x": 1, "deep": {"y": "text"}}
    assert held["one"] == {"a": 1}
    assert held["some"] == [{"a": 1, "b": "x"}, {"a": None, "b": "longer than eight"}]
    assert held["cells"][0] == "first"
    np.testing.assert_array_equal(held["cells"][1], [4, 5])


def test_variables_are_found_by_name(path):
    assert load_variable(path, "other") == 1
    assert load_variable(path, "last") == "z"
    with pytest.raises(BadFileError, match=r"a\.mat.*no variable 'nothing'"):
        load_variable(path, "nothing")


def test_numbers_in_fewer_bytes(tmp_path):
    """Matlab writes doubles that are small whole numbers as bytes; what counts is the class of the array."""
    import struct

    element = struct.pack("<II", 6, 8) + struct.pack("<II", 6, 0)  # class double
    element += struct.pack("<II", 5, 8) + struct.pack("<ii", 1, 3)
    element += struct.pack("<HHcxxx", 1, 1, b"n") + struct.pack("<HH3Bx", 2, 3, 9, 8, 7)
    (tmp_path / "a.mat").write_bytes(
        b"MATLAB 5.0 MAT-file".ljust(124) + b"\0\1IM" + struct.pack("<II", 14, len(element)) + element
    )
    np.testing.assert_array_equal(load_variable(tmp_path / "a.mat", "n"), [9, 8, 7])


def test_any_cut_is_noticed(path):
    data = path.read_bytes()
    last = (
        data.rfind(b"last") if b"last" in data else len(data) - 60
    )  # the variable behind the one that is read
    for end in range(0, min(last, 3000), 7):
        path.write_bytes(data[:end])
        with pytest.raises(BadFileError):
            load_variable(path, "last")


def test_changed_bytes_do_no_harm(path):
    """Something is read, or the file is refused by its name."""
    data, rng, refused = path.read_bytes(), np.random.default_rng(0), 0
    for _ in range(300):
        changed = bytearray(data)
        for at in rng.integers(128, len(data), 3):
            changed[at] = rng.integers(256)
        path.write_bytes(bytes(changed))
        try:
            load_variable(path, "record")
        except BadFileError as error:
            refused += 1
            assert str(error).startswith(str(path))  # noqa: PT017
    assert refused > 50


def test_what_unpacks_to_too_much(tmp_path):
    import struct
    import zlib

    inner = zlib.compress(bytes(1 << 27))
    (tmp_path / "a.mat").write_bytes(bytes(124) + b"\0\1IM" + struct.pack("<II", 15, len(inner)) + inner)
    with pytest.raises(BadFileError, match="cut off, or larger"):
        load_variable(tmp_path / "a.mat", "record")


def test_what_is_something_else(tmp_path):
    for data in (b"", b"MATLAB 7.3 MAT-file", b"\x89HDF\r\n\x1a\n" + bytes(600)):
        (tmp_path / "a.mat").write_bytes(data)
        with pytest.raises(BadFileError, match="no whole Matlab file"):
            load_variable(tmp_path / "a.mat", "record")
    savemat(tmp_path / "a.mat", {"record": np.array([[1 + 2j]])})
    with pytest.raises(BadFileError, match="class 6"):
        load_variable(tmp_path / "a.mat", "record")
