"""The table of readers: every entry can be loaded, called and refused in the same way."""

import importlib.util
import inspect

import pytest

from rrb.data.readers import table
from rrb.data.sample import Sample
from rrb.errors import BadFileError, BadInputError

PRESENT = [name for name, reader in table.READERS.items() if importlib.util.find_spec(reader.module)]


def test_every_reader_is_a_file():
    assert list(table.READERS) == PRESENT


@pytest.mark.parametrize("name", PRESENT)
def test_readers_have_one_form(name):
    """read(source, *, choices with types and defaults), and a module that says which files it expects."""
    module = importlib.import_module(table.READERS[name].module)
    assert "\n    " in module.__doc__  # the tree of files
    source, *_ = inspect.signature(module.read).parameters.values()
    assert source.name == "source"
    for choice in table.choices(name).values():
        assert choice.default is not inspect.Parameter.empty
        assert choice.annotation is not inspect.Parameter.empty


@pytest.mark.parametrize("name", PRESENT)
def test_an_empty_folder_is_refused_by_name(name, tmp_path):
    with pytest.raises(BadFileError) as error:
        next(table.read(name, tmp_path))
    assert str(tmp_path) in str(error.value)


@pytest.mark.parametrize("name", PRESENT)
def test_an_unknown_choice_is_refused_before_anything_is_read(name, tmp_path):
    with pytest.raises(BadInputError, match="knows no choice colour"):
        table.read(name, tmp_path, colour="red")


def test_an_unknown_reader_is_refused(tmp_path):
    with pytest.raises(BadInputError, match="coco, bop"):
        table.read("imagenet", tmp_path)


def test_two_samples_of_one_key_are_refused(tmp_path, monkeypatch):
    import numpy as np

    from rrb.data.readers import rbot

    one = Sample("same", np.zeros((2, 2, 3), np.uint8), "car", "")
    monkeypatch.setattr(rbot, "read", lambda source: iter([one, one]))
    samples = table.read("rbot", tmp_path)
    next(samples)
    with pytest.raises(BadFileError, match="two samples have the key same"):
        next(samples)
