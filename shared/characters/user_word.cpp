#include "shared/characters/user_word.hpp"

#include <algorithm>
#include <array>

#include "shared/text/language.hpp"

namespace fabula::characters {
namespace {

struct UserWord {
  std::string_view language;
  std::string_view word;
};

constexpr auto kWords = std::to_array<UserWord>({
    {"en", "User"},         {"de", "Nutzer"},     {"fr", "Utilisateur"},  {"es", "Usuario"},
    {"it", "Utente"},       {"pt", "Usuário"},    {"nl", "Gebruiker"},    {"pl", "Użytkownik"},
    {"tr", "Kullanıcı"},    {"sv", "Användare"},  {"da", "Bruger"},       {"nb", "Bruker"},
    {"fi", "Käyttäjä"},     {"cs", "Uživatel"},   {"ro", "Utilizator"},   {"hu", "Felhasználó"},
    {"id", "Pengguna"},     {"vi", "Người dùng"}, {"ru", "Пользователь"}, {"uk", "Користувач"},
    {"bg", "Потребител"},   {"sr", "Корисник"},   {"be", "Карыстальнік"}, {"el", "Χρήστης"},
    {"hy", "Օգտատեր"},      {"he", "משתמש"},      {"ar", "المستخدم"},     {"fa", "کاربر"},
    {"ur", "صارف"},         {"hi", "उपयोगकर्ता"},  {"bn", "ব্যবহারকারী"},   {"ta", "பயனர்"},
    {"te", "వాడుకరి"},        {"th", "ผู้ใช้"},        {"lo", "ຜູ້ໃຊ້"},          {"my", "အသုံးပြုသူ"},
    {"ka", "მომხმარებელი"}, {"ko", "사용자"},     {"km", "អ្នកប្រើប្រាស់"},   {"ja", "ユーザー"},
    {"zh", "用户"},
});

}  // namespace

std::string_view user_word(std::string_view text) {
  const auto language = text::language_of(text);
  const auto found = std::find_if(kWords.begin(), kWords.end(),
                                  [&](const auto& row) { return row.language == language; });
  return found == kWords.end() ? std::string_view{} : found->word;
}

}  // namespace fabula::characters
