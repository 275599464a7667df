# Builds one folder as one reactor module; the folder's main.cpp names the handler.
# One page of WebAssembly's memory. A turn takes 2.5 KB of it, JSON of the deepest nesting that is read
# 10 KB (tests/hosts/memory), the C library's strtod 8 KB more.
set(FABULA_STACK_BYTES 65536)
set(FABULA_MAXIMUM_MEMORY_BYTES 33554432)

# clang runs Binaryen's wasm-opt on what it links with any optimisation, where there is one: modules
# would differ from machine to machine. (With --no-wasm-opt clang 19 links nothing at all.) zig runs
# none, and takes this for a wish to have its runtime without optimisation.
set(link_without_wasm_opt "")
if(NOT FABULA_WASI_TOOLCHAIN STREQUAL zig)
  set(link_without_wasm_opt -O0)
endif()

function(fabula_add_wasi_function name folder)
  file(GLOB sources CONFIGURE_DEPENDS ${folder}/*.cpp)
  # panic.cpp comes first: a linker that has libc before the objects (Zig's) must see our abort before
  # anything asks for one.
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

# What runs for every token is compiled for speed; it is 1 KB more.
set(per_token_sources shared/sse/decoder.cpp shared/json/scanner.cpp shared/json/text.cpp
  shared/json/unescape.cpp shared/llm/stream/chunk_shape.cpp shared/text/utf8.cpp)
# And what runs for every text of every row of a dossier's log.
set(per_row_sources shared/dossier/log/entry_body.cpp shared/dossier/log/entry_rows.cpp
  shared/dossier/log/entry_names.cpp shared/dossier/log/folding.cpp shared/dossier/log/sha256.cpp
  shared/dossier/log/tables.cpp)
foreach(source IN LISTS per_token_sources per_row_sources)
  set_source_files_properties(${CMAKE_SOURCE_DIR}/${source} DIRECTORY ${CMAKE_SOURCE_DIR}
    PROPERTIES COMPILE_OPTIONS -O2)
endforeach()
