#include "shared/turn/seam.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

using fabula::turn::Seam;

namespace {

// The stored reply, the same for any division of the continuation.
std::string joined(std::string_view written, std::string_view continuation,
                   std::string_view known_text = {}, bool goes_on_verbatim = false) {
  std::string whole;
  for (const std::size_t part_bytes : {continuation.size(), std::size_t{1}, std::size_t{3}}) {
    Seam seam(written, known_text);
    seam.begin(goes_on_verbatim);
    std::string text(written);
    for (std::size_t at = 0; at < continuation.size();) {
      auto end = std::min(at + std::max(part_bytes, std::size_t{1}), continuation.size());
      while (end < continuation.size() &&
             (static_cast<unsigned char>(continuation[end]) & 0xC0U) == 0x80U) {
        ++end;
      }
      text += seam.add(continuation.substr(at, end - at));
      at = end;
    }
    text += seam.finish();
    if (whole.empty()) whole = text;
    CHECK(text == whole);
  }
  return whole;
}

struct Case {
  std::string_view written;
  std::string_view continuation;
  std::string_view stored;
  std::string_view known_text = {};
};

void check(const std::vector<Case>& cases) {
  for (const auto& [written, continuation, stored, known_text] : cases) {
    CAPTURE(written);
    CAPTURE(continuation);
    CHECK(joined(written, continuation, known_text) == stored);
  }
}

}  // namespace

TEST_CASE("words are neither glued together nor torn apart") {
  check({
      {"The keeper climbed the", "stairs, slowly.", "The keeper climbed the stairs, slowly."},
      {"The keeper climbed the", " stairs, slowly.", "The keeper climbed the stairs, slowly."},
      {"The lamp went out.", "Nobody spoke.", "The lamp went out. Nobody spoke."},
      {"Das Licht erlosch, und nie", "mand sprach.", "Das Licht erlosch, und niemand sprach."},
      {"Sie sah in das", "Licht und ging.", "Sie sah in das Licht und ging."},
      {"La gardienne a dit que le phare", "brillait.", "La gardienne a dit que le phare brillait."},
      {"Смотрительница поднялась на", "башню.", "Смотрительница поднялась на башню."},
      {"She met", "Oda there.", "She met Oda there."},
      {"She climbed the stai", "rs.", "She climbed the stairs.", "the stairs were wet"},
      {"She met the light", "house keeper.", "She met the lighthouse keeper.",
       "The lighthouse was dark."},
      {"She met the light", "house keeper.", "She met the light house keeper."},
      // A short word is whole if the story has it, or if it, or the one before it, is among the
      // commonest of the language.
      {"Pell", "row.", "Pellrow."},
      {"Pell", "row.", "Pell row.", "They row."},
      {"Pell", "row.", "Pell row.", R"({"text":"They left.\nrow"})"},
      {"She looked at the light of the tower, and Pell", "and Oda went.",
       "She looked at the light of the tower, and Pell and Oda went."},
      {"She looked at the light of the tower and at the", "row of lamps.",
       "She looked at the light of the tower and at the row of lamps."},
      {"An old", "lamp hung there.", "An old lamp hung there.", "the lamp"},
      {"It was 19", "84.", "It was 1984."},
      {"灯塔看守人", "走上楼梯。", "灯塔看守人走上楼梯。"},
      {"灯灭了。", "没有人说话。", "灯灭了。没有人说话。"},
      {"She said, \"", "Come in.\"", "She said, \"Come in.\""},
      {"She said, \"Come in.\"", "He came.", "She said, \"Come in.\" He came."},
      {"The lamp went out", ", and nobody spoke.", "The lamp went out, and nobody spoke."},
      {"A lighthouse-", "keeper.", "A lighthouse-keeper."},
      {"One paragraph.\n\n", "Another.", "One paragraph.\n\nAnother."},
      {"One paragraph.", "\n\nAnother.", "One paragraph.\n\nAnother."},
      {"The keeper climbed the ", " stairs.", "The keeper climbed the stairs."},
      {"", "Once.", "Once."},
      {"The end", "", "The end"},
  });
}

TEST_CASE("what is said again is said once") {
  check({
      {"The keeper climbed the", "The keeper climbed the stairs, slowly.",
       "The keeper climbed the stairs, slowly."},
      {"It was dark. The keeper climbed the", "climbed the stairs.",
       "It was dark. The keeper climbed the stairs."},
      {"Das Licht erlosch, und nie", "und niemand sprach.",
       "Das Licht erlosch, und niemand sprach."},
      {"Лампа погасла, и никто", "и никто не говорил.", "Лампа погасла, и никто не говорил."},
      {"她慢慢地走上湿漉漉的", "走上湿漉漉的楼梯。", "她慢慢地走上湿漉漉的楼梯。"},
      {"The keeper climbed the ", "climbed the stairs.", "The keeper climbed the stairs."},
      // In the middle of a sentence, as the beginning of a message.
      {"At night the keeper climbed the", "The keeper climbed the stairs.",
       "At night the keeper climbed the stairs."},
      {"Nachts stieg der W\u00e4rter auf den", "Der W\u00e4rter auf den Turm.",
       "Nachts stieg der W\u00e4rter auf den Turm."},
      {"Ночью смотрительница поднялась на", "Смотрительница поднялась на башню.",
       "Ночью смотрительница поднялась на башню."},
      {"THE LAMP WENT", "the lamp went out.", "THE LAMP WENT out."},
      {"The keeper climbed the", "...climbed the stairs.", "The keeper climbed the stairs."},
      {"La gardienne monta les", "\u2026 monta les marches.", "La gardienne monta les marches."},
      {"The keeper climbed the", "...and fell.", "The keeper climbed the...and fell."},
      {"One paragraph.\n\n", "One paragraph.\n\nAnother.", "One paragraph.\n\nAnother."},
      // One word may be meant, and so may a different ending.
      {"No, no,", "no!", "No, no, no!"},
      {"The keeper climbed the", "The keeper laughed.",
       "The keeper climbed the The keeper laughed."},
  });
}

TEST_CASE("a model that goes on in the reply itself is taken at its word") {
  CHECK(joined("She climbed the stai", "rs.", {}, true) == "She climbed the stairs.");
  CHECK(joined("She climbed", "the", {}, true) == "She climbedthe");
  CHECK(joined("and on and on", " and on and on", {}, true) == "and on and on and on and on");
  CHECK(joined("The end. ", " Then", {}, true) == "The end. Then");
  // Providers are not sent the line breaks at the end, so that models write them again.
  CHECK(joined("One.\n\n", "\n\nTwo.", {}, true) == "One.\n\nTwo.");
  CHECK(joined("One.\n", "\n\n  Two.", {}, true) == "One.\n\n  Two.");
  CHECK(joined("One.\n\n", "\nTwo.", {}, true) == "One.\n\nTwo.");
}

TEST_CASE("another model begins anew") {
  Seam seam("The keeper climbed the", {});
  seam.begin(false);
  CHECK(seam.add("The keeper").empty());
  seam.begin(false);
  CHECK(seam.add("stairs, slowly.") == " stairs, slowly.");
  CHECK(seam.add("And then.") == "And then.");
  CHECK(seam.finish().empty());
}

TEST_CASE("a continuation that only repeats, or says nothing, adds nothing") {
  for (const std::string_view nothing :
       {"climbed the", "The keeper climbed the", "...climbed the", " \n", ""}) {
    CAPTURE(nothing);
    CHECK(joined("The keeper climbed the", nothing).find_last_not_of(" \n") == 21);
  }
}
