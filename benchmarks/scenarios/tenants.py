"""Two tenants with long films, one with three and one with a single one: does each get half?"""

import contextlib
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from polycue.rpc.access.tokens import hash_of, new_token
from scenarios.place import Workshop
from scenarios.rounds import Outcome, Pace, Row
from scenarios.served import serving
from scenarios.short_job import at_work, heard_s
from scenarios.sound import BLOCK_S

FILMS = {"greedy": 3, "modest": 1}


def measure(workshop: Workshop, pace: Pace, geometry: str = "tiny") -> Iterator[Outcome]:
    model, film = workshop.model(geometry), workshop.long_film(3.0)
    windows, another = pace.pick(8, 90, 200), pace.started()
    tokens = {tenant: new_token() for tenant in FILMS}
    shares: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        callers = Path(folder) / "tokens.toml"
        callers.write_text(
            "".join(
                f'[[tokens]]\ntenant = "{tenant}"\nsha256 = "{hash_of(token).hex()}"\n'
                for tenant, token in tokens.items()
            )
        )
        callers.chmod(0o600)
        flags = (f"--tokens-file={callers}",)
        data = Path(folder) / "data"
        with (
            serving(workshop.place, model, workshop.sounds, data, *flags) as server,
            contextlib.ExitStack() as stack,
        ):
            clients = {t: stack.enter_context(server.client(token)) for t, token in tokens.items()}
            jobs = [
                (tenant, stack.enter_context(at_work(server, clients[tenant], film)))
                for tenant, count in FILMS.items()
                for _ in range(count)
            ]

            def heard() -> dict[str, float]:
                sums = dict.fromkeys(FILMS, 0.0)
                for tenant, job in jobs:
                    sums[tenant] += heard_s(clients[tenant].get_job(job.name))
                return sums

            while another(len(shares)):
                before = after = heard()
                while sum(after.values()) - sum(before.values()) < windows * BLOCK_S:
                    time.sleep(0.2)
                    after = heard()
                shares.append({tenant: after[tenant] - before[tenant] for tenant in FILMS})
                row = Row(
                    f"two tenants, 3 films and 1, {geometry}: distance from equal shares",
                    [abs(2 * each["modest"] / sum(each.values()) - 1) for each in shares],
                    0.1,
                    at_least=False,
                    unit="",
                    note=f"sound heard while both had films waiting, {windows} windows a round",
                )
                yield Outcome([row], {"heard_s": shares, "model": model.name})
