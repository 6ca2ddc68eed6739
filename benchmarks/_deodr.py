"""DEODR: C++, one thread. It has no batch."""

import multiprocessing
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from _peer import Peer
from _rounds import Contender
from _scene import Scene


def deodr(scene: Scene, threads: int = 1) -> Peer:
    image, z_buffer = np.zeros((*scene.size, 1)), np.zeros(scene.size)
    return _deodr_into(image, z_buffer, scene, threads)


def deodr_batch(scenes: Sequence[Scene]) -> Contender:
    """One scene after the other, all into the same buffers, which is faster than one buffer for each."""
    image, z_buffer = np.zeros((*scenes[0].size, 1)), np.zeros(scenes[0].size)
    each = [_deodr_into(image, z_buffer, scene, 1).contender for scene in scenes]

    def draw_all() -> None:
        for one in each:
            one.backward(one.forward())

    def forget_all() -> None:
        for one in each:
            one.before()

    return Contender("deodr", 1, draw_all, images=len(scenes), before=forget_all)


def _deodr_into(image: np.ndarray, z_buffer: np.ndarray, scene: Scene, threads: int) -> Peer:
    from deodr.differentiable_renderer_cython import renderSceneBCpp, renderSceneCpp

    scene_2d = _deodr_scene(scene)
    gradient = scene.gradient[..., None].astype(float)
    given = gradient.copy()

    def before() -> None:
        scene_2d.clear_gradients()
        given[:] = gradient  # its backward pass uses it up

    def forward() -> np.ndarray:
        renderSceneCpp(scene_2d, 1.0, image, z_buffer, False, None, None, False)
        return image

    def backward(drawn: np.ndarray) -> None:
        renderSceneBCpp(scene_2d, 1.0, drawn, z_buffer, given, False, None, None, None, False)

    does = (
        "its C++ renderer through its Cython function, input checks off: one channel, float64, white on "
        "black, back faces culled, sigma 1, silhouette edges found beforehand, buffers kept between calls. "
        "Forward: renderSceneCpp. Backward: renderSceneBCpp, which undoes the blend in place and uses up the "
        "gradient; that is restored, and gradients set to zero, outside the timing."
    )
    # It blends outwards, from 1 on the edge to 0 a pixel outside: the object is where it draws 1.
    return Peer(
        Contender("deodr", threads, forward, backward, before=before),
        does,
        covered=lambda: forward()[..., 0] > 0.99,
        gradient=lambda: scene_2d.ij_b,
    )


def deodr_public(scene: Scene, threads: int = 1) -> Peer:
    scene_2d = _deodr_scene(scene)
    gradient = scene.gradient[..., None].astype(float)
    given = gradient.copy()

    def before() -> None:
        scene_2d.clear_gradients()
        given[:] = gradient

    def backward(_: Any) -> None:
        scene_2d.render_backward(given, make_copies=False)

    does = "the same through its public Scene2D: render(sigma=1) and render_backward(make_copies=False)."
    return Peer(
        Contender("deodr Scene2D", threads, lambda: scene_2d.render(1.0)[0], backward, before=before),
        does,
        covered=lambda: scene_2d.render(1.0)[0][..., 0] > 0.99,
        gradient=lambda: scene_2d.ij_b,
    )


def _deodr_scene(scene: Scene) -> Any:
    from deodr.differentiable_renderer import Scene2D

    n_vertices, n_faces = len(scene.vertices_px), len(scene.faces)
    faces = scene.faces.astype(np.uint32)
    return Scene2D(
        faces=faces,
        faces_uv=faces,
        ij=np.ascontiguousarray(scene.vertices_px[:, :2]),
        depths=np.ascontiguousarray(scene.vertices_px[:, 2]),
        textured=np.zeros(n_faces, bool),
        uv=np.zeros((n_vertices, 2)),
        shade=np.zeros(n_vertices),
        colors=np.ones((n_vertices, 1)),
        shaded=np.zeros(n_faces, bool),
        edgeflags=_silhouette_edges(scene),
        height=scene.side_px,
        width=scene.side_px,
        nb_colors=1,
        texture=np.zeros((0, 0, 1)),
        background_color=np.zeros(1),
        clockwise=False,
        backface_culling=True,
        integer_pixel_centers=False,
    )


def _silhouette_edges(scene: Scene) -> np.ndarray:
    """(F, 3) bool: the edge from corner k to corner k + 1 has one face towards the camera and one away."""
    a, b, c = (scene.vertices_px[scene.faces[:, k], :2] for k in range(3))
    (ux, uy), (vx, vy) = (b - a).T, (c - a).T
    towards = ux * vy - uy * vx < 0
    start, end = scene.faces, np.roll(scene.faces, -1, axis=1)
    keys = np.minimum(start, end) * len(scene.vertices_px) + np.maximum(start, end)
    _, edge = np.unique(keys, return_inverse=True)
    count = np.bincount(edge.ravel(), np.repeat(towards, 3))
    return (count == 1)[edge].reshape(-1, 3)


# --- on two cores ---------------------------------------------------------------------------------


@contextmanager
def deodr_in_two_processes(scenes: Sequence[Scene]) -> Iterator[Contender]:
    """One call draws and differentiates all scenes, half of them in a process of their own.

    DEODR keeps the GIL, so threads do not help. The process is started beforehand and told to begin through a
    pipe; nothing but a word passes through it.
    """
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    half = len(scenes) // 2
    helper = spawn.Process(target=_serve, args=(theirs, scenes[half:]), daemon=True)
    helper.start()
    our_half = deodr_batch(scenes[:half])

    def before() -> None:
        ours.send("prepare")
        our_half.before()
        ours.recv()

    def draw_all() -> None:
        ours.send("draw")
        our_half.forward()
        ours.recv()

    try:
        yield Contender("deodr, 2 processes", 2, draw_all, images=len(scenes), before=before)
    finally:
        ours.send("stop")
        helper.join()


def _serve(pipe: Connection, scenes: Sequence[Scene]) -> None:
    our_half = deodr_batch(scenes)
    do = {"prepare": our_half.before, "draw": our_half.forward}
    while (asked := pipe.recv()) in do:
        do[asked]()
        pipe.send("done")
