"""Light from all around, as a world whose colour is nine numbers' worth of spherical harmonics."""

import math
from typing import Any

import bpy  # type: ignore[import-not-found]
import numpy as np
from graph import Graph  # type: ignore[import-not-found]

# What a matt surface makes of each order: brightness = fold * radiance (Ramamoorthi and Hanrahan, over pi).
UNFOLD = np.array([1.0] + [3 / 2] * 3 + [4.0] * 5)


class Sky:
    """Its graph stands; only numbers change."""

    def __init__(self, scene: Any) -> None:
        world = bpy.data.worlds.new("sky")
        scene.world = world
        # So smooth a light is met often enough by chance: rays towards it would take as long again.
        world.cycles.sampling_method = "NONE"
        graph = Graph(world.node_tree)
        direction = graph.node("ShaderNodeTexCoord").outputs["Generated"]
        turned = graph.combined(*(graph.parts(direction)[k] for k in (1, 2, 0)))
        terms = [
            direction,
            graph.vector("MULTIPLY", direction, turned),
            graph.vector("MULTIPLY", direction, direction),
        ]
        self.weights = []
        channels = []
        for _ in range(3):
            products = [graph.vector("DOT_PRODUCT", term, (0, 0, 0)) for term in terms]
            self.weights.append([product.node.inputs[1] for product in products])
            value = graph.math("ADD", graph.math("ADD", products[0], products[1]), products[2])
            channels.append(graph.math("MAXIMUM", value, 0.0))
        background = graph.node("ShaderNodeBackground")
        graph.link(graph.combined(*channels), background.inputs["Color"])
        graph.link(background.outputs["Background"], graph.node("ShaderNodeOutputWorld").inputs["Surface"])

    def set(self, folded: Any) -> None:
        """folded (9, 3): brightness of a white matt surface by its normal, as `SphericalHarmonics` reads them."""
        for weights, channel in zip(self.weights, quadratic(radiance(folded)), strict=True):
            for socket, numbers in zip(weights, channel, strict=True):
                socket.default_value = numbers


def radiance(folded: Any) -> Any:
    """(9, 3): light by direction, whose negative parts are cut to 0 and whose sum is kept all the same."""
    unfolded = np.asarray(folded) * UNFOLD[:, None]
    values = basis(_directions()) @ unfolded
    mean, kept = values.mean(0), np.maximum(values, 0).mean(0)
    return unfolded * (np.maximum(mean, 0) / np.maximum(kept, 1e-9))


def quadratic(coefficients: Any) -> Any:
    """(3, 3, 3): for red, green, blue what multiplies (x, y, z), (x y, y z, z x) and (x^2, y^2, z^2), on the sphere."""
    a = math.sqrt(1 / (4 * math.pi)) * coefficients[0]
    linear = math.sqrt(3 / (4 * math.pi)) * coefficients[[3, 1, 2]]
    mixed = math.sqrt(15 / (4 * math.pi)) * coefficients[[4, 5, 7]]
    polar = math.sqrt(5 / (16 * math.pi)) * coefficients[6]
    across = math.sqrt(15 / (16 * math.pi)) * coefficients[8]
    # The constants count three times over, because x^2 + y^2 + z^2 = 1.
    squares = np.stack([a - polar + across, a - polar - across, a + 2 * polar])
    return np.stack([linear, mixed, squares]).transpose(2, 0, 1)


def basis(directions: Any) -> Any:
    """(N, 9) at unit directions (N, 3): 1, y, z, x, x y, y z, 3 z^2 - 1, x z, x^2 - y^2, orthonormal."""
    x, y, z = directions.T
    first, second = math.sqrt(3 / (4 * math.pi)), math.sqrt(15 / (4 * math.pi))
    return np.stack(
        [
            np.full_like(x, math.sqrt(1 / (4 * math.pi))), first * y, first * z, first * x,
            second * x * y, second * y * z, math.sqrt(5 / (16 * math.pi)) * (3 * z * z - 1),
            second * x * z, second / 2 * (x * x - y * y),
        ],
        1,
    )  # fmt: skip


def _directions(count: int = 1000) -> Any:
    """(count, 3): evenly over the sphere, along a spiral."""
    k = np.arange(count) + 0.5
    z, turn = 1 - 2 * k / count, k * math.pi * (3 - math.sqrt(5))
    across = np.sqrt(1 - z * z)
    return np.stack([across * np.cos(turn), across * np.sin(turn), z], 1)
