"""Two tenants with long films, one with three and one with a single one: does each get half?"""

import contextlib
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from polycue.rpc.access.tokens import hash_of, new_token
from polycue_client.client import Polycue
from scenarios.place import Workshop
from scenarios.rounds import Outcome, Pace, Row
from scenarios.served import Server, serving
from scenarios.short_job import at_work, heard_s
from scenarios.sound import BLOCK_S

FILMS = {"greedy": 3, "modest": 1}

Jobs = Sequence[tuple[str, Polycue, str]]  # whose, by which client, and its name


def measure(workshop: Workshop, pace: Pace, geometry: str = "tiny") -> Iterator[Outcome]:
    model, film = workshop.model(geometry), workshop.long_film(3.0)
    windows, another = pace.pick(8, 90, 200), pace.started()
    tokens = {tenant: new_token() for tenant in FILMS}
    shares: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        flag = f"--tokens-file={tokens_file(folder, tokens)}"
        server = stack.enter_context(
            serving(workshop.place, model, workshop.sounds, folder / "data", flag)
        )
        jobs = stack.enter_context(all_at_work(server, tokens, film))
        while another(len(shares)):
            shares.append(shares_of(jobs, windows * BLOCK_S))
            row = Row(
                f"two tenants, 3 films and 1, {geometry}: distance from equal shares",
                [abs(2 * each["modest"] / sum(each.values()) - 1) for each in shares],
                0.1,
                at_least=False,
                unit="",
                note=f"sound heard while both had films waiting, {windows} windows a round",
            )
            yield Outcome([row], {"heard_s": shares, "model": model.name})


def tokens_file(folder: Path, tokens: Mapping[str, str]) -> Path:
    path = folder / "tokens.toml"
    path.write_text(
        "".join(
            f'[[tokens]]\ntenant = "{tenant}"\nsha256 = "{hash_of(token).hex()}"\n'
            for tenant, token in tokens.items()
        )
    )
    path.chmod(0o600)
    return path


@contextlib.contextmanager
def all_at_work(server: Server, tokens: Mapping[str, str], film: Path) -> Iterator[Jobs]:
    with contextlib.ExitStack() as stack:
        clients = {t: stack.enter_context(server.client(token)) for t, token in tokens.items()}
        yield [
            (tenant, client, stack.enter_context(at_work(server, client, film)).name)
            for tenant, client in clients.items()
            for _ in range(FILMS[tenant])
        ]


def shares_of(jobs: Jobs, seconds: float) -> dict[str, float]:
    """What was heard of each tenant's films while so much was heard of all."""
    before = after = heard(jobs)
    while sum(after.values()) - sum(before.values()) < seconds:
        time.sleep(0.2)
        after = heard(jobs)
    return {tenant: after[tenant] - before[tenant] for tenant in FILMS}


def heard(jobs: Jobs) -> dict[str, float]:
    sums = dict.fromkeys(FILMS, 0.0)
    for tenant, client, name in jobs:
        sums[tenant] += heard_s(client.get_job(name))
    return sums
