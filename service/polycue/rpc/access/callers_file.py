"""The file of callers: tokens as hashes, certificates' names, and what differs between tenants.

::

    [[tokens]]
    tenant = "films"
    sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    name = "build server"                     # optional; for the operator
    expires = 2027-06-30                      # optional; at its beginning, UTC

    [[certificates]]
    tenant = "films"
    identity = "uri:spiffe://example.org/films"   # or dns:NAME, or cn:NAME

    [tenants.films]                           # optional, as is each line
    max_jobs = 50
"""

import datetime as dt
import json
import stat
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from polycue.domain.errors import CredentialsUnusable
from polycue.rpc.access.callers import Allowance, Callers, Kind, Token

_MOST_BYTES = 4 * 1024 * 1024
TENANT = r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}"

_Tenant = Annotated[str, StringConstraints(pattern=rf"^{TENANT}$")]
_Most = Annotated[int, Field(ge=1)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _Token(_Table):
    tenant: _Tenant
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    name: str = ""
    expires: dt.datetime | dt.date | None = None


class _Certificate(_Table):
    tenant: _Tenant
    identity: Annotated[str, StringConstraints(pattern=r"^(uri|dns|cn):.+$")]


class _Limits(_Table):
    max_jobs: _Most | None = None
    max_stored_bytes: _Most | None = None
    max_day_media_s: _Most | None = None
    max_clips: _Most | None = None
    max_texts: _Most | None = None
    max_watches: _Most | None = None
    max_transfers: _Most | None = None


class _File(_Table):
    tokens: list[_Token] = []
    certificates: list[_Certificate] = []
    tenants: dict[_Tenant, _Limits] = {}


def read_callers(path: Path, everybody: Allowance) -> Callers:
    """What the file says; limits it does not name are those of ``everybody``.

    Raises:
        CredentialsUnusable: it cannot be read, anybody may write to it, or it is malformed.
    """
    try:
        file = _File.model_validate(tomllib.loads(_text(path)))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise CredentialsUnusable(path, f"is no TOML: {error}") from error
    except ValidationError as error:
        # Not the error's own text: it shows the value, and somebody may have put a token there.
        first = error.errors(include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise CredentialsUnusable(path, f"{where}: {first['msg']}") from None
    identities = [each.identity for each in file.certificates]
    if len(set(identities)) < len(identities):
        raise CredentialsUnusable(path, "certificates: an identity is there twice")
    return Callers(
        tokens=tuple(_token(each) for each in file.tokens),
        certificates={each.identity: each.tenant for each in file.certificates},
        allowances={name: _allowance(table, everybody) for name, table in file.tenants.items()},
    )


def token_entry(tenant: str, sha256: bytes, *, name: str, expires: dt.date | None) -> str:
    """The lines that let a token in, for the end of a file; ``name`` is printable."""
    lines = ["[[tokens]]", f'tenant = "{tenant}"', f'sha256 = "{sha256.hex()}"']
    lines += [f"name = {json.dumps(name, ensure_ascii=False)}"] if name else []
    lines += [f"expires = {expires.isoformat()}"] if expires else []
    return "\n".join(lines) + "\n"


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            if stat.S_IMODE(path.stat().st_mode) & stat.S_IWOTH:
                raise CredentialsUnusable(path, "anybody on this machine may write to it")
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise CredentialsUnusable(path, error.strerror or "cannot be read") from error
    if len(data) > _MOST_BYTES:
        raise CredentialsUnusable(path, f"has more than {_MOST_BYTES} bytes")
    return data.decode()


def _token(table: _Token) -> Token:
    return Token(table.tenant, bytes.fromhex(table.sha256), table.name, _ms(table.expires))


def _ms(moment: dt.date | None) -> int | None:
    """Milliseconds since the epoch; a day means its beginning, and no zone means UTC."""
    if moment is None:
        return None
    if not isinstance(moment, dt.datetime):
        moment = dt.datetime.combine(moment, dt.time())
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return int(moment.timestamp() * 1000)


def _allowance(table: _Limits, everybody: Allowance) -> Allowance:
    given = table.model_dump(exclude_none=True)
    limits = everybody.limits
    if "max_jobs" in given:
        limits = replace(limits, max_jobs=given["max_jobs"])
    if "max_stored_bytes" in given:
        limits = replace(limits, max_stored_bytes=given["max_stored_bytes"])
    if "max_day_media_s" in given:
        limits = replace(limits, max_day_media_ms=given["max_day_media_s"] * 1000)
    calls = {kind: given[f"max_{kind}"] for kind in Kind if f"max_{kind}" in given}
    return Allowance(limits, {**everybody.calls, **calls})
