from __future__ import annotations

import pytest


@pytest.fixture()
def shapes_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Models are built without random numbers in their weights, which take seconds for each large one."""
    import torch

    for name in ("kaiming_normal_", "kaiming_uniform_", "normal_", "trunc_normal_", "uniform_", "xavier_uniform_"):
        monkeypatch.setattr(torch.nn.init, name, lambda tensor, *_, **__: tensor)
