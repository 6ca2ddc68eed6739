"""Blender's graphs of nodes, written as sums and products."""

from typing import Any


class Graph:
    """An emptied tree. What is put in is a number, three numbers or another node's output; what comes out is one."""

    def __init__(self, tree: Any) -> None:
        self.tree = tree
        tree.nodes.clear()

    def node(self, kind: str) -> Any:
        return self.tree.nodes.new(kind)

    def link(self, value: Any, socket: Any) -> None:
        """A value or an output into an input."""
        if hasattr(value, "is_output"):
            self.tree.links.new(value, socket)
        else:
            socket.default_value = value

    def math(self, operation: str, *values: Any) -> Any:
        node = self.node("ShaderNodeMath")
        node.operation = operation
        for value, socket in zip(values, node.inputs, strict=False):
            self.link(value, socket)
        return node.outputs[0]

    def vector(self, operation: str, first: Any, second: Any) -> Any:
        """Of three numbers each; a dot product is one number."""
        node = self.node("ShaderNodeVectorMath")
        node.operation = operation
        self.link(first, node.inputs[0])
        self.link(second, node.inputs[1])
        return node.outputs["Value" if operation == "DOT_PRODUCT" else "Vector"]

    def parts(self, vector: Any) -> tuple[Any, Any, Any]:
        node = self.node("ShaderNodeSeparateXYZ")
        self.link(vector, node.inputs[0])
        return tuple(node.outputs)

    def combined(self, x: Any, y: Any, z: Any) -> Any:
        node = self.node("ShaderNodeCombineXYZ")
        for value, socket in zip((x, y, z), node.inputs, strict=True):
            self.link(value, socket)
        return node.outputs[0]

    def noise(self, place: Any) -> Any:
        """In [0, 1], smooth, about one bump a unit."""
        node = self.node("ShaderNodeTexNoise")
        node.inputs["Scale"].default_value, node.inputs["Detail"].default_value = 1.0, 0.0
        self.link(place, node.inputs["Vector"])
        return node.outputs[0]

    def mixed(self, share: Any, first: Any, second: Any) -> Any:
        """A colour: the first where share is 0; colours are linear RGB."""
        node = self.node("ShaderNodeMix")
        node.data_type = "RGBA"
        sockets = {socket.identifier: socket for socket in node.inputs}
        for name, value in (("Factor_Float", share), ("A_Color", (*first, 1.0)), ("B_Color", (*second, 1.0))):
            self.link(value, sockets[name])
        return next(socket for socket in node.outputs if socket.identifier == "Result_Color")
