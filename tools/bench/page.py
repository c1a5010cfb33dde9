# SPDX-License-Identifier: GPL-2.0-only
"""What a measurement found, as a page with plots, one file without a script."""

from base64 import b64encode
from html import escape

import plots
from report import HEAD, MEMORY_HEAD, memory_rows, rows, sections

STYLE = """body{font:14px sans-serif;margin:2em}
table{border-collapse:collapse;font-size:12px}
td,th{padding:1px 7px;text-align:right;border-bottom:1px solid #ddd}
td:nth-child(-n+2),th:nth-child(-n+2){text-align:left}"""


def _picture(svg):
    """A picture of its own: the names in one plot are not another's."""
    if not svg:
        return ""
    data = b64encode(svg.encode()).decode()
    return f'<p><img src="data:image/svg+xml;base64,{data}"></p>'


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
             "two windows of one run, a time between two halves of it.</p>",
             "<h2>Ours and upstream's</h2>",
             _picture(plots.comparison(data["jobs"]))]
    for title, results in sections(data["jobs"]).items():
        parts.append(f"<h2>{escape(title)}</h2>")
        parts += map(_picture, plots.stacks(results))
        parts += [_picture(plots.times(results)), _table(HEAD, rows(results))]
        parts += [_details(*job) for job in results.items()]
    if "memory" in data:
        parts += ["<h2>Memory</h2>",
                  _table(MEMORY_HEAD, memory_rows(data["memory"]))]
    return ("<!DOCTYPE html><html><head><meta charset=\"utf-8\">"
            f"<title>Cost of an I/O</title><style>{STYLE}</style></head>"
            f"<body>{''.join(parts)}</body></html>\n")
