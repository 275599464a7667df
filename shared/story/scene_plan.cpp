#include "shared/story/scene_plan.hpp"

#include <string_view>

#include "shared/json/text.hpp"

namespace fabula::story {
namespace {

void append_texts(json::Writer& writer, const std::vector<std::string>& texts) {
  writer.begin_array();
  for (const auto& text : texts) writer.string(text);
  writer.end_array();
}

template <class Plan>
std::string array_of(std::span<const Plan> plans) {
  std::string out = "[";
  for (const auto& plan : plans) {
    if (out.size() > 1) out.push_back(',');
    append_plan(out, plan);
  }
  out.push_back(']');
  return out;
}

std::string text_at(const json::Document& object, std::string_view key) {
  return std::string(json::string_at(object, key).value_or(""));
}

std::vector<std::string> texts_at(const json::Document& object, std::string_view key) {
  std::vector<std::string> texts;
  const auto* list = json::find(object, key);
  if (list == nullptr || !list->is_array()) return texts;
  for (const auto& item : *list) {
    if (const auto* text = item.get_ptr<const std::string*>()) texts.push_back(*text);
  }
  return texts;
}

}  // namespace

void append_plan(std::string& out, const ScenePlan& plan) {
  json::Writer writer(out);
  writer.begin_object().key("number").integer(plan.number).key("title").string(plan.title);
  writer.key("description").string(plan.description).key("characters");
  append_texts(writer, plan.characters);
  writer.key("key_events");
  append_texts(writer, plan.key_events);
  writer.key("image_prompt").string(plan.image_prompt).key("narration").string(plan.narration);
  writer.end_object();
}

void append_plan(std::string& out, const ChapterPlan& plan) {
  json::Writer writer(out);
  writer.begin_object().key("number").integer(plan.number).key("title").string(plan.title);
  writer.key("description").string(plan.description).key("key_events");
  append_texts(writer, plan.key_events);
  writer.end_object();
}

std::string plans_json(std::span<const ScenePlan> plans) { return array_of(plans); }
std::string plans_json(std::span<const ChapterPlan> plans) { return array_of(plans); }

ScenePlan scene_plan_of(const json::Document& object) {
  return {.number = json::integer_at(object, "number").value_or(0),
          .title = text_at(object, "title"),
          .description = text_at(object, "description"),
          .characters = texts_at(object, "characters"),
          .key_events = texts_at(object, "key_events"),
          .image_prompt = text_at(object, "image_prompt"),
          .narration = text_at(object, "narration")};
}

ChapterPlan chapter_plan_of(const json::Document& object) {
  return {.number = json::integer_at(object, "number").value_or(0),
          .title = text_at(object, "title"),
          .description = text_at(object, "description"),
          .key_events = texts_at(object, "key_events")};
}

}  // namespace fabula::story
