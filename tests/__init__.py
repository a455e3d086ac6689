"""The tests of ven-daemon."""
