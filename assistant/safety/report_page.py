"""The safety report as Markdown, as one HTML page that needs nothing else, and as JSON."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from assistant.safety.report_measures import Figure

if TYPE_CHECKING:
    from assistant.safety.report import SafetyReport

TITLES = {
    "stereotypes": "Stereotypes in token probabilities",
    "stereotypes by category": "Stereotypes by category",
    "swapped identities": "The same question by somebody else",
    "refusals": "Refusals",
    "leaks": "Leakage of what the model was told",
}
EXPLANATIONS = {
    "stereotypes": "Share of minimal pairs whose stereotyping sentence is the likelier one, as an "
    "answer to “Write one sentence”. 0.5 is even. CrowS-Pairs is known to hold faulty pairs "
    "(Blodgett et al., ACL 2021); Philo's own pairs were written for this report.",
    "stereotypes by category": "The same, by what the pairs are about. Few pairs each: read the "
    "intervals.",
    "swapped identities": "Each question follows a sentence about who asks. Compared with the "
    "first of a kind (name, gender, origin): the same passages, the same refusal, the same "
    "sentences.",
    "refusals": "Of the model alone, without documents. A refusal is known by its words (French "
    "and English), so a model that writes nonsense counts as not refusing. Philo itself answers "
    "from documents only.",
    "leaks": "Eight words of the instructions in a row, in what the model wrote and in the answer "
    "given. The instructions are public (assistant/answering/prompts.py): a leak harms nobody, but "
    "shows that the model follows such a request.",
}
USES = (
    ("EU AI Act (2024/1689), art. 13 and 15; annex IV, 2 (g)", "accuracy, bias and robustness "
     "figures with their method and date"),
    ("EU AI Act, art. 50 (2)", "answers and exports are marked as machine-made (docs/safety.md)"),
    ("NIST AI RMF 1.0, MEASURE 2.5, 2.6, 2.7, 2.11", "validity, safety, security, fairness"),
    ("NIST AI 600-1", "information integrity, harmful bias, dangerous content"),
)  # fmt: skip
_WIDTH, _LEFT, _ROW = 720, 280, 22
BLUE, GREY, RED = "#2b6cb0", "#a0aec0", "#c53030"


def files_of(report: SafetyReport) -> dict[str, str]:
    """Name -> content."""
    plots = {
        f"{group.replace(' ', '-')}.svg": plot(figures)
        for group, figures in _by_group(report.figures).items()
    }
    return {
        "report.md": to_markdown(report),
        "report.html": to_html(report),
        "report.json": json.dumps(to_json(report), ensure_ascii=False, indent=1) + "\n",
        **plots,
    }


def to_json(report: SafetyReport) -> dict[str, object]:
    """With the counts from which each share can be computed again."""
    return {
        **_facts(report),
        "quick": report.quick,
        "sources": list(report.sources),
        "notes": list(report.notes),
        "figures": [
            {
                "name": one.name,
                "group": one.group,
                "meaning": one.meaning,
                "count": len(one.outcomes),
                "yes": sum(one.outcomes),
                "share": round(one.share, 4),
                "low": round(one.interval().low, 4),
                "high": round(one.interval().high, 4),
                "wanted": one.wanted,
            }
            for one in report.figures
        ],
    }


def to_markdown(report: SafetyReport) -> str:
    lines = [f"# Safety report: {report.model}", ""]
    lines += [f"- **{name}**: {value}" for name, value in _facts(report).items()]
    lines += [f"- **measured on**: {source}" for source in report.sources]
    lines += [f"- **note**: {note}" for note in _notes(report)]
    for group, figures in _by_group(report.figures).items():
        lines += ["", f"## {TITLES[group]}", "", EXPLANATIONS[group], ""]
        lines += ["| figure | texts | share | 95% | wanted |", "|---|---|---|---|---|"]
        lines += [f"| {' | '.join(_cells(one))} |" for one in figures]
        lines += ["", f"![{TITLES[group]}]({group.replace(' ', '-')}.svg)"]
    lines += ["", "## Where this belongs", "", "| file | what it shows |", "|---|---|"]
    lines += [f"| {place} | {what} |" for place, what in USES]
    return "\n".join(lines) + "\n"


def to_html(report: SafetyReport) -> str:
    """One page: style and plots are in it, and nothing is fetched."""
    title = html.escape(f"Safety report: {report.model}")
    facts = "".join(
        f"<dt>{html.escape(name)}</dt><dd>{html.escape(str(value))}</dd>"
        for name, value in [
            *_facts(report).items(),
            *(("measured on", source) for source in report.sources),
            *(("note", note) for note in _notes(report)),
        ]
    )
    sections = "".join(
        f"<h2>{html.escape(TITLES[group])}</h2><p>{html.escape(EXPLANATIONS[group])}</p>"
        f"{_table(('figure', 'texts', 'share', '95%', 'wanted'), [_cells(one) for one in figures])}"
        f"{plot(figures)}"
        for group, figures in _by_group(report.figures).items()
    )
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'\">"
        "<style>body{font:16px/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;"
        "padding:0 1rem}table{border-collapse:collapse;margin:1rem 0}"
        "td,th{border:1px solid #cbd5e0;padding:.2rem .6rem;text-align:left}"
        "dt{font-weight:600}dd{margin:0 0 .3rem;overflow-wrap:anywhere}svg{max-width:100%}"
        "</style></head>"
        f"<body><h1>{title}</h1><dl>{facts}</dl>{sections}"
        f"<h2>Where this belongs</h2>{_table(('file', 'what it shows'), USES)}</body></html>\n"
    )


def plot(figures: Sequence[Figure]) -> str:
    """Each share with its interval, and a line where it should be; an SVG that needs no font."""
    reach = _WIDTH - _LEFT - 40
    height = _ROW * len(figures) + 34
    rows = []
    for number, one in enumerate(figures):
        y = _ROW * number + 16
        bounds = one.interval()
        low, at, high, wanted = (
            _LEFT + reach * value for value in (bounds.low, one.share, bounds.high, one.wanted)
        )
        rows.append(
            f'<text x="{_LEFT - 12}" y="{y + 4}" text-anchor="end">{html.escape(one.name)}</text>'
            f'<line x1="{wanted:.1f}" x2="{wanted:.1f}" y1="{y - 9}" y2="{y + 9}" '
            f'stroke="{RED}" stroke-width="2"/>'
            f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{y}" y2="{y}" stroke="{BLUE}" '
            f'stroke-width="2"/><circle cx="{at:.1f}" cy="{y}" r="4" fill="{BLUE}"/>'
        )
    bottom = _ROW * len(figures) + 8
    axis = "".join(
        f'<line x1="{x:.1f}" x2="{x:.1f}" y1="4" y2="{bottom}" stroke="{GREY}" '
        f'stroke-width="0.5"/>'
        f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{value}</text>'
        for value in (0, 0.25, 0.5, 0.75, 1)
        for x in (_LEFT + reach * value,)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        f'width="{_WIDTH}" height="{height}" font-family="sans-serif" font-size="12" role="img">'
        f"<title>share with 95% interval; red: as it should be</title>{axis}{''.join(rows)}</svg>"
    )


def _facts(report: SafetyReport) -> dict[str, object]:
    return {
        "model": report.model,
        "model title": report.model_title,
        "model licence": report.model_licence,
        "model SHA-256": report.model_sha256 or "(on another machine)",
        "settings SHA-256": report.settings_sha256,
        "measured at": report.made_at,
        "Philo": report.philo_version,
        "documents": report.documents,
    }


def _notes(report: SafetyReport) -> list[str]:
    quick = ["Quick: a small part of each set; the intervals are wide."] if report.quick else []
    return [*quick, *report.notes, "Intervals: 95%, percentile bootstrap over the texts."]


def _by_group(figures: Sequence[Figure]) -> dict[str, list[Figure]]:
    groups: dict[str, list[Figure]] = {}
    for one in figures:
        groups.setdefault(one.group, []).append(one)
    return groups


def _cells(one: Figure) -> list[str]:
    bounds = one.interval()
    return [
        one.name.replace("|", "\\|"),
        str(len(one.outcomes)),
        f"{one.share:.3f}",
        f"{bounds.low:.3f} to {bounds.high:.3f}",
        f"{one.wanted:g}",
    ]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    def line(cells: Sequence[str], name: str) -> str:
        return "<tr>" + "".join(f"<{name}>{html.escape(c)}</{name}>" for c in cells) + "</tr>"

    return f"<table>{line(head, 'th')}{''.join(line(row, 'td') for row in rows)}</table>"
