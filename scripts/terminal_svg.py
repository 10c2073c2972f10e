#!/usr/bin/env python3
"""Writes what a command prints on a terminal as an SVG.

    scripts/terminal_svg.py OUT.svg COLUMNS COMMAND [ARG...]

The command runs in a pseudo-terminal, so that it prints as for a person. Of the escape sequences those for colours are
drawn, which is all that unpkl writes.
"""
import html
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import fcntl

CELL, LINE, PAD = 7.83, 17, 12  # pixels; a cell is as wide as 13-pixel monospace text
COLORS = {31: "#ff7b72", 32: "#56d364", 33: "#e3b341", 34: "#79c0ff", 35: "#d2a8ff", 36: "#76e3ea"}


def run(columns, command):
    """The output of a command in a terminal of so many columns."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    env = dict(os.environ, TERM="xterm-256color", PAGER="cat")
    env.pop("NO_COLOR", None)
    process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=env)
    os.close(slave)
    out = b""
    while True:
        try:
            data = os.read(master, 65536)
        except OSError:
            break
        if not data:
            break
        out += data
    process.wait()
    return out.decode("utf-8").replace("\r\n", "\n")


def spans(line, style):
    """The texts of a line, each with its colour and whether it is faint and bold."""
    out = []
    for part in re.split("(\x1b\\[[0-9;]*m)", line):
        m = re.fullmatch("\x1b\\[([0-9;]*)m", part)
        if not m:
            if part:
                out.append((part, dict(style)))
            continue
        codes = [int(c or 0) for c in m.group(1).split(";")]
        while codes:
            code = codes.pop(0)
            if code == 0:
                style.clear()
            elif code == 1:
                style["font-weight"] = "bold"
            elif code == 2:
                style["opacity"] = ".6"
            elif code in COLORS:
                style["fill"] = COLORS[code]
            elif code in (38, 48) and codes[:1] == [2]:
                style["fill" if code == 38 else "back"] = "#%02x%02x%02x" % tuple(codes[1:4])
                del codes[:4]
    return out


def svg(prompt, text, columns):
    lines = ["$ " + prompt] + text.rstrip("\n").split("\n")
    width, height = columns * CELL + 2 * PAD, len(lines) * LINE + 2 * PAD
    out = ['<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" role="img">' % (width, height),
           "<title>%s</title>" % html.escape(prompt),
           '<rect width="100%" height="100%" rx="6" fill="#0d1117"/>',
           '<g font-family="ui-monospace, monospace" font-size="13" fill="#e6edf3" xml:space="preserve">']
    style = {}
    for i, line in enumerate(lines):
        out.append('<text y="%d">' % (PAD + (i + 0.75) * LINE))
        x = 0
        for part, own in spans(line, style):
            own.pop("back", None)
            attributes = "".join(' %s="%s"' % item for item in sorted(own.items()))
            # textLength holds cells together whatever font there is.
            out.append('<tspan x="%.1f" textLength="%.1f"%s>%s</tspan>' % (
                PAD + x * CELL, len(part) * CELL, attributes, html.escape(part)))
            x += len(part)
        out.append("</text>")
    return "\n".join(out + ["</g>", "</svg>", ""])


def main():
    out, columns, command = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
    prompt = " ".join([os.path.basename(command[0])] + command[1:])
    with open(out, "w", encoding="utf-8") as f:
        f.write(svg(prompt, run(columns, command), columns))


main()
