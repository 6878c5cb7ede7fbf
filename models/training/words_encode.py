"""Runs the sentence encoder that the program runs, and keeps what it gives."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper
from tokenizers import Tokenizer
from tqdm import tqdm

FEATURES = 7 * 384
MAX_TOKENS = 128
BATCH = 32


class Encoder:
    """Turns sentences into the encoder's seven layers, flattened."""

    def __init__(self, models: Path, cache: Path, threads: int):
        network = (models / "sentence_encoder.onnx").read_bytes()
        self.sha256 = hashlib.sha256(network).hexdigest()
        self.cache = cache
        self.threads = threads
        self.tokenizer = Tokenizer.from_file(str(models / "sentence_tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(MAX_TOKENS)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(_of_any_batch(network), options, ["CPUExecutionProvider"])

    def encode(self, texts: list[str]) -> np.ndarray:
        """The embeddings of sentences that have the same number of tokens."""
        ids = np.array([encoding.ids for encoding in self.tokenizer.encode_batch(texts)], np.int64)
        (layers,) = self.session.run(["layers"], {"input_ids": ids, "attention_mask": np.ones_like(ids)})
        return layers.reshape(len(texts), FEATURES)

    def encode_all(self, name: str, texts: list[str]) -> np.ndarray:
        """The embeddings of a set as float16, from the cache if encoder and texts are the same."""
        key = hashlib.sha256((self.sha256 + "\n".join(texts)).encode()).hexdigest()[:16]
        kept = self.cache / f"words-{name}-{key}.npy"
        if kept.exists():
            return np.load(kept)

        embeddings = np.empty((len(texts), FEATURES), np.float16)

        def fill(rows):
            embeddings[rows] = self.encode([texts[row] for row in rows])
            return len(rows)

        with ThreadPoolExecutor(self.threads) as pool, tqdm(total=len(texts), desc=name, mininterval=5) as bar:
            for done in pool.map(fill, self._of_one_length(texts)):
                bar.update(done)
        self.cache.mkdir(parents=True, exist_ok=True)
        np.save(kept, embeddings)
        return embeddings

    def _of_one_length(self, texts: list[str]) -> list[list[int]]:
        """Batches of sentences with the same number of tokens, so that none needs padding."""
        lengths = np.array([len(encoding.ids) for encoding in self.tokenizer.encode_batch(texts)])
        batches = []
        for length in np.unique(lengths):
            rows = np.flatnonzero(lengths == length).tolist()
            batches += [rows[first : first + BATCH] for first in range(0, len(rows), BATCH)]
        return batches


def _of_any_batch(network: bytes) -> bytes:
    """The same encoder for several sentences at once. Its numbers are the same: it quantises each token by itself."""
    model = onnx.load_from_string(network)
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = "N"
    reshapes = {node.input[1] for node in model.graph.node if node.op_type == "Reshape"}
    for stored in model.graph.initializer:
        if stored.name in reshapes:
            shape = numpy_helper.to_array(stored).copy()
            shape[0] = 0  # as many as there are
            stored.CopyFrom(numpy_helper.from_array(shape, stored.name))
    return model.SerializeToString()
