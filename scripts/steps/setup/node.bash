# Node and npm packages. Sourced by scripts/setup.

require_node() {
  command -v node >/dev/null || fail "Node is missing: install Node 20 or newer"
  node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 20 ? 0 : 1)' ||
    fail "Node $(node --version) is too old: install Node 20 or newer"
  command -v npm >/dev/null || fail "npm is missing: install it (Node's own packages include it)"
}

# set_up_packages dev|test: the root's packages. The tests' packages include those for running, and
# are not removed again.
set_up_packages() {
  local mode=$1 sum stamp
  sum=$(cksum <package-lock.json)
  stamp=$(cat node_modules/.fabula-setup 2>/dev/null || true)
  if [[ $stamp == test* ]]; then mode=test; fi
  if [[ $stamp == "$mode $sum" ]]; then return; fi
  say "installing npm packages"
  if [[ $mode == dev ]]; then npm_command . ci --omit=dev; else npm_command . ci; fi
  echo "$mode $sum" >node_modules/.fabula-setup
}

# The packages of tests/typed_client, which uses another TypeScript than all other checks.
set_up_typed_client() {
  local directory=tests/typed_client sum
  sum=$(cksum <$directory/package-lock.json)
  if [[ $(cat $directory/node_modules/.fabula-setup 2>/dev/null || true) == "$sum" ]]; then return; fi
  say "installing the packages of a generated client"
  npm_command $directory ci
  echo "$sum" >$directory/node_modules/.fabula-setup
}

npm_progress() {
  local megabytes
  megabytes=$(du -sm "$npm_directory/node_modules" 2>/dev/null | cut -f1)
  echo "${megabytes:-0} MB unpacked"
}

run_npm() (cd "$npm_directory" && logged npm "$@" --ignore-scripts --no-audit --no-fund)

# npm_command DIRECTORY COMMAND [OPTION...]: no package needs its install script, so none runs.
npm_command() {
  local directory=$1
  shift
  npm_directory=$directory
  with_progress "npm packages$([[ $directory == . ]] || echo " of $directory")" npm_progress run_npm "$@" ||
    failed "npm $1" "$(grep -m1 'npm \(error\|ERR!\)' "$log" || echo 'run this again')"
}
