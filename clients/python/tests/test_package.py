import ast
import asyncio
import inspect
from importlib.metadata import metadata
from pathlib import Path

import polybius

FOLDER = Path(polybius.__file__).parent


def test_the_package_says_that_it_is_typed_and_what_it_is():
    assert (FOLDER / "py.typed").exists()
    about = metadata("polybius")
    assert about["Version"] == polybius.__version__
    assert about["License-Expression"] == "Apache-2.0"
    assert about["Requires-Python"] == ">=3.9"


def test_its_syntax_is_that_of_the_oldest_python():
    sources = list(FOLDER.glob("*.py"))
    assert len(sources) > 10
    for source in sources:
        ast.parse(source.read_text(encoding="utf-8"), str(source), feature_version=(3, 9))


def test_all_that_is_public_is_described():
    for name in polybius.__all__:
        thing = getattr(polybius, name)
        assert name == "__version__" or inspect.getdoc(thing), name
        if inspect.isclass(thing):
            for member, value in vars(thing).items():
                if not member.startswith("_") and (callable(value) or isinstance(value, property)):
                    assert inspect.getdoc(value), f"{name}.{member}"


def test_sessions_for_asyncio_have_all_that_others_have():
    for waits, awaits in (
        (polybius.Session, polybius.AsyncSession),
        (polybius.Statement, polybius.AsyncStatement),
    ):
        names = {name for name in dir(waits) if not name.startswith("_")}
        assert names == {name for name in dir(awaits) if not name.startswith("_")}
        for name in names:
            one, other = getattr(waits, name), getattr(awaits, name)
            if inspect.isfunction(one) and not name.startswith("_"):
                assert list(inspect.signature(one).parameters) == list(
                    inspect.signature(other).parameters
                ), name
                assert asyncio.iscoroutinefunction(other) or inspect.isasyncgenfunction(other) or (
                    name in ("raise_for_error",)
                ), name
