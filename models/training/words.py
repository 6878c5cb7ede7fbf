"""Trains and measures the words head: what a sentence says of the speaker's affect.

    python models/training/words.py --data DIR --models models/fetched --out models             trains, then measures
    python models/training/words.py --data DIR --models models/fetched --out models --evaluate  measures what is there
    python models/training/words.py --models models/fetched --out models --say "What a day!"    reads one sentence
"""

import argparse
import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

import words_data as data
import words_measure as measure
import words_net as network
from words_encode import Encoder

SEEDS = (0, 1, 2)
EPOCHS = 14
HEARD_EVERY = 4  # every fourth training sentence is learned a second time without punctuation
TRAINED_ON = ("emobank", "goemotions", "xed", "vader")
UNCALIBRATED = network.Calibration(temperature=1, doubt=np.ones(2), rest=np.full(2, 3.0), slope=np.ones(2))
HERE = Path(__file__).parent


def main():
    options = parse()
    encoder = Encoder(options.models, HERE / "cache", options.threads)
    head = options.out / "words_head.onnx"
    if options.say:
        return say(encoder, head, options.say)

    sets = data.load(options.data)
    report = {}
    if not options.evaluate:
        model, report = train(sets, encoder, data.centroids(options.out))
        onnx.save(model, head)
    report["shipped"] = evaluate(sets, encoder, head)
    print(table(report))
    if not options.evaluate:
        text = json.dumps(rounded(report), indent=1) + "\n"
        (HERE / "reports" / "words.json").write_text(text)


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder with text/")
    parser.add_argument("--models", type=Path, required=True, help="folder with sentence_encoder.onnx")
    parser.add_argument("--out", type=Path, required=True, help="folder of words_head.onnx and centroids.toml")
    parser.add_argument("--threads", type=int, default=2, help="for encoding")
    parser.add_argument("--evaluate", action="store_true", help="only measure the head that is there")
    parser.add_argument("--say", metavar="SENTENCE", help="only read this sentence")
    options = parser.parse_args()
    if not options.say and not options.data:
        parser.error("--data is needed to train and to measure")
    return options


def rows_of(texts: data.Texts, part: str) -> np.ndarray:
    return np.flatnonzero(texts.part == part)


def embeddings(encoder: Encoder, texts: data.Texts, part: str) -> np.ndarray:
    return encoder.encode_all(f"{texts.name}-{part}", [texts.text[i] for i in rows_of(texts, part)])


def embeddings_as_heard(encoder: Encoder, texts: data.Texts, part: str, every: int) -> np.ndarray:
    heard = [data.as_heard(texts.text[i]) for i in rows_of(texts, part)[::every]]
    return encoder.encode_all(f"{texts.name}-{part}-heard", heard)


def gather(sets: dict[str, data.Texts], encoder: Encoder) -> network.Samples:
    """The training parts of all sets, and their copies without punctuation."""
    columns = {name: [] for name in network.Samples.__dataclass_fields__}
    for name in TRAINED_ON:
        texts = sets[name]
        plain = rows_of(texts, "train")
        rows = np.concatenate([plain, plain[::HEARD_EVERY]])
        columns["features"] += [
            embeddings(encoder, texts, "train"),
            embeddings_as_heard(encoder, texts, "train", HEARD_EVERY),
        ]
        columns["target"].append(texts.target[rows])
        columns["has_neutral"].append(np.full(len(rows), name != "xed"))
        columns["rating"].append(texts.rating[rows])
        columns["opinion"].append(texts.opinion[rows])
        for own in ("goemotions", "xed"):
            unknown = np.full((len(rows), network.SPREAD[own]), np.nan, np.float32)
            columns[own].append(texts.fine[rows] if own == name else unknown)
    return network.Samples(**{name: np.concatenate(parts) for name, parts in columns.items()})


def train(sets, encoder, centroids) -> tuple[onnx.ModelProto, dict]:
    """Trains one network a seed; what is shipped is their mean."""
    samples = gather(sets, encoder)
    scale = network.scale_of(samples.features)
    labelled, rated = sets["goemotions"], sets["emobank"]
    valid, rated_valid = rows_of(labelled, "valid"), rows_of(rated, "valid")
    features, rated_features = embeddings(encoder, labelled, "valid"), embeddings(encoder, rated, "valid")

    def finish(net):
        out, out_rated = network.give(net, scale, features), network.give(net, scale, rated_features)
        # The middle of the raters' scale is the origin: it meant "neither" to them.
        rest = np.full(2, network.MIDDLE)
        slope = measure.circumplex_slope(rated.rating[rows_of(rated, "train")], centroids)
        means = measure.label_means(out["rating"] + network.MIDDLE, labelled, valid)
        calibration = network.Calibration(
            temperature=measure.best_temperature(out["target"], labelled.target[valid]),
            doubt=measure.doubt_factor(out_rated, rated.rating[rated_valid]),
            rest=rest,
            slope=slope,
        )
        return calibration, (means - rest) * slope

    nets, seeds = [], []
    for seed in SEEDS:
        net = network.train(samples, scale, seed, EPOCHS)
        nets.append(net)
        seeds.append(measure_net(net, scale, finish(net)[0], sets, encoder))

    net = network.mean_of(nets)
    calibration, landed = finish(net)
    report = {
        "encoder_sha256": encoder.sha256,
        "training_sentences": len(samples.target),
        "circumplex": {
            "rest": calibration.rest,
            "slope": calibration.slope,
            "labels_land_at": dict(zip(data.LABELS, landed)),
        },
        "temperature": calibration.temperature,
        "before_calibration": measure_net(net, scale, UNCALIBRATED, sets, encoder),
        "seeds": seeds,
    }
    return network.export(net, scale, calibration), report


def measure_net(net, scale, calibration, sets, encoder) -> dict:
    """The dev parts, by a network that isn't exported."""
    figures = {}
    for name in ("emobank", "goemotions", "vader", "meld"):
        out = network.give(net, scale, embeddings(encoder, sets[name], "dev"))
        affect = (out["rating"] + network.MIDDLE - calibration.rest) * calibration.slope
        doubt = np.exp(out["doubt"]) * calibration.doubt * calibration.slope
        figures[name] = figures_of(sets[name], out["target"] / calibration.temperature, affect, doubt, calibration)
    return figures


def evaluate(sets, encoder, head: Path) -> dict:
    """The dev parts as they are, and again as a recogniser without punctuation writes them, by the exported head."""
    session = onnxruntime.InferenceSession(str(head), providers=["CPUExecutionProvider"])
    stated = session.get_modelmeta().custom_metadata_map
    rest, slope = (np.array(json.loads(stated[name])) for name in ("rest", "slope"))
    calibration = network.Calibration(1, np.ones(2), rest, slope)
    report = {}
    for name in ("emobank", "goemotions", "vader", "meld"):
        texts = sets[name]
        report[name] = figures_of(texts, *read_all(session, embeddings(encoder, texts, "dev")), calibration)
        heard = embeddings_as_heard(encoder, texts, "dev", 1)
        report[f"{name}_heard"] = figures_of(texts, *read_all(session, heard), calibration)
    return report


def read_all(session, features):
    outputs = [session.run(None, {"features": np.asarray(row, np.float32)[None]}) for row in features]
    return tuple(np.concatenate(column) for column in zip(*outputs))


def figures_of(texts, logits, affect, doubt, calibration) -> dict[str, float]:
    rows = rows_of(texts, "dev")
    if texts.name == "emobank":
        truth = (texts.rating[rows] - calibration.rest) * calibration.slope
        return measure.of_affect(affect, doubt, truth)
    if texts.name == "vader":
        return {"valence_r": measure.pearson(affect[:, 0], texts.opinion[rows])}
    return measure.of_labels(logits, texts, rows)


def table(report: dict) -> str:
    """The figures as a table, in the form of the card."""
    seeds = report.get("seeds", [])
    lines = ["| dev part | figure | three seeds | shipped | without punctuation |", "|---|---|---|---|---|"]
    for name in ("emobank", "goemotions", "vader", "meld"):
        for figure, value in report["shipped"][name].items():
            each = [seed[name][figure] for seed in seeds]
            spread = f"{np.mean(each):.3f} ± {np.std(each, ddof=1):.3f}" if each else "–"
            heard = report["shipped"][f"{name}_heard"][figure]
            lines.append(f"| {name} | {figure} | {spread} | {value:.3f} | {heard:.3f} |")
    if seeds:
        before = report["before_calibration"]
        lines += [
            "",
            f"ece before calibration: {before['goemotions']['ece']:.3f}, meld {before['meld']['ece']:.3f}",
            f"temperature: {report['temperature']:.2f}",
            f"circumplex = (rating - {report['circumplex']['rest']}) * {report['circumplex']['slope']}, so that",
            *(f"  {label:10} lands at {at.round(2)}" for label, at in report["circumplex"]["labels_land_at"].items()),
        ]
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
        case float():
            return round(value, 4)
        case _:
            return value


def say(encoder: Encoder, head: Path, sentence: str):
    session = onnxruntime.InferenceSession(str(head), providers=["CPUExecutionProvider"])
    logits, affect, doubt = read_all(session, encoder.encode([sentence]))
    for label, probability in zip(data.LABELS, measure.softmax(logits)[0]):
        print(f"{label:10} {probability:.2f}")
    for name, value, sd in zip(("valence", "arousal"), affect[0], doubt[0]):
        print(f"{name:10} {value:+.2f} ± {sd:.2f}")


if __name__ == "__main__":
    main()
