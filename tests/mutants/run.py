"""Makes small mistakes in a copy of the product, one at a time, and says which of them no test notices.

    run.py check               every mutant names a text that is once in its file
    run.py run COPY [NAME…]    in COPY (a copy of the repository with services running), all mutants or those whose name has NAME

A mutant is noticed when the tests that it names fail. Those tests are run without mistakes first, so that a failure means something; where they fail
then, the mutants that name them are not made.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import tomllib
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 1200
# Tests wait for minutes for what should happen; with a mistake it often never does. They pass without a mistake under the same limit first.
PATIENCE = {"TEST_PATIENCE_SECONDS": "60"}
NO_TESTS = re.compile(r"No test matches|no tests ran|collected 0 items")


@dataclass(frozen=True)
class Mutant:
    """One mistake: in ``file`` the text ``find`` becomes ``replace``; ``tests`` should notice.

    ``tests`` is ``PROJECT`` or ``PROJECT: FILTER`` with a test project (``Domain.Tests``), whose filter is part of the tests' full names, or a
    folder of Python tests (``trainers/tests``), whose filter is pytest's ``-k``, or a shell script, whose filter is its argument.
    """

    name: str
    file: str
    find: str
    replace: str
    tests: str

    @property
    def project(self) -> str:
        return self.tests.partition(":")[0].strip()

    @property
    def filter(self) -> str:
        return self.tests.partition(":")[2].strip()


def read_mutants() -> list[Mutant]:
    """The mutants of ``mutants.toml``; exits with a message when one is not well formed."""
    with (ROOT / "tests/mutants/mutants.toml").open("rb") as file:
        mutants = [Mutant(**entry) for entry in tomllib.load(file)["mutant"]]
    names = [mutant.name for mutant in mutants]
    if twice := {name for name in names if names.count(name) > 1}:
        sys.exit(f"mutants.toml names twice: {', '.join(sorted(twice))}")
    return mutants


def problem(mutant: Mutant, root: Path) -> str | None:
    """Why a mutant cannot be made, or None."""
    path = root / mutant.file
    if not path.is_file():
        return f"there is no file {mutant.file}"
    count = path.read_text(encoding="utf-8").count(mutant.find)
    if count != 1:
        return f"{mutant.file} has its text {count} times"
    if not (root / "tests" / mutant.project).is_dir() and not (root / mutant.project).exists():
        return f"there are no tests {mutant.project}"
    return None


def commands(project: str, filters: list[str]) -> list[list[str]]:
    """What runs the tests; several filters are joined by "or"."""
    if project.endswith(".sh"):
        return [["bash", project, filters[0]]]
    if "/" in project:
        wanted = " or ".join(f"({one})" for one in filters if one)
        return [[os.environ.get("PYTHON", "python3"), "-m", "pytest", project, "-q", "-x", *(["-k", wanted] if wanted else [])]]
    wanted = "|".join(f"FullyQualifiedName~{one}" for one in filters if one)
    return [
        ["dotnet", "build", f"tests/{project}", "--no-restore", "-v", "q", "-nologo", "-p:TreatWarningsAsErrors=false", "-p:WarningLevel=0"],
        ["dotnet", "test", f"tests/{project}", "--no-build", "-nologo", *(["--filter", wanted] if wanted else [])],
    ]


def environment(project: str) -> dict[str, str]:
    """Tests of trainers start trainers of their own and get no settings of others."""
    return PATIENCE | {name: value for name, value in os.environ.items() if not (project.startswith("trainers/") and name.startswith("TRAINER_"))}


def run_tests(project: str, filters: list[str], copy: Path, log: Path) -> bool | None:
    """Whether the tests pass; None when they do not build or none was run."""
    steps = commands(project, filters)
    for number, step in enumerate(steps):
        with log.open("a", encoding="utf-8") as output:
            begin = log.stat().st_size
            try:
                status = subprocess.run(
                    step, cwd=copy, env=environment(project), stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, timeout=LIMIT, check=False
                ).returncode
            except subprocess.TimeoutExpired:
                status = 124
        text = log.read_text(encoding="utf-8", errors="replace")[begin:]
        if number < len(steps) - 1:
            if status != 0:
                return None
        elif NO_TESTS.search(text):
            return None
    return status == 0


def failing(project: str, filters: list[str], copy: Path, log: Path) -> list[str]:
    """The filters whose tests do not pass without a mistake. They are run together and, where that fails, each on its own."""
    if not project.endswith(".sh") and run_tests(project, filters if all(filters) else [""], copy, log) is True:
        return []
    return [one for one in filters if run_tests(project, [one], copy, log) is not True]


def run(copy: Path, names: list[str]) -> int:
    """Runs the mutants; prints a line for each and a summary last. 0 when all were noticed."""
    mutants = [mutant for mutant in read_mutants() if not names or any(name.lower() in mutant.name.lower() for name in names)]
    log = copy / "mutants.log"
    by_project: dict[str, list[str]] = defaultdict(list)
    for mutant in mutants:
        if mutant.filter not in by_project[mutant.project]:
            by_project[mutant.project].append(mutant.filter)
    wrong = {(project, one) for project, filters in by_project.items() for one in failing(project, filters, copy, log)}
    if wrong:
        named = (f"{project}: {one}" for project, one in sorted(wrong))
        print("These tests fail (or none is there) without a mistake, so they notice nothing:", *named, f"log: {log}", sep="\n  ", flush=True)
    unnoticed = []
    for mutant in mutants:
        if (mutant.project, mutant.filter) in wrong:
            unnoticed.append(mutant.name)
            print(f"NOT MADE                {mutant.name} ({mutant.tests})", flush=True)
            continue
        path, started = copy / mutant.file, time.monotonic()
        right = path.read_text(encoding="utf-8")
        path.write_text(right.replace(mutant.find, mutant.replace), encoding="utf-8")
        try:
            passed = run_tests(mutant.project, [mutant.filter], copy, log)
        finally:
            path.write_text(right, encoding="utf-8")
        verdict = {True: "NOT NOTICED", False: "noticed", None: "DOES NOT BUILD"}[passed]
        if passed is not False:
            unnoticed.append(mutant.name)
        print(f"{verdict:14} {time.monotonic() - started:5.0f} s  {mutant.name} ({mutant.tests})", flush=True)
    print(f"{len(mutants) - len(unnoticed)} noticed, {len(unnoticed)} not" + "".join(f"\n  {name}" for name in unnoticed))
    return 1 if unnoticed else 0


def check() -> int:
    """Prints what is wrong with the mutants; 0 when nothing is."""
    wrong = [f"{mutant.name}: {why}" for mutant in read_mutants() if (why := problem(mutant, ROOT))]
    print("\n".join(wrong) if wrong else f"{len(read_mutants())} mutants can be made")
    return 1 if wrong else 0


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["check"]:
            sys.exit(check())
        case ["run", copy, *names]:
            sys.exit(run(Path(copy), names))
        case _:
            sys.exit(__doc__)
