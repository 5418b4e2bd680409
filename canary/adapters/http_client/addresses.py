"""From a name to an open connection: a bounded look-up, and addresses tried side by side.

RFC 8305 (Happy Eyeballs): the next address is tried when the one before has not answered within
a quarter of a second, so that a dead address costs that and not the whole time-out.
"""

from __future__ import annotations

import errno
import os
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from canary.model import Frozen

ATTEMPT_DELAY_S = 0.25  # RFC 8305, section 5: the recommended Connection Attempt Delay
_UNDER_WAY = (0, errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EINTR)
# What this machine lacks (an address family, a route to it) says nothing of the other side.
_OURS = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL, errno.ENETUNREACH, errno.EPERM, errno.EACCES)

Address = tuple[Any, ...]
Found = tuple[socket.AddressFamily, Address]
LookUp = Callable[[str, int, int, int], Sequence[tuple[Any, ...]]]  # as socket.getaddrinfo

NO_ADDRESS_YET = "no answer within the time"


class Connected(Frozen, frozen=True, kw_only=True):
    """An open connection, and the addresses that were tried in vain before it, each with why."""

    sock: socket.socket
    address: Address
    dead: tuple[str, ...] = ()


class NotConnectedError(OSError):
    """No address took a connection; `first` is why, None where the time was used up."""

    def __init__(self, dead: tuple[str, ...], first: OSError | None) -> None:
        super().__init__(", ".join(dead))
        self.dead = dead
        self.first = first


def resolve(
    host: str, port: int, limit_s: float, look_up: LookUp = socket.getaddrinfo
) -> list[Found]:
    """Return the addresses of a host; raise socket.gaierror, TimeoutError after `limit_s` seconds.

    getaddrinfo cannot be interrupted, so a daemon thread looks a name up; one that hangs is left
    behind and does not keep the process.
    """
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, host)
        except OSError:
            continue
        return [(family, (host, port))]
    outcome: list[list[Found] | OSError] = []

    def ask() -> None:
        try:
            rows = look_up(host, port, 0, socket.SOCK_STREAM)
            outcome.append([(row[0], row[4]) for row in rows])
        except OSError as error:
            outcome.append(error)
        except ValueError:  # a label that is empty or longer than 63 characters, a NUL
            outcome.append(socket.gaierror(socket.EAI_NONAME, "not a host name"))

    thread = threading.Thread(target=ask, name="dns", daemon=True)
    thread.start()
    thread.join(limit_s)
    if not outcome:
        raise TimeoutError(NO_ADDRESS_YET)
    if isinstance(outcome[0], OSError):
        raise outcome[0]
    if not outcome[0]:
        raise socket.gaierror(socket.EAI_NONAME, "the name has no address")
    return outcome[0]


def interleaved(found: Sequence[Found]) -> list[Found]:
    """Return the addresses with the families in turn, the first one's first (RFC 8305, 4)."""
    if not found:
        return []
    first = [row for row in found if row[0] == found[0][0]]
    others = [row for row in found if row[0] != found[0][0]]
    mixed: list[Found] = []
    while first or others:
        mixed += first[:1] + others[:1]
        first, others = first[1:], others[1:]
    return mixed


class _Race:
    """Attempts to connect to several addresses, of which the first that succeeds wins."""

    def __init__(self, found: Sequence[Found], make: Callable[[socket.AddressFamily], Any]) -> None:
        self.left = deque(interleaved(found))
        self._make = make
        self._selector = selectors.DefaultSelector()
        self._failed: list[tuple[Address, OSError]] = []

    def __enter__(self) -> _Race:
        return self

    def __exit__(self, *_: object) -> None:
        for key in list(self._selector.get_map().values()):
            self._selector.unregister(key.fileobj)
            key.fileobj.close()  # type: ignore[union-attr]  # sockets alone are registered
        self._selector.close()

    @property
    def waiting(self) -> bool:
        return bool(self._selector.get_map())

    @property
    def first_error(self) -> OSError | None:
        of_others = [error for _, error in self._failed if error.errno not in _OURS]
        return next(iter(of_others or [error for _, error in self._failed]), None)

    def start_next(self) -> None:
        """Begin to connect to the next address; one that fails at once is noted as failed."""
        family, address = self.left.popleft()
        try:
            sock = self._make(family)
        except OSError as error:
            self._failed.append((address, error))
            return
        sock.setblocking(False)
        code = sock.connect_ex(address)
        if code in _UNDER_WAY:
            self._selector.register(sock, selectors.EVENT_WRITE, (address, time.monotonic()))
        else:
            sock.close()
            self._failed.append((address, OSError(code, os.strerror(code))))

    def wait(self, limit_s: float) -> tuple[socket.socket, Address] | None:
        """Return a connection that opened within the time; note those that failed."""
        for key, _ in self._selector.select(max(limit_s, 0)):
            sock: Any = key.fileobj
            self._selector.unregister(sock)
            code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if code == 0:
                return sock, key.data[0]
            sock.close()
            self._failed.append((key.data[0], OSError(code, os.strerror(code))))
        return None

    def dead(self, waited_s: float) -> tuple[str, ...]:
        """Return the addresses that failed, or have not answered in time, each with the reason."""
        failed = [(a, e.strerror or str(e)) for a, e in self._failed if e.errno not in _OURS]
        waiting = [key.data for key in self._selector.get_map().values()]
        silent = [(a, time.monotonic() - began) for a, began in waiting]
        unanswered = [(a, f"no answer in {age:.1f} s") for a, age in silent if age >= waited_s]
        return tuple(f"{printed(address)}: {why}" for address, why in (*failed, *unanswered))


def printed(address: Address) -> str:
    """Return an address as "host:port", an IPv6 one in brackets."""
    host = f"[{address[0]}]" if ":" in str(address[0]) else address[0]
    return f"{host}:{address[1]}"


def united(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    """Return the dead addresses of two attempts, each address once with its last reason."""
    return tuple({text.partition(": ")[0]: text for text in (*first, *second)}.values())


def connect_first(
    found: Sequence[Found],
    make: Callable[[socket.AddressFamily], socket.socket],
    limit_s: float,
) -> Connected:
    """Return the first connection that opens within `limit_s` seconds.

    `found` is not empty; `make` makes the socket of a family. Raises NotConnectedError.
    """
    deadline = time.monotonic() + limit_s
    with _Race(found, make) as race:
        next_at = time.monotonic()
        while race.left or race.waiting:
            now = time.monotonic()
            if now >= deadline:
                break
            if race.left and (now >= next_at or not race.waiting):
                race.start_next()
                next_at = time.monotonic() + ATTEMPT_DELAY_S
                continue
            until = min(deadline, next_at) if race.left else deadline
            if (won := race.wait(until - now)) is not None:
                return Connected(sock=won[0], address=won[1], dead=race.dead(ATTEMPT_DELAY_S))
        dead = race.dead(0.0)
        error = None if race.waiting else race.first_error
    raise NotConnectedError(dead, error)
