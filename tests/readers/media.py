"""Sound and pictures, by ffprobe and by looking at the samples."""

import json
import struct
import subprocess

import numpy as np
import pandas as pd

MILLISECOND = 1e-3


def probe(path, *asked):
    done = subprocess.run(["ffprobe", "-v", "error", "-of", "json", *asked, path], capture_output=True, text=True)
    return json.loads(done.stdout) if done.returncode == 0 else None


def floats(path):
    """The samples of a WAV file of floats, and its rate."""
    data = path.read_bytes()
    assert data[:4] == b"RIFF" and data[8:12] == b"WAVE"
    at, rate = 12, 0
    while at + 8 <= len(data):
        name, (length,) = data[at : at + 4], struct.unpack_from("<I", data, at + 4)
        if name == b"fmt ":
            (rate,) = struct.unpack_from("<I", data, at + 12)
        if name == b"data":
            return np.frombuffer(data, np.float32, length // 4, at + 8), rate
        at += 8 + length + length % 2
    raise ValueError("no samples")


def check(session, out, deviations):
    sound, film = out / "sound.wav", out / "video.mkv"
    deviations.unless(sound.exists() == (session.inputs is not None), "sound", "there and not kept, or kept and not there")
    deviations.unless(film.exists() == (session.video is not None), "video", "there and not kept, or kept and not there")
    if sound.exists():
        check_sound(session, out, deviations)
    if film.exists():
        check_film(session, out, deviations)


def check_sound(session, out, deviations):
    (stream,) = probe(out / "sound.wav", "-show_streams")["streams"]
    deviations.unless(stream["codec_name"] == "pcm_f32le", "sound", stream["codec_name"])
    deviations.same(stream["sample_rate"], 16000, "sound", "rate")
    samples, rate = floats(out / "sound.wav")
    blocks = [item for item in session.inputs.named("sound") if item.values]
    kept = np.concatenate([np.array(item.values, np.float32) for item in blocks])
    stretches = pd.read_csv(out / "sound.csv")
    heard = np.zeros(len(samples), bool)
    for row in stretches.to_dict("records"):
        heard[round(row["file_start_s"] * rate) : round(row["file_end_s"] * rate)] = True
    deviations.unless(np.array_equal(samples[heard], kept), "sound", "other samples than were kept")
    deviations.unless(not samples[~heard].any(), "sound", "a gap isn't silent")
    off = (stretches["file_start_s"] - stretches["session_start_s"]).abs().max()
    deviations.unless(off < MILLISECOND, "sound", f"a stretch begins {off} s off")
    for start, end in session.forgotten:
        inside = heard[round(session.secs(start) * rate) + 1600 : round(session.secs(end) * rate) - 1600]
        deviations.unless(not inside.any(), "sound", "there is sound in what was forgotten")
    # Each block lies where it was, but for the drift of the card.
    drift = ((stretches["session_end_s"] - stretches["session_start_s"]) - (stretches["file_end_s"] - stretches["file_start_s"]))
    print(f"   sound: {len(samples) / rate:.1f} s, {heard.mean():.1%} of it heard, {len(stretches)} stretches, drift at most "
          f"{drift.abs().max() * 1e3:.2f} ms")


def check_film(session, out, deviations):
    packets = probe(out / "video.mkv", "-select_streams", "v", "-show_entries", "packet=pts_time")["packets"]
    times = np.array([float(packet["pts_time"]) for packet in packets])
    kept = [item for item in session.video.named("picture") if item.bytes]
    wanted = np.array([session.secs(item.start) for item in kept])
    # Between pictures that are far from each other the film is black: video.csv says which of the film's are the session's.
    table = pd.read_csv(out / "video.csv")
    deviations.same(len(table), len(wanted), "video", "pictures")
    if len(table) == len(wanted) and table["picture"].max() < len(times):
        off = np.abs(times[table["picture"]] - wanted).max()
        deviations.unless(off < MILLISECOND, "video", f"a picture is {off} s off")
        deviations.unless(np.allclose(table["timestamp"], wanted, atol=1e-6), "video", "video.csv has other times")
        black = len(times) - len(table)
        print(f"   video: {len(table)} pictures, off by at most {off * 1e3:.2f} ms; black {black} times")
    else:
        deviations.unless(False, "video", f"{len(times)} pictures in the film, {len(table)} in video.csv")
    lengths = np.diff(times)[table["picture"][:-1]] if len(table) > 1 else np.zeros(1)
    deviations.unless(lengths.max() < 2.0, "video", f"a picture stands still for {lengths.max():.1f} s")
    streams = {stream["codec_type"]: stream for stream in probe(out / "video.mkv", "-show_streams")["streams"]}
    deviations.unless(streams["video"]["codec_name"] == "mjpeg", "video", "the pictures were packed again")
    deviations.unless("audio" in streams, "video", "it has no sound")
    decoded = subprocess.run(
        ["ffmpeg", "-v", "error", "-xerror", "-i", out / "video.mkv", "-vsync", "passthrough", "-f", "null", "-"], capture_output=True, text=True
    )
    deviations.unless(decoded.returncode == 0, "video", f"it can't be played: {decoded.stderr[:200]}")
