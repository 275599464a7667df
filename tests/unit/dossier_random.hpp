// Random conversations with a dossier: random messages and acts, the same for the same seed.
#pragma once

#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "tests/unit/dossier_script.hpp"

namespace fabula::tests {

class RandomStory {
 public:
  explicit RandomStory(std::uint64_t seed) : random_(seed) {}

  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }
  bool by_chance(std::uint64_t one_in) { return below(one_in) == 0; }

  template <std::size_t count>
  std::string_view one_of(const std::string_view (&values)[count]) {
    return values[below(count)];
  }

  std::string_view name() {
    static constexpr std::string_view kNames[] = {"Ann",  "Tom",       "John", "Mara Weber",
                                                  "Mara", "Mr. Weber", "Лев",  "the Fox"};
    return one_of(kNames);
  }
  std::string_view field() {
    static constexpr std::string_view kFieldNames[] = {
        "age", "eye_colour", "alive", "description", "occupation", "traits", "character_arc"};
    return one_of(kFieldNames);
  }
  std::string_view value(std::string_view field) {
    static constexpr std::string_view kAges[] = {"30", "thirty", "34", "unknown"};
    static constexpr std::string_view kColours[] = {"green", "green eyes", "grey"};
    static constexpr std::string_view kLives[] = {"alive", "dead", "died"};
    static constexpr std::string_view kTexts[] = {"tall", "tall and thin", "shy", "a sailor",
                                                  "n/a"};
    if (field == "age") return one_of(kAges);
    if (field == "eye_colour") return one_of(kColours);
    return field == "alive" ? one_of(kLives) : one_of(kTexts);
  }
  std::string_view item() {
    static constexpr std::string_view kItems[] = {"Loss", "loss.", "Hope", "It rains"};
    return one_of(kItems);
  }
  std::string_view place() {
    static constexpr std::string_view kPlaces[] = {"the mill", "Mill", "the sea"};
    return one_of(kPlaces);
  }

  // A step with `say`: some characters, facts, relations, now and then more.
  Document message() {
    text_.clear();
    Document::array_t characters;
    for (auto count = 1 + below(3); count > 0; --count) {
      Document::object_t character{{"name", name()}};
      if (by_chance(4)) character["aliases"] = Document::array_t{name()};
      Document::array_t fields;
      for (auto facts = below(3); facts > 0; --facts) {
        const auto which = field();
        const auto what = value(which);
        fields.push_back(Document::object_t{{"field", which},
                                            {"value", what},
                                            {"quote", words(what)},
                                            {"corrects", by_chance(4) ? words("no") : ""}});
      }
      character["fields"] = fields;
      if (by_chance(3)) {
        character["relationships"] = Document::array_t{
            Document::object_t{{"relation", by_chance(2) ? "sister" : "loves"},
                               {"to", name()},
                               {"quote", words("of")},
                               {"corrects", by_chance(4) ? words("rather") : ""}}};
      }
      character["quote"] = words(*character["name"].get_ptr<const std::string*>());
      characters.push_back(std::move(character));
    }
    Document::object_t answer{{"characters", std::move(characters)}};
    if (by_chance(3)) {
      answer[by_chance(2) ? "themes" : "plot_points"] =
          Document::array_t{Document::object_t{{"text", item()}, {"quote", words("about")}}};
    }
    if (by_chance(4)) {
      answer["locations"] = Document::array_t{Document::object_t{
          {"name", place()}, {"description", value("description")}, {"quote", words("at")}}};
    }
    if (by_chance(8)) {
      answer["renames"] = Document::array_t{
          Document::object_t{{"from", name()}, {"to", name()}, {"quote", words("called")}}};
    }
    if (by_chance(8)) {
      const bool is_whole = by_chance(2);
      answer["retractions"] =
          Document::array_t{Document::object_t{{"type", by_chance(4) ? "theme" : "character"},
                                               {"name", by_chance(4) ? item() : name()},
                                               {"field", is_whole ? "" : field()},
                                               {"quote", words("gone")}}};
    }
    if (by_chance(8)) {
      answer["story"] = Document::array_t{
          Document::object_t{{"field", "title"}, {"value", item()}, {"quote", words("titled")}}};
    }
    Document::object_t step{{"say", text_}, {"answer", std::move(answer)}, {"drops", true}};
    if (by_chance(6)) step["proposal"] = "proposal-" + std::to_string(below(2));
    if (by_chance(5)) {
      step["at"] = static_cast<std::int64_t>(1'700'000'000'000 + below(40'000));
    }
    return step;
  }

  std::mt19937_64& random() { return random_; }

 private:
  // Adds the words to the message's text, and returns them as a quote.
  std::string words(std::string_view said) {
    if (!text_.empty()) text_ += ' ';
    text_.append(said);
    return std::string(said);
  }

  std::mt19937_64 random_;
  std::string text_;
};

// One act of a person that the dossier can take now, or one that it cannot; some do nothing.
class RandomPerson {
 public:
  RandomPerson(RandomStory& story, DossierScript& script) : story_(story), script_(script) {}

  void act() {
    auto& dossier = script_.dossier;
    const auto context = script_.context();
    const auto id = some_id();
    switch (story_.below(13)) {
      case 0:
      case 1:
      case 2: {
        const auto field = story_.field();
        Document::object_t character{{"id", id}, {"name", story_.name()}};
        if (field == "traits") {
          character["traits"] = Document::array_t{story_.value(field)};
        } else {
          character[std::string(field)] =
              story_.by_chance(5) ? Document() : Document(story_.value(field));
        }
        if (!id.empty() && !story_.by_chance(4)) character.erase("name");
        take(dossier::merge(
            dossier, Document::object_t{{"characters", Document::array_t{character}}}, context));
        break;
      }
      case 3: {
        auto snapshot = json::parse(script_.snapshot()).value_or(Document());
        for (const auto* key : {"characters", "themes", "locations"}) {
          auto& list = *json::find(snapshot, key)->get_ptr<Document::array_t*>();
          if (!list.empty() && story_.by_chance(2)) {
            list.erase(list.begin() + static_cast<std::ptrdiff_t>(story_.below(list.size())));
          }
        }
        if (story_.by_chance(2)) {
          json::find(snapshot, "characters")
              ->get_ptr<Document::array_t*>()
              ->emplace_back(story_.name());
        }
        take(dossier::replace(dossier, snapshot, context));
        break;
      }
      case 4:
        take(dossier::undo(dossier, "", context));
        break;
      case 5:
        take(dossier::redo(dossier, "", context));
        break;
      case 6:
        take(dossier::lock(dossier, id, story_.by_chance(3) ? "" : story_.field(), context));
        break;
      case 7:
        take(dossier::unlock(dossier, id, story_.by_chance(3) ? "" : story_.field(), context));
        break;
      case 8: {
        const std::vector<std::string> ids{id, some_id()};
        take(dossier::merge_characters(dossier, ids, !story_.by_chance(4), context));
        break;
      }
      case 9:
        split(id, context);
        break;
      case 10:
        resolve(context);
        break;
      case 11: {
        const auto proposal = "proposal-" + std::to_string(story_.below(2));
        take(story_.by_chance(3) ? dossier::reject(dossier, proposal, context)
                                 : dossier::accept(dossier, proposal, context));
        break;
      }
      default:
        take(dossier::merge(dossier,
                            Document::object_t{{"themes", Document::array_t{story_.item()}},
                                               {"title", story_.item()}},
                            context));
    }
  }

  void move_path() {
    if (script_.messages.empty()) return;
    const auto one = [this] {
      return script_.message_id(1 + story_.below(script_.messages.size()));
    };
    script_.move_path({one()}, {one()});
  }

  std::string some_id() {
    const auto& characters = script_.dossier.state().entities(fabula::dossier::story::kCharacter);
    if (characters.empty()) return {};
    return dossier::reference_text(characters[story_.below(characters.size())].id);
  }

  void split(const std::string& id, const dossier::EditContext& context) {
    const auto reference = dossier::parse_reference(id);
    const auto* entity = reference ? script_.dossier.entity(*reference) : nullptr;
    if (!entity) return;
    std::vector<std::vector<std::string>> parts(2);
    for (const auto mention : entity->mentions) {
      const auto& entry = script_.dossier.entries()[mention];
      parts[story_.below(2)].push_back(dossier::digest_text(entry.id));
    }
    take(dossier::split(script_.dossier, id, parts, context));
  }

 private:
  void take(const dossier::Rows& rows) { script_.take(rows); }

  void resolve(const dossier::EditContext& context) {
    const auto& questions = script_.dossier.state().questions;
    if (questions.empty()) return;
    const auto& question = questions[story_.below(questions.size())];
    const auto entry = question.entries[story_.below(question.entries.size())];
    const auto chosen = dossier::digest_text(script_.dossier.entries()[entry].id);
    const auto id = dossier::reference_text(question.id);
    dossier::Resolution resolution{chosen, ""};
    if (story_.by_chance(2)) resolution = {"", story_.by_chance(2) ? "change" : "error"};
    take(dossier::resolve(script_.dossier, id, resolution, context));
  }

  RandomStory& story_;
  DossierScript& script_;
};

// Some messages and acts in any order.
inline void play_random(RandomStory& story, DossierScript& script, std::size_t steps) {
  RandomPerson person(story, script);
  for (; steps > 0; --steps) {
    const auto kind = story.below(8);
    if (kind < 4) {
      script.say(story.message());
    } else if (kind < 7) {
      person.act();
    } else {
      person.move_path();
    }
  }
}

}  // namespace fabula::tests
