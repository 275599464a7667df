# The compiler for WebAssembly, CMake and the C++ headers. Sourced by scripts/setup.
# cmake/wasi-toolchain.cmake and cmake/HeaderLibraries.cmake use these folders.

compiler_packages=(clang-19 lld-19 llvm-19 libc++-19-dev-wasm32 libc++abi-19-dev-wasm32
  libclang-rt-19-dev-wasm32 wasi-libc)
build_packages=(cmake ninja-build ca-certificates curl)
header_packages=(nlohmann-json3-dev libexpected-dev)
test_packages=(ccache chromium clang-format-19 doctest-dev emscripten epubcheck libclang-rt-19-dev python3)

set_up_toolchain() {
  if is_debian && is_root; then
    install_packages "${build_packages[@]}" "${header_packages[@]}"
  else
    set_up_headers
    set_up_build_tools
  fi
  set_up_compiler
}

set_up_compiler() {
  if [[ ${WASI_SDK_PATH:-} ]]; then
    [[ -x $WASI_SDK_PATH/bin/clang++ ]] ||
      fail "WASI_SDK_PATH is $WASI_SDK_PATH, but there is no bin/clang++: correct or unset it"
  elif is_debian && can_install "${compiler_packages[@]}"; then
    install_packages "${compiler_packages[@]}"
  else
    set_up_zig
  fi
}

set_up_zig() {
  if [[ -x ${FABULA_ZIG:-$toolchain/zig/ziglang/zig} ]]; then return; fi
  say "fetching the Zig compiler: no WASI SDK, and no clang-19 from Debian"
  rm -rf "$toolchain/zig"
  unpack_wheel ziglang==0.17.0 97 "$toolchain/zig"
  chmod +x "$toolchain/zig/ziglang/zig"
}

has_headers() {
  local directory found_json='' found_expected=''
  for directory in "${FABULA_HEADERS:-}" "$toolchain/headers" /usr/include /opt/homebrew/include /usr/local/include; do
    if [[ -f $directory/nlohmann/json.hpp ]]; then found_json=yes; fi
    if [[ -f $directory/tl/expected.hpp ]]; then found_expected=yes; fi
  done
  [[ $found_json && $found_expected ]]
}

set_up_headers() {
  if has_headers; then return; fi
  if is_debian; then
    unpack_packages "$toolchain/headers" "${header_packages[@]}"
  elif command -v brew >/dev/null; then
    say "installing nlohmann-json and tl-expected with Homebrew"
    with_progress Homebrew no_measure logged brew install nlohmann-json tl-expected || failed "brew install" "run \"brew install nlohmann-json tl-expected\" to see why"
  else
    fail "nlohmann/json and tl::expected are missing: install both (C++ headers), or set FABULA_HEADERS to where they are"
  fi
}

# Programs from PyPI, in $toolchain/bin, which the build scripts put on their PATH.
set_up_build_tools() {
  set_up_program cmake cmake==3.31.6 27 cmake/data/bin/cmake
  set_up_program ninja ninja==1.11.1.4 1 ninja-1.11.1.4.data/scripts/ninja
}

# set_up_program NAME NAME==VERSION MEGABYTES FILE_IN_WHEEL
set_up_program() {
  local name=$1 requirement=$2 megabytes=$3 file=$4
  if command -v "$name" >/dev/null || [[ -x $toolchain/bin/$name ]]; then return; fi
  say "fetching $name from PyPI"
  rm -rf "${toolchain:?}/$name"
  unpack_wheel "$requirement" "$megabytes" "$toolchain/$name"
  chmod +x "$toolchain/$name/$file"
  mkdir -p "$toolchain/bin"
  ln -sf "../$name/$file" "$toolchain/bin/$name"
}

require_test_platform() {
  is_debian && is_root || fail "the tests need Debian's packages: run this as root on Debian 12"
}

set_up_test_tools() {
  install_packages "${compiler_packages[@]}" "${test_packages[@]}"
  install_postgresql
  set_up_python_packages "$toolchain/schemathesis" tests/api_fuzz/requirements.txt 40
}

# Tests start their own servers: Debian must not set one up and run it.
install_postgresql() {
  if [[ -z $(missing_packages postgresql-15) ]]; then return; fi
  install_packages postgresql-common
  sed -i 's/^#* *create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
  install_packages postgresql-15
}
