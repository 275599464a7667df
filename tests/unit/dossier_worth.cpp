#include "shared/dossier/extract/worth.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

using namespace fabula;
using dossier::Worth;

namespace {

void check_all(Worth expected, const std::vector<std::string_view>& texts) {
  for (const auto text : texts) {
    CAPTURE(text);
    CHECK(static_cast<int>(dossier::worth_of(text)) == static_cast<int>(expected));
  }
}

}  // namespace

TEST_CASE("thanks, praise, encouragement and signs are worth no call") {
  check_all(Worth::nothing, {"",
                             " \n\t",
                             "...",
                             "<3",
                             ":)",
                             ":3",
                             "!!!",
                             "👍",
                             "😂😂😂",
                             "❤️",
                             "<3",
                             ":)",
                             ":3",
                             "thanks",
                             "Thanks!",
                             "THANK YOU",
                             "Thank you so much!!",
                             "thaaanks",
                             "ok",
                             "OK.",
                             "okay",
                             "okayyy",
                             "k",
                             "go on",
                             "Go on, please.",
                             "continue",
                             "Keep going!",
                             "more please",
                             "tell me more",
                             "next",
                             "wow",
                             "haha",
                             "hahahaha",
                             "lol",
                             "hmm",
                             "hmmmm...",
                             "I love it!",
                             "that's so cool, thank you",
                             "Great job",
                             "This is amazing.",
                             "Sounds good, go ahead",
                             "What a beautiful story!",
                             "hi",
                             "Hello there",
                             "I like that",
                             "let's go on",
                             "write the next part please",
                             "cooool"});
}

TEST_CASE("the same in other languages") {
  check_all(Worth::nothing, {"Danke!",
                             "Vielen Dank",
                             "Mach bitte weiter",
                             "Super, weiter so",
                             "Das gefällt mir sehr",
                             "Schön!",
                             "merci beaucoup",
                             "Continue, s'il te plaît",
                             "C'est génial",
                             "J'adore",
                             "d'accord",
                             "Muchas gracias",
                             "Sigue, por favor",
                             "¡Me encanta!",
                             "Perfetto, grazie mille",
                             "Vai avanti",
                             "Muito obrigada!",
                             "Adorei, continua",
                             "Bedankt, ga verder",
                             "tack så mycket",
                             "спасибо",
                             "Спасибо большое!",
                             "Продолжай, пожалуйста",
                             "дякую",
                             "dziękuję bardzo",
                             "teşekkürler",
                             "Devam et lütfen",
                             "ευχαριστώ πολύ",
                             "תודה רבה",
                             "شكرا جزيلا",
                             "धन्यवाद",
                             "谢谢",
                             "谢谢你！",
                             "好的，继续",
                             "ありがとうございます。",
                             "続けてください",
                             "감사합니다",
                             "계속해주세요",
                             "ขอบคุณครับ",
                             "cảm ơn bạn",
                             "terima kasih"});
}

TEST_CASE("a bare yes or no is an answer to what was asked") {
  check_all(Worth::answer, {"yes",          "Yes!",
                            "yes please",   "yeah, sure",
                            "No.",          "no, thanks",
                            "nope",         "exactly",
                            "That's right", "ja",
                            "Nein, danke",  "oui",
                            "sí",           "Sì, certo",
                            "não",          "да",
                            "Нет, спасибо", "tak",
                            "evet",         "ναι",
                            "כן",           "نعم",
                            "हाँ",           "是的",
                            "不",           "はい、お願いします",
                            "いいえ",       "네",
                            "ใช่ครับ"});
}

TEST_CASE("questions about the program are worth no call") {
  check_all(Worth::nothing,
            {"How do I export this?", "Can you save it as a PDF?", "What can you do?",
             "Who are you?", "How does this app work?", "Is it free?", "Are you a bot?",
             "How much does the subscription cost?", "Can I delete my account?", "Why?",
             "What now?", "Wie kann ich das exportieren?", "Was kostet das?",
             "Comment puis je exporter?", "¿Cómo puedo guardar esto?"});
}

TEST_CASE("names, numbers, relations and whatever else may be of the story are worth one") {
  check_all(Worth::told, {"Mara",
                          "mara",
                          "Her name is Mara.",
                          "34",
                          "She is 34",
                          "he is thirty",
                          "Call him Will",
                          "It's about Will",
                          "I think May did it, May and Hope",
                          "her sister",
                          "They are siblings",
                          "red hair",
                          "a lighthouse",
                          "London",
                          "the second one",
                          "both",
                          "She dies.",
                          "he is dead",
                          "make it darker",
                          "set it in winter",
                          "no, he is 34",
                          "Yes, but she hates him",
                          "thanks! Her brother is Tom",
                          "Actually there is no dog after all",
                          "What about Mara?",
                          "How old is Tom?",
                          "Where did the murderer save the letter?",
                          "no dog",
                          "Ihr Name ist Mara.",
                          "Er ist vierunddreißig",
                          "Elle s'appelle Nora",
                          "Su hermana es Ana",
                          "Si chiama Luca",
                          "Ela tem 30 anos",
                          "Её зовут Мара",
                          "Мара",
                          "Jej siostra ma na imię Ola",
                          "Adı Mara",
                          "Τη λένε Μάρα",
                          "שמה מארה",
                          "اسمها مارا",
                          "उसका नाम मीरा है",
                          "她叫玛拉",
                          "她三十四岁",
                          "彼女の名前は真奈です",
                          "그녀의 이름은 마라예요",
                          "เธอชื่อมารา",
                          "tên cô ấy là Mai",
                          "namanya Sari",
                          "٣٤",
                          "३४",
                          "３４",
                          "👩‍🚀 astronaut",
                          "@mara",
                          "#7"});
}

TEST_CASE("nothing of what is typed is too much for it") {
  for (const std::string_view part : {"thanks ", "ok", "\xFF", "\xF0\x9F", "谢谢", "a", "\n"}) {
    std::string text;
    while (text.size() < 200'000) text += part;
    dossier::worth_of(text);
    dossier::worth_of(text.substr(1, 100'001));
  }
  CHECK(dossier::worth_of(std::string(100'000, 'x')) == Worth::told);
}
