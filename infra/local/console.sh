# shellcheck shell=bash
# The console: npm builds it into web/dist, once for the checkout, and the app serves it at /.

CONSOLE_DIST=$ROOT/web/dist

have_node() { command -v node >/dev/null && command -v npm >/dev/null && node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 20 ? 0 : 1)' 2>/dev/null; }

# A hash of everything that the console is built from.
console_stamp() {
  (cd "$ROOT" && find web docs/openapi.json -type f -not -path '*/node_modules/*' -not -path 'web/dist/*' -not -path 'web/test-results/*' -not -name schema.d.ts -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1)
}

console_is_current() { [[ -f $CONSOLE_DIST/index.html && $(cat "$CONSOLE_DIST/.sources" 2>/dev/null) == "$(console_stamp)" ]]; }

# ensure_console_packages: installs what package-lock.json names, once for each state of it.
ensure_console_packages() {
  local lock stamp
  lock=$(sha256sum "$ROOT/web/package-lock.json" | cut -d' ' -f1)
  stamp=$ROOT/web/node_modules/.installed
  [[ $(cat "$stamp" 2>/dev/null) != "$lock" ]] || return 0
  step console "installing its packages (npm)"
  (cd "$ROOT/web" && run_npm ci --no-audit --no-fund --ignore-scripts </dev/null >"$LOG_DIR/console-install.log" 2>&1 7>&- 8>&- 9>&-) || {
    last_lines "$LOG_DIR/console-install.log"
    die "npm could not install the packages of the console (log: $LOG_DIR/console-install.log)"
  }
  printf '%s\n' "$lock" >"$stamp"
}

# build_console: without Node.js the platform runs without its console.
build_console() (
  if ! have_node; then
    step console "not built: it needs Node.js 20 or later with npm; the API works without it"
    return
  fi
  exec 7<"$ROOT/web" # the lock is on the checkout, because two installations may run from one
  flock -w 900 7 || die "another build has held the console of this checkout for 15 minutes"
  if console_is_current; then return; fi
  started=$(now_ms)
  ensure_console_packages
  stamp=$(console_stamp)
  (cd "$ROOT/web" && npm run --silent build </dev/null >"$LOG_DIR/console-build.log" 2>&1 7>&- 8>&- 9>&-) || {
    last_lines "$LOG_DIR/console-build.log"
    die "the console was not built (log: $LOG_DIR/console-build.log)"
  }
  printf '%s\n' "$stamp" >"$CONSOLE_DIST/.sources"
  step console "built ($(seconds_since "$started"))"
)

prepare_console_tests() {
  have_node || die 'Node.js 20 or later with npm is needed for the tests of the console'
  ensure_packages chromium digits
  ensure_console_packages
  SUITES+=(console-units console-browser)
}

# run_console_units REPORT: the types, then the unit tests.
run_console_units() (
  cd "$ROOT/web" && npm run --silent check </dev/null 8>&- 9>&- &&
    npx vitest run --reporter=default --reporter=junit --outputFile.junit="$1" </dev/null 8>&- 9>&-
)

# prepare_operations: what an operator works with beside the data of the platform: a place for backups, an empty database, and a bucket. The services start
# first, because the settings of the app name their addresses.
prepare_operations() {
  "$ROOT/platform" services --dir "$PLATFORM_DIR" --fast --only postgres,s3 </dev/null >/dev/null 8>&- 9>&- || return
  use_dir "$PLATFORM_DIR"
  PGPASSWORD=$(secret postgres-password) "$(postgres_bin)/psql" -qX -v ON_ERROR_STOP=1 -h 127.0.0.1 -p "$(remembered postgres)" -U "$POSTGRES_ROLE" -d postgres \
    -c 'DROP DATABASE IF EXISTS archive WITH (FORCE)' -c 'CREATE DATABASE archive' || return
  BACKUP_BUCKET=backups BACKUP_ENCRYPTION_KEY=$(printf %s "$(secret backup-key 16)" | base64)
  # Half a year away: a backup by the schedule would meet that of the test.
  BACKUP_SCHEDULE="0 0 0 1 $(((10#$(date -u +%m) + 5) % 12 + 1)) *" BACKUP_DRILL_SCHEDULE=$BACKUP_SCHEDULE
  OPERATIONS_DATABASE_ARCHIVE_URL=$(postgres_url archive)
  OPERATIONS_BUCKET_REPLICA_ENDPOINT=$(ceph_endpoint) OPERATIONS_BUCKET_REPLICA_BUCKET=replica
  OPERATIONS_BUCKET_REPLICA_ACCESS_KEY=$(secret s3-access-key 10) OPERATIONS_BUCKET_REPLICA_SECRET_KEY=$(secret s3-secret-key)
  export BACKUP_BUCKET BACKUP_ENCRYPTION_KEY BACKUP_SCHEDULE BACKUP_DRILL_SCHEDULE "${!OPERATIONS_@}"
}

# run_console_browser RESULTS [SPEC…]: a browser on a platform of its own that has the project of the demo.
run_console_browser() (
  results=$1
  shift
  unset PORT DATABASE_URL USER_DATABASE_URL EXTERNAL_STORAGE_ENDPOINT "${!TRAINER_@}"
  export PLATFORM_DIR=$PLATFORM_DIR/console SIGN_UP=open SIGN_UP_CONFIRM_EMAIL=false RATE_LIMIT_SIGN_IN=10000
  trap '"$ROOT/platform" down >"$results/console-down.log" 2>&1' EXIT
  prepare_operations >"$results/console-operations.log" 2>&1 || {
    last_lines "$results/console-operations.log"
    say 'the places that operations of the console work with were not made'
    exit 1
  }
  "$ROOT/platform" demo --keep >"$results/console-demo.log" 2>&1 </dev/null 8>&- 9>&- || {
    last_lines "$results/console-demo.log"
    say 'the platform for the tests of the console did not start'
    exit 1
  }
  # Its bucket is set up as that of the datasets is.
  EXTERNAL_BUCKET_DATASETS=$OPERATIONS_BUCKET_REPLICA_BUCKET "$ROOT/platform" ops storage init >>"$results/console-operations.log" 2>&1 </dev/null 8>&- 9>&- || {
    last_lines "$results/console-operations.log"
    say 'the bucket that operations of the console fill was not made'
    exit 1
  }
  CONSOLE_URL=http://127.0.0.1:$(remembered api)
  ADMIN_EMAIL=$(jq -r .email "$PLATFORM_DIR/secrets/admin.json") ADMIN_PASSWORD=$(jq -r .password "$PLATFORM_DIR/secrets/admin.json")
  export CONSOLE_URL ADMIN_EMAIL ADMIN_PASSWORD CI=true CONSOLE_TEST_RESULTS=$results/console-browser.xml
  cd "$ROOT/web" && npx playwright test "$@" </dev/null 8>&- 9>&-
)
