"""`mute` and `unmute`: keep checks from waking anybody for some hours, without a deployment."""

from __future__ import annotations

import datetime as dt
import getpass
import re
from collections.abc import Callable

import click

from canary.adapters.store.protocol import Store, StoreError
from canary.cli.options import (
    WrongUseError,
    environment_option,
    loaded,
    on_screen,
    place_of,
)
from canary.cli.reports import store_at
from canary.model import Config, Environment, Scope, StoredMute, Suite
from canary.mutes.in_force import ends, in_force
from canary.mutes.kept import LONGEST, MutesError, StoredMutes, decode, encode, holding, mutes_name
from canary.mutes.kept import added as with_mute
from canary.mutes.kept import removed as without_mute
from canary.mutes.scopes import OF, covers, described
from canary.report.text import plural, visible, when

ATTEMPTS = 5
"""Somebody else may mute at the same moment."""
LASTS = re.compile(r"([1-9][0-9]{0,3})(m|h)")
WRITES = "Exit status: 0 done, 2 wrong usage, or a store that cannot be read or written."
WHAT = "[CHECK|PATTERN|suite:NAME|service:NAME]"

Change = Callable[[StoredMutes, dt.datetime], tuple[StoredMute, ...] | None]

kept_in = click.option(
    "--store",
    metavar="PLACE",
    default="environment",
    show_default=True,
    help='"environment" for the deployed canary\'s store, an s3:// address or a folder.',
)


def _lasting(
    _context: click.Context, _parameter: click.Parameter, text: str | None
) -> dt.timedelta | None:
    """Return the duration of "90m" or "2h", or end with exit status 2."""
    if text is None:
        return None
    found = LASTS.fullmatch(text)
    minutes = int(found[1]) * (60 if found[2] == "h" else 1) if found else 0
    if not found or dt.timedelta(minutes=minutes) > LONGEST:
        hours = LONGEST // dt.timedelta(hours=1)
        raise click.BadParameter(f"{text[:40]} is no duration (valid: 90m, 2h; at most {hours}h).")
    return dt.timedelta(minutes=minutes)


@click.command(short_help="Mute checks for some hours, or show what is muted.", epilog=WRITES)
@click.argument("what", required=False, metavar=WHAT)
@click.option("--for", "lasts", callback=_lasting, metavar="DURATION", help="90m, 2h; at most 24h.")
@click.option("--reason", metavar="TEXT", help="Why; it is shown in every report and message.")
@environment_option
@kept_in
def mute(
    what: str | None, lasts: dt.timedelta | None, reason: str | None, environment: str, store: str
) -> None:
    """Mute checks from now on, without a deployment: they run, and wake nobody.

    The mute holds from the next run on, a day at most, and is shown in every report, page and
    message. A second mute of the same checks replaces the first. Without an argument the command
    shows what is muted now.

    \b
    Examples:
      python -m canary mute registry.health --for 2h --reason "the limiter is being rebuilt"
      python -m canary mute suite:registration --for 90m --reason "MLflow is upgraded"
      python -m canary mute "registry.*" --for 30m --reason "a load test"
      python -m canary mute
    """
    config = loaded(environment)
    opened = _opened(config.environment, store)
    if what is None:
        if lasts is not None or reason is not None:
            raise WrongUseError("names no check to mute")
        _show(config, opened)
        return
    if lasts is None or reason is None or len(reason.strip()) < 3:
        raise WrongUseError("a mute needs --for DURATION and --reason TEXT")
    scope = _scope(what, config)
    new = _typed(scope, lasts, reason)
    _changed(config.environment, opened, lambda kept, at: with_mute(kept, new, at))
    covered = sum(covers(scope, c.id, c) for c in config.checks)
    click.echo(
        on_screen(
            [f"Muted until {when(new.until)}: {described(scope)} ({plural(covered, 'check')})"]
        )
    )


@click.command(short_help="End a mute that `mute` set.", epilog=WRITES)
@click.argument("what", metavar=WHAT)
@environment_option
@kept_in
def unmute(what: str, environment: str, store: str) -> None:
    """End a mute that `mute` set; what fails then counts from the next run on.

    A mute of the environment's file ends with its date, or with the next deployment.

    \b
    Examples:
      python -m canary unmute registry.health
    """
    config = loaded(environment)
    scope = _scope(what, config)
    _changed(
        config.environment,
        _opened(config.environment, store),
        lambda kept, now: without_mute(kept, scope, now),
    )
    click.echo(on_screen([f"No longer muted by the store: {described(scope)}"]))


def _typed(scope: Scope, lasts: dt.timedelta, reason: str) -> StoredMute:
    """Return a mute of a scope from now on."""
    now = _now()
    return StoredMute(
        check=scope.check,
        suite=scope.suite,
        service=scope.service,
        pattern=scope.pattern,
        since=now.isoformat(timespec="seconds"),
        until=(now + lasts).isoformat(timespec="seconds"),
        reason=visible(reason.strip())[:300],
        by=visible(_somebody())[:100],
    )


def _scope(what: str, config: Config) -> Scope:
    """Return the scope that a person typed, or end with exit status 2 where it covers nothing."""
    kind, separator, name = what.partition(OF)
    if separator and kind == "suite" and name in list(Suite):
        scope = Scope(suite=Suite(name))
    elif separator and kind == "service" and name:
        scope = Scope(service=name)
    elif re.fullmatch(r"[a-z0-9.*-]{1,80}", what):
        scope = Scope(pattern=what) if "*" in what else Scope(check=what)
    else:
        raise WrongUseError(f"{visible(what)[:100]} is none of {WHAT}")
    if not any(covers(scope, c.id, c) for c in config.checks):
        raise WrongUseError(
            f"{described(scope)[:100]} covers no check of {config.environment.name}"
        )
    return scope


def _opened(environment: Environment, store: str) -> Store:
    return store_at(place_of(store, environment), environment)


def _changed(environment: Environment, store: Store, change: Change) -> None:
    """Write the changed mutes, or end with exit status 2; what others write is kept."""
    name = mutes_name(environment.name)
    try:
        for _ in range(ATTEMPTS):
            seen = store.read(name)
            left = change(decode(seen), _now())
            if left is None:
                raise WrongUseError("no such mute holds in the store (`mute` alone shows them)")
            data = encode(left)
            written = (
                store.put_if_absent(name, data)
                if seen is None
                else store.compare_and_swap(name, seen, data)
            )
            if written:
                return
    except (StoreError, MutesError) as error:
        raise WrongUseError(f"{store.place}/{name}: {error}") from error
    raise WrongUseError(f"{store.place}/{name}: is being changed by others, try again")


def _show(config: Config, store: Store) -> None:
    name, now = mutes_name(config.environment.name), _now()
    try:
        held, refused = holding(decode(store.read(name)), now)
    except (StoreError, MutesError) as error:
        raise WrongUseError(f"{store.place}/{name}: {error}") from error
    mutes = in_force(config.environment, now, held)
    lines = [f"{m.what}  {ends(m)}" for m in mutes.shown]
    click.echo(on_screen(lines) or "nothing is muted")
    for note in (*mutes.notes, *(f"does not hold: {why}" for why in refused)):
        click.echo(on_screen([note]), err=True)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _somebody() -> str:
    """Return the name of who types, as this machine knows it: a help for people, no proof."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return ""
