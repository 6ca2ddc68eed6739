"""Following one object from frame to frame: prediction, fit, doubt, loss and search, with several hypotheses."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from rrb.geometry.pose import Pose
from rrb.recipes._track_body import Body, Fit, Mask
from rrb.recipes._track_hiding import missing
from rrb.recipes._track_motion import angle_deg, power

TRACKED, HIDDEN, FOUND, LOST, ABSENT = "tracked", "partly hidden", "found again", "lost", "not seen"


@dataclass(frozen=True)
class TrackSettings:
    """What a tracker takes for granted. Chosen on films that no benchmark measures."""

    hypotheses: int = 4
    """How many poses of one object are followed at once, while it is ambiguous."""
    least_iou: float = 0.35
    """Of drawing and mask: below, nothing was found."""
    kept_iou: float = 0.85
    """Of what an object usually reaches: below, it is lost."""
    jump_deg: float = 15.0
    """From the prediction, and as much again for each frame that was missed: beyond, it is lost."""
    jump_share: float = 0.15
    """Of the distance, likewise."""
    longest_s: float = 0.5
    """For so long a motion is thought to go on."""

    polish: int = 1
    """How often, before a run is smoothed, a pose is corrected by what a fit makes of its own drawing."""
    odds: float = 15.0
    """Of a hypothesis against the best, as a logarithm: beyond, it is dropped."""


_USUAL = 30  # frames over which it is found what an object usually reaches
_LOOKS = (1, 2, 4, 8, 16, 32)  # frames after which a pose that fits badly is compared with a search
_POOR = 0.85  # of IoU
_TRUST = 0.5  # of the evidence of one frame: neighbouring frames show nearly the same
_NEW_ODDS = 2.0  # that another hypothesis must have, before it is taken for the best
_BELOW_GROUND = 6.0  # off a log-likelihood
_SAME_DEG = 4.0
_AGAIN, _FAR = 0.8, 0.4  # of the confidence, after a loss; and farther from where it should be than it can be
_PRIOR_DEG, _MOST_PRIOR = 10.0, 20.0
_WELL, _CLOSE = 0.95, 0.3  # of the usual IoU and of the allowed jump: nothing needs to be looked into
_WEAKER = 0.02  # of IoU: so much worse may a fit of the visible half alone be


@dataclass(eq=False)
class Hypothesis:
    """One of the ways in which an object might be seen."""

    fit: Fit
    time_s: float
    score: float = 0.0  # the log-likelihood of all that was seen
    before: deque[tuple[float, Pose]] = field(default_factory=lambda: deque(maxlen=3))
    seen: list[tuple[int, Fit]] = field(default_factory=list)  # frames, while there are others

    @property
    def pose(self) -> Pose:
        return self.fit.camera_from_object

    def predicted(self, time_s: float, longest_s: float) -> Pose:
        """With the motion of the last frames, which ends after a while."""
        if not self.is_moving:
            return self.pose
        (first, start), (last, end) = self.before[0], self.before[-1]
        ahead = min(time_s - self.time_s, longest_s)
        return power(end @ start.inverse(), ahead / (last - first)) @ self.pose

    @property
    def is_moving(self) -> bool:
        """Whether its motion is known."""
        return len(self.before) >= 2

    def move(self, fit: Fit, time_s: float) -> None:
        self.fit, self.time_s = fit, time_s
        self.before.append((time_s, fit.camera_from_object))


@dataclass(frozen=True, eq=False)
class Found:
    """One object in one frame."""

    state: str
    fit: Fit | None  # None where it is lost or not seen
    confidence: float = 0.0


class Follower:
    """What is known of one object up to now."""

    def __init__(self, body: Body, settings: TrackSettings) -> None:
        self.body, self.settings = body, settings
        self.hypotheses: list[Hypothesis] = []
        self.is_lost = True
        self.missed = 0
        self.revised: list[
            tuple[int, Fit]
        ] = []  # where the last frame showed that earlier ones were mistaken
        self._ious: deque[float] = deque(maxlen=_USUAL)
        self._age = 0

    # --- what is known --------------------------------------------------------------------------------

    @property
    def usual_iou(self) -> float | None:
        return float(np.quantile(self._ious, 0.6)) if self._ious else None

    @property
    def best(self) -> Hypothesis | None:
        return self.hypotheses[0] if self.hypotheses else None

    def expected(self, time_s: float) -> Pose | None:
        """Where its own motion takes it; None where it was not seen for too long."""
        best = self.best
        if best is None or abs(time_s - best.time_s) > self.settings.longest_s:
            return None
        return best.predicted(time_s, self.settings.longest_s)

    # --- one frame --------------------------------------------------------------------------------------

    def absent(self) -> Found:
        """Nothing of it is in the picture."""
        self.missed += 1
        self.revised = []
        return Found(ABSENT, None)

    def follow(
        self, frame: int, time_s: float, mask: Mask, unknown: Mask | None, expected: Pose | None
    ) -> Found:
        """expected: where the camera's motion, or the map, takes it; its own motion is known here."""
        self.revised = []
        if not self.is_lost:
            found = self._next(frame, time_s, mask, unknown, expected)
            if found is not None:
                self.missed = 0
                return found
        return self.recover(frame, time_s, mask, unknown, expected)

    def _next(
        self, frame: int, time_s: float, mask: Mask, unknown: Mask | None, expected: Pose | None
    ) -> Found | None:
        """Each hypothesis one frame further; None if the best is lost."""
        guesses, fits = [], []
        for one in self.hypotheses:
            guess = one.predicted(time_s, self.settings.longest_s)
            guesses.append(guess)
            fits.append(self.body.fitted(mask, unknown, guess))
        best, guess = self.hypotheses[0], guesses[0]
        others = [best.pose] if expected is None else [expected, best.pose]
        fits[0] = self._checked(mask, unknown, guess, fits[0], others)
        if not self._holds(fits[0], guess, (1.0 if best.is_moving else 2.5) * (1 + self.missed)):
            return None
        assert fits[0] is not None
        for one, fit in zip(self.hypotheses, fits, strict=True):
            self._advance(one, fit, frame, time_s)
        self._age += 1
        if self._age in _LOOKS and (self.usual_iou or 0.0) < _POOR and fits[0].known_share == 1.0:
            self._add(self.body.searched(mask, unknown), frame, time_s)
        self._judge()
        first = self.hypotheses[0].fit
        self._note(first)
        state = HIDDEN if first.known_share < 1 else FOUND if self.missed else TRACKED
        return Found(state, first, self._confidence())

    def _advance(self, one: Hypothesis, fit: Fit | None, frame: int, time_s: float) -> None:
        if fit is None:
            one.score = -math.inf
            return
        noise = max(fit.rms_px / 0.5, 1.0)
        one.score -= _TRUST * fit.evidence / noise**2 * fit.cost
        one.move(fit, time_s)
        one.seen.append((frame, fit))

    def recover(
        self, frame: int, time_s: float, mask: Mask, unknown: Mask | None, expected: Pose | None
    ) -> Found:
        """Near where it should be, and then everywhere."""
        was_known = bool(self.hypotheses)
        if expected is None:
            expected = self.expected(time_s)
        near = self._found_near(mask, unknown, expected)
        found = [near] if near is not None else self.body.searched(mask, unknown)
        if not found or found[0].iou < self._least():
            self.is_lost = True
            self.missed += 1
            return Found(LOST, None)
        self._restart(found, expected, frame, time_s)
        first = self.hypotheses[0].fit
        self.is_lost, self.missed = False, 0
        self._note(first)
        state = HIDDEN if first.known_share < 1 else FOUND if was_known else TRACKED
        far = expected is not None and self._jump(first, expected) > 1 + self.missed
        return Found(state, first, self._confidence() * (_FAR if far else _AGAIN if was_known else 1.0))

    def _found_near(self, mask: Mask, unknown: Mask | None, expected: Pose | None) -> Fit | None:
        """What is next to where it should be, if that fits as well as usual."""
        if expected is None or self.usual_iou is None:
            return None
        fit = self.body.fitted(mask, unknown, expected)
        fit = self._checked(mask, unknown, expected, fit, [])
        return fit if self._holds(fit, expected, 1.0 + self.missed) else None

    def at(self, mask: Mask, unknown: Mask | None, expected: Pose, jumps: float = 1.0) -> Fit | None:
        """What is found about where it must be, outside of the order of frames; nothing is remembered."""
        fit = self.body.fitted(mask, unknown, expected)
        fit = self._checked(mask, unknown, expected, fit, [])
        return fit if self._holds(fit, expected, jumps) else None

    def with_body(self, body: Body) -> Follower:
        """One that expects as much of another mesh of the object."""
        other = Follower(body, self.settings)
        if body is self.body:
            other._ious = self._ious
        return other

    # --- judging a fit ----------------------------------------------------------------------------------

    def _least(self) -> float:
        return max(self.settings.least_iou, 0.8 * self.settings.kept_iou * (self.usual_iou or 0.0))

    def _holds(self, fit: Fit | None, guess: Pose, jumps: float) -> bool:
        """Whether a fit is as good as usual and at most so many jumps from the guess."""
        if fit is None:
            return False
        least = max(self.settings.least_iou, self.settings.kept_iou * (self.usual_iou or 0.0))
        return fit.iou >= least and self._jump(fit, guess) <= jumps

    def _jump(self, fit: Fit, guess: Pose) -> float:
        """From the guess, as a share of what is allowed for one frame."""
        degrees = angle_deg(fit.camera_from_object, guess)
        here, there = fit.camera_from_object.apply(self.body.middle), guess.apply(self.body.middle)
        moved = float(np.linalg.norm(here - there)) / max(float(np.linalg.norm(there)), 1e-12)
        return max(degrees / self.settings.jump_deg, moved / self.settings.jump_share)

    def _checked(
        self, mask: Mask, unknown: Mask | None, guess: Pose, fit: Fit | None, others: Sequence[Pose]
    ) -> Fit | None:
        """The fit, or a better one, where it is not as it should be: from elsewhere, or without what seems hidden."""
        if fit is not None and fit.iou >= _WELL * (self.usual_iou or 1.0) and self._jump(fit, guess) < _CLOSE:
            return fit
        past = self._seen_past_blockers(mask, unknown, guess, fit)
        if past is not fit:
            return past
        for other in others:
            one = self.body.fitted(mask, unknown, other)
            if one is not None and (fit is None or one.cost < fit.cost):
                fit = one
        return fit

    def _seen_past_blockers(
        self, mask: Mask, unknown: Mask | None, guess: Pose, plain: Fit | None
    ) -> Fit | None:
        """The fit itself, or one without what something unknown seems to hide."""
        best, start = plain, guess
        for _ in range(2):  # the second time from a better place
            share, hidden = missing(mask, unknown, self.body.drawn(start))
            if not share or hidden is None:
                return best
            other = self.body.fitted(mask, hidden, start)
            if other is None or not self._is_better(other, plain, guess):
                return best
            best = replace(other, known_share=1 - share)
            start = other.camera_from_object
        return best

    def _is_better(self, other: Fit, plain: Fit | None, guess: Pose) -> bool:
        if plain is None or self._jump(other, guess) < 0.7 * self._jump(plain, guess):
            return plain is None or other.iou > plain.iou - _WEAKER
        return other.iou > plain.iou + 2 * _WEAKER

    def _note(self, fit: Fit) -> None:
        if fit.known_share == 1.0:
            self._ious.append(fit.iou)

    def confidence_of(self, fit: Fit) -> float:
        """In [0, 1]: how well it fits against what is usual, how much is seen, how sure the turn is."""
        usual = self.usual_iou or 1.0
        good = min(max((fit.iou / usual - 0.6) / 0.35, 0.0), 1.0) * min(usual / 0.7, 1.0)
        turn = math.degrees(math.sqrt(max(np.linalg.eigvalsh(fit.covariance[:3, :3])[-1], 0.0)))
        return good * fit.known_share / (1 + (turn / 3) ** 2)

    def _confidence(self) -> float:
        """Also of how alone the best hypothesis is."""
        best = self.hypotheses[0]
        odds = [math.exp(min(one.score - best.score, 0.0)) for one in self.hypotheses]
        return self.confidence_of(best.fit) / sum(odds)

    # --- hypotheses -------------------------------------------------------------------------------------

    def _restart(self, found: list[Fit], expected: Pose | None, frame: int, time_s: float) -> None:
        self.hypotheses = []
        self._age = 0
        self._add(found, frame, time_s, expected)
        self.hypotheses.sort(key=lambda one: -one.score)
        self._drop()

    def _add(self, found: list[Fit], frame: int, time_s: float, expected: Pose | None = None) -> None:
        """Those that are new, at odds against each other and those that are there."""
        here = [(one, self._twin(one, found)) for one in self.hypotheses]
        base = max((one.score - math.log(max(twin.weight, 1e-30)) for one, twin in here if twin), default=0.0)
        for fit in found:
            if any(twin is fit for _, twin in here):
                continue
            score = base + math.log(max(fit.weight, 1e-30)) + self._prior(fit, expected)
            one = Hypothesis(fit, time_s, score)
            one.move(fit, time_s)
            one.seen.append((frame, fit))
            self.hypotheses.append(one)

    def _twin(self, one: Hypothesis, found: list[Fit]) -> Fit | None:
        for fit in found:
            if angle_deg(one.pose, fit.camera_from_object) < _SAME_DEG:
                return fit
        return None

    def _prior(self, fit: Fit, expected: Pose | None) -> float:
        """The camera is above the ground, and near where it should be, the less surely the longer ago."""
        answer = 0.0 if self.body.is_above_ground(fit.camera_from_object) else -_BELOW_GROUND
        if expected is not None:
            off = angle_deg(fit.camera_from_object, expected) / (_PRIOR_DEG * (1 + self.missed))
            answer -= min(0.5 * off**2, _MOST_PRIOR)
        return answer

    def _judge(self) -> None:
        """Order the hypotheses, the first staying the first unless another is clearly better."""
        first = self.hypotheses[0]
        leader = max(self.hypotheses, key=lambda one: one.score)
        if leader is not first and leader.score > first.score + _NEW_ODDS:
            self.revised = leader.seen[:-1]
            first = leader
        rest = sorted((one for one in self.hypotheses if one is not first), key=lambda one: -one.score)
        self.hypotheses = [first, *rest]
        self._drop()

    def _drop(self) -> None:
        """What is hopeless, has become the same as a better one, or is one too many."""
        kept: list[Hypothesis] = []
        best = max(one.score for one in self.hypotheses)
        for one in self.hypotheses:
            same = any(angle_deg(one.pose, k.pose) < _SAME_DEG for k in kept)
            if not same and (not kept or one.score > best - self.settings.odds):
                kept.append(one)
        self.hypotheses = kept[: self.settings.hypotheses]
        for one in self.hypotheses:
            one.score -= best
        if len(self.hypotheses) == 1:
            self.hypotheses[0].seen = []  # nothing will be revised
