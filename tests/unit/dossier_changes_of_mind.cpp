// People change their minds: each case of tests/fixtures/changes_of_mind is a conversation, with
// the expected contents, questions and memories at its end.
#include <doctest/doctest.h>

#include <filesystem>
#include <set>

#include "tests/unit/dossier_acts.hpp"
#include "tests/unit/recordings.hpp"

using namespace fabula;
using json::Document;
using tests::DossierScript;

namespace {

// The members in the expectation must match; null is a member that is missing or null.
std::string difference(const Document& wanted, const Document& shown, const std::string& path) {
  if (const auto* object = wanted.get_ptr<const Document::object_t*>()) {
    for (const auto& [key, value] : *object) {
      const auto* member = json::find(shown, key);
      if (value.is_null() && (!member || member->is_null())) continue;
      if (!member) return path + "." + key + " is not there";
      if (auto fault = difference(value, *member, path + "." + key); !fault.empty()) return fault;
    }
    return {};
  }
  if (wanted.is_array() && shown.is_array()) {
    if (wanted.size() != shown.size()) {
      return path + " has " + json::dump(shown) + ", not " + json::dump(wanted);
    }
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      const auto place = path + "[" + std::to_string(i) + "]";
      if (auto fault = difference(wanted[i], shown[i], place); !fault.empty()) return fault;
    }
    return {};
  }
  if (wanted == shown) return {};
  return path + " is " + json::dump(shown) + ", not " + json::dump(wanted);
}

// [{"kind", "field"?, "values"?: [text], "text"?}]
std::string difference_of_questions(const Document& wanted, const Document& shown) {
  Document::array_t simple;
  for (const auto& question : shown) {
    Document::object_t each = *question.get_ptr<const Document::object_t*>();
    Document::array_t values;
    for (const auto& value : each["values"]) values.push_back(value["value"]);
    each["values"] = values;
    simple.push_back(each);
  }
  return difference(wanted, simple, "open_questions");
}

// Whether one entry of the history has all members that are wanted.
bool has_entry(const Document& history, const Document& wanted) {
  for (const auto& change : history) {
    for (const auto& entry : *json::find(change, "entries")) {
      if (difference(wanted, entry, "").empty()) return true;
    }
  }
  return false;
}

void run(const Document& item) {
  DossierScript script;
  tests::DossierActs acts(script);
  for (const auto& step : *json::find(item, "steps")) {
    CAPTURE(json::dump(step));
    CHECK(acts.play(step) == "");
  }
  const auto text = script.snapshot();
  CAPTURE(text);
  const auto snapshot = json::parse(text).value_or(Document());
  CHECK(difference(*json::find(item, "shown"), snapshot, "shown") == "");
  const auto* questions = json::find(item, "questions");
  CHECK(difference_of_questions(questions ? *questions : Document(Document::array_t()),
                                *json::find(snapshot, "open_questions")) == "");
  const auto history = json::parse(dossier::history_json(script.dossier)).value_or(Document());
  if (const auto* wanted = json::find(item, "history")) {
    for (const auto& entry : *wanted) {
      CAPTURE(json::dump(entry));
      const bool is_there = has_entry(history, entry);
      if (!is_there) CAPTURE(json::dump(history));
      CHECK(is_there);
    }
  }
  CHECK(script.fault_of_provenance() == "");
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    CAPTURE(seed);
    CHECK(script.snapshot_in_another_order(seed) == text);
  }
}

}  // namespace

TEST_CASE("after each change of mind the dossier shows, asks and remembers what it should") {
  const auto folder = std::string(FABULA_SOURCE_DIR) + "/tests/fixtures/changes_of_mind";
  std::set<std::string> files;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    files.insert(file.path().string());
  }
  std::size_t cases = 0;
  for (const auto& path : files) {
    CAPTURE(path);
    const auto file = json::parse(tests::read_file(path));
    REQUIRE(file);
    for (const auto& item : *json::find(*file, "cases")) {
      const auto name = std::string(json::string_at(item, "name").value_or(""));
      CAPTURE(name);
      run(item);
      ++cases;
    }
  }
  CHECK(files.size() >= 20);
  CHECK(cases >= 200);
}
