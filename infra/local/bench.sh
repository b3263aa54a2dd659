# shellcheck shell=bash
# Measurements: `bench/` built for release, against services of its own that keep data as durably as in production.

BENCH_DLL=$ROOT/bench/bin/Release/net10.0/Bench.dll

# What a topic needs to run here, as for ensure_packages; a topic is a folder of bench/.
declare -A BENCH_SERVICES=([engine]=postgres [api]=postgres)

# run_bench TOPIC [ARGUMENTS…]: JSON lines on stdout, progress on stderr.
run_bench() {
  local topic=${1:-} status=0
  [[ -n $topic && -n ${BENCH_SERVICES[$topic]:-} ]] || die "bench: say what to measure: ${!BENCH_SERVICES[*]}" 2
  ensure_dotnet
  use_dir "$ROOT/.platform/bench"
  lock
  read_given_endpoints
  read -ra LOCAL_SERVICES <<<"${BENCH_SERVICES[$topic]}"
  ensure_packages "${LOCAL_SERVICES[@]}"
  trap 'exit 130' INT TERM
  trap 'stop_services && wipe_services' EXIT
  stop_services && wipe_services
  build_bench
  # shellcheck disable=SC2034  # read by start_postgres
  POSTGRES_OPTIONS='-c shared_preload_libraries=pg_stat_statements -c pg_stat_statements.track_utility=on'
  start_services durable || die "the services to measure with did not start"
  # From the folder of the program: its host.json is there, and no local settings of the checkout.
  (
    unset DATABASE_URL USER_DATABASE_URL DURABLE_DATABASE_URL
    BENCH_DATABASE_URL=$(postgres_url postgres) BENCH_POSTGRES_BIN=$(postgres_bin)
    export BENCH_DATABASE_URL BENCH_POSTGRES_BIN
    cd "$(dirname "$BENCH_DLL")" && exec dotnet "$BENCH_DLL" "$@" </dev/null 8>&- 9>&-
  ) || status=$?
  return "$status"
}

build_bench() (
  exec 7<"$ROOT" # the folder: a locked file is one that .NET refuses to open
  flock -w 900 7 || die "another build has held this checkout for 15 minutes"
  started=$(now_ms)
  step build "building bench (Release)"
  if ! dotnet_build "$LOG_DIR/build.log" "$ROOT/bench/Bench.csproj" -c Release; then
    grep -E 'error|Error' "$LOG_DIR/build.log" | sort -u | head -20 >&2
    die "the build failed (log: $LOG_DIR/build.log)"
  fi
  step build "done ($(seconds_since "$started"))"
)
