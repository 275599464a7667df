# nlohmann/json and tl::expected, both header-only, from the platform's folder, or from where
# scripts/setup unpacks them without root. A cross compiler must not see /usr/include itself (its C
# library's headers would take precedence), so the two folders are copied into the build tree and
# only that is on the include path.
set(header_hints $ENV{FABULA_HEADERS} ${CMAKE_SOURCE_DIR}/.fabula/toolchain/headers
  /usr/include /opt/homebrew/include /usr/local/include)
find_path(FABULA_NLOHMANN_DIR nlohmann/json.hpp HINTS ${header_hints} NO_CMAKE_FIND_ROOT_PATH REQUIRED)
find_path(FABULA_EXPECTED_DIR tl/expected.hpp HINTS ${header_hints} NO_CMAKE_FIND_ROOT_PATH REQUIRED)

set(header_dir ${CMAKE_BINARY_DIR}/headers)
file(COPY ${FABULA_NLOHMANN_DIR}/nlohmann ${FABULA_EXPECTED_DIR}/tl DESTINATION ${header_dir})
add_library(fabula_headers INTERFACE)
target_include_directories(fabula_headers SYSTEM INTERFACE ${header_dir})
