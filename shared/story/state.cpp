#include "shared/story/state.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "shared/text/split.hpp"

namespace fabula::story {
namespace {

std::string row_text(const json::Document& object, std::string_view key) {
  return std::string(json::string_at(object, key).value_or(""));
}

std::int64_t row_number(const json::Document& object, std::string_view key) {
  return std::max<std::int64_t>(json::integer_at(object, key).value_or(0), 0);
}

double row_weight(const json::Document& object, std::string_view key, double otherwise) {
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

const json::Document* row_object(const json::Document& object, std::string_view key) {
  const auto* value = json::find(object, key);
  return value && value->is_object() ? value : nullptr;
}

std::vector<Recap> read_recaps(const json::Document& object, std::string_view key) {
  std::vector<Recap> recaps;
  for_each_object(object, key, [&recaps](const json::Document& item) {
    recaps.push_back(
        {row_number(item, "number"), row_text(item, "title"), row_text(item, "recap")});
  });
  return recaps;
}

NextScene read_next(const json::Document& object) {
  NextScene next{.part_id = row_text(object, "part_id"),
                 .chapter = row_number(object, "chapter"),
                 .plan = scene_plan_of(object),
                 .weight = row_weight(object, "weight", 1),
                 .pieces = row_number(object, "pieces"),
                 .retries = row_number(object, "retries"),
                 .draft = row_text(object, "draft"),
                 .corrections = {}};
  for_each_object(object, "findings", [&next](const json::Document& finding) {
    auto correction = row_text(finding, "correction");
    if (!correction.empty()) next.corrections.push_back(std::move(correction));
  });
  return next;
}

Unrecapped read_unrecapped(const json::Document& object) {
  return {.part_id = row_text(object, "part_id"),
          .is_chapter = json::string_at(object, "kind") == "chapter",
          .number = row_number(object, "number"),
          .title = row_text(object, "title"),
          .description = row_text(object, "description"),
          .text = row_text(object, "text"),
          .recaps = read_recaps(object, "recaps")};
}

// Reads the dossier's lines.
std::vector<std::string> read_facts(const json::Document& work) {
  std::vector<std::string> facts;
  const auto* told = row_object(work, "facts");
  if (!told) return facts;
  text::Splitter lines(json::string_at(*told, "text").value_or(""), '\n');
  while (const auto line = lines.next()) {
    if (!line->empty()) facts.emplace_back(*line);
  }
  return facts;
}

GivenTexts read_given(const json::Document& work) {
  const auto* object = row_object(work, "given");
  if (!object) return {};
  GivenTexts given{.premise = row_text(*object, "premise"),
                   .outline = row_text(*object, "outline"),
                   .story_text = row_text(*object, "story_text"),
                   .idea = row_text(*object, "idea"),
                   .feedback = row_text(*object, "feedback")};
  return given;
}

void read_plans(const json::Document& work, State& state) {
  if (const auto* premise = row_object(work, "premise")) state.premise = row_text(*premise, "text");
  if (const auto* outline = row_object(work, "outline")) {
    state.has_outline = true;
    state.is_outline_locked = json::boolean_at(*outline, "is_locked").value_or(false);
    for_each_object(*outline, "scenes", [&state](const json::Document& scene) {
      state.outline.push_back(scene_plan_of(scene));
    });
  }
  for_each_object(work, "chapters", [&state](const json::Document& chapter) {
    state.chapters.push_back({chapter_plan_of(chapter),
                              json::boolean_at(chapter, "is_outlined").value_or(false),
                              row_text(chapter, "recap")});
  });
  // A story without chapters has all its scenes in one chapter without a title.
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
  if (const auto* payload = row_object(work, "payload"); payload && !route_name) {
    route_name = json::string_at(*payload, "route");
  }
  const auto route = route_name ? route_named(*route_name) : std::nullopt;
  if (!route) return broken("story_work: no route");
  state.route = *route;
  const auto* row = row_object(work, "story");
  const auto* stored = row ? json::find(*row, "settings") : nullptr;
  if (!stored) return broken("story_work: no settings");
  auto settings = settings_from_json(*stored);
  if (!settings) return tl::unexpected(std::move(settings.error()));
  state.settings = *std::move(settings);
  state.title = row_text(*row, "title");
  state.step = row_number(work, "step");
  state.attempts = row_number(work, "attempts");
  read_plans(work, state);
  if (const auto* totals = row_object(work, "totals")) {
    state.totals = {.scenes = row_number(*totals, "scenes"),
                    .scenes_written = row_number(*totals, "scenes_written"),
                    .length_written = row_number(*totals, "length_written"),
                    .weight_left = row_weight(*totals, "weight_left", 0),
                    .asked = row_number(*totals, "asked"),
                    .made = row_number(*totals, "made")};
  }
  if (const auto* next = row_object(work, "next")) state.next = read_next(*next);
  state.is_last = json::boolean_at(work, "is_last").value_or(false);
  for_each_object(work, "previous", [&state](const json::Document& scene) {
    state.previous.push_back(
        {row_number(scene, "number"), row_text(scene, "title"), row_text(scene, "text")});
  });
  state.recaps = read_recaps(work, "recaps");
  if (const auto* part = row_object(work, "unrecapped")) state.unrecapped = read_unrecapped(*part);
  state.facts = read_facts(work);
  if (const auto* saved = row_object(work, "saved")) {
    state.saved = DeadDraft{row_text(*saved, "text"), row_number(*saved, "attempt")};
  }
  state.given = read_given(work);
  return state;
}

}  // namespace fabula::story
