#include "shared/characters/user_word.hpp"

#include <doctest/doctest.h>

#include <string>

using fabula::characters::user_word;

TEST_CASE("a user without a name is called by a word of the text's language") {
  CHECK(user_word("Hello, how are you today?") == "User");
  CHECK(user_word("Hallo, wie geht es dir heute?") == "Nutzer");
  CHECK(user_word("Bonjour, je suis content de vous voir.") == "Utilisateur");
  CHECK(user_word("¡Hola! ¿Cómo estás? Yo estoy muy bien.") == "Usuario");
  CHECK(user_word("Ciao, come stai? Io sono felice.") == "Utente");
  CHECK(user_word("Olá, você está bem? Eu não.") == "Usuário");
  CHECK(user_word("Привет, как дела?") == "Пользователь");
  CHECK(user_word("こんにちは、元気ですか") == "ユーザー");
  CHECK(user_word("你好，今天过得怎么样？") == "用户");
  CHECK(user_word("안녕하세요") == "사용자");
  CHECK(user_word("مرحبا كيف حالك") == "المستخدم");
}

TEST_CASE("what tells no language says nothing") {
  for (const char* text : {"", "ok", "???", "Mara 42", "😀", "я"}) CHECK(user_word(text).empty());
}

TEST_CASE("a foreign name changes no language, and long or broken texts are read") {
  CHECK(user_word("Do you know the word 猫? It is what I am.") == "User");
  CHECK(user_word(std::string(100'000, 'x')).empty());
  CHECK(user_word("\xF0\x9F").empty());
}
