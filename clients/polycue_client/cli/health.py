"""``polycue health``: whether a server is ready for work. Containers' health checks run it."""

import click

from polycue_client.cli.exits import Failed, Unreachable, reported
from polycue_client.cli.parsing import Number
from polycue_client.cli.servers import AccessChoice, access_options

# grpc.health.v1 has one method and two fields of interest, so its messages are read as bytes here:
# the generated code is in a package that the light client does not need otherwise.
_CHECK = "/grpc.health.v1.Health/Check"
_WHOLE_SERVER = b""  # HealthCheckRequest with no service named
_SERVING = b"\x08\x01"  # HealthCheckResponse: field 1, status, is SERVING


@click.command
@access_options
@click.option(
    "--timeout",
    "timeout_s",
    type=Number(0, min_open=True),
    default=5.0,
    metavar="S",
    help="Seconds to wait for an answer; 5 unless given.",
)
def health(access: AccessChoice, timeout_s: float) -> None:
    """Say whether a server is ready: exit code 0 if it is, 1 if it says no, 3 without an answer.

    It needs no token, and at the server's --admin-listen no TLS.
    """
    access.require_server()
    import grpc

    from polycue_client.errors import TimedOut
    from polycue_client.wire.raised import translated

    server, told = access.server, access.access(tls=access.encryption())
    with reported(server), told.channel(grpc.secure_channel, grpc.insecure_channel, []) as channel:
        try:
            with translated():
                check: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(_CHECK)
                answer = check(_WHOLE_SERVER, timeout=timeout_s)
        except TimedOut as error:
            raise Unreachable(f"{server} gives no answer in {timeout_s:g} s") from error
    if answer != _SERVING:
        raise Failed(f"the server at {server} is not ready for work")
    click.echo("ready")
