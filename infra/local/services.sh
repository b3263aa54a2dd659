# shellcheck shell=bash
# The services of one installation: which run here and which are given in the environment, how they start and stop
# together, and the file with their settings. A service is postgres, s3, models or trainer-NAME.

declare -A GIVEN_TRAINERS=() # URL by name

# read_given_endpoints: sets GIVEN_* to the endpoints that the caller's environment names. Endpoints of this
# installation do not count: they are there when somebody sourced its env file.
read_given_endpoints() {
  local password='' access='' key='' name setting
  [[ ! -s $SECRETS_DIR/postgres-password ]] || password=$(<"$SECRETS_DIR/postgres-password")
  [[ ! -s $SECRETS_DIR/s3-access-key ]] || access=$(<"$SECRETS_DIR/s3-access-key")
  [[ ! -s $SECRETS_DIR/trainer-api-key ]] || key=$(<"$SECRETS_DIR/trainer-api-key")
  if [[ -n $password ]]; then
    for name in DATABASE_URL USER_DATABASE_URL DURABLE_DATABASE_URL TEST_DATABASE_URL; do
      [[ ${!name:-} != *":$password@127.0.0.1:"* ]] || unset "$name"
    done
  fi
  if [[ -n $access && ${EXTERNAL_STORAGE_ACCESS_KEY:-} == "$access" ]]; then
    unset EXTERNAL_STORAGE_ENDPOINT EXTERNAL_STORAGE_ACCESS_KEY EXTERNAL_STORAGE_SECRET_KEY EXTERNAL_STORAGE_REGION
    unset EXTERNAL_STORAGE_UPLOAD_ACCESS_KEY EXTERNAL_STORAGE_UPLOAD_SECRET_KEY
  fi
  if [[ -n $key && ${TRAINER_API_KEY:-} == "$key" ]]; then unset TRAINER_API_KEY; fi
  if [[ -s $SECRETS_DIR/model-server-api-key && ${MODEL_SERVER_API_KEY:-} == "$(<"$SECRETS_DIR/model-server-api-key")" ]]; then unset MODEL_SERVER_URLS MODEL_SERVER_API_KEY; fi
  GIVEN_MODEL_SERVERS=${MODEL_SERVER_URLS:-}
  GIVEN_TRAINERS=()
  for setting in $(given_trainer_settings); do
    name=${setting#TRAINER_} name=${name%_URL}
    GIVEN_TRAINERS[${name,,}]=${!setting}
  done
  GIVEN_DATABASE=${DATABASE_URL:-} GIVEN_USER_DATABASE=${USER_DATABASE_URL:-} GIVEN_TEST_DATABASE=${TEST_DATABASE_URL:-}
  GIVEN_STORAGE=${EXTERNAL_STORAGE_ENDPOINT:-}
  if [[ -n $GIVEN_STORAGE && (-z ${EXTERNAL_STORAGE_ACCESS_KEY:-} || -z ${EXTERNAL_STORAGE_SECRET_KEY:-}) ]]; then
    die "EXTERNAL_STORAGE_ENDPOINT is given; EXTERNAL_STORAGE_ACCESS_KEY and EXTERNAL_STORAGE_SECRET_KEY must be given too"
  fi
}

# choose_services up|test [NAME,…]: sets LOCAL_SERVICES to the services that must run here.
choose_services() {
  local wanted=,${2:-postgres,s3,models,trainer}, name
  read_given_endpoints
  LOCAL_SERVICES=()
  if [[ $wanted == *,postgres,* ]]; then
    if [[ $1 == test ]]; then
      if [[ -z $GIVEN_TEST_DATABASE ]]; then LOCAL_SERVICES+=(postgres); else step postgres "TEST_DATABASE_URL is given: using it"; fi
    elif [[ -z $GIVEN_DATABASE || -z $GIVEN_USER_DATABASE ]]; then
      LOCAL_SERVICES+=(postgres)
    else
      step postgres "DATABASE_URL and USER_DATABASE_URL are given: using them"
    fi
  fi
  if [[ $wanted == *,s3,* ]]; then
    if [[ -z $GIVEN_STORAGE ]]; then LOCAL_SERVICES+=(s3); else step s3 "EXTERNAL_STORAGE_ENDPOINT is given: using $GIVEN_STORAGE"; fi
  fi
  if [[ $wanted == *,models,* ]]; then
    if [[ -z $GIVEN_MODEL_SERVERS ]]; then LOCAL_SERVICES+=(models); else step models "MODEL_SERVER_URLS is given: using $GIVEN_MODEL_SERVERS"; fi
  fi
  for name in $({ printf '%s\n' "${!GIVEN_TRAINERS[@]}"; trainer_names; } | sort -u); do
    if [[ $wanted == *,trainer,* ]]; then choose_trainer "$name"; elif [[ $wanted == *,$name,* ]]; then choose_trainer "$name" needed; fi
  done
}

# choose_trainer NAME [needed]: a trainer that cannot run here is left out, unless it was asked for by name.
choose_trainer() {
  local reason
  if [[ -n ${GIVEN_TRAINERS[$1]:-} ]]; then
    step "$1" "$(trainer_setting "$1") is given: using ${GIVEN_TRAINERS[$1]}"
  elif ! reason=$(trainer_unavailable "$1"); then
    LOCAL_SERVICES+=("trainer-$1")
  elif [[ ${2:-} == needed ]]; then
    die "the trainer $1 cannot run here: $reason" 3
  else
    step "$1" "cannot run here (./platform doctor says more): ${reason%%;*}"
  fi
}

# check_service_names NAME,…: refuses what is no service.
check_service_names() {
  local names name
  IFS=, read -ra names <<<"$1"
  for name in "${names[@]}"; do
    [[ $name == postgres || $name == s3 || $name == models || $name == trainer ]] || is_trainer "$name" ||
      die "services: there is no service '$name'; there are: postgres s3 models trainer (all of: $(trainer_names | paste -sd' '))" 2
  done
}

runs_here() { [[ " ${LOCAL_SERVICES[*]} " == *" $1 "* ]]; }

# start_services durable|fast: all at the same time; returns when they all run.
start_services() {
  local mode=$1 service pids=() failed=0
  for service in "${LOCAL_SERVICES[@]}"; do
    case $service in
      postgres) (start_postgres "$mode") & ;;
      s3) (start_ceph "$mode") & ;;
      models) (start_model_server) & ;;
      trainer-*) (start_trainer "${service#trainer-}") & ;;
    esac
    pids+=($!)
  done
  for service in "${pids[@]}"; do wait "$service" || failed=1; done
  return $failed
}

service_running() {
  case $1 in
    postgres) postgres_running ;;
    s3) ceph_running ;;
    models) model_server_running ;;
    trainer-*) trainer_running "${1#trainer-}" ;;
    azurite) azurite_running ;;
    app) app_running ;;
  esac
}

# stop_services: every service of this folder. The store and the database stop at the same time.
stop_services() {
  stop_trainers
  stop_model_server
  (stop_ceph) &
  local ceph=$!
  (stop_postgres) || { wait "$ceph"; return 1; }
  wait "$ceph"
}

# wipe_services: deletes the data of stopped services. Use it only for a folder whose data may be lost.
wipe_services() { wipe_postgres; wipe_ceph; rm -rf "${PLATFORM_DIR:?}/trainer-cache" "${PLATFORM_DIR:?}/model-cache"; }

# services_settings: KEY=VALUE lines with the endpoints of this installation, given or started here.
services_settings() {
  if runs_here postgres; then
    setting DATABASE_URL "${GIVEN_DATABASE:-$(postgres_url platform)}"
    setting USER_DATABASE_URL "${GIVEN_USER_DATABASE:-$(postgres_url users)}"
  else
    [[ -z $GIVEN_DATABASE ]] || setting DATABASE_URL "$GIVEN_DATABASE"
    [[ -z $GIVEN_USER_DATABASE ]] || setting USER_DATABASE_URL "$GIVEN_USER_DATABASE"
  fi
  if runs_here s3; then
    setting EXTERNAL_STORAGE_ENDPOINT "$(ceph_endpoint)"
    setting EXTERNAL_STORAGE_ACCESS_KEY "$(secret s3-access-key 10)"
    setting EXTERNAL_STORAGE_SECRET_KEY "$(secret s3-secret-key)"
    setting EXTERNAL_STORAGE_UPLOAD_ACCESS_KEY "$(secret s3-upload-access-key 10)"
    setting EXTERNAL_STORAGE_UPLOAD_SECRET_KEY "$(secret s3-upload-secret-key)"
  elif [[ -n $GIVEN_STORAGE ]]; then
    setting EXTERNAL_STORAGE_ENDPOINT "$GIVEN_STORAGE"
    setting EXTERNAL_STORAGE_ACCESS_KEY "$EXTERNAL_STORAGE_ACCESS_KEY"
    setting EXTERNAL_STORAGE_SECRET_KEY "$EXTERNAL_STORAGE_SECRET_KEY"
    if [[ -n ${EXTERNAL_STORAGE_UPLOAD_ACCESS_KEY:-} ]]; then
      setting EXTERNAL_STORAGE_UPLOAD_ACCESS_KEY "$EXTERNAL_STORAGE_UPLOAD_ACCESS_KEY"
      setting EXTERNAL_STORAGE_UPLOAD_SECRET_KEY "${EXTERNAL_STORAGE_UPLOAD_SECRET_KEY:-}"
    fi
  fi
  setting EXTERNAL_STORAGE_REGION "${EXTERNAL_STORAGE_REGION:-auto}"
  trainers_settings
  model_server_settings
}

# One key serves all trainers: the app knows one.
trainers_settings() {
  local service name own=0
  for service in "${LOCAL_SERVICES[@]}"; do
    [[ $service == trainer-* ]] || continue
    own=1 name=${service#trainer-}
    setting "$(trainer_setting "$name")" "$(trainer_url "$name")"
  done
  for name in "${!GIVEN_TRAINERS[@]}"; do setting "$(trainer_setting "$name")" "${GIVEN_TRAINERS[$name]}"; done | sort
  if ((own)); then
    setting TRAINER_API_KEY "$(trainer_key)"
  elif ((${#GIVEN_TRAINERS[@]} > 0)) && [[ -n ${TRAINER_API_KEY:-} ]]; then
    setting TRAINER_API_KEY "$TRAINER_API_KEY"
  fi
}

# test_settings: the endpoints for tests. Tests may empty a database, so they never get those of the environment; they
# get only TEST_DATABASE_URL, a server on which a test may create and drop databases.
test_settings() {
  if runs_here postgres; then
    setting TEST_DATABASE_URL "$(postgres_url postgres)"
  elif [[ -n $GIVEN_TEST_DATABASE ]]; then
    setting TEST_DATABASE_URL "$GIVEN_TEST_DATABASE"
  fi
  (GIVEN_DATABASE='' GIVEN_USER_DATABASE='' && services_settings)
}

# write_settings FILE <lines: mode 0600, replaced as a whole.
write_settings() { local new=$1.$BASHPID; (umask 077; cat >"$new" && mv -f "$new" "$1"); }

# run_services [--dir DIR] [--fast] [--only a,b] [--stop] [--fresh]: the sub-command `services`.
run_services() {
  local dir=$ROOT/.platform/test mode=durable stop=0 only='' fresh=0
  while (($#)); do
    case $1 in
      --dir) dir=${2:?--dir needs a folder}; shift ;;
      --only) only=${2:?--only needs a list such as postgres,s3}; shift ;;
      --fast) mode=fast ;;
      --fresh) fresh=1 ;;
      --stop) stop=1 ;;
      *) die "services: unknown option $1" 2 ;;
    esac
    shift
  done
  check_service_names "$only"
  use_dir "$dir"
  lock
  if ((stop)); then stop_services; return; fi
  choose_services test "$only"
  ensure_packages "${LOCAL_SERVICES[@]}"
  if ((fresh)); then stop_services && wipe_services; fi
  start_services "$mode" || die "not everything started: stop the rest with ./platform services --stop --dir $PLATFORM_DIR"
  test_settings | write_settings "$PLATFORM_DIR/env"
  cat "$PLATFORM_DIR/env"
}
