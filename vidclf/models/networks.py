"""CNNs of our own for low resolutions and for CPUs; each gives one vector a picture."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn


def small(channels: int, size: tuple[int, int]) -> tuple[nn.Module, int]:  # noqa: ARG001
    """Three convolutions down to a sixteenth, then a coarse grid: 0.1 million parameters, for 64 to 128 pixels.

    The first one takes a quarter of the side at once: at full size, the normalisation and activation behind it would
    cost more than all the rest. The grid keeps where something is. Averaging over the whole picture, as networks for
    ImageNet do, throws that away, and where the hand is over time is what tells most gestures apart.
    """
    depth, grid = 24, 4
    network = nn.Sequential(
        *_convolution(channels, 32, side=6, stride=4),  # (N, 32, h/4, w/4)
        *_convolution(32, 64, stride=2),
        *_convolution(64, 96, stride=2),  # (N, 96, h/16, w/16)
        nn.AdaptiveAvgPool2d(grid),
        nn.Conv2d(96, depth, kernel_size=1),  # (N, 24, 4, 4)
        nn.Flatten(),
    )
    return network, depth * grid**2


def medium(channels: int, size: tuple[int, int]) -> tuple[nn.Module, int]:  # noqa: ARG001
    """Four convolutions and an average over the picture: 0.2 million parameters, for crops around what matters.

    Where `small` says where something is, this says what it is: in a crop around the person, place tells little.
    """
    network = nn.Sequential(
        *_convolution(channels, 32, side=6, stride=4),  # (N, 32, h/4, w/4)
        *_convolution(32, 64, stride=2),
        *_convolution(64, 128, stride=2),  # (N, 128, h/16, w/16)
        *_convolution(128, 128),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
    )
    return network, 128


def plain(channels: int, size: tuple[int, int]) -> tuple[nn.Module, int]:
    """The plain CNN that tutorials train on CIFAR-10: conv 32, 32, pool, 32, pool, 64, 64, pool, dense 64.

    No padding, no normalisation. With a linear layer for ten classes, 79,626 parameters at 32 x 32 pixels.

    Raises:
        ValueError: pictures of this size are used up before the last layer.
    """

    def convolution(before: int, after: int) -> list[nn.Module]:
        return [nn.Conv2d(before, after, kernel_size=3), nn.ReLU(inplace=True)]

    def left(pixels: int) -> int:
        return (((pixels - 4) // 2 - 2) // 2 - 4) // 2

    height, width = left(size[0]), left(size[1])
    if min(height, width) < 1:
        raise ValueError("the side must be 32 or more")
    network = nn.Sequential(
        *convolution(channels, 32),
        *convolution(32, 32),
        nn.MaxPool2d(2),
        *convolution(32, 32),
        nn.MaxPool2d(2),
        *convolution(32, 64),
        *convolution(64, 64),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(64 * height * width, 64),
        nn.ReLU(inplace=True),
    )
    return network, 64


def residual(channels: int, size: tuple[int, int]) -> tuple[nn.Module, int]:  # noqa: ARG001
    """A shallow residual network for pictures of 32 pixels: 0.7 million parameters.

    Seven convolutions, of which three are residual, as in the networks that learn CIFAR-10 in the fewest operations
    (Page, How to train your ResNet, 2018), narrow enough for a CPU.
    """
    network = nn.Sequential(
        *_convolution(channels, 24),
        *_convolution(24, 48, pool=True),  # (N, 48, h/2, w/2)
        _Residual(nn.Sequential(*_convolution(48, 48))),
        *_convolution(48, 96, pool=True),
        _Residual(nn.Sequential(*_convolution(96, 96))),
        *_convolution(96, 192, pool=True),  # (N, 192, h/8, w/8)
        _Residual(nn.Sequential(*_convolution(192, 192))),
        nn.AdaptiveMaxPool2d(1),
        nn.Flatten(),
    )
    return network, 192


def residual_grid(channels: int, size: tuple[int, int]) -> tuple[nn.Module, int]:
    """A residual network for drawings and faces of 32 to 64 px that keeps where things are: 0.6 million weights.

    A convolution of 32 channels and three residual blocks of 64, 128 and 128, each at half the side of the one before
    it. Strokes and eyes are told apart by their places, so the last map is handed on as it is (at most 4 x 4).
    """
    depth = 128
    side = (min(4, -(-size[0] // 8)), min(4, -(-size[1] // 8)))
    network = nn.Sequential(
        *_convolution(channels, 32),  # (N, 32, h, w)
        _Halving(32, 64),
        _Halving(64, depth),
        _Halving(depth, depth),  # (N, 128, h/8, w/8)
        nn.AdaptiveAvgPool2d(side),
        nn.Flatten(),
    )
    return network, depth * side[0] * side[1]


# One row a network: (channels, (height, width)) -> the network (N, C, h, w) -> (N, D), and D.
NETWORKS: dict[str, Callable[[int, tuple[int, int]], tuple[nn.Module, int]]] = {
    "small": small,
    "medium": medium,
    "plain": plain,
    "residual": residual,
    "residual_grid": residual_grid,
}


class _Residual(nn.Module):
    def __init__(self, branch: nn.Module) -> None:
        super().__init__()
        self.branch = branch

    def forward(self, pictures: Tensor) -> Tensor:
        return pictures + self.branch(pictures)  # type: ignore[no-any-return]


class _Halving(nn.Module):
    """Two convolutions at half the side, added to a linear view of their input (He et al., CVPR 2016)."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.pool = nn.MaxPool2d(2, ceil_mode=True)
        self.shortcut = nn.Conv2d(before, after, kernel_size=1, bias=False)
        self.branch = nn.Sequential(
            *_convolution(before, after),
            nn.Conv2d(after, after, kernel_size=3, padding=1, bias=False),
            nn.BatchNorm2d(after),
        )

    def forward(self, pictures: Tensor) -> Tensor:
        pooled = self.pool(pictures)
        return (self.shortcut(pooled) + self.branch(pooled)).relu()  # type: ignore[no-any-return]


def _convolution(before: int, after: int, *, side: int = 3, stride: int = 1, pool: bool = False) -> list[nn.Module]:
    layers: list[nn.Module] = [
        nn.Conv2d(before, after, kernel_size=side, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(after),
        nn.ReLU(inplace=True),
    ]
    # Pooled before it is normalised: the same pictures, for a quarter of the work behind.
    return [layers[0], nn.MaxPool2d(2), *layers[1:]] if pool else layers
