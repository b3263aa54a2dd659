# shellcheck shell=bash
# doctor: what this machine has, what it lacks and how to get it, and what runs, by the checks that `up` uses. It changes
# nothing without --fix.

MISSING=0 DOCTOR_JSON=0 SECTION='' CHECKS=()

# row STATUS NAME DETAIL: STATUS is ok, no (needed and missing), ! (something is wrong, and `up` may still work) or - (for information).
row() {
  if ((DOCTOR_JSON)); then
    local status=info
    case $1 in ok) status=ok ;; no) status=missing ;; '!') status=warning ;; esac
    CHECKS+=("{\"section\":$(json_string "$SECTION"),\"name\":$(json_string "$2"),\"status\":\"$status\",\"detail\":$(json_string "$3")}")
  else
    printf '  %-4s %-20s %s\n' "$1" "$2" "$3"
  fi
}
found() { row ok "$1" "$2"; }
absent() { row no "$1" "$2"; MISSING=1; }
section() { SECTION=$1; ((DOCTOR_JSON)) || printf '%s\n' "$1"; }

json_string() {
  local text=${1//\\/\\\\}
  text=${text//\"/\\\"}
  text=${text//$'\t'/\\t}
  text=${text//$'\n'/\\n}
  printf '"%s"' "${text//[[:cntrl:]]/ }"
}

run_doctor() { # [--json] [--fix]
  local fix=0
  while (($#)); do
    case $1 in
      --json) DOCTOR_JSON=1 ;;
      --fix) fix=1 ;;
      *) die "doctor: unknown option $1" 2 ;;
    esac
    shift
  done
  if [[ -d $PLATFORM_DIR ]] || ((fix)); then use_dir "$PLATFORM_DIR"; fi
  LOG_DIR=${LOG_DIR:-$PLATFORM_DIR/logs} RUN_DIR=${RUN_DIR:-$PLATFORM_DIR/run} SECRETS_DIR=${SECRETS_DIR:-$PLATFORM_DIR/secrets}
  choose_doctor_services
  ! ((fix)) || doctor_fix
  section programs
  doctor_programs
  section trainers
  doctor_trainers
  section 'endpoints from the environment'
  doctor_endpoints
  section 'services and ports'
  doctor_services
  section disk
  doctor_disk
  ! ((DOCTOR_JSON)) || printf '{"ok":%s,"folder":%s,"checks":[%s]}\n' "$( ((MISSING == 0)) && echo true || echo false)" "$(json_string "$PLATFORM_DIR")" "$(IFS=,; echo "${CHECKS[*]}")"
  ((MISSING == 0))
}

# choose_doctor_services: LOCAL_SERVICES, as `up` would choose them; endpoints that `up` would refuse are a finding.
choose_doctor_services() {
  ENDPOINT_PROBLEM=$( (choose_services up) 2>&1 >/dev/null | sed -n 's/^platform: //p')
  if [[ -z $ENDPOINT_PROBLEM ]]; then
    choose_services up 2>/dev/null
  else
    LOCAL_SERVICES=(postgres s3)
  fi
}

# doctor_fix: installs what is missing, lets nobody else read the secrets, and stops what is ours and does not answer, so that `up` starts it.
doctor_fix() {
  local service
  lock
  (ensure_packages "${LOCAL_SERVICES[@]}" digits) || true # what could not be installed is listed below
  if [[ -n $(find "$SECRETS_DIR" -perm /077 -print -quit) ]]; then
    chmod -R go-rwx "$SECRETS_DIR"
    step fix "others could read $SECRETS_DIR: they cannot any more"
  fi
  for service in app "${LOCAL_SERVICES[@]}"; do
    if doctor_is_stuck "$service"; then
      stop_stuck "$service"
      step fix "stopped $service, which did not answer: ./platform up starts it"
    fi
  done
  unlock
}

# doctor_is_stuck SERVICE: it was started here, its process lives, and it does not get healthy in ten seconds.
doctor_is_stuck() {
  case $1 in
    app | trainer-*) supervised_pid "$1" >/dev/null && ! wait_until 10 service_running "$1" ;;
    models) supervised_pid model-server >/dev/null && ! wait_until 10 model_server_running ;;
    postgres) postgres_pid >/dev/null && ! wait_until 10 postgres_running ;;
    s3) ceph_started && ! wait_until 10 ceph_running ;;
  esac
}

ceph_started() {
  local daemon
  for daemon in "${CEPH_DAEMONS[@]}"; do ! supervised_pid "$daemon" >/dev/null || return 0; done
  return 1
}

stop_stuck() {
  case $1 in
    postgres) (stop_postgres) ;;
    s3) (stop_ceph) ;;
    models) stop_supervised model-server quiet ;;
    *) stop_supervised "$1" quiet ;;
  esac
}

doctor_programs() {
  local name bin packages
  if command -v dotnet >/dev/null && dotnet --list-sdks 2>/dev/null | grep -E >/dev/null '^[1-9][0-9]\.'; then
    found '.NET SDK' "$(dotnet --list-sdks | tail -n 1 | cut -d' ' -f1) $(command -v dotnet)"
  else
    absent '.NET SDK' 'version 10: https://dotnet.microsoft.com/download'
  fi
  if command -v node >/dev/null; then found node "$(node --version) $(command -v node)"; else row - node 'only needed to build the console, for Azurite and to check the API description'; fi
  if have_command promtool; then found promtool "$(promtool --version 2>&1 | sed -nE 's/^promtool, version ([^ ]+).*/\1/p') $(command -v promtool)"; else row - promtool 'only needed to check the alert rules: apt-get install prometheus'; fi
  if ! runs_here postgres; then row - PostgreSQL 'not needed here: DATABASE_URL and USER_DATABASE_URL are given'
  elif bin=$(postgres_bin); then found PostgreSQL "$("$bin/postgres" --version | sed 's/.*) //') $bin"; else absent PostgreSQL 'apt-get install postgresql'; fi
  for name in radosgw ceph-mon ceph-osd ceph; do
    if ! runs_here s3; then
      row - "$name" 'not needed here: EXTERNAL_STORAGE_ENDPOINT is given'
    elif have_command "$name"; then
      found "$name" "$(PATH=$PATH:/usr/sbin:/sbin "$name" --version 2>/dev/null | sed -E 's/.*version ([^ ]+).*/\1/') $(PATH=$PATH:/usr/sbin:/sbin command -v "$name")"
    else
      absent "$name" "apt-get install ${name/%ceph/ceph-common}"
    fi
  done
  if [[ -x $PYTHON ]]; then found python "$("$PYTHON" --version | cut -d' ' -f2) $PYTHON"; else absent python 'apt-get install python3'; fi
  packages=$(missing_packages digits | paste -sd' ')
  if [[ -z $packages ]]; then found 'python: demo' "$(module_versions "$PYTHON" "${DIGITS_MODULES[@]}")"; else absent 'python: demo' "apt-get install $packages"; fi
  packages=$(missing_packages tests | paste -sd' ')
  if [[ -z $packages ]]; then found 'python: tests' "$(module_versions "$PYTHON" "${TEST_MODULES[@]}")"; else row - 'python: tests' "only needed for ./platform test: apt-get install $packages"; fi
}

# module_versions PYTHON MODULE[:PACKAGE]…: their versions as the installed packages record them; importing torch would take seconds.
module_versions() (
  python=$1
  shift
  cd / && "$python" -c '
import importlib.metadata as metadata, sys
packages = metadata.packages_distributions()
modules = [need.partition(":")[0] for need in sys.argv[1:]]
print(", ".join(" ".join([name, *map(metadata.version, packages.get(name, [])[:1])]) for name in modules))' "$@"
)

# doctor_trainers: also the line that installs everything that is missing, since the trainers need most of it.
doctor_trainers() {
  local name given reason packages needs services=()
  given=$(given_trainer_settings)
  for name in $(trainer_names); do
    if grep -qx "$(trainer_setting "$name")" <<<"$given"; then
      row - "$name" "not needed here: $(trainer_setting "$name") is given"
    elif reason=$(trainer_unavailable "$name"); then
      row - "$name" "unavailable: $reason"
    else
      services+=("trainer-$name")
      packages=$(trainer_packages "$name" | paste -sd' ')
      read -ra needs <<<"$(trainer_value "$name" modules)"
      if [[ -n $packages ]]; then
        absent "$name" "apt-get install $packages"
      else
        found "$name" "$(trainer_value "$name" title) ($(module_versions "$(trainer_python "$name")" "${needs[@]}"))"
      fi
    fi
  done
  packages=$(missing_packages "${LOCAL_SERVICES[@]}" digits "${services[@]}" | paste -sd' ')
  [[ -z $packages ]] || ((DOCTOR_JSON)) || echo "  to install what is missing: sudo sh -c 'apt-get update && apt-get install -y --no-install-recommends $packages'   (as root, ./platform doctor --fix and ./platform up do it)"
}

doctor_endpoints() {
  local name value host port any=0
  if [[ -n ${GIVEN_MODEL_SERVERS:-} ]]; then
    for value in ${GIVEN_MODEL_SERVERS//,/ }; do
      any=1
      read -r host port < <(host_and_port "$value")
      if timeout 5 bash -c "exec 3<>/dev/tcp/$host/$port" 2>/dev/null; then found MODEL_SERVER_URLS "$host:$port answers"; else absent MODEL_SERVER_URLS "$host:$port does not answer"; fi
    done
  fi
  for name in DATABASE_URL USER_DATABASE_URL EXTERNAL_STORAGE_ENDPOINT INTERNAL_STORAGE_ENDPOINT $(given_trainer_settings); do
    value=${!name:-}
    [[ -n $value ]] || continue
    any=1
    read -r host port < <(host_and_port "$value")
    if timeout 5 bash -c "exec 3<>/dev/tcp/$host/$port" 2>/dev/null; then found "$name" "$host:$port answers"; else absent "$name" "$host:$port does not answer"; fi
  done
  ((any)) || row - none 'everything runs here'
  [[ -z $ENDPOINT_PROBLEM ]] || absent settings "$ENDPOINT_PROBLEM"
  doctor_storage_account
}

# doctor_storage_account: the storage account of the Functions host, when the settings name one.
doctor_storage_account() {
  local name given=0 cli='' line
  for name in "${!AzureWebJobsStorage@}"; do [[ -z ${!name} ]] || given=1; done
  if [[ -f $ROOT/local.settings.json ]] && grep -q '"AzureWebJobsStorage' "$ROOT/local.settings.json"; then given=1; fi
  ((given)) || return 0
  # The newer of the two builds: an old one may not know the command.
  for name in "$CLI_DLL" "${CLI_DLL/Release/Debug}"; do if [[ -f $name && ( -z $cli || $name -nt $cli ) ]]; then cli=$name; fi; done
  if [[ -z $cli ]]; then row - AzureWebJobsStorage 'not checked: ./platform up builds the program that does it'; return; fi
  if line=$(cd "$ROOT" && dotnet "$cli" storage account 2>&1 </dev/null); then
    found AzureWebJobsStorage "${line#storage account }"
  else
    absent AzureWebJobsStorage "${line#error: }"
  fi
}

# host_and_port URL: without user and password; the port is the scheme's when the URL has none.
host_and_port() {
  local rest=${1#*://} port
  rest=${rest%%/*}
  rest=${rest##*@}
  case $1 in https:*) port=443 ;; http:*) port=80 ;; *) port=5432 ;; esac
  if [[ $rest =~ ^\[(.*)\](:([0-9]+))?$ ]]; then printf '%s %s\n' "${BASH_REMATCH[1]}" "${BASH_REMATCH[3]:-$port}"; return; fi
  [[ $rest == *:* ]] && port=${rest##*:}
  printf '%s %s\n' "${rest%%:*}" "$port"
}

doctor_services() {
  local service port state
  for service in postgres s3 models $(trainer_names | sed 's/^/trainer-/') azurite app; do
    port=${service/app/api}
    port=$(remembered "${port/models/model-server}")
    if [[ -z $port ]]; then
      row - "$service" 'not started yet'
    elif service_running "$service"; then
      found "$service" "127.0.0.1:$port healthy"
    elif [[ $service == app ]] && supervised_pid app >/dev/null; then
      row ! app "$(app_complaint) (log: $LOG_DIR/app.log)"
    elif port_answers "$port"; then
      row ! "$service" "127.0.0.1:$port answers, but it is not ours or not healthy (log: $LOG_DIR/$(service_log "$service").log)"
    else
      row - "$service" "stopped (its port: $port)"
    fi
  done
  state=free
  ! port_answers 7071 || state=taken
  [[ $(remembered api) != 7071 ]] || ! supervised_pid app >/dev/null || state='ours'
  row - 'port 7071' "$state"
}

service_log() { case $1 in s3) echo ceph-rgw ;; models) echo model-server ;; *) echo "$1" ;; esac; }

# app_complaint: what its readiness check says, a check that fails after the other.
app_complaint() {
  local failing
  failing=$(http_body 127.0.0.1 "$(remembered api)" /health/ready | grep -oE '"name":"[^"]*","status":"(degraded|unavailable)"' | sed -E 's/"name":"([^"]*)","status":"([^"]*)"/\1 \2/' | paste -sd, | sed 's/,/, /g')
  if [[ -n $failing ]]; then printf 'not ready: %s' "$failing"; else printf 'runs, and does not answer on %s' "$(api_url)"; fi
}

doctor_disk() {
  local folder=$PLATFORM_DIR free
  while [[ ! -d $folder ]]; do folder=$(dirname "$folder"); done
  free=$(df -Pk "$folder" | awk 'NR == 2 { print int($4 / 1024 / 1024) }')
  if ((free >= 3)); then found "$PLATFORM_DIR" "$free GiB free"; else absent "$PLATFORM_DIR" "$free GiB free; 3 GiB are needed (packages about 1.5 GiB, data from 0.5 GiB)"; fi
}
