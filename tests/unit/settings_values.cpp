#include "shared/settings/values.hpp"

#include <doctest/doctest.h>

#include <map>
#include <string>

#include "shared/settings/table.hpp"

using namespace fabula;
using settings::named;

namespace {

// An environment that knows how often it was asked.
struct Variables {
  std::map<std::string, std::string, std::less<>> values;
  mutable std::map<std::string, int, std::less<>> asked = {};

  std::optional<std::string> operator()(std::string_view name) const {
    ++asked[std::string(name)];
    const auto value = values.find(name);
    return value == values.end() ? std::nullopt : std::optional(value->second);
  }
};

constexpr const settings::Setting& kHistory = named("FABULA_HISTORY_TOKENS");

}  // namespace

TEST_CASE("a setting that is not set, or set to nothing, has its default") {
  const Variables variables{{{"MODEL_DOSSIER", ""}}};
  settings::Values values(variables);
  CHECK(values.text(named("MODEL_DOSSIER")) == "openai:gpt-4o");
  CHECK(values.text(named("MODEL_CHAT")) == "openai:gpt-4o-mini");
  CHECK(values.text(named("MODEL_STREAM")).empty());
  CHECK_FALSE(values.find(named("MODEL_DOSSIER")));
  CHECK(values.number(kHistory) == 12'000);
  CHECK(values.unusable().empty());
}

TEST_CASE("numbers outside their bounds, and other texts, count as not set and are named") {
  for (const auto* value : {"-1", "1000001", "many", "12 000", "1e3", "99999999999999999999"}) {
    CAPTURE(value);
    const Variables variables{{{"FABULA_HISTORY_TOKENS", value}}};
    settings::Values values(variables);
    CHECK(values.number(kHistory) == 12'000);
    CHECK(values.number(kHistory) == 12'000);
    REQUIRE(values.unusable().size() == 1);
    CHECK(values.unusable().front() == "FABULA_HISTORY_TOKENS");
  }
  for (const auto& [value, number] :
       {std::pair{"0", 0}, std::pair{"1000000", 1'000'000}, std::pair{"77", 77}}) {
    const Variables variables{{{"FABULA_HISTORY_TOKENS", value}}};
    settings::Values values(variables);
    CHECK(values.number(kHistory) == number);
    CHECK(values.unusable().empty());
  }
}

TEST_CASE("a text that is too long, in bytes, counts as not set and is named") {
  const std::string wolf = "волк";
  std::string longest;
  while (longest.size() < 16'384) longest += wolf;
  for (const auto& value : {longest, longest + "狼"}) {
    const Variables variables{{{"FABULA_SYSTEM_PROMPT", value}}};
    settings::Values values(variables);
    const bool fits = value == longest;
    CHECK(values.find(named("FABULA_SYSTEM_PROMPT")).has_value() == fits);
    CHECK(values.find(named("FABULA_SYSTEM_PROMPT")).has_value() == fits);
    CHECK(values.unusable().size() == (fits ? 0 : 1));
  }
}

TEST_CASE("the environment is asked when a value is wanted, and once") {
  const Variables variables{{{"MODEL_CHAT", "local:a-name-that-fits-in-no-small-buffer"}}};
  settings::Values values(variables);
  CHECK(variables.asked.empty());
  const auto first = values.text(named("MODEL_CHAT"));
  for (const auto& setting : settings::kSettings) values.text(setting);
  CHECK(values.text(named("MODEL_CHAT")).data() == first.data());
  CHECK(first == "local:a-name-that-fits-in-no-small-buffer");
  for (const auto& [name, times] : variables.asked) {
    CAPTURE(name);
    CHECK(times == 1);
  }
}

TEST_CASE("older names count when the name is not set, and can be read alone") {
  const Variables variables{{{"SUPABASE_SERVICE_KEY", "older"}, {"SECRET", "none of ours"}}};
  settings::Values values(variables);
  CHECK(values.text(named("SUPABASE_SECRET_KEYS")) == "older");
  CHECK_FALSE(values.find("SUPABASE_SECRET_KEYS"));
  CHECK(values.find("SUPABASE_SERVICE_KEY") == "older");
  CHECK_FALSE(values.find("SECRET"));
  CHECK(variables.asked.count("SECRET") == 0);
}
