"""Standard output and error that survive a closed pipe, a full disk and a closed descriptor.

The first failure of standard output is kept, and decides the exit status when the command ends.
What standard error refuses is lost: nobody is left to be told.

Nothing that is printed is a command to a CI system that reads the log, for texts of others are
printed here. No line begins with `::` ("Workflow commands for GitHub Actions"), and nowhere stands
`##[` (older runners and Azure Pipelines, "Logging commands"), `##vso[` or `##teamcity[` ("Service
messages"): these count anywhere in a line.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import re
import sys
from typing import Any, TextIO

CLOSED_PIPE = 141
"""Exit status of a program that its reader has left, as a shell shows SIGPIPE: 128 + 13."""
CANNOT_WRITE = 3
# what GitHub's runner takes off a line's beginning: white space of Unicode, as UTF-8
_BLANK = (
    rb"(?:[ \t\v\f\x1c-\x1f\x85\xa0]|\xc2[\x85\xa0]|\xe1\x9a\x80|\xe2\x80[\x80-\x8b\xa8\xa9\xaf]"
    rb"|\xe2\x81\x9f|\xe3\x80\x80|\xef\xbb\xbf)"
)
COMMAND = re.compile(rb"^(" + _BLANK + rb"*)::")
LINE_HEAD = re.compile(
    _BLANK + rb"*(?P<last>:|\xc2|\xe1\x9a?|\xe2[\x80\x81]?|\xe3\x80?|\xef\xbb?|)"
)
OPENING = re.compile(rb"(##[A-Za-z]{0,20})\[")
OPENS = re.compile(rb"##?[A-Za-z]{0,20}\Z")
_LONGEST_OPENING = 22


class OutputError(OSError):
    """Standard output took no more."""


class _Output(io.FileIO):
    """A descriptor that takes everything after its first failure, so that nothing fails twice."""

    def __init__(self, number: int, *, closed: bool, raises: bool) -> None:
        super().__init__(number, "w", closefd=False)
        self._was_closed, self._raises = closed, raises
        # what follows only blanks in the present line: a colon or a part of a blank; None: more
        self._head: bytes | None = b""
        self._opens = b""  # the end of what is printed, if a bracket would make it a command
        self.failure: OSError | None = None

    def write(self, data: Any) -> int:
        """Write; raises OutputError at the first failure of standard output."""
        if self.failure is not None:
            return len(data)
        try:
            if self._was_closed:
                raise OSError(errno.EBADF, "it is closed")
            self._whole(self._without_openings(self._without_commands(bytes(data))))
            return len(data)
        except OSError as error:
            self.failure = error
            if self._raises:
                raise OutputError(error.errno, error.strerror) from error
            return len(data)

    def _whole(self, data: bytes) -> None:
        left = memoryview(data)
        while left:
            left = left[super().write(left) or 0 :]

    def _without_commands(self, data: bytes) -> bytes:
        """Return the data in which a blank parts the colons that begin a line."""
        kept: list[bytes] = []
        for line in data.splitlines(keepends=True):
            if self._head is not None:
                begun = self._head + line
                safe = COMMAND.sub(rb"\1: :", begun)
                kept.append(safe[len(self._head) :])
                only = LINE_HEAD.fullmatch(begun)
                self._head = only["last"] if only else None
            else:
                kept.append(line)
            if line.endswith((b"\n", b"\r")):
                self._head = b""
        return b"".join(kept)

    def _without_openings(self, data: bytes) -> bytes:
        """Return the data in which a blank parts what opens a command from its bracket."""
        before = len(self._opens)
        safe = OPENING.sub(rb"\1 [", self._opens + data)[before:]
        opens = OPENS.search((self._opens + safe)[-_LONGEST_OPENING:])
        self._opens = opens.group() if opens else b""
        return safe


class Streams:
    """The standard streams of this process, once they are replaced."""

    def __init__(self) -> None:
        self._stdout: _Output | None = None

    def replace(self) -> None:
        """Replace both streams; a descriptor that was closed is opened, so that no file gets it."""
        for number in (0, 1, 2):
            try:
                os.fstat(number)
            except OSError:
                os.open(os.devnull, os.O_RDWR)  # takes the lowest free number, which is this one
        # Python has None for a stream that was closed when it started
        self._stdout = _Output(1, closed=sys.stdout is None, raises=True)
        sys.stdout = _text(self._stdout, sys.stdout)
        sys.stderr = _text(_Output(2, closed=sys.stderr is None, raises=False), sys.stderr)

    def status(self, status: int) -> int:
        """Return the exit status of a command with this one, after writing what is buffered."""
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.flush()
        failure = self._stdout.failure if self._stdout is not None else None
        if failure is None:
            return status
        if failure.errno == errno.EPIPE:
            return CLOSED_PIPE
        print(f"stdout: {failure.strerror}", file=sys.stderr, flush=True)
        return CANNOT_WRITE


def _text(raw: _Output, old: TextIO | None) -> TextIO:
    """Return a text stream; a terminal of Latin-1 has no check mark, and shows `?` for it."""
    encoding = getattr(old, "encoding", None) or "utf-8"
    tty = raw.isatty()
    return io.TextIOWrapper(
        io.BufferedWriter(raw), encoding=encoding, errors="replace", line_buffering=tty
    )


streams = Streams()
