"""Jobs that wait, in the order in which the store gives them away."""

from collections import Counter, defaultdict, deque

from scaling.load import FilmAsked


class Jobs:
    """As ``jobs.store.claims`` has it, whose SQL a test holds it against.

    Of the tenants the one with the fewest jobs at work comes first, of those the one served longest
    ago, and of its jobs the oldest.
    """

    def __init__(self) -> None:
        self._waiting: defaultdict[str, deque[FilmAsked]] = defaultdict(deque)
        self._at_work: Counter[str] = Counter()
        self._served: dict[str, int] = {}

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    def put(self, asked: FilmAsked) -> None:
        self._waiting[asked.tenant].append(asked)

    def claim(self) -> FilmAsked | None:
        able = [tenant for tenant, jobs in self._waiting.items() if jobs]
        if not able:
            return None
        tenant = min(able, key=self._rank)
        self._at_work[tenant] += 1
        self._served[tenant] = max(self._served.values(), default=0) + 1
        return self._waiting[tenant].popleft()

    def ended(self, asked: FilmAsked) -> None:
        self._at_work[asked.tenant] -= 1

    @property
    def waiting(self) -> frozenset[str]:
        """Tenants with jobs that nobody works on."""
        return frozenset(tenant for tenant, jobs in self._waiting.items() if jobs)

    def _rank(self, tenant: str) -> tuple[int, int, int]:
        served = self._served.get(tenant, 0)
        return self._at_work[tenant], served, self._waiting[tenant][0].number
