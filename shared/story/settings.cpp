#include "shared/story/settings.hpp"

#include <array>
#include <cstdlib>
#include <optional>
#include <utility>

#include "shared/api/faults.hpp"
#include "shared/json/text.hpp"
#include "shared/story/language.hpp"
#include "shared/story/options.hpp"
#include "shared/text/utf8.hpp"

namespace fabula::story {
namespace {

constexpr std::string_view kChildren = "Children (5-12)";
constexpr std::string_view kHighestChildrensRating = "PG";
constexpr std::string_view kDark = "Dark";
constexpr std::string_view kTonePlaceOfDark = "Mysterious";

using Text = std::string Settings::*;

struct TextField {
  std::string_view name;
  Text text;
  // 0: only the list's options are allowed.
  std::size_t maximum_characters = 0;
};

// In the order of canonical_json.
constexpr auto kTexts = std::to_array<TextField>({
    {"persona", &Settings::persona},
    {"story_setting", &Settings::story_setting, kMaximumOwnCharacters},
    {"character_input", &Settings::character_input, kMaximumOwnCharacters},
    {"plot_elements", &Settings::plot_elements, kMaximumOwnCharacters},
    {"writing_style", &Settings::writing_style},
    {"story_tone", &Settings::story_tone},
    {"narrative_pov", &Settings::narrative_pov},
    {"audience_age_group", &Settings::audience_age_group},
    {"content_rating", &Settings::content_rating},
    {"ending_preference", &Settings::ending_preference},
    {"story_length", &Settings::story_length},
    {"title", &Settings::title, kMaximumStoryTitleCharacters},
});

constexpr std::string_view kBlanks = " \t\r\n\v\f";

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

// Replaces each run of white space by one space.
std::string on_one_line(std::string_view text) {
  std::string line;
  for (const char c : trimmed(text)) {
    const bool is_blank = kBlanks.find(c) != std::string_view::npos;
    if (!is_blank) {
      line.push_back(c);
    } else if (line.back() != ' ') {
      line.push_back(' ');
    }
  }
  return line;
}

std::string quoted_values(const OptionList& list) {
  std::string values;
  for (const auto& option : list.options) {
    if (!values.empty()) values += ", ";
    values.append("\"").append(option.value).append("\"");
  }
  return values;
}

std::string at_most(std::size_t characters) {
  return "must have at most " + std::to_string(characters) + " characters";
}

const Option* option_for_words(std::int64_t words) {
  const auto& lengths = options_of("story_length");
  const Option* nearest = nullptr;
  const auto distance = [words](const Option& option) { return std::abs(option.words - words); };
  for (const auto& option : lengths.options) {
    if (!nearest || distance(option) < distance(*nearest)) nearest = &option;
  }
  return nearest;
}

// Reads one body and collects its faults.
class Reader {
 public:
  explicit Reader(const json::Document& body) : body_(body) {}

  Result<SettingsRead> read() {
    if (!body_.is_object()) {
      faults_.add("", "must be an object");
      return tl::unexpected(std::move(faults_).problem("body"));
    }
    for (const auto& field : kTexts) {
      if (field.maximum_characters == 0) {
        read_option(field);
      } else {
        settings().*field.text = read_text(field);
      }
    }
    read_language();
    read_target();
    if (!faults_.empty()) return tl::unexpected(std::move(faults_).problem("body"));
    adjust_for_children();
    return std::move(read_);
  }

 private:
  Settings& settings() { return read_.settings; }

  const json::Document* sent(std::string_view field) const {
    const auto* value = json::find(body_, field);
    return value && value->is_null() ? nullptr : value;
  }

  // The text of a field without outer white space; empty when it is absent or a fault.
  std::string_view checked_text(std::string_view field) {
    const auto* value = sent(field);
    if (!value) return {};
    const auto* text = value->get_ptr<const std::string*>();
    if (!text) {
      faults_.add(field, "must be a text");
    } else if (text->find('\0') != std::string::npos) {
      faults_.add(field, "must not contain U+0000");
    } else if (!text::is_valid_utf8(*text)) {
      faults_.add(field, "must be valid UTF-8");
    } else {
      return trimmed(*text);
    }
    return {};
  }

  std::string read_text(const TextField& field) {
    const auto text = checked_text(field.name);
    if (text::count_code_points(text) > field.maximum_characters) {
      faults_.add(field.name, at_most(field.maximum_characters));
    }
    return std::string(text);
  }

  void read_option(const TextField& field) {
    const auto& list = options_of(field.name);
    const auto text = checked_text(field.name);
    auto& value = settings().*field.text;
    if (text.empty()) {
      value = list.normal;
    } else if (const auto* option = find_option(list, text)) {
      value = option->value;
    } else if (!list.takes_custom) {
      faults_.add(field.name, "must be one of " + quoted_values(list));
    } else if (text::count_code_points(text) > kMaximumCustomCharacters) {
      faults_.add(field.name, at_most(kMaximumCustomCharacters));
    } else {
      value = on_one_line(text);
    }
  }

  void read_language() {
    const auto named = checked_text("language");
    if (named.empty()) {
      const std::array texts = {std::string_view(settings().story_setting),
                                std::string_view(settings().character_input),
                                std::string_view(settings().plot_elements),
                                std::string_view(settings().title),
                                checked_text("idea"),
                                checked_text("story_idea"),
                                checked_text("premise"),
                                checked_text("story_text")};
      settings().language = language_of_words(texts);
    } else if (auto tag = language_tag(named)) {
      settings().language = std::move(*tag);
    } else {
      faults_.add("language", "must be a BCP 47 language tag such as \"en\" or \"pt-BR\"");
    }
    settings().unit = unit_of_language(settings().language);
  }

  void read_target() {
    const auto* value = sent("target_words");
    if (!value) {
      const auto* option = find_option(options_of("story_length"), settings().story_length);
      if (option) settings().target_words = option->words;
      return;
    }
    const auto words = json::integer_at(body_, "target_words");
    if (!words || *words < kMinimumTargetWords || *words > kMaximumTargetWords) {
      faults_.add("target_words", "must be an integer from " + std::to_string(kMinimumTargetWords) +
                                      " to " + std::to_string(kMaximumTargetWords));
      return;
    }
    settings().target_words = *words;
    if (!is_given("story_length")) settings().story_length = option_for_words(*words)->value;
  }

  bool is_given(std::string_view field) const {
    return !trimmed(json::string_at(body_, field).value_or("")).empty();
  }

  void adjust_for_children() {
    if (settings().audience_age_group != kChildren) return;
    auto& rating = settings().content_rating;
    if (rating != "G" && rating != kHighestChildrensRating) {
      // A default rating was not requested, so its adjustment is not reported.
      if (is_given("content_rating")) {
        adjusted("content_rating", rating, kHighestChildrensRating,
                 "A story for children is rated PG at most.");
      }
      rating = kHighestChildrensRating;
    }
    if (settings().story_tone == kDark) {
      adjusted("story_tone", kDark, kTonePlaceOfDark, "A story for children has no dark tone.");
      settings().story_tone = kTonePlaceOfDark;
    }
  }

  void adjusted(std::string_view field, std::string_view from, std::string_view to,
                std::string_view reason) {
    read_.adjustments.push_back({field, std::string(from), to, reason});
  }

  const json::Document& body_;
  SettingsRead read_;
  api::Faults faults_;
};

}  // namespace

Result<SettingsRead> read_settings(const json::Document& body) { return Reader(body).read(); }

std::string canonical_json(const Settings& settings) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object();
  for (const auto& field : kTexts) writer.key(field.name).string(settings.*field.text);
  writer.key("target_words").integer(settings.target_words);
  writer.key("language").string(settings.language);
  writer.key("unit").string(name(settings.unit)).end_object();
  return text;
}

Result<Settings> settings_from_json(const json::Document& document) {
  const auto unreadable = [](std::string_view field) {
    return problem(ErrorCode::internal_error, "The story's settings cannot be read.",
                   std::string("story settings: ").append(field));
  };
  Settings settings;
  for (const auto& field : kTexts) {
    const auto text = json::string_at(document, field.name);
    if (!text) return unreadable(field.name);
    settings.*field.text = *text;
  }
  const auto words = json::integer_at(document, "target_words");
  const auto language = json::string_at(document, "language");
  const auto unit = unit_named(json::string_at(document, "unit").value_or(""));
  if (!words || *words < kMinimumTargetWords || *words > kMaximumTargetWords) {
    return unreadable("target_words");
  }
  if (!language || !language_tag(*language)) return unreadable("language");
  if (!unit) return unreadable("unit");
  settings.target_words = *words;
  settings.language = *language;
  settings.unit = *unit;
  return settings;
}

std::string adjustments_json(const std::vector<Adjustment>& adjustments) {
  std::string text;
  json::Writer writer(text);
  writer.begin_array();
  for (const auto& adjustment : adjustments) {
    writer.begin_object().key("field").string(adjustment.field);
    writer.key("from").string(adjustment.from).key("to").string(adjustment.to);
    writer.key("reason").string(adjustment.reason).end_object();
  }
  writer.end_array();
  return text;
}

std::int64_t target_length(const Settings& settings) {
  return length_of_words(settings.target_words, settings.unit);
}

}  // namespace fabula::story
