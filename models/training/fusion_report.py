"""The tables of reports/fusion.json as they stand in CARD-fusion.md: `python models/training/fusion_report.py`."""

import json
from pathlib import Path

FUSIONS = ["late", "concatenation", "ungated", "gates alone", "correlation", "gated"]
OTHERS = ["late", "ungated", "concatenation", "gates alone", "correlation"]
MASKS = ["face", "voice", "words", "face, voice", "face, words", "voice, words", "all"]
DEAD = ["dark", "cover", "freeze", "mute"]


def show(found):
    """Prints all tables."""
    ways = list(found["uar"])
    kinds, uar = found["kinds"], found["uar"]
    both = [f"{way}: {which}" for way in ways for which in ("clean", "corrupted")]
    of = lambda mask, fusion: [spread(uar[way][mask][fusion][which]) for way in ways for which in ("clean", "corrupted")]
    table(["UAR in %, face and voice", *both],
          [[f"{mask} alone", *of(mask, "late")] for mask in ("face", "voice")] + [[bold(fusion), *of("all", fusion)] for fusion in FUSIONS])
    table(["gated less …, points, 95 % over speakers", *both],
          [[other, *(interval(found["differences"][way][other][which]) for way in ways for which in ("clean", "corrupted"))] for other in OTHERS])
    table(["gated less the better of face and voice, points", *ways],
          [["clean", *(f"{best(uar[way]):+.1f}" for way in ways)]])
    table([f"{ways[-1]}, gated", *kinds],
          [[mask, *(f"{uar[ways[-1]][mask]['gated'][kind][0]:.1f}" for kind in kinds)] for mask in ("all", "face", "voice")])
    paired = uar[ways[-1]]
    table([f"with sentences paired, {ways[-1]}, clean / corrupted", *MASKS],
          [[bold(fusion), *(" / ".join(f"{paired[f'paired: {mask}'][fusion][which][0]:.1f}" for which in ("clean", "corrupted")) for mask in MASKS)]
           for fusion in FUSIONS])
    table(["gates: spoilt modality found, AUC", *kinds[1:], "mean"],
          [[f"{bold(fusion)}, {way}", *(known(row[f"auc {kind}"][0]) for kind in kinds[1:]), spread(row["auc"], 3)]
           for way, fusion, row in some(found["gates"])])
    table(["gates: input spoilt now, what is absent has a gate of 0, AUC", *kinds[1:], "mean"],
          [[f"{bold(fusion)}, {way}", *(known(row[f"auc now {kind}"][0]) for kind in kinds[1:]), spread(row["auc now"], 3)]
           for way, fusion, row in some(found["gates"])])
    table(["gates, clean and spoilt", "dead modality left within 1 s", f"median after {', '.join(DEAD)} (s)", "highest gate matters more than lowest"],
          [[f"{bold(fusion)}, {way}", percent(row["left within 1 s"], 0), ", ".join(f"{row[f'left {kind}, s'][0]:.2f}" for kind in DEAD),
            percent(row["highest matters more"])] for way, fusion, row in some(found["gates"])])
    table(["doubt, clean", "calibration error of rows", "95 % over speakers, all seeds together", "of clips", "error of rows",
           "surest 80 % over all, rows", "clips", "labels shown, rows", "right of those"],
          [[f"{bold(fusion)}, {way}", f"{row['ece of ticks'][0]:.3f}", "{:.3f} ({:.3f} … {:.3f})".format(*found["calibration"][way][fusion]),
            f"{row['ece of clips'][0]:.3f}", percent(row["error of ticks"]), f"{row['error of ticks, surest 80 %, over all'][0]:.2f}",
            f"{row['error of clips, surest 80 %, over all'][0]:.2f}", percent(row["shown of ticks"], 0), percent(row["right of shown ticks"])]
           for way, fusion, row in some(found["doubt"])])
    several = {(way, fusion): row for way, fusions in found["several"].items() for fusion, row in fusions.items() if fusion == "gated"}
    names = list(next(iter(several.values()))) if several else []
    table(["several labels at once, paired sentences", *names],
          [[f"{fusion}, {way}", *(spread(value, 3) for value in row.values())] for (way, fusion), row in several.items()])


def best(masks):
    return masks["all"]["gated"]["clean"][0] - max(masks[mask]["late"]["clean"][0] for mask in ("face", "voice"))


def some(ways):
    return [(way, fusion, fusions[fusion]) for way, fusions in ways.items() for fusion in ("late", "gated")]


def bold(fusion):
    return f"**{fusion}**" if fusion == "gated" else fusion


def spread(value, digits=1):
    return f"{value[0]:.{digits}f} ± {value[1]:.{digits}f}"


def known(value):
    return "too few" if value is None else f"{value:.2f}"


def interval(value):
    return "{:+.1f} ({:+.1f} … {:+.1f})".format(*value)


def percent(value, digits=1):
    return f"{100 * value[0]:.{digits}f} %"


def table(columns, rows):
    print("| " + " | ".join(columns) + " |\n|" + "---|" * len(columns))
    print("".join("| " + " | ".join(row) + " |\n" for row in rows), flush=True)


if __name__ == "__main__":
    show(json.loads((Path(__file__).parent / "reports/fusion.json").read_text()))
