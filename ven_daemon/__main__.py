"""`python -m ven_daemon`."""

from ven_daemon.cli import main

if __name__ == "__main__":
    main()
