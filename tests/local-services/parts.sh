# shellcheck shell=bash disable=SC2013,SC2016  # code for in_parts is quoted; ports are words
# Sourced by run.sh: tests of single functions of infra/local.

missing_packages_without_root_are_one_line() {
  local output status=0
  cp -r "$ROOT/infra" "$WORK/infra"
  output=$(${1:+runuser -u nobody --} bash -u -c 'ROOT=$0; . "$0/infra/local/common.sh"; . "$0/infra/local/packages.sh"
    missing_packages() { echo radosgw; }; ensure_packages s3' "$WORK" 2>&1) || status=$?
  same "$status" 3
  same "$(wc -l <<<"$output")" 1
  contains "$output" 'apt-get install'
  contains "$output" radosgw
}

a_missing_sdk_is_one_line() {
  local output status=0
  output=$(in_parts 'dotnet() { echo "6.0.100 [x]"; }; ensure_dotnet' 2>&1) || status=$?
  same "$status" 3
  same "$(wc -l <<<"$output")" 1
  contains "$output" 6.0.100
}

an_installation_by_npm_ends_where_its_registry_does_not_answer() {
  local output status=0
  mkdir -p "$WORK/no-registry"
  printf '#!/bin/sh\nexec sleep 1000\n' >"$WORK/no-registry/npm"
  chmod +x "$WORK/no-registry/npm"
  output=$(NPM_SECONDS=1 PATH=$WORK/no-registry:$PATH in_parts 'ROOT=$PLATFORM_DIR; ensure_npm_tool tool some-tool 1.0.0 "$ROOT/nothing"' "$WORK/installation" 2>&1) || status=$?
  same "$status" 3
  contains "$output" 'npm did not end within 1 seconds'
  contains "$output" 'some-tool 1.0.0 could not be installed'
}

a_taken_explicit_port_is_an_error() {
  local output status=0
  output=$(PORT=9 in_parts 'port_answers() { return 0; }; choose_api_port' 2>&1) || status=$?
  same "$status" 1
  contains "$output" 'port 9 is taken'
}

a_taken_preferred_port_is_replaced() {
  local output
  output=$(in_parts 'port_answers() { [[ $1 == 7071 ]]; }; choose_api_port; remembered api' 2>"$WORK/said")
  [[ $output =~ ^[0-9]+$ && $output != 7071 ]] || fail "chose '$output'"
  contains "$(cat "$WORK/said")" "7071 is taken by another program: using $output"
}

supervised_commands_are_restarted_and_ended() {
  in_parts 'start_supervised crashing bash -c "exit 7"
    wait_until 120 keeps_crashing crashing || die "not seen as crashing"
    stop_supervised crashing quiet
    grep -q "ended with status 7: again in 2 s" "$LOG_DIR/crashing.log" || die "not restarted: $(cat "$LOG_DIR/crashing.log")"
    start_supervised sleeping bash -c "sleep 1000 & wait"
    pid=$(cat "$RUN_DIR/sleeping.pid")
    stop_supervised sleeping quiet
    session_is_gone "$pid" || die "something is left"' "$WORK/supervised"
}

a_command_without_its_loop_is_stopped() {
  in_parts 'start_supervised orphan sleep 1000
    pid=$(cat "$RUN_DIR/orphan.pid")
    wait_until 120 grep -q started "$LOG_DIR/orphan.log"
    kill -KILL "$pid"
    wait_until 120 is_gone "$pid"
    stop_supervised orphan quiet
    session_is_gone "$pid" || die "the command is left"' "$WORK/orphan"
}

a_foreign_pid_is_left_alone() {
  local stranger
  sleep 1000 &
  stranger=$!
  in_parts "echo $stranger >\"\$RUN_DIR/app.pid\"; stop_supervised app quiet"
  kill -0 "$stranger" || fail 'killed a process of somebody else'
  kill "$stranger"
}

settings_survive_sourcing() {
  in_parts 'for value in plain "with space" "quote'"'"'s" "a&b;c|d" "\$HOME \`x\`" "postgresql://u:p@h:1/d?a=b"; do
      setting KEY "$value" >"$PLATFORM_DIR/one"
      [[ $(. "$PLATFORM_DIR/one"; printf %s "$KEY") == "$value" ]] || die "lost: $value"
    done'
}

a_secret_is_the_same_for_all_who_start_at_once() {
  in_parts 'for ((round = 0; round < 10; round++)); do
      for ((number = 0; number < 10; number++)); do secret "key-$round" >"$PLATFORM_DIR/key-$number" & done
      wait
      [[ $(cat "$PLATFORM_DIR"/key-? | sort -u | wc -l) == 1 ]] || die "there are several keys"
    done'
}

databases_of_the_caller_are_not_handed_to_tests() {
  local output
  output=$(DATABASE_URL=postgresql://production/x in_parts 'read_given_endpoints; LOCAL_SERVICES=(); test_settings')
  ! grep production <<<"$output" || fail 'a test would get it'
}

counters_are_summed() {
  in_parts 'cat >"$PLATFORM_DIR/a.trx" <<X
<TestRun><ResultSummary outcome="Failed"><Counters total="10" executed="9" passed="7" failed="2" error="0" timeout="0" aborted="0" notExecuted="0" /></ResultSummary></TestRun>
X
    cat >"$PLATFORM_DIR/b.xml" <<X
<?xml version="1.0"?><testsuites><testsuite name="pytest" errors="1" failures="0" skipped="2" tests="8" time="1.5"><testcase name="x"/></testsuite></testsuites>
X
    count_trx "$PLATFORM_DIR/a.trx" 1 a
    count_junit "$PLATFORM_DIR/b.xml" 1 b
    print_counts >"$PLATFORM_DIR/counts" && die "success in spite of failures"
    [[ $(cat "$PLATFORM_DIR/counts") == "12 passed, 3 failed, 3 skipped" ]] || die "$(cat "$PLATFORM_DIR/counts")"'
}

# A mutant names a text of the source. It is brought up to date together with it.
every_mutant_can_be_made() {
  "$PYTHON" "$ROOT/tests/mutants/run.py" check || return 1
}

a_crashed_runner_counts_as_a_failure() {
  same "$(in_parts 'count 3 0 0; count_trx /nowhere.trx 134 crashed; print_counts' 2>/dev/null)" '3 passed, 1 failed'
}

every_suite_is_run_once_and_a_crashed_one_is_a_failure() {
  same "$(in_parts 'run_dotnet_test() { echo "$2" >>"$1/ran"; [[ $2 != B ]]; }
    SUITES=(A B C D) LONGEST=(Z D)
    run_suites "$PLATFORM_DIR" ""
    sort "$PLATFORM_DIR/ran" | tr "\n" " "
    print_counts' "$WORK/suites" 2>/dev/null)" 'A B C D 0 passed, 1 failed'
}

an_interrupted_run_leaves_nothing() {
  in_parts 'run_dotnet_test() { sleep 1000 & echo $! >"$1/$2.pid"; wait; }
    stop_compiler() { :; }
    (
      trap "exit 130" INT TERM
      trap end_tests EXIT
      SUITES=(A B)
      run_suites "$PLATFORM_DIR" ""
    ) &
    run=$!
    wait_until 60 test -s "$PLATFORM_DIR/A.pid" && wait_until 60 test -s "$PLATFORM_DIR/B.pid" || die "not started"
    kill -TERM "$run"
    wait "$run"
    for suite in A B; do wait_until 60 is_gone "$(cat "$PLATFORM_DIR/$suite.pid")" || die "$suite runs on"; done' "$WORK/interrupted"
}

a_run_ends_with_its_slowest_and_its_failed_tests() {
  local said
  said=$(in_parts 'cat >"$PLATFORM_DIR/A.Tests.trx" <<X
<TestRun xmlns="http://microsoft.com/schemas/VisualStudio/TeamTest/2010"><Results><UnitTestResult testName="VisionPlatform.A.Tests.Of.It" duration="00:01:02.5000000" outcome="Passed"/><UnitTestResult testName="VisionPlatform.A.Tests.Of.That" duration="00:00:01" outcome="Failed"><Output><ErrorInfo><Message>not 3</Message></ErrorInfo></Output></UnitTestResult></Results></TestRun>
X
    echo "<testsuites><testsuite><testcase classname=\"x.test_y\" name=\"test_z\" time=\"3.5\"><failure>not 4</failure></testcase></testsuite></testsuites>" >"$PLATFORM_DIR/trainers.xml"
    printf "ok   a demo (7.5 s)\nFAIL a start (0.1 s)\nnot 5\n" >"$PLATFORM_DIR/local-services.log"
    echo "killed" >"$PLATFORM_DIR/B.Tests.log"
    for suite in A.Tests B.Tests trainers local-services; do echo 1 65400 >"$PLATFORM_DIR/$suite.end"; touch "$PLATFORM_DIR/$suite.log"; done
    "$PYTHON" "$ROOT/infra/local/durations.py" "$PLATFORM_DIR"' "$WORK/durations")
  contains "$said" '     65      2  local-services'
  same "$(grep -A1 'slowest' <<<"$said" | tail -n 1)" '   62.5  A.Tests: Of.It'
  contains "$said" '    7.5  local-services: a demo'
  contains "$said" '    3.5  trainers: test_y.test_z'
  contains "$said" $'failed: A.Tests: A.Tests.Of.That\n    not 3'
  contains "$said" $'failed: B.Tests: no failed test; its output ends\n    killed'
  contains "$said" $'failed: trainers: x.test_y.test_z\n    not 4'
  contains "$said" $'failed: local-services: a start\n    not 5'
}

no_test_at_all_is_a_failure() {
  same "$(in_parts print_counts 2>/dev/null)" '0 passed, 1 failed'
}

addresses_are_read_from_urls() {
  same "$(in_parts 'host_and_port postgresql://u:p%40x@db.example:6000/x')" 'db.example 6000'
  same "$(in_parts 'host_and_port postgresql://u:p@db.example/x')" 'db.example 5432'
  same "$(in_parts 'host_and_port https://s3.example')" 's3.example 443'
  same "$(in_parts 'host_and_port http://[::1]:90/a')" '::1 90'
}

a_backup_to_start_from_needs_an_address_and_keys() {
  local said
  said=$(PLATFORM_DIR=$WORK/from-backup "$ROOT/platform" up --from-backup s3://backups 2>&1) && fail 'took an address without an endpoint'
  contains "$said" 'https://ENDPOINT/BUCKET'
  said=$(PLATFORM_DIR=$WORK/from-backup "$ROOT/platform" up --from-backup https://s3.example.com/backups 2>&1) && fail 'took no keys'
  contains "$said" FROM_BACKUP_ACCESS_KEY
  said=$(FROM_BACKUP_ACCESS_KEY=a FROM_BACKUP_SECRET_KEY=b PLATFORM_DIR=$WORK/from-backup "$ROOT/platform" up --from-backup https://s3.example.com/backups --replace other 2>&1) && fail 'took another name'
  contains "$said" 'from-backup, as a confirmation'
  nothing_runs "$WORK/from-backup"
}

unknown_commands_show_the_usage() {
  local status=0
  "$ROOT/platform" dance >/dev/null 2>"$WORK/usage" || status=$?
  same "$status" 2
  contains "$(cat "$WORK/usage")" 'usage: ./platform'
}
