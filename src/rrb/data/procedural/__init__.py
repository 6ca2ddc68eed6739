"""Objects made by chance: a grammar for each category, any seed, any number."""

from rrb.data.procedural.build import CATEGORIES, make

__all__ = ["CATEGORIES", "make"]
