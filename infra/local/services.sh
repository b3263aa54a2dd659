# shellcheck shell=bash
# Which services are ours and which were given in the environment; starting them side by side; the env file.



# Someone who sourced .platform/env has our own endpoints in the environment: those are not "given".
# Ours are known by the secret in them. What remains is recorded in GIVEN_*.
read_given_endpoints() {
  local password='' access='' key=''
  [[ ! -s $SECRETS_DIR/postgres-password ]] || password=$(<"$SECRETS_DIR/postgres-password")
  [[ ! -s $SECRETS_DIR/s3-access-key ]] || access=$(<"$SECRETS_DIR/s3-access-key")
  [[ ! -s $SECRETS_DIR/trainer-api-key ]] || key=$(<"$SECRETS_DIR/trainer-api-key")
  if [[ -n $password ]]; then
    local name
    for name in DATABASE_URL USER_DATABASE_URL DURABLE_DATABASE_URL TEST_DATABASE_URL; do
      [[ ${!name:-} != *":$password@127.0.0.1:"* ]] || unset "$name"
    done
  fi
  if [[ -n $access && ${EXTERNAL_STORAGE_ACCESS_KEY:-} == "$access" ]]; then
    unset EXTERNAL_STORAGE_ENDPOINT EXTERNAL_STORAGE_ACCESS_KEY EXTERNAL_STORAGE_SECRET_KEY EXTERNAL_STORAGE_REGION
  fi
  if [[ -n $key && ${TRAINER_API_KEY:-} == "$key" ]]; then unset TRAINER_TORCHVISION_URL TRAINER_API_KEY; fi
  GIVEN_DATABASE=${DATABASE_URL:-} GIVEN_USER_DATABASE=${USER_DATABASE_URL:-} GIVEN_TEST_DATABASE=${TEST_DATABASE_URL:-}
  GIVEN_STORAGE=${EXTERNAL_STORAGE_ENDPOINT:-} GIVEN_TRAINER=${TRAINER_TORCHVISION_URL:-}
  if [[ -n $GIVEN_STORAGE && (-z ${EXTERNAL_STORAGE_ACCESS_KEY:-} || -z ${EXTERNAL_STORAGE_SECRET_KEY:-}) ]]; then
    die "EXTERNAL_STORAGE_ENDPOINT is given; EXTERNAL_STORAGE_ACCESS_KEY and EXTERNAL_STORAGE_SECRET_KEY must be too"
  fi
}

# choose_services up|test [NAME,…]: sets LOCAL_SERVICES to those that must run here.
choose_services() {
  local wanted=${2:-postgres,s3,trainer}
  read_given_endpoints
  LOCAL_SERVICES=()
  if [[ ,$wanted, == *,postgres,* ]]; then
    if [[ $1 == test ]]; then
      if [[ -z $GIVEN_TEST_DATABASE ]]; then LOCAL_SERVICES+=(postgres); else step postgres "TEST_DATABASE_URL is given: using it"; fi
    elif [[ -z $GIVEN_DATABASE || -z $GIVEN_USER_DATABASE ]]; then
      LOCAL_SERVICES+=(postgres)
    else
      step postgres "DATABASE_URL and USER_DATABASE_URL are given: using them"
    fi
  fi
  if [[ ,$wanted, == *,s3,* ]]; then
    if [[ -z $GIVEN_STORAGE ]]; then LOCAL_SERVICES+=(s3); else step s3 "EXTERNAL_STORAGE_ENDPOINT is given: using $GIVEN_STORAGE"; fi
  fi
  if [[ ,$wanted, == *,trainer,* ]]; then
    if [[ -n $GIVEN_TRAINER ]]; then
      step trainer "TRAINER_TORCHVISION_URL is given: using $GIVEN_TRAINER"
    elif [[ -d $ROOT/trainers/torchvision ]]; then
      LOCAL_SERVICES+=(trainer)
    else
      step trainer "there is no trainers/torchvision in this checkout: none is started"
    fi
  fi
}

runs_here() { [[ " ${LOCAL_SERVICES[*]} " == *" $1 "* ]]; }

# start_services durable|fast: side by side; returns when all are up.
start_services() {
  local mode=$1 service pids=() failed=0
  for service in "${LOCAL_SERVICES[@]}"; do
    case $service in
      postgres) (start_postgres "$mode") & ;;
      s3) (start_ceph "$mode") & ;;
      trainer) (start_trainer) & ;;
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
    trainer) trainer_running ;;
    azurite) azurite_running ;;
    app) app_running ;;
  esac
}

# stop_services: whatever of ours runs under this folder, the store and the database at the same time.
stop_services() {
  stop_trainer
  (stop_ceph) &
  local ceph=$!
  (stop_postgres) || { wait "$ceph"; return 1; }
  wait "$ceph"
}

# wipe_services: the data of stopped services. Only ever for a folder whose data may be lost.
wipe_services() { wipe_postgres; wipe_ceph; rm -rf "${PLATFORM_DIR:?}/trainer-cache"; }

# services_settings: KEY=VALUE lines with the endpoints of this installation, given or our own.
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
  elif [[ -n $GIVEN_STORAGE ]]; then
    setting EXTERNAL_STORAGE_ENDPOINT "$GIVEN_STORAGE"
    setting EXTERNAL_STORAGE_ACCESS_KEY "$EXTERNAL_STORAGE_ACCESS_KEY"
    setting EXTERNAL_STORAGE_SECRET_KEY "$EXTERNAL_STORAGE_SECRET_KEY"
  fi
  setting EXTERNAL_STORAGE_REGION "${EXTERNAL_STORAGE_REGION:-auto}"
  if runs_here trainer; then
    setting TRAINER_TORCHVISION_URL "$(trainer_url)"
    setting TRAINER_API_KEY "$(trainer_key)"
  elif [[ -n $GIVEN_TRAINER ]]; then
    setting TRAINER_TORCHVISION_URL "$GIVEN_TRAINER"
    [[ -z ${TRAINER_API_KEY:-} ]] || setting TRAINER_API_KEY "$TRAINER_API_KEY"
  fi
}

# test_settings: the endpoints for tests. Databases of the environment are never handed to a test, which
# may empty them; only TEST_DATABASE_URL, a server where a test may create and drop databases.
test_settings() {
  if runs_here postgres; then
    setting TEST_DATABASE_URL "$(postgres_url postgres)"
    (GIVEN_DATABASE='' GIVEN_USER_DATABASE='' && services_settings)
  else
    [[ -z $GIVEN_TEST_DATABASE ]] || setting TEST_DATABASE_URL "$GIVEN_TEST_DATABASE"
    (GIVEN_DATABASE='' GIVEN_USER_DATABASE='' && services_settings)
  fi
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
