"""The landscapes there are: each a function that paints one on a canvas, in one of its moods."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .brush import Canvas, Colour, rgb

View = Callable[[Canvas, int], None]
"""Paints a landscape; the number chooses its mood."""


def peaks(canvas: Canvas, mood: int) -> None:
    """High mountains one behind the other, with a sun that is low."""
    high, low, haze, near, sun = (
        ("35507f", "f6c48f", "e9b48f", "1d2a3f", "ffe2b0"),
        ("5b8fc9", "dfeaf2", "c5d7e6", "25364a", "ffffff"),
        ("3a2f5d", "ef8e74", "d98a80", "1c1a30", "ffd0a0"),
        ("2c4a72", "f3dcc0", "d8c9bb", "1e2f2c", "fff0d0"),
    )[mood % 4]
    canvas.sky((0, high), (0.55, low), (1, low))
    x = 0.2 + 0.6 * canvas.chance.random()
    canvas.clouds(sun, size=0.5, cover=0.45, top=0, end=0.5)
    canvas.glow(x, 0.36, 0.22, sun, 0.45)
    for step in range(5):
        part = step / 4
        colour = _between(haze, near, part**0.8)
        canvas.ridge(
            0.44 + 0.13 * step,
            0.13 - 0.012 * step,
            colour,
            size=0.75 - 0.06 * step,
            haze=haze,
            mist=0.34,
            snow=0.13 if step < 2 and mood % 2 else None,
            texture=0.05 + 0.08 * part,
        )
    canvas.trees(1.02, _darker(near, 0.5), tall=0.13, dense=70)


def lake(canvas: Canvas, mood: int) -> None:
    """Mountains in a lake, and again in its water."""
    high, low, rock, tint = (
        ("2f6db5", "d8e9f5", "5c6b78", "123a52"),
        ("243a6b", "f2a977", "4a4663", "1b2440"),
        ("6f8fae", "f5e8d6", "6a7a74", "26464a"),
        ("14213d", "8fa7c8", "2f3e58", "0b1a2c"),
    )[mood % 4]
    canvas.sky((0, high), (0.6, low), (1, low))
    canvas.clouds("ffffff", size=0.35, cover=0.5, top=0.02, end=0.5)
    if mood % 4 == 1:
        canvas.glow(0.3, 0.5, 0.2, "ffca8a", 0.6)
    if mood % 4 == 3:
        canvas.disc(0.72, 0.16, 0.035, "fdf6dd")
        canvas.glow(0.72, 0.16, 0.12, "dfe8ff", 0.35)
    canvas.ridge(
        0.44, 0.18, rock, size=0.8, rough=0.52, haze=low, mist=0.55, snow=0.17, texture=0.2
    )
    canvas.ridge(0.56, 0.07, _darker(rock, 0.62), size=0.6, haze=low, mist=0.6)
    canvas.trees(0.645, _darker(rock, 0.33), tall=0.06, dense=190)
    canvas.water(0.645, tint)


def forest(canvas: Canvas, mood: int) -> None:
    """Woods in the mist, the nearest the darkest."""
    mist, near = (
        ("d7e0df", "14261f"),
        ("f1d9bd", "2a1d16"),
        ("b9c7d6", "0f1c2a"),
        ("e8e4c9", "27340f"),
    )[mood % 4]
    canvas.sky((0, _darker(mist, 0.82)), (0.5, mist), (1, mist))
    canvas.glow(0.5 + 0.3 * (mood % 3 - 1), 0.18, 0.3, "fff4dc", 0.25)
    for step in range(6):
        colour = _between(mist, near, 0.18 + 0.82 * (step / 5) ** 1.2)
        canvas.trees(
            0.36 + step * 0.13, colour, tall=0.1 + 0.05 * step, dense=120 - 14 * step, waves=0.06
        )
        fog = canvas.noise(0.5, octaves=3, stretch=4)
        band = np.clip(1 - np.abs(canvas.y - (0.46 + step * 0.13)) / 0.09, 0, 1)
        if step < 5:
            canvas.lay(np.clip(band * (0.5 + fog * 0.4), 0, 0.85), mist)


def northern_lights(canvas: Canvas, mood: int) -> None:
    """Curtains of light over snow."""
    one, other = (("3df29a", "8a4fe0"), ("5ff0c0", "e04f9c"), ("a4f25c", "3f7ae0"))[mood % 3]
    canvas.sky((0, "050b1e"), (0.6, "12304a"), (1, "12304a"))
    canvas.stars(900, down_to=0.65)
    for band in range(3):
        foot = 0.44 - 0.09 * band + 0.09 * canvas.crest(1.1, octaves=3)
        rays = np.clip(0.55 + canvas.crest(0.12, octaves=5, rough=0.75) * 0.4, 0, 1.4)
        above = foot[None, :] - canvas.y
        curtain = np.where(above > 0, np.exp(-np.clip(above, 0, 2) / 0.16), np.exp(above / 0.02))
        curtain = (curtain * rays[None, :] * (0.75 - 0.17 * band))[:, :, None]
        up = np.clip(above / 0.3, 0, 1)[:, :, None]
        canvas.light += curtain * (rgb(one) * (1 - up) + rgb(other) * up)
    canvas.ridge(0.6, 0.09, "33506b", size=0.7, snow=0.16, haze="1b4a58", mist=0.4, texture=0.15)
    canvas.trees(0.7, "050b12", tall=0.08, dense=130)
    canvas.water(0.7, "0a2030", clear=0.75)


def dunes(canvas: Canvas, mood: int) -> None:
    """Sand, each dune with a side in the light and one in the shade."""
    high, low, sand, shade = (
        ("3f7fc0", "f4e3c4", "e2a864", "8f5530"),
        ("51356b", "f59b6a", "d8793f", "4c2436"),
        ("7ba7c9", "f7ead8", "ecc48c", "a87a50"),
    )[mood % 3]
    canvas.sky((0, high), (0.5, low), (1, low))
    canvas.glow(0.75, 0.4, 0.15, "fff0c8", 0.5)
    for step in range(5):
        line = 0.46 + step * 0.115 - (0.045 + 0.012 * step) * canvas.crest(0.9, octaves=2)
        line = np.convolve(np.pad(line, 40, "edge"), np.ones(81) / 81, "valid").astype(np.float32)
        slope = np.diff(line, prepend=line[:1]) * canvas.height
        lit = np.clip(0.5 + slope * 1.4, 0, 1)[None, :, None]
        ripples = np.sin(canvas.y * 260 + canvas.noise(0.3, octaves=2) * 26)[:, :, None] * 0.025
        deep = np.clip((canvas.y - line[None, :]) / 0.3, 0, 1)[:, :, None]
        ground = rgb(shade) + lit * (rgb(sand) - rgb(shade)) + ripples * (0.4 + deep)
        ground = ground + (1 - step / 4) * 0.45 * (rgb(low) - ground)
        canvas.lay(canvas.below(line), (ground * (1.04 - 0.25 * deep)).astype(np.float32))


def city(canvas: Canvas, mood: int) -> None:
    """Towers at night across the water, with light in their windows."""
    high, low, lamp = (
        ("0a1030", "5a3f78", "ffd27a"),
        ("10182c", "c46a5a", "ffe2a8"),
        ("06121f", "1f5a70", "bfe8ff"),
    )[mood % 3]
    canvas.sky((0, high), (0.62, low), (1, low))
    canvas.stars(150, down_to=0.4)
    canvas.glow(0.5, 0.66, 0.5, lamp, 0.22)
    for depth, colour in enumerate((_between(low, high, 0.55), _darker(high, 0.75), "0a0e1a")):
        _towers(canvas, colour, lamp, depth)
    canvas.water(0.68, _darker(high, 0.9), clear=0.72, ripple=0.03)


def _towers(canvas: Canvas, colour: Colour, lamp: Colour, depth: int) -> None:
    chance, ground = canvas.chance, round(0.68 * canvas.height)
    unit = max(2, canvas.height // 180)
    left = -int(chance.integers(0, 20 * unit))
    while left < canvas.width:
        across = int(chance.integers(5, 13)) * unit
        high = int(canvas.height * chance.uniform(0.08, (0.42, 0.34, 0.2)[depth]))
        first, last = max(0, left), min(canvas.width, left + across)
        if last > first:
            canvas.light[ground - high : ground, first:last] = rgb(colour)
            for row in range(ground - high + unit, ground - unit, 2 * unit):
                for column in range(first + unit, last - unit, 2 * unit):
                    if chance.random() < 0.15 + 0.16 * depth:
                        bright = chance.uniform(0.45, 1.2)
                        window = canvas.light[row : row + unit, column : column + unit]
                        window += bright * (rgb(lamp) - window)
        left += across + int(chance.integers(0, 6)) * unit


def sea(canvas: Canvas, mood: int) -> None:
    """Nothing but water, clouds, and a sun that goes down."""
    high, low, deep, sun = (
        ("2b3f77", "ff9c62", "1f2f52", "ffe6b0"),
        ("4f9fd8", "e6f3f8", "12607f", "ffffff"),
        ("6d4a86", "ffb7a0", "3c3566", "fff0d8"),
        ("8796a3", "d5dbdd", "46606b", "f5f7f7"),
    )[mood % 4]
    horizon = 0.58
    canvas.sky((0, high), (horizon, low), (1, low))
    canvas.glow(0.55, horizon - 0.07, 0.2, sun, 0.42)
    if mood % 2 == 0:
        canvas.disc(0.55, horizon - 0.07, 0.045, sun)
    canvas.clouds(_between(low, sun, 0.5), size=0.4, cover=0.62, top=0.02, end=horizon - 0.02)
    canvas.clouds(_darker(high, 0.9), size=0.28, cover=0.45, top=0.1, end=horizon - 0.05)
    canvas.water(horizon, deep, clear=0.6, ripple=0.05, shore=0)
    rows = np.clip((canvas.y - horizon) / (1 - horizon), 0, 1)
    waves = canvas.noise(0.035, octaves=4, stretch=7)
    path = np.exp(-(((canvas.x / canvas.wide - 0.55) / (0.05 + 0.16 * rows)) ** 2))
    glitter = np.clip(waves * 1.6 - 0.25, 0, 1) * path * (rows > 0)
    canvas.light += (glitter * (0.9 if mood % 2 == 0 else 0.3))[:, :, None] * rgb(sun)
    canvas.light += ((waves * 0.05) * (rows > 0) * (0.3 + rows))[:, :, None]


def milky_way(canvas: Canvas, mood: int) -> None:
    """A clear night far from any town."""
    canvas.sky((0, "04060f"), (0.7, ("14203c", "2a2140")[mood % 2]), (1, "2a3550"))
    lean = 0.9 if mood % 2 else -0.9
    away = (canvas.x - canvas.wide * 0.5) * 0.75 + (canvas.y - 0.4) * lean
    band = np.exp(-((away / 0.16) ** 2)) * np.clip(
        0.65 + canvas.noise(0.22, octaves=5) * 0.45, 0, 2
    )
    dark = np.exp(-((away / 0.05) ** 2)) * np.clip(canvas.noise(0.15, octaves=5), 0, 1)
    canvas.light += (band * 0.34)[:, :, None] * rgb("b9b4e8")
    canvas.light += (band**2 * 0.16)[:, :, None] * rgb("ffcf9a")
    canvas.light *= 1 - 0.65 * dark[:, :, None]
    canvas.stars(2600)
    canvas.glow(0.2, 0.86, 0.25, "ffb070", 0.28)
    canvas.ridge(0.82, 0.08, "070a14", size=0.8, texture=0.02)
    canvas.trees(0.98, "020308", tall=0.2, dense=26)


def meadow(canvas: Canvas, mood: int) -> None:
    """Flowers before hills, on a fine day."""
    flower, grass = (
        ("e8455a", "5f8f3a"),
        ("8d6be0", "6b9145"),
        ("f7d24a", "7a9a38"),
    )[mood % 3]
    canvas.sky((0, "3f86cf"), (0.45, "cfe6f5"), (1, "cfe6f5"))
    canvas.clouds("ffffff", size=0.4, cover=0.62, top=0.02, end=0.42)
    canvas.ridge(0.42, 0.07, "7f9db5", size=0.8, haze="cfe0ea", mist=0.3)
    canvas.ridge(0.5, 0.05, _darker(grass, 0.72), size=0.7, rough=0.35, haze="bcd0a8", mist=0.5)
    canvas.trees(0.56, _darker(grass, 0.42), tall=0.045, dense=120)
    line = 0.57 - 0.02 * canvas.crest(1.2, octaves=2)
    near = np.clip((canvas.y - 0.57) / 0.43, 0, 1)[:, :, None]
    blades = canvas.noise(0.012, octaves=2, stretch=0.3)[:, :, None]
    ground = rgb(grass) * (1.12 - 0.35 * near + blades * 0.16 * (0.3 + near))
    canvas.lay(canvas.below(line), ground.astype(np.float32))
    count = 5200
    depth = canvas.chance.random(count) ** 1.6
    for part, x in zip(np.sort(depth), canvas.chance.random(count), strict=True):
        row = round((0.585 + 0.415 * part) * (canvas.height - 1))
        size = max(1, round((0.001 + 0.0085 * part) * canvas.height))
        column = round(x * canvas.width)
        patch = canvas.light[row : row + size, column : column + size + 1]
        patch += 0.9 * (rgb(flower) * canvas.chance.uniform(0.75, 1.15) - patch)


def canyon(canvas: Canvas, mood: int) -> None:
    """Walls of rock in layers, red where the sun is."""
    sky, rock, shade = (
        ("5d9ad6", "cf7443", "5c2a26"),
        ("f0b48a", "b5553a", "3a1c2c"),
    )[mood % 2]
    canvas.sky((0, sky), (0.6, "f6e7d2"), (1, "f6e7d2"))
    canvas.clouds("ffffff", size=0.35, cover=0.4, top=0, end=0.35)
    for step in range(4):
        plateau = np.round(canvas.crest(0.9, octaves=3) * 2.2) / 2.2
        soft = np.convolve(np.pad(plateau, 12, "edge"), np.ones(25) / 25, "valid")
        line = (0.4 + 0.14 * step - 0.09 * soft + 0.006 * canvas.crest(0.05)).astype(np.float32)
        bent = canvas.y + canvas.noise(0.7, octaves=3, stretch=2) * 0.03 + step * 0.4
        layers = (np.sin(bent * 70) + np.sin(bent * 163) + np.sin(bent * 389) * 0.7) / 2
        cracks = canvas.noise(0.2, octaves=6, stretch=0.5)
        lit = np.clip(0.62 + 0.22 * layers + 0.2 * cracks, 0, 1)[:, :, None]
        ground = rgb(shade) + lit * (rgb(rock) - rgb(shade))
        ground = ground + (1 - step / 3) * 0.5 * (rgb("ecc9b0") - ground)
        canvas.lay(canvas.below(line), ground.astype(np.float32))


def winter(canvas: Canvas, mood: int) -> None:
    """Firs in the snow, by day or by the light of the moon."""
    high, low, snow, tree = (
        ("9cc3e6", "fbeee3", "eef3fa", "24404a"),
        ("0d1a38", "4a6a98", "8fa8d0", "0a1424"),
        ("e7a6a1", "fce3c8", "f3e3ea", "3a3350"),
    )[mood % 3]
    canvas.sky((0, high), (0.6, low), (1, low))
    if mood % 3 == 1:
        canvas.stars(400, down_to=0.6)
        canvas.disc(0.28, 0.2, 0.05, "fbf6e4")
        canvas.glow(0.28, 0.2, 0.16, "cfdcff", 0.4)
    canvas.ridge(0.52, 0.11, _between(snow, tree, 0.35), size=0.8, snow=0.3, haze=low, mist=0.5)
    for step in range(3):
        colour = _between(low, tree, 0.45 + 0.27 * step)
        level = 0.62 + 0.1 * step
        canvas.trees(level, colour, tall=0.09 + 0.06 * step, dense=90 - 25 * step, waves=0.03)
        line = level - 0.005 - 0.03 * canvas.crest(0.9, octaves=2)
        soft = canvas.noise(0.3, octaves=3, stretch=3)[:, :, None] * 0.05
        ground = rgb(snow) * (0.86 + 0.07 * step + soft)
        canvas.lay(canvas.below(line), ground.astype(np.float32))


VIEWS: tuple[View, ...] = (
    *(lake, sea, forest, peaks, city, meadow),
    *(northern_lights, dunes, winter, canyon, milky_way),
)


def _between(one: Colour, other: Colour, part: float) -> Colour:
    mixed = rgb(one) + part * (rgb(other) - rgb(one))
    return "".join(f"{round(float(channel) * 255):02x}" for channel in np.clip(mixed, 0, 1))


def _darker(colour: Colour, part: float) -> Colour:
    return _between("000000", colour, part)
