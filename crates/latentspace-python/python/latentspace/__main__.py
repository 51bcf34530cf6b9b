"""The command ``latent``: ``python -m latentspace`` is the same program."""

import sys

from . import _native


def main() -> None:
    """Run the command line and exit with its exit code."""
    sys.exit(_native.main(["latent", *sys.argv[1:]]))


if __name__ == "__main__":
    main()
