#include "shared/story/state.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "shared/text/split.hpp"


namespace fabula::story {
namespace {

std::string text_at(const json::Document& object, std::string_view key) {
  return std::string(json::string_at(object, key).value_or(""));
}

std::int64_t number_at(const json::Document& object, std::string_view key) {
  return std::max<std::int64_t>(json::integer_at(object, key).value_or(0), 0);
}

double weight_at(const json::Document& object, std::string_view key, double otherwise) {
  const auto* value = json::find(object, key);
  if (!value || !value->is_number()) return otherwise;
  const auto weight = value->get<double>();
  return weight >= 0 ? weight : otherwise;
}

// Calls `read` with each object of the array, if there is one.
template <class Read>
void for_each_object(const json::Document& object, std::string_view key, Read read) {
  const auto* items = json::find(object, key);
  if (!items || !items->is_array()) return;
  for (const auto& item : *items) {
    if (item.is_object()) read(item);
  }
}

const json::Document* object_at(const json::Document& object, std::string_view key) {
  const auto* value = json::find(object, key);
  return value && value->is_object() ? value : nullptr;
}

std::vector<Recap> read_recaps(const json::Document& object, std::string_view key) {
  std::vector<Recap> recaps;
  for_each_object(object, key, [&recaps](const json::Document& item) {
    recaps.push_back({number_at(item, "number"), text_at(item, "title"), text_at(item, "recap")});
  });
  return recaps;
}

NextScene read_next(const json::Document& object) {
  NextScene next{.part_id = text_at(object, "part_id"),
                 .chapter = number_at(object, "chapter"),
                 .plan = scene_plan_of(object),
                 .weight = weight_at(object, "weight", 1),
                 .pieces = number_at(object, "pieces"),
                 .retries = number_at(object, "retries"),
                 .draft = text_at(object, "draft"),
                 .corrections = {}};
  for_each_object(object, "findings", [&next](const json::Document& finding) {
    auto correction = text_at(finding, "correction");
    if (!correction.empty()) next.corrections.push_back(std::move(correction));
  });
  return next;
}

Unrecapped read_unrecapped(const json::Document& object) {
  return {.part_id = text_at(object, "part_id"),
          .is_chapter = json::string_at(object, "kind") == "chapter",
          .number = number_at(object, "number"),
          .title = text_at(object, "title"),
          .description = text_at(object, "description"),
          .text = text_at(object, "text"),
          .recaps = read_recaps(object, "recaps")};
}

// The dossier's lines.
std::vector<std::string> read_facts(const json::Document& work) {
  std::vector<std::string> facts;
  const auto* told = object_at(work, "facts");
  if (!told) return facts;
  text::Splitter lines(json::string_at(*told, "text").value_or(""), '\n');
  while (const auto line = lines.next()) {
    if (!line->empty()) facts.emplace_back(*line);
  }
  return facts;
}

GivenTexts read_given(const json::Document& work) {
  const auto* object = object_at(work, "given");
  if (!object) return {};
  GivenTexts given{.premise = text_at(*object, "premise"),
              .outline = text_at(*object, "outline"),
              .story_text = text_at(*object, "story_text"),
              .idea = text_at(*object, "idea"),
              .feedback = text_at(*object, "feedback")};
  return given;
}

void read_plans(const json::Document& work, State& state) {
  if (const auto* premise = object_at(work, "premise")) state.premise = text_at(*premise, "text");
  if (const auto* outline = object_at(work, "outline")) {
    state.has_outline = true;
    state.is_outline_locked = json::boolean_at(*outline, "is_locked").value_or(false);
    for_each_object(*outline, "scenes", [&state](const json::Document& scene) {
      state.outline.push_back(scene_plan_of(scene));
    });
  }
  for_each_object(work, "chapters", [&state](const json::Document& chapter) {
    state.chapters.push_back({chapter_plan_of(chapter),
                              json::boolean_at(chapter, "is_outlined").value_or(false),
                              text_at(chapter, "recap")});
  });
  // A story without chapters has all its scenes in one that has no title.
  if (state.chapters.size() == 1 && state.chapters[0].plan.title.empty()) state.chapters.clear();
  for_each_object(work, "later", [&state](const json::Document& scene) {
    state.later.push_back(scene_plan_of(scene));
  });
}

}  // namespace

Result<State> read_state(const json::Document& work) {
  const auto broken = [](std::string_view cause) {
    return problem(ErrorCode::internal_error, "Something went wrong on our side. Try again.",
                   cause);
  };
  State state;
  auto route_name = json::string_at(work, "route");
  if (const auto* payload = object_at(work, "payload"); payload && !route_name) {
    route_name = json::string_at(*payload, "route");
  }
  const auto route = route_name ? route_named(*route_name) : std::nullopt;
  if (!route) return broken("story_work: no route");
  state.route = *route;
  const auto* row = object_at(work, "story");
  const auto* stored = row ? json::find(*row, "settings") : nullptr;
  if (!stored) return broken("story_work: no settings");
  auto settings = settings_from_json(*stored);
  if (!settings) return tl::unexpected(std::move(settings.error()));
  state.settings = *std::move(settings);
  state.title = text_at(*row, "title");
  state.step = number_at(work, "step");
  state.attempts = number_at(work, "attempts");
  read_plans(work, state);
  if (const auto* totals = object_at(work, "totals")) {
    state.totals = {.scenes = number_at(*totals, "scenes"),
                    .scenes_written = number_at(*totals, "scenes_written"),
                    .length_written = number_at(*totals, "length_written"),
                    .weight_left = weight_at(*totals, "weight_left", 0),
                    .asked = number_at(*totals, "asked"),
                    .made = number_at(*totals, "made")};
  }
  if (const auto* next = object_at(work, "next")) state.next = read_next(*next);
  state.is_last = json::boolean_at(work, "is_last").value_or(false);
  for_each_object(work, "previous", [&state](const json::Document& scene) {
    state.previous.push_back(
        {number_at(scene, "number"), text_at(scene, "title"), text_at(scene, "text")});
  });
  state.recaps = read_recaps(work, "recaps");
  if (const auto* part = object_at(work, "unrecapped")) state.unrecapped = read_unrecapped(*part);
  state.facts = read_facts(work);
  if (const auto* saved = object_at(work, "saved")) {
    state.saved = DeadDraft{text_at(*saved, "text"), number_at(*saved, "attempt")};
  }
  state.given = read_given(work);
  return state;
}

}  // namespace fabula::story
