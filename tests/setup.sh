#!/usr/bin/env bash
# What models/setup promises when things go wrong. No network; `bash tests/setup.sh`.
set -uo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
stage=$(mktemp -d)
# Not a version manager's stand-in, which would put its own pip first.
python=$(python3 -c 'import sys; print(sys.executable)')
trap 'rm -rf "$stage"' EXIT
failed=0

# A manifest with two files, made from wheels and archives made here.
prepare() {
    rm -rf "$stage"/*
    mkdir -p "$stage/packages" "$stage/into" "$stage/bin"
    ln -s "$python" "$stage/bin/python3"
    python3 - "$stage" <<'END'
import hashlib, io, sys, tarfile, zipfile
from pathlib import Path

stage = Path(sys.argv[1])
first, second = b"first" * 1000, b"second" * 1000
with zipfile.ZipFile(stage / "packages" / "one_thing-1.0-py3-none-any.whl", "w", zipfile.ZIP_DEFLATED) as wheel:
    wheel.writestr("one_thing/first.bin", first)
with tarfile.open(stage / "packages" / "some-other-2.0.0.tgz", "w:gz") as archive:
    member = tarfile.TarInfo("package/second.bin")
    member.size = len(second)
    archive.addfile(member, io.BytesIO(second))

def table(name, content, package, path):
    return (
        f'[{name}]\nfile = "{name}.bin"\nsha256 = "{hashlib.sha256(content).hexdigest()}"\nbytes = {len(content)}\n'
        f'licence = "none"\nsources = [{{ package = "{package}", path = "{path}", download = 100 }}]\n'
    )

(stage / "manifest.toml").write_text(
    table("first", first, "pip:one-thing==1.0", "one_thing/first.bin")
    + table("second", second, "npm:@some/other@2.0.0", "package/second.bin")
)
END
}

setup() {
    PATH="$stage/bin:$PATH" "$root/models/setup" --no-system --manifest "$stage/manifest.toml" --into "$stage/into" "$@" \
        >"$stage/said" 2>&1
}

# client NAME SCRIPT: a stand-in for pip3 or npm.
client() {
    printf '#!/usr/bin/env bash\n%s\n' "$2" >"$stage/bin/$1"
    chmod +x "$stage/bin/$1"
}

promise() { echo "- $1"; prepare; }
no() { echo "  NOT KEPT: $1"; sed 's/^/    /' "$stage/said"; failed=1; }
says() { grep -qF -- "$1" "$stage/said" || no "it doesn't say: $1"; }
succeeds() { setup "$@" || no "it ended with $?"; }
fails() { ! setup "$@" || no "it should have failed"; }
has() { [[ $(find "$stage/into" -name '*.bin' -printf '%f\n' | sort | xargs) == "$1" ]] || no "it has: $(ls "$stage/into")"; }
nothing_half_done() {
    [[ ! -e $stage/into/.part ]] || no "there is work left behind"
    local name
    for name in $(find "$stage/into" -name '*.bin'); do
        [[ $(stat -c %s "$name") == 5000 || $(stat -c %s "$name") == 6000 ]] || no "$name is cut off"
    done
}

promise "files come out of packages, and a second run finds them"
succeeds --packages "$stage/packages"
has "first.bin second.bin"
client pip3 'echo "should not be asked"; exit 1'
succeeds
says "2 files are in place"
nothing_half_done

promise "only what is asked for is fetched"
succeeds --packages "$stage/packages" --only second
has "second.bin"
fails --only third
says "The manifest has no third"

promise "without a network it says so, and what to do"
client pip3 'echo "WARNING: Retrying: NewConnectionError: Temporary failure in name resolution" >&2; echo "ERROR: No matching distribution found" >&2; exit 1'
client npm 'echo "npm error code EAI_AGAIN" >&2; exit 1'
fails
says "pip could not reach its registry, so one-thing==1.0 is missing."
says "npm could not reach its registry, so @some/other@2.0.0 is missing."
says "--packages DIR"
has ""
nothing_half_done

promise "one package that fails keeps no other from coming"
client pip3 'echo "ERROR: it broke" >&2; exit 1'
client npm "cp '$stage/packages/some-other-2.0.0.tgz' \"\$4\""
fails
says "ERROR: it broke"
has "second.bin"

promise "a download that was cut off is refused"
truncate -s -40 "$stage/packages/one_thing-1.0-py3-none-any.whl"
truncate -s -20 "$stage/packages/some-other-2.0.0.tgz"
fails --packages "$stage/packages"
says "one_thing-1.0-py3-none-any.whl is broken"
says "some-other-2.0.0.tgz is broken"
has ""
nothing_half_done

promise "a file with another hash is refused, with both hashes"
sed -i '0,/sha256 = "......../s//sha256 = "00000000/' "$stage/manifest.toml"
fails --packages "$stage/packages"
says "first.bin from pip:one-thing==1.0 is not the file that was expected, and was deleted."
says "expected sha256: 00000000"
says "found sha256: "
has "second.bin"
nothing_half_done

promise "a package without the file is named"
sed -i 's,one_thing/first.bin,one_thing/gone.bin,' "$stage/manifest.toml"
fails --packages "$stage/packages"
says "has no one_thing/gone.bin"
has "second.bin"

promise "a file that was changed in place is found and fetched again"
succeeds --packages "$stage/packages"
printf 'X' | dd of="$stage/into/first.bin" conv=notrunc status=none
touch -d '2000-01-01' "$stage/into/first.bin"
succeeds --packages "$stage/packages"
says "first.bin had the wrong contents and was deleted."
succeeds --verify
says "were read through"

promise "verifying sees a change that size and time don't show"
succeeds --packages "$stage/packages"
touch -r "$stage/into/first.bin" "$stage/time"
printf 'X' | dd of="$stage/into/first.bin" conv=notrunc status=none
touch -r "$stage/time" "$stage/into/first.bin"
succeeds
succeeds --verify --packages "$stage/packages"
says "first.bin had the wrong contents"

promise "interrupting leaves nothing half done"
client pip3 'head -c 3000 /dev/zero > half.whl; exec sleep 30'
PATH="$stage/bin:$PATH" "$root/models/setup" --no-system --manifest "$stage/manifest.toml" --into "$stage/into" \
    --only first >"$stage/said" 2>&1 &
child=$!
for _ in $(seq 100); do compgen -G "$stage/into/.part/*/tmp/half.whl" >/dev/null && break; read -rt 0.1 <> <(:) || true; done
kill -TERM $child
wait $child
[[ $? == 130 ]] || no "it ended otherwise than by the interruption"
says "Stopped."
has ""
nothing_half_done

promise "a full disk is said to be one"
client pip3 'echo "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device" >&2; exit 1'
fails --only first
says "The disk is full, so one-thing==1.0 could not be downloaded."
sed -i 's/download = 100 /download = 100000000000000 /' "$stage/manifest.toml"
fails --only first
says "Make room and run models/setup again."

promise "a machine without npm is told which package brings it"
mkdir "$stage/few"
for tool in bash dirname; do ln -s "$(command -v "$tool")" "$stage/few/$tool"; done
ln -s "$python" "$stage/few/python3"
PATH="$stage/few" "$root/models/setup" --no-system --manifest "$stage/manifest.toml" --into "$stage/into" --only second \
    >"$stage/said" 2>&1 && no "it should have failed"
says "There is no npm"

promise "a machine without Python is told so"
mkdir "$stage/few"
for tool in bash dirname; do ln -s "$(command -v "$tool")" "$stage/few/$tool"; done
PATH="$stage/few" bash "$root/models/setup" --no-system >"$stage/said" 2>&1 && no "it should have failed"
says "There is no python3"

promise "a broken manifest is named"
echo 'first = [' >"$stage/manifest.toml"
fails
says "can't be read"

[[ $failed == 0 ]] && echo "All kept."
exit $failed
