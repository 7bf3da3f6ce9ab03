"""Trains the models that ship under `fsw/models` and writes their packages.

Enters: the open data sets named in each model card, or generated scenes. Leaves: package folders, with a card each.
Needs the packages of `requirements/train.txt`; nothing that flies imports this.

    python -m tools.model.train.telemetry --data DATA/ops-sat-ad/train.csv
    python -m tools.model.train.cloud
    python -m tools.model.train.water --data DATA/phisat2/chips.npz
"""
