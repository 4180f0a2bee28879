"""`python -m forgehand`: the same as the `forgehand` command."""

from forgehand.cli.main import main

if __name__ == "__main__":
    main()
