"""What the networks trained here are in models/manifest.toml.

A network of which a training set forbids some uses stands in the research variant only. What stands in its place in the
open variant names it (`instead_of`).
"""

import hashlib
from pathlib import Path

MANIFEST = Path(__file__).resolve().parents[1] / "manifest.toml"


def enter(name, path, licence, purpose, inputs, outputs, instead_of=None):
    """Writes the table of a network into the manifest, in place of the one there. `inputs` and `outputs` are lines of TOML."""
    data = path.read_bytes()
    put(name, "\n".join([
        f"[{name}]", f'file = "{path.name}"', f'sha256 = "{hashlib.sha256(data).hexdigest()}"', f"bytes = {len(data)}",
        f'licence = "{licence}"', f'variant = "{"open" if instead_of else "research"}"',
        *([f'instead_of = "{instead_of}"'] if instead_of else []), f'for = "{purpose}"',
        "committed = true", "input = [", *(f"    {{ {line} }}," for line in inputs), "]",
        "output = [", *(f"    {{ {line} }}," for line in outputs), "]", ""]))


def enter_head(name, path, licence, purpose, width, instead_of=None):
    """The table of a modality's head."""
    enter(name, path, licence, purpose, [
        f'name = "features", type = "f32", shape = [1, {width}]',
        f'name = "sums", type = "f32", shape = [1, {width}], unit = "feature seconds"',
        'name = "seconds", type = "f32", shape = [1, 1], unit = "s"'], [
        'name = "logits", type = "f32", shape = [1, 7]',
        'name = "affect", type = "f32", shape = [1, 2], range = [-1, 1]',
        'name = "affect_sd", type = "f32", shape = [1, 2]'], instead_of)


def put(name, table):
    text = MANIFEST.read_text()
    start = text.find(f"\n[{name}]\n") + 1
    if start > 0:
        end = text.find("\n[", start)
        text = text[:start] + (text[end + 1:] if end >= 0 else "")
    MANIFEST.write_text(text.rstrip("\n") + "\n\n" + table)
