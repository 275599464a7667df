// The words that identify headings, by language, with the words for numbers.
#pragma once

#include <array>
#include <string_view>

namespace fabula::dossier {

// Each list has words separated by spaces, in any case; a hyphen is part of a word. Words for
// numbers are in the order of their values, and / separates words for the same value.
struct HeadingLanguage {
  std::string_view divisions;           // words for numbered parts: "chapter"
  std::string_view alone = {};          // parts of a book without a number: "prologue"
  std::string_view articles = {};       // may precede a number: "chapter the first"
  std::string_view joints = {};         // between tens and ones: "treinta y uno"
  std::string_view cardinals = {};      // 1 to 19
  std::string_view tens = {};           // 10 to 100
  std::string_view ordinals = {};       // 1 to 19, without their endings
  std::string_view ordinal_tens = {};   // 10 to 100, without their endings
  std::string_view last = {};           // "last", without its ending
  std::string_view endings = {};        // endings of ordinals; - is the empty ending
  std::string_view digit_endings = {};  // endings of ordinals in digits: "1st", "1-я"
  std::string_view roman_endings = {};  // endings of ordinals in Roman numerals: "Ier"
  std::string_view relatives = {};      // words before a summary: "Chapter I, in which ..."
  std::string_view title_keys = {};     // keys in front matter
  bool counts_before = false;           // whether plain digits may precede a division: "1 глава"
};

inline constexpr std::array kHeadingLanguages{
    HeadingLanguage{
        .divisions = "chapter ch chap part book act scene canto volume vol episode letter",
        .alone = "prologue epilogue preface foreword introduction interlude intermission afterword "
                 "postscript",
        .articles = "the",
        .joints = "and",
        .cardinals = "one two three four five six seven eight nine ten eleven twelve thirteen "
                     "fourteen fifteen sixteen seventeen eighteen nineteen",
        .tens = "ten twenty thirty forty fifty sixty seventy eighty ninety hundred",
        .ordinals = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh "
                    "twelfth thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth "
                    "nineteenth",
        .ordinal_tens = "tenth twentieth thirtieth fortieth fiftieth sixtieth seventieth eightieth "
                        "ninetieth hundredth",
        .last = "last final",
        .endings = "-",
        .digit_endings = "st nd rd th",
        .relatives = "in-which wherein",
        .title_keys = "title"},
    HeadingLanguage{
        .divisions = "kapitel kap teil buch akt szene aufzug auftritt band abschnitt gesang",
        .alone = "prolog epilog vorwort nachwort einleitung zwischenspiel vorspiel nachspiel",
        .articles = "das der die",
        .joints = "und",
        .cardinals = "eins/ein zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn "
                     "vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn",
        .tens = "zehn zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig hundert",
        .ordinals = "erst zweit dritt viert fünft sechst siebt/siebent acht neunt zehnt elft "
                    "zwölft dreizehnt vierzehnt fünfzehnt sechzehnt siebzehnt achtzehnt neunzehnt",
        .ordinal_tens = "zehnt zwanzigst dreißigst vierzigst fünfzigst sechzigst siebzigst "
                        "achtzigst neunzigst hundertst",
        .last = "letzt",
        .endings = "e er es en",
        .relatives = "in-dem in-welchem in-welcher worin",
        .title_keys = "titel"},
    HeadingLanguage{
        .divisions = "chapitre chap partie livre acte scène chant tome épisode lettre",
        .alone = "prologue épilogue préface avant-propos introduction interlude postface",
        .articles = "le la",
        .joints = "et",
        .cardinals = "un/une deux trois quatre cinq six sept huit neuf dix onze douze treize "
                     "quatorze quinze seize dix-sept dix-huit dix-neuf",
        .tens =
            "dix vingt/vingts trente quarante cinquante soixante septante huitante nonante cent",
        .ordinals = "premier/première/uni deuxi/second/seconde troisi quatri cinqui sixi septi "
                    "huiti neuvi dixi onzi douzi treizi quatorzi quinzi seizi dix-septi dix-huiti "
                    "dix-neuvi",
        .ordinal_tens = "dixi vingti trenti quaranti cinquanti soixanti septanti huitanti nonanti "
                        "centi",
        .last = "dernier dernière",
        .endings = "- ème",
        .digit_endings = "er ère re e ème",
        .roman_endings = "er ère re e ème",
        .relatives = "où dans-lequel dans-laquelle",
        .title_keys = "titre"},
    HeadingLanguage{
        .divisions = "capítulo cap parte libro acto escena canto tomo episodio carta jornada",
        .alone = "prólogo epílogo prefacio introducción interludio",
        .articles = "el la",
        .joints = "y",
        .cardinals = "uno/un/una dos tres cuatro cinco seis siete ocho nueve diez once doce trece "
                     "catorce quince dieciséis diecisiete dieciocho diecinueve",
        .tens = "diez veinte/veinti treinta cuarenta cincuenta sesenta setenta ochenta noventa "
                "cien/ciento",
        .ordinals = "primer segund tercer cuart quint sext séptim octav noven décim undécim "
                    "duodécim decimotercer decimocuart decimoquint decimosext decimoséptim "
                    "decimoctav decimonoven",
        .ordinal_tens = "décim vigésim trigésim cuadragésim quincuagésim sexagésim septuagésim "
                        "octogésim nonagésim centésim",
        .last = "últim",
        .endings = "- o a",
        .digit_endings = "o a er",
        .relatives = "en-que en-el-que en-la-que donde que-trata",
        .title_keys = "título"},
    HeadingLanguage{
        .divisions =
            "глава гл часть книга акт действие явление сцена том песнь эпизод серия письмо",
        .alone = "пролог эпилог предисловие послесловие введение вступление интерлюдия интермедия",
        .cardinals = "один/одна/раз два/две три четыре пять шесть семь восемь девять десять "
                     "одиннадцать двенадцать тринадцать четырнадцать пятнадцать шестнадцать "
                     "семнадцать восемнадцать девятнадцать",
        .tens = "десять двадцать тридцать сорок пятьдесят шестьдесят семьдесят восемьдесят "
                "девяносто сто",
        .ordinals = "перв втор трет четверт пят шест седьм восьм девят десят одиннадцат двенадцат "
                    "тринадцат четырнадцат пятнадцат шестнадцат семнадцат восемнадцат девятнадцат",
        .ordinal_tens = "десят двадцат тридцат сороков пятидесят шестидесят семидесят восьмидесят "
                        "девяност сот",
        .last = "последн",
        .endings = "ая ый ой ое ий ья ье яя ее",
        .digit_endings = "я й е ая ый ое",
        .relatives = "в-которой в-котором где",
        .title_keys = "название заголовок",
        .counts_before = true},
    // Languages with only the names of divisions.
    HeadingLanguage{.divisions = "capitolo parte libro atto scena hoofdstuk deel boek rozdział "
                                 "część księga",
                    .alone = "prefazione introduzione proloog epiloog voorwoord nawoord przedmowa",
                    .last = "ultimo ultima laatste ostatni",
                    .endings = "-",
                    .title_keys = "titolo tytuł"},
};

// Chinese, Japanese and Korean write a number before its division, mostly without spaces: 第一章,
// 제3장, 3화.
struct EastAsianHeadings {
  std::string_view ordinals;          // before a number
  std::string_view divisions;         // behind it
  std::string_view bare;              // divisions that need no ordinal before their number
  std::string_view volumes;           // they stand before the number: 卷一
  std::string_view alone;             // parts of a book without a number, or with one behind them
  std::string_view prefixes;          // before a whole heading, with a space: "正文 第一章"
  std::string_view particles;         // directly behind a division they make a sentence of it
  std::string_view compounds;         // words that begin with a division and are none
  std::string_view korean_counts;     // "두" of "두 번째 이야기"
  std::string_view korean_divisions;  // behind these
  std::string_view korean_numbers;    // 1 to 10, alone
  std::string_view title_keys;        // of front matter
};

inline constexpr EastAsianHeadings kEastAsianHeadings{
    .ordinals = "第 제 其",
    .divisions = "章 回 話 话 部 卷 巻 节 節 幕 篇 編 编 集 夜 册 冊 折 장 화 부 권 편 막 회",
    .bare = "章 話 장 화 부 권 막",
    .volumes = "卷 巻 其之 その",
    .alone =
        "序 序章 序幕 序言 序曲 自序 楔子 引子 引言 前言 尾聲 尾声 尾章 終章 终章 終幕 终幕 後記 "
        "后记 結語 结语 跋 番外 番外篇 番外編 外伝 外傳 外传 間章 幕間 終 终 完 大結局 大结局 "
        "最終章 最终章 最終話 最终话 上卷 中卷 下卷 上巻 中巻 下巻 上册 中册 下册 上冊 中冊 下冊 "
        "上部 下部 上篇 中篇 下篇 前編 中編 後編 前篇 後篇 后篇 プロローグ エピローグ あとがき "
        "まえがき はじめに おわりに 프롤로그 에필로그 서장 종장 최종장 최종화 마지막화 서문 후기 "
        "머리말 맺음말 막간 외전 번외 상권 중권 하권",
    .prefixes = "正文 本編 本篇 본문 본편",
    .particles =
        "的 了 是 里 裡 中 は が を に で も と の へ や 의 은 는 이 가 을 를 에 도 와 과 만 로 짜",
    .compounds = "集团 集團 部队 部隊 部门 部門 部落 回合 节课 節課 节车 話題 话题",
    .korean_counts = "첫 두 세 네 다섯 여섯 일곱 여덟 아홉 열",
    .korean_divisions = "이야기 장 부 편 화 권 막 밤 날 편지",
    .korean_numbers = "하나 둘 셋 넷 다섯 여섯 일곱 여덟 아홉 열",
    .title_keys = "标题 標題 書名 书名 タイトル 题目 題目 제목"};

}  // namespace fabula::dossier
