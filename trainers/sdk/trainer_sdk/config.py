"""Typed configuration fields. One declaration gives both the form in the console and the check here."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from .errors import invalid_config


@dataclass(frozen=True)
class ConfigField:
    """One entry of ``configSchema.fields``.

    ``exclusive_min`` and ``exclusive_max`` exclude the limit itself. ``applies_when`` names another field and the
    values of it for which this field has an effect, and ``task_types`` the tasks for which it has one (none: all). Elsewhere
    this field must keep its default: the trainer uses every value that somebody enters.
    """

    name: str
    type: Literal["int", "float", "bool", "select", "string"]
    default: Any
    description: str
    min: float | None = None
    max: float | None = None
    exclusive_min: bool = False
    exclusive_max: bool = False
    options: tuple[str, ...] = ()
    step: float | None = None
    group: str = "basic"
    advanced: bool = False
    applies_when: tuple[str, tuple[str, ...]] | None = None
    task_types: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        body: dict[str, Any] = {
            "name": self.name,
            "type": self.type,
            "default": self.default,
            "group": self.group,
            "advanced": self.advanced,
            "required": False,
            "description": self.description,
        }
        for key, value in (("min", self.min), ("max", self.max), ("step", self.step)):
            if value is not None:
                body[key] = value
        if self.exclusive_min:
            body["exclusiveMin"] = True
        if self.exclusive_max:
            body["exclusiveMax"] = True
        if self.options:
            body["options"] = list(self.options)
        if self.applies_when:
            body["appliesWhen"] = {self.applies_when[0]: list(self.applies_when[1])}
        if self.task_types:
            body["taskTypes"] = list(self.task_types)
        return body

    def check(self, value: Any) -> Any:
        """The value as this field's type; raises :class:`RequestProblem` 422 ``INVALID_CONFIG``."""
        if self.type == "bool":
            if not isinstance(value, bool):
                raise invalid_config(self.name, f"{self.name} must be true or false.")
            return value
        if self.type in ("select", "string"):
            if not isinstance(value, str) or (self.options and value not in self.options):
                wanted = f"one of {', '.join(self.options)}" if self.options else "text"
                raise invalid_config(self.name, f"{self.name} must be {wanted}.")
            return value
        return self._check_number(value)

    def _check_number(self, value: Any) -> int | float:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            raise invalid_config(self.name, f"{self.name} must be a number.")
        if self.type == "int" and value != int(value):
            raise invalid_config(self.name, f"{self.name} must be a whole number.")
        low = self.min is not None and (value <= self.min if self.exclusive_min else value < self.min)
        high = self.max is not None and (value >= self.max if self.exclusive_max else value > self.max)
        if low or high:
            raise invalid_config(self.name, f"{self.name} must be {self._range()}, not {value:g}.")
        return int(value) if self.type == "int" else float(value)

    def _range(self) -> str:
        low = f"{'above' if self.exclusive_min else 'at least'} {self.min:g}" if self.min is not None else ""
        high = f"{'below' if self.exclusive_max else 'at most'} {self.max:g}" if self.max is not None else ""
        return " and ".join(part for part in (low, high) if part)


def resolve(
    fields: Iterable[ConfigField], entered: Mapping[str, Any], defaults: Mapping[str, Any] | None = None,
    task_type: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    """The full configuration: of each field the entered value, else that of ``defaults``, else its own default.

    Raises :class:`RequestProblem` 422 with the field for an unknown field, a wrong type, a value out of range and
    a value without effect.
    """
    known = {item.name: item for item in fields}
    for name in entered:
        if name not in known:
            raise invalid_config(name, f"{name} is not a setting of this trainer.")
    fallback = {item.name: item.default for item in known.values()} | dict(defaults or {})
    values = {
        name: item.check(entered[name]) if entered.get(name) is not None else fallback[name]
        for name, item in known.items()
    }
    for name, item in known.items():
        if values[name] == fallback[name]:
            continue
        if task_type is not None and item.task_types and task_type not in item.task_types:
            raise invalid_config(name, f"{name} has no effect on {task_type}.")
        if item.applies_when is None:
            continue
        other, accepted = item.applies_when
        if values[other] not in accepted:
            raise invalid_config(name, f"{name} has no effect unless {other} is {' or '.join(accepted)}.")
    return values
