# shellcheck shell=bash
# Redocly's linter: holds the description of the API to its recommended rules. An npm package, pinned, kept in the checkout.

REDOCLY_VERSION=2.77.0
REDOCLY_JS=$ROOT/.platform/tools/redocly/node_modules/@redocly/cli/bin/cli.js

ensure_redocly() { ensure_npm_tool redocly @redocly/cli "$REDOCLY_VERSION" "$REDOCLY_JS"; }

# lint_openapi [FILE]: what is wrong with the description, by the rules of docs/redocly.yaml. It asks nothing of the network.
lint_openapi() {
  use_dir "$PLATFORM_DIR"
  ensure_redocly || exit
  CI=true REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true node "$REDOCLY_JS" lint "${1:-$ROOT/docs/openapi.json}" --config "$ROOT/docs/redocly.yaml" --format stylish
}
