#include "shared/llm/stream/provider_message.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

#include "shared/text/ascii.hpp"
#include "shared/text/utf8_repair.hpp"

namespace fabula::llm {
namespace {

constexpr std::size_t kMaximumMessageBytes = 400;

void add_words(std::string& words, std::string_view more) {
  if (more.empty() || words.size() >= kMaximumMessageBytes) return;
  if (!words.empty()) words += ' ';
  words += more.substr(0, kMaximumMessageBytes - words.size());
}

void add_said(std::string& words, const json::Document& value, int depth);

// FastAPI's list of faults: {"loc":["body","stream_options"],"msg":"Extra inputs are not ..."}.
void add_fault(std::string& words, const json::Document& fault, int depth) {
  if (const auto* places = json::find(fault, "loc"); places && places->is_array()) {
    for (const auto& place : *places) {
      if (const auto* name = place.get_ptr<const std::string*>()) add_words(words, *name);
    }
  }
  add_words(words, json::string_at(fault, "msg").value_or(""));
  add_said(words, fault, depth);
}

// A gateway may pass on a whole JSON answer as a text. Its escapes would hide quotations of the
// request, so the answer is parsed, or left out if it cannot be.
void add_text(std::string& words, std::string_view text, int depth) {
  text = text::trim(text);
  if (text.empty() || (text.front() != '{' && text.front() != '[')) return add_words(words, text);
  if (const auto document = json::parse(text, json::LoneSurrogates::allowed)) {
    add_said(words, *document, depth);
  }
}

// Messages are in members with many names: as texts, as objects with such members, and as lists.
void add_said(std::string& words, const json::Document& value, int depth) {
  constexpr int kDeepest = 4;
  if (depth > kDeepest) return;
  if (const auto* text = value.get_ptr<const std::string*>()) {
    return add_text(words, *text, depth + 1);
  }
  if (value.is_array()) {
    for (const auto& fault : value) {
      if (fault.is_object()) add_fault(words, fault, depth + 1);
      if (fault.is_string()) add_said(words, fault, depth + 1);
    }
  }
  for (const auto member : {"message", "error", "param", "detail", "errors"}) {
    if (const auto* said = json::find(value, member)) add_said(words, *said, depth + 1);
  }
  // OpenRouter: what the provider behind it has said.
  if (const auto* metadata = json::find(value, "metadata")) {
    if (const auto* raw = json::find(*metadata, "raw")) add_said(words, *raw, depth + 1);
  }
}

// Marks the bytes to cut out.
class Cuts {
 public:
  explicit Cuts(std::string_view message) : message_(message), is_cut_(message.size(), '\0') {}

  void cut(std::size_t begin, std::size_t end) {
    is_cut_.replace(begin, end - begin, end - begin, '\1');
  }

  std::string rest() const {
    constexpr std::string_view kCut = "[...]";
    std::string text;
    for (std::size_t i = 0; i < message_.size(); ++i) {
      if (is_cut_[i] != 0) {
        if (i == 0 || is_cut_[i - 1] == 0) text += kCut;
      } else {
        text += static_cast<unsigned char>(message_[i]) < ' ' ? ' ' : message_[i];
      }
    }
    return text;
  }

 private:
  std::string_view message_;
  std::string is_cut_;  // one byte for each of the message
};

void cut_all(std::string_view message, std::string_view part, Cuts& cuts) {
  for (auto found = message.find(part); found != std::string_view::npos;
       found = message.find(part, found + 1)) {
    cuts.cut(found, found + part.size());
  }
}

constexpr bool is_key_character(char c) {
  return text::is_alphanumeric(c) || c == '-' || c == '_' || c == '.' || c == '*';
}

// Providers' keys have well-known prefixes, are partly masked, or are long mixtures of characters
// unlike any name.
bool is_like_key(std::string_view word) {
  constexpr std::array<std::string_view, 8> kBeginnings = {"sk-", "sk_",  "gsk_", "hf_",
                                                           "pk-", "AIza", "xai-", "key-"};
  constexpr std::size_t kShortestMixture = 20;
  if (word.find('*') != std::string_view::npos) return true;
  for (const auto beginning : kBeginnings) {
    if (word.starts_with(beginning)) return true;
  }
  return word.size() >= kShortestMixture && std::any_of(word.begin(), word.end(), text::is_digit) &&
         std::any_of(word.begin(), word.end(), text::is_upper) &&
         std::any_of(word.begin(), word.end(), text::is_lower);
}

void cut_keys(std::string_view message, Cuts& cuts) {
  std::size_t begin = 0;
  while (begin < message.size()) {
    auto end = begin;
    while (end < message.size() && is_key_character(message[end])) ++end;
    if (is_like_key(message.substr(begin, end - begin))) cuts.cut(begin, end);
    begin = end + 1;
  }
}

// Any shared text of this length in the message and the request is a quotation. It contains a block
// of half the length that begins at a multiple of its own length in each of them.
constexpr std::size_t kQuotationBytes = 16;
constexpr std::size_t kBlockBytes = kQuotationBytes / 2;

void cut_quotations(std::string_view message, std::string_view sent, Cuts& cuts) {
  for (std::size_t at = 0; at + kBlockBytes <= sent.size(); at += kBlockBytes) {
    const auto block = sent.substr(at, kBlockBytes);
    for (auto found = message.find(block); found != std::string_view::npos;
         found = message.find(block, found + 1)) {
      auto begin = found;
      auto before = at;
      while (begin > 0 && before > 0 && message[begin - 1] == sent[before - 1]) --begin, --before;
      auto end = found + kBlockBytes;
      auto after = at + kBlockBytes;
      while (end < message.size() && after < sent.size() && message[end] == sent[after]) {
        ++end, ++after;
      }
      if (end - begin >= kQuotationBytes) cuts.cut(begin, end);
    }
  }
}

// Whether a quoted text has several words or another script. Single ASCII words are names of fields
// and models.
bool is_prose(std::string_view text) {
  constexpr std::size_t kShortest = 6;
  return text.size() >= kShortest && std::any_of(text.begin(), text.end(), [](char c) {
           return c == ' ' || static_cast<unsigned char>(c) >= 0x80;
         });
}

void cut_short_texts(std::string_view message, std::string_view sent, Cuts& cuts) {
  std::size_t at = 0;
  while ((at = sent.find('"', at)) != std::string_view::npos) {
    const auto begin = ++at;
    while (at < sent.size() && sent[at] != '"') at += sent[at] == '\\' ? 2 : 1;
    const auto text = sent.substr(begin, std::min(at, sent.size()) - begin);
    at = std::min(at, sent.size()) + 1;
    if (text.size() > message.size() || !is_prose(text)) continue;
    cut_all(message, text, cuts);
  }
}

}  // namespace

std::string message_in(const json::Document& error) {
  std::string words;
  add_said(words, error, 0);
  return words;
}

std::string message_for_log(std::string_view message, std::string_view request_body,
                            std::string_view key) {
  Cuts cuts(message);
  cut_keys(message, cuts);
  if (!key.empty()) cut_all(message, key, cuts);
  cut_quotations(message, request_body, cuts);
  cut_short_texts(message, request_body, cuts);
  std::string text;
  text::append_repaired(text, cuts.rest());
  return text;
}

}  // namespace fabula::llm
