# shellcheck shell=bash
# Every test of the repository: .NET (trx), trainers (junit), and this installation itself. Two suites run at a time, because tests wait as much as
# they compute.

PASSED=0 FAILED=0 SKIPPED=0
# The suites of this run: test projects by name, trainers (those of the SDK), trainer-NAME and local-services.
SUITES=()
# They begin first, so that no long one is left over at the end.
LONGEST=(Platform.Tests console-browser trainer-torchvision local-services Functions.Host.Tests)
# What to end on the way out: processes of this run by their pids.
RUNNING=()

count() { PASSED=$((PASSED + $1)) FAILED=$((FAILED + $2)) SKIPPED=$((SKIPPED + $3)); }

# attribute NAME TEXT: the number in NAME="…", 0 when it is not there.
attribute() {
  local value
  value=$(sed -nE "s/.*[[:space:]]$1=\"([0-9]+)\".*/\1/p" <<<"$2" | head -n 1)
  printf '%s' "${value:-0}"
}

# count_trx FILE STATUS NAME: a runner that failed without a failed test to show crashed, which is a failure.
count_trx() {
  local line='' failed
  [[ ! -f $1 ]] || line=$(tr '\r\n' '  ' <"$1" | grep -o '<Counters [^>]*>')
  failed=$(($(attribute failed "$line") + $(attribute error "$line") + $(attribute timeout "$line") + $(attribute aborted "$line")))
  count_runner "$(attribute passed "$line")" "$failed" $(($(attribute total "$line") - $(attribute executed "$line"))) "$2" "$3"
}

count_junit() {
  local line='' failed skipped
  [[ ! -f $1 ]] || line=$(tr '\r\n' '  ' <"$1" | grep -o '<testsuite [^>]*>')
  failed=$(($(attribute failures "$line") + $(attribute errors "$line")))
  skipped=$(attribute skipped "$line")
  count_runner $(($(attribute tests "$line") - failed - skipped)) "$failed" "$skipped" "$2" "$3"
}

# count_junit_sum FILE STATUS NAME: a report whose sums stand at its root.
count_junit_sum() {
  local line='' failed skipped
  [[ ! -f $1 ]] || line=$(tr '\r\n' '  ' <"$1" | grep -o '<testsuites [^>]*>')
  failed=$(($(attribute failures "$line") + $(attribute errors "$line")))
  skipped=$(attribute skipped "$line")
  count_runner $(($(attribute tests "$line") - failed - skipped)) "$failed" "$skipped" "$2" "$3"
}

count_runner() { # PASSED FAILED SKIPPED STATUS NAME
  local failed=$2
  if (($4 != 0 && failed == 0)); then
    say "  $5 ended with status $4 and no failed test: counted as one failure"
    failed=1
  fi
  count "$1" "$failed" "$3"
}

# run_tests [FILTER]: a filter goes to `dotnet test --filter`; the words trainers, console [SPEC…] and local-services pick those alone; fuzz is a long run of requests
# made from the description of the API (FUZZ_SEED and FUZZ_REQUESTS, of each operation, repeat one);
# load [ARGUMENTS…], soak [ARGUMENTS…], mutants [NAME…] and moves [FILTER] are tests of their own that no other run includes.
run_tests() {
  local filter=${1:-} results
  if [[ $filter == soak ]]; then
    shift
    run_soak "$@"
    return
  fi
  if [[ $filter == load ]]; then
    shift
    run_load "$@"
    return
  fi
  if [[ $filter == mutants ]]; then
    shift
    run_mutants "$@"
    return
  fi
  if [[ $filter == moves ]]; then
    shift
    run_moves "$@"
    return
  fi
  if [[ $filter == fuzz ]]; then
    filter='FullyQualifiedName~FuzzTests'
    export FUZZ_REQUESTS=${FUZZ_REQUESTS:-500} FUZZ_SEED=${FUZZ_SEED:-$RANDOM$RANDOM}
    say "FUZZ_SEED=$FUZZ_SEED FUZZ_REQUESTS=$FUZZ_REQUESTS"
  fi
  ensure_dotnet
  use_dir "$ROOT/.platform/test"
  lock
  trap 'exit 130' INT TERM
  trap end_tests EXIT
  results=$PLATFORM_DIR/results
  rm -rf "$results"
  mkdir -p "$results"
  # One compiler for all builds of this run, also those that tests start. Without it, each project of each build starts its own.
  export SharedCompilationId=platform-test-$$-$RANDOM
  case $filter in trainers | console | local-services) ;; *) prepare_dotnet_tests "$results" ;; esac
  if [[ -z $filter || $filter == trainers ]]; then prepare_trainer_tests; fi
  if [[ -z $filter || $filter == console ]]; then prepare_console_tests; fi
  [[ -n $filter && $filter != local-services ]] || SUITES+=(local-services)
  run_suites "$results" "$filter" "${@:2}"
  end_tests
  trap - EXIT
  "$PYTHON" "$ROOT/infra/local/durations.py" "$results"
  print_counts
}

end_tests() {
  local pid
  for pid in "${RUNNING[@]}"; do end_tree "$pid"; done
  RUNNING=()
  stop_compiler
  [[ -z ${TESTED_SERVICES:-} ]] || stop_services
  TESTED_SERVICES=''
}

# stop_compiler: a compiler that is not found here ends ten minutes after its last build.
stop_compiler() {
  local server
  server=$(dotnet --list-sdks | sed -n "s|^$(dotnet --version) \[\(.*\)\]\$|\1|p")/$(dotnet --version)/Roslyn/bincore/VBCSCompiler.dll
  [[ ! -f $server ]] || dotnet exec "$server" -shutdown "-pipename:$SharedCompilationId" >/dev/null 2>&1
}

# end_tree PID: ends a process and all that it started. The process goes first, so that it starts nothing in between.
end_tree() {
  local child children
  children=$(cat "/proc/$1/task/"*/children 2>/dev/null)
  kill -TERM "$1" 2>/dev/null
  for child in $children; do end_tree "$child"; done
}

# run_suites RESULTS FILTER [SPEC…]: runs and counts the suites, two at a time.
run_suites() {
  local suite status
  for _ in 1 2; do
    take_suites "$@" &
    RUNNING+=($!)
  done
  wait "${RUNNING[@]}"
  RUNNING=()
  for suite in "${SUITES[@]}"; do
    status=$(cut -d' ' -f1 "$1/$suite.end" 2>/dev/null)
    case $suite in
      trainer*) count_junit "$1/$suite.xml" "${status:-1}" "$suite" ;;
      console-*) count_junit_sum "$1/$suite.xml" "${status:-1}" "$suite" ;;
      local-services) count_local "$1/$suite.log" "${status:-1}" ;;
      *) count_trx "$1/$suite.trx" "${status:-1}" "$suite" ;;
    esac
  done
}

# take_suites RESULTS FILTER [SPEC…]: runs, one after another, the suites that nobody has taken. What a suite says is in SUITE.log, and shown when it has
# ended; its status and milliseconds are in SUITE.end.
take_suites() {
  local suite began status
  for suite in "${LONGEST[@]}" "${SUITES[@]}"; do
    if [[ " ${SUITES[*]} " != *" $suite "* ]] || ! mkdir "$1/$suite.taken" 2>/dev/null; then continue; fi
    step test "$suite"
    began=$(now_ms)
    case $suite in
      trainers) run_pytest "$1" "$suite" "$PYTHON" trainers/tests ;;
      trainer-*) run_pytest "$1" "$suite" "$(trainer_python "${suite#trainer-}")" "trainers/${suite#trainer-}/tests" ;;
      console-units) run_console_units "$1/$suite.xml" ;;
      console-browser) run_console_browser "$1" "${@:3}" ;;
      local-services) bash "$ROOT/tests/local-services/run.sh" </dev/null 9>&- ;;
      *) run_dotnet_test "$1" "$suite" "$2" ;;
    esac >"$1/$suite.log" 2>&1
    status=$?
    printf '%s %s\n' "$status" $(($(now_ms) - began)) >"$1/$suite.end"
    (
      flock 6
      cat "$1/$suite.log"
      step test "$suite ended ($(seconds_since "$began"))"
    ) 6>"$1/shown"
  done
}

print_counts() {
  if ((PASSED + FAILED == 0)); then
    say "no test was executed: counted as one failure"
    FAILED=1
  fi
  printf '%s passed, %s failed' "$PASSED" "$FAILED"
  ((SKIPPED == 0)) || printf ', %s skipped' "$SKIPPED"
  printf '\n'
  ((FAILED == 0))
}

build_tests() (
  exec 7<"$ROOT" # the folder: a locked file is one that .NET refuses to open
  flock -w 900 7 || die "another build has held this checkout for 15 minutes"
  started=$(now_ms)
  step build "building everything (Debug)"
  if ! dotnet_build "$1/build.log" "$ROOT/Platform.sln" -c Debug; then
    grep -E 'error|Error' "$1/build.log" | sort -u | head -30 >&2
    say "the build failed (log: $1/build.log)"
    exit 1
  fi
  step build "done ($(seconds_since "$started"))"
)

# in_test_environment COMMAND…: the endpoints of the test services; none of the caller's databases.
in_test_environment() (
  unset DATABASE_URL USER_DATABASE_URL DURABLE_DATABASE_URL LABELER_DATABASE_URL
  with_settings "$@"
)

# prepare_dotnet_tests RESULTS: the .NET tests run against services of their own, which start empty while the tests are built.
prepare_dotnet_tests() {
  local project build
  build_tests "$1" &
  build=$!
  RUNNING+=("$build")
  choose_services test
  ensure_packages "${LOCAL_SERVICES[@]}" digits
  # The judge of syncs. Where it cannot be installed, its tests are skipped.
  if ((EUID == 0)) && have_command apt-get; then ensure_packages rclone; fi
  ensure_azurite || die 'Azurite is needed for the tests of the Functions host'
  ensure_redocly || die 'Redocly is needed for the test of the API description'
  ensure_actionlint || die 'actionlint is needed for the test of the workflows'
  ensure_promtool || die 'promtool is needed for the test of the alert rules'
  TESTED_SERVICES=started
  stop_services && wipe_services
  start_services fast || die "the services for the tests did not start"
  test_settings | write_settings "$PLATFORM_DIR/env"
  if wait "$build"; then
    for project in "$ROOT"/tests/*/*.csproj; do SUITES+=("$(basename "$project" .csproj)"); done
  else
    count 0 1 0
  fi
  RUNNING=()
}

# run_dotnet_test RESULTS PROJECT FILTER: the built assembly, because `dotnet test` of a project reads the whole solution first.
run_dotnet_test() {
  local filter=()
  [[ -z $3 ]] || filter=(--filter "$3")
  in_test_environment timeout -k 30 3600 dotnet test "$ROOT/tests/$2/bin/Debug/net10.0/$2.dll" --nologo \
    --logger "trx;LogFileName=$2.trx" --results-directory "$1" "${filter[@]}" </dev/null 8>&- 9>&-
}

# The tests of all trainers and of the SDK, then those of each trainer that can run here, with its own Python. They start
# the trainers themselves, with settings of their own.
prepare_trainer_tests() {
  local name needs=()
  SUITES+=(trainers)
  for name in $(trainer_names); do
    trainer_unavailable "$name" >/dev/null && continue
    needs+=("trainer-$name")
    [[ ! -d $ROOT/trainers/$name/tests ]] || SUITES+=("trainer-$name")
  done
  ensure_packages "${needs[@]}" digits tests
}

run_pytest() ( # RESULTS NAME PYTHON FOLDER
  for name in "${!TRAINER_@}"; do unset "$name"; done
  cd "$ROOT" && timeout -k 30 3600 "$3" -m pytest "$4" -q "--junitxml=$1/$2.xml" </dev/null 8>&- 9>&-
)

# count_local LOG STATUS: its last line is `N passed, N failed`.
count_local() {
  if [[ $(tail -n 1 "$1") =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
    count_runner "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}" 0 "$2" tests/local-services
  else
    count_runner 0 0 0 1 tests/local-services
  fi
}

# run_mutants [NAME…]: makes small mistakes in a copy of the checkout, one at a time, and says which of them no test notices. Ends with 1 when
# there is one.
run_mutants() {
  local copy status
  ensure_dotnet
  use_dir "$ROOT/.platform/mutants"
  lock
  trap 'exit 130' INT TERM
  choose_services test
  ensure_packages "${LOCAL_SERVICES[@]}" digits tests
  trap 'stop_services && wipe_services' EXIT
  stop_services && wipe_services
  copy=$PLATFORM_DIR/copy
  mkdir -p "$copy"
  step mutants "copying the checkout and building its tests (Debug)"
  # What git would take, with the time of now: an interrupted run may have left what was built from a mistake. Other build outputs stay.
  (cd "$ROOT" && git ls-files -z --cached --others --exclude-standard | xargs -0 ls -d 2>/dev/null | tar -cf - -T -) | tar -xmf - -C "$copy" || die "the checkout could not be copied"
  dotnet_build "$LOG_DIR/build.log" "$copy/Platform.sln" -c Debug || die "the build failed (log: $LOG_DIR/build.log)"
  start_services fast || die "the services for the tests did not start"
  test_settings | write_settings "$PLATFORM_DIR/env"
  PYTHON=$PYTHON in_test_environment "$PYTHON" "$copy/tests/mutants/run.py" run "$copy" "$@" </dev/null 8>&- 9>&-
  status=$?
  return "$status"
}

# run_soak [--kills N] [--processes N] [--instances N] [--seed N]: engines of the durable engine killed at random while they work.
# Ends by itself; what went wrong and, last, one line that sums up.
run_soak() {
  local name status output
  while (($# > 0)); do
    case $1 in --kills | --processes | --instances | --seed) name=SOAK_${1#--} ;; *) die "soak: unknown argument $1" 2 ;; esac
    [[ ${2:-} =~ ^[0-9]{1,6}$ ]] || die "soak: $1 takes a number" 2
    export "${name^^}=$2"
    shift 2
  done
  ensure_dotnet
  use_dir "$ROOT/.platform/soak"
  lock
  trap 'exit 130' INT TERM
  choose_services test postgres
  ensure_packages "${LOCAL_SERVICES[@]}"
  trap 'stop_services && wipe_services' EXIT
  stop_services && wipe_services
  (
    exec 7<"$ROOT"
    flock -w 900 7 || die "another build has held this checkout for 15 minutes"
    step build "building the tests (Debug)"
    dotnet_build "$LOG_DIR/build.log" "$ROOT/tests/Functions.Embedded.Tests/Functions.Embedded.Tests.csproj" -c Debug \
      || die "the build failed (log: $LOG_DIR/build.log)"
  ) || return 1
  start_services fast || die "the server for the soak did not start"
  test_settings | write_settings "$PLATFORM_DIR/env"
  output=$LOG_DIR/soak.log
  step soak "running; a minute or two"
  in_test_environment timeout -k 30 $((600 + 5 * ${SOAK_KILLS:-60})) dotnet exec "$ROOT/tests/Functions.Embedded.Tests/bin/Debug/net10.0/Functions.Embedded.Tests.dll" \
    -noColor -explicit only -method '*.SoakTests.Soak' </dev/null >"$output" 2>&1 8>&- 9>&-
  status=$?
  grep -q '^soak: ' "$output" || cat "$output" >&2
  ((status == 0)) || sed -n '/^soak: /,/\[FAIL\]/{/\[FAIL\]/!p}' "$output" | tail -n +2 >&2
  grep '^soak: ' "$output" | head -n 1
  return "$status"
}

# run_load [--users N] [--seconds N]: people at work on two instances of the app behind a proxy. A third of the time each: before the database is
# restarted, before the store is, and after both. Prints what was measured as JSON; what is beyond the limits goes to stderr, and the status is 1.
run_load() {
  local name status output
  while (($# > 0)); do
    case $1 in --users | --seconds) name=LOAD_${1#--} ;; *) die "load: unknown argument $1" 2 ;; esac
    [[ ${2:-} =~ ^[1-9][0-9]{0,5}$ ]] || die "load: $1 takes a number" 2
    export "${name^^}=$2"
    shift 2
  done
  ensure_dotnet
  use_dir "$ROOT/.platform/load"
  lock
  trap 'exit 130' INT TERM
  choose_services test postgres,s3
  if ! runs_here postgres || ! runs_here s3; then
    die "load: restarts the database and the store, so both have to be its own: unset TEST_DATABASE_URL and EXTERNAL_STORAGE_ENDPOINT" 2
  fi
  ensure_packages "${LOCAL_SERVICES[@]}"
  trap 'stop_services && wipe_services' EXIT
  stop_services && wipe_services
  (
    exec 7<"$ROOT"
    flock -w 900 7 || die "another build has held this checkout for 15 minutes"
    step build "building the app and the tests (Release)"
    dotnet_build "$LOG_DIR/build.log" "$ROOT/tests/Platform.Tests/Platform.Tests.csproj" -c Release || die "the build failed (log: $LOG_DIR/build.log)"
  ) || return 1
  start_services durable || die "the services for the load did not start"
  test_settings | write_settings "$PLATFORM_DIR/env"
  write_restart "$PLATFORM_DIR/restart.sh"
  output=$LOG_DIR/load.log
  step load "running; about ${LOAD_SECONDS:-600} seconds"
  LOAD_RESTART=$PLATFORM_DIR/restart.sh in_test_environment timeout -k 30 $((1200 + ${LOAD_SECONDS:-600})) dotnet exec "$ROOT/tests/Platform.Tests/bin/Release/net10.0/Platform.Tests.dll" \
    -noColor -explicit only -method '*.LoadTests.Load' </dev/null >"$output" 2>&1 8>&- 9>&-
  status=$?
  if ((status != 0)); then grep -v '^load: ' "$output" | tail -n 40 >&2; fi
  sed -n 's/^load: //p' "$output" | head -n 1
  return "$status"
}

# write_restart FILE: a script that restarts postgres or s3 of this folder.
write_restart() {
  {
    printf 'set -u -o pipefail\nROOT=%q PLATFORM_DIR=%q\n' "$ROOT" "$PLATFORM_DIR"
    printf 'for part in common packages postgres ceph trainers services; do . "$ROOT/infra/local/$part.sh"; done\n'
    printf 'use_dir "$PLATFORM_DIR"\n'
    printf 'case $1 in postgres) stop_postgres && start_postgres durable ;; s3) stop_ceph; start_ceph durable ;; esac\n'
  } >"$1"
}
