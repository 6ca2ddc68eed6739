"""The image encoder that the networks share: residual blocks (He et al.), each stage at half the resolution."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn


@dataclass(frozen=True)
class EncoderConfig:
    size_px: int = 96  # of the square crop
    channels: int = 4  # the object's colours and its mask
    stem: str = "unshuffle"  # 4 x 4 pixels become channels; or "resnet": a 7 x 7 convolution and pooling
    widths: tuple[int, ...] = (64, 128, 224, 320)
    blocks: tuple[int, ...] = (0, 1, 1, 1)  # of each stage; the first stage keeps the stem's resolution
    features: int = 256


SMALL = EncoderConfig()
RESNET18 = EncoderConfig(
    size_px=224, stem="resnet", widths=(64, 128, 256, 512), blocks=(2, 2, 2, 2), features=256
)


class Encoder(nn.Module):
    """(B, channels, S, S) -> (B, features)."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.config = config
        layers: list[nn.Module] = _stem(config)
        width = config.widths[0]
        for k, (wide, count) in enumerate(zip(config.widths, config.blocks, strict=True)):
            for n in range(count):
                layers.append(Block(width, wide, 2 if k and n == 0 else 1))
                width = wide
        # Where something lies matters to views and shapes: small maps keep their places.
        places = config.size_px // 4 // 2 ** (len(config.widths) - 1) if config.stem == "unshuffle" else 1
        layers += [nn.AdaptiveAvgPool2d(places), nn.Flatten(), nn.Linear(width * places**2, config.features)]
        self.layers = nn.Sequential(*layers)

    def forward(self, crops: Tensor) -> Tensor:
        return self.layers(crops)


class Block(nn.Module):
    """Two 3 x 3 convolutions beside a way around them."""

    def __init__(self, width: int, wide: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, wide, 3, stride, 1, bias=False)
        self.first_norm = nn.BatchNorm2d(wide)
        self.second = nn.Conv2d(wide, wide, 3, 1, 1, bias=False)
        self.second_norm = nn.BatchNorm2d(wide)
        same = width == wide and stride == 1
        self.around = nn.Identity() if same else nn.Conv2d(width, wide, 1, stride, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        y = self.first_norm(self.first(x)).relu()
        return (self.second_norm(self.second(y)) + self.around(x)).relu()


def _stem(config: EncoderConfig) -> list[nn.Module]:
    wide = config.widths[0]
    if config.stem == "unshuffle":
        middle = [nn.PixelUnshuffle(4), nn.Conv2d(16 * config.channels, wide, 3, 1, 1, bias=False)]
        return [*middle, nn.BatchNorm2d(wide), nn.ReLU()]
    assert config.stem == "resnet"
    convolution = nn.Conv2d(config.channels, wide, 7, 2, 3, bias=False)
    return [convolution, nn.BatchNorm2d(wide), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
