"""What landscapes are painted with. A picture is an array of floats: rows, columns, red green blue.

Lengths are parts of the picture's height, so that pictures of any size look alike; colours are
hexadecimal as in style sheets, and light goes from 0 to 1.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Floats = NDArray[np.float32]
Colour = str


def rgb(colour: Colour) -> Floats:
    """A colour as three floats."""
    return np.array([int(colour[at : at + 2], 16) / 255 for at in (0, 2, 4)], np.float32)


class Canvas:
    """A picture that is being painted, from far to near."""

    def __init__(self, width: int, height: int, *, seed: int) -> None:
        self.width, self.height = width, height
        self.chance = np.random.default_rng(seed)
        self.x = np.linspace(0, width / height, width, dtype=np.float32)[None, :]
        self.y = np.linspace(0, 1, height, dtype=np.float32)[:, None]
        self.light = np.zeros((height, width, 3), np.float32)

    @property
    def wide(self) -> float:
        """How wide it is, in parts of its height."""
        return self.width / self.height

    def noise(self, size: float, *, octaves: int = 4, stretch: float = 1.0) -> Floats:
        """Smooth chance about 0, mostly within -1 and 1, with shapes of `size` and smaller ones;
        `stretch` times as wide as high."""
        total = np.zeros((self.height, self.width), np.float32)
        for octave in range(octaves):
            part = size / 2**octave
            cells = (
                max(2, round(self.wide / part / stretch) + 1),
                max(2, round(1 / part) + 1),
            )
            grid = self.chance.normal(0, 0.5, cells[::-1]).astype(np.float32)
            smooth = Image.fromarray(grid).resize(
                (self.width, self.height), Image.Resampling.BICUBIC
            )
            total += np.asarray(smooth) / 2**octave
        return total

    def crest(self, size: float, *, octaves: int = 6, rough: float = 0.5) -> Floats:
        """The line of a ridge about 0: chance along the width, with peaks where `size` is large."""
        total = np.zeros(self.width, np.float32)
        along = np.linspace(0, 1, self.width)
        for octave in range(octaves):
            cells = max(3, round(self.wide / size * 2**octave) + 2)
            heights = self.chance.uniform(-1, 1, cells)
            total += (np.interp(along, np.linspace(0, 1, cells), heights) * rough**octave).astype(
                np.float32
            )
        return total

    # Light ------------------------------------------------------------------------------------

    def sky(self, *stops: tuple[float, Colour]) -> None:
        """Colours from the top down: each at a height, from 0 at the top to 1."""
        at = [height for height, _ in stops]
        colours = np.array([rgb(colour) for _, colour in stops])
        for channel in range(3):
            self.light[:, :, channel] = np.interp(self.y, at, colours[:, channel])

    def glow(self, x: float, y: float, size: float, colour: Colour, strength: float) -> None:
        """Light that comes from a place, and fades within about `size`."""
        away = np.hypot(self.x - x * self.wide, self.y - y) / size
        self.light += (strength / (1 + away**2) ** 1.5)[:, :, None] * rgb(colour)

    def disc(self, x: float, y: float, size: float, colour: Colour) -> None:
        """The sun, or the moon."""
        away = np.hypot(self.x - x * self.wide, self.y - y)
        mask = np.clip((size - away) * self.height * 0.7 + 0.5, 0, 1)
        self.light = np.maximum(self.light, mask[:, :, None] * rgb(colour))

    def stars(self, count: int, *, down_to: float = 1.0) -> None:
        """Points of light, few of them bright."""
        rows = (self.chance.random(count) * self.height * down_to).astype(int)
        columns = self.chance.integers(1, self.width - 1, count)
        bright = self.chance.power(0.35, count).astype(np.float32)
        tints = 1 - self.chance.random((count, 3), dtype=np.float32) * 0.25
        self.light[rows, columns] += bright[:, None] * tints
        great = (bright > 0.85) & (rows > 0) & (rows < self.height - 1)
        for across, down in ((-1, 0), (1, 0), (0, -1), (0, 1)):
            self.light[rows[great] + down, columns[great] + across] += 0.25 * tints[great]

    def clouds(self, colour: Colour, *, size: float, cover: float, top: float, end: float) -> None:
        """Clouds between two heights, the larger `cover` is the more of them."""
        shape = self.noise(size, octaves=6, stretch=3)
        fade = np.clip((self.y - top) / 0.1, 0, 1) * np.clip((end - self.y) / 0.15, 0, 1)
        self.lay(np.clip(shape - 1 + cover * 1.6, 0, 1) * fade, colour)

    # Ground -----------------------------------------------------------------------------------

    def lay(self, mask: Floats, colour: Colour | Floats) -> None:
        """Paint where the mask is 1, and the less the less it is."""
        over = rgb(colour) if isinstance(colour, str) else colour
        self.light += mask[:, :, None] * (over - self.light)

    def below(self, line: Floats) -> Floats:
        """The mask of all that is below a line of heights."""
        mask: Floats = np.clip((self.y - line[None, :]) * self.height + 0.5, 0, 1)
        return mask

    def ridge(
        self,
        level: float,
        rise: float,
        colour: Colour,
        *,
        size: float = 0.7,
        rough: float = 0.5,
        haze: Colour | None = None,
        mist: float = 0.25,
        snow: float | None = None,
        texture: float = 0.12,
    ) -> Floats:
        """A chain of mountains or hills; its line. Below it fades into `haze` within `mist`, and
        has snow down to `snow` below its summits."""
        line = level - rise * self.crest(size, rough=rough)
        deep = np.clip(self.y - line[None, :], 0, 1)
        # Faces that lean to one side have light, those that lean to the other have not.
        rough_ground = self.noise(0.16, octaves=6)
        faces = np.diff(rough_ground, axis=1, append=rough_ground[:, -1:]) * self.height * 0.018
        shade = 1 + texture * 4 * np.clip(faces, -1.2, 1.2)
        ground = rgb(colour) * shade[:, :, None]
        if snow is not None:
            top = float(line.min())
            limit = top + snow + self.noise(0.08, octaves=4, stretch=0.6) * 0.07
            white = np.clip((limit - self.y) * 30 + faces, 0, 1)[:, :, None]
            ground += white * (
                rgb("f4f6fb") * np.clip(0.82 + faces * 0.35, 0.45, 1.05)[:, :, None] - ground
            )
        if haze is not None:
            fog = np.clip(deep / mist, 0, 1)[:, :, None] ** 1.4
            ground += fog * 0.85 * (rgb(haze) - ground)
        self.lay(self.below(line), ground)
        return line

    def trees(
        self,
        level: float,
        colour: Colour,
        *,
        tall: float = 0.1,
        dense: int = 160,
        waves: float = 0.03,
    ) -> None:
        """A wood of firs: a ragged line, and what is below it."""
        line = level - waves * self.crest(0.8, octaves=3)
        for middle in self.chance.uniform(-0.02, 1.02, dense) * self.width:
            high = tall * self.chance.uniform(0.45, 1.1)
            half = high * 0.21 * self.height
            first, end = max(0, math.ceil(middle - half)), min(self.width, int(middle + half) + 1)
            if first >= end:
                continue
            # Boughs hang in steps, the lower the wider.
            steps = np.abs(np.arange(first, end) - middle) / half
            ragged = steps + 0.10 * np.sin(steps * 24) * steps
            at = level - waves * 0.3 - high * (1 - ragged)
            line[first:end] = np.minimum(line[first:end], at)
        self.lay(self.below(line), colour)

    def water(
        self,
        level: float,
        tint: Colour,
        *,
        clear: float = 0.7,
        ripple: float = 0.012,
        shore: float = 0.35,
    ) -> None:
        """A lake from `level` down: what is above it upside down, in waves; dark at the shore."""
        first = round(level * self.height)
        rows = np.arange(first, self.height)
        deep = (rows - first) / max(1, self.height - first)
        waves = self.noise(0.05, octaves=3, stretch=9)[first:]
        sway = waves * ripple * self.height * (0.15 + deep[:, None] * 1.6)
        mirrored = np.clip(2 * first - rows[:, None] + sway, 0, max(0, first - 1)).astype(int)
        columns = np.broadcast_to(np.arange(self.width), mirrored.shape)
        image = self.light[mirrored, columns]
        dim = (clear - 0.25 * deep)[:, None, None]
        self.light[first:] = image * dim + rgb(tint) * (1 - dim)
        edge = np.clip(1 - (rows - first) / (0.006 * self.height), 0, 1)[:, None, None]
        self.light[first:] *= 1 - shore * edge

    # The end ----------------------------------------------------------------------------------

    def image(self, *, grain: float = 0.012) -> Image.Image:
        """The picture as a camera gives it: darker at its edges, with a little grain."""
        edge = ((self.x / self.wide - 0.5) ** 2 + (self.y - 0.5) ** 2)[:, :, None]
        noise = self.chance.normal(0, grain, (self.height, self.width, 1)).astype(np.float32)
        light = np.clip(self.light * (1.03 - 0.35 * edge) + noise, 0, 1)
        return Image.fromarray((light * 255).astype(np.uint8))
