"""The BIDS data set, by bids_validator and pandas, and EmotionML, by the rules of its recommendation."""

import gzip
import json
import math
import re
import subprocess
import sys
import xml.etree.ElementTree as tree
from pathlib import Path

import numpy as np
import pandas as pd
from bids_validator import BIDSValidator

from session import LABELS

RATE = 10
BIG6 = {"anger", "disgust", "fear", "happiness", "sadness", "surprise"}
FSRE = {"valence", "potency", "arousal", "unpredictability"}
OURS = "{urn:circumplex:session}"
EMOTIONML = "{http://www.w3.org/2009/10/emotionml}"
THROUGH = {"gaze", "face", "head", "torso", "gesture", "leg", "voice", "text", "locomotion", "posture", "physiology"}


def check_bids(session, out, deviations):
    root = out / "bids"
    paths = sorted(path for path in root.rglob("*") if path.is_file())
    validator = BIDSValidator()
    for path in paths:
        name = "/" + path.relative_to(root).as_posix()
        deviations.unless(validator.is_bids(name), "bids", f"{name} is no name of BIDS")
    about = json.loads((root / "dataset_description.json").read_text())
    for key in ["Name", "BIDSVersion"]:
        deviations.unless(key in about, "bids", f"dataset_description.json has no {key}")
    people = pd.read_csv(root / "participants.tsv", sep="\t")
    deviations.unless(people.columns[0] == "participant_id", "bids", "participants.tsv begins with another column")
    for name in people["participant_id"]:
        deviations.unless((root / name).is_dir(), "bids", f"there is no {name}")
    validate(root, deviations)
    (events,) = root.rglob("*_events.tsv")
    check_events(session, events, deviations)
    (physio,) = root.rglob("*_physio.tsv.gz")
    rows = check_physio(session, physio, deviations)
    print(f"   bids: {len(paths)} files, {rows} rows at {RATE} Hz")


def validate(root, deviations):
    """The validator that looks into the files as well: its errors are deviations, its advice isn't."""
    command = [Path(sys.executable).with_name("bids-validator-deno"), "--json", root]
    said = subprocess.run(command, capture_output=True, text=True).stdout
    try:
        issues = json.loads(said)["issues"]["issues"]
    except (ValueError, KeyError):
        deviations.unless(False, "bids", f"the validator said {said[:200]!r}")
        return
    for issue in issues:
        is_error = issue.get("severity", "error") == "error"
        deviations.unless(not is_error, "bids", f"{issue.get('code')} {issue.get('location')}: {issue.get('issueMessage')}")


def check_events(session, path, deviations):
    table = pd.read_csv(path, sep="\t", na_values=["n/a"], keep_default_na=False)
    deviations.unless(list(table.columns[:3]) == ["onset", "duration", "trial_type"], "bids", "events begin otherwise")
    sidecar = json.loads(path.with_suffix(".json").read_text())
    for column in table.columns:
        deviations.unless(column in sidecar, "bids", f"the sidecar says nothing of {column}")
    for marker in session.markers.values():
        near = table[np.abs(table["onset"] - session.secs(marker["start"])) < 1e-6]
        same = near[near["name"] == (marker["name"] or float("nan"))]
        deviations.same(len(same) or len(near), len(same), "bids", f"marker {marker['name']}")
        for length in same["duration"]:
            deviations.same(length, (marker["end"] - marker["start"]) / 1e9, "bids", "duration", 1e-6)


def check_physio(session, path, deviations):
    sidecar = json.loads(path.with_name(path.name.replace(".tsv.gz", ".json")).read_text())
    for key in ["SamplingFrequency", "StartTime", "Columns"]:
        deviations.unless(key in sidecar, "bids", f"the sidecar has no {key}")
    columns = sidecar["Columns"]
    for column in columns:
        told = {"Description", "Units"} <= sidecar.get(column, {}).keys()
        deviations.unless(told, "bids", f"the sidecar doesn't say what {column} is")
    deviations.same(sidecar["SamplingFrequency"], RATE, "bids", "rate")
    with gzip.open(path, "rt") as file:
        first = file.readline().rstrip("\n").split("\t")
    deviations.same(len(first), len(columns), "bids", "columns")
    deviations.unless("valence" not in first, "bids", "there is a header")
    table = pd.read_csv(path, sep="\t", names=columns, na_values=["n/a"], keep_default_na=False)
    grid, own = session.grid(RATE), session.columns("affect")
    deviations.same(len(table), len(grid), "bids", "rows")
    for row, nanos in zip(table.to_dict("records"), grid):
        answer = session.answer_at(nanos)
        for column in columns[:-1]:
            wanted = answer[own.index(column)] if answer else float("nan")
            deviations.same(row[column], wanted, "bids", f"{column} at {session.secs(nanos)}", 1e-7)
        deviations.same(row["excluded"], session.excluded(nanos), "bids", "excluded")
    return len(table)


def check_emotionml(session, out, deviations):
    (path,) = out.glob("*.emotionml")
    root = tree.parse(path).getroot()
    rule = lambda holds, what: deviations.unless(holds, "emotionml", what)
    rule(root.tag == f"{EMOTIONML}emotionml" and root.get("version") == "1.0", "another root")
    rule(root.get("category-set", "").endswith("#big6"), "another category set")
    rule(root.get("dimension-set", "").endswith("#fsre-dimensions"), "another dimension set")
    allowed = {f"{EMOTIONML}{name}" for name in ["emotion", "info", "vocabulary"]}
    rule(all(child.tag in allowed for child in root), "the root has other children")
    rule(len(root.findall(f"{EMOTIONML}info")) <= 1, "more than one info")
    millis = lambda nanos: (session.header["began_unix_nanos"] + nanos - session.began) // 1_000_000
    excluded = [(millis(one["start"]), millis(one["end"])) for one in session.markers.values() if one["kind"] == "exclude"]
    told = [(int(one.get("start")), int(one.get("end"))) for one in root.findall(f"{EMOTIONML}info/{OURS}excluded")]
    rule(sorted(told) == sorted(excluded), f"excluded {told}, not {excluded}")
    samples, categories, emotions = 0, 0, root.findall(f"{EMOTIONML}emotion")
    before = 0
    for emotion in emotions:
        samples += check_emotion(session, emotion, rule)
        categories += len(emotion.findall(f"{EMOTIONML}category"))
        rule(int(emotion.get("start")) >= before, "two stretches overlap")
        before = int(emotion.get("end"))
    known = sum(session.answer_at(nanos) is not None for nanos in session.grid(RATE))
    deviations.same(samples, known, "emotionml", "samples of valence")
    print(f"   emotionml: {len(emotions)} emotions, {categories} with a category, {samples} samples")


def check_emotion(session, emotion, rule):
    """The rules for one emotion; how many samples its valence has."""
    known = {"start", "end", "expressed-through", "version", "id", "duration"}
    rule(set(emotion.attrib) <= known, f"attributes {set(emotion.attrib) - known}")
    start, end = emotion.get("start"), emotion.get("end")
    rule(all(re.fullmatch(r"\d+", one or "") for one in (start, end)), f"times {start}, {end}")
    rule(int(end) >= int(start), "it ends before it starts")
    through = emotion.get("expressed-through", "").split()
    rule(set(through) <= THROUGH, f"expressed through {through}")
    allowed = {f"{EMOTIONML}{name}" for name in ["category", "dimension", "info", "reference"]}
    rule(all(child.tag in allowed for child in emotion), "an emotion has other children")
    rule(len(emotion.findall(f"{EMOTIONML}info")) <= 1, "more than one info in an emotion")
    for info in emotion.findall(f"{EMOTIONML}info"):
        rule(not any(child.tag.startswith(EMOTIONML) for child in info.iter() if child is not info), "info of its own names")
    described = [*emotion.findall(f"{EMOTIONML}category"), *emotion.findall(f"{EMOTIONML}dimension")]
    rule(described, "an emotion says nothing")
    names = [(one.tag, one.get("name")) for one in described]
    rule(len(names) == len(set(names)), "a name twice")
    is_share = lambda text: re.fullmatch(r"[01](\.\d+)?", text or "") and 0.0 <= float(text) <= 1.0
    for one in described:
        rule(one.get("confidence") is None or is_share(one.get("confidence")), f"confidence {one.get('confidence')}")
        rule(one.get("value") is None or one.find(f"{EMOTIONML}trace") is None, "a value and a trace")
    for one in emotion.findall(f"{EMOTIONML}category"):
        rule(one.get("name") in BIG6, f"category {one.get('name')}")
    count = 0
    for one in emotion.findall(f"{EMOTIONML}dimension"):
        rule(one.get("name") in FSRE, f"dimension {one.get('name')}")
        trace = one.find(f"{EMOTIONML}trace")
        rule(one.get("value") is not None or trace is not None, "a dimension without value and trace")
        rule(re.fullmatch(r"[0-9.]+\s*Hz", trace.get("freq")) is not None, f"frequency {trace.get('freq')}")
        values = trace.get("samples").split()
        rule(all(map(is_share, values)), "a sample out of 0..1")
        rule(int(end) - int(start) == 1000 * len(values) // RATE, "as many samples as it is long")
        if one.get("name") == "valence":
            count = len(values)
            is_excluded = emotion.find(f"{EMOTIONML}info/{OURS}excluded") is not None
            compare(session, int(start), values, is_excluded, rule)
    label = emotion.find(f"{EMOTIONML}category")
    if label is None:
        rule(emotion.find(f"{EMOTIONML}info") is not None, "neither a category nor why there is none")
    else:
        rule(label.get("name") in LABELS[1:], "a category that isn't a label")
    return count


def compare(session, start, values, is_excluded, rule):
    """The valence is the one that stood then, and counts or doesn't, as the markers say."""
    began = session.header["began_unix_nanos"]
    for at, value in enumerate(values):
        # Milliseconds are rounded down: the grid is that of the session.
        tenth = round((start * 1_000_000 - began) / 1e8) + at
        nanos = session.began + tenth * 100_000_000
        answer = session.answer_at(nanos)
        rule(session.excluded(nanos) == is_excluded, f"excluded: {is_excluded} at {session.secs(nanos)}")
        rule(answer is not None, "a sample where nothing was read")
        if answer is not None and not math.isnan(answer[0]):
            rule(abs(float(value) - (answer[0] + 1) / 2) < 6e-5, f"valence {value}, not {(answer[0] + 1) / 2}")
