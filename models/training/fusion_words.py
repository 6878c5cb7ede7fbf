"""Sentences that are paired with clips by label, and what the program's words network says of them.

No set has face, voice and English words of one person, so a clip gets a sentence that somebody else wrote: one of the dev
part of GoEmotions, which the words network wasn't trained on, whose labels hold the clip's. It is read as it is, with
words lost or taken for others (as the program spoils them), and paired with another label where words are stale.
"""

from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

import words_data
from heads import LABELS, ROOT, log_softmax

SENTENCES = 2400
DROPPED, MISHEARD = 0.4, 0.3
TAKEN_FOR = "and the a to of in it was for on at by they where four there then some one two here or as is".split()
LONGEST_TOKENS = 128
KINDS = ["clean", "dropped-words", "misheard-words"]


@dataclass
class Sentences:
    """Of each kind: log-probabilities [K, N, 7] and pieces [K, N]; labels, several at once [N, 7]; a part for testing [N]."""

    logs: np.ndarray
    pieces: np.ndarray
    several: np.ndarray
    tested: np.ndarray


def sentences(data, cache):
    path = cache / "fusion-words.npz"
    sha = next(part.split('"')[1] for part in (ROOT / "models/manifest.toml").read_text().split("[words]")[1].splitlines()
               if part.startswith("sha256"))
    if not path.exists() or str(np.load(path)["sha"]) != sha:
        found = read_all(data)
        np.savez(path, sha=sha, **found)
    found = np.load(path)
    return Sentences(found["logs"], found["pieces"], found["several"], np.arange(len(found["several"])) % 3 == 0)


def read_all(data):
    import onnxruntime
    from tokenizers import Tokenizer

    texts = words_data.load(data)["goemotions"]
    rng = np.random.default_rng(0)
    places = rng.permutation(np.flatnonzero(texts.part == "dev"))[:SENTENCES]
    session = onnxruntime.InferenceSession(str(ROOT / "models/words.onnx"), providers=["CPUExecutionProvider"])
    tokenizer = Tokenizer.from_file(str(ROOT / "models/fetched" / tokenizer_file()))
    tokenizer.no_padding()
    tokenizer.enable_truncation(LONGEST_TOKENS)
    logs, pieces = (np.zeros((len(KINDS), len(places), *wide), np.float32) for wide in ((len(LABELS),), ()))
    for at, place in enumerate(tqdm(places, desc="sentences")):
        for kind, name in enumerate(KINDS):
            ids = tokenizer.encode(spoilt(texts.text[place], name, rng)).ids
            found = session.run(["logits"], {"input_ids": np.array([ids], np.int64)})[0]
            logs[kind, at], pieces[kind, at] = log_softmax(found)[0], np.log1p(len(ids))
    return {"logs": logs, "pieces": pieces, "several": texts.labels[places]}


def spoilt(text, kind, rng):
    words = text.split()
    if kind == "dropped-words":
        words = [word for word in words if rng.random() >= DROPPED] or words[:1]
    if kind == "misheard-words":
        words = [rng.choice(TAKEN_FOR) if rng.random() < MISHEARD else word for word in words]
    return " ".join(words)


def tokenizer_file():
    import tomllib

    return tomllib.loads((ROOT / "models/manifest.toml").read_text())["sentence_tokenizer"]["file"]
