#include "shared/story/outline.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "shared/dossier/log/folding.hpp"
#include "shared/story/placeholder.hpp"
#include "shared/story/plan_items.hpp"
#include "shared/text/integer.hpp"
#include "shared/text/title.hpp"

namespace fabula::story {
namespace {

constexpr std::size_t kMaximumPlanTitleBytes = 300;
constexpr std::size_t kMaximumDescriptionBytes = 4000;
// The first few faults are enough to correct the model.
constexpr std::size_t kMaximumFaults = 8;

constexpr auto kSceneLists = std::to_array<std::string_view>(
    {"scenes", "outline", "storyoutline", "sceneoutline", "sceneslist", "scenelist", "story",
     "szenen", "escenas", "scènes"});
constexpr auto kChapterLists =
    std::to_array<std::string_view>({"chapters", "outline", "chapteroutline", "plan", "novel",
                                     "book", "kapitel", "chapitres", "capítulos"});

constexpr auto kPlanTitles =
    std::to_array<std::string_view>({"title", "scenetitle", "chaptertitle", "name", "heading",
                                     "headline", "titel", "titre", "título", "titulo", "titolo"});
constexpr auto kPlanDescriptions = std::to_array<std::string_view>(
    {"description", "scenedescription", "summary", "synopsis", "desc", "overview", "content",
     "plot", "text", "beschreibung", "résumé", "descripción", "descripcion", "descrizione"});
constexpr auto kPlanEvents = std::to_array<std::string_view>(
    {"keyevents", "events", "keyevent", "keypoints", "keymoments", "beats", "plotpoints", "actions",
     "ereignisse", "schlüsselereignisse", "événements", "eventosclave", "eventos", "eventi"});
constexpr auto kCharacters = std::to_array<std::string_view>(
    {"characters", "charactersinvolved", "characterspresent", "character", "cast", "people",
     "figuren", "charaktere", "personnages", "personajes", "personaggi", "personagens"});
constexpr auto kImagePrompts =
    std::to_array<std::string_view>({"imageprompt", "image", "imagedescription", "visual",
                                     "visualprompt", "illustration", "prompt", "bildprompt"});
constexpr auto kNarrations = std::to_array<std::string_view>(
    {"narration", "narrator", "voiceover", "narrationtext", "narrative", "erzähler"});
constexpr auto kNovelTitles =
    std::to_array<std::string_view>({"title", "noveltitle", "booktitle", "storytitle", "titel"});

class Faults {
 public:
  // Messages follow the path: "scenes[2].title is a placeholder".
  void add(std::string path, std::string_view message) {
    if (faults_.size() < kMaximumFaults) faults_.push_back({std::move(path), std::string(message)});
  }
  bool is_empty() const { return faults_.empty(); }
  Problem problem() { return plan_problem(std::move(faults_)); }

 private:
  std::vector<FieldError> faults_;
};

constexpr std::string_view kIsPlaceholder =
    "is a placeholder: write what really happens in this story";

// Reads the members that scenes and chapters share.
template <class Plan>
void read_common(Plan& plan, const json::Document& item, const std::string& path, Faults& faults) {
  plan.title = text_of(member(item, kPlanTitles), kMaximumPlanTitleBytes);
  plan.description = text_of(member(item, kPlanDescriptions), kMaximumDescriptionBytes);
  plan.key_events = texts_of(member(item, kPlanEvents), false);
  // "Scene 3" is no title, but also no refusal to write one.
  if (is_numbered_only(plan.title) || is_nothing(plan.title)) plan.title.clear();
  plan.title = std::string(without_number(plan.title));
  if (is_nothing(plan.description)) plan.description.clear();
  std::erase_if(plan.key_events, [](const std::string& event) { return is_nothing(event); });
  if (!plan.title.empty() && is_placeholder(plan.title))
    faults.add(path + ".title", kIsPlaceholder);
  if (!plan.description.empty() && is_placeholder(plan.description)) {
    faults.add(path + ".description", kIsPlaceholder);
  }
  for (std::size_t i = 0; i < plan.key_events.size(); ++i) {
    if (!is_placeholder(plan.key_events[i])) continue;
    faults.add(path + ".key_events[" + text::integer_text(static_cast<std::int64_t>(i)) + "]",
               kIsPlaceholder);
  }
  if (plan.description.empty() && plan.key_events.empty()) {
    faults.add(path, "is empty: it needs a description and key events");
    return;
  }
  if (plan.key_events.empty()) plan.key_events.push_back(plan.description);
  if (plan.description.empty()) {
    for (const auto& event : plan.key_events) {
      if (!plan.description.empty()) plan.description.push_back(' ');
      plan.description += event;
    }
  }
  if (plan.title.empty()) plan.title = text::session_title(plan.description);
}

std::string path_of(std::string_view list, std::size_t i) {
  return std::string(list) + "[" + text::integer_text(static_cast<std::int64_t>(i)) + "]";
}

template <class Plan>
void refuse_doubles(const std::vector<Plan>& plans, std::string_view list, Faults& faults) {
  std::set<std::string> seen;
  for (std::size_t i = 0; i < plans.size(); ++i) {
    if (!seen.insert(dossier::fold(plans[i].description)).second) {
      faults.add(path_of(list, i), "tells the same as one before it: every one must be its own");
    }
  }
}

ScenePlan read_scene(const json::Document& item, std::size_t i, Faults& faults) {
  ScenePlan scene;
  const auto path = path_of("scenes", i);
  scene.number = static_cast<std::int64_t>(i) + 1;
  read_common(scene, item, path, faults);
  scene.characters = texts_of(member(item, kCharacters), true);
  std::erase_if(scene.characters, [](const std::string& name) { return is_nothing(name); });
  for (std::size_t c = 0; c < scene.characters.size(); ++c) {
    if (!is_placeholder(scene.characters[c])) continue;
    faults.add(path + ".characters[" + text::integer_text(static_cast<std::int64_t>(c)) + "]",
               "is a placeholder: name the person");
  }
  scene.image_prompt = text_of(member(item, kImagePrompts), kMaximumDescriptionBytes);
  scene.narration = text_of(member(item, kNarrations), kMaximumDescriptionBytes);
  // These two are optional.
  if (is_placeholder(scene.image_prompt)) scene.image_prompt.clear();
  if (is_placeholder(scene.narration)) scene.narration.clear();
  return scene;
}

std::string count_fault(std::size_t count, std::string_view wanted, bool is_truncated) {
  std::string fault =
      "has " + text::integer_text(static_cast<std::int64_t>(count)) + " whole items, but ";
  fault.append(wanted).append(" are wanted");
  if (is_truncated) fault += "; the answer was cut off, so keep each of them shorter";
  return fault;
}

Result<std::vector<ScenePlan>> read_scenes(const PlanItems& found) {
  Faults faults;
  if (found.items.size() < kFewestScenes || found.items.size() > kMostScenes) {
    faults.add("scenes", count_fault(found.items.size(), "5 to 10", found.is_truncated));
    return tl::unexpected(faults.problem());
  }
  std::vector<ScenePlan> scenes;
  for (std::size_t i = 0; i < found.items.size(); ++i) {
    scenes.push_back(read_scene(found.items[i], i, faults));
  }
  if (faults.is_empty()) refuse_doubles(scenes, "scenes", faults);
  if (!faults.is_empty()) return tl::unexpected(faults.problem());
  return scenes;
}

}  // namespace

Result<std::vector<ScenePlan>> read_outline(std::string_view reply) {
  const auto found = find_plan_items(reply, kSceneLists);
  if (!found) return tl::unexpected(found.error());
  return read_scenes(*found);
}

Result<std::vector<ScenePlan>> outline_of(const json::Document& document) {
  const auto found = plan_items_of(document, kSceneLists);
  if (!found) return tl::unexpected(plan_problem({{"", "holds no list of scenes"}}));
  return read_scenes(*found);
}

Result<ChaptersPlan> read_chapters(std::string_view reply, std::size_t wanted) {
  const auto found = find_plan_items(reply, kChapterLists);
  if (!found) return tl::unexpected(found.error());
  Faults faults;
  constexpr std::size_t kOneOf = 10;
  const auto spare = std::max<std::size_t>(wanted / kOneOf, wanted > kFewestChapters ? 1 : 0);
  const auto count = found->items.size();
  if (count + spare < wanted || count > wanted + spare) {
    faults.add("chapters", count_fault(count, text::integer_text(static_cast<std::int64_t>(wanted)),
                                       found->is_truncated));
    return tl::unexpected(faults.problem());
  }
  ChaptersPlan plan;
  plan.title = text_of(member(found->around, kNovelTitles), kMaximumPlanTitleBytes);
  if (is_placeholder(plan.title)) plan.title.clear();
  for (std::size_t i = 0; i < count; ++i) {
    ChapterPlan chapter;
    chapter.number = static_cast<std::int64_t>(i) + 1;
    read_common(chapter, found->items[i], path_of("chapters", i), faults);
    plan.chapters.push_back(std::move(chapter));
  }
  if (faults.is_empty()) refuse_doubles(plan.chapters, "chapters", faults);
  if (!faults.is_empty()) return tl::unexpected(faults.problem());
  return plan;
}

}  // namespace fabula::story
