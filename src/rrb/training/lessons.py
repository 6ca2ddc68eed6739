"""The table of lessons."""

from __future__ import annotations

from collections.abc import Mapping

from rrb.training.lesson import Lesson
from rrb.training.mask import MaskLesson
from rrb.training.occupancy import OccupancyLesson
from rrb.training.shapes import ShapesLesson
from rrb.training.viewpoint import ViewpointLesson

LESSONS: Mapping[str, type[Lesson]] = {
    lesson.name: lesson for lesson in (ShapesLesson, OccupancyLesson, ViewpointLesson, MaskLesson)
}
