"""Checks messages against protocol.schema.json; without python3-jsonschema it checks nothing."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

try:
    import jsonschema
except ImportError:
    jsonschema = None

_SCHEMA = Path(__file__).resolve().parent.parent / "protocol.schema.json"


@functools.cache
def _validator(name: str) -> Any:
    schema = json.loads(_SCHEMA.read_text())
    return jsonschema.Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": schema["$defs"]})


def check(name: str, message: Any) -> None:
    """Raises AssertionError with the first violation."""
    if jsonschema is None:
        return
    error = jsonschema.exceptions.best_match(_validator(name).iter_errors(message))
    assert error is None, f"{name}: {error.message} at {list(error.absolute_path)} in {str(error.instance)[:300]}"
