"""The command ``latent``: ``python -m latentspace`` is the same program."""

import sys

from . import _native


def main() -> None:
    """Runs the command line and ends with its exit code."""
    sys.exit(_native.main(["latent", *sys.argv[1:]]))


if __name__ == "__main__":
    main()
