"""Notices as JSON; see ``json_track``."""

from collections.abc import Sequence

from polycue.domain.notice import Notice, NoticeReason
from polycue.tracks.json_fields import Fields


def write(notices: Sequence[Notice]) -> list[dict[str, object]]:
    return [
        {
            "reason": notice.reason.value,
            "message": notice.message,
            "facts": dict(sorted(notice.facts.items())),
        }
        for notice in notices
    ]


def read(fields: Fields) -> tuple[Notice, ...]:
    return tuple(notice.made(_read) for notice in fields.children("notices"))


def _read(fields: Fields) -> Notice:
    return Notice(
        NoticeReason(fields.text("reason")), fields.text("message"), fields.texts_by_name("facts")
    )
