#include "shared/dossier/identity/east_asian_names.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "shared/text/code_points.hpp"
#include "shared/text/word_list.hpp"

namespace fabula::dossier {
namespace {

constexpr std::string_view kChineseFamilies =
    "王李张張刘劉陈陳杨楊黄黃赵趙吴吳周徐孙孫马馬朱胡郭何林高罗羅郑鄭"
    "梁谢謝宋唐许許韩韓邓鄧冯馮曹彭曾肖蕭萧田董潘袁蔡蒋蔣余于杜叶葉程"
    "魏苏蘇吕呂丁任卢盧姚沈姜崔钟鍾谭譚陆陸汪范廖石金贾賈韦韋夏傅方邹"
    "鄒熊孟秦白江阎閻薛尹段雷侯龙龍史陶黎贺賀顾顧毛郝龚龔邵万萬钱錢严"
    "嚴赖賴覃洪武莫孔汤湯温溫柳欧歐颜顏楚凌霍宁寧祁苗花狄鲍鮑费費岑倪"
    "滕殷毕畢安常乐樂卞齐齊伍卜康穆湛臧计計成戴茅庞龐纪紀舒屈项項祝阮"
    "蓝藍闵閔季强路娄婁危童盛刁骆駱樊虞柯莺房缪宗宣贲郁诸諸左吉钮嵇邢"
    "裴荣榮翁荀羊甄曲封储靳富巫乌烏焦巴弓牧隗谷宓蓬班仰仲伊宫宮仇栾暴"
    "甘厉厲戎祖景詹束幸司韶蓟薄怀蒲邰鄂索咸籍卓蔺屠蒙乔喬阴鬱胥闻聞莘"
    "党翟逄姬申扶堵冉宰郦雍璩桑桂濮牛寿扈燕冀浦尚庄莊晏柴瞿充慕连茹习"
    "宦艾鱼容易慎戈庾暨耿满弘匡文寇广禄阙东殳沃蔚夔隆巩厍聂晁勾敖融冷"
    "訾辛阚简饶毋沙乜鞠丰巢关蒯查荆游竺权逯盖益桓木沐";
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
    "杉山 増田 五十嵐 久保田 大久保 小笠原 宇佐美 伊集院 御手洗";
constexpr std::string_view kKoreanFamilies =
    "김이박최정강조윤장임한오서신권황안송전홍유고문양손배백허남심노하곽성차주우구민진엄채원천방공";
constexpr std::string_view kKoreanCompounds = "남궁 선우 제갈 독고 사공 황보";

// Suffixes of names, in lists with the title that they mean. Those in the first list have no such
// meaning.
struct Suffixes {
  std::string_view words;
  std::string_view title;
};
constexpr auto kSuffixes = std::to_array<Suffixes>({
    {"老师 老師 师傅 師傅 同学 同學 队长 师父 師父 师兄 師兄 师姐 師姐 师弟 師弟 师妹 師妹 大人 "
     "殿下 "
     "少爷 少爺 经理 經理 校长 校長 大哥 大叔 阿姨 さん ちゃん くん 君 様 さま 先輩 部長 課長 社長 "
     "隊長 船長 殿 氏 선생님 선생 씨 님 사장님 사장 부장님 부장 과장님 과장 팀장님 팀장 선배님 "
     "선배 "
     "아저씨 아줌마 할머니 할아버지 누나 오빠 언니",
     ""},
    {"先生 公子 老爷 老爺", "mr"},
    {"太太 夫人 부인 여사", "mrs"},
    {"小姐 姑娘 嬢", "miss"},
    {"女士", "ms"},
    {"教授 교수님 교수", "professor"},
    {"医生 醫生 博士 大夫 박사님 박사", "dr"},
    {"将军 將軍 将軍 장군", "general"},
    {"大佐", "colonel"},
    {"警官", "officer"},
    {"警部", "inspector"},
    {"刑事 형사", "detective"},
});
// Syllables that names may end with, too: they are suffixes only after a space.
constexpr std::string_view kSuffixesApart = "형 양 군";

enum class Script : unsigned char { other, han, kana, hangul };

Script script_of(char32_t c) {
  if ((c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) || c == 0x3005) {
    return Script::han;
  }
  if (c >= 0x3041 && c <= 0x30FF) return Script::kana;
  return c >= 0xAC00 && c <= 0xD7A3 ? Script::hangul : Script::other;
}

// Kana if there is any, else that of all characters.
Script script_of_name(std::string_view name) {
  Script script = Script::other;
  for (std::size_t at = 0; at < name.size() && script != Script::kana;) {
    script = script_of(text::next_code_point(name, at));
  }
  return script;
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

// "桜木はな": of two characters or more, and so is the given name.
std::size_t family_bytes_before_kana(std::string_view name) {
  constexpr std::string_view kPlurals = "たち がた ども";
  std::size_t family = 0;
  for (std::size_t at = 0; at < name.size();) {
    const auto begin = at;
    const bool is_kana = script_of(text::next_code_point(name, at)) == Script::kana;
    if (!is_kana && family > 0) return 0;
    if (is_kana && family == 0) family = begin;
  }
  const auto given = name.substr(family);
  bool is_plural = false;
  text::for_each_word(kPlurals,
                      [&](std::string_view word) { is_plural = is_plural || given == word; });
  return family >= 2 * kBytes && given.size() >= 2 * kBytes && !is_plural ? family : 0;
}

// How many bytes of a whole name are the family name; 0: unknown.
std::size_t family_bytes(std::string_view name, Script script) {
  const auto characters = name.size() / kBytes;
  constexpr std::size_t kMaximumCharacters = 8;
  if (characters < 3 || characters > kMaximumCharacters) return 0;
  if (script == Script::hangul) {
    const auto bytes = family_bytes_of(kKoreanCompounds, name);
    // 황보라 is a Hwang sooner than a Hwangbo.
    if (bytes > 0 && (characters == 4 || !name.starts_with("황보"))) {
      return characters <= 4 ? bytes : 0;
    }
    return characters == 3 && has_character(kKoreanFamilies, name.substr(0, kBytes)) ? kBytes : 0;
  }
  if (const auto bytes = family_bytes_of(kJapaneseFamilies, name)) return bytes;
  if (const auto bytes = family_bytes_of(kChineseCompounds, name)) return bytes;
  if (script == Script::kana) return family_bytes_before_kana(name);
  // The family name is half of nearly all Japanese names of four characters.
  if (characters == 4) return 2 * kBytes;
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

struct Suffix {
  std::string_view word;
  std::string_view title;
};

// The longest that the test is true of.
template <class Test>
std::optional<Suffix> find_suffix(Test test) {
  std::optional<Suffix> found;
  for (const auto& suffixes : kSuffixes) {
    text::for_each_word(suffixes.words, [&](std::string_view word) {
      const bool is_longer = !found || word.size() > found->word.size();
      if (is_longer && test(word)) found = Suffix{word, suffixes.title};
    });
  }
  return found;
}

bool may_be_suffix(std::string_view name, std::string_view suffix) {
  if (name.size() == suffix.size()) return false;
  const auto before = name.substr(0, name.size() - suffix.size());
  // One character may be a part of a name: 王君 is somebody's whole name.
  const bool is_long = before.size() >= 2 * kBytes || suffix.size() >= 2 * kBytes;
  if (!is_long && !is_family(before)) return false;
  return suffix != "君" || before.size() > kBytes;
}

// "老王" and "小王" are two Wangs; 小林 is a family.
std::string_view epithet_before_family(std::string_view name) {
  if (name.size() != 2 * kBytes ||
      family_bytes_of(kJapaneseFamilies, std::string(name) + "な") > 0) {
    return {};
  }
  if (!has_character(kChineseFamilies, name.substr(kBytes))) return {};
  if (name.starts_with("老")) return "old";
  return name.starts_with("小") ? std::string_view("young") : std::string_view();
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
  if (const auto prefix = epithet_before_family(utf8); !prefix.empty()) {
    return {std::string(prefix), std::string(utf8.substr(kBytes))};
  }
  auto name = utf8;
  const auto suffix = find_suffix(
      [name](std::string_view word) { return name.ends_with(word) && may_be_suffix(name, word); });
  if (suffix) {
    const auto before = name.substr(0, name.size() - suffix->word.size());
    const bool is_teacher =
        suffix->word == "先生" && family_bytes_of(kJapaneseFamilies, name) == before.size();
    if (!suffix->title.empty() && !is_teacher) parts.emplace_back(suffix->title);
    name = before;
  }
  // A family name is in Han characters or in Hangul.
  if (const auto bytes = family_bytes(name, script_of_name(name))) {
    parts.emplace_back(name.substr(bytes));
    parts.emplace_back(name.substr(0, bytes));
  } else {
    parts.emplace_back(name);
  }
  return parts;
}

std::optional<std::string_view> title_of_name_suffix(std::string_view utf8) {
  bool is_apart = false;
  text::for_each_word(kSuffixesApart,
                      [&](std::string_view word) { is_apart = is_apart || word == utf8; });
  if (is_apart) return "";
  const auto suffix = find_suffix([utf8](std::string_view word) { return word == utf8; });
  if (!suffix) return std::nullopt;
  return suffix->title;
}

std::size_t name_mark_bytes(std::string_view text) {
  constexpr std::array<std::string_view, 4> kMarks = {"·", "・", "‧", "•"};
  for (const auto mark : kMarks) {
    if (text.starts_with(mark)) return mark.size();
  }
  return 0;
}

}  // namespace fabula::dossier
