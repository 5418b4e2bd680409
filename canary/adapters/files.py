"""Replace files of a folder together: all of them, or none."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path


def replace_together(folder: Path, texts: Mapping[str, str]) -> None:
    """Write files whole; raises OSError, with the name of a file, after which all are as before.

    Each text is written beside its file first, so that a full disk is met before any file is
    replaced. What was there is kept under a second name until the last file is in its place.
    """
    mark = secrets.token_hex(4)
    new = {name: folder / f".{name}.{mark}.new" for name in texts}
    old = {name: folder / f".{name}.{mark}.old" for name in texts}
    name, done = "", list[str]()
    try:
        for name, text in texts.items():
            new[name].write_text(text, encoding="utf-8")
        for name in texts:
            _keep(folder / name, old[name])
        for name in texts:
            os.replace(new[name], folder / name)
            done.append(name)
    except OSError as error:
        for replaced in done:
            _restore(folder / replaced, old[replaced])
        raise OSError(error.errno, error.strerror, str(folder / name)) from error
    finally:
        for part in (*new.values(), *old.values()):
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)


def _keep(file: Path, second: Path) -> None:
    """Give a file a second name; where the file system has no links, copy it."""
    try:
        os.link(file, second)
    except FileNotFoundError:
        return
    except OSError:
        shutil.copy2(file, second)


def _restore(file: Path, second: Path) -> None:
    with contextlib.suppress(OSError):
        if second.exists():
            os.replace(second, file)
        else:
            file.unlink()
