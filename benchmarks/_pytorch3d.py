"""PyTorch3D's rasterizer on the CPU, where someone has it."""

import numpy as np

from _peer import Peer
from _rounds import Contender
from _scene import Scene


def pytorch3d(scene: Scene, threads: int) -> Peer:
    import torch
    from pytorch3d.renderer.mesh.rasterize_meshes import rasterize_meshes
    from pytorch3d.structures import Meshes

    # Its picture spans [-1, 1], x to the left and y up.
    xy = 1 - 2 * scene.vertices_px[:, :2] / scene.side_px
    in_ndc = np.column_stack([xy, scene.vertices_px[:, 2]])
    vertices = torch.tensor(in_ndc, dtype=torch.float32, requires_grad=True)
    faces, gradient = torch.from_numpy(scene.faces), torch.from_numpy(scene.gradient)
    sigma = 1e-4

    def before() -> None:
        vertices.grad = None

    def forward() -> torch.Tensor:
        meshes = Meshes(verts=[vertices], faces=[faces])
        face, _, _, distances = rasterize_meshes(
            meshes, image_size=scene.size, blur_radius=0.0, faces_per_pixel=1, bin_size=0
        )
        return (torch.sigmoid(-distances / sigma) * (face >= 0))[0, ..., 0]

    does = (
        "rasterize_meshes with one face a pixel and no blur (its fastest setting), the sigmoid of the "
        "distance as silhouette. Forward includes building Meshes. Backward: to the vertices."
    )
    return Peer(
        Contender(
            "pytorch3d",
            threads,
            forward,
            lambda image: image.backward(gradient),
            before=before,
        ),
        does,
        covered=lambda: forward().detach().numpy() > 0,
        gradient=lambda: vertices.grad.numpy(),
    )
