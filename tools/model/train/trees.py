"""Writes boosted and extremely random trees as ONNX, so that every branch falls as in the library that grew them.

The converters on offer round a threshold to the nearest float32, which moves rows that lie on it to the other
branch. Here inputs are float32 and a threshold is rounded down, so `value <= threshold` keeps its answer for
every float32 value.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import lightgbm
import numpy as np
import onnx
from onnx import helper
from sklearn.ensemble import ExtraTreesClassifier


def floor32(threshold: float) -> float:
    """Largest float32 that is not above `threshold`."""
    near = np.float32(threshold)
    return float(near if float(near) <= threshold else np.nextafter(near, np.float32(-np.inf)))


@dataclass(slots=True)
class Forest:
    """Columns of ONNX's TreeEnsembleRegressor, filled tree by tree; the output is the sum over trees."""

    nodes: dict[str, list[object]] = field(
        default_factory=lambda: {
            key: [] for key in ("treeids", "nodeids", "featureids", "modes", "values", "truenodeids", "falsenodeids")
        }
    )
    leaves: dict[str, list[object]] = field(
        default_factory=lambda: {key: [] for key in ("treeids", "nodeids", "ids", "weights")}
    )
    trees: int = 0

    def branch(self, node: int, feature: int, threshold: float, below: int, above: int) -> None:
        """Adds a branch of the current tree: to `below` where the feature is at most the threshold."""
        row = (self.trees, node, feature, "BRANCH_LEQ", floor32(threshold), below, above)
        for key, value in zip(self.nodes, row, strict=True):
            self.nodes[key].append(value)

    def leaf(self, node: int, weight: float) -> None:
        """Adds a leaf of the current tree."""
        for key, value in zip(self.nodes, (self.trees, node, 0, "LEAF", 0.0, 0, 0), strict=True):
            self.nodes[key].append(value)
        for key, value in zip(self.leaves, (self.trees, node, 0, weight), strict=True):
            self.leaves[key].append(value)

    def node(self, source: str, target: str) -> onnx.NodeProto:
        """The operator: `source` (n, features) float32 to `target` (n, 1)."""
        attributes = {f"nodes_{key}": values for key, values in self.nodes.items()}
        attributes |= {f"target_{key}": values for key, values in self.leaves.items()}
        return helper.make_node(
            "TreeEnsembleRegressor", [source], [target], domain="ai.onnx.ml", n_targets=1, **attributes
        )


def boosted(models: Iterable[lightgbm.LGBMClassifier]) -> Forest:
    """Forest whose sum is the mean log-odds of the boosted models."""
    models, forest = list(models), Forest()
    for model in models:
        for tree in model.booster_.dump_model()["tree_info"]:
            _grow_boosted(forest, tree["tree_structure"], 0, 1.0 / len(models))
            forest.trees += 1
    return forest


def _grow_boosted(forest: Forest, part: dict, node: int, scale: float) -> None:
    """Adds the subtree `part` from number `node` on, parents first as the runtime expects."""
    if "split_index" not in part:
        forest.leaf(node, part["leaf_value"] * scale)
        return
    if part["decision_type"] != "<=":
        raise ValueError(f"only numeric branches are known, got {part['decision_type']}")
    below, above = node + 1, node + 1 + _size(part["left_child"])
    forest.branch(node, part["split_feature"], part["threshold"], below, above)
    _grow_boosted(forest, part["left_child"], below, scale)
    _grow_boosted(forest, part["right_child"], above, scale)


def _size(part: dict) -> int:
    """Nodes of a subtree."""
    return 1 + (_size(part["left_child"]) + _size(part["right_child"]) if "split_index" in part else 0)


def random(model: ExtraTreesClassifier) -> Forest:
    """Forest whose sum is the mean probability of class 1."""
    forest = Forest()
    for grown in model.estimators_:
        tree = grown.tree_
        for node in range(tree.node_count):
            if tree.children_left[node] < 0:
                counts = tree.value[node, 0]
                forest.leaf(node, float(counts[1] / counts.sum()) / len(model.estimators_))
            else:
                below, above = int(tree.children_left[node]), int(tree.children_right[node])
                forest.branch(node, int(tree.feature[node]), float(tree.threshold[node]), below, above)
        forest.trees += 1
    return forest
