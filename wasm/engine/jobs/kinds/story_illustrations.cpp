// Draws pictures of scenes: each step draws one, stores its file, and then its row.
#include <string>

#include "shared/database/job.hpp"
#include "shared/json/text.hpp"
#include "shared/settings/table.hpp"
#include "wasm/engine/illustrations.hpp"
#include "wasm/engine/jobs/kind.hpp"
#include "wasm/engine/jobs/kinds/kinds.hpp"

namespace fabula::engine {
namespace {

using runtime::Task;

Result<Endpoints> image_models(Call& call) {
  return resolve_image_route(call, settings::named("MODEL_IMAGE"));
}

Task<Result<void>> draw_scene(JobStep& step) {
  const auto scene_id = json::string_at(step.work(), "scene_id");
  const auto prompt = json::string_at(step.work(), "image_prompt");
  const auto path = json::string_at(step.work(), "object_path");
  if (!scene_id || !prompt || !path)
    co_return database::unexpected_answer(database::kClaimStep.name);
  const DrawnImage drawn = co_await step.draw(*prompt);
  co_await write_illustration(step.call(), *path, drawn.image);
  std::string result;
  json::Writer writer(result);
  writer.begin_object().key("scene_id").string(*scene_id).key("object_path").string(*path);
  writer.key("image_prompt").string(*prompt);
  writer.key("media_type").string(drawn.image.media_type);
  writer.key("byte_count").integer(static_cast<std::int64_t>(drawn.image.bytes.size()));
  writer.key("model").string(drawn.model).end_object();
  co_await step.commit(result, {.message = "A picture is drawn."});
  co_return {};
}

}  // namespace

constexpr JobKind kStoryIllustrations{"story_illustrations", &image_models, &draw_scene, true};

}  // namespace fabula::engine
