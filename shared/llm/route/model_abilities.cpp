#include "shared/llm/route/model_abilities.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "shared/text/ascii.hpp"
#include "shared/text/split.hpp"

namespace fabula::llm {
namespace {

// A host's `openai/o4-mini` is OpenAI's o4-mini.
std::string_view without_maker(std::string_view model) {
  return model.substr(model.rfind('/') + 1);
}

bool begins_with_any(std::string_view name, std::span<const std::string_view> beginnings) {
  return std::any_of(beginnings.begin(), beginnings.end(),
                     [&](std::string_view beginning) { return name.starts_with(beginning); });
}

bool is_o_series(std::string_view name) {
  return name.size() >= 2 && name[0] == 'o' && text::is_digit(name[1]);
}

// gpt-4, gpt-4-turbo, gpt-4-0613; not gpt-4o and gpt-4.1.
bool is_old_gpt(std::string_view name) {
  return name == "gpt-4" || name.starts_with("gpt-4-") || name.starts_with("gpt-3.5");
}

constexpr int kNewest = 1000;

// 45 for claude-sonnet-4-5-20250929 and for claude-sonnet-4.5, 40 for claude-opus-4-20250514;
// kNewest for a Claude without a number, 0 for other models.
int claude_version(std::string_view name) {
  if (!name.starts_with("claude-")) return 0;
  text::Splitter parts(name, '-');
  int version = 0;
  while (const auto part = parts.next()) {
    if (part->empty() || !text::is_digit(part->front())) {
      if (version != 0) break;
      continue;
    }
    const bool is_date = part->size() > 3;
    if (version != 0) return is_date ? version : version + (part->front() - '0');
    version = (part->front() - '0') * 10;
    if (part->size() == 3 && (*part)[1] == '.') return version + ((*part)[2] - '0');
  }
  return version != 0 ? version : kNewest;
}

constexpr int kLastClaudeWithTemperature = 46;
constexpr int kFirstClaudeWithSchema = 41;

// The models of OpenAI, Anthropic and Google that take no images.
constexpr std::array<std::string_view, 6> kBlind = {"gpt-3.5", "o1-mini",  "o1-preview",
                                                    "o3-mini", "claude-2", "gemma-3-1b"};
// The hosted models that take images, by the beginning or a part of their names.
constexpr std::array<std::string_view, 8> kSeeing = {"gpt-4o", "gpt-4.1", "gpt-5",   "o4-mini",
                                                     "claude", "gemini",  "pixtral", "llava"};
constexpr std::array<std::string_view, 3> kSeeingParts = {"vision", "-vl", "llama-4"};

bool is_listed(std::string_view entries, std::string_view provider, std::string_view model) {
  text::Splitter parts(entries, ',');
  while (const auto part = parts.next()) {
    const auto entry = text::trim(*part);
    const auto colon = entry.find(':');
    if (colon != std::string_view::npos && text::trim(entry.substr(0, colon)) == provider &&
        text::trim(entry.substr(colon + 1)) == model) {
      return true;
    }
  }
  return false;
}

}  // namespace

bool takes_temperature(std::string_view model) {
  const auto name = without_maker(model);
  return !is_o_series(name) && !name.starts_with("gpt-5") &&
         claude_version(name) <= kLastClaudeWithTemperature;
}

SchemaUse schema_use(const Provider& provider, std::string_view model) {
  const auto name = without_maker(model);
  const int claude = claude_version(name);
  const bool has_none = is_old_gpt(name) || name.starts_with("chatgpt-") ||
                        (claude != 0 && claude < kFirstClaudeWithSchema);
  return has_none ? SchemaUse::told : provider.schema_use;
}

ThinkingUse thinking_use(std::string_view model) {
  const auto name = without_maker(model);
  constexpr std::array<std::string_view, 4> kOtherKinds = {"lite", "image", "tts", "audio"};
  for (const auto kind : kOtherKinds) {
    if (name.find(kind) != std::string_view::npos) return ThinkingUse::unknown;
  }
  if (name.starts_with("gemini-2.5-")) return ThinkingUse::budget;
  return name.starts_with("gemini-3") ? ThinkingUse::level : ThinkingUse::unknown;
}

ThoughtForm thought_form(const Provider& provider, std::string_view model, bool is_own_server) {
  // These servers leave reasoning in the text.
  constexpr std::array<std::string_view, 5> kBareServers = {"custom", "local", "llamacpp", "ollama",
                                                            "hf"};
  // Models that always reason, and whose templates open the tag.
  constexpr std::array<std::string_view, 4> kReasoners = {"deepseek-r1", "qwq", "-thinking",
                                                          "-reasoning"};
  // A proxy of OpenAI's own models takes their reasoning out, as OpenAI does.
  const auto name_alone = without_maker(model);
  const bool is_of_openai = name_alone.starts_with("gpt-") || name_alone.starts_with("chatgpt-") ||
                            is_o_series(name_alone);
  const bool is_like_openai = provider.format == WireFormat::openai && is_own_server;
  const bool is_bare =
      (is_like_openai && !is_of_openai) ||
      std::find(kBareServers.begin(), kBareServers.end(), provider.name) != kBareServers.end();
  if (!is_bare) return ThoughtForm::tagged;
  const auto name = text::to_lower(model);
  const bool reasons =
      std::any_of(kReasoners.begin(), kReasoners.end(),
                  [&](std::string_view part) { return name.find(part) != std::string::npos; });
  return reasons ? ThoughtForm::untagged : ThoughtForm::likely_untagged;
}

bool takes_images(const Provider& provider, std::string_view model,
                  std::string_view seeing_models) {
  if (is_listed(seeing_models, provider.name, model)) return true;
  const std::string name = text::to_lower(without_maker(model));
  if (provider.new_models_see) {
    const bool is_first_gpt_4 = is_old_gpt(name) && !name.starts_with("gpt-4-turbo");
    return !is_first_gpt_4 && !begins_with_any(name, kBlind);
  }
  return begins_with_any(name, kSeeing) ||
         std::any_of(kSeeingParts.begin(), kSeeingParts.end(),
                     [&](std::string_view part) { return name.find(part) != std::string::npos; });
}

bool fetches_images(const Provider& provider, std::string_view model) {
  return provider.fetches_images && !without_maker(model).starts_with("gemini-2.0");
}

}  // namespace fabula::llm
