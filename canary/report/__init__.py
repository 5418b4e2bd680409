"""Render a report: each format has a module with `render(report) -> str`.

    json.py      the canonical format, and `load` to read it back
    html.py      the page
    markdown.py  a job summary
    junit.py     for continuous integration
    terminal.py  a summary that fits a screen (rich; only for the command line)
    badge.py     an SVG badge
    index.py     one page over all environments
    archive.py   history of the last day and month, for the page
    pages.py     all pages that a run writes into the store, in one call
    stored.py    state files: JSON with a schema

All text from a target is hostile input: it passes through `text.visible` and the escaping of the
format.
"""

from canary.report.text import ReportError

__all__ = ["ReportError"]
