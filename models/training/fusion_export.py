"""Fusion networks as ONNX files: one step per tick, state in and out, probabilities calibrated."""

import json
import sys

import jax
import jax.numpy as jnp
import numpy as np

import fusion_net
from fusion_data import (AGE, FUNCTIONALS, KNOWN, LEAST_PROBABILITY, MODALITIES, MOVEMENT, PRESENT, QUALITY, READABLE, READING, RELIABILITIES, RELIABILITY,
                         TICK_SECS, WIDTH)
from heads import LABELS, PRIOR_SECS, ROOT
from listing import enter

# Weights learnt from clips without a licence.
LICENCE = "research only: one training set has no licence"
TICKS_CHECKED = 60
FURTHEST = 1e-4
FIXTURE = ROOT / "tests/promises/fusion.json"
FIXTURE_TICKS = 16
# As the program does it: the step before the first tick.
FIRST_STEP_SECS = 0.05


def stepper(name, shape, weights, doubt):
    """The network as a function of arrays by name → {output: array}, and the shapes of its inputs."""
    constant = lambda values: jnp.asarray(values, jnp.float32)[None]
    clear = constant(doubt["clear"])
    if name == "concatenation":
        def step(rows, readable):
            out = fusion_net.concatenation_compared(weights, rows, readable)
            # Each output is a tensor of its own.
            return {"probabilities": jax.nn.softmax(out["logits"] / doubt["temperature"], -1), "weight": 1.0 * out["gate"],
                    "gate": out["gate"], "clear": clear + 0.0 * rows[:, 0, :3]}
        return step, {"rows": (1, 3, WIDTH), "readable": (1, READABLE)}

    def step(rows, readable, secs, state):
        state, out = fusion_net.step(shape, weights, state, rows, readable, secs)
        apart = jnp.abs(jnp.log(out["several"] / (1 - out["several"])) - constant(doubt["threshold_logits"]))
        about = doubt["weights"][0] + doubt["weights"][1] * apart + doubt["weights"][2] * jnp.log(out["spread"])
        probabilities = jax.nn.softmax(out["logits"] / doubt["temperature"], -1)
        zero = 0.0 * rows[:, 0, :1]
        return {"probabilities": probabilities, "weight": out["weight"], "gate": out["gate"], "several": out["several"],
                "doubts": jax.nn.sigmoid(about), "thresholds": constant(doubt["thresholds"]) + zero, "clear": clear + zero,
                "next_state": state}
    return step, {"rows": (1, 3, WIDTH), "readable": (1, READABLE), "secs": (1, 1), "state": (1, shape.state)}


def export(name, shape, weights, doubt, sequences):
    """Writes models/fusion_NAME.onnx and its table, and checks it against the network on sequences [N, T, 3, WIDTH]."""
    import onnx
    from jax2onnx import to_onnx

    step, inputs = stepper(name, shape, weights, doubt)
    example = step(*[jnp.zeros(size) for size in inputs.values()])
    order = sorted(example)
    model = to_onnx(lambda *given: tuple(value for _, value in sorted(step(*given).items())), list(inputs.values()))
    rename(model, [one.name for one in model.graph.input], list(inputs))
    rename(model, [one.name for one in model.graph.output], order)
    model.producer_name, model.doc_string = "circumplex", f"Fusion, {name}. Acted expressions. See CARD-fusion.md"
    onnx.checker.check_model(model)
    path = ROOT / f"models/fusion_{name}.onnx"
    path.write_bytes(model.SerializeToString())
    furthest = check(path, step, inputs, order, sequences)
    print(f"{path.name}: {path.stat().st_size} bytes, within {furthest:.1e} of the network over {TICKS_CHECKED} ticks", flush=True)
    if furthest > FURTHEST:
        sys.exit(f"{path.name} doesn't do what the network does")
    port = lambda key, size: f'name = "{key}", type = "f32", shape = [{", ".join(map(str, size))}]'
    enter(f"fusion_{name}", path, LICENCE, f"makes one answer of face, voice and words ({name})",
          [port(key, size) for key, size in inputs.items()], [port(key, np.asarray(example[key]).shape) for key in order])
    return path


def rename(model, old, new):
    """Names of inputs or outputs, wherever they stand."""
    names = dict(zip(old, new))
    for node in model.graph.node:
        node.input[:] = [names.get(one, one) for one in node.input]
        node.output[:] = [names.get(one, one) for one in node.output]
    for port in (*model.graph.input, *model.graph.output):
        port.name = names.get(port.name, port.name)


def check(path, step, inputs, order, sequences):
    """The furthest that the file's answers are from the network's, its own state fed back."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    furthest, compiled = 0.0, jax.jit(lambda *given: step(*given))
    for rows, readable in sequences:
        state, ours = [np.zeros(inputs.get("state", (1, 1)), np.float32) for _ in range(2)]
        for at in range(min(TICKS_CHECKED, len(rows))):
            everything = {"rows": rows[at:at + 1], "readable": readable[at:at + 1], "secs": np.full((1, 1), TICK_SECS, np.float32)}
            feed = {key: everything[key] if key != "state" else state for key in inputs}
            theirs = dict(zip(order, session.run(order, feed)))
            network = compiled(*[everything[key] if key != "state" else ours for key in inputs])
            furthest = max(furthest, *(float(np.abs(theirs[key] - np.asarray(network[key])).max()) for key in order))
            state, ours = theirs.get("next_state", state), np.asarray(network.get("next_state", ours))
    return furthest


def fixture(networks):
    """Writes moments by chance and what the networks answer to them, one after the other, for the program's tests.
    `networks`: {name: (shape, weights, doubt)}."""
    rng, ticks = np.random.default_rng(0), []
    rounded = lambda values: np.round(np.asarray(values, float), 4).tolist()
    for at in range(FIXTURE_TICKS):
        # The face goes away for a while, the voice comes later, words come and grow old.
        tick, there = {"secs": round(at * TICK_SECS, 4)}, {"face": not 5 <= at < 8, "voice": at >= 2, "words": at >= 6}
        for modality, wide in (("face", RELIABILITIES), ("voice", RELIABILITIES), ("words", 2)):
            p = rng.dirichlet(np.full(len(LABELS), 0.5))
            tick[modality] = {"age_secs": rounded((at - 6) * TICK_SECS if modality == "words" else rng.uniform(0, 0.4)), "known_secs": rounded(2.0 * at),
                              "quality": rounded(rng.uniform(0.3, 1)), "probabilities": rounded(p),
                              "reliability": rounded(rng.normal(0.5, 0.3, wide))} if there[modality] else None
        tick["movement"], tick["functionals"] = rounded(rng.normal(0.1, 0.1, MOVEMENT)), rounded(rng.normal(0, 1, FUNCTIONALS))
        ticks.append(tick)
    answers = {name: answers_to(ticks, *stepper(name, *network)) for name, network in networks.items()}
    FIXTURE.write_text(json.dumps({"ticks": ticks, "answers": answers}) + "\n")


def answers_to(ticks, step, inputs):
    """Probabilities and gates at each tick; None where nothing is there."""
    state, last, answers = np.zeros(inputs.get("state", (1, 1)), np.float32), None, []
    for tick in ticks:
        rows, readable = np.zeros((1, 3, WIDTH), np.float32), np.zeros((1, READABLE), np.float32)
        for place, modality in enumerate(MODALITIES):
            one, row = tick[modality], rows[0, place]
            if one is None:
                continue
            row[PRESENT], row[AGE], row[QUALITY] = 1, one["age_secs"], one["quality"]
            row[KNOWN] = one["known_secs"] / (PRIOR_SECS + one["known_secs"])
            row[READING] = np.log(np.maximum(one["probabilities"], LEAST_PROBABILITY))
            row[RELIABILITY.start:RELIABILITY.start + len(one["reliability"])] = one["reliability"]
        readable[0, :MOVEMENT] = tick["movement"] if tick["face"] else 0
        readable[0, MOVEMENT:] = tick["functionals"] if tick["voice"] else 0
        since = FIRST_STEP_SECS if last is None else tick["secs"] - last
        everything = {"rows": rows, "readable": readable, "secs": np.full((1, 1), since, np.float32), "state": state}
        out = {key: np.asarray(value) for key, value in step(*[jnp.asarray(everything[key]) for key in inputs]).items()}
        state, last = out.get("next_state", state), tick["secs"]
        gate = out["gate"][0] / out["gate"][0].sum()
        answers.append({"probabilities": out["probabilities"][0].tolist(), "gates": gate.tolist()})
    return answers
