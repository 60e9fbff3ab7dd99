# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The trice authors
"""Draws what `growth` has measured: milliseconds a container over the number of containers, both axes logarithmic."""

import math
import subprocess
from xml.sax.saxutils import escape

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 900, 560, 70, 50, 150, 60
COLOURS = ["#0072b2", "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#d55e00"]


def plot(rows, names, file):
    """Writes FILE.svg, and FILE.png by rsvg-convert."""
    sizes = [row["size"] for row in rows]
    values = {name: [row[name] / row["size"] for row in rows] for name in names}
    every = [value for name in names for value in values[name]]
    low, high = math.floor(math.log10(min(every))), math.ceil(math.log10(max(every)))
    first, last = math.log10(sizes[0]), math.log10(sizes[-1])

    def x(size):
        return LEFT + (math.log10(size) - first) / ((last - first) or 1) * (WIDTH - LEFT - RIGHT)

    def y(value):
        return TOP + (high - math.log10(value)) / ((high - low) or 1) * (HEIGHT - TOP - BOTTOM)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{LEFT}" y="28" font-size="17">Milliseconds a container, by the number of containers</text>']
    for power in range(low, high + 1):
        level = y(10.0 ** power)
        parts.append(f'<path d="M{LEFT} {level:.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{level + 4:.1f}" text-anchor="end">{10.0 ** power:g}</text>')
    for size in sizes:
        parts.append(f'<path d="M{x(size):.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="#eee"/>')
        parts.append(f'<text x="{x(size):.1f}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle">{size}</text>')
    # Labels stand beside the last point, and not over one another.
    labels, free = {}, TOP
    for name in sorted(names, key=lambda name: y(values[name][-1])):
        labels[name] = max(y(values[name][-1]) + 4, free)
        free = labels[name] + 16
    for name, colour in zip(names, COLOURS):
        dashes = ' stroke-dasharray="5 4"' if name.startswith("floor") else ""
        points = " ".join(f"{x(size):.1f},{y(value):.1f}" for size, value in zip(sizes, values[name]))
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"{dashes}/>')
        for size, value in zip(sizes, values[name]):
            parts.append(f'<circle cx="{x(size):.1f}" cy="{y(value):.1f}" r="3" fill="{colour}"/>')
        parts.append(f'<text x="{WIDTH - RIGHT + 10}" y="{labels[name]:.1f}" fill="{colour}">{escape(name)}</text>')
    parts.append("</svg>\n")
    with open(f"{file}.svg", "w") as svg:
        svg.write("\n".join(parts))
    subprocess.run(["rsvg-convert", "-o", f"{file}.png", f"{file}.svg"], check=True)
