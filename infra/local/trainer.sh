# shellcheck shell=bash
# The torchvision trainer.

trainer_url() { printf 'http://127.0.0.1:%s' "$(remembered trainer)"; }
trainer_healthy() { http_ok 127.0.0.1 "$(remembered trainer)" /health; }
trainer_running() { supervised_pid trainer >/dev/null && trainer_healthy; }

start_trainer() {
  local started port
  started=$(now_ms)
  if trainer_running; then step trainer "already runs on $(trainer_url)"; return; fi
  stop_supervised trainer
  port=$(choose_port trainer) || exit 1
  mkdir -p "$PLATFORM_DIR/trainer-cache"
  PYTHONPATH=$ROOT/trainers/sdk:$ROOT/trainers/torchvision PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    TRAINER_CACHE_DIR=$PLATFORM_DIR/trainer-cache TRAINER_API_KEY=$(trainer_key) \
    start_supervised trainer "$PYTHON" -m torchvision_trainer --host 127.0.0.1 --port "$port"
  if ! wait_healthy trainer 60 trainer_healthy; then
    last_lines "$LOG_DIR/trainer.log"
    stop_supervised trainer
    die "the trainer did not come up (log: $LOG_DIR/trainer.log)"
  fi
  step trainer "started on $(trainer_url) ($(seconds_since "$started"))"
}

trainer_key() { if [[ -n ${TRAINER_API_KEY:-} ]]; then printf '%s' "$TRAINER_API_KEY"; else secret trainer-api-key; fi; }
stop_trainer() { stop_supervised trainer; }
