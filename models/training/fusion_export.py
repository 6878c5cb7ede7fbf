"""Fusion networks as ONNX files: one step per tick, state in and out, probabilities calibrated."""

import sys

import jax
import jax.numpy as jnp
import numpy as np

import fusion_net
from fusion_data import READABLE, TICK_SECS, WIDTH
from heads import ROOT
from listing import enter

# Weights learnt from clips without a licence.
LICENCE = "research only: one training set has no licence"
TICKS_CHECKED = 60
FURTHEST = 1e-4


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
