"""Where a server is reached, or several that share their jobs: what gRPC calls a target."""

import ipaddress
import re

_SCHEME = re.compile(r"(?:dns|ipv4|ipv6|passthrough):(?:///?)?")
_SOCKETS = ("unix:", "unix-abstract:")  # a path may have any characters


def target_of(given: str) -> str:
    """What gRPC is to be told.

    It takes one name, which may well have several addresses, or one list of numbers of one kind:
    ``10.0.0.1:50051,10.0.0.2:50051`` becomes such a list, all else is passed on.

    Raises:
        ValueError: a list holds names, or numbers of both kinds, or a port is none.
    """
    if "," not in given or _SCHEME.match(given) or given.startswith(_SOCKETS):
        return given
    kinds = {_kind(address) for address in hosts_of(given)}
    if kinds not in ({4}, {6}):
        raise ValueError(
            f"{given}: a list of servers holds numbers like 10.0.0.1:50051, all of IPv4 or all of"
            " IPv6; for several names, use one name that has all their addresses"
        )
    if wrong := [each for each in given.split(",") if not _has_port(each)]:
        raise ValueError(f"{given}: {wrong[0].strip()} has no port that there can be")
    (kind,) = kinds
    return f"ipv{kind}:{given.replace(' ', '')}"


def several(target: str) -> bool:
    """Whether it names more than one server by number."""
    return "," in target


def is_local(target: str) -> bool:
    """Whether what is sent there stays on this machine."""
    if target.startswith(_SOCKETS):
        return True
    return all(map(_is_loopback, hosts_of(target)))


def hosts_of(target: str) -> list[str]:
    """The hosts of a target without a path, each as it was written, but for brackets."""
    addresses = _SCHEME.sub("", target, count=1).split(",")
    return [address.strip().rpartition(":")[0].strip("[]") for address in addresses]


def _kind(host: str) -> int:
    """4 or 6; 0 for a name."""
    try:
        return ipaddress.ip_address(host).version
    except ValueError:
        return 0


def _has_port(address: str) -> bool:
    port = address.rpartition(":")[2].strip()
    return port.isdecimal() and 0 < int(port) < 1 << 16


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:  # a name: who knows what it resolves to
        return False
