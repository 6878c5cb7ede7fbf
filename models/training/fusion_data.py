"""What fusions are trained and tested on: what the program hands to fusion on the clips of Java-SED, clean and spoilt on
purpose, read by heads that met neither the clip's speaker nor the one who is tested.

`circumplex features` writes features, reliabilities and times of each reading, of each clip as it is and with each
trouble. The readings themselves are made anew from the features: for a tested speaker s, those of a speaker t come from
heads trained without s and t. What is known of a person is carried through a speaker's clips in random orders, or begins
afresh with each clip.
"""

import hashlib
import subprocess
import tempfile
from copy import deepcopy
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
from tqdm import tqdm

import corpora
import face
import voice
from heads import LABELS, PRIOR_SECS, ROOT, WAYS, Known, log_softmax
from keep import kept

# What heads are made by.
FILES = ("voice_head.py", "heads.py", "corpora.py", "face.py", "voice.py")
# The networks that turn speech to text begin so.
SPEECH = "whisper"
CLEAN = "clean"
TROUBLES = {"dark": "face", "blur": "face", "cover": "face", "freeze": "face",
            "mute": "voice", "noise": "voice", "babble": "voice", "other-voice": "voice"}
KINDS = [CLEAN, *TROUBLES]
MODALITIES = ["face", "voice", "words"]
# Readings of a face that are further apart have had no face between them.
LOST_SECS = 0.12
# Every second tick of the program: a row of its tables.
STEP = 2
TICK_SECS = 0.1
RELIABILITIES = 11
# As the program gives them to a fusion network.
LEAST_PROBABILITY = 1e-6
# Columns of what a modality gives at a tick.
PRESENT, AGE, KNOWN, QUALITY = range(4)
READING = slice(4, 11)
RELIABILITY = slice(11, 11 + RELIABILITIES)
WIDTH = 11 + RELIABILITIES
# What moves without being an expression, by its place in the face's embedding: the head's angles, blinks, gaze.
MOVING = [52, 53, 54, *range(9, 19)]
MOVEMENT, FUNCTIONALS = 2 * len(MOVING), 88
# Numbers that a person could read as well: of movement, then the voice's functionals.
READABLE = MOVEMENT + FUNCTIONALS


@dataclass
class Stream:
    """One modality of one recording: its readings, and which of them stands at each tick (-1: none)."""

    index: np.ndarray
    starts: np.ndarray
    ends: np.ndarray
    x: np.ndarray
    fresh: np.ndarray
    quality: np.ndarray
    reliability: np.ndarray


@dataclass
class Recording:
    name: str
    speaker: int
    label: int
    kind: str
    times: np.ndarray
    trouble: np.ndarray
    streams: dict

    def __post_init__(self):
        self.readable = readable(self)
        self.spoilt = np.stack([spoilt(self, place) for place in range(3)], 1)


def arrays(data, cache, program):
    """Has the program write the arrays of all clips and kinds, the face's and the voice's apart; leaves those that are
    there. A modality that a trouble doesn't touch is as in the clean arrays, so it isn't computed again."""
    out = corpora.of_network(cache, "fusion-ticks")
    files = sorted((data.resolve() / "java-sed/video").glob("*.mp4"))
    speakers = {}
    for file in files:
        speakers.setdefault(corpora.java_fields(file)[1], []).append(file)
    runs = [("face", ["moonshine"]), ("voice", ["face_landmarks"])]
    with tempfile.TemporaryDirectory() as place:
        bar = tqdm(total=len(speakers) * len(runs), desc="speakers through the program")
        for (part, away), (speaker, theirs) in product(runs, speakers.items()):
            kinds = [kind for kind, spoilt in TROUBLES.items() if spoilt == part]
            models = Path(place) / part
            if not models.exists():
                # The clips are in a language that the words network doesn't read.
                some_models(models, [SPEECH, *away])
            wanted = [out / part / str(speaker) / f"{file.stem}{'' if kind == CLEAN else '.' + kind}.npz" for file in theirs for kind in [CLEAN, *kinds]]
            if not all(path.exists() for path in wanted):
                command = [program, "features", *theirs, "--out", out / part / str(speaker), "--resume", "--seed", str(speaker), "--models", models,
                           "--corrupt", ",".join(kinds)]
                if part == "voice":
                    command += ["--voices", *[file for file in files if corpora.java_fields(file)[1] != speaker][::7]]
                subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                (out / f"{part}.made_by").write_text(made_by())
            bar.update()
        bar.close()
    for part, _ in runs:
        if not (out / f"{part}.made_by").exists() or (out / f"{part}.made_by").read_text() != made_by():
            print(f"the arrays of the {part} are of another state of the program; remove {out / part} to have them made again", flush=True)
    return out


def made_by():
    """The hash of what the arrays depend on in the program."""
    code = sorted(path for part in ("capture/sabotage", "capture/media", "condition", "encode") for path in (ROOT / "src" / part).rglob("*.rs"))
    code.append(ROOT / "src/pipeline/gather.rs")
    return hashlib.sha256(b"".join(path.read_bytes() for path in code)).hexdigest()


def networks():
    """The networks that are read, besides the heads, which are trained anew."""
    return b"".join((ROOT / f"models/{name}.onnx").read_bytes() for name in ("expression", "words"))


def some_models(folder, away):
    """A folder of the program's models without those whose names begin so: what needs them is off."""
    folder.mkdir()
    tables = (ROOT / "models/manifest.toml").read_text().split("\n\n")
    begins = tuple(f"[{model}" for model in away)
    (folder / "manifest.toml").write_text("\n\n".join(table for table in tables if not table.startswith(begins)))
    for path in (ROOT / "models").iterdir():
        if path.name == "fetched" or path.suffix == ".onnx":
            (folder / path.name).symlink_to(path)


def recordings(data, cache, program):
    """All clips of each kind: {(name, kind): Recording}."""
    out, found = arrays(data, cache, program), {}
    for file in sorted((data / "java-sed/video").glob("*.mp4")):
        label, speaker = corpora.java_fields(file)
        for kind in KINDS:
            ending = lambda modality: f".{kind}" if TROUBLES.get(kind) == modality else ""
            parts = {modality: np.load(out / modality / str(speaker) / f"{file.stem}{ending(modality)}.npz")
                     for modality in MODALITIES[:2]}
            spoilt = parts[TROUBLES.get(kind, "face")]
            # A tick more or less at the end is no matter.
            ticks = min(len(part["time_s"]) for part in parts.values())
            streams = {modality: stream(part, modality, ticks) for modality, part in parts.items()}
            found[file.stem, kind] = Recording(file.stem, speaker, LABELS.index(label), kind, spoilt["time_s"][:ticks:STEP],
                                               spoilt["trouble"][:ticks:STEP].astype(bool), streams)
    return found


def stream(npz, modality, ticks):
    spans, known = npz[f"{modality}_span_s"], npz[f"{modality}_known_s"].astype(float)
    # How much of the person a reading brought is what the next one knows more; of the last, as the one before.
    fresh = np.diff(known, append=known[-1:] + np.diff(known[-2:]).sum()).clip(0)
    starts, ends = spans.reshape(-1, 2).T
    return Stream(npz[f"{modality}_index"][:ticks:STEP], starts, ends,
                  npz[f"{modality}_embedding"], fresh, npz[f"{modality}_quality"], npz[f"{modality}_reliability"])


class Heads:
    """Heads of face and voice without some speakers, trained once and kept."""

    def __init__(self, data, cache, seed=0):
        self.folder, self.seed, self.data, self.cache = cache / "fusion-heads", seed, data, cache
        self.sets = None

    def without(self, speakers):
        network = (ROOT / "models/expression.onnx").read_bytes()
        return kept(self.folder, f"{sorted(speakers)} {self.seed}", FILES, lambda: self.fit(set(speakers)), network)

    def fit(self, speakers):
        if self.sets is None:
            self.sets = (corpora.java_video(self.data, self.cache, "face"), corpora.Stills(self.data, self.cache),
                         [corpora.ravdess_voice(self.data, self.cache), corpora.java_voice(self.data, self.cache)])
        faces, stills, voices = self.sets
        return {"face": face.fit(faces, stills, speakers, self.seed), "voice": voice.fit(voices, speakers, self.seed)}


def read(heads, recording, known):
    """What fusion is given of a recording [T, 3, WIDTH], with what is known of the person before it; None: nothing ever is."""
    rows = np.zeros((len(recording.times), 3, WIDTH), np.float32)
    for place, modality in enumerate(MODALITIES[:2]):
        stream = recording.streams[modality]
        if not len(stream.x):
            continue
        sums, secs = np.zeros(stream.x.shape), np.zeros(len(stream.x))
        if known is not None:
            sums, secs = Known.pass_through(deepcopy(known[modality]), stream)
        readings = np.maximum(log_softmax(heads[modality].logits(stream.x, sums, secs)), np.log(LEAST_PROBABILITY))
        stands = stream.index >= 0
        at = stream.index[stands]
        rows[stands, place, PRESENT] = 1
        rows[stands, place, AGE] = recording.times[stands] - stream.ends[at]
        rows[stands, place, KNOWN] = secs[at] / (PRIOR_SECS + secs[at])
        rows[stands, place, QUALITY] = stream.quality[at]
        rows[stands, place, READING] = readings[at]
        wide = stream.reliability.shape[1]
        rows[stands, place, RELIABILITY.start:RELIABILITY.start + wide] = stream.reliability[at]
    return rows


def readable(recording):
    """How head, eyes and lids move (means, standard deviations) and the voice's functionals, at each tick [T, READABLE]."""
    rows = np.zeros((len(recording.times), READABLE), np.float32)
    face, voice = (recording.streams[modality] for modality in MODALITIES[:2])
    stands = face.index >= 0
    rows[stands, :MOVEMENT] = face.x[face.index[stands]][:, MOVING + [corpora.MOVING + at for at in MOVING]]
    stands = voice.index >= 0
    rows[stands, MOVEMENT:] = voice.x[voice.index[stands]][:, -FUNCTIONALS:]
    return rows


def spoilt(recording, place):
    """How much of what a modality's reading rests on is spoilt, at each tick [T], 0…1."""
    stream, share = recording.streams.get(MODALITIES[place]), np.zeros(len(recording.times), np.float32)
    trouble = recording.trouble[:, place]
    if stream is None or not len(stream.ends) or not trouble.any():
        return share
    if place == 0:
        of_reading = spoilt_faces(stream.ends, trouble[at_ticks(recording.times, stream.ends)])
    else:
        within = [(recording.times >= first) & (recording.times <= last) for first, last in zip(stream.starts.clip(0), stream.ends)]
        of_reading = np.array([trouble[ticks].mean() if ticks.any() else 0.0 for ticks in within])
    stands = stream.index >= 0
    share[stands] = of_reading[stream.index[stands]]
    return share


def spoilt_faces(ends, trouble):
    """Of each reading of a face the share of spoilt frames in its window, which begins anew where no face was found; there is
    a reading of every frame with a face."""
    begun = np.flatnonzero(np.diff(ends, prepend=-np.inf) > LOST_SECS)
    since = ends[begun[np.searchsorted(begun, np.arange(len(ends)), side="right") - 1]]
    first = np.searchsorted(ends, np.maximum(ends - corpora.FACE_WINDOW_SECS, since) - 1e-6)
    sums = np.concatenate([[0], np.cumsum(trouble)])
    places = np.arange(len(ends))
    return (sums[places + 1] - sums[first]) / (places + 1 - first)


def at_ticks(times, when):
    """The tick that each time belongs to."""
    return np.searchsorted(times, when).clip(0, len(times) - 1)


def nobody(recording):
    return {modality: Known(recording.streams[modality].x.shape[1]) for modality in MODALITIES[:2]}


def pass_through(heads, found, names, order, way):
    """{(name, kind): rows} of a speaker's clips, each kind read with what is known from the clean clips before it."""
    rows = {}
    known = None
    for at in order:
        clean = found[names[at], CLEAN]
        if way == "afresh" or (way == "carried" and known is None):
            known = nobody(clean)
        for kind in KINDS:
            rows[names[at], kind] = read(heads, found[names[at], kind], known)
        for modality in MODALITIES[:2] if way == "carried" else []:
            if len(clean.streams[modality].x):
                known[modality].pass_through(clean.streams[modality])
    return rows


def readings(found, heads, tested, orders):
    """[(way, order, {(name, kind): rows})] of all speakers, by heads without `tested` (a speaker or None) and without
    the clip's own."""
    names = {}
    for name, kind in found:
        if kind == CLEAN:
            names.setdefault(found[name, kind].speaker, []).append(name)
    gathered = []
    for way in WAYS:
        for order in range(orders if way == "carried" else 1):
            rows = {}
            for speaker, theirs in names.items():
                own = heads.without({speaker} | ({tested} if tested is not None else set()))
                places = np.random.default_rng(1000 * order + speaker).permutation(len(theirs))
                rows |= pass_through(own, found, theirs, places, way)
            gathered.append((way, order, rows))
    return gathered
