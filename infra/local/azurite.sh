# shellcheck shell=bash
# Azurite: the local storage account of the Functions host. A pinned npm package, installed in the checkout.

AZURITE_VERSION=3.35.0
AZURITE_JS=$ROOT/.platform/tools/azurite/node_modules/azurite/dist/src/azurite.js
# The account and key that every Azurite has; Microsoft publishes them.
AZURITE_ACCOUNT=devstoreaccount1
AZURITE_KEY='Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=='

ensure_azurite() { ensure_npm_tool azurite azurite "$AZURITE_VERSION" "$AZURITE_JS"; }

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
