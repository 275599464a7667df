// The invariants of a dossier, whatever is said and done. With sanitizers some thousand
// conversations are played; tests/dossier_properties plays 100,000 in the long ring.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "shared/json/scanner.hpp"
#include "tests/unit/dossier_random.hpp"

using namespace fabula;
using json::Document;
using tests::DossierScript;
using tests::RandomPerson;
using tests::RandomStory;

namespace {

// FABULA_DOSSIER_SEQUENCES conversations from FABULA_DOSSIER_FIRST on; to play one again, 1 of them
// from its seed on.
std::uint64_t number_of(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

void tell_seeds(const char* unit, std::uint64_t first, std::uint64_t count) {
  std::printf("seed: dossier_properties: %s %llu to %llu\n", unit,
              static_cast<unsigned long long>(first),
              static_cast<unsigned long long>(first + count - 1));
}

constexpr std::uint64_t kSequences = 5000;
constexpr std::uint64_t kPermutedSets = 10;

template <class Play>
void for_each_seed(Play play) {
  const auto first = number_of("FABULA_DOSSIER_FIRST", 1);
  const auto count = number_of("FABULA_DOSSIER_SEQUENCES", kSequences);
  tell_seeds("sequences", first, count);
  for (auto seed = first; seed < first + count; ++seed) {
    CAPTURE(seed);
    RandomStory story(seed);
    DossierScript script;
    play(seed, story, script);
  }
}

// The same entries in any order and any number of times give the same bytes.
void check_order(std::uint64_t seed, DossierScript& script) {
  const auto text = script.snapshot();
  CHECK(json::is_valid(text));
  CHECK(script.snapshot_in_another_order(seed) == text);
  script.dossier.add(tests::parsed(script.rows));
  CHECK(script.snapshot() == text);
}

// Undo is as if it had not been, redo as if it had not been undone.
void check_undo(RandomStory& story, DossierScript& script) {
  const auto before = script.snapshot();
  const auto rows_before = script.rows.size();
  RandomPerson(story, script).act();
  if (script.rows.size() == rows_before) return;
  if (script.rows.back().body.find(R"("do":"undo")") != std::string::npos) return;
  const auto after = script.snapshot();
  CHECK(script.take(dossier::undo(script.dossier, "", script.context())) == "");
  CHECK(script.snapshot() == before);
  CHECK(script.take(dossier::redo(script.dossier, "", script.context())) == "");
  CHECK(script.snapshot() == after);
  CHECK(script.take(dossier::undo(script.dossier, "", script.context())) == "");
  CHECK(script.snapshot() == before);
}

// A statement that two people are different may end the question whether they are one.
Document without_questions_of_names(const std::string& snapshot) {
  auto document = json::parse(snapshot).value_or(Document());
  auto& questions = *json::find(document, "open_questions")->get_ptr<Document::array_t*>();
  questions.erase(std::remove_if(questions.begin(), questions.end(),
                                 [](const Document& question) {
                                   return json::string_at(question, "kind") == "ambiguous_name";
                                 }),
                  questions.end());
  return document;
}

// Merging and then splitting restores the previous state.
void check_split(RandomStory& story, DossierScript& script) {
  const auto& characters = script.dossier.state().entities(dossier::story::kCharacter);
  if (characters.size() < 2) return;
  const auto first = story.below(characters.size());
  const auto second = (first + 1 + story.below(characters.size() - 1)) % characters.size();
  const auto before = script.snapshot();
  std::vector<std::string> ids;
  std::vector<std::vector<std::string>> parts;
  for (const auto place : {first, second}) {
    ids.push_back(dossier::reference_text(characters[place].id));
    auto& part = parts.emplace_back();
    for (const auto mention : characters[place].mentions) {
      part.push_back(dossier::digest_text(script.dossier.entries()[mention].id));
    }
  }
  CHECK(script.take(dossier::merge_characters(script.dossier, ids, true, script.context())) == "");
  const auto* one = script.dossier.entity(*dossier::parse_reference(ids[0]));
  CHECK(one != nullptr);
  CHECK(one == script.dossier.entity(*dossier::parse_reference(ids[1])));
  CHECK(script.take(dossier::split(script.dossier, ids[0], parts, script.context())) == "");
  CHECK(without_questions_of_names(script.snapshot()) == without_questions_of_names(before));
}

struct Edit {
  std::string id;
  std::string field;
  std::string value;
};

// A later edit of the same field of the same character replaces it.
bool is_shown(DossierScript& script, const Edit& edit, const std::vector<Edit>& edits) {
  const auto* entity = script.dossier.entity(*dossier::parse_reference(edit.id));
  const auto* field = entity ? entity->find(script.dossier.field_named(edit.field)) : nullptr;
  if (!field) return false;
  return std::any_of(field->values.begin(), field->values.end(),
                     [&](const dossier::ShownValue& shown) {
                       return std::any_of(edits.begin(), edits.end(), [&](const Edit& later) {
                         return later.field == edit.field && later.value == shown.text &&
                                (later.value == edit.value || !field->is_list);
                       });
                     });
}

// A person's text stays, whatever is extracted and whichever take is chosen.
void check_edits(RandomStory& story, DossierScript& script) {
  std::vector<Edit> edits;
  for (auto count = 1 + story.below(2); count > 0; --count) {
    Edit edit{RandomPerson(story, script).some_id(), std::string(story.field()), {}};
    if (edit.id.empty()) return;
    edit.value = "mine " + std::to_string(count);
    Document value(edit.value);
    if (edit.field == "traits") value = Document::array_t{edit.value};
    const Document::object_t character{{"id", edit.id}, {edit.field, value}};
    const Document::object_t changes{{"characters", Document::array_t{character}}};
    CHECK(script.take(dossier::merge(script.dossier, changes, script.context())) == "");
    edits.push_back(std::move(edit));
  }
  for (auto count = 1 + story.below(3); count > 0; --count) {
    if (story.by_chance(3)) {
      RandomPerson(story, script).move_path();
    } else {
      script.say(story.message());
    }
    for (const auto& edit : edits) {
      CAPTURE(edit.field);
      CHECK(is_shown(script, edit, edits));
    }
  }
}

}  // namespace

TEST_CASE(
    "whatever is said and done, order does not matter, nothing is lost, and all can be undone") {
  for_each_seed([](std::uint64_t seed, RandomStory& story, DossierScript& script) {
    play_random(story, script, 2 + story.below(6));
    check_order(seed, script);
    check_undo(story, script);
    check_split(story, script);
    check_edits(story, script);
    CHECK(script.fault_of_provenance() == "");
  });
}

TEST_CASE("all orders of up to six deliveries give the same bytes") {
  const auto sets = number_of("FABULA_DOSSIER_SETS", kPermutedSets);
  const auto first = number_of("FABULA_DOSSIER_FIRST_SET", 1);
  tell_seeds("sets", first, sets);
  for (auto seed = first; seed < first + sets; ++seed) {
    CAPTURE(seed);
    RandomStory story(seed + 1'000'000);
    DossierScript script;
    std::vector<std::vector<dossier::EntryRow>> deliveries;
    for (auto count = 2 + story.below(5); count > 0; --count) {
      const auto before = script.rows.size();
      if (deliveries.empty() || !story.by_chance(3)) {
        script.say(story.message());
      } else {
        RandomPerson(story, script).act();
      }
      deliveries.emplace_back(script.rows.begin() + static_cast<std::ptrdiff_t>(before),
                              script.rows.end());
    }
    const auto text = script.snapshot();
    std::vector<std::vector<dossier::Entry>> entries;
    for (const auto& delivery : deliveries) entries.push_back(tests::parsed(delivery));
    std::vector<std::size_t> order(deliveries.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    do {
      dossier::Dossier other;
      for (const auto place : order) {
        other.add(entries[place]);
        if (place % 2 == 0) other.state();
      }
      REQUIRE(dossier::snapshot_json(other) == text);
    } while (std::next_permutation(order.begin(), order.end()));
  }
}

TEST_CASE("what is put is shown") {
  for_each_seed([](std::uint64_t, RandomStory& story, DossierScript& script) {
    play_random(story, script, 2 + story.below(6));
    auto wanted = json::parse(script.snapshot()).value_or(Document());
    for (auto& character : *json::find(wanted, "characters")) {
      auto& members = *character.get_ptr<Document::object_t*>();
      if (story.by_chance(3)) members["age"] = "77";
      if (story.by_chance(3)) members.erase("occupation");
      if (story.by_chance(3)) members["aliases"] = Document::array_t{"Nobody Else"};
      if (story.by_chance(4)) members["description"] = "";
    }
    json::find(wanted, "characters")->get_ptr<Document::array_t*>()->emplace_back(story.name());
    *json::find(wanted, "themes") = Document::array_t{"One", "Two"};
    REQUIRE(script.take(dossier::replace(script.dossier, wanted, script.context())) == "");
    const auto shown = json::parse(script.snapshot()).value_or(Document());
    CHECK(*json::find(shown, "themes") == *json::find(wanted, "themes"));
    const auto& characters = *json::find(shown, "characters");
    const auto& wanted_characters = *json::find(wanted, "characters");
    REQUIRE(characters.size() == wanted_characters.size());
    for (const auto& character : wanted_characters) {
      if (character.is_string()) continue;
      const auto id = json::string_at(character, "id");
      const auto at = std::find_if(characters.begin(), characters.end(), [&](const Document& each) {
        return json::string_at(each, "id") == id;
      });
      REQUIRE(at != characters.end());
      for (const auto* key : {"name", "age", "description", "occupation"}) {
        CAPTURE(key);
        CHECK(json::string_at(*at, key) == json::string_at(character, key));
      }
      const auto sorted = [](const Document& list) {
        std::vector<std::string> values;
        for (const auto& value : list) values.push_back(json::dump(value));
        std::sort(values.begin(), values.end());
        return values;
      };
      for (const auto* key : {"aliases", "relationships"}) {
        CAPTURE(key);
        CHECK(sorted(*json::find(*at, key)) == sorted(*json::find(character, key)));
      }
    }
  });
}
