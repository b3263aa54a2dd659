# shellcheck shell=bash
# promtool: holds the alert rules to the rules of Prometheus and runs their tests. It comes with Debian's package of Prometheus, whose server is not started.

PROMETHEUS_RULES=$ROOT/infra/grafana/alerts

ensure_promtool() { ensure_packages promtool; }

# check_rules: what is wrong with the alert rules, by promtool and by their own tests.
check_rules() {
  use_dir "$PLATFORM_DIR"
  ensure_promtool || exit
  promtool check rules "$PROMETHEUS_RULES/rules.yml" && cd "$PROMETHEUS_RULES" && promtool test rules rules.test.yml
}
