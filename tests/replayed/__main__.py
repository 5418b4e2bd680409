"""`python -m tests.replayed`: write the replayed tables of the documents, in some four minutes."""

from __future__ import annotations

import tempfile
from pathlib import Path

from canary.model import Profile
from tests.replayed import profiles, told

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as code:
        Path(code, "handler.py").write_text("def handler(event, context): return event\n")
        found, config = profiles.alarms_in(Profile.STANDARD, code)
        for title in told.ROWS:
            told.write("reliability.md", title, told.cells(found, config, title))
        for title, line in profiles.every(code):
            told.write(profiles.PAGE, title, line)
