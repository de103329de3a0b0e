"""``python -m mottomo``: the command line."""

from mottomo.cli.main import main

if __name__ == "__main__":
    main()
