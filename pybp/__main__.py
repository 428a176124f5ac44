"""``python -m pybp`` runs the command ``pybp``."""

import sys

from pybp.cli import main

if __name__ == "__main__":
    sys.exit(main())
