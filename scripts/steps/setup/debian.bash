# Debian packages. Sourced by scripts/setup.

is_debian() { command -v apt-get >/dev/null && command -v dpkg-query >/dev/null; }
is_root() { [[ $(id -u) == 0 ]]; }

# Those of the named packages that are not installed.
missing_packages() {
  local installed
  installed=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "$@" 2>/dev/null | sed -n 's/^installed //p' || true)
  printf '%s\n' "$@" | grep -vxF "$installed" || true
}

# Waits while another process holds one of apt's locks; dpkg's own are waited for by apt itself.
apt_get() {
  local started=$SECONDS
  until logged env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 -y "$@"; do
    tail -n 5 "$log" | grep -q 'Could not get lock' || return 1
    ((SECONDS - started < 600)) || return 1
    sleep 2
  done
}

# The lists are fetched once, and only if something has to be installed at all.
lists_are_fresh=
refresh_lists() {
  if [[ $lists_are_fresh ]]; then return; fi
  say "fetching Debian's package lists"
  apt_get update || failed "apt-get update" "repair apt's sources and run this again"
  lists_are_fresh=yes
}

install_packages() {
  local missing
  mapfile -t missing < <(missing_packages "$@")
  if ((${#missing[@]} == 0)); then return; fi
  refresh_lists
  say "installing ${missing[*]}"
  apt_get install --no-install-recommends "${missing[@]}" ||
    failed "apt-get install" "run \"apt-get install ${missing[*]}\" to see why, then run this again"
}

# Whether all the packages are installed or can be, with the lists that there are or newer ones.
can_install() {
  local missing
  mapfile -t missing < <(missing_packages "$@")
  if ((${#missing[@]} == 0)); then return; fi
  is_root || return 1
  are_known "${missing[@]}" && return
  refresh_lists
  are_known "${missing[@]}"
}

are_known() {
  local package
  for package in "$@"; do apt-cache show "$package" >/dev/null 2>&1 || return; done
}

# unpack_packages DIRECTORY PACKAGE...: without root, the files alone.
unpack_packages() {
  local directory=$1 work
  shift
  work=$(mktemp -d)
  # Lists of one's own: the system's may never have been fetched, and only root can.
  mkdir -p "$work/state/lists/partial" "$work/cache/archives/partial"
  local options=(-o "Dir::State::lists=$work/state/lists" -o "Dir::Cache=$work/cache")
  say "fetching $* (unpacked into $directory)"
  (
    cd "$work"
    logged apt-get "${options[@]}" update
    logged apt-get "${options[@]}" download "$@"
    for package in *.deb; do logged dpkg-deb -x "$package" unpacked; done
  ) || failed "fetching $*" "install them as root, or set FABULA_HEADERS to where the headers are"
  mkdir -p "$directory"
  cp -R "$work/unpacked/usr/include/." "$directory/"
  rm -rf "$work"
}
