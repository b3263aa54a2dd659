"""Prints the seconds of every suite of a test run, its slowest tests, and the tests that failed with what they said.

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


def failures_of(results: Path, suite: str) -> Iterator[tuple[str, str]]:
    """Name and message of each failed test of a suite; none where the suite ended without one."""
    trx, junit, log = (results / f"{suite}.{ending}" for ending in ("trx", "xml", "log"))
    said = log.read_text(errors="replace") if log.exists() else ""
    try:
        if trx.exists():
            for result in ElementTree.parse(trx).iter(f"{TRX}UnitTestResult"):
                if result.get("outcome") not in ("Passed", "NotExecuted"):
                    yield result.get("testName", "").removeprefix("VisionPlatform."), result.findtext(f".//{TRX}Message", "")
        elif junit.exists():
            for case in ElementTree.parse(junit).iter("testcase"):
                for failure in [*case.findall("failure"), *case.findall("error")]:
                    yield f"{case.get('classname', '')}.{case.get('name')}", failure.text or failure.get("message", "")
        else:
            for failed in re.finditer(r"^FAIL (.*) \([0-9.]+ s\)\n((?:(?!ok  |FAIL ).*\n)*)", said, re.MULTILINE):
                yield failed[1], failed[2]
    except ElementTree.ParseError:
        yield "a report that cannot be read", said


def shortened(text: str, lines: int = 12) -> str:
    """The first and last lines of a message, without colours."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text).strip().splitlines()
    kept = plain if len(plain) <= lines else [*plain[: lines // 2], "…", *plain[-lines // 2 :]]
    return "\n".join(f"    {line[:300]}" for line in kept)


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
    # Last, because who reads a long output reads its end.
    for end in results.glob("*.end"):
        if end.read_text().split()[0] != "0":
            said = (results / f"{end.stem}.log").read_text(errors="replace")
            for name, message in list(failures_of(results, end.stem)) or [("no failed test; its output ends", said)]:
                print(f"\nfailed: {end.stem}: {name}\n{shortened(message)}")
    print()


if __name__ == "__main__":
    main()
