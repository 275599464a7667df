# Half of what a test's file takes is reading the same headers; tests name things as they like, so
# they are not compiled together as the rest is (UnityBuild.cmake).
function(fabula_precompile_headers target)
  target_precompile_headers(${target} PRIVATE
    <algorithm> <array> <cstddef> <cstdint> <functional> <map> <memory> <optional> <span> <string>
    <string_view> <tuple> <unordered_map> <utility> <vector> <nlohmann/json.hpp> <tl/expected.hpp>
    ${ARGN})
  # ccache takes no file that depends on a moment.
  target_compile_options(${target} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
endfunction()
