#include "shared/story/guards.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include "shared/story/evidence.hpp"
#include "shared/story/guard_language.hpp"
#include "shared/story/prose.hpp"
#include "shared/story/repeats.hpp"
#include "shared/story/talk.hpp"
#include "shared/story/words.hpp"
#include "shared/text/integer.hpp"
#include "shared/text/utf8.hpp"

namespace fabula::story {
namespace {

// The input of the rules, read once.
struct Look {
  const ScenePlan& plan;
  const GuardContext& context;
  Prose prose;
  WholeSentences whole;
  std::size_t length = 0;
};

std::string number_text(std::size_t number) {
  return text::integer_text(static_cast<std::int64_t>(number));
}

std::string shown(std::string_view text) {
  constexpr std::size_t kMaximumShownBytes = 160;
  std::string line;
  for (const char c : text::prefix_bytes(text, kMaximumShownBytes)) {
    line.push_back(static_cast<unsigned char>(c) < 0x20 ? ' ' : c);
  }
  return "\"" + line + "\"";
}

// A short text whose first or last paragraph refuses. A long text is a story, even if somebody in
// it refuses.
std::optional<Finding> find_refusal(const Look& look) {
  constexpr std::size_t kMostWords = 220;
  const auto text = look.prose.text.empty() ? look.prose.before : look.prose.text;
  if (look.length > kMostWords) return {};
  constexpr std::size_t kReadBytes = 400;
  const auto paragraph_end = std::min(text.find("\n\n"), text.size());
  const auto last_begin = text.rfind("\n\n");
  auto first = text.substr(0, std::min(paragraph_end, kReadBytes));
  auto last = last_begin == std::string_view::npos ? std::string_view{} : text.substr(last_begin);
  last = last.substr(0, kReadBytes);
  if (!is_refusal(first) && !is_refusal(last) && !is_refusal(look.prose.behind)) return {};
  return Finding{
      "refusal", "The model refused to write this.", true,
      "You refused. Write the scene in a way that fits your guidelines: hint at what you "
      "cannot show, and tell the rest. Answer with the prose alone."};
}

std::optional<Finding> find_talk(const Look& look) {
  if (!look.prose.is_trimmed()) return {};
  const auto talk = look.prose.before.empty() ? look.prose.behind : look.prose.before;
  return Finding{"talk_trimmed",
                 "What the model said around the story was taken away: " + shown(talk) + ".",
                 false,
                 {}};
}

std::optional<Finding> find_truncated_end(const Look& look) {
  if (!look.whole.is_cut()) return {};
  return Finding{
      "truncated_end",
      "The text broke off; its unfinished sentence was taken away: " + shown(look.whole.cut) + ".",
      false,
      {}};
}

std::optional<Finding> find_wrong_language(const Look& look) {
  const auto found = other_language_of(look.whole.text, look.context.language);
  if (found.empty()) return {};
  const std::string wanted(look.context.language);
  return Finding{
      "wrong_language",
      "The text is written in \"" + std::string(found) + "\", not in \"" + wanted + "\".", true,
      "You wrote in the language \"" + std::string(found) +
          "\". Write all of it in the language \"" + wanted + "\"."};
}

std::optional<Finding> find_too_short(const Look& look) {
  if (look.length == 0) {
    return Finding{"too_short", "The model wrote nothing.", true,
                   "Your answer held no prose. Write the scene itself."};
  }
  const auto wanted = look.context.wanted_length;
  // Another piece follows one that is too short; this rule is about answers that are hardly any.
  const std::size_t part = look.context.extent == Extent::piece ? 5 : 2;
  constexpr std::size_t kLeastWanted = 40;
  if (wanted < kLeastWanted || look.length * part >= wanted) return {};
  const auto message = "The text has a length of " + number_text(look.length) + ", but " +
                       number_text(wanted) + " were wanted.";
  return Finding{"too_short", message, look.context.extent == Extent::piece,
                 "Your text was far too short. " + message};
}

std::optional<Finding> find_too_long(const Look& look) {
  const auto wanted = look.context.wanted_length;
  // In halves: more than two and a half times the length for a piece, one and a half for a scene.
  const std::size_t halves = look.context.extent == Extent::piece ? 5 : 3;
  constexpr std::size_t kSpare = 60;
  if (wanted == 0 || look.length <= wanted * halves / 2 + kSpare) return {};
  const auto message = "The text has a length of " + number_text(look.length) + ", but " +
                       number_text(wanted) + " were wanted.";
  return Finding{"too_long", message, look.context.extent == Extent::piece,
                 "Your text was far too long. " + message};
}

std::optional<Finding> find_repeated(const Look& look) {
  std::vector<std::string_view> earlier(look.context.previous.begin(), look.context.previous.end());
  if (look.context.extent == Extent::piece) earlier.push_back(look.context.draft);
  const auto repeats = find_repeats(look.whole.text, earlier);
  if (!repeats.is_finding()) return {};
  const auto example = repeats.paragraphs.empty() ? repeats.example : repeats.paragraphs.front();
  return Finding{"repeats_previous",
                 "The text repeats what is told already, such as " + shown(example) + ".",
                 look.context.extent == Extent::piece,
                 "You repeated what is told already, such as " + shown(example) +
                     ". Go on from where the story stands, and repeat nothing."};
}

struct Retold {
  const ScenePlan* plan = nullptr;
  double share = 0;
};

// The plan among `others` whose events the text tells instead of its own.
Retold told_instead(const EvidenceText& text, double own, std::span<const ScenePlan> others) {
  constexpr double kLeast = 0.65;
  constexpr double kMostOwn = 0.34;
  constexpr std::size_t kFewestEvents = 2;
  Retold best;
  if (own > kMostOwn) return best;
  for (const auto& other : others) {
    if (other.key_events.size() < kFewestEvents) continue;
    const auto share = told_share(text, other).value_or(0);
    if (share >= kLeast && share > best.share && share > own + kMostOwn) best = {&other, share};
  }
  return best;
}

std::string scene_name(const ScenePlan& plan) {
  return "scene " + text::integer_text(plan.number) + " (" + shown(plan.title) + ")";
}

std::string own_events(const ScenePlan& plan) {
  std::string events;
  for (const auto& event : plan.key_events) events += (events.empty() ? "" : "; ") + event;
  return events;
}

// Only a complete scene had enough room for its events.
std::optional<Finding> find_told_instead(const Look& look, std::span<const ScenePlan> others,
                                         std::string_view rule, std::string_view what) {
  if (look.context.extent != Extent::scene || others.empty()) return {};
  const EvidenceText text(look.whole.text);
  const auto own = told_share(text, look.plan);
  if (!own) return {};
  const auto instead = told_instead(text, *own, others);
  if (instead.plan == nullptr) return {};
  return Finding{rule,
                 "Instead of " + scene_name(look.plan) + ", the text tells " +
                     scene_name(*instead.plan) + ", which " + std::string(what) + ".",
                 true,
                 "You told " + scene_name(*instead.plan) + ", which " + std::string(what) +
                     ". Tell " + scene_name(look.plan) + ": " + own_events(look.plan)};
}

std::optional<Finding> find_skipped(const Look& look) {
  return find_told_instead(look, look.context.later, "scene_skipped", "comes later");
}

std::optional<Finding> find_told_twice(const Look& look) {
  return find_told_instead(look, look.context.earlier, "told_twice", "is told already");
}

struct Rule {
  std::string_view name;
  std::optional<Finding> (*find)(const Look& look);
  bool ends_examination = false;  // after this fault the other rules are pointless
};

constexpr auto kRules = std::to_array<Rule>({
    {"refusal", &find_refusal, true},
    {"talk_trimmed", &find_talk},
    {"truncated_end", &find_truncated_end},
    {"too_short", &find_too_short},
    {"too_long", &find_too_long},
    {"wrong_language", &find_wrong_language},
    {"repeats_previous", &find_repeated},
    {"scene_skipped", &find_skipped},
    {"told_twice", &find_told_twice},
});

}  // namespace

const Finding* Examined::reason_to_ask_again() const {
  const auto found = std::find_if(findings.begin(), findings.end(),
                                  [](const Finding& finding) { return finding.is_asked_again; });
  return found == findings.end() ? nullptr : &*found;
}

std::vector<std::string_view> rule_names() {
  std::vector<std::string_view> names;
  for (const auto& rule : kRules) names.push_back(rule.name);
  return names;
}

Examined examine(const ScenePlan& plan, std::string_view reply, const GuardContext& context) {
  Look look{.plan = plan,
            .context = context,
            .prose = trim_talk(reply, {.scene = plan.title,
                                       .chapter = context.chapter_title,
                                       .story = context.story_title}),
            .whole = {},
            .length = 0};
  look.whole = whole_sentences(look.prose.text);
  look.length = read_words(look.whole.text).size();
  Examined examined{.text = look.whole.text, .findings = {}};
  for (const auto& rule : kRules) {
    auto finding = rule.find(look);
    if (!finding) continue;
    examined.findings.push_back(std::move(*finding));
    if (rule.ends_examination) break;
  }
  return examined;
}

std::string corrections(std::span<const Finding> findings) {
  std::string lines;
  for (const auto& finding : findings) {
    if (!finding.is_asked_again) continue;
    if (!lines.empty()) lines.push_back('\n');
    lines += finding.correction;
  }
  return lines;
}

}  // namespace fabula::story
