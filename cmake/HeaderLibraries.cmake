# nlohmann/json and tl::expected, both header-only, found wherever the platform keeps them. A cross
# compiler must not see /usr/include itself (its C library's headers would win), so the two folders
# are copied into the build tree and only that is on the include path.
find_path(FABULA_NLOHMANN_DIR nlohmann/json.hpp HINTS $ENV{FABULA_HEADERS} /usr/include
  /opt/homebrew/include /usr/local/include NO_CMAKE_FIND_ROOT_PATH REQUIRED)
find_path(FABULA_EXPECTED_DIR tl/expected.hpp HINTS $ENV{FABULA_HEADERS} /usr/include
  /opt/homebrew/include /usr/local/include NO_CMAKE_FIND_ROOT_PATH REQUIRED)

set(header_dir ${CMAKE_BINARY_DIR}/headers)
file(COPY ${FABULA_NLOHMANN_DIR}/nlohmann ${FABULA_EXPECTED_DIR}/tl DESTINATION ${header_dir})
add_library(fabula_headers INTERFACE)
target_include_directories(fabula_headers SYSTEM INTERFACE ${header_dir})
