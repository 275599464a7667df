# Reading the same headers is half of the time for compiling a test file. Tests may reuse names, so
# they are not compiled together like the rest (UnityBuild.cmake).
function(fabula_precompile_headers target)
  target_precompile_headers(${target} PRIVATE
    <algorithm> <array> <cstddef> <cstdint> <functional> <map> <memory> <optional> <span> <string>
    <string_view> <tuple> <unordered_map> <utility> <vector> <nlohmann/json.hpp> <tl/expected.hpp>
    ${ARGN})
  # ccache does not cache a file with a timestamp in it.
  target_compile_options(${target} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
endfunction()
