"""Trains `telemetry-anomaly`: is a segment of spacecraft telemetry anomalous.

Data: the training split of OPSSAT-AD, 19 statistics per segment. Ratios between statistics, formed inside the graph,
make segments of channels with other scales comparable. `full` averages boosted and extremely random trees.

    python -m tools.model.train.telemetry --data DATA/ops-sat-ad/train.csv
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import lightgbm
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.model_selection import GroupKFold, StratifiedKFold

from tools.model.train import package, trees

COLUMNS = (
    "sampling", "duration", "len", "mean", "var", "std", "kurtosis", "skew", "n_peaks", "smooth10_n_peaks",
    "smooth20_n_peaks", "diff_peaks", "diff2_peaks", "diff_var", "diff2_var", "gaps_squared", "len_weighted",
    "var_div_duration", "var_div_len",
)  # fmt: skip
RATIOS = tuple(
    pair.split("/")
    for pair in (
        "mean/std", "diff_var/var", "diff2_var/var", "diff2_var/diff_var", "gaps_squared/duration", "duration/len",
        "n_peaks/len", "diff_peaks/len", "diff2_peaks/len", "len_weighted/duration", "n_peaks/diff_peaks",
        "diff_peaks/diff2_peaks", "smooth20_n_peaks/smooth10_n_peaks", "smooth10_n_peaks/n_peaks", "kurtosis/std",
        "skew/std", "diff_var/std", "diff2_var/std", "smooth10_n_peaks/len",
    )
)  # fmt: skip
SMALLEST, LARGEST = 1e-30, 1e9
"""A constant segment has no deviation: ratios stay finite, and products of two of them too."""
METRIC = "AUROC, five-fold stratified"
REPEATS = 5
"""Five-fold figures are means over so many shuffles; one shuffle moves the AUROC by about 0.001."""


def widen(rows: np.ndarray) -> np.ndarray:
    """The features the trees see for (n, 19) float32 statistics: these, `RATIOS` and six combinations.

    Division, product and difference round alike everywhere, so the graph repeats these bit for bit.
    """
    of = {name: rows[:, index] for index, name in enumerate(COLUMNS)}
    ratio = {f"{a}/{b}": _limited(of[a] / np.maximum(of[b], np.float32(SMALLEST))) for a, b in RATIOS}
    combined = (
        of["skew"] * of["skew"] - of["kurtosis"],
        of["len"] * of["sampling"] - of["duration"],
        of["len_weighted"] - of["duration"],
        np.abs(ratio["mean/std"]),
        np.abs(of["skew"]),
        of["skew"] * ratio["mean/std"],
    )
    return np.column_stack([rows, *ratio.values(), *combined]).astype(np.float32)


def _limited(values: np.ndarray) -> np.ndarray:
    return np.clip(values, np.float32(-LARGEST), np.float32(LARGEST))


class Graph:
    """Builds the ONNX twin of `widen` and of the forests behind it."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}

    def add(self, kind: str, *inputs: str, **attributes: object) -> str:
        """Adds an operator and names its output."""
        name = f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def constant(self, value: object, dtype: type = np.float32) -> str:
        """Adds a constant and names it."""
        name = f"constant_{len(self.constants)}"
        self.constants[name] = numpy_helper.from_array(np.asarray(value, dtype), name)
        return name

    def columns(self, source: str, names: list[str]) -> str:
        """Picks columns of the input by name."""
        return self.add("Gather", source, self.constant([COLUMNS.index(n) for n in names], np.int64), axis=1)

    def widened(self) -> str:
        """Twin of `widen`."""
        above, below = ([pair[side] for pair in RATIOS] for side in (0, 1))
        divisor = self.add("Max", self.columns("features", below), self.constant(SMALLEST))
        limits = self.constant(-LARGEST), self.constant(LARGEST)
        ratios = self.add("Clip", self.add("Div", self.columns("features", above), divisor), *limits)
        skew = self.columns("features", ["skew"])
        steady = self.add("Gather", ratios, self.constant([0], np.int64), axis=1)
        spanned = self.add("Mul", *(self.columns("features", [n]) for n in ("len", "sampling")))
        duration = self.columns("features", ["duration"])
        combined = (
            self.add("Sub", self.add("Mul", skew, skew), self.columns("features", ["kurtosis"])),
            self.add("Sub", spanned, duration),
            self.add("Sub", self.columns("features", ["len_weighted"]), duration),
            self.add("Abs", steady),
            self.add("Abs", skew),
            self.add("Mul", skew, steady),
        )
        return self.add("Concat", "features", ratios, *combined, axis=1)

    def forest(self, source: str, forest: trees.Forest) -> str:
        """Adds the trees; gives the name of their sum, (n, 1)."""
        target = f"forest_{len(self.nodes)}"
        self.nodes.append(forest.node(source, target))
        return target

    def model(self, score: str) -> onnx.ModelProto:
        """The finished model, its output the (n, 1) `score` as (n)."""
        flat = self.add("Clip", score, self.constant(0.0), self.constant(1.0))
        self.nodes.append(helper.make_node("Reshape", [flat, self.constant([-1], np.int64)], ["score"]))
        graph = helper.make_graph(
            self.nodes, "telemetry-anomaly",
            [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["n", len(COLUMNS)])],
            [helper.make_tensor_value_info("score", TensorProto.FLOAT, ["n"])],
            list(self.constants.values()),
        )  # fmt: skip
        opsets = [helper.make_opsetid("", package.OPSET), helper.make_opsetid("ai.onnx.ml", 3)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=package.IR_VERSION)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Make-up of a variant: boosted models of so many trees and leaves each, and so many random trees."""

    name: str
    boosted: int
    rounds: int
    leaves: int
    random: int


PLANS = (
    Plan(name="full", boosted=2, rounds=400, leaves=15, random=140),
    Plan(name="small", boosted=1, rounds=300, leaves=12, random=0),
    Plan(name="tiny", boosted=1, rounds=60, leaves=6, random=0),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ensemble:
    """Trained trees of one variant: the mean probability of its two kinds, or that of the one kind it has."""

    boosted: tuple[lightgbm.LGBMClassifier, ...]
    random: ExtraTreesClassifier | None

    def score(self, rows: np.ndarray) -> np.ndarray:
        """Probability of anomaly by the libraries that trained, (n,)."""
        wide = widen(rows)
        odds = np.mean([model.predict(wide, raw_score=True) for model in self.boosted], axis=0)
        chance = 1.0 / (1.0 + np.exp(-odds))
        return chance if self.random is None else 0.5 * (chance + self.random.predict_proba(wide)[:, 1])

    def model(self) -> onnx.ModelProto:
        """The same as one graph."""
        graph = Graph()
        wide = graph.widened()
        score = graph.add("Sigmoid", graph.forest(wide, trees.boosted(self.boosted)))
        if self.random is not None:
            total = graph.add("Add", score, graph.forest(wide, trees.random(self.random)))
            score = graph.add("Mul", total, graph.constant(0.5))
        return graph.model(score)


def grown(plan: Plan, rows: np.ndarray, labels: np.ndarray, seed: int) -> Ensemble:
    """Trains a variant."""
    wide = widen(rows)
    boosted = tuple(
        lightgbm.LGBMClassifier(
            n_estimators=plan.rounds, num_leaves=plan.leaves, learning_rate=min(0.1, 16.0 / plan.rounds),
            min_child_samples=8, subsample=0.8, subsample_freq=1, colsample_bytree=0.4, reg_lambda=1.0,
            random_state=10 * seed + index, n_jobs=1, deterministic=True, verbose=-1,
        ).fit(wide, labels)
        for index in range(plan.boosted)
    )  # fmt: skip
    random = None
    if plan.random:
        random = ExtraTreesClassifier(plan.random, max_features=0.5, random_state=seed).fit(wide, labels)
    return Ensemble(boosted=boosted, random=random)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """AUROC and average precision."""

    auroc: float
    precision: float


def crossed(plan: Plan, rows: np.ndarray, labels: np.ndarray, splits: Callable[[int], list], repeats: int) -> Quality:
    """Quality on rows not trained on, mean over `repeats` ways of splitting."""
    figures = []
    for repeat in range(repeats):
        score = np.zeros(len(labels))
        for fit, test in splits(repeat):
            score[test] = grown(plan, rows[fit], labels[fit], repeat).score(rows[test])
        figures.append((roc_auc_score(labels, score), average_precision_score(labels, score)))
    auroc, precision = np.mean(figures, axis=0)
    return Quality(auroc=float(auroc), precision=float(precision))


def stratified(rows: np.ndarray, labels: np.ndarray, seed: int) -> list:
    """Five folds with the same share of anomalies, shuffled by `seed`."""
    return list(StratifiedKFold(5, shuffle=True, random_state=seed).split(rows, labels))


def load(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Statistics (n, 19) float32, labels (n,) and channels (n,) of the CSV file."""
    with path.open(newline="") as file:
        lines = list(csv.DictReader(file))
    rows = np.array([[float(line[name]) for name in COLUMNS] for line in lines], np.float32)
    return rows, np.array([int(line["anomaly"]) for line in lines]), np.array([line["channel"] for line in lines])


def golden() -> np.ndarray:
    """Four made-up rows: a quiet current, a magnetometer swing, a spike, and a segment that is constant."""
    rows = np.zeros((4, len(COLUMNS)), np.float32)
    for row, (length, level, spread, skew, peaks) in zip(
        rows,
        ((200, 2e-6, 2e-5, 0.1, 1), (60, 0.4, 0.3, -0.4, 2), (90, 0.02, 0.05, 3.5, 14), (50, 0.0, 0.0, 0.0, 0)),
        strict=True,
    ):
        duration, variance = 5.0 * length + 15.0, spread * spread
        row[:] = (
            5, duration, length, level, variance, spread, skew * skew - 1.2, skew, peaks, peaks, peaks, 2 * peaks,
            3 * peaks, 0.01 * variance, 0.02 * variance, 6.0 * duration, duration, variance / duration,
            variance / length,
        )  # fmt: skip
    return rows


def agreement(model: onnx.ModelProto, ensemble: Ensemble, rows: np.ndarray) -> float:
    """Largest difference between the graph and the libraries that trained it; raises ValueError above 1e-5."""
    given = package.session(model).run(["score"], {"features": rows})[0]
    worst = float(np.abs(given - ensemble.score(rows)).max())
    if worst > 1e-5:
        raise ValueError(f"the graph is {worst:.1e} off the trained model")
    return worst


CARD = """# telemetry-anomaly

Says whether a segment of spacecraft telemetry is anomalous, from 19 statistics of the segment.

- **Input**: `features` (n, 19) float32, the columns of OPSSAT-AD in the order of the manifest; no channel name.
- **Output**: `score` (n) float32, probability of anomaly; decide at 0.5 unless costs say otherwise.
- **Data**: the training split of OPSSAT-AD (Ruszczak et al., the OPS-SAT benchmark for detecting anomalies in
  satellite telemetry, CC BY 4.0): {rows} segments of {channels} channels of ESA's OPS-SAT, {positive} of them
  anomalous by the judgement of its operators. The data is not part of this package.
- **Licence**: Apache-2.0.
- **Made by**: `python -m tools.model.train.telemetry`, seeds fixed. The graph gives what the training libraries
  give to 1e-5 on every row of the data.

## Quality

Five-fold stratified figures are means over {repeats} shuffles. Grouped figures hold out whole channels (five folds).

| variant | AUROC | average precision | AUROC by channel | average precision by channel |
|---|---:|---:|---:|---:|
{table}

## Limits

- A segment of a channel never seen is judged clearly worse than one of a known channel: the two right columns.
- Near copies of a segment (the same signal at another sampling) may lie on both sides of a random split, so the left
  columns flatter.
- Segments and statistics must be cut and scaled as in OPSSAT-AD. Labels are one team's judgement.
"""


def main() -> None:
    """Trains, measures and packages the three variants."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="train.csv of OPSSAT-AD")
    rows, labels, channels = load(parser.parse_args().data)
    lines, variants = [], []
    for plan in PLANS:
        shuffled = crossed(plan, rows, labels, lambda seed: stratified(rows, labels, seed), REPEATS)
        grouped = crossed(plan, rows, labels, lambda _: list(GroupKFold(5).split(rows, labels, channels)), 1)
        print(f"  {plan.name}: {shuffled}, by channel {grouped}", flush=True)
        figures = (shuffled.auroc, shuffled.precision, grouped.auroc, grouped.precision)
        lines.append(f"| `{plan.name}` | " + " | ".join(f"{value:.4f}" for value in figures) + " |")
        ensemble = grown(plan, rows, labels, 0)
        model = ensemble.model()
        print(f"  graph and library differ by at most {agreement(model, ensemble, rows):.1e}", flush=True)
        variants.append(
            package.Variant(name=plan.name, model=model, metric=METRIC, quality=shuffled.auroc, tolerance=1e-4)
        )
    card = CARD.format(
        rows=len(rows), channels=len(set(channels)), positive=int(labels.sum()), repeats=REPEATS, table="\n".join(lines)
    )
    package.write(
        package.Package(
            name="telemetry-anomaly", version="1.0.0", task="telemetry segment anomalous or not",
            input=package.Tensor(
                name="features", dtype="float32", shape=("n", len(COLUMNS)), unit="statistics of a segment",
                low=-LARGEST, high=LARGEST, columns=COLUMNS,
            ),
            output=package.Tensor(
                name="score", dtype="float32", shape=("n",), unit="probability of anomaly", low=0.0, high=1.0
            ),
            variants=tuple(variants), golden_input=golden(), card=card,
        )
    )  # fmt: skip


if __name__ == "__main__":
    main()
