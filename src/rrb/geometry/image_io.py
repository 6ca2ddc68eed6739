"""Pictures, masks, depths, normals and object coordinates as files. Every file is replaced in one step."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rrb.errors import BadFileError, BadInputError
from rrb.geometry._arrays import numpy_view
from rrb.geometry.files import read_bytes, write_bytes
from rrb.geometry.mask_rule import listed, refusal

if TYPE_CHECKING:
    from PIL import Image

MOST_PIXELS = 80_000_000
FARTHEST_M = 65.535
_FORMATS = ("PNG", "JPEG", "BMP", "TIFF", "WEBP", "GIF", "TGA", "PPM")
_ALPHA = ("LA", "La", "PA", "RGBA", "RGBa")
_WRITTEN = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".bmp": "BMP", ".webp": "WEBP", ".tif": "TIFF"}
_SIXTEEN_BITS = ("PNG", "TIFF")


# --- pictures -------------------------------------------------------------------------------------


def load_image(path: str | Path) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 sRGB, row 0 at the top, turned as its EXIF says.

    Grey, palette, CMYK and 16-bit pictures are converted; what is transparent lies on white; of several
    frames the first is read. More than 80 million pixels are refused before they are decoded.
    """
    return decode_image(read_bytes(path), path)


def load_picture(path: str | Path) -> tuple[NDArray[np.uint8], NDArray[np.float32] | None]:
    """`load_image`, and the picture's alpha (H, W) in [0, 1]; None where it has none or is opaque everywhere."""
    picture = _decode(read_bytes(path), path)
    if not _has_alpha(picture):
        return _as_rgb(picture, path), None
    alpha = np.array(picture.convert("RGBA"))[:, :, 3]
    return _as_rgb(picture, path), _alpha_mask(alpha, path) if alpha.min() < 255 else None


def decode_image(data: bytes, path: str | Path) -> NDArray[np.uint8]:
    """`load_image` of bytes; `path` is for messages."""
    return _as_rgb(_decode(data, path), path)


def decode_texture(data: bytes, path: str | Path) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """`decode_image` with the colours as stored also where they are transparent, and a note if any are."""
    picture = _decode(data, path)
    if not _has_alpha(picture):
        return _as_rgb(picture, path), ()
    values = np.array(picture.convert("RGBA"))
    notes = ("the texture's transparency was left out",) if (values[:, :, 3] < 255).any() else ()
    return np.ascontiguousarray(values[:, :, :3]), notes


def save_image(path: str | Path, image: Any) -> None:
    """Write (H, W, 3) or (H, W) uint8 as .png, .jpg (quality 95), .bmp, .webp (lossless) or .tif.

    (H, W) may be uint16 in .png and .tif.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in _WRITTEN:
        raise BadInputError(f"{path}: a picture ends in {suffix!r}; {', '.join(_WRITTEN)} are accepted")
    write_bytes(path, _encode(numpy_view(image), _WRITTEN[suffix]))


def encode_png(image: NDArray) -> bytes:
    """(H, W), (H, W, 3) uint8 or (H, W) uint16 as the bytes of a PNG."""
    return _encode(image, "PNG")


def _encode(image: NDArray, kind: str) -> bytes:
    from PIL import Image

    shaped = image.ndim == 2 or (image.ndim == 3 and image.shape[2] == 3)
    fine = image.dtype == np.uint16 and image.ndim == 2 and kind in _SIXTEEN_BITS
    if not shaped or not image.size or not (image.dtype == np.uint8 or fine):
        more = ", and uint16 (H, W)," if kind in _SIXTEEN_BITS else ""
        raise BadInputError(
            f"a picture is {image.dtype} of shape {image.shape}; uint8 (H, W, 3) or (H, W){more}"
            f" is accepted for {kind}"
        )
    options: dict[str, Any] = (
        {"quality": 95} if kind == "JPEG" else {"lossless": True} if kind == "WEBP" else {}
    )
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(image)).save(buffer, kind, **options)
    return buffer.getvalue()


def _decode(data: bytes, path: str | Path) -> Image.Image:
    """The first frame, upright, in the file's own mode."""
    from PIL import Image, ImageOps

    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as picture:
            width, height = picture.size
            if width * height > MOST_PIXELS:
                raise BadFileError(f"{path}: {width} x {height} pixels; at most {MOST_PIXELS} are accepted")
            picture.load()
            upright = ImageOps.exif_transpose(picture)
            upright.format = picture.format  # which a transposed copy forgets
            return upright
    except BadFileError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise BadFileError(
            f"{path}: more than {MOST_PIXELS} pixels; at most that many are accepted"
        ) from error
    except Image.UnidentifiedImageError as error:
        accepted = ", ".join(_FORMATS)
        raise BadFileError(f"{path}: this is no picture of a known kind; {accepted} are accepted") from error
    except Exception as error:  # decoders raise whatever a broken file makes them raise
        reason = str(error).partition("\n")[0][:100]
        raise BadFileError(f"{path}: this picture is cut off or broken ({reason})") from error


def _as_rgb(picture: Image.Image, path: str | Path) -> NDArray[np.uint8]:
    from PIL import Image

    if picture.mode == "F":
        raise BadFileError(f"{path}: it holds floating-point numbers; a picture of 8 or 16 bits is accepted")
    if picture.mode.startswith("I"):
        grey = np.rint(_sixteen_bits(picture, path) / 257).astype(np.uint8)
        return np.repeat(grey[:, :, None], 3, axis=2)
    if _has_alpha(picture):
        picture = picture.convert("RGBA")
        paper = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(paper, picture)
    return np.array(picture.convert("RGB"))


def _has_alpha(picture: Image.Image) -> bool:
    # 16 bits of grey may name a transparent value too, but are read as numbers.
    return picture.mode in _ALPHA or ("transparency" in picture.info and not picture.mode.startswith("I"))


def _sixteen_bits(picture: Image.Image, path: str | Path) -> NDArray[np.int64]:
    values = np.array(picture).astype(np.int64)
    if values.min() < 0 or values.max() > 65535:
        raise BadFileError(f"{path}: values {values.min()} to {values.max()}; 8 or 16 bits are accepted")
    return values


# --- masks ----------------------------------------------------------------------------------------


def load_mask(
    path: str | Path,
    label: int | tuple[int, int, int] | None = None,
    *,
    annotation: int | str | None = None,
    size: tuple[int, int] | None = None,
) -> NDArray[np.float32]:
    """(H, W) float32 in [0, 1]: how much of each pixel the object covers.

    Of a picture with transparency, alpha is the mask, whatever the colours are. Where alpha is 255 everywhere it
    says nothing, and grey values are the mask: 0 and the brightest (255, or 65535 with 16 bits), and what lies
    between along edges. A picture of labels, of 0 and 1, or in colours is refused: choose with `label` the value,
    palette index or colour that is the object. `mask_rule` says how labels are told from soft edges.

    Of a .json, COCO's: run lengths or polygons, of the `annotation` with that id where there are several.
    size: (height, width) that the mask must have; polygons need it where the file does not say it.
    """
    from rrb.geometry.coco import checked_size, load_coco_mask, require_size  # which needs this file's limits

    if Path(path).suffix.lower() == ".json":
        if label is not None:
            raise BadInputError(f"{path}: label= chooses in a picture; annotation= is accepted for a .json")
        return load_coco_mask(path, annotation, size)
    if annotation is not None:
        raise BadInputError(f"{path}: annotation= chooses in a .json; label= is accepted for a picture")
    wanted = None if size is None else checked_size(size, "the size asked for")
    mask = _picture_mask(_decode(read_bytes(path), path), label, path)
    try:
        require_size(mask.shape, wanted)
    except BadInputError as error:
        raise BadFileError(f"{path}: {error}") from None
    return mask


def _picture_mask(picture: Image.Image, label: Any, path: str | Path) -> NDArray[np.float32]:
    if label is not None:
        return _labelled(picture, label, path)
    if _has_alpha(picture):
        alpha = np.array(picture.convert("RGBA"))[:, :, 3]
        if alpha.min() < 255:
            return _alpha_mask(alpha, path)
    if picture.mode.startswith("I"):
        return _checked_mask(_sixteen_bits(picture, path), 65535, path)
    rgb = _as_rgb(picture.convert("RGB"), path)
    spread = int((rgb.max(axis=2) - rgb.min(axis=2)).max())
    if spread > 16:  # a grey JPEG in three channels is off by a few
        hint = listed(np.unique(np.array(picture))) if picture.mode == "P" else "its colours"
        raise BadFileError(f"{path}: it is in colours; choose what is the object by label= ({hint})")
    grey = rgb[:, :, 0] if spread == 0 else np.array(picture.convert("L"))
    return _checked_mask(grey, 255, path, lossy=picture.format == "JPEG")


def _alpha_mask(alpha: NDArray[np.uint8], path: str | Path) -> NDArray[np.float32]:
    """Alpha is coverage by its nature: no values of it are labels, but 0 and 1 are hardly meant."""
    if 0 < alpha.max() < 128:
        raise BadFileError(
            f"{path}: its alpha reaches {alpha.max()} of 255; 255 is accepted where the object is"
        )
    return alpha.astype(np.float32) / np.float32(255)


def _checked_mask(values: NDArray, full: int, path: str | Path, lossy: bool = False) -> NDArray[np.float32]:
    reason = refusal(values, full, lossy)
    if reason:
        raise BadFileError(f"{path}: {reason}; 0 and {full} with soft edges are accepted, or choose a label=")
    return values.astype(np.float32) / np.float32(full)


def _labelled(picture: Image.Image, label: Any, path: str | Path) -> NDArray[np.float32]:
    """1 where the palette index, grey value or colour is the label."""
    if isinstance(label, tuple):
        values = np.array(picture.convert("RGB"))
        chosen = (values == np.array(label)).all(axis=2)
    else:
        values = np.array(picture.convert("L") if picture.mode in ("1", "LA") else picture)
        if values.ndim == 3:
            if (values[:, :, :3] != values[:, :, :1]).any():
                raise BadFileError(
                    f"{path}: it is in colours; a label of three numbers (r, g, b) is accepted"
                )
            values = values[:, :, 0]
        chosen = values == label
    if not chosen.any():
        held = listed(np.unique(values)) if values.ndim == 2 else "other colours"
        raise BadFileError(f"{path}: no pixel has the label {label}; it holds {held}")
    return chosen.astype(np.float32)


def save_mask(path: str | Path, mask: Any) -> None:
    """Write (H, W) bool, or float in [0, 1], as a grey PNG from 0 to 255."""
    _require_png(path)
    values = numpy_view(mask)
    if values.ndim != 2 or not ((values >= 0) & (values <= 1)).all():
        raise BadInputError(f"{path}: a mask of shape {values.shape}; (H, W) in [0, 1] is accepted")
    write_bytes(path, encode_png(_as_bytes(values)))


# --- what a rendering shows -----------------------------------------------------------------------


def save_depth(path: str | Path, depth_m: Any) -> None:
    """Write z (H, W) in metres, 0 for none: `.png` in uint16 millimetres with the metres as `.npy` beside.

    `.npy` writes the float32 metres alone. Depths that millimetres in 16 bits cannot say (beyond 65.535 m, or
    nearer than half a millimetre) are refused for .png, not bent.
    """
    path, depth = Path(path), numpy_view(depth_m).astype(np.float32)
    if depth.ndim != 2 or not depth.size or not (np.isfinite(depth) & (depth >= 0)).all():
        raise BadInputError(f"{path}: a depth of shape {depth.shape}; (H, W), finite, from 0 is accepted")
    buffer = io.BytesIO()
    np.save(buffer, depth, allow_pickle=False)
    if path.suffix.lower() != ".npy":
        _require_png(path)
        seen = depth[depth > 0]
        if seen.size and (seen.max() > np.float32(FARTHEST_M) or seen.min() < 0.0005):
            raise BadInputError(
                f"{path}: depths from {seen.min():g} to {seen.max():g} m; a .png holds 0.001 to"
                f" {FARTHEST_M} m: save the metres alone as .npy"
            )
        write_bytes(path, encode_png(np.rint(depth.astype(np.float64) * 1000).astype(np.uint16)))
    write_bytes(path.with_suffix(".npy"), buffer.getvalue())


def load_depth(path: str | Path, units_per_metre: float = 1000.0) -> NDArray[np.float32]:
    """(H, W) float32 metres, 0 for none, from a 16-bit .png in units or an .npy in metres."""
    if Path(path).suffix.lower() == ".npy":
        return _load_metres(path)
    if not units_per_metre > 0:
        raise BadInputError(f"{units_per_metre} units per metre; a positive number is accepted")
    picture = _decode(read_bytes(path), path)
    if not picture.mode.startswith("I"):
        raise BadFileError(
            f"{path}: a picture of mode {picture.mode}; a depth in 16 bits of grey is accepted"
        )
    return (_sixteen_bits(picture, path) / units_per_metre).astype(np.float32)


def _load_metres(path: str | Path) -> NDArray[np.float32]:
    data = read_bytes(path)
    try:
        # A header may promise more than there is: a map fails where reading would allocate first.
        depth = np.array(np.load(Path(path), mmap_mode="r", allow_pickle=False), np.float32)
    except Exception as error:  # the header is parsed as Python
        raise BadFileError(f"{path}: {len(data)} bytes that are no whole .npy array of numbers") from error
    if depth.ndim != 2 or not (np.isfinite(depth) & (depth >= 0)).all():
        raise BadFileError(f"{path}: a depth of shape {depth.shape}; (H, W), finite, from 0 is accepted")
    return depth


def save_normals(path: str | Path, normals: Any) -> None:
    """Write unit normals (H, W, 3) in the camera frame as 0.5 + 0.5 n; 0, where nothing is, becomes 128."""
    _require_png(path)
    values = numpy_view(normals)
    _require_range(path, values, -1, 1, "normals in the camera frame")
    write_bytes(path, encode_png(_as_bytes(np.clip(0.5 + 0.5 * values, 0, 1))))


def save_coordinates(path: str | Path, coordinates: Any) -> None:
    """Write object coordinates (H, W, 3), 0 to 1 along each axis of the bounding box; 0 where nothing is."""
    _require_png(path)
    values = numpy_view(coordinates)
    _require_range(path, values, 0, 1, "coordinates normalised by the bounding box")
    write_bytes(path, encode_png(_as_bytes(np.clip(values, 0, 1))))


def _require_range(path: str | Path, values: NDArray, low: float, high: float, what: str) -> None:
    slack = 1e-5  # rounding of whoever divided by a length
    inside = values.size and ((values >= low - slack) & (values <= high + slack)).all()
    if values.ndim != 3 or values.shape[2] != 3 or not inside:
        raise BadInputError(
            f"{path}: shape {values.shape}; {what}, (H, W, 3) in [{low}, {high}], are accepted"
        )


def _require_png(path: str | Path) -> None:
    if Path(path).suffix.lower() != ".png":
        raise BadInputError(
            f"{path}: it ends in {Path(path).suffix!r}; .png is accepted, which loses nothing"
        )


def _as_bytes(unit: NDArray) -> NDArray[np.uint8]:
    return np.floor(unit.astype(np.float64) * 255 + 0.5).astype(np.uint8)
