# The tests, all of them in CTest. First the native ones: tests/unit (the core) and tests/sim (the
# functions on a simulated host); each source file is one test, so that a failure names the file.
function(fabula_add_test_program name)
  cmake_parse_arguments(arg "" "" "SOURCES;LIBRARIES" ${ARGN})
  add_executable(${name} ${arg_SOURCES} ${CMAKE_SOURCE_DIR}/tests/unit/main.cpp)
  target_link_libraries(${name} PRIVATE ${arg_LIBRARIES})
  fabula_precompile_headers(${name} <doctest/doctest.h>)
  set_source_files_properties(${CMAKE_SOURCE_DIR}/tests/unit/main.cpp
    PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
  target_compile_definitions(${name} PRIVATE
    DOCTEST_CONFIG_NO_EXCEPTIONS_BUT_WITH_ALL_ASSERTS
    FABULA_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  foreach(source IN LISTS arg_SOURCES)
    cmake_path(GET source STEM stem)
    add_test(NAME ${name}/${stem} COMMAND ${name} --source-file=*/${stem}.cpp --no-skipped-summary)
    set_tests_properties(${name}/${stem} PROPERTIES
      FAIL_REGULAR_EXPRESSION "test cases: +0 " ENVIRONMENT
      "UBSAN_OPTIONS=print_stacktrace=1;ASAN_OPTIONS=detect_stack_use_after_return=1")
  endforeach()
endfunction()

file(GLOB unit_sources CONFIGURE_DEPENDS tests/unit/*.cpp)
list(FILTER unit_sources EXCLUDE REGEX "/main\\.cpp$")
if(unit_sources)
  fabula_add_test_program(unit SOURCES ${unit_sources} LIBRARIES fabula_shared)
endif()

file(GLOB simulator_sources CONFIGURE_DEPENDS wasm/sim/*.cpp)
file(GLOB sim_sources CONFIGURE_DEPENDS tests/sim/*.cpp)
if(simulator_sources AND sim_sources)
  add_library(fabula_simulator STATIC ${simulator_sources})
  target_link_libraries(fabula_simulator PUBLIC fabula_functions)
  fabula_compile_together(fabula_simulator)
  file(GLOB peer_sources CONFIGURE_DEPENDS tests/sim/peers/*.cpp)
  add_library(fabula_sim_peers STATIC ${peer_sources})
  target_link_libraries(fabula_sim_peers PUBLIC fabula_simulator)
  fabula_compile_together(fabula_sim_peers)
  fabula_add_test_program(sim SOURCES ${sim_sources} LIBRARIES fabula_sim_peers)
endif()

# These run thousands of cases: if they began last, everything would wait for them.
foreach(test unit/dossier_properties sim/chat_chance)
  if(TEST ${test})
    set_tests_properties(${test} PROPERTIES COST 500)
  endif()
endforeach()

# The checks of the sources, and the suites that run the real system. Suites that measure time run
# alone, after all others. The others share the cores: the longest begin first, and the native tests
# fill the gaps.
set(suites_that_measure_time bench browser clients hosts origin)
set(suites_that_are_long api_fuzz database model browser_module)
# These run only with ./scripts/test --all, or by name.
set(suites_of_the_long_ring bench dossier_properties story_book)
foreach(check format types abi schema)
  add_test(NAME check/${check} COMMAND ${CMAKE_SOURCE_DIR}/scripts/check ${check})
endforeach()
file(GLOB suites RELATIVE ${CMAKE_SOURCE_DIR}/tests CONFIGURE_DEPENDS tests/*/run)
foreach(suite IN LISTS suites)
  cmake_path(GET suite PARENT_PATH folder)
  add_test(NAME suite/${folder} COMMAND ${CMAKE_SOURCE_DIR}/tests/${suite})
  set_tests_properties(suite/${folder} PROPERTIES TIMEOUT 1200)
  if(folder IN_LIST suites_that_measure_time)
    set_tests_properties(suite/${folder} PROPERTIES RUN_SERIAL ON)
  endif()
  if(folder IN_LIST suites_that_are_long)
    set_tests_properties(suite/${folder} PROPERTIES COST 1000)
  endif()
  if(folder IN_LIST suites_of_the_long_ring)
    set_tests_properties(suite/${folder} PROPERTIES LABELS long)
  endif()
endforeach()
# In the long ring it writes novels and repeats everything on both runtimes.
set_tests_properties(suite/clients PROPERTIES TIMEOUT 5400)
# Each of these uses two cores.
set_tests_properties(suite/database suite/dossier_properties suite/story_book PROPERTIES PROCESSORS 2)

# The program that tests/sse_oracle runs with the decoder.
add_executable(sse_events tests/sse_oracle/sse_events.cpp)
target_link_libraries(sse_events PRIVATE fabula_shared)

# Writes the files that tests/story_export gives to readers of their formats.
add_executable(story_file tests/story_export/story_file.cpp)
target_link_libraries(story_file PRIVATE fabula_shared)

# The program of tests/dossier_properties: the same test as in `unit`, in the optimised build.
add_executable(dossier_properties EXCLUDE_FROM_ALL
  tests/unit/dossier_properties.cpp tests/unit/main.cpp)
target_link_libraries(dossier_properties PRIVATE fabula_shared)
target_compile_definitions(dossier_properties PRIVATE
  DOCTEST_CONFIG_NO_EXCEPTIONS_BUT_WITH_ALL_ASSERTS FABULA_SOURCE_DIR="${CMAKE_SOURCE_DIR}")

# The fuzz targets of scripts/fuzz; the core is then instrumented for coverage as well.
option(FABULA_FUZZ "build tests/fuzz" OFF)
if(FABULA_FUZZ)
  target_compile_options(fabula_flags INTERFACE -fsanitize=fuzzer-no-link)
  file(GLOB fuzz_sources CONFIGURE_DEPENDS tests/fuzz/*.cpp)
  foreach(source IN LISTS fuzz_sources)
    cmake_path(GET source STEM stem)
    add_executable(fuzz_${stem} EXCLUDE_FROM_ALL ${source})
    target_link_libraries(fuzz_${stem} PRIVATE fabula_shared)
    target_link_options(fuzz_${stem} PRIVATE -fsanitize=fuzzer)
  endforeach()
endif()
