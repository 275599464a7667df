# One interface target holds the flags that every translation unit is compiled with.
option(FABULA_SANITIZE "address and undefined-behaviour sanitizers" OFF)

add_library(fabula_flags INTERFACE)
target_include_directories(fabula_flags INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(fabula_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wnon-virtual-dtor -Werror
  -fno-exceptions -fno-rtti)
if(FABULA_SANITIZE)
  target_compile_options(fabula_flags INTERFACE
    -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -O1
    -gline-tables-only)
  target_link_options(fabula_flags INTERFACE -fsanitize=address,undefined)
endif()
