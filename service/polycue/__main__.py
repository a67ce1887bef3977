"""``python -m polycue``: the same as ``polycue serve``."""

from polycue.commands.serve import serve

if __name__ == "__main__":
    serve(prog_name="python -m polycue")
