#include <algorithm>
#include <array>
#include <utility>

#include "shared/json/lone_surrogates.hpp"
#include "shared/json/text.hpp"
#include "shared/llm/answer/json_in_text.hpp"
#include "shared/story/outline.hpp"
#include "shared/story/placeholder.hpp"
#include "shared/story/plan_items.hpp"
#include "shared/text/integer.hpp"
#include "shared/text/title.hpp"

namespace fabula::story {
namespace {

constexpr std::size_t kMaximumIdeaBytes = 4000;
constexpr std::size_t kMaximumIdeaTitleBytes = 300;

constexpr auto kIdeaLists = std::to_array<std::string_view>(
    {"ideas", "enhancedideas", "versions", "concepts", "suggestions", "ideen", "idées"});
constexpr auto kIdeaTitles = std::to_array<std::string_view>({"title", "name", "titel", "titre"});
constexpr auto kIdeaTexts = std::to_array<std::string_view>(
    {"idea", "enhancedidea", "concept", "description", "premise", "text", "summary", "idee"});
constexpr auto kWhatsNew = std::to_array<std::string_view>(
    {"whatsnew", "whatisnew", "new", "changes", "difference", "twist", "added", "enhancement"});

struct SetupField {
  std::string_view name;
  std::array<std::string_view, 5> spellings;
};

constexpr auto kSetupFields = std::to_array<SetupField>({
    {"persona", {"persona", "authorpersona", "author"}},
    {"story_setting", {"storysetting", "setting", "place", "world"}},
    {"character_input", {"characterinput", "characters", "character", "maincharacters"}},
    {"plot_elements", {"plotelements", "plot", "elements"}},
    {"writing_style", {"writingstyle", "style"}},
    {"story_tone", {"storytone", "tone"}},
    {"narrative_pov", {"narrativepov", "pov", "pointofview", "narrativepointofview"}},
    {"audience_age_group", {"audienceagegroup", "audience", "agegroup", "targetaudience"}},
    {"content_rating", {"contentrating", "rating"}},
    {"ending_preference", {"endingpreference", "ending"}},
    {"story_length", {"storylength", "length"}},
    {"title", {"title", "storytitle"}},
});

const json::Document* setup_value(const json::Document& object, const SetupField& field) {
  const auto unused = std::find(field.spellings.begin(), field.spellings.end(), "");
  const auto count = static_cast<std::size_t>(unused - field.spellings.begin());
  return member(object, std::span(field.spellings.data(), count));
}

// The setup itself, or the object's member that is one; nullptr without either.
const json::Document* setup_in(const json::Document& object) {
  constexpr int kFewestFields = 3;
  const auto fields_of = [](const json::Document& candidate) {
    return std::count_if(kSetupFields.begin(), kSetupFields.end(), [&](const SetupField& field) {
      return setup_value(candidate, field) != nullptr;
    });
  };
  if (fields_of(object) >= kFewestFields) return &object;
  for (const auto& [name, value] : object.items()) {
    if (value.is_object() && fields_of(value) >= kFewestFields) return &value;
  }
  return nullptr;
}

Result<json::Document> read_setup_of(const json::Document& object) {
  std::vector<FieldError> faults;
  json::Document setup = json::Document::object();
  for (const auto& field : kSetupFields) {
    auto text = text_of(setup_value(object, field), kMaximumIdeaBytes);
    const bool may_be_blank = field.name == "title";
    if (is_nothing(text)) {
      if (!may_be_blank) faults.push_back({std::string(field.name), "is missing"});
      text.clear();
    } else if (is_placeholder(text)) {
      faults.push_back({std::string(field.name), "is a placeholder: write a real value"});
    }
    setup[std::string(field.name)] = std::move(text);
  }
  if (!faults.empty()) return tl::unexpected(plan_problem(std::move(faults)));
  return setup;
}

}  // namespace

Result<std::vector<Idea>> read_ideas(std::string_view reply) {
  auto found = find_plan_items(reply, kIdeaLists);
  if (!found) return tl::unexpected(found.error());
  if (found->items.size() < kIdeaCount) {
    return tl::unexpected(plan_problem(
        {{"ideas", "has " + text::integer_text(static_cast<std::int64_t>(found->items.size())) +
                       " whole items, but 3 are wanted"}}));
  }
  found->items.resize(kIdeaCount);
  std::vector<FieldError> faults;
  std::vector<Idea> ideas;
  for (std::size_t i = 0; i < kIdeaCount; ++i) {
    const auto& item = found->items[i];
    Idea idea{.title = text_of(member(item, kIdeaTitles), kMaximumIdeaTitleBytes),
              .idea = text_of(member(item, kIdeaTexts), kMaximumIdeaBytes),
              .whats_new = text_of(member(item, kWhatsNew), kMaximumIdeaBytes)};
    const auto path = "ideas[" + text::integer_text(static_cast<std::int64_t>(i)) + "]";
    if (is_placeholder(idea.idea))
      faults.push_back({path + ".idea", "is missing or a placeholder"});
    if (is_nothing(idea.title) || is_numbered_only(idea.title)) {
      idea.title = text::session_title(idea.idea);
    } else if (is_placeholder(idea.title)) {
      faults.push_back({path + ".title", "is a placeholder"});
    }
    if (is_placeholder(idea.whats_new)) {
      faults.push_back({path + ".whats_new", "is missing or a placeholder"});
    }
    const bool is_double = std::any_of(
        ideas.begin(), ideas.end(), [&idea](const Idea& other) { return other.idea == idea.idea; });
    if (is_double) faults.push_back({path + ".idea", "is the same as one before it"});
    ideas.push_back(std::move(idea));
  }
  if (!faults.empty()) return tl::unexpected(plan_problem(std::move(faults)));
  return ideas;
}

std::string ideas_json(const std::vector<Idea>& ideas) {
  std::string out;
  json::Writer writer(out);
  writer.begin_array();
  for (const auto& idea : ideas) {
    writer.begin_object().key("title").string(idea.title).key("idea").string(idea.idea);
    writer.key("whats_new").string(idea.whats_new).end_object();
  }
  writer.end_array();
  return out;
}

Result<json::Document> read_setup(std::string_view reply) {
  constexpr std::string_view kThoughtsEnd = "</think>";
  const auto thoughts = reply.rfind(kThoughtsEnd);
  if (thoughts != std::string_view::npos) reply.remove_prefix(thoughts + kThoughtsEnd.size());
  llm::JsonFinder finder(reply, '{');
  std::optional<Problem> first;
  while (const auto found = finder.next()) {
    const auto document = json::parse(json::replace_lone_surrogates(found->text));
    if (!document || !document->is_object()) continue;
    const auto* object = setup_in(*document);
    if (object == nullptr) continue;
    auto setup = read_setup_of(*object);
    if (setup) return setup;
    if (!first) first = setup.error();
  }
  if (first) return tl::unexpected(*first);
  return tl::unexpected(plan_problem({{"", "holds no JSON object with the story's setup"}}));
}

}  // namespace fabula::story
