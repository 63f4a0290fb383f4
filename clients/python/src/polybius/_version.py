"""The version, which pyproject.toml has."""

from importlib.metadata import version

VERSION = version("polybius")
