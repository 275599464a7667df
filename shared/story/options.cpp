#include "shared/story/options.hpp"

#include <algorithm>

#include "shared/json/text.hpp"
#include "shared/story/settings.hpp"
#include "shared/text/ascii.hpp"

namespace fabula::story {
namespace {

constexpr auto kPersonas = std::to_array<Option>({
    {"Award-Winning Science Fiction Author"},
    {"Historical Fiction Author"},
    {"Fantasy World Builder"},
    {"Mystery Novelist"},
    {"Romantic Poet"},
    {"Thriller Writer"},
    {"Children's Book Author", {"Children\xE2\x80\x99s Book Author"}},
    {"Satirical Humorist"},
    {"Biographical Writer"},
    {"Dystopian Visionary"},
    {"Magical Realism Author"},
});
constexpr auto kStyles = std::to_array<Option>({
    {"Formal"},
    {"Casual"},
    {"Poetic"},
    {"Humorous"},
    {"Academic"},
    {"Journalistic"},
    {"Narrative"},
});
constexpr auto kTones = std::to_array<Option>({
    {"Dark"},
    {"Uplifting"},
    {"Suspenseful"},
    {"Whimsical"},
    {"Melancholic"},
    {"Mysterious"},
    {"Romantic"},
    {"Adventurous"},
});
constexpr auto kPointsOfView = std::to_array<Option>({
    {"First Person"},
    {"Third Person Limited"},
    {"Third Person Omniscient"},
});
constexpr auto kAgeGroups = std::to_array<Option>({
    {"Children (5-12)", {"Children", "Child", "Kids", "5-12"}},
    {"Young Adults (13-17)", {"Young Adults", "Young Adult", "Teens", "13-17"}},
    {"Adults (18+)", {"Adults", "Adult", "18+"}},
    {"All Ages", {"All", "Everyone"}},
});
constexpr auto kRatings = std::to_array<Option>({{"G"}, {"PG"}, {"PG-13"}, {"R"}});
constexpr auto kEndings = std::to_array<Option>({
    {"Happy", {"Happy Ending"}},
    {"Tragic", {"Tragic Ending"}},
    {"Cliffhanger", {"Cliffhanger Ending"}},
    {"Twist", {"Twist Ending"}},
    {"Open-ended", {"Open Ending", "Open"}},
    {"Bittersweet", {"Bittersweet Ending"}},
});
constexpr auto kLengths = std::to_array<Option>({
    {"Short",
     {"Short (1,000 words)", "Short (about 1,000 words)", "Short (~1,000 words)",
      "Short (>1,000 words)"},
     1'000},
    {"Medium",
     {"Medium (5,000 words)", "Medium (about 5,000 words)", "Medium (~5,000 words)",
      "Medium (>5,000 words)"},
     5'000},
    {"Long",
     {"Long (10,000 words)", "Long (about 10,000 words)", "Long (~10,000 words)",
      "Long (>10,000 words)"},
     10'000},
});

constexpr auto kLists = std::to_array<OptionList>({
    {"persona", "personas", kPersonas, "Fantasy World Builder", true},
    {"writing_style", "writing_styles", kStyles, "Narrative", true},
    {"story_tone", "story_tones", kTones, "Adventurous", true},
    {"narrative_pov", "narrative_povs", kPointsOfView, "Third Person Limited", true},
    {"audience_age_group", "audience_age_groups", kAgeGroups, "Adults (18+)"},
    {"content_rating", "content_ratings", kRatings, "PG-13"},
    {"ending_preference", "ending_preferences", kEndings, "Happy"},
    {"story_length", "story_lengths", kLengths, "Medium"},
});

// In lower case, without blanks, hyphens, dashes and commas.
std::string spelling(std::string_view text) {
  constexpr std::string_view kIgnored = " \t\r\n-,";
  constexpr std::string_view kEnDash = "\xE2\x80\x93";
  std::string spelling;
  while (!text.empty()) {
    if (text.starts_with(kEnDash)) {
      text.remove_prefix(kEnDash.size());
      continue;
    }
    if (kIgnored.find(text.front()) == std::string_view::npos) {
      spelling.push_back(text::to_lower(text.front()));
    }
    text.remove_prefix(1);
  }
  return spelling;
}

}  // namespace

std::span<const OptionList> option_lists() { return kLists; }

const OptionList& options_of(std::string_view field) {
  const auto found = std::find_if(kLists.begin(), kLists.end() - 1,
                                  [&](const auto& list) { return list.field == field; });
  return *found;
}

const Option* find_option(const OptionList& list, std::string_view text) {
  const auto sought = spelling(text);
  if (sought.empty()) return nullptr;
  for (const auto& option : list.options) {
    if (spelling(option.value) == sought) return &option;
    for (const auto other : option.other_spellings) {
      if (!other.empty() && spelling(other) == sought) return &option;
    }
  }
  return nullptr;
}

std::string options_json() {
  std::string body;
  json::Writer writer(body);
  writer.begin_object();
  for (const auto& list : kLists) {
    writer.key(list.name).begin_object().key("field").string(list.field);
    writer.key("options").begin_array();
    for (const auto& option : list.options) {
      writer.begin_object().key("value").string(option.value);
      if (option.words != 0) writer.key("words").integer(option.words);
      writer.end_object();
    }
    writer.end_array().key("default").string(list.normal);
    writer.key("takes_custom").boolean(list.takes_custom);
    if (list.takes_custom) writer.key("maximum_characters").integer(kMaximumCustomCharacters);
    writer.end_object();
  }
  writer.key("texts").begin_object();
  for (const auto field : {"story_setting", "character_input", "plot_elements"}) {
    writer.key(field).begin_object().key("maximum_characters").integer(kMaximumOwnCharacters);
    writer.end_object();
  }
  writer.key("title").begin_object().key("maximum_characters");
  writer.integer(kMaximumStoryTitleCharacters).end_object().end_object();
  writer.key("target_words").begin_object().key("minimum").integer(kMinimumTargetWords);
  writer.key("maximum").integer(kMaximumTargetWords).end_object().end_object();
  return body;
}

}  // namespace fabula::story
