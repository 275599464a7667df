// Chinese, Japanese and Korean names, which have no spaces and begin with the family name.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fabula::dossier {

// The parts of one name as it is typed, in the order of Western names: a title, the given name, the
// family name. "林若曦" gives 若曦 and 林, "林先生" gives "mr" and 林, "김민수" gives 민수 and 김,
// "山田さん" gives 山田, "老王" gives "old" and 王. Two other characters are not split: they may be
// a given name. Empty when it is no such name.
std::vector<std::string> east_asian_name(std::string_view utf8);

// The title of a word that follows names and is not one itself, such as "先生" ("mr") and "씨" ("":
// it has no such meaning).
std::optional<std::string_view> title_of_name_suffix(std::string_view utf8);

// The length of a mark at the beginning of the text that separates the words of foreign names, as
// in "哈维·科尔"; 0: there is none.
std::size_t name_mark_bytes(std::string_view text);

}  // namespace fabula::dossier
