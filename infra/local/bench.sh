# shellcheck shell=bash
# Measurements: `bench/` built for release, against services of its own that keep data as durably as in production.

BENCH_DLL=$ROOT/bench/bin/Release/net10.0/Bench.dll

# What a topic needs to run here, as for ensure_packages; a topic is a folder of bench/.
declare -A BENCH_SERVICES=([engine]=postgres [api]=postgres [data]="postgres s3" [hosts]="postgres s3" [serving]="postgres models trainer-torchvision" [training]=postgres)

# run_bench TOPIC [ARGUMENTS…]: JSON lines on stdout, progress on stderr.
run_bench() {
  local topic=${1:-} status=0
  if [[ $topic == web ]]; then
    run_web_bench "${@:2}"
    return
  fi
  [[ -n $topic && -n ${BENCH_SERVICES[$topic]:-} ]] || die "bench: say what to measure: ${!BENCH_SERVICES[*]} web" 2
  ensure_dotnet
  use_dir "$ROOT/.platform/bench"
  lock
  read_given_endpoints
  read -ra LOCAL_SERVICES <<<"${BENCH_SERVICES[$topic]}"
  ensure_packages "${LOCAL_SERVICES[@]}"
  [[ $topic != data ]] || ensure_packages rclone
  trap 'exit 130' INT TERM
  trap 'stop_azurite; stop_services && wipe_services' EXIT
  stop_services && wipe_services
  build_bench
  # shellcheck disable=SC2034  # read by start_postgres
  POSTGRES_OPTIONS='-c shared_preload_libraries=pg_stat_statements -c pg_stat_statements.track_utility=on'
  start_services durable || die "the services to measure with did not start"
  [[ $topic != hosts ]] || prepare_hosts
  # From the folder of the program: its host.json is there, and no local settings of the checkout.
  (
    unset DATABASE_URL USER_DATABASE_URL DURABLE_DATABASE_URL
    BENCH_DATABASE_URL=$(postgres_url postgres) BENCH_POSTGRES_BIN=$(postgres_bin)
    export BENCH_DATABASE_URL BENCH_POSTGRES_BIN
    if [[ $topic == data ]]; then
      BENCH_STORAGE_ENDPOINT=$(ceph_endpoint) BENCH_STORAGE_ACCESS_KEY=$(secret s3-access-key 10) BENCH_STORAGE_SECRET_KEY=$(secret s3-secret-key)
      export BENCH_STORAGE_ENDPOINT BENCH_STORAGE_ACCESS_KEY BENCH_STORAGE_SECRET_KEY
    fi
    [[ $topic != hosts ]] || host_settings
    [[ $topic != serving ]] || serving_settings
    cd "$(dirname "$BENCH_DLL")" && exec dotnet "$BENCH_DLL" "$@" </dev/null 8>&- 9>&-
  ) || status=$?
  return "$status"
}

# run_web_bench [--tiny] [NAME…]: the console in a browser, on a platform of its own that has the project of the demo.
run_web_bench() (
  if [[ ${1:-} == --tiny ]]; then
    export BENCH_TINY=true
    shift
  fi
  have_node || die 'bench web: Node.js 20 or later with npm is needed'
  use_dir "$ROOT/.platform/bench-web"
  ensure_packages chromium digits
  ensure_console_packages
  unset PORT DATABASE_URL USER_DATABASE_URL EXTERNAL_STORAGE_ENDPOINT "${!TRAINER_@}"
  export PLATFORM_DIR RATE_LIMIT_PER_ADDRESS=0 RATE_LIMIT_PER_USER=0 RATE_LIMIT_PER_TOKEN=0
  trap 'exit 130' INT TERM
  trap '"$ROOT/platform" down >"$LOG_DIR/bench-web-down.log" 2>&1; wipe_services' EXIT
  "$ROOT/platform" down >"$LOG_DIR/bench-web-down.log" 2>&1
  wipe_services
  step platform "starting one with the project of the demo"
  "$ROOT/platform" demo --keep >"$LOG_DIR/bench-web-demo.log" 2>&1 </dev/null || {
    last_lines "$LOG_DIR/bench-web-demo.log"
    die "the platform to measure did not start"
  }
  CONSOLE_URL=http://127.0.0.1:$(remembered api)
  ADMIN_EMAIL=$(jq -r .email "$PLATFORM_DIR/secrets/admin.json") ADMIN_PASSWORD=$(jq -r .password "$PLATFORM_DIR/secrets/admin.json")
  BENCH_WEB_DATABASE_URL=$(sed -n 's/^DATABASE_URL=//p' "$PLATFORM_DIR/env" | tr -d "'\"") BENCH_PSQL=$(postgres_bin)/psql
  export CONSOLE_URL ADMIN_EMAIL ADMIN_PASSWORD BENCH_WEB_DATABASE_URL BENCH_PSQL
  cd "$ROOT/web" && npx playwright test --config bench/playwright.config.ts ${1:+--grep "$(IFS='|'; printf '%s' "$*")"} </dev/null
)

# prepare_hosts: an installation for the app, and the Functions host's app and storage where this machine has such a host.
prepare_hosts() {
  build_app
  remember api "$(choose_port api-bench)"
  app_settings | write_settings "$PLATFORM_DIR/env"
  cli_step databases database migrate
  cli_step buckets storage init
  BENCH_FUNCTIONS_COMMAND='' BENCH_FUNCTIONS_DIR=''
  if [[ -n ${FUNCTIONS_HOST_COMMAND:-} ]] || have_command func; then
    BENCH_FUNCTIONS_COMMAND=${FUNCTIONS_HOST_COMMAND:-'func host start --no-build --port {port}'}
    BENCH_FUNCTIONS_DIR=${APP_DIR:-$(publish_dir)}
    [[ -n ${APP_DIR:-} ]] || publish_azure "$BENCH_FUNCTIONS_DIR" || exit
    ensure_azurite
    start_azurite
  else
    step functions 'there is no Functions host here: only the embedded one is measured'
  fi
}

# host_settings: into the environment of the program that measures, and so of the hosts it starts.
host_settings() {
  set -a
  # shellcheck source=/dev/null
  . "$PLATFORM_DIR/env"
  BENCH_APP_DIR=$(dirname "$APP_DLL")
  FUNCTIONS_WORKER_RUNTIME=dotnet-isolated
  # All requests come from one address and account.
  RATE_LIMIT_PER_ADDRESS=0 RATE_LIMIT_PER_USER=0 RATE_LIMIT_PER_TOKEN=0
  [[ -z $BENCH_FUNCTIONS_COMMAND ]] || AzureWebJobsStorage=$(azurite_settings "$(remembered azurite)")
  set +a
  export BENCH_FUNCTIONS_COMMAND BENCH_FUNCTIONS_DIR
}

serving_settings() {
  MODEL_SERVER_URLS=$(model_server_url) MODEL_SERVER_API_KEY=$(model_server_key) TRAINER_TORCHVISION_URL=$(trainer_url torchvision) TRAINER_API_KEY=$(trainer_key)
  BENCH_SERVING_SCRIPT=$ROOT/bench/Serving/models.py BENCH_TRAINERS=$ROOT/trainers
  export MODEL_SERVER_URLS MODEL_SERVER_API_KEY TRAINER_TORCHVISION_URL TRAINER_API_KEY BENCH_SERVING_SCRIPT BENCH_TRAINERS
}

build_bench() (
  exec 7<"$ROOT" # the folder: a locked file is one that .NET refuses to open
  flock -w 900 7 || die "another build has held this checkout for 15 minutes"
  stamp=$(sources_stamp bench)
  if [[ -f $BENCH_DLL && $(cat "$ROOT/bench/bin/Release/.sources" 2>/dev/null) == "$stamp" ]]; then step build "nothing changed since the last one"; return; fi
  started=$(now_ms)
  step build "building bench (Release)"
  if ! dotnet_build "$LOG_DIR/build.log" "$ROOT/bench/Bench.csproj" -c Release -p:RunAnalyzers=false; then
    grep -E 'error|Error' "$LOG_DIR/build.log" | sort -u | head -20 >&2
    die "the build failed (log: $LOG_DIR/build.log)"
  fi
  printf '%s\n' "$stamp" >"$ROOT/bench/bin/Release/.sources"
  step build "done ($(seconds_since "$started"))"
)
