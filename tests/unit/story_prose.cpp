#include "shared/story/prose.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

using namespace fabula;
using namespace std::string_literals;

namespace {

constexpr std::string_view kStory =
    "Mara climbed down to the shingle before the lamp was cold.\n\n"
    "\"Sure,\" said Ansel. \"Here is the scene of my crime.\"\n\n"
    "The door stood in the water to its hinges.";

std::string_view trimmed(std::string_view reply) {
  return story::trim_talk(reply,
                          {.scene = "The Door in the Sea", .chapter = "Landfall", .story = ""})
      .text;
}

}  // namespace

TEST_CASE("a model's talk is taken from both ends") {
  for (const std::string_view before : {
           "Sure! Here is the next scene:",
           "Certainly! Here's Chapter 3 of your story.",
           "Here's the scene:",
           "Of course! I'd be happy to continue the story. Here is the next part:\n\n---",
           "## Scene 3",
           "# The Door in the Sea",
           "**Chapter One**",
           "Scene 3: The Door in the Sea",
           "**The Door in the Sea**",
           "The Door in the Sea",
           "***Chapter 3***",
           "Chapter Four — Rain",
           "```",
           "```markdown\n# Scene 1",
           "Okay, here's the continuation:\n\n***\n\n**Scene Two**",
           "Title: The Door",
           "Continuing from where we left off, here is the next scene:",
           "Sure!\n\nHere's the scene where Mara finds her key:",
           "Here's the rewritten scene. I've kept it in the third person, as you requested.",
           "<think>I should write the scene.</think>",
           "Natürlich! Hier ist die nächste Szene:",
           "Gerne! Hier ist die Fortsetzung der Geschichte:",
           "## Kapitel 2: Der Regen",
           "Szene 3: Die Tür",
           "Bien sûr ! Voici la suite de l'histoire :",
           "Voici la scène :",
           "Chapitre 4 : La porte",
           "**Scène 3**",
           "¡Claro! Aquí tienes la siguiente escena:",
           "Aquí está la escena:",
           "Capítulo 2: La puerta",
           "Escena 5",
       }) {
    CAPTURE(before);
    CHECK(trimmed(std::string(before) + "\n\n" + std::string(kStory)) == kStory);
    CHECK(trimmed(std::string(before) + "\n" + std::string(kStory)) == kStory);
  }
  for (const std::string_view behind : {
           "Would you like me to continue?",
           "Let me know if you'd like any adjustments to the scene!",
           "[End of scene]",
           "**End of Chapter One**",
           "(512 words)",
           "*Word count: 512*",
           "Word Count: ~1,024",
           "```",
           "---\n\nWould you like me to continue with the next scene, or would you prefer a "
           "different direction?",
           "I hope this scene captures the tone you wanted. Feel free to ask for changes.",
           "*Note: I've kept the violence off the page, as you requested.*",
           "## Scene 4",
           "**Scene 4**",
           "Shall I go on with the next chapter?",
           "[To be continued]",
           "Möchtest du, dass ich mit der nächsten Szene fortfahre?",
           "Soll ich fortfahren oder die nächste Szene schreiben?",
           "[Ende der Szene]",
           "(350 Wörter)",
           "Souhaitez-vous que je continue ?",
           "[Fin de la scène]",
           "N'hésitez pas à me dire si cette scène vous convient.",
           "¿Te gustaría que continúe con la siguiente escena?",
           "[Fin de la escena]",
           "Espero que esta escena te guste.",
       }) {
    CAPTURE(behind);
    CHECK(trimmed(std::string(kStory) + "\n\n" + std::string(behind)) == kStory);
    CHECK(trimmed(std::string(kStory) + "\n" + std::string(behind)) == kStory);
  }
  CHECK(trimmed("Sure! Here is the next scene: The rain fell.") == "The rain fell.");
  CHECK(trimmed("The rain fell. Would you like me to continue?") == "The rain fell.");
  CHECK(trimmed("Sure! Here is the next scene:\n\nWould you like me to continue?").empty());
}

TEST_CASE("what is the story's stays") {
  for (const std::string_view story : {
           "'Sure! Here is the key,' she said.",
           "\"Sure! Here is the scene,\" he said.",
           "“Certainly! Here's the next chapter:”\n\nShe read it aloud.",
           "— Bien sûr ! Voici la scène, dit-il.",
           "—Claro, aquí tienes la escena —dijo ella.",
           "„Natürlich! Hier ist die Szene:“, sagte er.",
           "»Gerne! Hier ist die Szene.«",
           "Sure! Here is the key to my house, she said.",
           "Sure.\n\nThat was all he ever wrote.",
           "Here is the story of how my father died:\n\nHe went out at dawn.",
           "Of course.\n\nShe had known.",
           "Here is what happened.",
           "This is the scene I remember: my mother at the sink.",
           "**Chapter one of my life is over, she thought, and nobody came.**\n\nThen she went "
           "home.",
           "*I never meant to stay.*\n\nBut the rain fell.",
           "* * *\n\nShe woke at dawn.",
           "---\n\nMara did not knock. She had one rule: never look back.",
           "She turned.\n\n\"Would you like me to continue?\"",
           "Let me know if you can come to the funeral.",
           "He stood at the end of the scene.",
           "If you want the story, ask the sea.",
           "I hope you enjoyed my story, dear reader.",
           "She closed the book.\n\n* * *",
           "The rain fell.\n\nThe End",
           "One. Two. Three. She jumped.",
           "Part of him knew.\n\nThe rest did not.",
           "Scene by scene, the night came back to her.",
           "Note the time, she thought.",
           "Continuing was hard. He did it.",
           "Absolutely nothing moved.",
           "Five – that was all.",
           "Title deeds: that was all he left.\n\nShe burned them.",
           "Would you like me to continue? he asked.",
           "I can't go on. I'll go on.",
       }) {
    CAPTURE(story);
    const auto prose = story::trim_talk(story);
    CHECK(prose.text == story);
    CHECK_FALSE(prose.is_trimmed());
  }
}

TEST_CASE("an unfinished sentence is cut") {
  const auto cut =
      story::whole_sentences("She saw Mr. Hale. \"Go,\" he said. And then the door of the");
  CHECK(cut.text == "She saw Mr. Hale. \"Go,\" he said.");
  CHECK(cut.cut == "And then the door of the");
  CHECK(story::whole_sentences("She ran. Then Mr.").text == "She ran.");
  CHECK(story::whole_sentences("「行け」と彼は言った。そして扉が").text ==
        "「行け」と彼は言った。");
  for (const std::string_view whole :
       {"She ran.", "\"But I—\"", "She ran…", "*She ran.*", "She ran.\n\nThe End",
        "I am well.\n\nYours,\nAnna Hale", "She ran.\n\n***", "no sentence at all", "", "« Va ! »",
        "彼は言った。", "(She ran.)", "„Geh!“"}) {
    CAPTURE(whole);
    CHECK(story::whole_sentences(whole).text == whole);
    CHECK_FALSE(story::whole_sentences(whole).is_cut());
  }
}

TEST_CASE("hostile prose") {
  std::string lines;
  for (int i = 0; i < 200'000; ++i) lines += "Sure! ";
  for (const auto& text :
       {std::string(3'000'000, '\n'), std::string(2'000'000, '*'), lines, "\0\0\0"s,
        std::string(1'000'000, '\xFF'), std::string(1'000'000, '.'), std::string(1'000'000, '"'),
        "# \xE2\x80"s, "\xE2"s, "**"s, "*"s, ""s, std::string(500'000, '`')}) {
    const auto prose = story::trim_talk(text);
    CHECK(prose.text.size() <= text.size());
    CHECK(story::whole_sentences(text).text.size() <= text.size());
  }
}
