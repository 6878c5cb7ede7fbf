"""Trains and measures the words network: what a sentence says of the speaker's affect.

    python models/training/words.py --data DIR              trains, measures, and writes models/words.onnx
    python models/training/words.py --data DIR --choose     first tries what is chosen on validation parts
    python models/training/words.py --data DIR --meld       also trains and measures the variant that knows MELD
    python models/training/words.py --data DIR --evaluate   measures the file that is there
    python models/training/words.py --say "What a day!"     reads one sentence

Three networks are trained, one a seed. Three more learn from the sets and from what the first three say together. These
are measured; the mean of their weights is what ships, if validation parts don't speak against it. What is finished is
kept in models/training/cache, and so is what isn't, every ten minutes: the same command goes on from there. On a GPU it
takes minutes; on two processor cores a night and more, or some hours with `--seeds 0`.
"""

import argparse
import json
import pickle
import tempfile
import zlib
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

import words_data as data
import words_export as files
import words_measure as measure
import words_net as network
from words_net import Knobs

SEEDS = (0, 1, 2)
EPOCHS = 3
KNOBS = Knobs(rate=2e-4, rating=2.0)
TRIED_RATES, TRIED_RATINGS = (5e-5, 1e-4, 2e-4), (1.0, 2.0, 4.0)
TRIED_EPOCHS = 3
TRUST = 0.7  # how much a student's loss is that of imitating
MELD_EPOCHS = 3
MELD_RATES = (2e-5, 5e-5, 1e-4)
# How often an epoch has each sentence. MELD's are there for the variant.
SHARES = {"emobank": 2.0, "goemotions": 1.25, "xed": 1.5, "vader": 0.75, "meld": 0.0}
MELD_SHARES = {name: float(name == "meld") for name in SHARES}
HEARD = 0.25  # the part of them without punctuation and in lower case
TOGETHER = 3  # networks trained side by side, where there is a GPU to be kept busy
MEASURED = ("emobank", "goemotions", "vader", "meld")
HERE = Path(__file__).resolve().parent
MODELS = HERE.parent


def main():
    options = parse()
    tokenizer = load_tokenizer(options.tokenizer)
    shipped = options.out / "words.onnx"
    if options.say:
        return say(files.Reader(shipped, tokenizer, 1), options.say)

    sets = data.load(options.data)
    report = {}
    if not options.evaluate:
        work = Work(options, sets, tokenizer)
        knobs = work.choose() if options.choose else KNOBS
        nets = work.students(knobs)
        report = work.ship(nets, shipped)
        if options.meld:
            report["meld_variant"] = work.meld(nets)
    report["shipped"] = evaluate(files.Reader(shipped, tokenizer, options.threads), sets, True)
    print(table(report))
    if not options.evaluate:
        (HERE / "reports" / "words.json").write_text(json.dumps(rounded(report), indent=1) + "\n")


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder with text/")
    parser.add_argument("--out", type=Path, default=MODELS, help="folder of words.onnx and centroids.toml")
    parser.add_argument("--tokenizer", type=Path, default=MODELS / "fetched/sentence_tokenizer.json")
    parser.add_argument("--cache", type=Path, default=HERE / "cache", help="for checkpoints")
    parser.add_argument("--start", type=Path, help="MiniLM's weights; without it they are fetched")
    parser.add_argument("--threads", type=int, default=2, help="for reading by the exported file")
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--limit", type=int, help="steps after which each training ends, to try things out")
    parser.add_argument("--choose", action="store_true", help="try settings on validation parts first")
    parser.add_argument("--meld", action="store_true", help="also measure a variant that is trained on MELD")
    parser.add_argument("--evaluate", action="store_true", help="only measure the network that is there")
    parser.add_argument("--say", metavar="SENTENCE", help="only read this sentence")
    options = parser.parse_args()
    if not options.say and not options.data:
        parser.error("--data is needed to train and to measure")
    return options


def load_tokenizer(path: Path) -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.enable_truncation(files.MAX_TOKENS)
    return tokenizer


def rows_of(texts: data.Texts, part: str) -> np.ndarray:
    return np.flatnonzero(texts.part == part)


class Work:
    """All trainings of one call, and where they keep what they reached."""

    def __init__(self, options, sets, tokenizer):
        self.options, self.sets, self.tokenizer = options, sets, tokenizer
        self.start = network.Start(options.start or network.fetch(options.cache))
        self.samples, self.source = self.gather()
        self.seeds = list(options.seeds)
        self.chosen = {}
        self.together = TOGETHER if network.jax.default_backend() == "gpu" else 1
        options.cache.mkdir(parents=True, exist_ok=True)

    def tokens(self, texts: list[str]) -> np.ndarray:
        ids = np.zeros((len(texts), network.LONGEST), np.int32)
        for row, one in zip(ids, self.tokenizer.encode_batch(texts)):
            some = one.ids[: network.LONGEST]
            row[: len(some)] = some
        return ids

    def part(self, name: str, part: str) -> tuple[data.Texts, np.ndarray, np.ndarray]:
        texts = self.sets[name]
        rows = rows_of(texts, part)
        return texts, rows, self.tokens([texts.text[i] for i in rows])

    def gather(self) -> tuple[network.Samples, np.ndarray]:
        """The training parts of all sets, as written and as heard, and the set of each sentence."""
        columns = {name: [] for name in network.Samples.__dataclass_fields__}
        heard, source = [], []
        for name, share in SHARES.items():
            texts, rows, ids = self.part(name, "train")
            source += [name] * len(rows)
            columns["ids"].append(ids)
            heard.append(self.tokens([data.as_heard(texts.text[i]) for i in rows]))
            for known in ("target", "rating", "opinion", "labels"):
                columns[known].append(getattr(texts, known)[rows])
            columns["has_neutral"].append(np.full(len(rows), name != "xed"))
            columns["share"].append(np.full(len(rows), share))
            columns["heard"].append(np.full(len(rows), HEARD))
            for own in ("goemotions", "xed"):
                unknown = np.full((len(rows), network.OUTPUTS[own]), np.nan, np.float32)
                columns[own].append(texts.fine[rows] if own == name else unknown)
        columns["ids"] += heard
        return network.Samples(**{name: np.concatenate(parts) for name, parts in columns.items()}), np.array(source)

    def train(self, stage, nets, knobs, seeds, samples=None, epochs=None, **more) -> list[dict]:
        """Networks of one stage, each from the cache if it is there with the same settings."""
        samples, epochs = samples or self.samples, epochs or self.options.epochs
        said = (len(samples), epochs, self.options.limit)
        settings = [zlib.crc32(repr((knob, seed, said)).encode()) for knob, seed in zip(knobs, seeds)]
        path = [self.options.cache / f"words-{stage}-{setting:08x}.pickle" for setting in settings]
        done = {i: pickle.loads(kept.read_bytes()) for i, kept in enumerate(path) if kept.exists()}
        left = [i for i in range(len(seeds)) if i not in done]
        for first in range(0, len(left), self.together):
            some = left[first : first + self.together]
            trained = network.train(
                self.start,
                [nets[i] for i in some],
                samples,
                [knobs[i] for i in some],
                [seeds[i] for i in some],
                epochs,
                f"{stage} {' '.join(str(seeds[i]) for i in some)}",
                keep=self.options.cache / f"words-{stage}-{'-'.join(f'{settings[i]:08x}' for i in some)}.npz",
                limit=self.options.limit,
                **more,
            )
            for i, net in zip(some, trained):
                done[i] = net
                path[i].write_bytes(pickle.dumps(net))
        return [done[i] for i in range(len(seeds))]

    def score(self, net) -> dict[str, float]:
        """Figures on validation parts, by the network in full precision."""
        rated, rows, ids = self.part("emobank", "valid")
        rating = network.give(self.start, net, ids)["rating"]
        figures = {
            "valence_r": measure.pearson(rating[:, 0], rated.rating[rows, 0]),
            "arousal_r": measure.pearson(rating[:, 1], rated.rating[rows, 1]),
        }
        labelled, rows, ids = self.part("goemotions", "valid")
        figures |= measure.of_labels(network.give(self.start, net, ids)["target"], labelled, rows)
        lines, rows, ids = self.part("xed", "valid")
        known = ~np.isnan(lines.target[rows, 0])
        logits = network.give(self.start, net, ids)["target"]
        figures["xed_f1"] = measure.of_six(logits[known], lines.target[rows][known])
        figures["score"] = sum(figures[name] for name in ("valence_r", "arousal_r", "macro_f1", "xed_f1"))
        return figures

    def choose(self) -> Knobs:
        """The best rate, and with it the best weight of valence and arousal."""
        best = self.best_of("rate", [replace(KNOBS, rate=rate) for rate in TRIED_RATES])
        return self.best_of("rating", [replace(best, rating=rating) for rating in TRIED_RATINGS])

    def best_of(self, what: str, tried: list[Knobs]) -> Knobs:
        starts = [self.start.net(0)] * len(tried)
        nets = self.train(f"try-{what}", starts, tried, [0] * len(tried), epochs=TRIED_EPOCHS)
        scores = [self.score(net) for net in nets]
        for knobs, score in zip(tried, scores):
            shown = ("score", "valence_r", "arousal_r", "macro_f1", "xed_f1")
            print(f"{knobs}: " + " ".join(f"{name} {score[name]:.3f}" for name in shown), flush=True)
        self.chosen[f"tried_{what}"] = [asdict(k) | score for k, score in zip(tried, scores)]
        return tried[int(np.argmax([score["score"] for score in scores]))]

    def students(self, knobs: Knobs) -> list[dict]:
        """One network a seed, taught by the sets and by three that were taught by the sets alone."""
        each = [knobs] * len(self.seeds)
        teachers = self.train("teacher", [self.start.net(seed) for seed in self.seeds], each, self.seeds)
        soft = network.soft_of([network.give(self.start, net, self.samples.ids) for net in teachers])
        trust = np.where(self.source == "meld", 0, TRUST).astype(np.float32)
        # From one start, so that the mean of their weights is a network too.
        nets = [self.start.net(0)] * len(self.seeds)
        nets = self.train("student", nets, each, [seed + 100 for seed in self.seeds], soft=soft, trust=trust)
        self.chosen |= {
            "knobs": asdict(knobs),
            "teachers": [self.score(net) for net in teachers],
            "students": [self.score(net) for net in nets],
        }
        return nets

    def ship(self, nets: list[dict], shipped: Path) -> dict:
        """Writes what ships, and measures each network as it would ship."""
        mean = network.mean_weights(nets)
        self.chosen["mean"] = self.score(mean)
        scores = [score["score"] for score in self.chosen["students"]]
        net = mean if self.chosen["mean"]["score"] >= np.mean(scores) else nets[int(np.argmax(scores))]
        report = {"training_sentences": int((self.samples.share > 0).sum()), "validation": self.chosen, "seeds": []}
        with tempfile.TemporaryDirectory() as folder:
            for one in nets:
                self.export(one, Path(folder) / "one.onnx")
                report["seeds"].append(evaluate(self.reader(Path(folder) / "one.onnx"), self.sets, False))
        report |= self.export(net, shipped)
        return report

    def reader(self, path: Path) -> files.Reader:
        return files.Reader(path, self.tokenizer, self.options.threads)

    def export(self, net: dict, path: Path) -> dict:
        """Calibrates a network by what its 8-bit form gives on validation parts, and writes it."""
        rated, labelled, lines = (self.sets[name] for name in ("emobank", "goemotions", "xed"))
        rated_valid, valid = rows_of(rated, "valid"), rows_of(labelled, "valid")
        lines_valid = [i for i in rows_of(lines, "valid") if not np.isnan(lines.target[i, 0])]
        with tempfile.TemporaryDirectory() as folder:
            raw = Path(folder) / "raw.onnx"
            files.export_raw(net, self.start.words, raw)
            reader = self.reader(raw)
            out_rated = reader.raw([rated.text[i] for i in rated_valid], "emobank valid")
            out = reader.raw([labelled.text[i] for i in valid], "goemotions valid")
            out_lines = reader.raw([lines.text[i] for i in lines_valid], "xed valid")
        slope = measure.circumplex_slope(rated.rating[rows_of(rated, "train")], data.centroids(MODELS))
        calibration = measure.calibrated(
            (out_rated, rated.rating[rated_valid]),
            (out, labelled.labels[valid]),
            (out_lines, lines.labels[lines_valid]),
            slope,
        )
        files.export(net, self.start.words, calibration, path)

        full = network.give(self.start, net, self.tokens([labelled.text[i] for i in valid]))
        apart = np.abs(out["target"] - full["target"])
        means = measure.label_means(out["rating"] * network.SPREAD + network.MIDDLE, labelled, valid)
        return {
            "calibration": asdict(calibration),
            "labels_land_at": dict(zip(data.LABELS, (means - calibration.rest) * slope)),
            "logits_8_bit_apart": {
                "mean": apart.mean(),
                "99th percentile": np.percentile(apart, 99),
                "most": apart.max(),
            },
            "same_label_in_8_bit": (out["target"].argmax(1) == full["target"].argmax(1)).mean(),
        }

    def meld(self, nets: list[dict]) -> dict:
        """The same networks, trained on MELD after all else. For measuring: MELD's labels are GPL-3.0."""
        share = np.array([MELD_SHARES[name] for name in self.source])
        more = {"samples": replace(self.samples, share=share), "epochs": MELD_EPOCHS}
        all_tried = [Knobs(rate, KNOBS.rating) for rate in MELD_RATES]
        tried = self.train("meld-try", [nets[0]] * len(all_tried), all_tried, [0] * len(all_tried), **more)
        texts, rows, ids = self.part("meld", "valid")
        valid = lambda net: measure.of_labels(network.give(self.start, net, ids)["target"], texts, rows)["weighted_f1"]
        scores = [valid(net) for net in tried]
        knobs = all_tried[int(np.argmax(scores))]
        nets = self.train("meld", nets, [knobs] * len(nets), self.seeds, **more)
        report = {"tried": [asdict(k) | {"weighted_f1": s} for k, s in zip(all_tried, scores)], "seeds": []}
        dev = rows_of(texts, "dev")
        with tempfile.TemporaryDirectory() as folder:
            for net in nets:
                files.export_raw(net, self.start.words, Path(folder) / "one.onnx")
                out = self.reader(Path(folder) / "one.onnx").raw([texts.text[i] for i in dev], "meld dev")
                report["seeds"].append(measure.of_labels(out["target"], texts, dev))
        return report


def evaluate(reader: files.Reader, sets, heard: bool) -> dict:
    """The dev parts as they are, and again as a recogniser without punctuation writes them."""
    report = {}
    slope = measure.circumplex_slope(
        sets["emobank"].rating[rows_of(sets["emobank"], "train")], data.centroids(MODELS)
    )
    for name in MEASURED:
        texts = sets[name]
        rows = rows_of(texts, "dev")
        plain = [texts.text[i] for i in rows]
        report |= figures_of(name, texts, rows, reader(plain, f"{name} dev"), slope)
        if heard:
            out = reader([data.as_heard(text) for text in plain], f"{name} dev, as heard")
            report |= {f"{key}_heard": value for key, value in figures_of(name, texts, rows, out, slope).items()}
    return report


def figures_of(name, texts, rows, out, slope) -> dict:
    if name == "emobank":
        return {name: measure.of_affect(out, (texts.rating[rows] - network.MIDDLE) * slope)}
    if name == "vader":
        return {name: {"valence_r": measure.pearson(out["affect"][:, 0], texts.opinion[rows])}}
    figures = {name: measure.of_labels(out["logits"], texts, rows)}
    return figures | {f"{name}_several": measure.of_several(out, texts.labels[rows])}


def table(report: dict) -> str:
    """The figures as a table, in the form of the card."""
    seeds = report.get("seeds", [])
    spread = lambda each: f"{np.mean(each):.3f} ± {np.std(each, ddof=1):.3f}" if len(each) > 1 else "–"
    lines = ["| dev part | figure | three seeds | shipped | without punctuation |", "|---|---|---|---|---|"]
    for name, figures in report["shipped"].items():
        if name.endswith("_heard"):
            continue
        for figure, value in figures.items():
            heard = report["shipped"][f"{name}_heard"][figure]
            each = spread([seed[name][figure] for seed in seeds])
            lines.append(f"| {name} | {figure} | {each} | {value:.3f} | {heard:.3f} |")
    variant = report.get("meld_variant", {}).get("seeds", [])
    for figure in variant[0] if variant else ():
        lines.append(f"| meld, trained on it | {figure} | {spread([seed[figure] for seed in variant])} | – | – |")
    return "\n".join(lines)


def rounded(value):
    """Numbers to four digits, arrays as lists."""
    match value:
        case dict():
            return {key: rounded(inner) for key, inner in value.items()}
        case list() | tuple():
            return [rounded(inner) for inner in value]
        case np.ndarray():
            return rounded(value.tolist())
        case float() | np.floating():
            return float(f"{float(value):.4g}")
        case _:
            return value


def say(reader: files.Reader, sentence: str):
    out = {name: value[0] for name, value in reader([sentence]).items()}
    probabilities = measure.softmax(out["logits"][None])[0]
    several = zip(out["labels"], out["labels_doubt"], out["labels_threshold"])
    for label, probability, (alone, doubt, threshold) in zip(data.LABELS, probabilities, several):
        said = "said" if alone > threshold else "not said"
        print(f"{label:10} {probability:.2f}   by itself {alone:.2f}: {said}, wrong with {doubt:.2f}")
    for name, value, sd, band in zip(("valence", "arousal"), out["affect"], out["affect_sd"], out["affect_band"]):
        print(f"{name:10} {value:+.2f} ± {sd:.2f}, nine of ten within {band:.2f}")


if __name__ == "__main__":
    main()
