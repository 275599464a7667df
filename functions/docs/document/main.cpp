// A program of the build: writes the OpenAPI document as a C++ header, in two parts, before and
// after the server's URL, which each request determines.
#include <cstdio>
#include <string>
#include <string_view>

#include "shared/api/endpoints/groups.hpp"
#include "shared/api/openapi.hpp"

namespace {

using fabula::api::kGroups;
using fabula::api::openapi_document;

constexpr std::string_view kServerUrl = "https://server-url.invalid";

void write(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

// Numbers, because compilers need not take a string literal of this length.
void write_constant(std::string_view name, std::string_view json) {
  write("inline constexpr char ");
  write(name);
  write("[] = {");
  for (std::size_t i = 0; i < json.size(); ++i) {
    if (i % 20 == 0) write("\n");
    write(std::to_string(static_cast<signed char>(json[i])));
    write(",");
  }
  write("};\n");
}

}  // namespace

int main() {
  const auto document = openapi_document(kGroups, kServerUrl);
  const auto at = document.find(kServerUrl);
  if (at == std::string::npos || document.find(kServerUrl, at + 1) != std::string::npos) {
    std::fputs("The OpenAPI document must name its server exactly once.\n", stderr);
    return 1;
  }
  write("// Made by functions/docs/document.\n#pragma once\n\n");
  write("namespace fabula::docs_function {\n\n");
  write_constant("kDocumentBeforeServerUrl", std::string_view(document).substr(0, at));
  write_constant("kDocumentAfterServerUrl",
                 std::string_view(document).substr(at + kServerUrl.size()));
  write("\n}  // namespace fabula::docs_function\n");
  return 0;
}
