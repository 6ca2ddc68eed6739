"""How far a result is from the truth: poses, shapes, and tables of both."""

from rrb.evaluation.pose import PoseErrors, pose_errors, turned_to
from rrb.evaluation.published import PUBLISHED_RRB, Published
from rrb.evaluation.shape import BoxIous, ShapeScores, box_iou, box_ious, shape_scores
from rrb.evaluation.table import Column, Row, Summary, markdown, summary, text

__all__ = [
    "PUBLISHED_RRB",
    "BoxIous",
    "Column",
    "PoseErrors",
    "Published",
    "Row",
    "ShapeScores",
    "Summary",
    "box_iou",
    "box_ious",
    "markdown",
    "pose_errors",
    "shape_scores",
    "summary",
    "text",
    "turned_to",
]
