# shellcheck shell=bash
# The model server: a .NET program of this checkout, built for release when it is started.

MODEL_SERVER_DLL=$ROOT/src/ModelServer/bin/Release/net10.0/model-server.dll

model_server_url() { printf 'http://127.0.0.1:%s' "$(remembered model-server)"; }
model_server_healthy() { http_ok 127.0.0.1 "$(remembered model-server)" /health/ready; }
model_server_running() { supervised_pid model-server >/dev/null && model_server_healthy; }
model_server_key() { if [[ -n ${MODEL_SERVER_API_KEY:-} ]]; then printf '%s' "$MODEL_SERVER_API_KEY"; else secret model-server-api-key; fi; }

# A hash of the names, sizes and times of its sources.
model_server_stamp() {
  (cd "$ROOT" && find src/ModelServer src/Images src/Domain ./*.props -type f -not -path '*/bin/*' -not -path '*/obj/*' -printf '%p %s %T@\n' | LC_ALL=C sort | sha256sum | cut -d' ' -f1)
}

# build_model_server: with the lock of build_app, because both build the same projects.
build_model_server() (
  exec 7<"$ROOT"
  flock -w 900 7 || die "another build has held this checkout for 15 minutes"
  stamp=$(model_server_stamp)
  built=$ROOT/src/ModelServer/bin/Release/.sources
  [[ ! -f $MODEL_SERVER_DLL || $(cat "$built" 2>/dev/null) != "$stamp" ]] || return 0
  if ! dotnet_build "$LOG_DIR/model-server-build.log" "$ROOT/src/ModelServer/ModelServer.csproj" -c Release; then
    grep -E 'error|Error' "$LOG_DIR/model-server-build.log" | sort -u | head -20 >&2
    die "the model server could not be built (log: $LOG_DIR/model-server-build.log)"
  fi
  printf '%s\n' "$stamp" >"$built"
)

start_model_server() {
  local started port
  started=$(now_ms)
  if model_server_running && [[ $(cat "$RUN_DIR/model-server.stamp" 2>/dev/null) == "$(model_server_stamp)" ]]; then
    step models "already runs on $(model_server_url)"
    return
  fi
  # Before the build, which replaces the files that a running server uses.
  stop_supervised model-server quiet
  ensure_dotnet
  build_model_server || exit 1
  port=$(choose_port model-server) || exit 1
  ASPNETCORE_URLS=http://127.0.0.1:$port MODEL_SERVER_API_KEY=$(model_server_key) MODEL_SERVER_CACHE_DIR=${MODEL_SERVER_CACHE_DIR:-$PLATFORM_DIR/model-cache} \
    start_supervised model-server dotnet "$MODEL_SERVER_DLL"
  if ! wait_healthy model-server 60 model_server_healthy; then
    last_lines "$LOG_DIR/model-server.log"
    stop_supervised model-server quiet
    die "the model server did not start (log: $LOG_DIR/model-server.log)"
  fi
  model_server_stamp >"$RUN_DIR/model-server.stamp"
  step models "started on $(model_server_url) ($(seconds_since "$started"))"
}

stop_model_server() {
  local started ran=0
  started=$(now_ms)
  ! supervised_pid model-server >/dev/null || ran=1
  stop_supervised model-server quiet
  if ((ran)); then step models "stopped ($(seconds_since "$started"))"; fi
}

# model_server_settings: the app's settings, given or of the server that runs here.
model_server_settings() {
  if runs_here models; then
    setting MODEL_SERVER_URLS "$(model_server_url)"
    setting MODEL_SERVER_API_KEY "$(model_server_key)"
  elif [[ -n $GIVEN_MODEL_SERVERS ]]; then
    setting MODEL_SERVER_URLS "$GIVEN_MODEL_SERVERS"
    if [[ -n ${MODEL_SERVER_API_KEY:-} ]]; then setting MODEL_SERVER_API_KEY "$MODEL_SERVER_API_KEY"; fi
  fi
}
