# Installs a gateway from PyPI into its own folder: install.bash FOLDER PACKAGE...
set -euo pipefail
folder=$1
shift
[ -f "$folder/installed" ] && [ "$(cat "$folder/installed")" = "$*" ] && exit
rm -rf "$folder"
python3 -m venv "$folder"
"$folder/bin/pip" install --quiet --disable-pip-version-check "$@"
echo "$*" >"$folder/installed"
