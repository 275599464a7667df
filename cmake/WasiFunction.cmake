# Builds one folder as one reactor module; the folder's main.cpp names the handler. The stack is one
# page of WebAssembly's memory. A turn takes 2.5 KB of it, JSON with the deepest nesting that is read
# 10 KB (tests/hosts/memory), the C library's strtod 8 KB more.
set(FABULA_STACK_BYTES 65536)
set(FABULA_MAXIMUM_MEMORY_BYTES 33554432)

# If Binaryen's wasm-opt is installed, clang runs it on everything that it links with optimisation, so
# modules would differ from machine to machine. (With --no-wasm-opt clang 19 links nothing at all.) zig
# runs none, and would take this option as a request for an unoptimised runtime.
set(link_without_wasm_opt "")
if(NOT FABULA_WASI_TOOLCHAIN STREQUAL zig)
  set(link_without_wasm_opt -O0)
endif()

function(fabula_add_wasi_function name folder)
  file(GLOB sources CONFIGURE_DEPENDS ${folder}/*.cpp)
  # panic.cpp comes first: a linker that reads libc before the objects (Zig's) must see our abort
  # before anything refers to one.
  add_executable(${name} ${ARGN} ${CMAKE_SOURCE_DIR}/wasm/abi/panic.cpp
    ${CMAKE_SOURCE_DIR}/wasm/abi/memory.cpp ${sources})
  set_target_properties(${name} PROPERTIES SUFFIX .wasm
    RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/functions)
  set_source_files_properties(${CMAKE_SOURCE_DIR}/wasm/abi/panic.cpp
    ${CMAKE_SOURCE_DIR}/wasm/abi/memory.cpp PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  target_link_libraries(${name} PRIVATE fabula_runtime)
  target_link_options(${name} PRIVATE -mexec-model=reactor
    -Wl,--stack-first -Wl,-z,stack-size=${FABULA_STACK_BYTES}
    -Wl,--max-memory=${FABULA_MAXIMUM_MEMORY_BYTES} -Wl,--strip-all -Wl,--fatal-warnings
    ${link_without_wasm_opt})
endfunction()

# Code that runs for every token is compiled for speed, which adds 1 KB.
set(per_token_sources shared/sse/decoder.cpp shared/json/scanner.cpp shared/json/text.cpp
  shared/json/unescape.cpp shared/llm/stream/chunk_shape.cpp shared/text/utf8.cpp)
# The same holds for code that runs for every text of every row of a dossier's log.
set(per_row_sources shared/dossier/log/entry_body.cpp shared/dossier/log/entry_rows.cpp
  shared/dossier/log/entry_names.cpp shared/dossier/log/folding.cpp shared/dossier/log/sha256.cpp
  shared/dossier/log/tables.cpp)
foreach(source IN LISTS per_token_sources per_row_sources)
  set_source_files_properties(${CMAKE_SOURCE_DIR}/${source} DIRECTORY ${CMAKE_SOURCE_DIR}
    PROPERTIES COMPILE_OPTIONS -O2)
endforeach()
