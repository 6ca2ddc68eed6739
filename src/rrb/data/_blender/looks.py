"""Materials as Blender's graphs: the patterns of `rrb.data`'s fast renderer, over the object's coordinates."""

import json
import math
import random
from collections.abc import Callable
from typing import Any

import bpy  # type: ignore[import-not-found]
from graph import Graph  # type: ignore[import-not-found]

# What a surface has besides colour and roughness, by the material's name: inputs of the principled shader.
BESIDES = {
    "paint": {"Coat Weight": 0.8, "Coat Roughness": 0.05},
    "fabric": {"Sheen Weight": 0.2, "Specular IOR Level": 0.2},
    "rubber": {"Specular IOR Level": 0.3},
    "glass": {"Specular IOR Level": 0.8},
}


class Looks:
    """Blender's material for each description; equal ones are one."""

    def __init__(self) -> None:
        self.known: dict[str, Any] = {}

    def of(self, material: dict[str, Any]) -> Any:
        key = json.dumps(material, sort_keys=True)
        if key not in self.known:
            self.known[key] = made(material)
        return self.known[key]

    def forget_unused(self) -> None:
        for key, material in list(self.known.items()):
            if material.users == 0:
                bpy.data.materials.remove(material)
                del self.known[key]


def made(description: dict[str, Any]) -> Any:
    material = bpy.data.materials.new(description["name"])
    graph = Graph(material.node_tree)
    surface = graph.node("ShaderNodeBsdfPrincipled")
    first, second = (linear_from_srgb(description[name]) for name in ("colour", "second"))
    pattern = PATTERNS[description["pattern"]]
    if pattern is None:
        surface.inputs["Base Color"].default_value = (*first, 1.0)
    else:
        share = pattern(
            graph, _place(graph, description["period_m"]), description["axis"], description["seed"]
        )
        graph.link(graph.mixed(share, first, second), surface.inputs["Base Color"])
    numbers = {"Roughness": description["roughness"], "Metallic": description["metallic"]}
    for name, value in {**numbers, **BESIDES.get(description["name"], {})}.items():
        surface.inputs[name].default_value = value
    graph.link(surface.outputs["BSDF"], graph.node("ShaderNodeOutputMaterial").inputs["Surface"])
    return material


def linear_from_srgb(colour: Any) -> tuple[float, ...]:
    return tuple(c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour)


def _place(graph: Graph, period_m: float) -> Any:
    """The object's coordinates in periods."""
    metres = graph.node("ShaderNodeTexCoord").outputs["Object"]
    return graph.vector("MULTIPLY", metres, (1 / period_m,) * 3)


# --- patterns: how much of the second colour is seen at a place, in periods --------------------------


def _stripes(graph: Graph, place: Any, axis: int, seed: int) -> Any:
    return graph.math("LESS_THAN", graph.math("FRACT", graph.parts(place)[axis]), 0.5)


def _checks(graph: Graph, place: Any, axis: int, seed: int) -> Any:
    # Shifted, so that no check's border lies on a face through the middle.
    shifted = graph.vector("ADD", place, (0.237, 0.237, 0.237))
    x, y, z = (graph.math("FLOOR", part) for part in graph.parts(shifted))
    return graph.math("FLOORED_MODULO", graph.math("ADD", graph.math("ADD", x, y), z), 2.0)


def _grain(graph: Graph, place: Any, axis: int, seed: int) -> Any:
    """Rings around a line off the object's middle, along the grain; noise that is long along it."""
    x, y, z = graph.parts(place)
    a, b, c = ((y, z, x), (x, z, y), (x, y, z))[axis]
    along = graph.combined(a, b, c)
    bent = graph.math("MULTIPLY", _noise(graph, graph.vector("MULTIPLY", along, (0.3, 0.3, 0.05)), seed), 1.5)
    off_a, off_b = graph.math("ADD", a, 4.0), graph.math("ADD", b, 7.0)
    square = graph.math("ADD", graph.math("MULTIPLY", off_a, off_a), graph.math("MULTIPLY", off_b, off_b))
    ring = graph.math("FRACT", graph.math("ADD", graph.math("SQRT", square), bent))
    fine = _noise(graph, graph.vector("MULTIPLY", along, (4.0, 4.0, 0.2)), seed + 1)
    rings = graph.math("MULTIPLY", graph.math("MULTIPLY", ring, ring), 0.7)
    return graph.math("ADD", rings, graph.math("MULTIPLY", fine, 0.3))


def _weave(graph: Graph, place: Any, axis: int, seed: int) -> Any:
    turned = graph.vector("MULTIPLY", graph.vector("ADD", place, (0.0, 0.25, 0.125)), (2 * math.pi,) * 3)
    x, y, z = (graph.math("SINE", part) for part in graph.parts(turned))
    return graph.math("MULTIPLY_ADD", graph.math("MULTIPLY", graph.math("MULTIPLY", x, y), z), 0.5, 0.5)


def _speckle(graph: Graph, place: Any, axis: int, seed: int) -> Any:
    return _noise(graph, place, seed)


def _noise(graph: Graph, place: Any, seed: int) -> Any:
    """Noise at some other place for each seed, stretched to reach from 0 to 1."""
    chance = random.Random(seed)
    elsewhere = graph.vector("ADD", place, tuple(chance.uniform(0, 100) for _ in range(3)))
    wide = graph.math("MULTIPLY_ADD", graph.noise(elsewhere), 1.6, -0.3)
    wide.node.use_clamp = True
    return wide


PATTERNS: dict[str, Callable[[Graph, Any, int, int], Any] | None] = {
    "plain": None,
    "stripes": _stripes,
    "checks": _checks,
    "grain": _grain,
    "weave": _weave,
    "speckle": _speckle,
}
