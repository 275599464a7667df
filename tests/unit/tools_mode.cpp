// FABULA_MODES: valid values, and the mode that a conversation's first message chooses.
#include "shared/tools/mode.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

using namespace fabula;
using tools::Mode;

namespace {

std::vector<Mode> modes_of(std::string_view setting) {
  auto modes = tools::parse_modes(setting);
  REQUIRE(modes);
  return *std::move(modes);
}

std::string chosen(const std::vector<Mode>& modes, std::string_view first_text) {
  const auto* mode = tools::choose_mode(modes, first_text);
  return mode ? mode->name : "";
}

}  // namespace

TEST_CASE("without the setting there are no modes") {
  CHECK(modes_of("").empty());
  CHECK(modes_of("{}").empty());
  CHECK(chosen({}, "Hello") == "");
}

TEST_CASE("a mode has a prompt, and if it likes tools and keywords") {
  const auto modes = modes_of(
      R"({"plot":{"prompt":"Plot.","tools":["read_dossier"],"keywords":["Plot","STORY arc"]},)"
      R"("talk-2":{"prompt":"Talk.","tools":null}})");
  REQUIRE(modes.size() == 2);
  const auto* plot = tools::find_mode(modes, "plot");
  REQUIRE(plot);
  CHECK(plot->prompt == "Plot.");
  CHECK(plot->tools == std::vector<std::string>{"read_dossier"});
  CHECK(plot->keywords == std::vector<std::string>{"plot", "story arc"});
  const auto* talk = tools::find_mode(modes, "talk-2");
  REQUIRE(talk);
  CHECK(talk->tools.empty());
  CHECK(talk->keywords.empty());
  CHECK_FALSE(tools::find_mode(modes, "Plot"));
  CHECK_FALSE(tools::find_mode(modes, ""));
}

TEST_CASE("a setting that cannot be used is the operator's fault, and is not told to clients") {
  for (const std::string_view bad : {
           "plot",
           "[]",
           "{\"a\":",
           R"({"a":{}})",
           R"({"a":"Prompt."})",
           R"({"a":{"prompt":" \n"}})",
           R"({"a":{"prompt":7}})",
           R"({"":{"prompt":"P"}})",
           R"({"a b":{"prompt":"P"}})",
           R"({"a":{"prompt":"P","tools":"read_dossier"}})",
           R"({"a":{"prompt":"P","tools":[7]}})",
           R"({"a":{"prompt":"P","tools":[""]}})",
           R"({"a":{"prompt":"P","keywords":{"a":1}}})",
           R"({"a":{"prompt":"P","keywords":[""]}})",
       }) {
    CAPTURE(bad);
    const auto modes = tools::parse_modes(bad);
    REQUIRE_FALSE(modes);
    CHECK(modes.error().code == ErrorCode::internal_error);
    CHECK(modes.error().detail.find("FABULA_MODES") == std::string::npos);
    CHECK(modes.error().cause.find("FABULA_MODES") != std::string::npos);
  }
}

TEST_CASE("the first message chooses by whole words, in any case") {
  const auto modes = modes_of(R"({"plot":{"prompt":"P","keywords":["plot","story arc"]},)"
                              R"("world":{"prompt":"W","keywords":["Map","été"]}})");
  CHECK(chosen(modes, "plot") == "plot");
  CHECK(chosen(modes, "My PLOT, please") == "plot");
  CHECK(chosen(modes, "(plot)") == "plot");
  CHECK(chosen(modes, "The exploits and plots") == "");
  CHECK(chosen(modes, "plots, but then: plot.") == "plot");
  CHECK(chosen(modes, "a story arc") == "plot");
  CHECK(chosen(modes, "story  arc") == "");
  CHECK(chosen(modes, "mapé") == "");
  CHECK(chosen(modes, "en été.") == "world");
  CHECK(chosen(modes, "") == "");
}

TEST_CASE("of several modes the first wins, and `default` is what is left") {
  const auto modes = modes_of(
      R"({"alpha":{"prompt":"A","keywords":["fox"]},"beta":{"prompt":"B","keywords":["fox","sea"]},)"
      R"("default":{"prompt":"D"}})");
  CHECK(chosen(modes, "the sea and the fox") == "alpha");
  CHECK(chosen(modes, "the sea") == "beta");
  CHECK(chosen(modes, "the hill") == "default");
}
