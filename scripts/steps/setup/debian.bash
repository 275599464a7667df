# Debian packages. Sourced by scripts/setup.

is_debian() { command -v apt-get >/dev/null && command -v dpkg-query >/dev/null; }
is_root() { [[ $(id -u) == 0 ]]; }

# The named packages that are not installed.
missing_packages() {
  local installed
  installed=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "$@" 2>/dev/null | sed -n 's/^installed //p' || true)
  printf '%s\n' "$@" | grep -vxF "$installed" || true
}

# Waits while another process holds one of apt's locks; apt itself waits for dpkg's.
apt_get() {
  local started=$SECONDS
  until logged env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 \
    -o APT::Status-Fd=8 -y "$@" 8>"$log.apt"; do
    tail -n 5 "$log" | grep -q 'Could not get lock' || return 1
    ((SECONDS - started < 600)) || return 1
    sleep 2
  done
}

# apt's progress, from its status descriptor: lines of KIND:PACKAGE:PERCENT:WHAT.
apt_progress() {
  local all
  all=$(sed -n 's/^[0-9]* upgraded, \([0-9]*\) newly installed.*/\1/p' "$log" | tail -n 1)
  awk -F: -v all="${all:-?}" '
    $1 == "dlstatus" { fetching = $4 }
    $1 == "pmstatus" && $4 ~ /^Unpacking/ { unpacked[$2] = 1 }
    $1 == "pmstatus" && $4 ~ /^Installed/ { installed[$2] = 1 }
    END {
      if (length(installed) > 0) print length(installed) " of " all " packages installed"
      else if (length(unpacked) > 0) print length(unpacked) " of " all " packages unpacked"
      else if (fetching) print tolower(substr(fetching, 1, 1)) substr(fetching, 2)
    }' "$log.apt"
}

# The lists are fetched once, and only if something must be installed.
lists_are_fresh=
refresh_lists() {
  if [[ $lists_are_fresh ]]; then return; fi
  say "fetching Debian's package lists"
  with_progress "Debian's package lists" no_measure apt_get update || failed "apt-get update" "repair apt's sources and run this again"
  lists_are_fresh=yes
}

install_packages() {
  local missing
  mapfile -t missing < <(missing_packages "$@")
  if ((${#missing[@]} == 0)); then return; fi
  refresh_lists
  say "installing ${missing[*]}"
  with_progress "Debian packages" apt_progress \
    apt_get install --no-install-recommends "${missing[@]}" ||
    failed "apt-get install" "run \"apt-get install ${missing[*]}\" to see why, then run this again"
}

# Whether all packages are installed or installable, with the current lists or newer ones.
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

# The caller's `options` are passed to apt-get.
fetch_and_unpack() (
  cd "$1" && shift &&
    logged apt-get "${options[@]}" update &&
    logged apt-get "${options[@]}" download "$@" || exit
  for package in *.deb; do logged dpkg-deb -x "$package" unpacked || exit; done
)

# unpack_packages DIRECTORY PACKAGE...: without root, only the files.
unpack_packages() {
  local directory=$1 work
  shift
  work=$(mktemp -d)
  # Uses its own lists: the system's may never have been fetched, and only root can fetch them.
  mkdir -p "$work/state/lists/partial" "$work/cache/archives/partial"
  local options=(-o "Dir::State::lists=$work/state/lists" -o "Dir::Cache=$work/cache")
  say "fetching $* (unpacked into $directory)"
  with_progress "fetching $*" no_measure fetch_and_unpack "$work" "$@" || failed "fetching $*" "install them as root, or set FABULA_HEADERS to where the headers are"
  mkdir -p "$directory"
  cp -R "$work/unpacked/usr/include/." "$directory/"
  rm -rf "$work"
}
