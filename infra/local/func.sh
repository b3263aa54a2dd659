# shellcheck shell=bash
# func: the app on the Azure Functions host of this machine, with everything it needs.

run_func() {
  local app_dir=${APP_DIR:-} port url storage
  use_dir "$PLATFORM_DIR"
  if [[ -z ${FUNCTIONS_HOST_COMMAND:-} ]] && ! have_command func; then
    die 'there is no Functions host here: npm install -g azure-functions-core-tools@4 (https://aka.ms/func-install), or name another in FUNCTIONS_HOST_COMMAND' 3
  fi
  ensure_dotnet
  lock
  if [[ -z $app_dir ]]; then
    app_dir=$(publish_dir)
    publish_azure "$app_dir" || exit
    check_published "$app_dir" || die "$app_dir is not what a Functions host needs"
  fi
  [[ -d $app_dir ]] || die "APP_DIR is no folder: $app_dir" 2
  app_dir=$(cd "$app_dir" && pwd -P)
  choose_services up
  build_app
  ensure_packages "${LOCAL_SERVICES[@]}"
  storage=${AzureWebJobsStorage:-}
  [[ -n $storage ]] || ensure_azurite
  trap 'stop_func' EXIT
  trap 'exit 130' INT TERM
  start_services durable || die 'not everything started'
  if [[ -z $storage ]]; then
    start_azurite
    storage=$(azurite_settings "$(remembered azurite)")
  fi
  supervised_pid app >/dev/null && die 'the embedded host runs on these services: ./platform down first'
  choose_api_port
  url=$(api_url)
  {
    app_settings | grep -v '^ASPNETCORE_URLS=' # the host listens
    setting FUNCTIONS_WORKER_RUNTIME dotnet-isolated
    setting AzureWebJobsStorage "$storage"
  } | write_settings "$PLATFORM_DIR/env"
  cli_step databases database migrate
  cli_step buckets storage init
  port=$(remembered api)
  start_func "$app_dir" "$port"
  printf '\n  API          %s/api/v1   (health: %s/health/ready)\n' "$url" "$url"
  printf '  durable      %s/runtime/webhooks/durabletask/instances\n' "$url"
  printf '  storage      %s\n' "$(sed 's/AccountKey=[^;]*/AccountKey=…/' <<<"$storage")"
  printf '  sign in      %s\n' "$(sign_in_line)"
  printf '  stop         Ctrl+C\n'
  unlock
  wait_for_func
}

# start_func APP_DIR PORT: with the settings of .platform/env, and below them those of local.settings.json.
start_func() {
  local started command
  started=$(now_ms)
  # shellcheck disable=SC2016  # expanded by the shell that runs it
  command=${FUNCTIONS_HOST_COMMAND:-'func host start --no-build --port {port}'}
  command=${command//\{port\}/$2}
  (
    # func reads its settings from the folder it runs in.
    while IFS= read -r -d '' name && IFS= read -r -d '' value; do [[ -n ${!name+there} ]] || export "$name=$value"; done < <(local_settings)
    set -a
    # shellcheck source=/dev/null
    . "$PLATFORM_DIR/env"
    APP_DIR=$1
    set +a
    cd "$1" && start_daemon func "$LOG_DIR/func.log" sh -c "$command"
  )
  say "  func        starting: $command"
  if ! wait_until "${FUNCTIONS_START_SECONDS:-180}" func_ready_or_gone || ! http_ok 127.0.0.1 "$2" /health/ready; then
    last_lines "$LOG_DIR/func.log" 30
    die "the Functions host did not become ready (GET http://127.0.0.1:$2/health/ready: $(http_status 127.0.0.1 "$2" /health/ready || echo no answer); log: $LOG_DIR/func.log)"
  fi
  step func "ready on $(api_url) ($(seconds_since "$started"))"
}

func_pid() { local pid; [[ -s $RUN_DIR/func.pid ]] && read -r pid <"$RUN_DIR/func.pid" && ! is_gone "$pid" && printf '%s' "$pid"; }
func_ready_or_gone() { ! func_pid >/dev/null || http_ok 127.0.0.1 "$(remembered api)" /health/ready; }

wait_for_func() { while func_pid >/dev/null; do sleep 1; done; die "the Functions host has ended (log: $LOG_DIR/func.log)"; }

# The whole session: a host starts processes of its own.
stop_func() {
  local status=$? pid
  trap '' INT TERM
  if pid=$(func_pid); then
    kill -TERM -- "-$pid" 2>/dev/null
    wait_until 60 session_is_gone "$pid" || kill -KILL -- "-$pid" 2>/dev/null
    step func stopped
  fi
  rm -f "$RUN_DIR/func.pid"
  stop_azurite
  stop_services
  exit "$status"
}

# local_settings: name and value of each of its Values, each ended by NUL; nothing without the file.
local_settings() {
  [[ ! -f $ROOT/local.settings.json ]] || "$PYTHON" - "$ROOT/local.settings.json" <<'PY'
import json, re, sys
text = re.sub(r'^\s*//.*$', '', open(sys.argv[1], encoding='utf-8-sig').read(), flags=re.M)
for name, value in json.loads(text).get('Values', {}).items():
    value = {True: 'true', False: 'false'}.get(value, value) if isinstance(value, bool) else value
    sys.stdout.write(f'{name}\0{"" if value is None else value}\0')
PY
}
