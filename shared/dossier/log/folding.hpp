// What texts are compared as when it does not matter how they were typed.
#pragma once

#include <string>
#include <string_view>

namespace fabula::dossier {

// Case, width, ligatures and typographic variants are gone, and so are the marks that people leave
// out: accents of Latin and Greek letters, stress marks, Hebrew and Arabic vowel points. Quotes are
// ' or ", dashes -, each run of white space and control characters one space, with none at the
// ends; characters without width are dropped. Decomposed (NFKD), the Turkish dotless i is an i. Bad
// UTF-8 becomes U+FFFD. Folding what is folded changes nothing.
std::string fold(std::string_view utf8);

}  // namespace fabula::dossier
