# Makes the contents of the function `docs`: the OpenAPI document, which a program with the
# declarations writes, compiled for the same target as everything else, and the page, which is a
# file. Both become headers in generated/.
set(api_document_include ${CMAKE_BINARY_DIR}/api-document)
set(api_document_header ${api_document_include}/generated/openapi_document.hpp)
file(MAKE_DIRECTORY ${api_document_include}/generated)

add_executable(openapi_document ${CMAKE_SOURCE_DIR}/functions/docs/document/main.cpp)
target_link_libraries(openapi_document PRIVATE fabula_shared)
if(FABULA_WASI)
  set_target_properties(openapi_document PROPERTIES SUFFIX .wasm
    CROSSCOMPILING_EMULATOR "node;--no-warnings;${CMAKE_SOURCE_DIR}/scripts/steps/run-wasi.mjs")
endif()
# Written to another name first, so that a program that fails leaves no incomplete header.
add_custom_command(OUTPUT ${api_document_header}
  COMMAND openapi_document > ${api_document_header}.new
  COMMAND ${CMAKE_COMMAND} -E rename ${api_document_header}.new ${api_document_header}
  DEPENDS openapi_document VERBATIM)

set(page ${CMAKE_SOURCE_DIR}/functions/docs/page.html)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${page})
file(READ ${page} api_document_page)
file(CONFIGURE OUTPUT ${api_document_include}/generated/docs_page.hpp @ONLY CONTENT
"// Made of functions/docs/page.html.
#pragma once

#include <string_view>

namespace fabula::docs_function {

inline constexpr std::string_view kPage = R\"html(@api_document_page@)html\";

}  // namespace fabula::docs_function
")

# For the target that contains functions/docs.
function(fabula_use_api_document target)
  target_sources(${target} PRIVATE ${api_document_header})
  target_include_directories(${target} PRIVATE ${api_document_include})
endfunction()
