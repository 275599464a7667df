# Runs the native command $1 with the other arguments; builds it when its sources have changed.
# Sourced by scripts/fabula-*, which describe the commands.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
name=$1
shift
sources=("$root/CMakeLists.txt" "$root"/{cmake,commands,shared})

# Runs it if the build is newer than the sources; the tests have their own build.
run_built() {
  for preset in native-release native-asan; do
    command="$root/build/$preset/$name"
    if [ -x "$command" ] && [ -z "$(find "${sources[@]}" -newer "$command" -print -quit)" ]; then
      exec "$command" "$@"
    fi
  done
}

build() {
  # Set-up puts CMake and Ninja here if it cannot install packages.
  export PATH="$root/.fabula/toolchain/bin:$PATH"
  cd "$root"
  local options=()
  command -v clang++-19 >/dev/null || options=(-DCMAKE_CXX_COMPILER="${CXX:-c++}")
  scripts/steps/configure native-release "${options[@]}" &&
    cmake --build build/native-release --target "$name" &&
    touch "build/native-release/$name"
}

run_built "$@"
mkdir -p "$root/build"
log="$root/build/$name.log"
# If two start at once, they build one after the other.
exec 9>>"$root/build/commands.lock"
if command -v flock >/dev/null; then flock 9; fi
(build) </dev/null >"$log" 2>&1 9>&- || {
  cat "$log" >&2
  echo "$name: it could not be built; ./scripts/setup installs what building needs." >&2
  exit 1
}
exec 9>&-
run_built "$@"
echo "$name: its sources changed while it was built; run it again." >&2
exit 1
