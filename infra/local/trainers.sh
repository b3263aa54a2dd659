# shellcheck shell=bash
# The trainers: each folder of trainers/ with a trainer.conf is one, and its name is the trainer's name. No script names
# a trainer. docs/development.md describes the file.

# trainer_names: the trainers of this checkout, one a line.
trainer_names() {
  local file
  for file in "$ROOT"/trainers/*/trainer.conf; do [[ ! -f $file ]] || basename "$(dirname "$file")"; done
}

is_trainer() { [[ -f $ROOT/trainers/$1/trainer.conf ]]; }

# trainer_value NAME KEY: a value of its trainer.conf, or nothing.
trainer_value() { sed -nE "s/^$2[[:space:]]*=[[:space:]]*(.*[^[:space:]])[[:space:]]*$/\1/p" "$ROOT/trainers/$1/trainer.conf" | head -n 1; }

# trainer_setting NAME: the app's setting with its URL.
trainer_setting() { printf 'TRAINER_%s_URL' "${1^^}"; }

# given_trainer_settings: the TRAINER_<NAME>_URL of the environment that are not of this installation. The trainer may
# have no folder here.
given_trainer_settings() {
  local setting name
  for setting in "${!TRAINER_@}"; do
    [[ $setting =~ ^TRAINER_([A-Z0-9_]+)_URL$ && -n ${!setting} ]] || continue
    name=${BASH_REMATCH[1],,}
    [[ ${!setting} == "$(trainer_url "$name")" ]] || printf '%s\n' "$setting"
  done
}

# ---- what a trainer needs on this machine -----------------------------------------------------
# trainer_python NAME: the Python of its own .venv, or the system's.
trainer_python() {
  local own=$ROOT/trainers/$1/.venv/bin/python
  if [[ -x $own ]]; then printf '%s' "$own"; else printf '%s' "$PYTHON"; fi
}

# trainer_lacks NAME: the modules that its Python cannot find, as trainer.conf writes them: `module:package`, or
# `module` when Debian has no package.
trainer_lacks() {
  local needs
  read -ra needs <<<"$(trainer_value "$1" modules)"
  missing_modules "$(trainer_python "$1")" "${needs[@]}"
}

# trainer_packages NAME: the Debian packages to install for it.
trainer_packages() {
  local package
  [[ -x $PYTHON ]] || echo python3
  trainer_lacks "$1" | sed -n 's/.*://p'
  have_command dpkg-query || return 0
  for package in $(trainer_value "$1" packages); do
    [[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || echo "$package"
  done
}

# trainer_unavailable NAME: prints why it cannot run on this machine, even after packages were installed; fails when it can.
trainer_unavailable() {
  local missing
  if ! [[ $1 =~ ^[a-z][a-z0-9_]*$ ]]; then echo "the name of its folder must be lower-case letters, digits and '_'"; return; fi
  if [[ -z $(trainer_value "$1" module) ]]; then echo 'trainer.conf does not say which module to start'; return; fi
  missing=$(trainer_lacks "$1" | grep -v : | paste -sd' ')
  [[ -n $missing ]] || return 1
  printf 'its Python lacks %s, and Debian has no package of that; ' "${missing// /, }"
  printf 'python3 -m venv --system-site-packages trainers/%s/.venv && trainers/%s/.venv/bin/pip install -r trainers/%s/requirements.txt\n' "$1" "$1" "$1"
}

# ---- start and stop ---------------------------------------------------------------------------
trainer_url() { printf 'http://127.0.0.1:%s' "$(remembered "trainer-$1")"; }
trainer_healthy() { http_ok 127.0.0.1 "$(remembered "trainer-$1")" "$(trainer_value "$1" health)"; }
trainer_running() { supervised_pid "trainer-$1" >/dev/null && trainer_healthy "$1"; }
trainer_key() { if [[ -n ${TRAINER_API_KEY:-} ]]; then printf '%s' "$TRAINER_API_KEY"; else secret trainer-api-key; fi; }

# trainer_path NAME: where its Python looks for modules: the SDK, the trainers that it uses, its own folder.
trainer_path() {
  local other path=$ROOT/trainers/sdk
  for other in $(trainer_value "$1" uses); do path+=:$ROOT/trainers/$other; done
  printf '%s' "$path:$ROOT/trainers/$1"
}

start_trainer() { # NAME
  local name=$1 service=trainer-$1 started port
  started=$(now_ms)
  if trainer_running "$name"; then step "$name" "already runs on $(trainer_url "$name")"; return; fi
  stop_supervised "$service" quiet
  port=$(choose_port "$service") || exit 1
  mkdir -p "$PLATFORM_DIR/trainer-cache" # shared: its files are named by their content
  PYTHONPATH=$(trainer_path "$name") PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    TRAINER_CACHE_DIR=$PLATFORM_DIR/trainer-cache TRAINER_API_KEY=$(trainer_key) TRAINER_SLOTS=${TRAINER_SLOTS:-$(trainer_value "$name" slots)} \
    start_supervised "$service" "$(trainer_python "$name")" -m "$(trainer_value "$name" module)" --host 127.0.0.1 --port "$port"
  # Importing a framework takes seconds, and several trainers start at once.
  if ! wait_healthy "$service" 120 trainer_healthy "$name"; then
    last_lines "$LOG_DIR/$service.log"
    stop_supervised "$service" quiet
    die "the trainer $name did not start (log: $LOG_DIR/$service.log)"
  fi
  step "$name" "started on $(trainer_url "$name") ($(seconds_since "$started"))"
}

# stop_trainers: all at the same time, also one whose folder was removed since it started.
stop_trainers() {
  local file pids=() pid
  for file in "$RUN_DIR"/trainer*.pid; do
    [[ -f $file ]] || continue
    (stop_trainer "$(basename "$file" .pid)") &
    pids+=($!)
  done
  for pid in "${pids[@]}"; do wait "$pid"; done
}

stop_trainer() { # SERVICE
  local started ran=0
  started=$(now_ms)
  ! supervised_pid "$1" >/dev/null || ran=1
  stop_supervised "$1" quiet
  if ((ran)); then step "${1#trainer-}" "stopped ($(seconds_since "$started"))"; fi
}

# ---- Docker Compose ---------------------------------------------------------------------------
# trainer_compose NAME: its compose file, from infra/docker/trainer.template.yaml.
trainer_compose() {
  local text key
  text=$(<"$ROOT/infra/docker/trainer.template.yaml")
  text=${text//'{name}'/"$1"}
  text=${text//'{setting}'/"$(trainer_setting "$1")"}
  for key in module dockerfile health port slots; do text=${text//"{$key}"/"$(trainer_value "$1" "$key")"}; done
  printf '%s\n' "$text"
}

# run_compose: writes trainers/<name>/compose.yaml of every trainer.
run_compose() {
  local name
  for name in $(trainer_names); do
    trainer_compose "$name" >"$ROOT/trainers/$name/compose.yaml" && echo "written: trainers/$name/compose.yaml"
  done
}
