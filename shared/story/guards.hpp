// Checks each piece and each scene that a model has written, without asking a model: a table of
// rules, each of which may find one fault, and decides whether the model is asked once more and in
// which words. After that one time the text is kept and the finding reported.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shared/story/scene_plan.hpp"

namespace fabula::story {

// A piece is one reply; a scene is all its pieces, which were already examined one by one.
enum class Extent { piece, scene };

struct GuardContext {
  Extent extent = Extent::piece;
  std::string_view language = {};  // the story's BCP 47 tag; "": any
  // The wanted length of the reply (or the scene), in words or, for languages without spaces,
  // characters; 0: any.
  std::size_t wanted_length = 0;
  std::string_view story_title = {};
  std::string_view chapter_title = {};
  std::string_view draft = {};                      // for a piece: the scene's text before it
  std::span<const std::string_view> previous = {};  // texts of earlier scenes, the latest first
  std::span<const ScenePlan> earlier = {};          // plans of written scenes
  std::span<const ScenePlan> later = {};            // plans of later scenes
};

struct Finding {
  std::string_view rule;  // stable: "repeats_previous"
  std::string message;    // for the person, in the task
  bool is_asked_again = false;
  std::string correction = {};  // for the model, if it is asked once more
};

struct Examined {
  std::string_view text;  // of the reply, without talk and without an unfinished sentence
  std::vector<Finding> findings;

  bool is_asked_again() const { return reason_to_ask_again() != nullptr; }
  // The first finding that requires asking the model once more; nullptr if there is none.
  const Finding* reason_to_ask_again() const;
};

// The names of all rules, in the order of the table.
std::vector<std::string_view> rule_names();

// `reply` may be any bytes and must outlive the result. Takes time in proportion to all texts.
Examined examine(const ScenePlan& plan, std::string_view reply, const GuardContext& context);

// The corrections to send to the model, one per line.
std::string corrections(std::span<const Finding> findings);

}  // namespace fabula::story
