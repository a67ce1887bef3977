"""polycue: video in, subtitles out, in any language, offline.

Nothing is imported here: the light client imports this package for ``polycue.api`` alone.
"""
