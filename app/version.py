"""The release's version, where no installed package says it: hosts install the requirements only."""

VERSION = "0.1.0"  # As in pyproject.toml.
