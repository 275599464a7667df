// Which lines of manuscripts are headings, in the forms and languages that people use.
#include <doctest/doctest.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "shared/dossier/import/text.hpp"
#include "tests/unit/recordings.hpp"

using namespace fabula;
using dossier::ImportFormat;

namespace {

using Titles = std::vector<std::string>;

Titles titles(std::string_view text, ImportFormat format = ImportFormat::plain) {
  const auto plan = dossier::plan_import(text, format);
  REQUIRE(plan.has_value());
  Titles out;
  for (const auto& chapter : plan->chapters) out.push_back(chapter.title);
  return out;
}

// The line between two paragraphs.
Titles titles_around(std::string_view line, ImportFormat format = ImportFormat::plain) {
  return titles("Mara.\n\n" + std::string(line) + "\n\nShe came home.\n", format);
}

}  // namespace

TEST_CASE("manuscripts as word processors save them") {
  const std::map<std::string, Titles> wanted = {
      {"bold.md",
       {"Prologue", "Chapter One", "Chapter Two: The Door", "Chapter 3", "Chapter Four — Rain",
        "Epilogue"}},
      {"heading-bold.md", {"Chapter One", "Chapter Two: The Door"}},
      {"must-stay.md", {"The Door"}},
      {"no-blank-lines.txt", {"Chapter 1", "Chapter 2", "Chapter 3"}},
      {"nbsp.txt", {"Chapter\u00A01", "Chapter\u00A02: The Door", "Chapter\u00A03"}},
      {"ordinal.txt", {"CHAPTER THE FIRST", "CHAPTER THE SECOND. In Which It Rains"}},
      {"roman-title.txt", {"I. The Door", "II. Rain", "III. The Chair"}},
      {"dotted.txt", {"Chapter.001 The Door", "Chapter.002 Rain", "Chapter.003"}},
      {"prose.txt", {""}},
      {"rule-first.md", {"", "Chapter One"}},
      {"real-front-matter.md", {"Chapter One"}},
  };
  for (const auto& [name, chapters] : wanted) {
    CAPTURE(name);
    const auto text = tests::read_fixture("imports/" + name);
    const auto format = name.ends_with(".md") ? ImportFormat::markdown : ImportFormat::plain;
    CHECK(titles(text, format) == chapters);
    // With Windows line ends.
    std::string windows;
    for (const char c : text) windows += c == '\n' ? "\r\n" : std::string(1, c);
    CHECK(titles(windows, format) == chapters);
  }
}

TEST_CASE("a heading is known in each language") {
  for (const std::string_view line : {"Book the Second",
                                      "The Last Chapter",
                                      "Second Act",
                                      "Chapter Twenty-One",
                                      "Volume Two: Rain",
                                      "Chapter #7",
                                      "CHAPTER NO. 3",
                                      "[Chapter 4]",
                                      "=== Chapter 5 ===",
                                      "Interlude",
                                      "Chapter 5-Rain",
                                      "Chapter One Hundred and One",
                                      "Epilogue: Ten Years On",
                                      "chapter 1 the beginning",
                                      "Erstes Kapitel",
                                      "1. Kapitel",
                                      "Das dritte Kapitel",
                                      "KAPITEL EINUNDZWANZIG",
                                      "Zweiter Teil",
                                      "Einundzwanzigstes Kapitel",
                                      "Letztes Kapitel: Das Meer",
                                      "Kapitel Fünf",
                                      "Nachwort",
                                      "Chapitre premier",
                                      "CHAPITRE PREMIER",
                                      "Première partie",
                                      "Chapitre vingt et un",
                                      "Deuxième acte",
                                      "1re partie",
                                      "Chapitre 3 : La mer",
                                      "Épilogue",
                                      "ÉPILOGUE",
                                      "Dernier chapitre",
                                      "Chapitre vingt-deuxième",
                                      "Capítulo primero",
                                      "CAPÍTULO PRIMERO",
                                      "Primera parte",
                                      "Capítulo treinta y uno",
                                      "Capítulo veintiuno",
                                      "Tercer acto",
                                      "1.ª parte",
                                      "Capítulo 3. El mar",
                                      "Prólogo",
                                      "PRÓLOGO",
                                      "Глава первая",
                                      "ГЛАВА ПЕРВАЯ",
                                      "Часть вторая",
                                      "Глава двадцать первая",
                                      "Первая глава",
                                      "Глава 3. Море",
                                      "Глава IV",
                                      "Глава XXI: Дом",
                                      "Глава двадцать три",
                                      "Глава ХІ",
                                      "3 глава",
                                      "1-я глава",
                                      "Глава пятая. Дом у моря",
                                      "Действие третье",
                                      "Последняя глава",
                                      "ЭПИЛОГ",
                                      "Пролог. Море",
                                      "Глава № 5",
                                      "Том 2",
                                      "Глава сто первая",
                                      "第一章",
                                      "第１２章　海",
                                      "第二十三回 大鬧天宮",
                                      "第3話「海へ」",
                                      "第一章：海边",
                                      "卷一",
                                      "卷二 风起",
                                      "【第四章】",
                                      "序章　雨",
                                      "終章",
                                      "プロローグ",
                                      "エピローグ：海",
                                      "その二",
                                      "第一百零八章 梁山",
                                      "第壹章",
                                      "上卷",
                                      "第十章大鬧天宮",
                                      "尾声",
                                      "番外　夏",
                                      "제1장",
                                      "제 3 장 바다",
                                      "3장. 바다",
                                      "12화",
                                      "제이부",
                                      "프롤로그",
                                      "에필로그: 바다",
                                      "2장 바다로",
                                      "Chapter 1204: The Return",
                                      "Chapter 12.5",
                                      "Chapter 7b",
                                      "Ch. 4",
                                      "Act I, Scene 2",
                                      "Interlude II",
                                      "Letter III",
                                      "Part One, Chapter Two",
                                      "Chapter the Last",
                                      "Chapter One, in which Mara climbs down",
                                      "## Chapter 3",
                                      "◆ Chapter 9 ◆",
                                      "<center>Chapter 3</center>",
                                      "Kap. 3",
                                      "Zweites Kapitel, in welchem es regnet",
                                      "Zwischenspiel II",
                                      "Erster Teil – Das Meer",
                                      "Chapitre Ier",
                                      "IIe partie",
                                      "Chapitre III, où il pleut",
                                      "Lettre XII",
                                      "Afterword",
                                      "Postface",
                                      "Voorwoord",
                                      "Capitolo 3",
                                      "Hoofdstuk 12: De zee",
                                      "Rozdział IV",
                                      "Chap. 4",
                                      "Capítulo 1.º",
                                      "Capítulo segundo, en que llueve",
                                      "Cap. 3",
                                      "Jornada primera",
                                      "Глава 1204",
                                      "Глава первая, в которой идёт дождь",
                                      "Гл. 5",
                                      "Письмо первое",
                                      "Интерлюдия 2",
                                      "第一千零一章 风起",
                                      "正文 第一章",
                                      "番外二 雪",
                                      "引言",
                                      "大结局",
                                      "最終話",
                                      "前編",
                                      "外伝一",
                                      "第壱章",
                                      "☆第五章☆",
                                      "두 번째 이야기",
                                      "첫번째 밤: 비",
                                      "외전 1",
                                      "마지막화",
                                      "제천이백장"}) {
    CAPTURE(line);
    CHECK(titles_around(line).size() == 2);
  }
}

TEST_CASE("prose that looks like a heading stays prose") {
  for (const std::string_view line : {"Chapter two of the plan had failed",
                                      "Part of me knew it",
                                      "Book me a table",
                                      "Chapter 3 was missing",
                                      "Part one, which he liked, was over",
                                      "One act of kindness",
                                      "Act one way and think another",
                                      "The first part was dull",
                                      "Scene by scene she told it",
                                      "Ein Teil von ihm wusste es",
                                      "Teil eins des Plans war gescheitert.",
                                      "Das erste Kapitel war kurz.",
                                      "Zwei Bücher lagen da",
                                      "Une partie de moi",
                                      "Chapitre un de ma vie, pensait-elle.",
                                      "Le premier acte fut long",
                                      "Una parte de mí lo sabía",
                                      "Parte uno del plan falló.",
                                      "Primera parte del camino",
                                      "Часть первая плана провалилась.",
                                      "Глава вторая её жизни кончилась.",
                                      "Часть его знала",
                                      "Первая часть пути",
                                      "Глава семьи молчала",
                                      "第二章的计划失败了",
                                      "第一次见面",
                                      "第一章はここで終わる。",
                                      "三章看完了",
                                      "第三者が来た",
                                      "제3장의 계획은 실패했다",
                                      "3장 남았다.",
                                      "序に言えば",
                                      "I. Ansel signed it so",
                                      "Ch 3 was torn out",
                                      "Letter one had come too late",
                                      "Part One, Mara thought, was over",
                                      "Interlude one of them remembered",
                                      "Kapitel drei, dachte sie, war das beste",
                                      "Ce livre",
                                      "Lettre un ne vint jamais",
                                      "Vio parte",
                                      "Carta primera que llegó",
                                      "Письмо первое пришло в мае",
                                      "Глава первая, где он жил, кончилась.",
                                      "第三集团军到了城外",
                                      "第二部队出发了",
                                      "第一回合结束了",
                                      "番外的故事",
                                      "最終話を読んだ",
                                      "외전을 읽었다",
                                      "두 번째 만났다",
                                      "첫 번째 날이 왔다"}) {
    CAPTURE(line);
    CHECK(titles_around(line).size() == 1);
  }
}

TEST_CASE("without empty lines a heading stands between sentences") {
  CHECK(
      titles("Глава 1\nМара спустилась к воде.\nДверь стояла в море.\nГлава 2\n— Ну, — сказал он.\n"
             "Глава третья\nШёл дождь.") == Titles{"Глава 1", "Глава 2", "Глава третья"});
  CHECK(titles("第一章\n她走下海滩。\n「好。」\n第二章 雨\n下雨了。") ==
        Titles{"第一章", "第二章 雨"});
  CHECK(
      titles("Das Meer\nvon A. Niemand\nErstes Kapitel\nMara kam.\nZweites Kapitel\nEs regnete.") ==
      Titles{"", "Erstes Kapitel", "Zweites Kapitel"});
  CHECK(titles("Mara kam.\fKapitel 2\vEs regnete.") == Titles{"", "Kapitel 2"});
  CHECK(titles("Elle lut.\u2028Chapitre 2\u2028Il pleuvait.") == Titles{"", "Chapitre 2"});
  // Within a sentence, and as its beginning.
  CHECK(titles("Then she opened\nChapter 2\nand read.") == Titles{""});
  CHECK(titles("She read it.\nChapter 2\nwas the best.") == Titles{""});
  CHECK(titles("She read it.\nChapter 2: rain, and more.\nShe slept.") == Titles{""});
}

TEST_CASE("numbers before titles are headings where they count up and have text below them") {
  CHECK(titles("1. Море\n\nМара пришла.\n\n2. Дом\n\nШёл дождь.") == Titles{"1. Море", "2. Дом"});
  CHECK(titles("一、海边\n\n她来了。\n\n二、雨\n\n下雨了。") == Titles{"一、海边", "二、雨"});
  CHECK(titles("One\n\nMara.\n\nTwo\n\nTom.") == Titles{"One", "Two"});
  CHECK(titles("EINS\n\nMara.\n\nZWEI\n\nTom.") == Titles{"EINS", "ZWEI"});
  CHECK(titles("**1. The Door**\n\nMara.\n\n**2. Rain**\n\nTom.", ImportFormat::markdown) ==
        Titles{"1. The Door", "2. Rain"});
  CHECK(titles("1\\. The Door\n\nMara.\n\n2\\. Rain\n\nTom.", ImportFormat::markdown) ==
        Titles{"1. The Door", "2. Rain"});
  // A list, with empty lines between its items or without, and sections below headings.
  CHECK(titles("To do.\n\n1. Find the key\n\n2. Open the door\n\n3. Leave\n\nMara left.") ==
        Titles{""});
  CHECK(titles("To do:\n1. Find the key\n2. Open the door\n\nMara left.") == Titles{""});
  CHECK(titles("# A\n\n1. Key\n\nIt is old.\n\n2. Door\n\nIt is wet.\n\n# B\n\nRain.",
               ImportFormat::markdown) == Titles{"A", "B"});
  CHECK(titles("I. He left.\n\nMara.\n\nII. He came.\n\nTom.") == Titles{""});
}

TEST_CASE("numbers that stand alone are headings in their frames, and not those of pages") {
  CHECK(titles("【一】\n\n她来了。\n\n【二】\n\n下雨了。") == Titles{"一", "二"});
  CHECK(titles("- 1 -\n\nMara.\n\n- 2 -\n\nTom.") == Titles{"1", "2"});
  CHECK(titles("(I)\n\nМара.\n\n(II)\n\nДождь.") == Titles{"I", "II"});
  CHECK(titles("1\nMara.\n\nTom.\n\n2\nRain.") == Titles{"1", "2"});
  CHECK(titles("하나\n\n그녀는 갔다.\n\n둘\n\n비가 왔다.") == Titles{"하나", "둘"});
  CHECK(titles("She went on to\n\n1\n\nthe sea, and the\n\n2\n\ndoor.") == Titles{""});
  CHECK(titles("Она дошла до\n\n- 1 -\n\nморя и\n\n- 2 -\n\nдвери.") == Titles{""});
}

TEST_CASE("signs between scenes divide a text without headings") {
  for (const std::string_view sign :
       {"* * *", "◇", "◆◇◆", "☆", "※", "＊＊＊", "⁂", "———", "• • •"}) {
    CAPTURE(sign);
    CHECK(titles_around(sign) == Titles{"", ""});
  }
  for (const std::string_view line : {"—", "……", "- -", "=-="}) {
    CAPTURE(line);
    CHECK(titles_around(line) == Titles{""});
  }
}

TEST_CASE("Markdown's marks are no part of a title") {
  CHECK(titles_around("# **Глава первая** {#glava}", ImportFormat::markdown) ==
        Titles{"", "Глава первая"});
  CHECK(titles_around("***第一章***", ImportFormat::markdown) == Titles{"", "第一章"});
  CHECK(titles_around("__Kapitel 3__", ImportFormat::markdown) == Titles{"", "Kapitel 3"});
  CHECK(titles_around("## The *Snow_White* \\#1", ImportFormat::markdown) ==
        Titles{"", "The Snow_White #1"});
  CHECK(titles_around("**Kapitel 3**\\", ImportFormat::markdown) == Titles{"", "Kapitel 3"});
  CHECK(titles_around("<h2 class=\"a\">Глава 3</h2>", ImportFormat::markdown) ==
        Titles{"", "Глава 3"});
  CHECK(titles_around("第三章 雨<br>", ImportFormat::markdown) == Titles{"", "第三章 雨"});
  CHECK(titles_around("#第三章 雨", ImportFormat::markdown) == Titles{"", "第三章 雨"});
  CHECK(titles_around("# 2 * 3", ImportFormat::markdown) == Titles{"", "2 * 3"});
  CHECK(titles_around("**Chapitre deux de ma vie, pensait-elle.**", ImportFormat::markdown) ==
        Titles{""});
}

TEST_CASE("a scene between two rules is no front matter, and is read") {
  const auto first = [](std::string_view text) {
    const auto plan = dossier::plan_import(text, ImportFormat::markdown);
    REQUIRE(plan.has_value());
    return plan->text.substr(plan->steps[0].begin, 20) + "|" + plan->title;
  };
  for (const std::string scene :
       {"Mara did not knock. She had one rule: never look back.", "Mara: Who is there?\nTom: Me.",
        "Мара знала одно правило: не оглядываться.", "title: x\n\nThis is prose.", "\ntitle: x",
        "Tom: Come.\nauthor: A\nTom: No."}) {
    CAPTURE(scene);
    CHECK(first("---\n" + scene + "\n---\n\n# One\n\nRain.").substr(0, 3) == "---");
  }
  CHECK(first("---\nназвание: Море\nтеги:\n- a\n# b\n  c\n---\n# One\n\nRain.") ==
        "# One\n\nRain.|Море");
  for (const std::string key : {"title", "Titel", "titre", "título", "titolo", "标题"}) {
    CAPTURE(key);
    CHECK(first("---\n" + key + ": M\n---\nRain.") == "Rain.|M");
  }
  CHECK(first("---\nauthor: A\nTitle: 'The Sea'\n...\nRain.") == "Rain.|The Sea");
}

TEST_CASE("many lines cost no more than their length") {
  for (const std::string_view line :
       {"Chapter one of\n\n", "einundzwanzig\n\n", "1\n\n\n\n", "((((((((\n\n", "<a><a></a\n\n",
        "Part One, Part One,\n\n", "◆◇ a\n\n", "第\n\n", "**a** \n\n", "[[[[[ ]]]]]\n\n"}) {
    std::string text;
    while (text.size() < 400'000) text.append(line);
    CHECK(dossier::plan_import(text, ImportFormat::markdown).has_value());
  }
}
