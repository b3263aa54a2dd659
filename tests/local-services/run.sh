#!/usr/bin/env bash
# Tests of ./platform and infra/local against real PostgreSQL and Ceph, in temporary folders. Prints a line for each test
# and at the end `N passed, N failed`. With an argument, only the tests whose name has it.
# shellcheck disable=SC1091,SC2013,SC2016  # code for in_parts is quoted; ports are words
set -u -o pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
WORK=$(mktemp -d)
chmod 755 "$WORK"
PASSED=0 FAILED=0 ONLY=${1:-}
unset DATABASE_URL USER_DATABASE_URL TEST_DATABASE_URL EXTERNAL_STORAGE_ENDPOINT "${!TRAINER_@}" PORT PLATFORM_DIR

cleanup() {
  local dir
  for dir in "$WORK"/*/; do [[ ! -d $dir/run ]] || PLATFORM_DIR=${dir%/} "$ROOT/platform" down >/dev/null 2>&1; done
  rm -rf "$WORK"
}
trap cleanup EXIT

# check NAME COMMAND…: runs the command in a subshell and shows its output when it fails.
check() {
  local name=$1 output status began
  shift
  [[ $name == *"$ONLY"* ]] || return 0
  began=$(now_ms)
  output=$( (set -e; "$@") 2>&1 ) # not in a condition, because bash ignores -e there
  status=$?
  if ((status == 0)); then
    PASSED=$((PASSED + 1))
    printf 'ok   %s (%s)\n' "$name" "$(seconds_since "$began")"
  else
    FAILED=$((FAILED + 1))
    printf 'FAIL %s (%s)\n%s\n' "$name" "$(seconds_since "$began")" "${output//$'\n'/$'\n'     }"
  fi
}

fail() { echo "$*"; exit 1; }
same() { [[ $1 == "$2" ]] || fail "expected '$2', got '$1'"; }
contains() { [[ $1 == *"$2"* ]] || fail "'$2' is not in: $1"; }

# services DIR [OPTION…]: only the two that start quickly.
services() { local dir=$1; shift; "$ROOT/platform" services --fast --only postgres,s3 --dir "$dir" "$@"; }
stop() { "$ROOT/platform" services --stop --dir "$1"; }
value() { sed -n "s/^$2=//p" "$1/env"; }
port_of() { sed -n "s/^$2=//p" "$1/ports"; }

# processes DIR: prints the pids of everything that runs for a folder; the command line contains its path.
processes() {
  local file
  for file in /proc/[0-9]*/cmdline; do
    if tr '\0' ' ' <"$file" 2>/dev/null | grep -E "(supervise.sh $1/|ceph.conf|-D) ?$1/|-c $1/|-D $1/|supervise.sh $1/" >/dev/null; then basename "$(dirname "$file")"; fi
  done | sort -n
}
nothing_runs() { [[ -z $(processes "$1") ]] || fail "still running: $(ps -o pid,args -p "$(processes "$1" | paste -sd,)")"; }

sql() { "$PG_BIN/psql" -qAtX "$(value "$1" TEST_DATABASE_URL)" -c "$2"; }
s3_answers() { [[ $(http_status 127.0.0.1 "$(port_of "$1" s3)" /) == 200 ]]; }

# in_parts CODE [DIR]: runs CODE with the functions of infra/local, on a folder of its own.
in_parts() {
  ROOT=$ROOT bash -u -o pipefail -c '
    for part in common packages postgres ceph trainers modelserver azurite services console app publish func test doctor; do . "$ROOT/infra/local/$part.sh"; done
    use_dir "$0"
    eval "$1"' "${2:-$WORK/parts}" "$1"
}
# shellcheck source=/dev/null
. "$ROOT/infra/local/common.sh"
# shellcheck source=/dev/null
. "$ROOT/infra/local/packages.sh"
PG_BIN=$(postgres_bin) || PG_BIN=''

for part in services trainers app parts; do
  # shellcheck source=/dev/null
  . "$ROOT/tests/local-services/$part.sh"
done

if [[ -n $PG_BIN ]] && have_command radosgw; then
  check 'services start and print their settings' services_start_and_print_their_settings
  check 'secrets and settings are for the owner only' secrets_and_settings_are_for_the_owner_only
  check 'a wrong database password is refused' a_wrong_database_password_is_refused
  check 'all ports are on the loopback address only' all_ports_are_on_the_loopback_address_only
  check 'a second start starts nothing' a_second_start_starts_nothing
  check 'sourced settings are not taken for given endpoints' sourced_settings_are_not_taken_for_given_endpoints
  check 'stop leaves no process and keeps data' stop_leaves_no_process_and_keeps_data
  check 'killed services are started again' killed_services_are_started_again
  check 'a crashed daemon comes back by itself' a_crashed_daemon_comes_back_by_itself
  check 'taken ports are replaced' taken_ports_are_replaced
  check 'an interrupted set-up is made again' interrupted_set_up_is_made_again
  check 'two at once make one installation' two_at_once_make_one_installation
  check 'lost test data is replaced' lost_test_data_is_replaced
  check 'the demo goes from images to predictions and leaves only data' the_demo_goes_from_images_to_predictions
  check 'the commands of the README call the API' the_commands_of_the_readme_call_the_api
  check 'a laptop starts from the backup of production' a_laptop_starts_from_the_backup_of_production
  check 'bench engine prints JSON lines' bench_engine_prints_json_lines
  check 'bench api prints each figure beside the bare one' bench_api_prints_each_figure_beside_the_bare_one
  check 'bench hosts prints JSON lines' bench_hosts_prints_json_lines
  check 'bench web measures the console' bench_web_measures_the_console
  check 'up twice is one installation, and down ends it' up_twice_is_one_installation
else
  check 'PostgreSQL and Ceph are installed' false
fi
check 'the pages name only commands that exist' the_pages_name_only_commands_that_exist
check 'given endpoints are used instead' given_endpoints_are_used_instead
check 'a given store needs its keys' a_given_store_needs_its_keys
check 'a trainer is a folder: services, doctor, logs and settings have it' a_trainer_is_a_folder
check 'a trainer that cannot run here stops nothing, and doctor says why' a_trainer_that_cannot_run_here_stops_nothing
check 'a trainer asked for by name must be able to run' a_trainer_asked_for_by_name_must_be_able_to_run
check 'a service that does not exist is refused' a_service_that_does_not_exist_is_refused
check 'the URL of the own trainer is not a given one' the_url_of_the_own_trainer_is_not_a_given_one
check 'doctor says the same to scripts as to people' doctor_says_the_same_to_scripts
check 'doctor asks for nothing that up does not need' doctor_asks_for_nothing_that_up_does_not_need
check 'doctor --fix stops what does not answer and closes the secrets' doctor_mends_what_it_can
check 'a given trainer is not started' a_given_trainer_is_not_started
check 'a trainer stops although its folder is gone' a_trainer_stops_although_its_folder_is_gone
check 'a trainer runs with its own virtual environment' a_trainer_runs_with_its_own_virtual_environment
check 'the compose file of a trainer comes from its trainer.conf' the_compose_file_comes_from_trainer_conf
check 'the committed compose files are current' committed_compose_files_are_current
if ((EUID == 0)); then
  check 'missing packages without root are one line' missing_packages_without_root_are_one_line nobody
else
  check 'missing packages without root are one line' missing_packages_without_root_are_one_line
fi
check 'a missing SDK is one line' a_missing_sdk_is_one_line
check 'an installation by npm ends where its registry does not answer' an_installation_by_npm_ends_where_its_registry_does_not_answer
check 'a taken explicit port is an error' a_taken_explicit_port_is_an_error
check 'a taken preferred port is replaced' a_taken_preferred_port_is_replaced
check 'supervised commands are restarted, and ended with all they started' supervised_commands_are_restarted_and_ended
check 'a command without its loop is stopped' a_command_without_its_loop_is_stopped
check 'a foreign pid is left alone' a_foreign_pid_is_left_alone
check 'settings survive sourcing' settings_survive_sourcing
check 'a secret is the same for all who start at once' a_secret_is_the_same_for_all_who_start_at_once
check 'databases of the caller are not handed to tests' databases_of_the_caller_are_not_handed_to_tests
check 'counters of runners are summed' counters_are_summed
check 'every mutant can be made' every_mutant_can_be_made
check 'a crashed runner counts as a failure' a_crashed_runner_counts_as_a_failure
check 'every suite is run once, and a crashed one is a failure' every_suite_is_run_once_and_a_crashed_one_is_a_failure
check 'an interrupted run leaves nothing' an_interrupted_run_leaves_nothing
check 'a run ends with its slowest and its failed tests' a_run_ends_with_its_slowest_and_its_failed_tests
check 'no test at all is a failure' no_test_at_all_is_a_failure
check 'addresses are read from URLs' addresses_are_read_from_urls
check 'bench refuses what it does not know' bench_refuses_what_it_does_not_know
check 'a backup to start from needs an address and keys' a_backup_to_start_from_needs_an_address_and_keys
check 'unknown commands show the usage' unknown_commands_show_the_usage

printf '%s passed, %s failed\n' "$PASSED" "$FAILED"
((FAILED == 0))
