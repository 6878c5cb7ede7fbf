"""The tables, by pandas."""

import math

import numpy as np
import pandas as pd

TIME = 1e-6
ANGLE = 1e-5


def check(session, out, deviations):
    counts = {}
    for file, name, time in [
        ("face.csv", "face", "timestamp"),
        ("affect.csv", "affect", "timestamp"),
        ("voice.csv", "voice", "start"),
        ("words.csv", "words", "start"),
        ("level.csv", "level", "timestamp"),
    ]:
        table, items = pd.read_csv(out / file), session.numbers.named(name)
        counts[name] = len(table)
        deviations.same(len(table), len(items), file, "rows")
        if len(table) != len(items):
            continue
        for found, item in zip(table[time], items):
            deviations.same(found, session.secs(item.start), file, time, TIME)
        for found, item in zip(table["excluded"], items):
            deviations.same(found, session.excluded(item.start), file, "excluded")
        inside = [found for found, item in zip(table[time], items) if session.is_forgotten(item.arrived)]
        deviations.unless(not inside, file, f"rows in what was forgotten: {inside[:3]}")
        columns = session.columns(name)
        plain = {column: column for column in columns if column in table.columns}
        if name == "face":
            plain = {column: f"face_{column}" for column in columns if f"face_{column}" in table.columns}
            plain |= {column: column for column in columns if column.startswith("bs_")}
            plain |= {"success": "success", "presence": "confidence"}
        deviations.same(len(plain), len(columns), file, "columns of the stream that are in the table")
        for column, theirs in plain.items():
            wanted = np.array([item.values[columns.index(column)] for item in items], dtype=np.float32)
            found = table[theirs].to_numpy(dtype=np.float32)
            same = np.array_equal(found, wanted, equal_nan=True)
            deviations.unless(same, file, f"{theirs} isn't {column}")
    told = set(map(tuple, pd.read_csv(out / "columns.csv")[["file", "column"]].to_numpy()))
    for file in sorted(out.glob("*.csv")):
        if file.name in {"columns.csv", "sound.csv", "video.csv"}:
            continue
        for column in pd.read_csv(file, nrows=0).columns:
            deviations.unless((file.name, column) in told, "columns.csv", f"nothing of {file.name}: {column}")
    face(session, out, deviations)
    events(session, out, deviations)
    said(session, out, deviations)
    print("   tables:", ", ".join(f"{count} rows of {name}" for name, count in counts.items()))


def rotation(pitch, yaw, roll):
    """Of the head, from where it looks and where its top is: in axes to the right of the picture, up, towards the camera."""
    pitch, yaw, roll = map(math.radians, (pitch, yaw, roll))
    ahead = np.array([math.cos(pitch) * math.sin(yaw), math.sin(pitch), math.cos(pitch) * math.cos(yaw)])
    # The top is across to it, and in the picture it leans by the roll.
    lean = np.array([math.sin(roll), math.cos(roll), 0.0])
    lean[2] = -(lean @ ahead) / ahead[2]
    top = lean / np.linalg.norm(lean)
    return np.column_stack([np.cross(top, ahead), top, ahead])


def face(session, out, deviations):
    table, items = pd.read_csv(out / "face.csv"), session.numbers.named("face")
    first = ["frame", "face_id", "timestamp", "confidence", "success"]
    first += ["gaze_angle_x", "gaze_angle_y", "pose_Rx", "pose_Ry", "pose_Rz"]
    deviations.unless(list(table.columns[:10]) == first, "face.csv", "its first columns aren't OpenFace's")
    columns, affect = session.columns("face"), session.columns("affect")
    place = {name: columns.index(name) for name in ["pitch", "yaw", "roll", "gaze_x", "gaze_y", "success"]}
    flip = np.diag([1.0, -1.0, -1.0])
    turned = 0
    for row, item in zip(table.to_dict("records"), items):
        values = {name: item.values[at] for name, at in place.items()}
        deviations.same(row["frame"], item.seq, "face.csv", "frame")
        theirs = [row["pose_Rx"], row["pose_Ry"], row["pose_Rz"]]
        if not values["success"] == 1.0:
            deviations.unless(all(map(math.isnan, theirs)), "face.csv", f"a pose without a face: {theirs}")
        else:
            turned += 1
            # OpenFace: R = Rx Ry Rz, in axes to the right, down, away from the camera.
            wanted = flip @ rotation(values["pitch"], values["yaw"], values["roll"]) @ flip
            (sx, cx), (sy, cy), (sz, cz) = [(math.sin(one), math.cos(one)) for one in theirs]
            x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
            y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
            z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
            off = np.abs(x @ y @ z - wanted).max()
            deviations.unless(off < ANGLE, "face.csv", f"pose off by {off}")
            left, up = math.sin(math.radians(values["gaze_x"])), math.sin(math.radians(values["gaze_y"]))
            eye = wanted @ np.array([left, -up, -math.sqrt(1 - left**2 - up**2)])
            deviations.same(row["gaze_angle_x"], math.atan2(eye[0], -eye[2]), "face.csv", "gaze x", ANGLE)
            deviations.same(row["gaze_angle_y"], math.atan2(eye[1], -eye[2]), "face.csv", "gaze y", ANGLE)
        answer = session.answer_at(item.start)
        for name in [one for one in table.columns if one.startswith("aff_")]:
            wanted = answer[affect.index(name[4:])] if answer else float("nan")
            deviations.same(row[name], wanted, "face.csv", name, 1e-7)
    print(f"   face: {turned} of {len(items)} pictures with a face")


def events(session, out, deviations):
    table = pd.read_csv(out / "events.csv", keep_default_na=False)
    others = [item for item, what in session.events if what["type"] != "marker"]
    deviations.same(len(table), len(others) + len(session.markers), "events.csv", "rows")
    for marker in session.markers.values():
        found = table[(table["type"] == marker["kind"]) & (table["name"] == marker["name"])]
        onsets = [abs(onset - session.secs(marker["start"])) for onset in found["onset"]]
        deviations.unless(onsets and min(onsets) <= TIME, "events.csv", f"no marker {marker['name']}")
        texts = set(found["text"])
        deviations.unless(marker["text"] in texts, "events.csv", f"{marker['name']} says {texts}")


def said(session, out, deviations):
    path = out / "transcript.csv"
    deviations.unless(path.exists() == (session.words is not None), "transcript.csv", "there and not kept, or kept and not there")
    if not path.exists():
        return
    table, items = pd.read_csv(path, keep_default_na=False), session.words.named("transcript")
    deviations.same(len(table), len(items), "transcript.csv", "rows")
    for row, item in zip(table.to_dict("records"), items):
        deviations.unless(row["text"] == item.json()["text"], "transcript.csv", f"{row['text']!r}")
        deviations.same(row["start"], session.secs(item.start), "transcript.csv", "start", TIME)
