#include "shared/text/language.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <string_view>

#include "shared/characters/user_word.hpp"
#include "shared/text/lower_case.hpp"

using fabula::text::language_of;

namespace {

struct Example {
  std::string_view language;
  std::string_view text;
};

constexpr auto kExamples = std::to_array<Example>({
    {"en", "Whom could I ask to repair a violin?"},
    {"en", "A futuristic city in 2150 John, a brave explorer The hero's journey"},
    {"en", "Don't go in there, it's dark."},
    {"en", "A lighthouse keeper who collects messages in bottles"},
    {"en", "Two sisters inherit a haunted hotel"},
    {"en", "Romeo and Juliet on Mars"},
    {"en", "The Łódź file"},
    {"de", "Ein Drache, der Angst vor Feuer hat"},
    {"de", "Eine alte Mühle im Schwarzwald. Anna, 34, Uhrmacherin. Das Geheimnis ihres Vaters."},
    {"de", "Wen könnte ich fragen, um eine Geige reparieren zu lassen?"},
    {"de", "Ein Leuchtturmwärter sammelt Flaschenpost"},
    {"fr", "Un gardien de phare qui collectionne des bouteilles"},
    {"fr", "Paris en 1920, la pluie. Jeanne, une jeune peintre. Un tableau volé."},
    {"fr", "À qui pourrais-je demander de réparer un violon ?"},
    {"es",
     "Una ciudad futurista en el año 2150. Juan, un valiente explorador. El viaje del héroe."},
    {"es", "¿A quién podría pedirle que repare un violín?"},
    {"it",
     "Una città del futuro nel 2150. Giovanni, un esploratore coraggioso. Il viaggio dell'eroe."},
    {"it", "A chi potrei chiedere di riparare un violino?"},
    {"it", "Il guardiano del faro che raccoglie bottiglie"},
    {"pt", "Uma cidade futurista em 2150. João, um explorador corajoso. A jornada do herói."},
    {"pt", "A quem eu poderia pedir para consertar um violino?"},
    {"pt", "Um faroleiro que coleciona mensagens em garrafas"},
    {"nl", "Een futuristische stad in 2150. Jan, een dappere ontdekkingsreiziger."},
    {"nl", "Wie zou ik kunnen vragen om een viool te repareren?"},
    {"nl", "De vuurtorenwachter en het meisje"},
    {"pl", "Futurystyczne miasto w roku 2150. Jan, odważny odkrywca. Podróż bohatera."},
    {"pl", "Kogo mógłbym poprosić o naprawę skrzypiec?"},
    {"pl", "Latarnik, który zbiera listy w butelkach"},
    {"tr", "2150 yılında fütüristik bir şehir. Ahmet, cesur bir kaşif. Kahramanın yolculuğu."},
    {"tr", "Bir kemanı tamir etmesi için kime sorabilirim?"},
    {"sv", "En futuristisk stad år 2150. Johan, en modig upptäckare. Hjältens resa."},
    {"sv", "Vem kan jag be att laga en fiol?"},
    {"sv", "Flickan som inte kunde sova"},
    {"nb", "Hvem kan jeg be om å reparere en fiolin?"},
    {"fi", "Keneltä voisin pyytää viulun korjausta? Hän on hyvin vanha mies."},
    {"cs", "Koho bych mohl požádat o opravu houslí?"},
    {"ro", "Pe cine aș putea ruga să repare o vioară?"},
    {"hu", "Kit kérhetnék meg, hogy javítsa meg a hegedűt?"},
    {"id", "Siapa yang bisa saya minta untuk memperbaiki biola?"},
    {"vi", "Tôi có thể nhờ ai sửa đàn violin?"},
    {"ru", "Футуристический город в 2150 году. Иван, храбрый исследователь. Путешествие героя."},
    {"ru", "Кого я мог бы попросить починить скрипку?"},
    {"ru", "Привет, как дела?"},
    {"uk", "Футуристичне місто у 2150 році. Іван, хоробрий дослідник. Подорож героя."},
    {"uk", "Кого я міг би попросити полагодити скрипку?"},
    {"uk", "Доброго ранку, як справи? Я дуже втомлений."},
    {"bg", "Кого мога да помоля да поправи цигулката? Това е стара цигулка."},
    {"sr", "Кога бих могао да замолим да поправи виолину?"},
    {"be", "Каго я мог бы папрасіць адрамантаваць скрыпку? Гэта вельмі стары інструмент."},
    {"zh", "2150年的未来城市。约翰，一个勇敢的探险家。英雄之旅。"},
    {"zh", "一個守燈塔的人收集瓶中信"},
    {"ja", "2150年の未来都市。ジョン、勇敢な探検家。英雄の旅。"},
    {"ja", "東京の物語 侍"},
    {"ko", "2150년의 미래 도시. 용감한 탐험가 존. 영웅의 여정."},
    {"ar", "مدينة مستقبلية في عام ٢١٥٠. جون، مستكشف شجاع. رحلة البطل."},
    {"fa",
     "پیرمردی که گنجشک‌ها را دوست دارد و چای می‌نوشد"},
    {"he", "עיר עתידנית בשנת 2150. ג'ון, חוקר אמיץ. מסע הגיבור."},
    {"hi", "2150 में एक भविष्य का शहर। जॉन, एक बहादुर खोजकर्ता।"},
    {"th", "เมืองแห่งอนาคตในปี 2150 จอห์น นักสำรวจผู้กล้าหาญ"},
    {"el", "Μια φουτουριστική πόλη το 2150"},
    {"en", "Do you know the word 猫? It is what I am."},
    {"en", "My name is Łukasz Świętosławski and I live in São Paulo with Señor Núñez."},
    {"de", "Hallo, wie geht es dir heute?"},
    {"pt", "Olá, você está bem? Eu não."},
    {"it", "Ciao, come stai? Io sono felice."},
    {"fr", "L'homme qu'elle n'a jamais aimé"},
    {"en", "Write a story about a boy who can talk to animals."},
    {"es", "Escribe un cuento sobre un niño que habla con animales."},
    {"pl", "Napisz opowiadanie o chłopcu, który rozmawia ze zwierzętami."},
    {"nl", "Schrijf een verhaal over een jongen die met dieren praat."},
    {"tr", "Hayvanlarla konuşabilen bir çocuk hakkında hikaye yaz."},
    {"sv", "Skriv en berättelse om en pojke som kan prata med djur."},
});

}  // namespace

TEST_CASE("the language of questions, ideas and lists of names is told") {
  for (const auto& example : kExamples) {
    CAPTURE(example.text);
    CHECK(language_of(example.text) == example.language);
  }
}

TEST_CASE("a text that tells no language has none") {
  for (const char* text : {"", " ", "ok", "???", "Mara 42", "😀", "я", "Berlin 1920",
                           "John, Paul, George, Ringo", "1, 2, 3", "'''", "\xE2\x80\x99"}) {
    CAPTURE(text);
    CHECK(language_of(text) == "");
  }
  CHECK(language_of(std::string(100'000, 'x')) == "");
}

TEST_CASE("languages that share most small words are told only by what differs") {
  CHECK(language_of("Hvem er det?") == "");
  CHECK(language_of("Hvem er det, og hva heter du? Jeg vet ikke noe.") == "nb");
  CHECK(language_of("Hvem er det, og hvad hedder du? Jeg ved ikke noget af det.") == "da");
}

TEST_CASE("capitals, curly apostrophes and line breaks make no difference") {
  CHECK(language_of("L\xE2\x80\x99HOMME QU\xE2\x80\x99"
                    "ELLE\nN\xE2\x80\x99"
                    "A JAMAIS AIMÉ") == "fr");
  CHECK(language_of("ЩО РОБИТИ?\nЯ ЦЬОГО НЕ ЗНАЮ, АЛЕ ЇЇ БАЧИВ") == "uk");
  CHECK(language_of("İSTANBUL'DA YAŞLI BİR ADAM VE ONUN KÖPEĞİ") == "tr");
}

TEST_CASE("texts of any bytes are read") {
  for (const char* text : {"\xF0\x9F", "\xFF\xFE the and", "\xC3", "the \xED\xA0\x80 and"}) {
    CHECK(language_of(text).size() <= 2);
  }
  CHECK(language_of(std::string_view("the\0 and you", 12)) == "en");
  CHECK(language_of("the and you " + std::string(10'000, '\xFF')) == "en");
}

TEST_CASE("only the beginning of a long text decides") {
  std::string text;
  while (text.size() < 2'000) text += "Der Mann und die Frau sind nicht da. ";
  for (int i = 0; i < 1'000; ++i) text += "The man and the woman are not there. ";
  CHECK(language_of(text) == "de");
}

TEST_CASE("each language that is told has a word for its user") {
  for (const auto& example : kExamples) {
    CAPTURE(example.text);
    CHECK(!fabula::characters::user_word(example.text).empty());
  }
}

TEST_CASE("letters of both cases are one") {
  constexpr std::u32string_view kCapitals = U"AZÀÖØÞĀĐĹŇŊŸŹŽƠƯȘȚẠỸАЯЀЇҐ";
  constexpr std::u32string_view kSmall = U"azàöøþāđĺňŋÿźžơưșțạỹаяѐїґ";
  for (std::size_t i = 0; i < kCapitals.size(); ++i) {
    CHECK(fabula::text::to_lower(kCapitals[i]) == kSmall[i]);
    CHECK(fabula::text::to_lower(kSmall[i]) == kSmall[i]);
  }
  CHECK(fabula::text::to_lower(U'İ') == U'i');
  for (const char32_t c : {U'×', U'÷', U'ß', U'5', U'猫'}) CHECK(fabula::text::to_lower(c) == c);
}
