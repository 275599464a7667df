"""What Schemathesis cannot know of our API, and what no schema can say."""

import ast
import collections
import functools
import itertools
import json
import pathlib
import re
import sys
import threading
import uuid

import schemathesis
from schemathesis.core.failures import Failure
from schemathesis.openapi.checks import RejectedPositiveData
from schemathesis.specs.openapi import converter

# Hypothesis raises the recursion limit while it generates data, and restores the previous one for all threads
# when one of them is done: the initial limit must be enough for the others.
sys.setrecursionlimit(10_000)


def one_at_a_time(work):
    lock = threading.Lock()

    @functools.wraps(work)
    def wait_and_work(*args, **kwargs):
        with lock:
            return work(*args, **kwargs)

    return wait_and_work


# Python 3.11 counts the depth of a tree for all threads together, and fails when two build one
# (python/cpython issue 106905); Hypothesis does.
ast.parse = one_at_a_time(ast.parse)

# Schemathesis writes a text's limit into its pattern, as a repetition: one of {0,100000} takes half a second
# to compile, each time. The limit holds even if it is not in the pattern.
LARGEST_REPETITION = 300
write_limit_into_pattern = converter.update_pattern_in_schema


def write_small_limit_into_pattern(schema):
    if (schema.get("maxLength") or 0) <= LARGEST_REPETITION:
        write_limit_into_pattern(schema)


converter.update_pattern_in_schema = write_small_limit_into_pattern

# The ids that exist, by the name of their parameter in a path.
KNOWN = json.loads(pathlib.Path("known.json").read_text())
# Calls of each operation: one count for all would give some operations only odd numbers, as the workers happen
# to take turns.
CALLS = collections.defaultdict(itertools.count)



@schemathesis.hook
def before_load_schema(context, raw_schema):
    """Streams of events, which the document types as strings, are checked here event by event."""
    schemas = raw_schema["components"]["schemas"]
    for path in raw_schema["paths"].values():
        for operation in path.values():
            for response in operation["responses"].values() if isinstance(operation, dict) else ():
                stream = response.get("content", {}).get("text/event-stream", {})
                if "contentSchema" in stream.get("schema", {}):
                    stream["schema"] = event_schema(schemas, stream["schema"]["contentSchema"])


def event_schema(schemas, reference):
    alternatives = named(schemas, reference)["anyOf"]
    events = [named(schemas, alternative)["properties"] for alternative in alternatives]
    if any("event" not in event for event in events):
        return {"type": "object", "required": ["data"], "properties": {"data": as_json_text(reference)}}
    return {"anyOf": [named_event_schema(event) for event in events]}


def named_event_schema(event):
    data = event["data"] if event["data"].get("type") == "string" else as_json_text(event["data"])
    return {"type": "object", "required": ["event", "data"], "properties": {"event": event["event"], "data": data}}


def as_json_text(schema):
    return {"type": "string", "contentMediaType": "application/json", "contentSchema": schema}


def named(schemas, reference):
    return schemas[reference["$ref"].rsplit("/", 1)[1]]


KEY = "Idempotency-Key"
LONGEST_KEY = 255
LARGEST_NUMBER = 1e308

# The caller's ids have the right form but do not fit, such as a user's message where a reply is required.
DEPENDS_ON_WHAT_IS_THERE = {"post_chat", "edit_reply", "continue_reply", "regenerate_reply"}

# No schema lists the models; nor the number of tokens that this server allows, which is its default.
CHOOSE_A_MODEL = {"post_chat", "continue_reply", "regenerate_reply", "update_session"}
MOST_TOKENS = 2000
LARGEST_CHOICE = 100_000

# No schema contains the models, the room in a prompt, the number of a character's greetings, or the rule that
# the user speaks last.
COMPANIONS = {
    "companion_chat",
    "companion_chat_stream",
    "start_conversation",
    "choose_greeting",
    "create_character",
    "update_character",
    "import_character",
}

# The lists of a story's settings take several spellings of each value, and languages are tags.
STORY_GENERATION = {
    "generate_premise",
    "generate_outline",
    "refine_outline",
    "generate_start",
    "continue_story",
    "generate_full_story",
    "estimate_story",
    "improve_story_idea",
    "set_up_story",
}
STORY_LISTS = {
    "persona",
    "writing_style",
    "story_tone",
    "narrative_pov",
    "audience_age_group",
    "content_rating",
    "ending_preference",
    "story_length",
    "language",
}
# No schema contains the rules that a scene must have text or a picture to draw, and that a task must have
# failed.
STORY_EDITS = {
    "write_outline",
    "insert_scene",
    "move_scene",
    "write_scene",
    "update_story",
    "retry_story_task",
    "illustrate_story",
}

# Ids that a request may leave out: the conversation to continue, and the caller.
OPTIONAL_IDS = {
    "post_chat": ("session_id", "project_id", "edit_from_message_id", "user_id"),
    "continue_reply": ("user_id",),
    "regenerate_reply": ("user_id",),
    "companion_chat": ("conversation_id", "user_id"),
    "companion_chat_stream": ("conversation_id", "user_id"),
    "insert_scene": ("after_scene_id",),
    **{operation: ("project_id",) for operation in STORY_GENERATION},
}
USER = "x-user-id"

DOSSIER_EDITS = {
    "create_dossier",
    "replace_dossier",
    "merge_dossier",
    "restore_dossier",
    "split_dossier_character",
    "merge_dossier_characters",
    "lock_dossier_field",
    "unlock_dossier_field",
    "undo_dossier_change",
    "redo_dossier_change",
    "resolve_dossier_question",
    "decide_dossier_proposals",
}


@schemathesis.hook
def before_call(context, case, kwargs):
    # A key that is right names one request: another one with it is refused.
    key = case.headers.get(KEY)
    if isinstance(key, str) and 0 < len(key) <= LONGEST_KEY and all("!" <= c <= "~" for c in key):
        unique = uuid.uuid4().hex
        case.headers[KEY] = key[: LONGEST_KEY - len(unique)] + unique
    operation_id = case.operation.definition.raw.get("operationId")
    # The parts of the existing stories have few versions.
    path = case.operation.path
    version = (case.path_parameters or {}).get("version")
    if path.startswith("/story/") and isinstance(version, int) and not isinstance(version, bool) and version % 2 == 0:
        case.path_parameters["version"] = 1
    # A request that follows an unfinished story waits for its end; the known story has ended.
    if operation_id == "follow_story_task" or next(CALLS[operation_id]) % 2 == 0:
        name_what_is_there(path, case.path_parameters or {})
    # Half of the unknown ids are left out, so that some requests begin something.
    for name in OPTIONAL_IDS.get(operation_id, ()):
        if isinstance(case.body, dict) and is_even_uuid(case.body.get(name)):
            del case.body[name]
    if is_even_uuid(case.headers.get(USER)):
        del case.headers[USER]
    if isinstance(case.query, dict) and is_even_uuid(case.query.get("user_id")):
        del case.query["user_id"]
    # A scene is inserted after one that is there, or at the end.
    if operation_id == "insert_scene" and isinstance(case.body, dict) and is_uuid(case.body.get("after_scene_id")):
        case.body["after_scene_id"] = KNOWN["scene_id"][0]
    # The existing characters have two greetings.
    if operation_id == "choose_greeting" and isinstance(case.body, dict):
        index = case.body.get("greeting_index")
        if isinstance(index, int) and not isinstance(index, bool) and index > 1:
            case.body["greeting_index"] = index % 2
    if isinstance(case.body, dict) and operation_id in CHOOSE_A_MODEL | COMPANIONS:
        choose_what_is_there(case.body)
    # A session has its project: a different one in the request is refused.
    if isinstance(case.body, dict) and is_uuid(case.body.get("session_id")) and is_uuid(case.body.get("project_id")):
        del case.body["project_id"]


def choose_what_is_there(body):
    """Half of the models, and all numbers of tokens that are right in form, are what this server has."""
    if isinstance(body.get("model"), str) and body["model"] and next(CALLS["models"]) % 2 == 0:
        body["model"] = "local:scripted"
    tokens = body.get("max_tokens")
    if isinstance(tokens, (int, float)) and not isinstance(tokens, bool) and MOST_TOKENS < tokens <= LARGEST_CHOICE:
        body["max_tokens"] = MOST_TOKENS


def name_what_is_there(path, ids):
    """Ids that belong together: the fuzzer takes a project without a story for a story, and any task for an import."""
    names = {"project_id": "project_id", "scene_id": "scene_id", "task_id": "task_id"}
    if path.startswith("/dossier/"):
        names["task_id"] = "import_task_id"
    elif not path.startswith("/story/"):
        return
    for name, known in names.items():
        if is_uuid(ids.get(name)) and known in KNOWN:
            ids[name] = KNOWN[known][0]


@schemathesis.hook
def filter_failure(context, failure: Failure, case, response) -> bool:
    """Whether it is one: a request that was thought to be right may be wrong all the same."""
    return not (isinstance(failure, RejectedPositiveData) and is_wrong(case, response))


def is_wrong(case, response) -> bool:
    problem = response.json()
    operation_id = case.operation.definition.raw.get("operationId")
    if operation_id in DEPENDS_ON_WHAT_IS_THERE and problem["code"] == "invalid_request" and "errors" not in problem:
        return True
    if operation_id in CHOOSE_A_MODEL and problem["code"] == "invalid_request":
        if [fault["path"] for fault in problem.get("errors", [])] == ["model"]:
            return True
    if operation_id in COMPANIONS and problem["code"] == "invalid_request":
        faults = problem.get("errors", [])
        paths = [fault["path"] for fault in faults]
        # A card is any object, and may have U+0000 in it.
        if operation_id == "import_character" and faults and all("U+0000" in fault["message"] for fault in faults):
            return True
        return all(path == "model" or re.fullmatch(r"messages(\[\d+\]\.role)?", path) for path in paths)
    if operation_id in STORY_GENERATION and problem["code"] == "invalid_request":
        return all(fault["path"] in STORY_LISTS for fault in problem.get("errors", []))
    if operation_id in STORY_EDITS and problem["code"] == "invalid_request" and "errors" not in problem:
        return True
    # Only the core knows the contents of a dossier and the spelling of its things.
    if operation_id in DOSSIER_EDITS and problem["code"] in {"invalid_request", "body_too_large"}:
        return True
    # The allowed hosts, and the rule that an attachment has one source, are only described in words.
    if operation_id in {"create_bot", "update_bot"} and problem["detail"].startswith("access_path "):
        return True
    # Only the database makes cursors.
    if operation_id == "export_account" and problem["detail"].startswith("after must be the cursor "):
        return True
    faults = problem.get("errors", [])
    if faults and all(fault["path"].startswith("attachments[") and "." not in fault["path"] for fault in faults):
        return True
    # Some generated headers do not match their pattern.
    version = case.headers.get("If-Match")
    if version is not None and not re.fullmatch(r'\*|(W/)?"[!#-~]+"', version):
        return True
    # The parser's limit; no declared field comes near it.
    return problem["code"] == "malformed_json" and largest_number(case.body) >= LARGEST_NUMBER


def is_uuid(value) -> bool:
    return isinstance(value, str) and bool(re.fullmatch(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}", value))


def is_even_uuid(value) -> bool:
    return is_uuid(value) and int(value[-1], 16) % 2 == 0


def largest_number(value) -> float:
    if isinstance(value, dict):
        return max(map(largest_number, value.values()), default=0)
    if isinstance(value, list):
        return max(map(largest_number, value), default=0)
    return abs(value) if isinstance(value, (int, float)) else 0
