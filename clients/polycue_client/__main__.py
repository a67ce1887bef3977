"""``python -m polycue_client`` is the ``polycue`` command."""

from polycue_client.cli import main

if __name__ == "__main__":
    main()
