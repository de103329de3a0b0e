"""``python -m mottomo``: the command line."""

from mottomo.cli.entry import main

if __name__ == "__main__":
    main()
