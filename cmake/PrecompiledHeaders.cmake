# Half of what the native build takes is reading the same headers. The WebAssembly build reads them file
# by file, so that a file that lacks an include is found there.
function(fabula_precompile_headers target)
  target_precompile_headers(${target} PRIVATE
    <algorithm> <array> <cstddef> <cstdint> <functional> <map> <memory> <optional> <span> <string>
    <string_view> <tuple> <unordered_map> <utility> <vector> <nlohmann/json.hpp> <tl/expected.hpp>
    ${ARGN})
  # ccache takes no file that depends on a moment.
  target_compile_options(${target} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
endfunction()
