# What a dossier's fold spends its time in is compiled for speed, in modules that are compiled for size
# otherwise: somebody waits for it.
set(folding_sources activity clusters comparable decisions derivation dossier entities entry entry_body
  events evidence field folding identity linking log meetings mentions names people profile records
  sha256 tables vocabulary)
foreach(source IN LISTS folding_sources)
  set_source_files_properties(${CMAKE_SOURCE_DIR}/shared/dossier/${source}.cpp
    DIRECTORY ${CMAKE_SOURCE_DIR} PROPERTIES COMPILE_OPTIONS -O2)
endforeach()
