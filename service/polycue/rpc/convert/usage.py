"""How the engine worked on something, to a message."""

from polycue.api.v1 import engine_pb2
from polycue.domain.usage import NOT_USED, EngineUsage
from polycue.rpc.convert import times


def usage(value: EngineUsage) -> engine_pb2.EngineUsage | None:
    """None, which protobuf takes for unset, where work has not begun; only its time without rows.

    What others had of the devices meanwhile makes no shares of a job that wanted nothing of them.
    """
    if value == NOT_USED:
        return None
    if not value.rows:
        return engine_pb2.EngineUsage(wall_duration=times.duration(value.wall_ms))
    return engine_pb2.EngineUsage(
        wall_duration=times.duration(value.wall_ms),
        queued_duration=times.duration(value.waited_ms),
        longest_wait=times.duration(value.longest_wait_ms),
        device_duration=times.duration(value.device_ms),
        device_share=value.device_share,
        batch_count=value.batches,
        batch_fill=value.fill,
        chunk_count=value.rows,
        repeated_chunk_count=value.rows_again,
        token_count=value.tokens,
        audio_duration=times.duration(value.audio_ms),
    )
