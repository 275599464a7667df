#include "shared/memory/dates.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <vector>

#include "shared/dossier/log/folding.hpp"
#include "shared/text/ascii.hpp"
#include "shared/text/integer.hpp"

namespace fabula::memory {
namespace {

using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::year_month_day;

struct Word {
  std::string_view word;
  int number;
};

constexpr auto kDays = std::to_array<Word>({{"today", 0},
                                            {"tonight", 0},
                                            {"heute", 0},
                                            {"aujourd'hui", 0},
                                            {"hoy", 0},
                                            {"tomorrow", 1},
                                            {"demain", 1},
                                            {"manana", 1},
                                            {"ubermorgen", 2},
                                            {"yesterday", -1},
                                            {"gestern", -1},
                                            {"hier", -1},
                                            {"ayer", -1},
                                            {"vorgestern", -2}});
constexpr auto kNumbers = std::to_array<Word>({{"a", 1},
                                               {"an", 1},
                                               {"one", 1},
                                               {"two", 2},
                                               {"three", 3},
                                               {"four", 4},
                                               {"five", 5},
                                               {"six", 6},
                                               {"seven", 7},
                                               {"eight", 8},
                                               {"nine", 9},
                                               {"ten", 10}});
constexpr auto kUnits = std::to_array<Word>({{"day", 1},
                                             {"days", 1},
                                             {"week", 7},
                                             {"weeks", 7},
                                             {"fortnight", 14},
                                             {"tag", 1},
                                             {"tagen", 1},
                                             {"woche", 7},
                                             {"wochen", 7}});
// Sunday is first.
constexpr auto kWeekdays = std::to_array<Word>(
    {{"sunday", 0},   {"monday", 1},     {"tuesday", 2},  {"wednesday", 3}, {"thursday", 4},
     {"friday", 5},   {"saturday", 6},   {"sonntag", 0},  {"montag", 1},    {"dienstag", 2},
     {"mittwoch", 3}, {"donnerstag", 4}, {"freitag", 5},  {"samstag", 6},   {"dimanche", 0},
     {"lundi", 1},    {"mardi", 2},      {"mercredi", 3}, {"jeudi", 4},     {"vendredi", 5},
     {"samedi", 6},   {"domingo", 0},    {"lunes", 1},    {"martes", 2},    {"miercoles", 3},
     {"jueves", 4},   {"viernes", 5},    {"sabado", 6}});
constexpr auto kMonths = std::to_array<Word>(
    {{"january", 1},   {"february", 2},  {"march", 3},  {"april", 4},     {"may", 5},
     {"june", 6},      {"july", 7},      {"august", 8}, {"september", 9}, {"october", 10},
     {"november", 11}, {"december", 12}, {"jan", 1},    {"feb", 2},       {"mar", 3},
     {"apr", 4},       {"jun", 6},       {"jul", 7},    {"aug", 8},       {"sep", 9},
     {"oct", 10},      {"nov", 11},      {"dec", 12},   {"januar", 1},    {"februar", 2},
     {"marz", 3},      {"mai", 5},       {"juni", 6},   {"juli", 7},      {"oktober", 10},
     {"dezember", 12}});

template <std::size_t N>
std::optional<int> number_of(const std::array<Word, N>& table, std::string_view word) {
  for (const auto& row : table) {
    if (row.word == word) return row.number;
  }
  return std::nullopt;
}

std::string written(sys_days day) {
  const year_month_day date(day);
  const auto padded = [](unsigned number, std::size_t digits) {
    auto text = text::integer_text(number);
    return std::string(digits - std::min(digits, text.size()), '0') + text;
  };
  return padded(static_cast<unsigned>(static_cast<int>(date.year())), 4) + "-" +
         padded(static_cast<unsigned>(date.month()), 2) + "-" +
         padded(static_cast<unsigned>(date.day()), 2);
}

sys_days day_of(std::int64_t time_ms) {
  constexpr std::int64_t kDayMs = 86'400'000;
  // Limits times to the years 1970 to 9999; messages have no others.
  constexpr std::int64_t kLastMs = 253'402'300'799'999;
  return sys_days(days(std::clamp<std::int64_t>(time_ms, 0, kLastMs) / kDayMs));
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : dossier::fold(text)) {
    if (text::is_alphanumeric(c) || c == '\'' || c == '-' ||
        static_cast<unsigned char>(c) >= 0x80) {
      word.push_back(c);
    } else if (!word.empty()) {
      words.push_back(std::move(word));
      word.clear();
    }
  }
  if (!word.empty()) words.push_back(std::move(word));
  return words;
}

// "1", "1st", "three".
std::optional<int> count_of(std::string_view word) {
  if (const auto number = number_of(kNumbers, word)) return number;
  for (const std::string_view ending : {"st", "nd", "rd", "th"}) {
    if (word.size() > 2 && word.ends_with(ending)) {
      word.remove_suffix(2);
      break;
    }
  }
  const auto number = word.size() <= 4 ? text::parse_natural(word) : std::nullopt;
  return number ? std::optional<int>(static_cast<int>(*number)) : std::nullopt;
}

std::optional<sys_days> date_at(int year, int month, int day) {
  const year_month_day date(std::chrono::year(year),
                            std::chrono::month(static_cast<unsigned>(month)),
                            std::chrono::day(static_cast<unsigned>(day)));
  if (year < 1000 || year > 9999 || !date.ok()) return std::nullopt;
  return sys_days(date);
}

// "1 December 2026", "December 1st".
std::optional<sys_days> named_date(const std::vector<std::string>& words, sys_days today) {
  const auto is_day = [](std::optional<int> number) {
    return number && *number >= 1 && *number <= 31;
  };
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto month = number_of(kMonths, words[i]);
    if (!month) continue;
    auto before = i > 0 ? count_of(words[i - 1]) : std::nullopt;
    if (!is_day(before) && i > 1 && words[i - 1] == "of") before = count_of(words[i - 2]);
    const auto after = i + 1 < words.size() ? count_of(words[i + 1]) : std::nullopt;
    const bool is_before = is_day(before);
    if (!is_before && !is_day(after)) continue;
    const int day = is_before ? *before : *after;
    const std::size_t year_place = is_before ? i + 1 : i + 2;
    if (year_place < words.size()) {
      const auto year = count_of(words[year_place]);
      if (year && *year >= 1000) return date_at(*year, *month, day);
    }
    const int this_year = static_cast<int>(year_month_day(today).year());
    const auto date = date_at(this_year, *month, day);
    return date && *date < today ? date_at(this_year + 1, *month, day) : date;
  }
  return std::nullopt;
}

std::optional<sys_days> relative_day(const std::vector<std::string>& words, sys_days today) {
  const auto has = [&words](std::string_view word) {
    return std::find(words.begin(), words.end(), word) != words.end();
  };
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    // "the day after tomorrow", "the day before yesterday".
    if (const auto offset = number_of(kDays, word)) {
      const bool is_further =
          i >= 2 && words[i - 2] == "day" && (words[i - 1] == "after" || words[i - 1] == "before");
      return today + days(*offset + (is_further ? *offset : 0));
    }
    const auto unit = number_of(kUnits, word);
    const auto count = i > 0 ? count_of(words[i - 1]) : std::nullopt;
    if (unit && count && *count <= 3660) {
      if (i + 1 < words.size() && words[i + 1] == "ago") return today - days(*count * *unit);
      if (i > 1 && words[i - 2] == "in") return today + days(*count * *unit);
    }
    if (const auto weekday = number_of(kWeekdays, word)) {
      const int now = static_cast<int>(std::chrono::weekday(today).c_encoding());
      if (has("last")) return today - days((now - *weekday + 6) % 7 + 1);
      return today + days((*weekday - now + 6) % 7 + 1);
    }
  }
  // German "morgen" also means morning: it counts alone or with a preposition.
  if (has("morgen") && !has("am") && !has("guten")) return today + days(1);
  return std::nullopt;
}

bool is_date_at(std::string_view text, std::size_t place) {
  constexpr std::string_view kForm = "dddd-dd-dd";
  if (text.size() - place < kForm.size()) return false;
  for (std::size_t i = 0; i < kForm.size(); ++i) {
    const char c = text[place + i];
    if (kForm[i] == 'd' ? c < '0' || c > '9' : c != '-') return false;
  }
  const auto part = [&](std::size_t begin, std::size_t length) {
    return static_cast<int>(text::parse_natural(text.substr(place + begin, length)).value_or(0));
  };
  return date_at(part(0, 4), part(5, 2), part(8, 2)).has_value();
}

}  // namespace

std::string date_of(std::int64_t time_ms) { return written(day_of(time_ms)); }

std::string first_date(std::string_view text) {
  constexpr std::size_t kLength = 10;
  for (std::size_t i = 0; i + kLength <= text.size(); ++i) {
    const bool is_inside = i > 0 && text::is_alphanumeric(text[i - 1]);
    if (!is_inside && is_date_at(text, i)) return std::string(text.substr(i, kLength));
  }
  return "";
}

std::string day_meant(std::string_view words, std::int64_t said_at_ms) {
  if (auto date = first_date(words); !date.empty()) return date;
  const auto today = day_of(said_at_ms);
  const auto parts = words_of(words);
  auto day = named_date(parts, today);
  if (!day) day = relative_day(parts, today);
  return day ? written(*day) : "";
}

std::string with_day(std::string_view text, std::string_view words, std::int64_t said_at_ms) {
  const auto day = day_meant(words, said_at_ms);
  std::string dated(text);
  if (day.empty() || dated.find(day) != std::string::npos) return dated;
  const auto lower = [](std::string_view mixed) {
    std::string folded(mixed);
    for (auto& c : folded) c = text::to_lower(c);
    return folded;
  };
  if (const auto place = lower(text).find(lower(words)); place != std::string::npos) {
    const bool has_preposition = place >= 3 && lower(text).compare(place - 3, 3, "on ") == 0;
    return dated.replace(place, words.size(), (has_preposition ? "" : "on ") + day);
  }
  const bool ends_with_stop = dated.ends_with('.');
  if (ends_with_stop) dated.pop_back();
  dated.append(" (").append(day).append(")");
  if (ends_with_stop) dated.push_back('.');
  return dated;
}

}  // namespace fabula::memory
