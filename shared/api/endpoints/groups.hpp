// All endpoints, by the function that serves them.
#pragma once

#include <array>

#include "shared/api/endpoints/admin.hpp"
#include "shared/api/endpoints/characters.hpp"
#include "shared/api/endpoints/chat.hpp"
#include "shared/api/endpoints/docs.hpp"
#include "shared/api/endpoints/dossier.hpp"
#include "shared/api/endpoints/projects.hpp"
#include "shared/api/endpoints/realtime.hpp"
#include "shared/api/endpoints/sessions.hpp"
#include "shared/api/endpoints/story.hpp"
#include "shared/api/endpoints/stream.hpp"
#include "shared/api/endpoints/tasks.hpp"
#include "shared/api/endpoints/users.hpp"
#include "shared/api/openapi.hpp"

namespace fabula::api {

inline constexpr std::array kGroups{
    OperationGroup{"chat",
                   "The conversation with the story companion. It is a tree: nothing is lost, and "
                   "one of the takes of a message is on the current path.",
                   chat::kOperations},
    OperationGroup{"sessions", "Existing conversations.", sessions::kOperations},
    OperationGroup{"projects", "Stories, each with its sessions and its dossier.",
                   projects::kOperations},
    OperationGroup{
        "story",
        "Whole stories: premise, outline and scenes, written step by step. What a person "
        "writes is never replaced.",
        story::kOperations},
    OperationGroup{"dossier", "The known facts about a story.", dossier::kOperations},
    OperationGroup{"users",
                   "The caller's profile and account. Signing up, in and out is Supabase Auth's.",
                   users::kOperations},
    OperationGroup{"stream",
                   "A relay to models by bots: their keys stay on the server, and a stream can be "
                   "resumed and cancelled from anywhere.",
                   stream::kOperations},
    OperationGroup{"realtime",
                   "Live conversations, each with a log of what has happened in it, and a summary "
                   "when it has been left. They are held over a WebSocket at "
                   "/realtime/ws/session/{session_id}, with the sub-protocol fabula.v1 or none; "
                   "README.md describes its messages.",
                   realtime::kOperations},
    OperationGroup{"companion",
                   "Conversations with companions: characters that are written or imported, and "
                   "speak for themselves. Their messages are a tree, as chat's are. A WebSocket at "
                   "/companion/ws/chat has them too; README.md describes its messages.",
                   companion::kOperations},
    OperationGroup{"tasks", "Work after turns, which is done when the operator calls for it.",
                   tasks::kOperations},
    OperationGroup{"admin", "What the operator may see and do, with the secret key.",
                   admin::kOperations},
    OperationGroup{"docs", "This documentation.", docs::kOperations},
};

}  // namespace fabula::api
