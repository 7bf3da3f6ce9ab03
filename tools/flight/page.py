"""The page around a report: style, sections, tables, pictures. Nothing in it is fetched from elsewhere."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Sequence
from html import escape

import numpy as np
import numpy.typing as npt
from PIL import Image

from tools.palette import DARK, LIGHT, css_variables

STYLE = """
*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:1060px;margin:0 auto;padding:28px 20px 60px}h1{font-size:28px;line-height:1.2;margin:0 0 6px}
h2{font-size:18px;margin:38px 0 10px}p{margin:0 0 8px;max-width:75ch}.about,.note,figcaption{color:var(--muted)}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:10px;margin:22px 0}
.tile{background:var(--panel);border:1px solid var(--rule);border-radius:8px;padding:10px 14px}
.tile b{display:block;font-size:24px;line-height:1.25;font-variant-numeric:tabular-nums}
.tile span{display:block;font-size:13px;color:var(--muted)}.good b{color:var(--good)}.bad b,.bad{color:var(--limit)}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:14px;font-variant-numeric:tabular-nums}
th,td{padding:4px 12px 4px 0;text-align:left;border-bottom:1px solid var(--rule);vertical-align:top}
th{font-weight:600;color:var(--muted)}.n{text-align:right;white-space:nowrap}tr.sum td{font-weight:600}
svg{width:100%;height:auto;display:block}svg text{font-family:system-ui,"Segoe UI",Roboto,sans-serif!important}
.pictures{display:grid;grid-template-columns:repeat(auto-fill,minmax(300px,1fr));gap:18px}
figure{margin:0}.strip{display:flex;gap:4px}.strip div{width:33%}.strip img{width:100%;display:block;border-radius:4px}
.strip small{color:var(--muted)}figcaption{font-size:13px}
@media print{body{font-size:11px}main{padding:0}h2{break-after:avoid}.tile,figure,tr{break-inside:avoid}}
"""


def document(title: str, body: str) -> str:
    """A whole document: light or dark as the reader's screen is, light on paper."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="color-scheme" content="light dark">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>:root{{{css_variables(LIGHT)}}}"
        f"@media screen and (prefers-color-scheme:dark){{:root{{{css_variables(DARK)}}}}}{STYLE}</style></head>"
        f"<body><main>{body}</main></body></html>\n"
    )


def section(title: str, body: str) -> str:
    """A heading and what belongs to it; `body` is HTML."""
    return f"<section><h2>{escape(title)}</h2>{body}</section>"


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], texts: int, *, has_sum: bool = False) -> str:
    """A table whose first `texts` columns are text; the others are numbers, to the right. `has_sum`: last row is."""
    kinds = ["" if index < texts else " class=n" for index in range(len(columns))]
    head = "".join(f"<th{kind}>{escape(name)}</th>" for name, kind in zip(columns, kinds, strict=True))
    lines = ["".join(f"<td{kind}>{escape(cell)}</td>" for cell, kind in zip(row, kinds, strict=True)) for row in rows]
    body = [f"<tr>{line}</tr>" for line in lines]
    if has_sum:
        body[-1] = f"<tr class=sum>{lines[-1]}</tr>"
    return f"<div class=wide><table><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table></div>"


def png(values: npt.NDArray[np.float64]) -> str:
    """An array (h, w) or (h, w, 3) of 0 to 1 as base64 PNG."""
    buffer = io.BytesIO()
    Image.fromarray(np.round(255.0 * values).astype(np.uint8)).save(buffer, format="PNG", optimize=True)
    return base64.b64encode(buffer.getvalue()).decode("ascii")
