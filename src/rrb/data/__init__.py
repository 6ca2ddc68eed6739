"""Pictures of objects whose mesh, camera and pose are known: made, read, kept."""

from rrb.data.dataset import Dataset
from rrb.data.fast import draw
from rrb.data.make import make_dataset
from rrb.data.order import Order
from rrb.data.procedural.build import CATEGORIES
from rrb.data.procedural.build import make as make_shape
from rrb.data.readers.table import READERS, read
from rrb.data.sample import MeshFile, OccupancyPoints, Sample
from rrb.data.scene import Picture, Scene
from rrb.data.scenes import Variety, random_scene
from rrb.data.sequences import SequenceOrder, make_sequence
from rrb.data.shape import Shape
from rrb.geometry.turns import Turns

__all__ = [
    "CATEGORIES",
    "READERS",
    "Dataset",
    "MeshFile",
    "OccupancyPoints",
    "Order",
    "Picture",
    "Sample",
    "Scene",
    "SequenceOrder",
    "Shape",
    "Turns",
    "Variety",
    "draw",
    "make_dataset",
    "make_sequence",
    "make_shape",
    "random_scene",
    "read",
]
