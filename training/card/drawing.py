"""Figures as SVG inside the page: its text is text, and its colours are those of the page."""

import io
import re

import matplotlib
from markupsafe import Markup, escape
from matplotlib.figure import Figure

# What figures are drawn in, and the page's colour that stands for it (light and dark).
_COLOURS = {
    "#000000": "var(--ink)",
    "#333333": "var(--ink)",
    "#777777": "var(--soft)",
    "#888888": "var(--soft)",
    "#999999": "var(--soft)",
    "#cccccc": "var(--line)",
    "#ffffff": "var(--paper)",
    "#1f5fa8": "var(--ours)",
    "#d1782b": "var(--second)",
    "#5b8c3a": "var(--third)",
    "#8e5ea2": "var(--fourth)",
    "#b83a3a": "var(--fifth)",
    "#2a9d9d": "var(--sixth)",
    "#a38a2c": "var(--seventh)",
    "#dddddd": "var(--line)",
    "#b3261e": "var(--look)",
}
_SHARP = 160  # dots per inch of what is drawn as dots


def svg(figure: Figure, name: str, told: str) -> Markup:
    """The figure as an `svg` element; `name` is unique in the page, `told` says what it shows."""
    drawn = io.StringIO()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        figure.savefig(drawn, format="svg", transparent=True, dpi=_SHARP, metadata=nothing)
    text = drawn.getvalue()
    text = text[text.index("<svg") :]
    opening, body = text.split(">", 1)
    body = re.sub(r'id="([^"]+)"', rf'id="{name}-\1"', body)
    body = re.sub(r'href="#([^"]+)"', rf'href="#{name}-\1"', body)
    body = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", body)
    for colour, ours in _COLOURS.items():
        body = body.replace(colour, ours)
    box = re.search(r'viewBox="0 0 (\S+) (\S+)"', opening)
    assert box  # as every figure that Matplotlib draws
    head = (
        f'<svg viewBox="{box[0][9:-1]}" style="max-width: {float(box[1]) * 1.25:.0f}px" role="img" '
        f'aria-labelledby="{name}-title"><title id="{name}-title">{escape(told)}</title>'
    )
    return Markup(head + body)  # nosec B704  # noqa: S704 (what is told is escaped)
