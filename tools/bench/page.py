# SPDX-License-Identifier: GPL-2.0-only
"""What a measurement found, as a page with plots, one file without a script.

A plot has a bar for each job and driver, and in it a piece for each part of the
kernel.
"""

from html import escape

from attribution import STACK
from report import HEAD, rows, sections

COLOURS = dict(zip(STACK, ("#c0392b", "#e67e22", "#f1c40f", "#8e44ad",
                           "#2980b9", "#16a085", "#7f8c8d")))
LINE, LEFT, WIDTH = 16, 170, 620
STYLE = """body{font:14px sans-serif;margin:2em}
table{border-collapse:collapse;font-size:12px}
td,th{padding:1px 7px;text-align:right;border-bottom:1px solid #ddd}
td:nth-child(-n+2),th:nth-child(-n+2){text-align:left}"""


def _rectangle(x, y, width, colour, title):
    return (f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" '
            f'height="{LINE - 3}" fill="{colour}">'
            f"<title>{escape(title)}</title></rect>")


def _text(x, y, text, anchor="start"):
    return (f'<text x="{x:.1f}" y="{y + LINE - 6}" font-size="11" '
            f'text-anchor="{anchor}">{escape(text)}</text>')


def _bar(y, scale, figures):
    """The pieces of one bar, and its sum."""
    x = LEFT
    for group in STACK:
        value = figures.get(group, 0)
        yield _rectangle(x, y, value * scale, COLOURS[group],
                         f"{group}: {value:.0f}")
        x += value * scale
    yield _text(x + 4, y, f"{figures['stack']:.0f}")


def _legend(y):
    for i, group in enumerate(STACK):
        x = LEFT + 85 * i
        yield _rectangle(x, y, 12, COLOURS[group], group)
        yield _text(x + 16, y, group)


def plot(results):
    """Stacked bars of the stack's parts, as SVG."""
    most = max(result["figures"]["stack"] for by_who in results.values()
               for result in by_who.values()) or 1
    parts, y = [], 0
    for name, by_who in results.items():
        for i, (who, result) in enumerate(by_who.items()):
            parts.append(_text(0, y, "" if i else name))
            parts.append(_text(LEFT - 6, y, who, "end"))
            parts += _bar(y, WIDTH / most, result["figures"])
            y += LINE
        y += 6
    parts += _legend(y)
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="'
            f'{LEFT + WIDTH + 60}" height="{y + LINE}">{"".join(parts)}</svg>')


def _table(head, lines):
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>"
                                    for cell in line) + "</tr>\n"
                   for line in lines)
    titles = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    return f"<table><tr>{titles}</tr>\n{body}</table>"


def _details(name, by_who):
    """Registers and the dearest functions of one job."""
    parts = []
    for who, result in by_who.items():
        registers = [(register, f"{value:.3f}") for register, value
                     in sorted(result["registers"].items())]
        functions = [(function, f"{value:.1f}") for function, value
                     in list(result["functions"].items())[:25]]
        parts += [f"<h4>{escape(who)}</h4>",
                  _table(("register", "accesses"), registers),
                  _table(("function", "instructions"), functions)]
    return (f"<details><summary>{escape(name)}: registers and functions"
            f"</summary>{''.join(parts)}</details>")


def page(data):
    """All of it as HTML."""
    parts = [f"<h1>Cost of an I/O, {escape(data['kernel'])}</h1>"
             "<p>Executed guest instructions for each I/O, by the part of the "
             "kernel. A figure with a tilde differed by more than 2 % between "
             "two windows of one run.</p>"]
    for title, results in sections(data["jobs"]).items():
        parts += [f"<h2>{escape(title)}</h2>", plot(results),
                  _table(HEAD, rows(results))]
        parts += [_details(*job) for job in results.items()]
    return ("<!DOCTYPE html><html><head><meta charset=\"utf-8\">"
            f"<title>Cost of an I/O</title><style>{STYLE}</style></head>"
            f"<body>{''.join(parts)}</body></html>\n")
