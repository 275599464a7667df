#include "shared/dossier/identity/east_asian_names.hpp"

#include <algorithm>
#include <array>

#include "shared/text/code_points.hpp"
#include "shared/text/word_list.hpp"

namespace fabula::dossier {
namespace {

constexpr std::string_view kChineseFamilies =
    "王李张張刘劉陈陳杨楊黄黃赵趙吴吳周徐孙孫马馬朱胡郭何林高罗羅郑鄭梁谢謝宋唐许許韩韓邓鄧冯馮曹彭"
    "曾肖蕭萧田董潘袁"
    "蔡蒋蔣余于杜叶葉程魏苏蘇吕呂丁任卢盧姚沈姜崔钟鍾谭譚陆陸汪范廖石金贾賈韦韋夏傅方邹鄒熊孟秦白江"
    "阎閻薛尹段雷侯"
    "龙龍史陶黎贺賀顾顧毛郝龚龔邵万萬钱錢严嚴赖賴覃洪武莫孔汤湯温溫柳欧歐颜顏楚凌霍宁寧祁";
constexpr std::string_view kChineseCompounds =
    "欧阳 歐陽 司马 司馬 上官 诸葛 諸葛 东方 東方 南宫 南宮 皇甫 慕容 令狐 夏侯 公孙 公孫 尉迟 "
    "尉遲 "
    "司徒 独孤 獨孤 百里 端木 轩辕 軒轅 长孙 長孫 宇文";
constexpr std::string_view kJapaneseFamilies =
    "佐藤 鈴木 高橋 田中 伊藤 渡辺 渡邊 山本 中村 小林 加藤 吉田 山田 佐々木 山口 松本 井上 木村 "
    "斎藤 "
    "齋藤 清水 山崎 阿部 池田 橋本 山下 石川 中島 前田 藤田 小川 後藤 岡田 長谷川 村上 近藤 石井 "
    "坂本 "
    "遠藤 青木 藤井 西村 福田 太田 三浦 藤原 岡本 松田 中川 中野 原田 小野 田村 竹内 金子 和田 "
    "中山 石田 "
    "上田 森田 柴田 酒井 宮崎 宮本 内田 高木 安藤 谷口 大野 丸山 今井 高田 藤本 武田 村田 上野 "
    "杉山 増田";
constexpr std::string_view kKoreanFamilies =
    "김이박최정강조윤장임한오서신권황안송전홍유고문양손배백허남심노하곽성차주우구민진엄채원천방공";
constexpr std::string_view kKoreanCompounds = "남궁 황보 선우 제갈 독고 사공";

// A suffix of names, with the title that it means ("-": none that matters).
struct Suffix {
  std::string_view text;
  std::string_view title;
};
constexpr auto kSuffixes = std::to_array<Suffix>({
    {"先生", "mr"},        {"小姐", "miss"}, {"太太", "mrs"}, {"夫人", "mrs"}, {"女士", "ms"},
    {"教授", "professor"}, {"医生", "dr"},   {"醫生", "dr"},  {"博士", "dr"},  {"老师", "-"},
    {"老師", "-"},         {"师傅", "-"},    {"師傅", "-"},   {"同学", "-"},   {"同學", "-"},
    {"队长", "-"},         {"さん", "-"},    {"ちゃん", "-"}, {"くん", "-"},   {"君", "-"},
    {"様", "-"},           {"さま", "-"},    {"선생님", "-"}, {"선생", "-"},   {"씨", "-"},
    {"님", "-"},
});

enum class Script : unsigned char { other, han, kana, hangul };

Script script_of(char32_t c) {
  if ((c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) || c == 0x3005) {
    return Script::han;
  }
  if (c >= 0x3041 && c <= 0x30FF) return Script::kana;
  return c >= 0xAC00 && c <= 0xD7A3 ? Script::hangul : Script::other;
}

// All of these characters have three bytes.
constexpr std::size_t kBytes = 3;

bool has_character(std::string_view list, std::string_view character) {
  for (std::size_t at = 0; at + kBytes <= list.size(); at += kBytes) {
    if (list.substr(at, kBytes) == character) return true;
  }
  return false;
}

std::size_t family_bytes_of(std::string_view list, std::string_view name) {
  std::size_t bytes = 0;
  text::for_each_word(list, [&](std::string_view family) {
    if (name.size() > family.size() && name.substr(0, family.size()) == family) {
      bytes = std::max(bytes, family.size());
    }
  });
  return bytes;
}

// How many bytes of a whole name are the family name; 0: unknown.
std::size_t family_bytes(std::string_view name, Script script) {
  const auto characters = name.size() / kBytes;
  if (characters < 3 || characters > 5) return 0;
  if (script == Script::hangul) {
    if (characters == 4) return family_bytes_of(kKoreanCompounds, name);
    return characters == 3 && has_character(kKoreanFamilies, name.substr(0, kBytes)) ? kBytes : 0;
  }
  if (const auto bytes = family_bytes_of(kJapaneseFamilies, name)) return bytes;
  if (const auto bytes = family_bytes_of(kChineseCompounds, name)) return bytes;
  return characters == 3 && has_character(kChineseFamilies, name.substr(0, kBytes)) ? kBytes : 0;
}

// Whether the text is a family name before a title.
bool is_family(std::string_view name) {
  bool is_found = name.size() == kBytes &&
                  (has_character(kChineseFamilies, name) || has_character(kKoreanFamilies, name));
  for (const auto list : {kChineseCompounds, kJapaneseFamilies, kKoreanCompounds}) {
    text::for_each_word(list, [&](std::string_view word) { is_found = is_found || word == name; });
  }
  return is_found;
}

}  // namespace

std::vector<std::string> east_asian_name(std::string_view utf8) {
  std::vector<std::string> parts;
  Script script = Script::other;
  for (std::size_t at = 0; at < utf8.size();) {
    const auto found = script_of(text::next_code_point(utf8, at));
    if (found == Script::other) return parts;
    // Hangul is not mixed with the others; with kana in it a name is Japanese.
    const bool is_mixed =
        script != Script::other && (script == Script::hangul) != (found == Script::hangul);
    if (is_mixed) return parts;
    if (script != Script::kana) script = found;
  }
  if (script == Script::other) return parts;
  auto name = utf8;
  for (const auto& suffix : kSuffixes) {
    if (!name.ends_with(suffix.text) || name.size() == suffix.text.size()) continue;
    const auto before = name.substr(0, name.size() - suffix.text.size());
    // A single character may be part of a name: 王君 can be a whole name.
    const bool is_long = before.size() >= 2 * kBytes || suffix.text.size() >= 2 * kBytes;
    if (!is_long && !is_family(before)) continue;
    if (suffix.text == "君" && before.size() == kBytes) continue;
    if (suffix.title != "-" &&
        !(suffix.text == "先生" && family_bytes_of(kJapaneseFamilies, name) == before.size())) {
      parts.emplace_back(suffix.title);
    }
    name = before;
    break;
  }
  // A family name is in Han characters or in Hangul.
  if (const auto bytes = family_bytes(name, script)) {
    parts.emplace_back(name.substr(bytes));
    parts.emplace_back(name.substr(0, bytes));
  } else {
    parts.emplace_back(name);
  }
  return parts;
}

bool is_name_suffix(std::string_view utf8) {
  return std::any_of(kSuffixes.begin(), kSuffixes.end(),
                     [utf8](const Suffix& suffix) { return suffix.text == utf8; });
}

std::size_t name_mark_bytes(std::string_view text) {
  constexpr std::array<std::string_view, 4> kMarks = {"·", "・", "‧", "•"};
  for (const auto mark : kMarks) {
    if (text.starts_with(mark)) return mark.size();
  }
  return 0;
}

}  // namespace fabula::dossier
