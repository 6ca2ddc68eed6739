"""The renderer's settings, the camera, and the picture taken out of Cycles without a file between."""

import zlib
from typing import Any

import bpy  # type: ignore[import-not-found]
import cycles  # type: ignore[import-not-found]
import numpy as np

SENSOR_MM = 36.0  # any number: only its ratio to the focal length counts
BOUNCES = 3
NOISE = 0.1  # that the denoiser is left with where sampling ends early
LEAST_SAMPLES = 8
BRIGHTEST = 10.0  # of one sample: a sparkle at a few samples is a white dot


class Film:
    """Cycles with everything switched off that would give other bytes for the same scene."""

    def __init__(self, samples: int, threads: int) -> None:
        self.scene = bpy.context.scene
        self.passes: dict[str, Any] = {}
        _catch_passes(self.passes)
        render, settings = self.scene.render, self.scene.cycles
        render.engine = "CYCLES"
        render.film_transparent = True
        render.use_compositing = render.use_sequencer = False
        render.use_persistent_data = True
        render.threads_mode, render.threads = "FIXED", threads
        render.resolution_percentage = 100
        settings.device = "CPU"
        settings.samples = samples
        # Where 8 samples say enough, as on an empty ground, there are no more: twice as fast with 48. The choice is
        # made at fixed counts from the samples alone, so that it is the same every time.
        settings.use_adaptive_sampling = True
        settings.adaptive_threshold, settings.adaptive_min_samples = NOISE, LEAST_SAMPLES
        settings.use_light_tree = False
        settings.max_bounces = settings.diffuse_bounces = settings.glossy_bounces = BOUNCES
        settings.caustics_reflective = settings.caustics_refractive = False
        settings.sample_clamp_direct = settings.sample_clamp_indirect = BRIGHTEST
        settings.use_denoising, settings.denoiser = True, "OPENIMAGEDENOISE"
        settings.denoising_use_gpu = False
        settings.denoising_prefilter = "FAST"  # "ACCURATE" takes three times as long
        layer = self.scene.view_layers[0]
        layer.use_pass_z = layer.use_pass_object_index = True
        self.camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
        self.scene.collection.objects.link(self.camera)
        self.scene.camera = self.camera

    def taken(self, scene: dict[str, Any]) -> tuple[Any, Any, Any]:
        """(linear premultiplied RGBA (H, W, 4) float32, object index (H, W) int16, depth (H, W) float32)."""
        self._set_lens(scene["camera"])
        # Another grain in every picture, the same one whenever the picture is drawn.
        self.scene.cycles.seed = zlib.crc32(scene["key"].encode()) & 0x7FFFFFFF
        self.passes.clear()
        bpy.ops.render.render()
        # The first of a pixel's samples goes through its centre, and these two passes hold that one alone.
        index = np.rint(self.passes["Object Index"][..., 0]).astype(np.int16) - np.int16(1)
        depth = np.where(index >= 0, self.passes["Depth"][..., 0], np.float32(0))
        return self.passes["Combined"], index, depth

    def _set_lens(self, camera: dict[str, Any]) -> None:
        """Lengths in Blender's lens are shares of the picture's width, up is positive, pixels may be oblong."""
        width, height = camera["width_px"], camera["height_px"]
        stretch = camera["fx_px"] / camera["fy_px"]  # a pixel's height in widths
        render, lens = self.scene.render, self.camera.data
        render.resolution_x, render.resolution_y = width, height
        render.pixel_aspect_x, render.pixel_aspect_y = max(1.0, 1 / stretch), max(1.0, stretch)
        lens.sensor_fit, lens.sensor_width = "HORIZONTAL", SENSOR_MM
        lens.lens = focal_mm = SENSOR_MM * camera["fx_px"] / width
        lens.shift_x = (width / 2 - camera["cx_px"]) / width
        lens.shift_y = (camera["cy_px"] - height / 2) * stretch / width
        if (
            abs(lens.lens / focal_mm - 1) > 1e-5
            or abs(render.pixel_aspect_y / render.pixel_aspect_x / stretch - 1) > 1e-5
        ):
            raise ValueError(
                f"a lens of {focal_mm} mm over {SENSOR_MM} mm and pixels 1:{stretch} are beyond Blender"
            )
        lens.clip_start, lens.clip_end = 1e-4, 1e6


def _catch_passes(passes: dict[str, Any]) -> None:
    """Have Cycles leave its passes, by name (H, W, C) float32 with row 0 at the top, after every rendering."""
    draw = cycles.CyclesRender.render

    def render(engine: Any, depsgraph: Any) -> None:
        draw(engine, depsgraph)
        result = engine.get_result()
        for held in result.layers[0].passes:
            values = np.empty(result.resolution_x * result.resolution_y * held.channels, np.float32)
            held.rect.foreach_get(values)
            passes[held.name] = values.reshape(result.resolution_y, result.resolution_x, held.channels)[::-1]

    cycles.CyclesRender.render = render
