import contextlib
import datetime as dt
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from polycue.domain.errors import CredentialsUnusable
from polycue.domain.limits import TenantLimits
from polycue.rpc.access.callers import Allowance, Callers, Kind
from polycue.rpc.access.callers_file import read_callers, token_entry
from polycue.rpc.access.tokens import hash_of, new_token

EVERYBODY = Allowance(TenantLimits(max_jobs=5, max_day_media_ms=7), {Kind.WATCHES: 3})
_PIECES = st.sampled_from(
    ["[[tokens]]", "[tenants.a]", "tenant = 'a'", "sha256 = 3", "expires = 1-1-1", "=", "'", "\n"]
)


def test_what_a_tenant_is_not_given_is_as_for_everybody(tmp_path: Path) -> None:
    path = tmp_path / "tokens.toml"
    path.write_text("[tenants.a]\nmax_stored_bytes = 9\nmax_clips = 1\n[tenants.b]\n")
    callers = read_callers(path, EVERYBODY)
    limits = TenantLimits(max_jobs=5, max_stored_bytes=9, max_day_media_ms=7)
    assert callers.allowances["a"] == Allowance(limits, {Kind.WATCHES: 3, Kind.CLIPS: 1})
    assert callers.allowances["b"] == EVERYBODY


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}", fullmatch=True),
    st.text(max_size=40).filter(lambda text: text.isprintable()),
    st.none() | st.dates(min_value=dt.date(1970, 1, 1)),
)
def test_an_entry_that_is_written_is_read_as_it_was(
    tmp_path: Path, tenant: str, name: str, expires: dt.date | None
) -> None:
    path, token = tmp_path / "tokens.toml", new_token()
    path.write_text(token_entry(tenant, hash_of(token), name=name, expires=expires), "utf-8")
    (read,) = read_callers(path, EVERYBODY).tokens
    assert (read.tenant, read.name, read.sha256) == (tenant, name, hash_of(token))
    assert (read.expires_ms is None) is (expires is None)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.binary(max_size=60) | st.lists(_PIECES).map(lambda lines: "\n".join(lines).encode()))
def test_any_file_is_read_or_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "tokens.toml"
    path.write_bytes(data)
    with contextlib.suppress(CredentialsUnusable):
        assert isinstance(read_callers(path, EVERYBODY), Callers)
