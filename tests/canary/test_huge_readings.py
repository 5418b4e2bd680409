"""Whoever writes huge texts into bucket, logs and account costs a reading, and no memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from canary.adapters.store.open_store import largest_object
from canary.report import json as canonical
from canary.report.text import ReportError

MOST_MB = 256
LARGEST = largest_object(70)
READ = """
import datetime as dt, sys
from pathlib import Path
from canary.adapters.store.folder import FolderStore
from canary.comparison.previous import read_previous
from canary.report import json as canonical

store = FolderStore(Path(sys.argv[1]), 8_000_000)
now = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
print(read_previous(lambda: store.read("latest/test.json"), canonical.load, now).note)
status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
print(int(status["VmHWM"].split()[0]) // 1024)
"""


LOGS = """
import datetime as dt, sys, threading
from pathlib import Path
from canary.model import Environment
from canary.observe import logs
from canary.observe.calls import Reader

class Emoji:
    def client(self, service):
        return self

    def get_paginator(self, name):
        return self

    def paginate(self, **asked):
        for page in range(500):  # of a megabyte each, as AWS sends them
            yield {"events": [{"timestamp": page, "message": "error " + chr(0x1F600) * 65_000}
                              for _ in range(4)]}

now = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
reader = Reader(Emoji(), Environment(name="x", account="1", region="r", cluster="c", services={}))
found = []
readers = [threading.Thread(target=lambda: found.append(logs.read(reader, "/x", now, str)))
           for _ in range(4)]
for each in readers:
    each.start()
for each in readers:
    each.join()
assert [len(lines) for lines in found] == [logs.MAX_LINES] * 4
assert {len(line.message) for lines in found for line in lines} == {logs.MAX_LENGTH}
status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
print(int(status["VmHWM"].split()[0]) // 1024)
"""


def test_2000_lines_of_256_kb_of_four_services_fit_into_memory() -> None:
    command = [sys.executable, "-c", LOGS]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert int(done.stdout) < MOST_MB


def test_a_forged_latest_report_of_any_size_fits_into_memory(tmp_path: Path) -> None:
    forged = {
        "sparse": None,
        "lists": b"[" + b"[]," * ((LARGEST - 8) // 3) + b"[]]",
        "numbers": b"[" + b"1000," * ((LARGEST - 8) // 5) + b"1]",
        "texts": b"[" + b'"ab",' * ((LARGEST - 8) // 5) + b'"a"]',
    }
    for name, data in forged.items():
        file = tmp_path / name / "latest" / "test.json"
        file.parent.mkdir(parents=True)
        if data is None:
            with file.open("wb") as sparse:
                os.truncate(sparse.fileno(), 300_000_000)
        else:
            file.write_bytes(data)
        command = [sys.executable, "-c", READ, str(tmp_path / name)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        note, peak_mb = done.stdout.splitlines()
        assert note.startswith("the previous report could not be read: ")
        assert int(peak_mb) < MOST_MB, (name, peak_mb)


@pytest.mark.parametrize("as_text", [False, True])
def test_a_report_of_too_many_objects_is_none(as_text: bool) -> None:
    many = json.dumps([[]] * canonical.MOST_CONTAINERS)
    with pytest.raises(ReportError, match=r"^not a report: more than 1000000 objects and lists$"):
        canonical.load(many if as_text else many.encode())
    with pytest.raises(ReportError, match=r"^not a report: a JSON list, not an object$"):
        canonical.load(json.dumps([[]] * (canonical.MOST_CONTAINERS - 1)))


def test_brackets_in_texts_are_no_objects() -> None:
    with pytest.raises(ReportError, match=r"schema is 'None'$"):
        canonical.load(json.dumps({"body": '["' * canonical.MOST_CONTAINERS}))


@pytest.mark.parametrize(
    ("checks", "megabytes"), [(0, 8), (70, 8), (500, 8), (2_000, 32), (25_000, 64)]
)
def test_a_report_may_be_as_large_as_its_checks_make_it(checks: int, megabytes: int) -> None:
    assert largest_object(checks) == megabytes * 1_000_000
