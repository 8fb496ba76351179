#!/usr/bin/env python3
"""Renders tally.svg's drawing to PNGs (needs Pillow): icons/render.py. The shapes and colours are those of the SVG."""
import math
from pathlib import Path

from PIL import Image

SIZES = [16, 32, 48, 128, 256, 512]
FINE = 3  # samples a pixel, each way


def mix(a, b, t):
    return tuple(x + (y - x) * t for x, y in zip(a, b))


def over(below, colour, alpha):
    return mix(below[:3], colour, alpha) + (below[3] + (1 - below[3]) * alpha,)


def at(x, y):
    """The colour at a point of the 512 x 512 drawing: red, green, blue 0..255, alpha 0..1."""
    dx, dy = max(abs(x - 256) - 120, 0), max(abs(y - 256) - 120, 0)
    if math.hypot(dx, dy) > 112:
        return (0, 0, 0, 0)
    seen = mix((0x23, 0x27, 0x2F), (0x10, 0x12, 0x16), (y - 24) / 464) + (1,)
    r = math.hypot(x - 256, y - 256)
    if r < 204:
        seen = over(seen, (0xFF, 0x4D, 0x4F), 0.55 * min(1, (1 - r / 204) / 0.55))
    if 122 <= r <= 142:
        seen = over(seen, (0xE8, 0xEA, 0xEE), 1)
    if r <= 96:
        t = min(1, math.hypot(x - 236.8, y - 227.2) / 144)
        stops = [((0xFF, 0x8A, 0x80), 0), ((0xF0, 0x38, 0x3E), 0.5), ((0xC4, 0x16, 0x1C), 1)]
        (a, from_), (b, to) = (stops[0], stops[1]) if t < 0.5 else (stops[1], stops[2])
        seen = over(seen, mix(a, b, (t - from_) / (to - from_)), 1)
    return seen


def render(size):
    image = Image.new("RGBA", (size, size))
    step = 512 / size / FINE
    for py in range(size):
        for px in range(size):
            sums = [0.0] * 4
            for sy in range(FINE):
                for sx in range(FINE):
                    r, g, b, a = at((px * FINE + sx + 0.5) * step, (py * FINE + sy + 0.5) * step)
                    for i, value in enumerate((r * a, g * a, b * a, a)):
                        sums[i] += value
            alpha = sums[3] / FINE**2
            rgb = [round(value / sums[3]) if sums[3] else 0 for value in sums[:3]]
            image.putpixel((px, py), (*rgb, round(alpha * 255)))
    return image


for size in SIZES:
    render(size).save(Path(__file__).parent / f"tally-{size}.png", optimize=True)
