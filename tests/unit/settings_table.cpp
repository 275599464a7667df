#include "shared/settings/table.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "shared/llm/route/providers.hpp"
#include "shared/text/integer.hpp"

using namespace fabula;
using settings::kSettings;
using settings::Setting;
using settings::Type;

namespace {

using Names = std::set<std::string, std::less<>>;

std::string read_source(std::string_view path) {
  std::ifstream file(std::string(FABULA_SOURCE_DIR "/").append(path));
  std::ostringstream text;
  text << file.rdbuf();
  REQUIRE_FALSE(text.str().empty());
  return text.str();
}

Names all_names() {
  Names names;
  for (const auto& setting : kSettings) {
    names.emplace(setting.name);
    for (const auto older : setting.older_names) {
      if (!older.empty()) names.emplace(older);
    }
  }
  return names;
}

// The parts of a line that are between two of these marks.
std::vector<std::string> between(std::string_view line, char mark) {
  std::vector<std::string> parts;
  for (;;) {
    const auto begin = line.find(mark);
    const auto end = begin == std::string_view::npos ? begin : line.find(mark, begin + 1);
    if (end == std::string_view::npos) return parts;
    parts.emplace_back(line.substr(begin + 1, end - begin - 1));
    line.remove_prefix(end + 1);
  }
}

bool is_name(std::string_view text) {
  return text.size() > 3 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
         });
}

// The rows of README's table of the functions' settings.
std::vector<std::string> readme_rows() {
  const auto text = read_source("README.md");
  const auto begin = text.find("The functions, wherever they run:");
  REQUIRE(begin != std::string::npos);
  std::istringstream lines(text.substr(begin, text.find("\n## ", begin) - begin));
  std::vector<std::string> rows;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("| `")) rows.push_back(line);
  }
  return rows;
}

}  // namespace

TEST_CASE("each name stands once, with a purpose and a default that it may have") {
  std::size_t names = 0;
  for (const auto& setting : kSettings) {
    CAPTURE(setting.name);
    ++names;
    CHECK(is_name(setting.name));
    CHECK(settings::find(setting.name) == &setting);
    CHECK_FALSE(setting.purpose.empty());
    for (const auto older : setting.older_names) {
      if (older.empty()) continue;
      ++names;
      CHECK(settings::find(older) == &setting);
    }
    if (setting.type != Type::integer) {
      CHECK(setting.highest == 0);
      continue;
    }
    const auto normal = text::parse_integer(setting.normal);
    REQUIRE(normal);
    CHECK(*normal >= setting.lowest);
    CHECK(*normal <= setting.highest);
  }
  CHECK(all_names().size() == names);
  CHECK(settings::find("FABULA_NONE") == nullptr);
  CHECK(settings::find("") == nullptr);
}

TEST_CASE("each provider's key and address are settings, and no others are") {
  Names known;
  for (const auto& provider : llm::kProviders) {
    known.emplace(provider.key_setting);
    known.emplace(provider.base_url_setting);
  }
  for (const auto& name : known) {
    CAPTURE(name);
    const auto* setting = settings::find(name);
    REQUIRE(setting);
    CHECK(setting->type == (name.ends_with("_BASE_URL") ? Type::url : Type::secret));
  }
  for (const auto& setting : kSettings) {
    CAPTURE(setting.name);
    if (setting.purpose.starts_with("The key for ") || setting.name.ends_with("_BASE_URL")) {
      CHECK(known.contains(setting.name));
    }
  }
}

TEST_CASE("README names each setting, with its default, and nothing else") {
  Names told;
  for (const auto& row : readme_rows()) {
    CAPTURE(row);
    for (const auto& part : between(row, '`')) {
      if (is_name(part)) told.insert(part);
    }
    const auto what = row.substr(0, row.find(" | "));
    for (const auto& name : between(what, '`')) {
      const auto* setting = settings::find(name);
      REQUIRE(setting);
      // An empty list is a default that README need not name.
      if (setting->type == Type::json) continue;
      CHECK(row.find(setting->normal, what.size()) != std::string::npos);
    }
  }
  CHECK(told == all_names());
}

TEST_CASE("the development server passes each setting on, and nothing else") {
  const auto text = read_source("scripts/local/functions_environment.ts");
  const auto begin = text.find("const PASSED_ON");
  REQUIRE(begin != std::string::npos);
  const auto listed = between(text.substr(begin, text.find("]);", begin) - begin), '"');
  Names expected = all_names();
  // It sets these itself, for the Supabase that it runs or was given.
  for (const auto* own :
       {"SUPABASE_URL", "SUPABASE_REST_URL", "SUPABASE_SECRET_KEYS", "SUPABASE_SERVICE_ROLE_KEY",
        "SUPABASE_SERVICE_KEY", "SUPABASE_PUBLISHABLE_KEYS", "SUPABASE_ANON_KEY", "SUPABASE_KEY"}) {
    CHECK(expected.erase(own) == 1);
  }
  CHECK(Names(listed.begin(), listed.end()) == expected);
  CHECK(listed.size() == expected.size());
}
