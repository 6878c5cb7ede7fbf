"""The fusion network: causal gated recursive cross-attention on top of a calibrated late fusion.

What a modality gives at a tick (fusion_data.py) is a token. In two recursions each token attends to what the other modalities
said now and in the last few seconds (a window of rows, fading with age); a gate of each recursion, and one over all of them,
choose how much of that is taken up. To compare with there is the joint correlation of GRJCA (arXiv 2503.12261), whose recursions
and gates these are, made causal: one exponentially fading correlation matrix for each modality in place of the window. The answer
is a log-linear pool of the modalities' own readings,

    log p = sum_m weight_m * log p_m (+ residual)
    weight_m = present_m * trust_m * exp(-age_m / fade_m) * power_m

trust_m, 0…1, has a part that falls with what the stages measured to be worse than usual: its weights are held positive. A small
network adds what is unusual in other ways, also in the movement of the head and in the voice's functionals; and what was doubted
a moment ago is still in the windows that readings rest on, so it is trusted less for a while. power_m says how much a reading
tells, by how well the person is known, for how long the modality has been there (lasting_m, 0…1), and how much speech the voice's
window holds. What attention finds is added to trust_m's logit, through matrices that begin at nothing: untrained it is a late
fusion. Where tokens say which labels a modality sees, attention may add to the labels' logits, too (the residual, from nothing as
well).

Several labels at once are read from the pool, shares and tokens as in label-wise dynamic uncertainty (LDDU, arXiv 2502.13954): for
each label a mean and a spread in a space of its own, and y = y_mean * y_joint + y_spread * (1 - y_joint).

Every function works on one tick, with explicit state (a flat vector), so that streamed and in batch are the same.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from fusion_data import AGE, KNOWN, MOVEMENT, PRESENT, QUALITY, READABLE, READING, RELIABILITIES, RELIABILITY

LABELS = 7
MODALITIES = 3
LEAST = 1e-6
# Better (1) or worse (-1) when larger, of the face's, the voice's and the words' reliabilities; 0 says neither.
SIGNS = np.zeros((MODALITIES, RELIABILITIES), np.float32)
SIGNS[0] = [1, 1, 1, 1, 1, 1, -1, -1, -1, 0, 0]
SIGNS[1] = [1, -1, 1, 1, 1, 1, 1, 1, -1, 0, 0]
SIGNS[2, :2] = [1, 1]
# How much speech a window holds, among the voice's reliabilities.
SPEECH, IS_VOICE = 3, np.array([0.0, 1.0, 0.0], np.float32)
# What training begins with, seconds. While somebody speaks, readings of the voice are hardly older than a quarter of a second:
# one that stands for longer, as after a mute, is to be left soon.
FADES = np.array([0.5, 0.7, 6.0], np.float32)
# Ages beyond this are all old, seconds.
OLD_SECS = 5.0
LASTING_SECS = 2.0
# For so long what was spoilt stays in the windows that readings rest on, seconds.
DOUBTED_SECS = 2.0
# What was usual lately, seconds.
USUAL_SECS = 4.0
# Ticks that the running sums are made of, seconds.
STEP_SECS = 0.1
# Every so often a tick's tokens are kept in the window, seconds.
ROW_SECS = 0.2
LATENT = 8
# Whose the readable numbers are.
OF_MODALITY = [(0, slice(0, MOVEMENT)), (1, slice(MOVEMENT, READABLE))]
UNUSUAL = 12
# Age, how well the person is known, presence, for how long it has been there.
ABOUT = 4


@dataclass(frozen=True)
class Shape:
    """Widths of tokens and of what all say together; recursions; what is left out."""

    token: int = 24
    joint: int = 32
    recursions: int = 2
    has_gates: bool = True
    has_attention: bool = True
    # Whether tokens say which labels a modality sees, and attention may add to the labels' logits; else only how sure it is
    # and how far it agrees with the others, and attention may only weigh.
    has_labels: bool = False
    # Rows that attention looks back on; 0: fading correlation matrices in place of it.
    window: int = 16

    @property
    def state(self):
        sums = MODALITIES * self.recursions * (1 + self.token * self.joint)
        rows = 1 + self.window * MODALITIES * (1 + self.token)
        return MODALITIES * (2 + RELIABILITIES) + (rows if self.window else sums)


def normalising(rows, readable):
    """Mean and spread of the reliabilities, and of what is readable, where a modality is there, from clean rows [N, 3, WIDTH]
    and [N, READABLE]."""
    mean, sd = np.zeros((MODALITIES, RELIABILITIES), np.float32), np.ones((MODALITIES, RELIABILITIES), np.float32)
    for place in range(MODALITIES):
        there = rows[rows[:, place, PRESENT] > 0, place, RELIABILITY]
        if len(there) > 1:
            mean[place] = np.median(there, 0)
            low, high = np.percentile(there, [16, 84], axis=0)
            sd[place] = np.maximum((high - low) / 2, 0.02)
    middle, wide = np.zeros(READABLE, np.float32), np.ones(READABLE, np.float32)
    for place, part in OF_MODALITY:
        there = readable[rows[:, place, PRESENT] > 0][:, part]
        middle[part], wide[part] = there.mean(0), there.std(0) + 1e-3
    return {"mean": mean, "sd": sd, "readable": middle, "readable_sd": wide}


def start(shape, key, normal):
    """The weights."""
    d, j, wide = shape.token, shape.joint, LABELS + RELIABILITIES + ABOUT
    keys = iter(jax.random.split(key, 64))
    spread = lambda rows, columns, scale=1.0: jax.random.normal(next(keys), (MODALITIES, rows, columns)) * scale / rows ** 0.5
    plain = lambda rows, columns, scale=1.0: jax.random.normal(next(keys), (rows, columns)) * scale / rows ** 0.5
    said = 2 * LABELS + MODALITIES + d
    weights = {
        "normal": {name: jnp.asarray(value) for name, value in normal.items()},
        "token": spread(wide, d), "token_bias": jnp.zeros((MODALITIES, d)),
        "joint": plain(MODALITIES * (d + 1), j),
        "power": jnp.full(MODALITIES, -0.2), "informed": jnp.zeros((MODALITIES, 3)),
        "fade": jnp.log(jnp.asarray(FADES)),
        "trust": jnp.full(MODALITIES, 2.0), "worse": jnp.full((MODALITIES, RELIABILITIES), inverse_softplus(0.15)),
        "unusual": spread(4 * RELIABILITIES, UNUSUAL), "unusual_bias": jnp.zeros((MODALITIES, UNUSUAL)),
        "unusual_movement": plain(2 * MOVEMENT, UNUSUAL), "unusual_functionals": plain(2 * (READABLE - MOVEMENT), UNUSUAL),
        "trust_unusual": jnp.zeros((MODALITIES, UNUSUAL)), "doubted": jnp.full(MODALITIES, inverse_softplus(1.0)), "poor": jnp.full(MODALITIES, inverse_softplus(2.0)),
        "trust_token": jnp.zeros((MODALITIES, d)), "trust_joint": jnp.zeros((j, MODALITIES)),
        "residual": jnp.zeros((d, LABELS)), "stage": spread(d, shape.recursions + 1, 0.1),
        "forget": jnp.log(jnp.array([3.0] * shape.recursions)),
        "several": {"joint": plain(said, LABELS, 0.1), "joint_bias": jnp.full(LABELS, -1.0), "own": jnp.array(0.7),
                    "mean": plain(said, LABELS * LATENT), "spread": plain(said, LABELS * LATENT, 0.3),
                    "mean_out": plain(LATENT, LABELS), "mean_bias": jnp.full(LABELS, -1.0),
                    "spread_out": plain(LATENT, LABELS, 0.1), "spread_bias": jnp.full(LABELS, -1.0)},
    }
    for at in range(shape.recursions):
        weights[f"recursion{at}"] = {
            "k": spread(d, d), "v": spread(d, d), "q": spread(d, d) if shape.window else plain(j, j),
            "o": spread(d if shape.window else j, d, 0.1), "gate": spread(2 * d, 2, 0.1)}
    return weights


def inverse_softplus(value):
    return float(np.log(np.expm1(value)))


def nothing(shape, batch):
    """The state before the first tick."""
    return jnp.zeros((batch, shape.state))


def apart_from_usual(weights, rows):
    """The reliabilities in spreads from the usual, −3…3 [B, 3, R]."""
    return jnp.clip((rows[..., RELIABILITY] - weights["normal"]["mean"]) / weights["normal"]["sd"], -3, 3)


def readable_apart(weights, rows, readable):
    """The readable numbers in spreads from the usual, −3…3 [B, READABLE]; 0 where their modality is absent."""
    apart = jnp.clip((readable - weights["normal"]["readable"]) / weights["normal"]["readable_sd"], -3, 3)
    return jnp.concatenate([apart[..., part] * rows[..., place, PRESENT, None] for place, part in OF_MODALITY], -1)


def step(shape, weights, state, rows, readable, secs):
    """One tick: `rows` [B, 3, WIDTH], `readable` [B, READABLE], `secs` [B, 1] since the last one → state, {logits, trust, weight, stage, …}."""
    batch = rows.shape[0]
    present = rows[..., PRESENT]
    age = jnp.clip(rows[..., AGE], 0, OLD_SECS)
    logs = rows[..., READING] * present[..., None]
    apart = apart_from_usual(weights, rows)
    lasting, doubted, usual, memory = jnp.split(state, np.cumsum([MODALITIES, MODALITIES, MODALITIES * RELIABILITIES]), -1)
    usual = usual.reshape(batch, MODALITIES, RELIABILITIES)
    changed = (apart - usual) * present[..., None]
    usual = usual + (1 - jnp.exp(-secs / USUAL_SECS))[..., None] * changed
    lasting = (lasting + (1 - jnp.exp(-secs / LASTING_SECS)) * (1 - lasting)) * present
    about = jnp.stack([age, rows[..., KNOWN], present, lasting], -1)
    logit = jnp.broadcast_to(weights["trust"], present.shape)
    stages = jnp.zeros((batch, MODALITIES, shape.recursions + 1))
    token = jnp.zeros((batch, MODALITIES, shape.token))
    if shape.has_gates:
        logit = logit - (jax.nn.softplus(weights["worse"]) * jnp.maximum(0.0, -apart * SIGNS)).sum(-1)
        both = lambda values: jnp.concatenate([values, jnp.abs(values)], -1) / 2
        read = readable_apart(weights, rows, readable)
        beside = [both(read[:, part]) @ weights[name] for (_, part), name in zip(OF_MODALITY, ("unusual_movement", "unusual_functionals"))]
        beside = jnp.stack([*beside, jnp.zeros_like(beside[0])], 1)
        unusual = jnp.tanh(each(jnp.concatenate([both(apart), both(changed)], -1), weights["unusual"]) + beside + weights["unusual_bias"])
        logit = logit + (unusual * weights["trust_unusual"]).sum(-1)
        # What the stages themselves say of the input.
        logit = logit - jax.nn.softplus(weights["poor"]) * (1 - rows[..., QUALITY])
    if shape.has_attention:
        sure = logs - logs.mean(-1, keepdims=True) if shape.has_labels else agreement(logs, present)
        wide = jnp.concatenate([sure, apart, about], -1) * present[..., None]
        token = jnp.tanh(each(wide, weights["token"]) + weights["token_bias"]) * present[..., None]
        joint = jnp.tanh(jnp.concatenate([token, present[..., None]], -1).reshape(batch, -1) @ weights["joint"])
        look = windowed if shape.window else correlated
        memory, tokens = look(shape, weights, memory, token, joint, present, secs)
        stages = jax.nn.softmax(each(tokens[-1], weights["stage"]), -1)
        if not shape.has_gates:
            stages = jnp.zeros_like(stages).at[..., -1].set(1.0)
        token = sum(stages[..., at:at + 1] * one for at, one in enumerate(tokens))
        if shape.has_gates:
            logit = logit + (token * weights["trust_token"]).sum(-1) + joint @ weights["trust_joint"]
    doubted = doubted + (1 - jnp.exp(-secs / DOUBTED_SECS)) * (jax.nn.sigmoid(-logit) - doubted) * present
    if shape.has_gates:
        logit = logit - jax.nn.softplus(weights["doubted"]) * doubted
    trust = jax.nn.sigmoid(logit)
    informed = jnp.stack([rows[..., KNOWN], lasting, apart[..., SPEECH] * IS_VOICE], -1)
    power = jnp.exp(weights["power"] + (informed * weights["informed"]).sum(-1))
    weight = present * trust * jnp.exp(-age / jnp.exp(weights["fade"])) * power
    share = weight / (weight.sum(-1, keepdims=True) + LEAST)
    mixed = (share[..., None] * token).sum(1)
    residual = jnp.zeros((batch, LABELS))
    if shape.has_attention and shape.has_labels:
        residual = mixed @ weights["residual"]
    logits = (weight[..., None] * logs).sum(1) + residual
    # How much of what each tells is trusted: the information in its share of the pool, times trust.
    own = jax.nn.log_softmax(weight[..., None] * logs, -1)
    told = (jnp.exp(own) * (own + np.log(LABELS))).sum(-1)
    gate = present * trust * jnp.exp(-age / jnp.exp(weights["fade"])) * (told + LEAST)
    out = {"logits": logits, "trust": logit, "weight": weight, "gate": gate, "stage": stages, "residual": residual}
    out |= several(weights["several"], logits, logs, share, mixed)
    return jnp.concatenate([lasting, doubted, usual.reshape(batch, -1), memory], -1), out


def agreement(logs, present):
    """How sure each modality is, and how far it agrees with each [B, 3, LABELS]; 0 in the places left."""
    p = jnp.exp(logs) * present[..., None]
    sure = 1 + (p * logs).sum(-1, keepdims=True) / np.log(LABELS)
    alike = jnp.einsum("bml,bnl->bmn", p, p)
    left = jnp.zeros((*alike.shape[:2], LABELS - MODALITIES - 1))
    return jnp.concatenate([3 * sure, 3 * alike, left], -1)


def each(x, matrices):
    """Each modality's row times its own matrix: [B, 3, I], [3, I, J] → [B, 3, J]."""
    return jnp.einsum("bmi,mij->bmj", x, matrices)


def correlated(shape, weights, memory, token, joint, present, secs):
    """To compare with: each token attends through a fading correlation matrix to what all have said."""
    batch, tokens, states = token.shape[0], [token], []
    wide = shape.token * shape.joint
    for at in range(shape.recursions):
        own = weights[f"recursion{at}"]
        part = memory[:, at * MODALITIES * (1 + wide):(at + 1) * MODALITIES * (1 + wide)]
        mass = part[:, :MODALITIES]
        sums = part[:, MODALITIES:].reshape(batch, MODALITIES, shape.token, shape.joint)
        kept = jnp.exp(-secs / jnp.exp(weights["forget"][at]))
        new = (secs / STEP_SECS) * present
        q = joint @ own["q"]
        key = each(tokens[-1], own["k"])
        after = kept[..., None, None] * sums + (new[..., None] * key)[..., None] * q[:, None, None, :]
        heavy = kept * mass + new
        correlation = jnp.tanh(after / (shape.joint ** 0.5 * jnp.maximum(heavy, 1.0)[..., None, None]))
        found = jnp.einsum("bmi,bmij->bmj", each(tokens[-1], own["v"]), correlation)
        tokens.append(taken_up(shape, own, tokens[-1], found, present))
        states += [heavy, after.reshape(batch, -1)]
    return jnp.concatenate(states, -1), tokens


def taken_up(shape, own, token, found, present):
    """The tokens with as much of what attention found as a recursion's gate lets in."""
    attended = token + jnp.tanh(each(found, own["o"]))
    gate = jax.nn.softmax(each(jnp.concatenate([attended, token], -1), own["gate"]), -1)
    if not shape.has_gates:
        gate = jnp.zeros_like(gate).at[..., 1].set(1.0)
    return (gate[..., :1] * token + gate[..., 1:] * attended) * present[..., None]


def windowed(shape, weights, memory, token, joint, present, secs):
    """Each token attends to what the other modalities said now and in the last rows."""
    batch = token.shape[0]
    passed, rows = memory[:, :1] + secs, memory[:, 1:].reshape(batch, shape.window, MODALITIES, 1 + shape.token)
    seen = jnp.concatenate([jnp.concatenate([present[..., None], token], -1)[:, None], rows], 1)
    is_row = (passed >= ROW_SECS - LEAST).astype(jnp.float32)
    ago = jnp.concatenate([jnp.zeros_like(passed), passed + ROW_SECS * np.arange(shape.window)], -1)
    others = seen[:, None, ..., 0] * (1 - np.eye(MODALITIES, dtype=np.float32))[:, None]
    tokens = [token]
    for at in range(shape.recursions):
        own = weights[f"recursion{at}"]
        key, value = (jnp.einsum("btni,nij->btnj", seen[..., 1:], own[name]) for name in "kv")
        score = jnp.einsum("bmj,btnj->bmtn", each(tokens[-1], own["q"]), key) / shape.token ** 0.5
        score = score - (ago / jnp.exp(weights["forget"][at]))[:, None, :, None]
        heavy = others * jnp.exp(score - jax.lax.stop_gradient(score.max((-1, -2), keepdims=True)))
        found = jnp.einsum("bmtn,btnj->bmj", heavy, value) / (heavy.sum((-1, -2))[..., None] + LEAST)
        tokens.append(taken_up(shape, own, tokens[-1], found, present))
    rows = is_row[..., None, None] * seen[:, :-1] + (1 - is_row)[..., None, None] * rows
    return jnp.concatenate([passed * (1 - is_row), rows.reshape(batch, -1)], -1), tokens


def several(own, logits, logs, share, mixed):
    """Each label by itself: probability, and how far its latent spreads."""
    p = jax.nn.log_softmax(logits, -1)
    alone = jax.nn.log_softmax((share[..., None] * logs).sum(1), -1)
    said = jnp.concatenate([jnp.maximum(p, -8.0), jnp.maximum(alone, -8.0), share, mixed], -1) / 3
    odds = p - jnp.log1p(-jnp.minimum(jnp.exp(p), 0.999))
    joint = jax.nn.sigmoid(own["own"] * odds + said @ own["joint"] + own["joint_bias"])
    mean = jnp.tanh(said @ own["mean"]).reshape(-1, LABELS, LATENT)
    spread = jnp.exp(jnp.clip(said @ own["spread"], -4, 4) / 2).reshape(-1, LABELS, LATENT)
    by_mean = jax.nn.sigmoid((mean * own["mean_out"].T).sum(-1) + own["mean_bias"])
    by_spread = jax.nn.sigmoid((spread * own["spread_out"].T).sum(-1) + own["spread_bias"])
    return {"several": by_mean * joint + by_spread * (1 - joint), "spread": jnp.sqrt((spread ** 2).mean(-1)), "joint": joint}


def run(shape, weights, rows, readable, secs=STEP_SECS):
    """Whole sequences [B, T, 3, WIDTH], [B, T, READABLE] → what `step` gives, [B, T, …]."""
    passed = jnp.full((rows.shape[0], 1), secs)

    def one(state, tick):
        return step(shape, weights, state, *tick, passed)
    _, out = jax.lax.scan(one, nothing(shape, rows.shape[0]), (jnp.swapaxes(rows, 0, 1), jnp.swapaxes(readable, 0, 1)))
    return {name: jnp.swapaxes(value, 0, 1) for name, value in out.items()}


def concatenation_start(key, normal):
    """The concatenation's weights: words, voice, face and movement side by side, two layers."""
    keys = jax.random.split(key, 2)
    wide, hidden = MODALITIES * (LABELS + RELIABILITIES + 3) + MOVEMENT, 96
    return {"normal": {name: jnp.asarray(value) for name, value in normal.items()},
            "hidden": jax.random.normal(keys[0], (wide, hidden)) / wide ** 0.5, "hidden_bias": jnp.zeros(hidden),
            "labels": jax.random.normal(keys[1], (hidden, LABELS)) / hidden ** 0.5, "bias": jnp.zeros(LABELS)}


def concatenation(weights, rows, readable):
    """The concatenation: rows [..., 3, WIDTH], readable [..., READABLE] → logits [..., 7]."""
    present = rows[..., PRESENT, None]
    apart = apart_from_usual(weights, rows)
    logs = rows[..., READING]
    sure = (logs - logs.mean(-1, keepdims=True)) / 3
    about = jnp.stack([jnp.clip(rows[..., AGE], 0, OLD_SECS), rows[..., KNOWN], rows[..., PRESENT]], -1)
    wide = (jnp.concatenate([sure, apart, about], -1) * present).reshape(*rows.shape[:-2], -1)
    moved = readable_apart(weights, rows, readable)[..., :MOVEMENT]
    hidden = jax.nn.relu(jnp.concatenate([wide, moved], -1) @ weights["hidden"] + weights["hidden_bias"])
    return hidden @ weights["labels"] + weights["bias"]


def concatenation_compared(weights, rows, readable):
    """The concatenation's logits [..., 7], those without each modality [..., 3, 7], and how far the answer moves without
    each [..., 3]: it has no gates of its own."""
    logits = concatenation(weights, rows, readable)
    away = [rows.at[..., place, :].set(0.0) for place in range(MODALITIES)]
    without = jnp.stack([concatenation(weights, one, readable) for one in away], -2)
    moved = jnp.abs(jax.nn.softmax(without, -1) - jax.nn.softmax(logits, -1)[..., None, :]).sum(-1)
    return {"logits": logits, "without": without, "gate": (moved + LEAST) * rows[..., PRESENT]}
