#include "functions/story/story.hpp"

#include <array>

#include "functions/story/about.hpp"
#include "functions/story/export.hpp"
#include "functions/story/generate.hpp"
#include "functions/story/illustrations.hpp"
#include "functions/story/parts.hpp"
#include "functions/story/tasks.hpp"
#include "shared/api/endpoints/story.hpp"
#include "shared/database/readiness.hpp"
#include "shared/database/story.hpp"
#include "wasm/engine/forward.hpp"
#include "wasm/engine/serve.hpp"

namespace fabula::story_function {
namespace {

namespace declared = api::story;

constexpr std::array kRoutes{
    engine::route<declared::kHealth>(&engine::health),
    engine::route<declared::kReady>(&engine::ready, database::kReady),
    engine::route<declared::kReadOptions>(&read_options),
    engine::route<declared::kListTools>(&list_tools),
    engine::route<declared::kEstimate>(&estimate_story),
    engine::route<declared::kImproveIdea>(&improve_idea),
    engine::route<declared::kSetUp>(&set_up),
    engine::route<declared::kGeneratePremise>(&generate_premise),
    engine::route<declared::kGenerateOutline>(&generate_outline),
    engine::route<declared::kRefineOutline>(&refine_outline),
    engine::route<declared::kGenerateStart>(&generate_start),
    engine::route<declared::kContinue>(&go_on),
    engine::route<declared::kGenerateFull>(&generate_full),
    engine::route<declared::kReadTask>(&read_task, database::kReadStoryTask),
    engine::route<declared::kReadTaskResult>(&read_result),
    engine::route<declared::kFollowTask>(&follow_task),
    engine::route<declared::kCancelTask>(&engine::forward, database::kCancelStoryTask),
    engine::route<declared::kPauseTask>(&engine::forward, database::kPauseStoryTask),
    engine::route<declared::kResumeTask>(&engine::forward, database::kResumeStoryTask),
    engine::route<declared::kRetryTask>(&engine::forward_admitted, database::kRetryStoryTask),
    engine::route<declared::kReadCacheStats>(&engine::forward, database::kStoryCacheStats),
    engine::route<declared::kClearCache>(&engine::forward, database::kClearStoryCache),
    engine::route<declared::kExport>(&export_story),
    engine::route<declared::kBeginIllustrations>(&begin_illustrations,
                                                 database::kBeginStoryIllustrations),
    engine::route<declared::kListIllustrations>(&list_illustrations,
                                                database::kListStoryIllustrations),
    engine::route<declared::kDeleteIllustration>(&engine::forward,
                                                 database::kDeleteStoryIllustration),
    engine::route<declared::kReadStory>(&engine::forward, database::kReadStory),
    engine::route<declared::kUpdateStory>(&engine::forward, database::kUpdateStory),
    engine::route<declared::kWritePremise>(&forward_premise, database::kWriteStoryPart),
    engine::route<declared::kListPremiseVersions>(&forward_premise, database::kListStoryVersions),
    engine::route<declared::kSelectPremiseVersion>(&forward_premise, database::kSelectStoryVersion),
    engine::route<declared::kLockPremise>(&forward_premise, database::kLockStoryPart),
    engine::route<declared::kUnlockPremise>(&forward_premise, database::kUnlockStoryPart),
    engine::route<declared::kWriteOutline>(&forward_outline, database::kWriteStoryPart),
    engine::route<declared::kListOutlineVersions>(&forward_outline, database::kListStoryVersions),
    engine::route<declared::kSelectOutlineVersion>(&forward_outline, database::kSelectStoryVersion),
    engine::route<declared::kLockOutline>(&forward_outline, database::kLockStoryPart),
    engine::route<declared::kUnlockOutline>(&forward_outline, database::kUnlockStoryPart),
    engine::route<declared::kInsertScene>(&engine::forward, database::kInsertScene),
    engine::route<declared::kReadScene>(&engine::forward, database::kReadScene),
    engine::route<declared::kWriteScene>(&forward_scene, database::kWriteStoryPart),
    engine::route<declared::kDeleteScene>(&engine::forward, database::kDeleteScene),
    engine::route<declared::kRestoreScene>(&engine::forward, database::kRestoreScene),
    engine::route<declared::kMoveScene>(&engine::forward, database::kMoveScene),
    engine::route<declared::kRegenerateScene>(&regenerate_scene),
    engine::route<declared::kLockScene>(&forward_scene, database::kLockStoryPart),
    engine::route<declared::kUnlockScene>(&forward_scene, database::kUnlockStoryPart),
    engine::route<declared::kListSceneVersions>(&forward_scene, database::kListStoryVersions),
    engine::route<declared::kSelectSceneVersion>(&forward_scene, database::kSelectStoryVersion),
};

}  // namespace

runtime::Task<void> handle(runtime::Context& context) {
  return engine::serve(context, "story", kRoutes);
}

}  // namespace fabula::story_function
