"""Results as JSON on stdout."""

import json

import click


def print_json(document: object) -> None:
    """Print UTF-8, whatever the terminal's encoding.

    Bytes of a path that are not UTF-8 are lone surrogates in Python, and escapes of them in JSON:
    a program in Python that reads the document gets the very path back.
    """
    text = json.dumps(document, ensure_ascii=False, indent=2) + "\n"
    click.echo(text.encode("utf-8", "backslashreplace"), nl=False)
