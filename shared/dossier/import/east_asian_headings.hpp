// Headings of texts in Chinese, Japanese and Korean.
#pragma once

#include <string_view>

namespace fabula::dossier {

// Whether the line, without a frame, is "第一章", "第12回 海", "제3장: 바다", "3화", "卷一",
// "序章　雨", "番外二", "두 번째 이야기".
bool is_east_asian_chapter(std::string_view line);

}  // namespace fabula::dossier
