"""A picture of an evaluation: for each measure a bar per contestant, with its interval."""

from collections.abc import Iterator
from html import escape
from typing import Final

from learnflow.evaluation.summary import Summary
from learnflow.ranking.intervals import Interval

PANELS: Final = (
    ("ndcg1", "NDCG@1", "higher is better"),
    ("ndcg5", "NDCG@5", "higher is better"),
    ("ndcg10", "NDCG@10", "higher is better"),
    ("mrr", "Mean reciprocal rank", "higher is better"),
    ("hit5", "Hit rate @5", "higher is better"),
    ("capture", "Capture", "0 chance, 1 oracle"),
    ("regret", "Regret of the assignment", "lower is better"),
    ("regret_in_turn", "Regret in turn", "lower is better"),
    ("declines", "Declines per match", "lower is better"),
    ("gini", "Tutor-load Gini", "0 even"),
)
_COLUMNS: Final = 2
_PANEL_WIDTH: Final = 450
_LABELS: Final = 170
_BAR: Final = 190
_ROW: Final = 20
_HEAD: Final = 44
_TOP: Final = 68
_STYLE: Final = """
text { font: 12px system-ui, sans-serif; fill: #1f2933; }
.title { font-size: 16px; font-weight: 600; } .panel { font-weight: 600; }
.note, .number { fill: #616e7c; font-size: 11px; }
.bar { fill: #b8c4d0; } .learned { fill: #2f6fb0; }
.interval { stroke: #1f2933; stroke-width: 1.2; } .axis { stroke: #cbd2d9; }
rect.paper { fill: #ffffff; }
"""


def picture(summary: Summary) -> str:
    """The whole as SVG text."""
    panel = _HEAD + _ROW * len(summary.contestants)
    height = _TOP + panel * -(-len(PANELS) // _COLUMNS)
    width = _PANEL_WIDTH * _COLUMNS
    seeds = len(summary.seeds)
    title = f"Rankers in the simulated market: world {summary.world}, {seeds} seeds, 95 % intervals"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"'
        f' width="{width}" height="{height}" role="img" aria-label="{escape(title)}">',
        f'<style>{_STYLE}</style><rect class="paper" width="{width}" height="{height}"/>',
        f'<text class="title" x="16" y="26">{escape(title)}</text>',
        f'<text class="note" x="16" y="44">{escape(_calibration(summary))}</text>',
    ]
    for number, (measure, name, note) in enumerate(PANELS):
        x = 16 + _PANEL_WIDTH * (number % _COLUMNS)
        y = _TOP + panel * (number // _COLUMNS)
        values = {who: of[measure] for who, of in summary.contestants.items()}
        parts.append(f'<g transform="translate({x},{y})">')
        parts += _panel(name, note, values, summary.learned)
        parts.append("</g>")
    return "\n".join([*parts, "</svg>"]) + "\n"


def _calibration(summary: Summary) -> str:
    one = summary.ece
    return (
        f"Expected calibration error of the acceptance model, on the learned ranking's first ten: "
        f"{one.mean:.3f} ({one.low:.3f} to {one.high:.3f})"
    )


def _panel(name: str, note: str, values: dict[str, Interval], learned: str) -> Iterator[str]:
    ends = [0.0, *(one.low for one in values.values()), *(one.high for one in values.values())]
    low, span = min(ends), (max(ends) - min(ends)) or 1.0

    def at(value: float) -> float:
        return round(_LABELS + _BAR * (value - low) / span, 1)

    yield f'<text class="panel" x="0" y="14">{escape(name)}'
    yield f'<tspan class="note" dx="8">{escape(note)}</tspan></text>'
    for row, (who, one) in enumerate(values.items()):
        y = 24 + _ROW * row
        left, right = sorted((at(0.0), at(one.mean)))
        kind = "bar learned" if who == learned else "bar"
        yield f'<text x="{_LABELS - 8}" y="{y + 12}" text-anchor="end">{_words(who)}</text>'
        size = f'x="{left}" y="{y + 2}" width="{right - left:.1f}" height="13"'
        yield f'<rect class="{kind}" {size}/>'
        middle = y + 8.5
        yield (
            f'<line class="interval" x1="{at(one.low)}" x2="{at(one.high)}"'
            f' y1="{middle}" y2="{middle}"/>'
        )
        yield f'<text class="number" x="{_LABELS + _BAR + 8}" y="{y + 12}">{one.mean:.3f}</text>'
    bottom = 24 + _ROW * len(values)
    yield f'<line class="axis" x1="{at(0.0)}" x2="{at(0.0)}" y1="22" y2="{bottom}"/>'


def _words(name: str) -> str:
    return escape(name.replace("_", " ").replace("lightgbm", "LightGBM"))
