#include "functions/story/parts.hpp"

#include "wasm/engine/forward.hpp"

namespace fabula::story_function {

using engine::Call;
using engine::Match;
using runtime::Task;

Task<Result<void>> forward_premise(Call& call, const Match& match) {
  return engine::forward_with(call, match, R"("part":"premise",)");
}

Task<Result<void>> forward_outline(Call& call, const Match& match) {
  return engine::forward_with(call, match, R"("part":"outline",)");
}

Task<Result<void>> forward_scene(Call& call, const Match& match) {
  return engine::forward_with(call, match, R"("part":"scene",)");
}

}  // namespace fabula::story_function
