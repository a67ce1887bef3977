"""Servers that end where they stand."""

from support.aftermath import Aftermath
from support.fleet import Fleet
from support.stepped_server import Film
from support.steps import Director


def test_a_job_goes_on_where_its_server_was_killed(
    fleet: Fleet, director: Director, aftermath: Aftermath
) -> None:
    server = fleet.server().start()
    with server.client() as polycue:
        half_way = director.hold("chunk", index=3)
        aftermath.create(polycue, Film("a", 6))
        half_way.wait()
        server.kill()
        half_way.let_go()
        server.start()
        aftermath.check(server)
    assert director.count("chunk", "a") == {0: 1, 1: 1, 2: 1, 3: 2, 4: 1, 5: 1}
