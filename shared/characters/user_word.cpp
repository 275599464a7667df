#include "shared/characters/user_word.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "shared/text/ascii.hpp"
#include "shared/text/utf8.hpp"

namespace fabula::characters {
namespace {

struct ScriptWord {
  char32_t first;
  char32_t last;
  std::string_view word;
};

// Kana before Chinese: Japanese has both, Chinese only one. Of scripts that several languages have,
// the language with the most readers.
constexpr std::array kScripts = {
    ScriptWord{0x3040, 0x30FF, "ユーザー"},     ScriptWord{0xAC00, 0xD7AF, "사용자"},
    ScriptWord{0x1100, 0x11FF, "사용자"},       ScriptWord{0x4E00, 0x9FFF, "用户"},
    ScriptWord{0x0400, 0x04FF, "Пользователь"}, ScriptWord{0x0370, 0x03FF, "Χρήστης"},
    ScriptWord{0x0590, 0x05FF, "משתמש"},        ScriptWord{0x0600, 0x06FF, "المستخدم"},
    ScriptWord{0x0900, 0x097F, "उपयोगकर्ता"},    ScriptWord{0x0E00, 0x0E7F, "ผู้ใช้"},
};

struct LatinWord {
  std::string_view word;
  // Small words of the language, each with a blank on both sides.
  std::string_view small_words;
};

constexpr std::array kLatin = {
    LatinWord{"User",
              " the and you is are was what my with that this have for not it i'm do how hello "
              "hi please tell me your "},
    LatinWord{"Nutzer",
              " der die das und ist nicht ich du mir dir ein eine wie was wir mit auf bin hast "
              "hallo bitte mein meine den zu heute guten "},
    LatinWord{"Utilisateur",
              " le la les et est je tu vous un une que qui pas des pour dans avec mon ma bonjour "
              "suis moi ce merci "},
    LatinWord{"Usuario",
              " el la los las y es yo tú que no un una por para con mi me hola cómo estoy qué "
              "gracias muy "},
    LatinWord{"Utente",
              " il lo la gli e è io tu che non un una per con mi ciao come sono cosa grazie di "
              "della "},
    LatinWord{"Usuário",
              " o os as e é eu você que não um uma por para com meu minha olá como estou obrigado "
              "em "},
    LatinWord{"Gebruiker",
              " de het een en is ik jij je niet wat mijn met van hallo voor dat ben hoe "},
    LatinWord{"Użytkownik",
              " i w z na to jest nie się że jak co mój moja ja ty cześć dzień dobry mam "},
    LatinWord{"Kullanıcı", " ve bir bu ben sen için ne nasıl değil çok merhaba var mı da de "},
    LatinWord{"Användare", " och det är jag du inte en ett som på med vad min hej hur har "},
};

// The code point that begins at `at`, and moves behind it; the text is valid.
char32_t next_code_point(std::string_view text, std::size_t& at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(at);
  const std::size_t bytes = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  if (at + bytes > text.size()) {
    at = text.size();
    return 0;
  }
  char32_t point = bytes == 1 ? first : first & (0x7FU >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) point = (point << 6U) | (byte(at + i) & 0x3FU);
  at += bytes;
  return point;
}

std::string_view word_of_script(std::string_view text) {
  // One foreign name is no language.
  constexpr int kFewest = 2;
  std::array<int, kScripts.size()> counts{};
  int latin = 0;
  for (std::size_t at = 0; at < text.size();) {
    const auto point = next_code_point(text, at);
    if (point < 0x250 && (point >= 0xC0 || text::is_alphanumeric(static_cast<char>(point)))) {
      ++latin;
    }
    for (std::size_t i = 0; i < kScripts.size(); ++i) {
      if (point >= kScripts[i].first && point <= kScripts[i].last) ++counts[i];
    }
  }
  for (std::size_t i = 0; i < kScripts.size(); ++i) {
    if (counts[i] >= kFewest && counts[i] * 2 > latin) return kScripts[i].word;
  }
  return {};
}

// In lower case, what is between words as single blanks.
std::string as_words(std::string_view text) {
  std::string words = " ";
  for (const char c : text) {
    const bool is_letter =
        text::is_alphanumeric(c) || c == '\'' || (static_cast<unsigned char>(c) & 0x80U);
    if (is_letter) {
      words.push_back(text::to_lower(c));
    } else if (words.back() != ' ') {
      words.push_back(' ');
    }
  }
  if (words.back() != ' ') words.push_back(' ');
  return words;
}

}  // namespace

std::string_view user_word(std::string_view text) {
  // The language shows early; what is long is often quoted.
  constexpr std::size_t kReadBytes = 2000;
  text = text::prefix_bytes(text, kReadBytes);
  if (const auto word = word_of_script(text); !word.empty()) return word;
  const auto words = as_words(text);
  std::array<int, kLatin.size()> counts{};
  for (std::size_t begin = 1; begin < words.size();) {
    const auto end = words.find(' ', begin);
    const auto word = std::string_view(words).substr(begin - 1, end - begin + 2);
    for (std::size_t i = 0; i < kLatin.size(); ++i) {
      if (kLatin[i].small_words.find(word) != std::string_view::npos) ++counts[i];
    }
    begin = end + 1;
  }
  const auto best = std::max_element(counts.begin(), counts.end());
  if (*best == 0 || std::count(counts.begin(), counts.end(), *best) > 1) return {};
  return kLatin[static_cast<std::size_t>(best - counts.begin())].word;
}

}  // namespace fabula::characters
