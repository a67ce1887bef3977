import logging

from polycue.engine.backends.ray.actor import log
from polycue.engine.backends.supervised.work import LogLine
from support.told import telling


def test_a_line_of_an_actor_says_for_whom_it_worked_and_where() -> None:
    line = LogLine(logging.ERROR, "polycue.test", "it broke down", {"request_ids": ["r1"]})
    with telling("polycue.test") as told:
        log([line], "node-7")
    assert told.wait_for("broke") == {"request_ids": ["r1"], "node": "node-7"}
