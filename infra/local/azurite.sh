# shellcheck shell=bash
# Azurite: the local storage account of the Functions host. A pinned npm package, installed in the checkout.

AZURITE_VERSION=3.35.0
AZURITE_DIR=$ROOT/.platform/tools/azurite
AZURITE_JS=$AZURITE_DIR/node_modules/azurite/dist/src/azurite.js
# Every Azurite has this account and key; Microsoft publishes them.
AZURITE_ACCOUNT=devstoreaccount1
AZURITE_KEY='Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=='

azurite_version() { sed -n 's/^ *"version": "\(.*\)",*$/\1/p' "$AZURITE_DIR/node_modules/azurite/package.json" 2>/dev/null | head -n 1; }

# ensure_azurite: installs it once for the checkout. Concurrent calls wait for each other.
ensure_azurite() (
  if ! have_command node || ! have_command npm; then die "Azurite needs Node.js with npm (20 or later): install it and put 'node' on the PATH" 3; fi
  mkdir -p "$AZURITE_DIR"
  exec 7<"$AZURITE_DIR"
  flock -w 300 7 || die "another installation of Azurite has held $AZURITE_DIR for 5 minutes"
  [[ $(azurite_version) != "$AZURITE_VERSION" ]] || return 0
  started=$(now_ms)
  step azurite "installing azurite $AZURITE_VERSION (npm)"
  if ! npm install --prefix "$AZURITE_DIR" --no-save --no-audit --no-fund --ignore-scripts "azurite@$AZURITE_VERSION" </dev/null >"$LOG_DIR/azurite-install.log" 2>&1 7>&- 8>&- 9>&-; then
    last_lines "$LOG_DIR/azurite-install.log"
    die "azurite $AZURITE_VERSION could not be installed (log: $LOG_DIR/azurite-install.log)" 3
  fi
  [[ -f $AZURITE_JS ]] || die "azurite was installed, but $AZURITE_JS does not exist" 3
  step azurite "installed ($(seconds_since "$started"))"
)

azurite_settings() { # PORT
  printf 'DefaultEndpointsProtocol=http;AccountName=%s;AccountKey=%s;BlobEndpoint=http://127.0.0.1:%s/%s;QueueEndpoint=http://127.0.0.1:%s/%s;TableEndpoint=http://127.0.0.1:%s/%s;' \
    "$AZURITE_ACCOUNT" "$AZURITE_KEY" "$1" "$AZURITE_ACCOUNT" $(($1 + 1)) "$AZURITE_ACCOUNT" $(($1 + 2)) "$AZURITE_ACCOUNT"
}

azurite_answers() { local port; port=$(remembered azurite) && port_answers "$port" && port_answers $((port + 1)) && port_answers $((port + 2)); }
azurite_running() { supervised_pid azurite >/dev/null && azurite_answers; }

start_azurite() {
  local started port
  started=$(now_ms)
  if azurite_running; then step azurite "already runs on 127.0.0.1:$(remembered azurite)"; return; fi
  stop_supervised azurite quiet
  port=$(choose_port azurite 3) || exit 1
  mkdir -p "$PLATFORM_DIR/azurite"
  start_supervised azurite node "$AZURITE_JS" --location "$PLATFORM_DIR/azurite" --skipApiVersionCheck --silent --disableTelemetry \
    --blobHost 127.0.0.1 --queueHost 127.0.0.1 --tableHost 127.0.0.1 --blobPort "$port" --queuePort $((port + 1)) --tablePort $((port + 2))
  if ! wait_healthy azurite 60 azurite_answers; then
    last_lines "$LOG_DIR/azurite.log"
    stop_supervised azurite quiet
    die "azurite did not start (log: $LOG_DIR/azurite.log)"
  fi
  step azurite "started on 127.0.0.1:$port, blobs, queues, tables ($(seconds_since "$started"))"
}

stop_azurite() { stop_supervised azurite; }
