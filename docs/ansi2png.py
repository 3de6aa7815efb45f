#!/usr/bin/env python3
"""Draws a captured terminal screen as a picture.

    ansi2png.py SCREEN.ansi OUT.png COLUMNS ROWS

SCREEN.ansi is what `tmux capture-pane -e -p` gives. Needs the packages pyte and Pillow, and the DejaVu Sans Mono font.
"""

import sys

import pyte
from PIL import Image, ImageDraw, ImageFont

FONT = "/usr/share/fonts/truetype/dejavu/DejaVuSansMono"
SIZE = 18
BACKGROUND, TEXT = (20, 22, 28), (222, 222, 222)
NAMED = {
    "black": (40, 42, 54), "red": (235, 92, 92), "green": (80, 200, 120), "brown": (240, 200, 80),
    "yellow": (240, 200, 80), "blue": (90, 140, 240), "magenta": (200, 110, 220), "cyan": (90, 200, 220),
    "white": (222, 222, 222), "brightblack": (110, 114, 130),
}
# Braille: which bit is which dot, as (column, row) in the cell.
DOTS = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3)]


def rgb(name, default):
    if name == "default":
        return default
    if name in NAMED:
        return NAMED[name]
    if name.startswith("bright"):
        return NAMED.get(name.removeprefix("bright"), default)
    return tuple(int(name[i : i + 2], 16) for i in (0, 2, 4))


def braille(draw, x, y, width, height, bits, colour):
    for bit, (column, row) in enumerate(DOTS):
        if bits >> bit & 1:
            cx, cy = x + width * (2 * column + 1) / 4, y + height * (2 * row + 1) / 8
            draw.ellipse([cx - 1.5, cy - 1.5, cx + 1.5, cy + 1.5], fill=colour)


def main(source, target, columns, rows):
    screen = pyte.Screen(columns, rows)
    with open(source, encoding="utf-8") as file:
        pyte.Stream(screen).feed("\r\n".join(file.read().rstrip("\n").split("\n")))
    regular, bold = (ImageFont.truetype(FONT + end, SIZE) for end in (".ttf", "-Bold.ttf"))
    width, height = round(regular.getlength("M")), SIZE + 4
    image = Image.new("RGB", (columns * width, rows * height), BACKGROUND)
    draw = ImageDraw.Draw(image)
    for row in range(rows):
        for column in range(columns):
            cell = screen.buffer[row][column]
            front, back = rgb(cell.fg, TEXT), rgb(cell.bg, BACKGROUND)
            if cell.reverse:
                front, back = back, front
            x, y = column * width, row * height
            if back != BACKGROUND:
                draw.rectangle([x, y, x + width - 1, y + height - 1], fill=back)
            point = ord(cell.data[0]) if cell.data else 32
            if 0x2800 <= point <= 0x28FF:
                braille(draw, x, y, width, height, point - 0x2800, front)
            elif point == 0x2588:
                draw.rectangle([x, y, x + width - 1, y + height - 1], fill=front)
            elif cell.data.strip():
                draw.text((x, y), cell.data, font=bold if cell.bold else regular, fill=front)
    image.save(target, optimize=True)


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
