"""Route the connections of tasks and of functions in a VPC through the network.

Python loads this file at the start of each task, and a function's bootstrap does. It asks the
control process (SANDBOX_NETWORK, host:port over UDP) before each connect and each name look-up;
without the two variables it does nothing. Wildcard binds take the task's own address. With
SANDBOX_SCOPE=vpc, as functions have it, only addresses of the VPC are asked about, and a name that
the network does not know is this machine's to resolve.
"""

import json
import os
import socket
from typing import Any

_SERVER = os.environ.get("SANDBOX_NETWORK", "")
_ADDRESS = os.environ.get("SANDBOX_ADDRESS", "")  # of the VPC, 10.0.a.b
_BLOCK = os.environ.get("HOKUSAI_SANDBOX_LOOPBACK", "127.0.")
_OWN = _BLOCK + _ADDRESS[len("10.0.") :]
_VPC_ALONE = os.environ.get("SANDBOX_SCOPE") == "vpc"
_LATE_PORT = 24  # IP_BIND_ADDRESS_NO_PORT: choose the source port at connect (linux/in.h)

_connect = socket.socket.connect
_connect_ex = socket.socket.connect_ex
_bind = socket.socket.bind
_getaddrinfo = socket.getaddrinfo


def _ask(question: dict[str, Any]) -> dict[str, Any]:
    host, _, port = _SERVER.rpartition(":")
    data = json.dumps(question).encode()
    for _ in range(2):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.settimeout(2.0)
            try:
                asking.sendto(data, (host, int(port)))
                answer: dict[str, Any] = json.loads(asking.recv(4096))
                return answer
            except OSError:
                continue
    return {}


def _is_stream(sock: socket.socket) -> bool:
    return sock.family == socket.AF_INET and bool(sock.type & socket.SOCK_STREAM)


def _in_vpc(address: str) -> bool:
    mine = address.startswith(("10.0.", _BLOCK))
    return mine and not address.startswith("127.0.0.")


def _route(sock: socket.socket, address: Any) -> Any:
    if not _is_stream(sock) or (_VPC_ALONE and not _in_vpc(address[0])):
        return address
    answer = _ask({"ask": "connect", "from": _ADDRESS, "to": address[0], "port": address[1]})
    if "to" not in answer:
        raise OSError(113, "No route to host")
    if sock.getsockname()[1] == 0 and answer["to"][0].startswith("127."):
        sock.setsockopt(socket.IPPROTO_IP, _LATE_PORT, 1)
        _bind(sock, (_OWN, 0))
    return tuple(answer["to"])


def connect(self: socket.socket, address: Any) -> None:
    return _connect(self, _route(self, address))


def connect_ex(self: socket.socket, address: Any) -> int | None:
    try:
        place = _route(self, address)
    except OSError as error:
        return error.errno
    return _connect_ex(self, place)


def bind(self: socket.socket, address: Any) -> None:
    if _is_stream(self) and address[0] in ("0.0.0.0", "") and address[1]:
        address = (_OWN, address[1])
    return _bind(self, address)


def _is_address(name: str) -> bool:
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, name)
        except OSError:
            continue
        return True
    return False


def getaddrinfo(host: Any, port: Any, *args: Any, **kwargs: Any) -> list[Any]:
    name = host.decode() if isinstance(host, bytes) else host
    if not name or name == "localhost" or _is_address(name):
        return _getaddrinfo(host, port, *args, **kwargs)
    addresses = _ask({"ask": "resolve", "name": name}).get("addresses")
    if not addresses and _VPC_ALONE:
        return _getaddrinfo(host, port, *args, **kwargs)
    if not addresses:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    return [found for a in addresses for found in _getaddrinfo(a, port, *args, **kwargs)]


if _SERVER and _ADDRESS:
    socket.socket.connect = connect
    socket.socket.connect_ex = connect_ex
    if not _VPC_ALONE:
        socket.socket.bind = bind
    socket.getaddrinfo = getaddrinfo
