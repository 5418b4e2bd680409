"""Report -> text: one file a form, each with `render(report) -> str`, pure.

    json.py      the canonical form, and `load` to read it back
    html.py      the page
    markdown.py  a job summary
    junit.py     for continuous integration
    terminal.py  a summary that fits a screen (rich; the command line only)
    badge.py     an SVG badge
    index.py     one page over all environments
    archive.py   what the page needs of the last day and month
    pages.py     all files for people that a run leaves in the store, in one call

Everything that a target said is hostile input: it passes through `text.visible` and the escaping
of its form.
"""

from canary.report.text import ReportError

__all__ = ["ReportError"]
