"""Puts the Python side of Spark beside the embedded Spark's jars, so that it can run Python files.

Maven's repositories have only jars. The libraries for Python are in the source archive of the
pyspark package, which is large because it has all the jars as well; so they are taken out of it
once and kept. Without them the build goes on: the server says what is missing when it is needed.
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile

DOWNLOAD_TIMEOUT_SECONDS = 3600


class Skipped(Exception):
    """There is no way to get the libraries here and now."""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--version", required=True, help="of Spark")
    parser.add_argument("--cache", required=True, type=pathlib.Path, help="where to keep them")
    parser.add_argument("--temporary", required=True, type=pathlib.Path, help="for the download")
    parser.add_argument("--target", required=True, type=pathlib.Path, help="where to put them")
    parser.add_argument("--offline", required=True, choices=["true", "false"])
    options = parser.parse_args()
    if options.target.is_dir():
        return
    kept = options.cache / ("pyspark-" + options.version)
    try:
        if not kept.is_dir():
            if options.offline == "true":
                raise Skipped("this build is offline")
            fetch(options.version, kept, options.temporary)
        publish(kept, options.target)
    except (Skipped, OSError, tarfile.TarError) as problem:
        print(f"Skipped Spark's Python side, so Python files need another Spark: {problem}")


def fetch(version, kept, temporary):
    print(f"Fetching Spark's Python side (once, about 317 MB): pyspark {version}", flush=True)
    temporary.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=temporary) as name:
        folder = pathlib.Path(name)
        # The system's own pip often lacks what it needs to look into a source archive.
        run("-m", "venv", folder / "venv")
        run(
            *("-m", "pip", "--quiet", "--disable-pip-version-check", "--no-cache-dir"),
            *("download", "--no-deps", "--no-binary", "pyspark", "--dest", folder / "archive"),
            f"pyspark=={version}",
            python=folder / "venv" / "bin" / "python",
            environment={**os.environ, "TMPDIR": name},
        )
        archive = next((folder / "archive").glob("pyspark-*.tar.gz"), None)
        if archive is None:
            raise Skipped("pip has left no source archive")
        libraries = folder / "libraries"
        libraries.mkdir()
        wanted = re.compile(r"[^/]+/lib/((?:pyspark|py4j-[^/]+-src)\.zip)")
        with tarfile.open(archive) as files:
            for file in files:
                match = wanted.fullmatch(file.name)
                if match and file.isfile():
                    with open(libraries / match[1], "wb") as library:
                        shutil.copyfileobj(files.extractfile(file), library)
        if len(list(libraries.iterdir())) != 2:
            raise Skipped("the source archive has no such libraries")
        publish(libraries, kept)


def run(*arguments, python=sys.executable, environment=None):
    command = [str(word) for word in (python, *arguments)]
    try:
        subprocess.run(
            command,
            check=True,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=DOWNLOAD_TIMEOUT_SECONDS,
        )
    except subprocess.CalledProcessError as problem:
        lines = problem.stdout.decode(errors="replace").strip().splitlines() or ["no message"]
        raise Skipped(f"{' '.join(command[:3])} failed: {lines[-1]}") from problem
    except subprocess.TimeoutExpired as problem:
        raise Skipped(f"{' '.join(command[:3])} took too long") from problem


def publish(source, target):
    """Copies a folder so that it is there whole or not at all, whoever else does the same."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as name:
        whole = pathlib.Path(name) / target.name
        shutil.copytree(source, whole)
        try:
            whole.rename(target)
        except OSError:
            if not target.is_dir():
                raise


if __name__ == "__main__":
    main()
