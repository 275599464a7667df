#include "shared/dossier/identity/thing_names.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "shared/dossier/log/folding.hpp"
#include "shared/text/ascii.hpp"
#include "shared/text/code_points.hpp"
#include "shared/text/lower_case.hpp"
#include "shared/text/word_list.hpp"

namespace fabula::dossier {
namespace {

// Folded, like all tables here. Articles are ignored.
constexpr std::array<std::string_view, 1> kArticles = {
    "the a an der die das den dem des ein eine einen einem einer le la les un une el los las una "
    "unos unas"};
// Possessives.
constexpr std::array<std::string_view, 1> kOwners = {
    "my your his her its our their mein meine meinen meinem meiner dein deine deinen deinem deiner "
    "sein seine seinen seinem seiner ihr ihre ihren ihrem ihrer unser unsere unseren mon ma mes "
    "ton "
    "ta tes son sa ses notre nos votre vos leur leurs mi mis tu tus su sus nuestro nuestra "
    "nuestros "
    "nuestras vuestro vuestra "
    "мое моя мои твое твоя твои его ее их наш наша наше ваш ваша ваше свое своя"};
constexpr std::array<std::string_view, 1> kOrdinals = {
    "first second third fourth fifth sixth seventh eighth ninth tenth last other one two three "
    "four "
    "five six seven eight nine ten "
    "erste erster erstes ersten zweite zweiter zweites zweiten dritte dritter drittes dritten "
    "premier premiere deuxieme second seconde troisieme primer primera segundo segunda tercer "
    "tercera "
    "первая первое вторая второе третья третье"};
// Prepositions before the owner: "the knife of Oda", "das Messer von Oda", "el cuchillo de Oda".
constexpr std::array<std::string_view, 1> kOf = {"of von de du del da"};

constexpr auto kArticleIndex = text::make_word_index<kArticles>();
constexpr auto kOwnerIndex = text::make_word_index<kOwners>();
constexpr auto kOrdinalIndex = text::make_word_index<kOrdinals>();
constexpr auto kOfIndex = text::make_word_index<kOf>();

std::vector<std::string_view> words_of(std::string_view folded) {
  std::vector<std::string_view> words;
  text::for_each_word(folded, [&](std::string_view word) { words.push_back(word); });
  return words;
}

std::string joined(const std::vector<std::string_view>& words, std::size_t begin, std::size_t end) {
  std::string text;
  for (auto i = begin; i < end; ++i) {
    if (!text.empty()) text += ' ';
    text += words[i];
  }
  return text;
}

// "Oda's", "the sailors'".
bool is_possessive(std::string_view word) {
  return (word.size() > 2 && word.ends_with("'s")) || (word.size() > 2 && word.ends_with("s'"));
}

std::string without_possessive(std::string_view word) {
  word.remove_suffix(word.ends_with("'s") ? 2 : 1);
  return std::string(word);
}

// "她的刀", "オダの刀", "그의 칼": splits owner and possession.
bool split_east_asian(const std::string& key, ThingName& name) {
  // The last is the folded Korean particle, which is written with its owner.
  static constexpr std::array<std::string_view, 2> kMarks = {"的", "の"};
  for (const auto mark : kMarks) {
    const auto at = key.find(mark);
    if (at == std::string::npos || at == 0 || at + mark.size() == key.size()) continue;
    name.owner = key.substr(0, at);
    name.kind = key.substr(at + mark.size());
    return true;
  }
  const auto korean = fold("의");
  const auto space = key.find(' ');
  if (space == std::string::npos || space + 1 == key.size() || space <= korean.size()) return false;
  if (key.compare(space - korean.size(), korean.size(), korean) != 0) return false;
  name.owner = key.substr(0, space - korean.size());
  name.kind = key.substr(space + 1);
  return true;
}

// Whether the word, a place among those of the name as it was typed, begins with a capital letter.
bool begins_large(std::string_view utf8, std::size_t wanted) {
  std::size_t place = 0;
  bool is_large = false;
  text::for_each_word(utf8, [&](std::string_view word) {
    std::size_t at = 0;
    const auto first = text::next_code_point(word, at);
    if (place++ == wanted) is_large = text::to_lower(first) != first;
  });
  return is_large;
}

bool is_cyrillic(std::string_view word) {
  std::size_t at = 0;
  const auto first = text::next_code_point(word, at);
  return first >= 0x400 && first <= 0x4FF;
}

// Owners in the genitive: "нож Оды", "Odas Messer".
bool find_genitive(std::string_view utf8, const std::vector<std::string_view>& words,
                   std::size_t first, ThingName& name) {
  const auto count = words.size();
  if (count < 2) return false;
  if (is_cyrillic(words.back())) {
    if (!begins_large(utf8, first + count - 1) || begins_large(utf8, first)) return false;
    auto owner = count - 1;
    while (owner > 1 && begins_large(utf8, first + owner - 1)) --owner;
    name.owner = joined(words, owner, count);
    name.kind = joined(words, 0, owner);
    return true;
  }
  const auto& genitive = words.front();
  const bool is_genitive = first == 0 && genitive.size() > 3 && genitive.ends_with('s') &&
                           !genitive.ends_with("ss") && begins_large(utf8, 0) &&
                           begins_large(utf8, 1);
  if (!is_genitive) return false;
  name.owner = genitive.substr(0, genitive.size() - 1);
  name.kind = joined(words, 1, count);
  return true;
}

// "第三个房间".
bool has_han_ordinal(std::string_view word) {
  constexpr std::string_view kOrdinal = "第";
  constexpr std::string_view kDigits = "一二三四五六七八九十百两兩";
  const auto at = word.find(kOrdinal);
  if (at == std::string_view::npos) return false;
  const auto digit = word.substr(at + kOrdinal.size(), kOrdinal.size());
  return digit.size() == kOrdinal.size() && kDigits.find(digit) != std::string_view::npos;
}

// "두 번째 방".
bool is_korean_ordinal_mark(std::string_view folded) {
  return static_cast<unsigned char>(folded.front()) >= 0xE1 && folded == fold("번째");
}

void find_owner(std::string_view utf8, std::size_t first,
                const std::vector<std::string_view>& words, ThingName& name) {
  const auto count = words.size();
  if (count > 1 && kOwnerIndex.has(words.front())) {
    name.owner = words.front();
    name.is_pronoun = true;
    name.kind = joined(words, 1, count);
    return;
  }
  for (std::size_t i = 0; i + 1 < count; ++i) {
    if (!is_possessive(words[i])) continue;
    name.owner = joined(words, 0, i) + (i > 0 ? " " : "") + without_possessive(words[i]);
    name.kind = joined(words, i + 1, count);
    return;
  }
  for (std::size_t i = 1; i < count; ++i) {
    if (!words[i].starts_with("d'") || words[i].size() < 3) continue;
    name.owner = joined(words, i, count).substr(2);
    name.kind = joined(words, 0, i);
    return;
  }
  for (std::size_t i = 1; i + 1 < count; ++i) {
    if (!kOfIndex.has(words[i])) continue;
    const std::size_t owner = kArticleIndex.has(words[i + 1]) && i + 2 < count ? i + 2 : i + 1;
    name.owner = joined(words, owner, count);
    name.kind = joined(words, 0, i);
    return;
  }
  if (split_east_asian(name.key, name) || find_genitive(utf8, words, first, name)) return;
  name.kind = name.key;
}

}  // namespace

ThingName parse_thing_name(std::string_view utf8) {
  ThingName name;
  const std::string folded = fold(utf8);
  auto words = words_of(folded);
  std::size_t first = 0;  // behind an article
  if (words.size() > 1 && kArticleIndex.has(words.front())) {
    words.erase(words.begin());
    first = 1;
  }
  if (words.empty()) return name;
  // "l'épée", "l'armoire".
  if (words.front().size() > 2 && words.front().starts_with("l'")) words.front().remove_prefix(2);
  name.key = joined(words, 0, words.size());
  find_owner(utf8, first, words, name);
  std::string kind;
  std::string_view last;
  text::for_each_word(name.kind, [&](std::string_view word) {
    const bool has_digit = std::any_of(word.begin(), word.end(), &text::is_digit);
    if (has_digit || kOrdinalIndex.has(word) || has_han_ordinal(word)) {
      name.numbers.emplace_back(word);
      return;
    }
    if (!last.empty() && is_korean_ordinal_mark(word)) {
      kind.resize(kind.size() - std::min(kind.size(), last.size() + 1));
      name.numbers.emplace_back(last);
      last = {};
      return;
    }
    last = word;
    if (!kind.empty()) kind += ' ';
    kind += word;
  });
  name.kind = std::move(kind);
  std::sort(name.numbers.begin(), name.numbers.end());
  return name;
}

}  // namespace fabula::dossier
