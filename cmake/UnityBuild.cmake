# Compiles a target's sources a few files at a time, because reading the same headers is most of the
# cost of a file. Only files of one folder are compiled together, in the order of their names, so
# names in anonymous namespaces must be unique within a folder but not elsewhere.
set(FABULA_FILES_TOGETHER 10 CACHE STRING "how many files are compiled together; 1: each alone")

function(fabula_compile_together target)
  get_target_property(sources ${target} SOURCES)
  set(group 0)
  set(folder "")
  foreach(source IN LISTS sources)
    cmake_path(GET source PARENT_PATH source_folder)
    if(NOT source_folder STREQUAL folder OR size EQUAL FABULA_FILES_TOGETHER)
      math(EXPR group "${group} + 1")
      set(folder ${source_folder})
      set(size 0)
    endif()
    math(EXPR size "${size} + 1")
    set_source_files_properties(${source} DIRECTORY ${CMAKE_SOURCE_DIR}
      PROPERTIES UNITY_GROUP ${group})
  endforeach()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
endfunction()
