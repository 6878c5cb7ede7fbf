"""Trains the expression network: `python models/training/face_net.py --data DIR [--out DIR]`.

DIR holds `ferplus`. Where the faces are, the program says (examples/training_features.rs). Two large networks (teachers)
learn the votes of ten taggers; small ones, one for each seed, learn the votes and what the teachers say of the very same
varied pictures. The temperature comes from a held-out eighth of FER+ train, and so does every choice; FER+ valid is not
read without `--evaluate`. The network with the least loss on the held-out part becomes models/expression.onnx, its table
stands in models/manifest.toml. A run that was stopped goes on where it was, from `--out`.

`--pack FILE` writes what the training needs into one file, and a run with `--packed FILE` reads that instead of DIR: for a
machine with a graphics processor and without the program. `--install` then takes the result, `--evaluate` measures it on
FER+ valid and writes models/training/reports/face_net.json. On one H200 all of it takes three minutes.
"""

import argparse
import hashlib
import json
import pickle
import time
from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax
from tqdm import tqdm

import face_net_model as net
from calibration import calibration_error
from heads import log_softmax

SEEDS = [0, 1, 2]
LABELS = ["neutral", "happiness", "sadness", "anger", "fear", "disgust", "surprise"]
RATE = 0.1
WARM_UP = 3
DECAY = 5e-4
DROPPED = 0.3
AVERAGE = 0.997
# How much of a student's target is the teachers' opinion.
TAUGHT = 0.7
MIXED = 0.2
COMPILING_SECS = 30
ROOT = Path(__file__).resolve().parents[2]


class Faces:
    """What a pack holds, on the device."""

    def __init__(self, packed):
        self.pictures = np.cumsum(packed["rows"], axis=2, dtype=np.uint8)
        self.crops, self.majority = packed["crops"], packed["majority"]
        self.votes = packed["votes"] / packed["votes"].sum(1, keepdims=True)
        self.held, self.places = packed["held"].astype(bool), packed["places"]

    def first(self, count):
        """Of the first `count` pictures only."""
        for name, values in vars(self).items():
            setattr(self, name, values[:count])

    def training(self):
        own = ~self.held
        return tuple(map(jnp.asarray, (self.pictures[own], self.crops[own], self.votes[own].astype(np.float32))))


def optimiser():
    decayed = lambda weights: jax.tree_util.tree_map_with_path(lambda path, _: path[-1].key == "kernel", weights)
    return optax.chain(optax.clip_by_global_norm(5.0), optax.add_decayed_weights(DECAY, decayed), optax.trace(0.9, nesterov=True))


@partial(jax.jit, static_argnums=(0, 1, 2, 3), donate_argnums=(4,))
def epoch(shape, teacher_shape, numbers, batch, state, data, teachers, key, rates):
    """One pass over the training pictures; returns the state after it and the mean loss."""
    pictures, crops, votes = data
    order, key = jax.random.permutation(key, len(pictures)), jax.random.fold_in(key, 1)

    def step(state, at):
        index, rate, key = at
        keys = jax.random.split(key, 5)
        seen, target = net.varied(keys[0], pictures[index], crops[index]), votes[index]
        share = jax.random.beta(keys[1], MIXED, MIXED)
        other = jax.random.permutation(keys[2], len(index))
        seen, target = share * seen + (1 - share) * seen[other], share * target + (1 - share) * target[other]
        if teachers:
            said = [jax.nn.softmax(net.forward(teacher_shape, *one, seen, numbers)[0]) for one in teachers]
            target = (1 - TAUGHT) * target + TAUGHT * sum(said) / len(said)

        def loss(weights):
            logits, _, running = net.forward(shape, weights, state["running"], seen, numbers, keys[3], DROPPED)
            return -(target * jax.nn.log_softmax(logits)).sum(1).mean(), running

        (value, running), slope = jax.value_and_grad(loss, has_aux=True)(state["weights"])
        change, momentum = optimiser().update(slope, state["momentum"], state["weights"])
        weights = jax.tree.map(lambda one, by: one - rate * by, state["weights"], change)
        average = jax.tree.map(lambda old, now: AVERAGE * old + (1 - AVERAGE) * now, state["average"], (weights, running))
        return {"weights": weights, "running": running, "momentum": momentum, "average": average}, value

    steps = len(rates)
    batches = order[:steps * batch].reshape(steps, batch)
    state, values = jax.lax.scan(step, state, (batches, rates, jax.random.split(key, steps)))
    return state, values.mean()


def rate_of(done, total):
    """Rises for the first epochs, then falls as a cosine."""
    return RATE * np.minimum(done / WARM_UP, 0.5 * (1 + np.cos(np.pi * np.clip(done / total, 0, 1))))


def train(name, shape, seed, faces, teachers, given, epochs, until=None, parts=1):
    """A trained network: its averaged weights and statistics, and after how many epochs. If time is short it is trained for
    fewer: so many that `parts` such trainings end at `until`."""
    path = given.out / f"{name}.pickle"
    numbers = jnp.bfloat16 if jax.default_backend() == "gpu" else jnp.float32
    data, taken = faces.training(), []
    steps = len(data[0]) // given.batch if given.steps is None else given.steps
    first, key = 0, jax.random.key(seed)
    if path.exists():
        saved = pickle.loads(path.read_bytes())
        first, epochs, state = saved["first"], saved["epochs"], jax.tree.map(jnp.asarray, saved["state"])
    else:
        weights, running = net.start(shape, key)
        copy = jax.tree.map(jnp.array, (weights, running))
        state = {"weights": weights, "running": running, "momentum": optimiser().init(weights), "average": copy}
    bar = tqdm(range(first, epochs), desc=name, mininterval=5)
    at = first
    while at < epochs:
        started = time.monotonic()
        rates = jnp.asarray(rate_of(at + np.arange(steps) / steps, epochs), jnp.float32)
        state, loss = epoch(shape, net.TEACHER, numbers, given.batch, state, data, teachers, jax.random.fold_in(key, at), rates)
        loss, at = float(loss), at + 1
        taken.append(time.monotonic() - started)
        if until is not None and at == first + WARM_UP:
            # The first epoch is compiled, too. The rates so far hardly depend on how many follow.
            left = until - time.monotonic() + at * np.mean(taken[1:])
            epochs = int(np.clip(left / parts / np.mean(taken[1:]), at, epochs))
            tqdm.write(f"{name}: {np.mean(taken[1:]):.2f} s an epoch, first {taken[0]:.1f} s, {epochs} epochs")
            bar.total = epochs
        bar.update()
        bar.set_postfix(loss=f"{loss:.4f}")
        if at % given.save_every == 0 or at == epochs:
            saved = {"first": at, "epochs": epochs, "state": jax.tree.map(np.asarray, state)}
            path.with_suffix(".part").write_bytes(pickle.dumps(saved))
            path.with_suffix(".part").replace(path)
    bar.close()
    return state["average"], epochs


def read(shape, weights, running, pictures, crops):
    rows = [net.read(shape, weights, running, jnp.asarray(pictures[at:at + 512]), jnp.asarray(crops[at:at + 512]))[0]
            for at in range(0, len(pictures), 512)]
    return np.concatenate(rows)


def temperature_of(logits, labels):
    """The one with the least log loss."""
    tried = np.exp(np.linspace(-1.5, 1.5, 301))
    losses = [-log_softmax(logits / one)[np.arange(len(labels)), labels].mean() for one in tried]
    return float(tried[int(np.argmin(losses))])


def figures(logits, labels):
    p = np.exp(log_softmax(logits))
    guesses = logits.argmax(1)
    recalls = [np.mean(guesses[labels == label] == label) for label in np.unique(labels)]
    return {"accuracy": round(100 * float(np.mean(guesses == labels)), 2), "uar": round(100 * float(np.mean(recalls)), 2),
            "calibration_error": round(calibration_error(p.max(1), guesses == labels), 4)}


def held_out(faces, shape, weights, running):
    """Logits of the held-out pictures with a majority, and their labels."""
    use = faces.held & (faces.majority >= 0)
    return read(shape, weights, running, faces.pictures[use], faces.crops[use]), faces.majority[use]


def run(faces, given):
    given.out.mkdir(parents=True, exist_ok=True)
    end = None if given.minutes is None else time.monotonic() + 60 * given.minutes
    path = given.out / "metrics.json"
    found = {"device": str(jax.devices()[0]), "training": int((~faces.held).sum()), "held_out": int(faces.held.sum())}

    def add(name, shape, average, epochs):
        logits, labels = held_out(faces, shape, *average)
        temperature = temperature_of(logits, labels)
        found[name] = {"epochs": epochs, "temperature": temperature} | figures(logits / temperature, labels)
        found[name]["log_loss"] = float(-log_softmax(logits / temperature)[np.arange(len(labels)), labels].mean())
        path.write_text(json.dumps(found, indent=1) + "\n")
        print(name, found[name], flush=True)
        return logits, temperature

    teachers, said = [], []
    # A student takes about half as long again as a teacher, and has to be compiled.
    until, parts = end and end - COMPILING_SECS, given.teachers + 1.5 * len(given.seeds)
    epochs = given.teacher_epochs
    for at in range(given.teachers):
        average, epochs = train(f"teacher-{at}", net.TEACHER, 100 + at, faces, (), given, epochs, until, parts)
        until = None
        said.append(add(f"teacher-{at}", net.TEACHER, average, epochs)[0])
        teachers.append(average)
    if said:
        logits, labels = np.log(np.mean([np.exp(log_softmax(one)) for one in said], 0)), held_out(faces, net.TEACHER, *teachers[0])[1]
        found["teachers together"] = figures(logits / temperature_of(logits, labels), labels)
        print("teachers together", found["teachers together"], flush=True)
    until, parts, epochs = end, len(given.seeds), given.epochs
    for seed in given.seeds:
        name = f"student-{seed}"
        average, epochs = train(name, net.STUDENT, seed, faces, tuple(teachers), given, epochs, until, parts)
        until = None
        _, temperature = add(name, net.STUDENT, average, epochs)
        net.export(net.STUDENT, *jax.tree.map(np.asarray, average), temperature, given.out / f"{name}.onnx",
                   "Seven expressions and features of a face. Trained on FER+, for research. See CARD-face.md")
    return found


def install(out, seeds):
    """Takes the network with the least log loss on the held-out part into models/ and the manifest."""
    from listing import enter

    found = json.loads((out / "metrics.json").read_text())
    best = min(seeds, key=lambda seed: found[f"student-{seed}"]["log_loss"])
    data = (out / f"student-{best}.onnx").read_bytes()
    (ROOT / "models/expression.onnx").write_bytes(data)
    labels = ", ".join(f'"{label}"' for label in LABELS)
    enter("expression", ROOT / "models/expression.onnx", "research only: trained on pictures from the web",
          "seven expressions and features of a face", ['name = "image", type = "f32", shape = ["N", 3, 112, 112], range = [0, 255]'],
          [f'name = "logits", type = "f32", shape = ["N", 7], labels = [{labels}]', 'name = "features", type = "f32", shape = ["N", 128]'])
    print(f"models/expression.onnx is that of seed {best}", found[f"student-{best}"])


def evaluate(data, cache, out, seeds):
    """Every seed's network on FER+ valid, with the crops that the program finds; writes the report."""
    import corpora
    import onnxruntime

    pictures, votes, names = corpora.ferplus(data, "valid")
    crops, labels = corpora.through_program("crops", pictures, cache / "ferplus/valid.crops.npy"), corpora.majority_of(votes, names)
    seen = np.isfinite(crops).all(1)
    use = seen & (labels >= 0)
    squares = np.concatenate([net.cut(pictures[some], *crops[some].T[[0, 1, 2, 2, 3]]) for some in
                              np.array_split(np.flatnonzero(use), 20)])
    images = np.repeat(255 * squares[:, None].astype(np.float32), 3, axis=1)
    every = []
    for seed in seeds:
        session = onnxruntime.InferenceSession(out / f"student-{seed}.onnx", providers=["CPUExecutionProvider"])
        logits = np.concatenate([session.run(["logits"], {"image": images[at:at + 64]})[0] for at in range(0, len(images), 64)])
        found = figures(logits, labels[use])
        found["accuracy_of_all"] = round(found["accuracy"] * use.sum() / (labels >= 0).sum(), 2)
        every.append(found)
    table = {name: [round(float(np.mean([one[name] for one in every])), 4), round(float(np.std([one[name] for one in every])), 4)]
             for name in every[0]}
    table |= {"found": round(100 * float(use.sum() / (labels >= 0).sum()), 2), "pictures": int((labels >= 0).sum())}
    print("FER+ valid, mean and sd over seeds:", table)
    reports = Path(__file__).parent / "reports/face_net.json"
    reports.write_text(json.dumps({"held_out": json.loads((out / "metrics.json").read_text()), "valid": table}, indent=1) + "\n")


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--data", type=Path)
    arguments.add_argument("--cache", type=Path, default=Path(__file__).parent / "cache")
    arguments.add_argument("--out", type=Path, help="checkpoints, networks and metrics; in the cache if not given")
    arguments.add_argument("--pack", type=Path, help="write what the training needs to this file, and stop")
    arguments.add_argument("--packed", type=Path, help="read such a file instead of DIR")
    arguments.add_argument("--install", action="store_true", help="take the best network that lies in --out, and stop")
    arguments.add_argument("--evaluate", action="store_true", help="measure the networks that lie in --out on FER+ valid, and stop")
    arguments.add_argument("--teachers", type=int, default=2)
    arguments.add_argument("--teacher-epochs", type=int, default=40)
    arguments.add_argument("--epochs", type=int, default=60)
    arguments.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    arguments.add_argument("--minutes", type=float, help="be done within so many: with fewer epochs")
    arguments.add_argument("--save-every", type=int, default=10, help="epochs")
    arguments.add_argument("--batch", type=int, default=256)
    arguments.add_argument("--steps", type=int, help="steps in an epoch, for trials")
    arguments.add_argument("--pictures", type=int, help="of the first so many pictures only, for trials")
    given = arguments.parse_args()
    given.out = given.out or given.cache / "face-net"
    if given.install or given.evaluate:
        if given.evaluate:
            evaluate(given.data, given.cache, given.out, given.seeds)
        if given.install:
            install(given.out, given.seeds)
        return
    jax.config.update("jax_compilation_cache_dir", str(given.out / "compiled"))
    if given.packed:
        packed = dict(np.load(given.packed))
    else:
        import corpora

        packed = corpora.expression_pictures(given.data, given.cache)
    if given.pack:
        np.savez_compressed(given.pack, **packed)
        return
    faces = Faces(packed)
    if given.pictures:
        faces.first(given.pictures)
    run(faces, given)
    if given.data:
        install(given.out, given.seeds)


if __name__ == "__main__":
    main()
