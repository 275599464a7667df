# The messages of set-up. Sourced by scripts/setup.

say() { echo "setup: $*"; }

# Ends set-up with the one line that says what to do.
fail() {
  echo "setup: $*" >&2
  exit 1
}

# with_progress WHAT MEASURE COMMAND...: runs the command, and reports its progress every few seconds:
# the output of the function MEASURE, and the time that has passed.
with_progress() {
  local what=$1 measure=$2 status=0
  shift 2
  report_progress "$what" "$measure" $SECONDS 9>&- &
  local reporter=$!
  "$@" || status=$?
  kill "$reporter" 2>/dev/null || true
  wait "$reporter" 2>/dev/null || true
  return $status
}

progress_gap_seconds=8
report_progress() {
  local what=$1 measure=$2 started=$3 far
  # The pause must not hold open a pipe that somebody reads to its end.
  while sleep "$progress_gap_seconds" >/dev/null 2>&1 && kill -0 $$ 2>/dev/null; do
    far=$("$measure" 2>/dev/null || true)
    say "$what: ${far:+$far, }$((SECONDS - started)) s"
  done
}

# For steps where only the time can be measured.
no_measure() { :; }

# Only one set-up of a kind writes at a time: a second one waits. Without flock (macOS) they must not
# overlap.
start_log() {
  mkdir -p "$(dirname "$log")" "$data" 2>/dev/null ||
    fail "cannot write to $data: set FABULA_DATA_DIR to a directory that you may write to"
  if command -v flock >/dev/null; then
    exec 9>"${log%.log}.lock"
    if ! flock -n 9; then
      say "waiting for another set-up to end"
      with_progress "waiting for another set-up to end" no_measure flock 9
    fi
  fi
  : >"$log"
}

# Runs a command with its output in the log. `9>&-`: processes that it leaves running must not hold the
# lock.
logged() { "$@" >>"$log" 2>&1 9>&-; }

# Ends set-up after a command has failed: with the cause, as far as the log shows it, and what to do.
# failed WHAT WHAT_TO_DO_OTHERWISE
failed() {
  local what=$1 otherwise=$2
  if grep -qiE 'no space left|ENOSPC|enough free space' "$log"; then
    fail "$what: the disk is full; free some space and run this again"
  elif grep -qiE 'could not resolve|temporary failure|ENOTFOUND|EAI_AGAIN|ECONN|ETIMEDOUT|failed to fetch|newconnectionerror|max retries|connection (refused|reset|timed)|read timed out|incompleteread' "$log"; then
    fail "$what: the download broke; check the network and run this again (details: $log)"
  fi
  fail "$what: $otherwise (details: $log)"
}

# require_space DIRECTORY MEGABYTES WHAT
require_space() {
  local free_kilobytes
  free_kilobytes=$(df -Pk "$1" | awk 'NR == 2 { print $4 }')
  if ((free_kilobytes < $2 * 1024)); then
    fail "$3 needs $2 MB, $((free_kilobytes / 1024)) MB are free at $1: free some space and run this again"
  fi
}
