"""The release's version, for hosts that install the requirements only and so have no package to
ask."""

VERSION = "0.1.0"  # As in pyproject.toml.
