# The WASI toolchain: WASI_SDK_PATH, else Debian's clang-19 packages, else Zig, which scripts/setup
# fetches from PyPI (FABULA_ZIG names another `zig`; FABULA_WASI_TOOLCHAIN=zig asks for it).
list(APPEND CMAKE_MODULE_PATH ${CMAKE_CURRENT_LIST_DIR})
set(CMAKE_SYSTEM_NAME WASI)
set(CMAKE_SYSTEM_PROCESSOR wasm32)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(FABULA_WASI ON)
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES FABULA_WASI)

if(NOT "$ENV{WASI_SDK_PATH}" STREQUAL "")
  set(FABULA_WASI_TOOLCHAIN wasi-sdk)
  set(CMAKE_CXX_COMPILER $ENV{WASI_SDK_PATH}/bin/clang++)
  set(CMAKE_AR $ENV{WASI_SDK_PATH}/bin/llvm-ar)
  set(CMAKE_RANLIB $ENV{WASI_SDK_PATH}/bin/llvm-ranlib)
  set(CMAKE_SYSROOT $ENV{WASI_SDK_PATH}/share/wasi-sysroot)
  set(CMAKE_CXX_COMPILER_TARGET wasm32-wasi)
elseif(EXISTS /usr/bin/clang++-19 AND EXISTS /usr/include/wasm32-wasi/stdlib.h
       AND NOT "$ENV{FABULA_WASI_TOOLCHAIN}" STREQUAL "zig")
  set(FABULA_WASI_TOOLCHAIN debian)
  set(CMAKE_CXX_COMPILER /usr/bin/clang++-19)
  set(CMAKE_AR /usr/bin/llvm-ar-19)
  set(CMAKE_RANLIB /usr/bin/llvm-ranlib-19)
  set(CMAKE_CXX_COMPILER_TARGET wasm32-wasi)
else()
  set(FABULA_WASI_TOOLCHAIN zig)
  if("$ENV{FABULA_ZIG}" STREQUAL ""
     AND NOT EXISTS ${CMAKE_CURRENT_LIST_DIR}/../.fabula/toolchain/zig/ziglang/zig)
    message(FATAL_ERROR "There is no compiler for WebAssembly: run ./scripts/setup")
  endif()
  set(CMAKE_CXX_COMPILER ${CMAKE_CURRENT_LIST_DIR}/zig-cxx)
  set(CMAKE_AR ${CMAKE_CURRENT_LIST_DIR}/zig-ar)
  set(CMAKE_RANLIB ${CMAKE_CURRENT_LIST_DIR}/zig-ranlib)
endif()

set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)

# Without tail calls a loop of ready awaits overflows the stack (design section 3). Coroutines request
# theirs; a call that clang 19 makes a tail call by itself may pass a copy of a constant, such as a
# string_view, that is in the frame which the caller has just left (tests/hosts/coroutines).
set(CMAKE_CXX_FLAGS_INIT "-mtail-call -fno-optimize-sibling-calls -mbulk-memory")
