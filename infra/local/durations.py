"""Prints the seconds of every suite of a test run, and its slowest tests.

usage: durations.py RESULTS

RESULTS is the folder that `./platform test` fills: SUITE.trx (.NET), SUITE.xml (pytest), SUITE.log (local-services) and SUITE.end
(status and milliseconds).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

SLOWEST = 20
TRX = "{http://microsoft.com/schemas/VisualStudio/TeamTest/2010}"


def seconds_of(duration: str) -> float:
    """``0:01:02.5`` in seconds."""
    hours, minutes, seconds = duration.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


def tests_of(results: Path, suite: str) -> Iterator[tuple[float, str]]:
    """Seconds and name of each test of a suite, as far as its report has come."""
    trx, junit, log = (results / f"{suite}.{ending}" for ending in ("trx", "xml", "log"))
    try:
        if trx.exists():
            for result in ElementTree.parse(trx).iter(f"{TRX}UnitTestResult"):
                name = result.get("testName", "").removeprefix("VisionPlatform.").removeprefix(f"{suite}.")
                yield seconds_of(result.get("duration", "0:0:0")), name
        elif junit.exists():
            for case in ElementTree.parse(junit).iter("testcase"):
                yield float(case.get("time", 0)), f"{case.get('classname', '').rsplit('.', 1)[-1]}.{case.get('name')}"
        elif log.exists():
            for found in re.finditer(r"^(?:ok  |FAIL) (.*) \(([0-9.]+) s\)$", log.read_text(errors="replace"), re.MULTILINE):
                yield float(found[2]), found[1]
    except ElementTree.ParseError:
        return


def main() -> None:
    results = Path(sys.argv[1])
    suites, slowest = [], []
    for end in results.glob("*.end"):
        tests = list(tests_of(results, end.stem))
        suites.append((int(end.read_text().split()[1]) / 1000, len(tests), end.stem))
        slowest += [(seconds, f"{end.stem}: {name}") for seconds, name in tests]
    print("\nseconds  tests  suite")
    for seconds, count, suite in sorted(suites, reverse=True):
        print(f"{seconds:7.0f}  {count:5}  {suite}")
    print(f"\nseconds  the {SLOWEST} slowest tests")
    for seconds, name in sorted(slowest, reverse=True)[:SLOWEST]:
        print(f"{seconds:7.1f}  {name[:160]}")
    print()


if __name__ == "__main__":
    main()
