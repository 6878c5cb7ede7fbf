"""The XDF file, by pyxdf as it comes."""

import math

import numpy as np
import pyxdf

from session import LABELS

MILLISECOND = 1e-3
REGULAR = 25


def check(session, out, deviations):
    (path,) = out.glob("*.xdf")
    read, header = pyxdf.load_xdf(path)
    deviations.unless(header["info"]["version"] == ["1.0"], "xdf", f"version {header['info']['version']}")
    deviations.unless(header["info"]["datetime"] == [session.header["began_utc"]], "xdf", "another time zero")
    named = {stream["info"]["name"][0]: stream for stream in read}
    worst = 0.0
    for name, stream in named.items():
        worst = max(worst, whole(name, stream, deviations))
    wanted = {"Affect": "Affect", "Emotions": "Affect", "Face": "FacialExpression", "Gaze": "Gaze", "Events": "Markers"}
    for name, kind in wanted.items():
        stream = named.get(f"Circumplex_{name}")
        deviations.unless(stream is not None, "xdf", f"no {name}")
        if stream is not None:
            deviations.unless(stream["info"]["type"] == [kind], "xdf", f"{name} is {stream['info']['type']}")
    off = [
        regular(session, named, deviations),
        single(session, named, deviations, "Face", "face", "start"),
        single(session, named, deviations, "Gaze", "face", "start"),
        single(session, named, deviations, "Voice", "voice", "end"),
        single(session, named, deviations, "Level", "level", "start"),
    ]
    values(session, named, deviations)
    texts(session, named, deviations)
    counts = ", ".join(f"{len(stream['time_stamps'])} {name.split('_')[1]}" for name, stream in named.items())
    print(f"   xdf: {counts}; stamps off by at most {max(off) * 1e3:.4f} ms; clock offsets {worst * 1e3:g} ms")


def whole(name, stream, deviations):
    """Footer, clock offsets and description; the largest clock offset."""
    info, footer = stream["info"], stream["footer"]["info"]
    times = stream["time_stamps"]
    deviations.same(footer["sample_count"][0], len(times), "xdf footer", f"{name} samples")
    deviations.same(footer["first_timestamp"][0], times[0], "xdf footer", f"{name} first", MILLISECOND)
    deviations.same(footer["last_timestamp"][0], times[-1], "xdf footer", f"{name} last", MILLISECOND)
    said = [float(one["time"][0]) for one in footer["clock_offsets"][0]["offset"]]
    deviations.unless(np.allclose(said, stream["clock_times"], atol=1e-9), "xdf clock offsets", f"{name}: the footer says others")
    steps = np.diff(stream["clock_times"])
    deviations.unless(len(steps) > 0 and steps.max() <= 6.0, "xdf clock offsets", f"{name}: {steps.max()} s between two")
    largest = max(map(abs, stream["clock_values"]))
    deviations.same(largest, 0.0, "xdf clock offsets", name)
    channels = info["desc"][0]["channels"][0]["channel"]
    deviations.same(len(channels), int(info["channel_count"][0]), "xdf channels", name)
    for channel in channels:
        told = all(channel[key][0] for key in ["label", "unit", "type"])
        deviations.unless(told, "xdf channels", f"{name}: {channel}")
    deviations.unless("synchronization" in info["desc"][0], "xdf", f"{name} has no synchronization")
    deviations.unless(np.all(np.diff(times) >= 0), "xdf", f"{name} goes back in time")
    return largest


def regular(session, named, deviations):
    """The even ones: each at its time, with the answer that stood then."""
    affect, emotions = named["Circumplex_Affect"], named["Circumplex_Emotions"]
    grid, columns = session.grid(REGULAR), session.columns("affect")
    off = 0.0
    for stream, names in [
        (affect, ["valence", "arousal", "valence_sd", "arousal_sd", "gate_face", "gate_voice", "gate_words"]),
        (emotions, [f"p_{label}" for label in LABELS]),
    ]:
        name = stream["info"]["name"][0]
        deviations.same(float(stream["info"]["nominal_srate"][0]), REGULAR, "xdf", f"{name} rate")
        deviations.same(len(stream["time_stamps"]), len(grid), "xdf", f"{name} samples")
        for time, row, nanos in zip(stream["time_stamps"], stream["time_series"], grid):
            off = max(off, abs(time - session.secs(nanos)))
            answer = session.answer_at(nanos)
            wanted = [answer[columns.index(one)] for one in names] if answer else [math.nan] * len(names)
            same = np.array_equal(row[: len(names)], np.array(wanted, np.float32), equal_nan=True)
            deviations.unless(same, "xdf", f"{name} at {time}: {row[:3]}, not {wanted[:3]}")
    deviations.unless(off < MILLISECOND, "xdf", f"the regular streams are off by {off} s")
    return off


def single(session, named, deviations, name, ours, end):
    items = session.numbers.named(ours)
    if not items:
        return 0.0
    stream = named.get(f"Circumplex_{name}")
    if stream is None:
        deviations.unless(False, "xdf", f"no {name}")
        return 0.0
    deviations.same(float(stream["info"]["nominal_srate"][0]), 0, "xdf", f"{name} rate")
    times = np.sort([session.secs(getattr(item, end)) for item in items])
    deviations.same(len(stream["time_stamps"]), len(times), "xdf", f"{name} samples")
    if len(stream["time_stamps"]) != len(times):
        return 0.0
    off = float(np.abs(stream["time_stamps"] - times).max())
    deviations.unless(off < MILLISECOND, "xdf", f"{name} is off by {off} s")
    return off


def values(session, named, deviations):
    """Channels by their labels are the numbers of the session."""
    for name, ours, more in [("Face", "face", {"confidence": "presence"}), ("Voice", "voice", {}), ("Level", "level", {})]:
        items = session.numbers.named(ours)
        stream = named.get(f"Circumplex_{name}")
        if stream is None or len(items) != len(stream["time_series"]):
            continue
        end = "end" if name == "Voice" else "start"
        items = sorted(items, key=lambda item: getattr(item, end))
        columns = session.columns(ours)
        labels = [one["label"][0] for one in stream["info"]["desc"][0]["channels"][0]["channel"]]
        for at, label in enumerate(labels):
            column = more.get(label, label)
            if column not in columns:
                deviations.unless(label in {"frame", "window"}, "xdf", f"{name} has {label}, and the session none")
                continue
            wanted = np.array([item.values[columns.index(column)] for item in items], np.float32)
            same = np.array_equal(stream["time_series"][:, at], wanted, equal_nan=True)
            deviations.unless(same, "xdf", f"{name}: {label} isn't {column}")
    gaze = named.get("Circumplex_Gaze")
    if gaze is not None:
        lengths = np.linalg.norm(gaze["time_series"][:, :3], axis=1)
        deviations.unless(np.nanmax(np.abs(lengths - 1)) < 1e-5, "xdf", "a direction isn't of length 1")


def texts(session, named, deviations):
    events = named["Circumplex_Events"]
    said = [(time, text[0]) for time, text in zip(events["time_stamps"], events["time_series"])]
    for marker in session.markers.values():
        near = [text for time, text in said if abs(time - session.secs(marker["start"])) < MILLISECOND]
        found = any(marker["name"] in text and marker["text"] in text for text in near)
        deviations.unless(found, "xdf", f"no event {marker['name']}: {near}")
    speech = named.get("Circumplex_Speech")
    items = session.words.named("transcript") if session.words else []
    deviations.same(len(speech["time_series"]) if speech else 0, len(items), "xdf", "utterances")
