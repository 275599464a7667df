// The normal form in which texts are compared, independent of how they were typed.
#pragma once

#include <string>
#include <string_view>

namespace fabula::dossier {

// Removes case, width, ligatures and typographic variants, and the marks that people leave out:
// accents of Latin and Greek letters, stress marks, Hebrew and Arabic vowel points. Quotes become '
// or ", dashes become -, each run of white space and control characters becomes one space, with
// none at the ends; characters without width are dropped. Decomposed (NFKD), the Turkish dotless i
// is an i. Bad UTF-8 becomes U+FFFD. Folding is idempotent.
std::string fold(std::string_view utf8);

}  // namespace fabula::dossier
