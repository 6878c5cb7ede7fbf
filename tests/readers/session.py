"""The session as it is on the disk, and what should be in every export of it."""

import json
import math
from pathlib import Path

import cpx

LABELS = ["neutral", "happiness", "sadness", "anger", "fear", "disgust", "surprise"]
# An answer stands for so long at most.
STANDS = 200_000_000


class Deviations:
    """What isn't as it should be; only the first few of a kind are told."""

    def __init__(self):
        self.found = {}

    def unless(self, holds, where, what):
        if not holds:
            self.found.setdefault(where, []).append(what)

    def same(self, found, wanted, where, what="", within=0.0):
        pair = [float("nan") if one is None else float(one) for one in (found, wanted)]
        both = [math.isnan(one) for one in pair]
        holds = all(both) or (not any(both) and abs(pair[0] - pair[1]) <= within)
        self.unless(holds, where, f"{what}: {found}, not {wanted}")

    def tell(self):
        for where, all_of_it in self.found.items():
            print(f"   NOT SO  {where}: {len(all_of_it)} times")
            for what in all_of_it[:3]:
                print(f"           {what}")
        count = sum(len(one) for one in self.found.values())
        print(f"   {count} deviations")
        return count


class Session:
    def __init__(self, folder):
        folder = Path(folder)
        self.header = json.loads((folder / "session.json").read_text())
        self.began = self.header["began_nanos"]
        self.numbers = cpx.File(folder / "numbers.cpx")
        part = lambda name: cpx.File(folder / name) if (folder / name).exists() else None
        self.words, self.inputs, self.video = part("words.cpx"), part("inputs.cpx"), part("video.cpx")
        self.answers = sorted(self.numbers.named("affect"), key=lambda item: item.start)
        self.events = [(item, item.json()) for item in self.numbers.named("events")]
        self.markers = self.corrected(folder / "corrections.jsonl")
        self.forgotten = [(item.start, item.end) for item, what in self.events if what["type"] == "forgotten"]
        # It is as long as its numbers came.
        arrived = [item.arrived for stream in self.numbers.streams.values() for item in self.numbers.named(stream["name"])]
        self.end = max([self.began, *arrived])

    def columns(self, name, file=None):
        (stream,) = [one for one in (file or self.numbers).streams.values() if one["name"] == name]
        return [column["name"] for column in stream["columns"]]

    def secs(self, nanos):
        return (nanos - self.began) / 1e9

    def corrected(self, log):
        """Markers by their number, with what was corrected of them."""
        markers = {}
        for item, what in self.events:
            if what["type"] == "marker":
                markers[what["id"]] = {**what, "start": item.start, "end": item.end, "corrected": False}
        lines = log.read_text().splitlines() if log.exists() else []
        for line in lines:
            change = json.loads(line)
            if change.get("is_removed"):
                markers.pop(change["marker"], None)
                continue
            new = {"kind": change.get("kind", "marker"), "name": "", "text": "", "start": 0, "end": 0}
            marker = markers.setdefault(change["marker"], new)
            marker["corrected"] = True
            for ours, theirs in [("name", "name"), ("text", "text"), ("start", "start_nanos"), ("end", "end_nanos")]:
                marker[ours] = change.get(theirs, marker[ours])
        return markers

    def excluded(self, nanos):
        stretches = [one for one in self.markers.values() if one["kind"] == "exclude"]
        return any(one["start"] <= nanos < one["end"] for one in stretches)

    def is_forgotten(self, nanos):
        return any(start <= nanos < end for start, end in self.forgotten)

    def answer_at(self, nanos):
        """The numbers of the answer that stood then, or none."""
        import bisect

        after = bisect.bisect_right(self.answers, nanos, key=lambda item: item.start)
        if after == 0 or self.is_forgotten(nanos):
            return None
        item = self.answers[after - 1]
        is_old = nanos - item.start > STANDS
        return None if is_old or math.isnan(item.values[0]) else item.values

    def grid(self, rate):
        step = 1_000_000_000 // rate
        return [self.began + at * step for at in range((self.end - self.began) // step + 1)]
