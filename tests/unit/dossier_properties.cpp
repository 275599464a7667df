// What must hold of a dossier whatever is said and done. With sanitizers some thousand
// conversations are played; tests/dossier_properties plays 100,000.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <map>

#include "tests/unit/dossier_random.hpp"

using namespace fabula;
using json::Document;
using tests::DossierScript;
using tests::RandomPerson;
using tests::RandomStory;

namespace {

// FABULA_DOSSIER_SEQUENCES: how many conversations; FABULA_DOSSIER_SEED: only this one.
std::uint64_t number_of(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

constexpr std::uint64_t kSequences = 1500;
constexpr std::uint64_t kPermutedSets = 15;

template <class Play>
void for_each_seed(Play play) {
  const auto count = number_of("FABULA_DOSSIER_SEQUENCES", kSequences);
  const auto only = number_of("FABULA_DOSSIER_SEED", 0);
  for (std::uint64_t seed = only > 0 ? only : 1; seed <= (only > 0 ? only : count); ++seed) {
    CAPTURE(seed);
    RandomStory story(seed);
    DossierScript script;
    play(seed, story, script);
  }
}

}  // namespace

TEST_CASE("the same entries in any order and any number of times give the same bytes") {
  for_each_seed([](std::uint64_t seed, RandomStory& story, DossierScript& script) {
    play_random(story, script, 3 + story.below(10));
    const auto text = script.snapshot();
    CHECK(json::parse(text));
    CHECK(script.snapshot_in_another_order(seed) == text);
    script.dossier.add(tests::parsed(script.rows));
    CHECK(script.snapshot() == text);
  });
}

TEST_CASE("all that is shown has a quote that is in its message, or is a person's") {
  for_each_seed([](std::uint64_t, RandomStory& story, DossierScript& script) {
    play_random(story, script, 2 + story.below(8));
    CHECK(script.fault_of_provenance() == "");
  });
}

TEST_CASE("undo is as if it had not been, redo as if it had not been undone") {
  for_each_seed([](std::uint64_t, RandomStory& story, DossierScript& script) {
    play_random(story, script, 1 + story.below(6));
    const auto before = script.snapshot();
    const auto rows_before = script.rows.size();
    RandomPerson(story, script).act();
    if (script.rows.size() == rows_before) return;
    const auto body = json::parse(script.rows.back().body).value_or(Document());
    if (json::string_at(body, "do") == std::string_view("undo")) return;
    const auto after = script.snapshot();
    REQUIRE(script.take(dossier::undo(script.dossier, "", script.context())) == "");
    CHECK(script.snapshot() == before);
    REQUIRE(script.take(dossier::redo(script.dossier, "", script.context())) == "");
    CHECK(script.snapshot() == after);
    REQUIRE(script.take(dossier::undo(script.dossier, "", script.context())) == "");
    CHECK(script.snapshot() == before);
  });
}

TEST_CASE("what is merged and split again is as it was") {
  for_each_seed([](std::uint64_t, RandomStory& story, DossierScript& script) {
    play_random(story, script, 2 + story.below(7));
    const auto characters = script.dossier.state().characters;
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
    REQUIRE(script.take(dossier::merge_characters(script.dossier, ids, true, script.context())) ==
            "");
    const auto* one = script.dossier.entity(*dossier::parse_reference(ids[0]));
    REQUIRE(one != nullptr);
    CHECK(one == script.dossier.entity(*dossier::parse_reference(ids[1])));
    REQUIRE(script.take(dossier::split(script.dossier, ids[0], parts, script.context())) == "");
    // That the two are said to be two may end a question whether they are one: nothing else.
    auto then = json::parse(before).value_or(Document());
    auto now = json::parse(script.snapshot()).value_or(Document());
    for (auto* snapshot : {&then, &now}) {
      auto& questions = *json::find(*snapshot, "open_questions")->get_ptr<Document::array_t*>();
      questions.erase(std::remove_if(questions.begin(), questions.end(),
                                     [](const Document& question) {
                                       return json::string_at(question, "kind") ==
                                              std::string_view("ambiguous_name");
                                     }),
                      questions.end());
    }
    CHECK(now == then);
  });
}

TEST_CASE("what a person has written stays, whatever is extracted and whichever take is chosen") {
  for_each_seed([](std::uint64_t, RandomStory& story, DossierScript& script) {
    play_random(story, script, 1 + story.below(4));
    struct Edit {
      std::string id;
      std::string field;
      std::string value;
    };
    std::vector<Edit> edits;
    for (auto count = 1 + story.below(3); count > 0; --count) {
      RandomPerson person(story, script);
      Edit edit{person.some_id(), std::string(story.field()), {}};
      edit.value = "mine " + std::to_string(count);
      if (edit.id.empty()) return;
      Document value(edit.value);
      if (edit.field == "traits") value = Document::array_t{edit.value};
      const Document::object_t character{{"id", edit.id}, {edit.field, value}};
      REQUIRE(script.take(dossier::merge(
                  script.dossier, Document::object_t{{"characters", Document::array_t{character}}},
                  script.context())) == "");
      edits.push_back(std::move(edit));
    }
    for (auto count = 1 + story.below(6); count > 0; --count) {
      if (story.by_chance(4)) {
        RandomPerson(story, script).move_path();
      } else {
        script.say(story.message());
      }
      for (const auto& edit : edits) {
        CAPTURE(edit.field);
        const auto* entity = script.dossier.entity(*dossier::parse_reference(edit.id));
        REQUIRE(entity != nullptr);
        const auto* field = entity->find(script.dossier.field_named(edit.field));
        REQUIRE(field != nullptr);
        // A later edit of the same field of the same character takes its place.
        const bool is_there = std::any_of(
            field->values.begin(), field->values.end(), [&](const dossier::ShownValue& shown) {
              return std::any_of(edits.begin(), edits.end(), [&](const Edit& later) {
                return later.field == edit.field && later.value == shown.text &&
                       (later.value == edit.value || field->values.size() == 1);
              });
            });
        CHECK(is_there);
      }
    }
  });
}

TEST_CASE("all orders of up to six deliveries give the same bytes") {
  const auto sets = number_of("FABULA_DOSSIER_SETS", kPermutedSets);
  for (std::uint64_t seed = 1; seed <= sets; ++seed) {
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
