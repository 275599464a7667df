// A person's acts in the notation of tests/fixtures/changes_of_mind.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/unit/dossier_script.hpp"

namespace fabula::tests {

class DossierActs {
 public:
  explicit DossierActs(DossierScript& script) : script_(script) {}

  // "" or the fault, also when a step that must be refused is not.
  std::string play(const Document& step) {
    if (json::find(step, "say")) {
      auto fault = script_.say(step);
      positions_.push_back(script_.rows.size());
      return fault;
    }
    auto fault = act(step);
    positions_.push_back(script_.rows.size());
    if (!json::boolean_at(step, "refused").value_or(false)) return fault;
    return fault.empty() ? "it must be refused" : "";
  }

 private:
  static std::string text(const Document& step, std::string_view key) {
    return std::string(json::string_at(step, key).value_or(""));
  }

  // The id of the thing shown with that name; "John#2" is the second with that name. "story" is
  // itself.
  std::string id_of(std::string_view name) {
    if (name == "story") return "story";
    std::size_t wanted = 1;
    if (const auto mark = name.find('#'); mark != std::string_view::npos) {
      wanted = static_cast<std::size_t>(name[mark + 1] - '0');
      name = name.substr(0, mark);
    }
    const auto& state = script_.dossier.state();
    for (const auto type :
         {dossier::story::kCharacter, dossier::story::kLocation, dossier::story::kObject}) {
      for (const auto& entity : state.entities(type)) {
        if (entity.name == name && --wanted == 0) return dossier::reference_text(entity.id);
      }
    }
    return "0000000000000000";
  }

  // Strings "@John" are ids.
  Document with_ids(const Document& value) {
    if (const auto* string = value.get_ptr<const std::string*>()) {
      if (!string->empty() && string->front() == '@') return id_of(string->substr(1));
    } else if (const auto* list = value.get_ptr<const Document::array_t*>()) {
      Document::array_t replaced;
      for (const auto& each : *list) replaced.push_back(with_ids(each));
      return replaced;
    } else if (const auto* object = value.get_ptr<const Document::object_t*>()) {
      Document::object_t replaced;
      for (const auto& [key, each] : *object) replaced[key] = with_ids(each);
      return replaced;
    }
    return value;
  }

  std::string act(const Document& step) {
    const auto what = text(step, "act");
    const auto target = id_of(text(step, "target"));
    const auto field = text(step, "field");
    auto& dossier = script_.dossier;
    if (what == "set") {
      const auto* value = json::find(step, "value");
      Document::object_t changes{{field, value ? *value : Document()}};
      if (target != "story") {
        changes["id"] = target;
        const auto* list = json::string_at(step, "in") ? "in" : "";
        const auto key = *list ? text(step, "in") : "characters";
        changes = {{key, Document::array_t{changes}}};
      }
      return script_.take(dossier::merge(dossier, changes, script_.context()));
    }
    if (what == "patch") {
      return script_.take(
          dossier::merge(dossier, with_ids(*json::find(step, "changes")), script_.context()));
    }
    if (what == "put") {
      return script_.take(
          dossier::replace(dossier, with_ids(*json::find(step, "snapshot")), script_.context()));
    }
    if (what == "remove") return remove(step, target);
    if (what == "undo") {
      return script_.take(dossier::undo(dossier, change(step), script_.context()));
    }
    if (what == "redo") {
      return script_.take(dossier::redo(dossier, change(step), script_.context()));
    }
    if (what == "lock") {
      return script_.take(dossier::lock(dossier, target, field, script_.context()));
    }
    if (what == "unlock") {
      return script_.take(dossier::unlock(dossier, target, field, script_.context()));
    }
    if (what == "accept") {
      return script_.take(dossier::accept(dossier, text(step, "proposal"), script_.context()));
    }
    if (what == "reject") {
      return script_.take(dossier::reject(dossier, text(step, "proposal"), script_.context()));
    }
    if (what == "same" || what == "different") {
      std::vector<std::string> ids;
      for (const auto& name : *json::find(step, "names")) {
        ids.push_back(id_of(*name.get_ptr<const std::string*>()));
      }
      return script_.take(
          dossier::merge_characters(dossier, ids, what == "same", script_.context()));
    }
    if (what == "split") return split(step, target);
    if (what == "resolve") return resolve(step);
    if (what == "path") return move_path(step);
    if (what == "restore") return restore(step);
    return "there is no act " + what;
  }

  // Whole snapshot without one thing, or one item of a list.
  std::string remove(const Document& step, const std::string& target) {
    auto snapshot = json::parse(script_.snapshot()).value_or(Document());
    const auto item = text(step, "item");
    for (const auto* key :
         {"characters", "locations", "objects", "themes", "plot_points", "open_questions"}) {
      Document::array_t kept;
      for (const auto& each : *json::find(snapshot, key)) {
        const bool is_it =
            each.is_string()
                ? *each.get_ptr<const std::string*>() == item
                : json::string_at(each, "id") == std::string_view(target) ||
                      (!item.empty() && json::string_at(each, "text") == std::string_view(item));
        if (!is_it) kept.push_back(each);
      }
      *json::find(snapshot, key) = kept;
    }
    return script_.take(dossier::replace(script_.dossier, snapshot, script_.context()));
  }

  // "step": the result of that step, by number from 1; else the last thing.
  std::string change(const Document& step) {
    const auto number = json::integer_at(step, "step").value_or(0);
    if (number == 0) return {};
    const auto last = positions_[static_cast<std::size_t>(number) - 1] - 1;
    const auto body = json::parse(script_.rows[last].body).value_or(Document());
    if (const auto operation = json::string_at(body, "operation")) return std::string(*operation);
    return text(body, "delivery");
  }

  // "parts": numbers of mentions from 1, in the order in which they were said.
  std::string split(const Document& step, const std::string& target) {
    const auto reference = dossier::parse_reference(target);
    const auto* entity = reference ? script_.dossier.entity(*reference) : nullptr;
    if (!entity) return "nothing to split";
    std::vector<std::vector<std::string>> parts;
    for (const auto& numbers : *json::find(step, "parts")) {
      auto& part = parts.emplace_back();
      for (const auto& number : numbers) {
        const auto place = *number.get_ptr<const std::uint64_t*>() - 1;
        if (place >= entity->mentions.size()) return "there is no such mention";
        const auto& entry = script_.dossier.entries()[entity->mentions[place]];
        part.push_back(dossier::digest_text(entry.id));
      }
    }
    return script_.take(dossier::split(script_.dossier, target, parts, script_.context()));
  }

  // "question": a part of its text; "choose": one of its values.
  std::string resolve(const Document& step) {
    const auto wanted = text(step, "question");
    const auto choose = text(step, "choose");
    const auto dismiss = text(step, "dismiss");
    for (const auto& question : script_.dossier.state().questions) {
      if (question.text.find(wanted) == std::string::npos) continue;
      std::string chosen;
      for (std::size_t i = 0; i < question.values.size(); ++i) {
        if (!choose.empty() && question.values[i] == choose && chosen.empty()) {
          chosen = dossier::digest_text(script_.dossier.entries()[question.entries[i]].id);
        }
      }
      if (!choose.empty() && chosen.empty()) return "the question has no such value";
      const auto id = dossier::reference_text(question.id);
      return script_.take(
          dossier::resolve(script_.dossier, id, {chosen, dismiss}, script_.context()));
    }
    return "there is no such question";
  }

  // "left", "back": numbers of messages.
  std::string move_path(const Document& step) {
    const auto ids = [&](std::string_view key) {
      std::vector<std::string> list;
      const auto* numbers = json::find(step, key);
      if (!numbers) return list;
      for (const auto& number : *numbers) {
        list.push_back(script_.message_id(*number.get_ptr<const std::uint64_t*>()));
      }
      return list;
    };
    script_.move_path(ids("left"), ids("back"));
    return {};
  }

  // "to": as it was after that step, 0 the empty dossier.
  std::string restore(const Document& step) {
    const auto number = static_cast<std::size_t>(json::integer_at(step, "to").value_or(0));
    const auto end = number == 0 ? 0 : positions_[number - 1];
    dossier::Dossier old;
    old.add(
        parsed({script_.rows.begin(), script_.rows.begin() + static_cast<std::ptrdiff_t>(end)}));
    return script_.take(dossier::restore(script_.dossier, old, script_.context()));
  }

  DossierScript& script_;
  std::vector<std::size_t> positions_;  // rows after each step
};

}  // namespace fabula::tests
