# shellcheck shell=bash
# The platform app: build, settings, databases and buckets, start. Also the sub-commands up, down, demo and logs.

APP_DLL=$ROOT/src/Functions.Api/bin/Release/net10.0/Functions.Api.dll
CLI_DLL=$ROOT/src/Cli/bin/Release/net10.0/platform-cli.dll
PREFERRED_PORT=7071

# passed_on: the names of the app's settings that are taken from the environment unchanged; not those of the services.
passed_on() {
  compgen -e | grep -E '^OPERATIONS_(DATABASE|BUCKET)_'
  sed -n '/^## Trainer process/q; s/^| `\([A-Za-z0-9_]*\)`.*/\1/p' "$ROOT/docs/settings.md" |
    grep -vxE 'DATABASE_URL|USER_DATABASE_URL|EXTERNAL_STORAGE_(ENDPOINT|ACCESS_KEY|SECRET_KEY|UPLOAD_ACCESS_KEY|UPLOAD_SECRET_KEY|REGION)|TRAINER_API_KEY|JWT_SECRET|FUNCTIONS_MASTER_KEY|BOOTSTRAP_ADMIN_.*|ASPNETCORE_URLS|PUBLIC_URL|R2_.*|AzureWebJobsStorage.*'
}

# ---- build ------------------------------------------------------------------------------------
# dotnet_build LOG ARGUMENTS…: leaves no build server running, because that would keep our locks.
dotnet_build() {
  local log=$1
  shift
  MSBUILDDISABLENODEREUSE=1 dotnet build "$@" -v q -nologo -p:UseSharedCompilation=${UseSharedCompilation:-false} -p:FunctionsHostFiles=false </dev/null >"$log" 2>&1 7>&- 8>&- 9>&-
}

# A hash of the names, sizes and times of all sources of the app.
sources_stamp() {
  (cd "$ROOT" && find src ./*.props ./*.targets host.json ./*.sln -type f -not -path '*/bin/*' -not -path '*/obj/*' -printf '%p %s %T@\n' | LC_ALL=C sort | sha256sum | cut -d' ' -f1)
}

build_is_current() {
  [[ -f $APP_DLL && -f $CLI_DLL ]] && [[ $(cat "$ROOT/src/Functions.Api/bin/Release/.sources" 2>/dev/null) == "$(sources_stamp)" ]]
}

# The lock is on the checkout, because two installations may run from one.
build_app() (
  exec 7<"$ROOT" # lock the folder, because .NET does not open a locked file
  flock -w 900 7 || die "another build has held this checkout for 15 minutes"
  if build_is_current; then step build "nothing changed since the last one"; return; fi
  started=$(now_ms)
  step build "building the app and platform-cli (Release)"
  stamp=$(sources_stamp)
  if ! dotnet_build "$LOG_DIR/build.log" "$ROOT/infra/local/app.slnf" -c Release; then
    grep -E 'error|Error' "$LOG_DIR/build.log" | sort -u | head -20 >&2
    die "the build failed (log: $LOG_DIR/build.log)"
  fi
  printf '%s\n' "$stamp" >"$ROOT/src/Functions.Api/bin/Release/.sources"
  step build "done ($(seconds_since "$started"))"
)

# ---- settings ---------------------------------------------------------------------------------
api_url() { printf 'http://127.0.0.1:%s' "$(remembered api)"; }

# check_given_port: refuses a wrong PORT before anything is stopped.
check_given_port() {
  [[ -n ${PORT:-} ]] || return 0
  if ! [[ $PORT =~ ^[0-9]{1,5}$ ]] || ((PORT < 1 || PORT > 65535)); then die "PORT is not a port number: $PORT" 2; fi
  if supervised_pid app >/dev/null && [[ $PORT == "$(remembered api)" ]]; then return; fi
  ! port_answers "$PORT" || die "port $PORT is taken by another program"
}

# choose_api_port: PORT when given, else 7071, else the port of the last time, else any.
choose_api_port() {
  local port
  check_given_port
  if [[ -n ${PORT:-} ]]; then
    port=$PORT
  elif ! port_answers "$PREFERRED_PORT"; then
    port=$PREFERRED_PORT
  else
    port=$(remembered api)
    if [[ -z $port ]] || port_answers "$port"; then port=$(choose_port api-other) || exit 1; fi
    step app "port $PREFERRED_PORT is taken by another program: using $port"
  fi
  remember api "$port"
}

bootstrap_password() {
  [[ -s $SECRETS_DIR/bootstrap-admin-password ]] || put_secret bootstrap-admin-password "Vp1-$(random_hex 10)"
  cat "$SECRETS_DIR/bootstrap-admin-password"
}

app_settings() {
  local name
  services_settings
  for name in $(passed_on); do [[ -z ${!name:-} ]] || setting "$name" "${!name}"; done
  setting JWT_SECRET "${JWT_SECRET:-$(secret jwt-secret 48)}"
  setting FUNCTIONS_MASTER_KEY "${FUNCTIONS_MASTER_KEY:-$(secret functions-master-key)}"
  setting BOOTSTRAP_ADMIN_EMAIL "${BOOTSTRAP_ADMIN_EMAIL:-admin@example.com}"
  setting BOOTSTRAP_ADMIN_PASSWORD "${BOOTSTRAP_ADMIN_PASSWORD:-$(bootstrap_password)}"
  [[ -n ${MAIL_DROP_DIRECTORY:-} ]] || setting MAIL_DROP_DIRECTORY "$PLATFORM_DIR/mail"
  setting ASPNETCORE_URLS "$(api_url)"
  setting PUBLIC_URL "${PUBLIC_URL:-$(api_url)}"
  [[ -n ${CONSOLE_DIR:-} || ! -f $CONSOLE_DIST/index.html ]] || setting CONSOLE_DIR "$CONSOLE_DIST"
  # The pages read from and write to presigned URLs of the store, which is another origin.
  [[ -n ${CORS_ORIGINS:-} ]] || setting CORS_ORIGINS "$(api_url),http://localhost:$(remembered api)"
}

# with_settings COMMAND…: runs it with the settings of .platform/env, from the root of the checkout, where host.json is.
with_settings() (
  set -a
  # shellcheck source=/dev/null
  . "$PLATFORM_DIR/env"
  set +a
  cd "$ROOT" && "$@"
)

# ---- start and stop ---------------------------------------------------------------------------
app_ready() { http_ok 127.0.0.1 "$(remembered api)" /health/ready; }
app_running() { supervised_pid app >/dev/null && app_ready; }
app_fingerprint() { cat "$PLATFORM_DIR/env" "$ROOT/src/Functions.Api/bin/Release/.sources" | sha256sum | cut -d' ' -f1; }

cli_step() { # NAME ARGUMENTS…
  local name=$1 started
  started=$(now_ms)
  shift
  if ! with_settings dotnet "$CLI_DLL" "$@" </dev/null >"$LOG_DIR/cli-$1.log" 2>&1 8>&- 9>&-; then
    last_lines "$LOG_DIR/cli-$1.log"
    die "platform-cli $* failed (log: $LOG_DIR/cli-$1.log)"
  fi
  step "$name" "platform-cli $* ($(seconds_since "$started"))"
}

start_app() {
  local started databases
  cli_step databases database migrate &
  databases=$!
  cli_step buckets storage init || { wait "$databases"; exit 1; }
  wait "$databases" || exit 1
  started=$(now_ms)
  with_settings start_supervised app dotnet "$APP_DLL"
  if ! wait_healthy app 60 app_ready; then
    last_lines "$LOG_DIR/app.log" 30
    local status
    status=$(http_status 127.0.0.1 "$(remembered api)" /health/ready)
    stop_supervised app quiet
    die "the app did not become ready (GET $(api_url)/health/ready: ${status:-no answer}; log: $LOG_DIR/app.log)"
  fi
  app_fingerprint >"$RUN_DIR/app.fingerprint"
  step app "ready on $(api_url) ($(seconds_since "$started"))"
}

# start_platform [NEED…]: starts everything that does not run yet. An app that runs with the current settings and
# sources stays untouched.
start_platform() {
  local build console failed=0
  check_given_port
  ensure_dotnet
  choose_services up
  ensure_packages "${LOCAL_SERVICES[@]}" "$@"
  if supervised_pid app >/dev/null && ! build_is_current; then
    step app "its sources changed: building and starting it again"
    stop_supervised app
  fi
  build_app &
  build=$!
  build_console &
  console=$!
  start_services durable || failed=1
  wait "$build" || failed=1
  wait "$console" || failed=1
  ((failed == 0)) || exit 1
  if supervised_pid app >/dev/null; then
    if [[ -z ${PORT:-} || $PORT == "$(remembered api)" ]]; then
      app_settings | write_settings "$PLATFORM_DIR/env"
      if [[ $(cat "$RUN_DIR/app.fingerprint" 2>/dev/null) == "$(app_fingerprint)" ]] && wait_until 5 app_ready; then
        step app "already runs on $(api_url)"
        return
      fi
    fi
    step app "starting it again: its settings changed, or it is not ready"
    stop_supervised app quiet
  else
    stop_supervised app quiet # a killed app may have left processes
  fi
  choose_api_port
  app_settings | write_settings "$PLATFORM_DIR/env"
  start_app
}

stop_platform() {
  stop_supervised app
  stop_services
}

# ---- from a backup ----------------------------------------------------------------------------
# bucket_of URL: prints the endpoint and the bucket of https://ENDPOINT/BUCKET.
bucket_of() {
  [[ $1 =~ ^(https?://[^/@[:space:]]+)/([^/[:space:]]+)/?$ ]] ||
    die "not the address of a bucket: write https://ENDPOINT/BUCKET; the keys are in FROM_BACKUP_ACCESS_KEY and FROM_BACKUP_SECRET_KEY" 2
  printf '%s %s' "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}"
}

# fill_from_backup URL REPLACE ["datasets URL"] ["internal URL"]: fills the databases, and copies objects. The keys of the
# other installation are used for this alone and reach neither an argument nor the settings of the app.
fill_from_backup() {
  local url=$1 replace=$2 address object server
  shift 2
  address=$(bucket_of "$url") || exit
  for object in "$@"; do bucket_of "${object#* }" >/dev/null || exit; done
  [[ -n ${FROM_BACKUP_ACCESS_KEY:-} && -n ${FROM_BACKUP_SECRET_KEY:-} ]] || die "--from-backup needs FROM_BACKUP_ACCESS_KEY and FROM_BACKUP_SECRET_KEY in the environment" 2
  [[ -z $replace || $replace == "$(basename "$PLATFORM_DIR")" ]] || die "--replace takes the name of this installation's folder, $(basename "$PLATFORM_DIR"), as a confirmation" 2
  check_given_port
  ensure_dotnet
  choose_services up
  [[ -z $GIVEN_DATABASE && -z $GIVEN_USER_DATABASE && -z $GIVEN_STORAGE ]] || die "--from-backup fills a local installation: unset DATABASE_URL, USER_DATABASE_URL and EXTERNAL_STORAGE_ENDPOINT" 2
  ensure_packages "${LOCAL_SERVICES[@]}"
  build_app || exit
  start_services durable || exit 1
  if supervised_pid app >/dev/null; then
    [[ -n $replace ]] || die "this installation runs and has data of its own. To lose that: --replace $(basename "$PLATFORM_DIR")"
    stop_supervised app
  fi
  choose_api_port
  app_settings | write_settings "$PLATFORM_DIR/env"
  server=127.0.0.1:$(remembered postgres)
  step backup "restoring the databases from $url"
  from_other "$address" backup restore-all ${replace:+--replace "$server"} >&2 ||
    die "the databases were not restored; if this installation has data that may be lost: --replace $(basename "$PLATFORM_DIR")"
  cli_step buckets storage init
  for object in "$@"; do
    step objects "copying ${object#* } to ${object%% *}"
    from_other "$(bucket_of "${object#* }")" storage sync env:FROM "${object%% *}" >&2 || die "the objects were not copied; the same command with --replace $(basename "$PLATFORM_DIR") goes on"
  done
}

# from_other "ENDPOINT BUCKET" ARGUMENTS…: platform-cli with the settings of this installation and with a bucket of the other one.
from_other() (
  local endpoint=${1% *} bucket=${1#* }
  shift
  set -a
  # shellcheck source=/dev/null
  . "$PLATFORM_DIR/env"
  BACKUP_STORAGE_ENDPOINT=$endpoint BACKUP_BUCKET=$bucket BACKUP_ENCRYPTION_KEY=${FROM_BACKUP_ENCRYPTION_KEY:-}
  BACKUP_STORAGE_ACCESS_KEY=$FROM_BACKUP_ACCESS_KEY BACKUP_STORAGE_SECRET_KEY=$FROM_BACKUP_SECRET_KEY BACKUP_STORAGE_REGION=${FROM_BACKUP_REGION:-auto}
  FROM_ENDPOINT=$endpoint FROM_BUCKET=$bucket FROM_ACCESS_KEY=$FROM_BACKUP_ACCESS_KEY FROM_SECRET_KEY=$FROM_BACKUP_SECRET_KEY FROM_REGION=${FROM_BACKUP_REGION:-auto}
  set +a
  cd "$ROOT" && dotnet "$CLI_DLL" "$@" </dev/null 8>&- 9>&-
)

# ---- sub-commands -----------------------------------------------------------------------------
run_up() { # [--from-backup URL [--datasets URL] [--internal URL] [--replace NAME]]
  local backup='' replace='' objects=()
  while (($#)); do
    case $1 in
      --from-backup) backup=${2:?--from-backup needs https://ENDPOINT/BUCKET}; shift ;;
      --datasets) objects+=("datasets ${2:?--datasets needs https://ENDPOINT/BUCKET}"); shift ;;
      --internal) objects+=("internal ${2:?--internal needs https://ENDPOINT/BUCKET}"); shift ;;
      --replace) replace=${2:?--replace needs the name of this installation\'s folder}; shift ;;
      *) die "up: unknown option $1" 2 ;;
    esac
    shift
  done
  [[ -n $backup || (-z $replace && ${#objects[@]} -eq 0) ]] || die "up: --datasets, --internal and --replace belong to --from-backup" 2
  use_dir "$PLATFORM_DIR"
  lock
  trap 'say "interrupted: ./platform down stops what has started so far"; exit 130' INT TERM
  if [[ -n $backup ]]; then fill_from_backup "$backup" "$replace" "${objects[@]}"; fi
  start_platform
  touch "$RUN_DIR/kept-up"
  printf '\n'
  [[ ! -f $CONSOLE_DIST/index.html ]] || printf '  console      %s/\n' "$(api_url)"
  printf '  API          %s/api/v1   (health: %s/health/ready)\n' "$(api_url)" "$(api_url)"
  printf '  sign in      %s\n' "$(sign_in_line)"
  printf '  settings     %s/env   (set -a; . %s/env)\n' "$PLATFORM_DIR" "$PLATFORM_DIR"
  [[ -n ${SMTP_HOST:-} ]] || printf '  mails        %s   (files, because SMTP_HOST is not set)\n' "${MAIL_DROP_DIRECTORY:-$PLATFORM_DIR/mail}"
  printf '  logs         %s/logs   (./platform logs app)\n' "$PLATFORM_DIR"
  printf '  stop         ./platform down\n'
}

# Shows the one-time password until somebody changes it. The demo changes it and keeps the new one in a file.
sign_in_line() {
  local email=${BOOTSTRAP_ADMIN_EMAIL:-admin@example.com} changed=''
  if runs_here postgres && [[ -z $GIVEN_USER_DATABASE ]]; then
    changed=$(PGPASSWORD=$(secret postgres-password) "$(postgres_bin)/psql" -qAtX -h 127.0.0.1 -p "$(remembered postgres)" -U "$POSTGRES_ROLE" -d users \
      -c "SELECT coalesce((SELECT CASE WHEN must_change_password THEN 'f' ELSE 't' END FROM users WHERE lower(email) = lower('${email//\'/\'\'}')),
        CASE WHEN EXISTS (SELECT FROM users) THEN 'others' END)" 2>/dev/null)
  fi
  if [[ -s $SECRETS_DIR/admin.json ]]; then
    printf '%s   (password: in %s)' "$email" "$SECRETS_DIR/admin.json"
  elif [[ $changed == others ]]; then
    printf 'an account of the backup, with its password'
  elif [[ $changed == t ]]; then
    printf '%s   (the one-time password was changed)' "$email"
  else
    printf '%s   one-time password: %s' "$email" "${BOOTSTRAP_ADMIN_PASSWORD:-$(bootstrap_password)}"
  fi
}

run_down() {
  use_dir "$PLATFORM_DIR"
  lock
  rm -f "$RUN_DIR/kept-up"
  stop_platform || exit 1
  say "  everything is stopped; data stays in $PLATFORM_DIR"
}

# run_demo [--keep] [options of `platform-cli demo`…]: only the CLI writes to stdout.
run_demo() {
  local status arguments=() keep=0
  for argument in "$@"; do if [[ $argument == --keep ]]; then keep=1; else arguments+=("$argument"); fi; done
  use_dir "$PLATFORM_DIR"
  lock
  mkdir -p "$RUN_DIR/users"
  : >"$RUN_DIR/users/$$"
  trap 'leave_platform' EXIT
  trap 'exit 130' INT TERM
  if app_running; then
    ensure_dotnet
    choose_services up
    ensure_packages digits
    step app "using the one that runs on $(api_url)"
    build_is_current || step app "its sources have changed: ./platform up builds and starts it again"
  else
    start_platform digits
  fi
  ((keep == 0)) || touch "$RUN_DIR/kept-up"
  unlock
  "$PYTHON" "$ROOT/trainers/datasets/digits.py" "$PLATFORM_DIR/digits" </dev/null >"$LOG_DIR/digits.log" 2>&1 || {
    last_lines "$LOG_DIR/digits.log"
    die "the images could not be made"
  }
  step images "$(tail -n 1 "$LOG_DIR/digits.log")"
  with_settings dotnet "$CLI_DLL" demo --url "$(api_url)" --images "$PLATFORM_DIR/digits" --credentials "$SECRETS_DIR/admin.json" "${arguments[@]}"
  status=$?
  exit "$status"
}

# leave_platform: the last demo that uses the installation stops it, unless `up` or --keep wants it to run on.
leave_platform() {
  local status=$? user
  trap '' INT TERM
  lock
  rm -f "$RUN_DIR/users/$$"
  for user in "$RUN_DIR"/users/*; do
    [[ -e $user ]] || continue
    if process_is "$(basename "$user")" platform; then exit "$status"; fi
    rm -f "$user"
  done
  if [[ ! -e $RUN_DIR/kept-up ]]; then stop_platform; fi
  exit "$status"
}

# run_settings: writes docs/settings.md and local.settings.example.json from the code that reads the settings.
run_settings() {
  ensure_dotnet
  use_dir "$PLATFORM_DIR"
  dotnet_build "$LOG_DIR/settings-build.log" "$ROOT/src/Cli/Cli.csproj" -c Debug || {
    last_lines "$LOG_DIR/settings-build.log"
    die "platform-cli could not be built"
  }
  dotnet "$ROOT/src/Cli/bin/Debug/net10.0/platform-cli.dll" settings write --root "$ROOT"
}

# run_described WHAT FILE…: lets the app write files from its own code; WHAT is openapi, permissions or errors.
run_described() {
  ensure_dotnet
  use_dir "$PLATFORM_DIR"
  dotnet_build "$LOG_DIR/$1-build.log" "$ROOT/src/Functions.Api/Functions.Api.csproj" -c Debug || {
    last_lines "$LOG_DIR/$1-build.log"
    die "the app could not be built"
  }
  (cd "$ROOT" && dotnet src/Functions.Api/bin/Debug/net10.0/Functions.Api.dll "$@") && printf 'written: %s\n' "${@:2}"
}

# run_ops ARGUMENTS…: platform-cli with the settings of the installation that `up` made, and those of the environment.
run_ops() {
  use_dir "$PLATFORM_DIR"
  [[ -e $PLATFORM_DIR/env ]] || die "there is no installation here: ./platform up makes one" 2
  ensure_dotnet
  build_app
  with_settings dotnet "$CLI_DLL" "$@"
}

# run_logs [-f] [SERVICE]
run_logs() {
  local follow=() name files=()
  if [[ ${1:-} == -f ]]; then follow=(-f); shift; fi
  use_dir "$PLATFORM_DIR"
  case ${1:-} in
    '') files=("$LOG_DIR"/*.log) ;;
    s3 | ceph) files=("$LOG_DIR"/ceph-*.log) ;;
    trainer) files=("$LOG_DIR"/trainer-*.log) ;;
    *) if is_trainer "$1"; then files=("$LOG_DIR/trainer-$1.log"); else files=("$LOG_DIR/$1.log"); fi ;;
  esac
  for name in "${files[@]}"; do
    [[ -e $name ]] || die "no log $name; there are: $(find "$LOG_DIR" -name '*.log' -printf '%f\n' | sed 's/\.log$//' | sort | tr '\n' ' ')" 2
  done
  tail -n 100 "${follow[@]}" "${files[@]}"
}
