// Which caller gets what at every route, taken from design section 9 and the feature list before
// anything is run. A different result is a fault of the product, or a decision to be recorded here.

/** A route's requirement on its caller. */
export const ACCESS = ["anyone", "caller", "guest", "operator"] as const;
export type Access = (typeof ACCESS)[number];

/** The owner of the id in a route's path. */
export const COLUMNS = ["own", "another's", "unknown", "malformed"] as const;
export type Column = (typeof COLUMNS)[number];

// `let in`: the route's own row below has the result. Bad credentials are reported before any fault of
// the path, the body or the id, except for a malformed guest token: only the database knows that it is
// invalid, and it is not asked about malformed ids. Routes that require a `guest` make a new one of an
// anonymous caller; an `operator` is a caller with the secret key.
const CALLERS_TABLE = `
  who is calling                              anyone  caller                   guest              operator
  nobody                                      let in  401 missing_credentials  let in             401 missing_credentials
  the publishable key                         let in  401 missing_credentials  let in             401 invalid_token
  a token of role anon                        let in  401 missing_credentials  let in             401 invalid_token
  a guest                                     let in  let in                   let in             401 invalid_token
  another guest                               let in  let in                   let in             401 invalid_token
  a user                                      let in  let in                   let in             401 invalid_token
  another user                                let in  let in                   let in             401 invalid_token
  a user's token that has expired             let in  401 token_expired        401 token_expired  401 invalid_token
  a user's token by another key               let in  401 invalid_token        401 invalid_token  401 invalid_token
  a user's token without a signature          let in  401 invalid_token        401 invalid_token  401 invalid_token
  a user's token by the public key as PEM     let in  401 invalid_token        401 invalid_token  401 invalid_token
  a user's token by the public key as JSON    let in  401 invalid_token        401 invalid_token  401 invalid_token
  garbage                                     let in  401 invalid_token        401 invalid_token  401 invalid_token
  the secret key                              let in  401 invalid_token        401 invalid_token  let in
  a guest token that nobody has               let in  401 invalid_token        401 invalid_token  401 invalid_token
`;

// Another's things are answered like missing ones. Routes that end something come last, because they
// are called in this order.
const ROUTES_TABLE = `
  route                                         access  own  another's      unknown        malformed
  GET /chat/health                              anyone  200
  GET /chat/health/ready  anyone  200
  GET /companion/health                         anyone  200
  GET /companion/health/ready  anyone  200
  GET /dossier/health                           anyone  200
  GET /dossier/health/ready  anyone  200
  GET /docs                                     anyone  200
  GET /docs/health                              anyone  200
  GET /docs/openapi.json                        anyone  200
  GET /projects/health                          anyone  200
  GET /projects/health/ready  anyone  200
  GET /realtime/health                          anyone  200
  GET /realtime/health/ready  anyone  200
  GET /redoc                                    anyone  308
  GET /redoc/health                             anyone  200
  GET /sessions/health                          anyone  200
  GET /sessions/health/ready  anyone  200
  GET /story/health  anyone  200
  GET /story/health/ready  anyone  200
  GET /story/options  anyone  200
  GET /story/tools  anyone  200
  POST /story/estimate  anyone  200
  GET /stream/health                            anyone  200
  GET /stream/health/ready  anyone  200
  GET /stream/healthz                           anyone  200
  GET /tasks/health                             anyone  200
  GET /tasks/health/ready  anyone  200
  GET /users/health                             anyone  200
  GET /users/health/ready  anyone  200
  POST /chat                                    guest   200
  GET /chat/messages/{message_id}/context       caller  200  404 not_found  404 not_found  400 invalid_id
  GET /chat/messages/{message_id}/takes         caller  200  404 not_found  404 not_found  400 invalid_id
  GET /dossier                                  caller  200
  GET /dossier/{project_id}                     caller  200  404 not_found  404 not_found  400 invalid_id
  GET /dossier/{project_id}/versions                                    caller  200  404 not_found  404 not_found  400 invalid_id
  GET /dossier/{project_id}/diff                                        caller  200  404 not_found  404 not_found  400 invalid_id
  GET /dossier/{project_id}/provenance                                  caller  200  404 not_found  404 not_found  400 invalid_id
  GET /dossier/{project_id}/history                                     caller  200  404 not_found  404 not_found  400 invalid_id
  GET /dossier/{project_id}/proposals                                   caller  200  404 not_found  404 not_found  400 invalid_id
  GET /dossier/{project_id}/readings                                    caller  200  404 not_found  404 not_found  400 invalid_id
  GET /dossier/{project_id}/questions                                   caller  200  404 not_found  404 not_found  400 invalid_id
  GET /dossier/{project_id}/import/{task_id}    caller  200  404 not_found  404 not_found  400 invalid_id
  GET /projects                                 caller  200
  GET /projects/{project_id}                    caller  200  404 not_found  404 not_found  400 invalid_id
  GET /sessions                                 caller  200
  GET /sessions/{session_id}                    caller  200  404 not_found  404 not_found  400 invalid_id
  GET /sessions/{session_id}/messages           caller  200  404 not_found  404 not_found  400 invalid_id
  GET /realtime/sessions                        caller  200
  GET /realtime/sessions/{realtime_session_id}          caller  200  404 not_found  404 not_found  404 not_found
  GET /realtime/sessions/{realtime_session_id}/events   caller  200  404 not_found  404 not_found  404 not_found
  GET /users/me                                 caller  200
  GET /users/me/usage                           caller  200
  GET /users/me/export                          caller  200
  GET /users/deletions/{deletion_id}            anyone  404 not_found  404 not_found  404 not_found  400 invalid_id
  GET /users/plans                              operator  200
  PUT /users/plans/{plan_name}                  operator  200
  PUT /users/plans/of/{user_id}                 operator  200
  DELETE /users/plans/{plan_name}               operator  200
  GET /chat/streams/{stream_id}                 caller  200  404 not_found  404 not_found  404 not_found
  GET /stream/v1/streams/{stream_id}            caller  200  404 not_found  404 not_found  404 not_found
  GET /stream/v1/bots                           caller  200
  GET /stream/v1/bots/{bot_id}                  caller  200  404 not_found  404 not_found  400 invalid_id
  GET /stream/metrics                           operator  200
  POST /companion/chat                          guest   200
  POST /companion/chat/stream                   guest   200
  GET /companion/conversation/{conversation_id}            caller  200  404 not_found  404 not_found  400 invalid_id
  GET /companion/conversations                  caller  200
  POST /companion/conversations                 caller  201
  POST /companion/conversations/restore         caller  200
  POST /companion/conversation/{conversation_id}/greeting  caller  200  404 not_found  404 not_found  400 invalid_id
  GET /companion/characters                     caller  200
  POST /companion/characters                    caller  201
  POST /companion/characters/import             caller  201
  GET /companion/characters/{companion_id}      caller  200  404 not_found  404 not_found  400 invalid_id
  GET /companion/characters/{companion_id}/card  caller  200  404 not_found  404 not_found  400 invalid_id
  GET /companion/characters/{companion_id}/memories           caller  200  404 not_found  404 not_found  400 invalid_id
  GET /companion/characters/{companion_id}/memories/export    caller  200  404 not_found  404 not_found  400 invalid_id
  POST /companion/characters/{companion_id}/memories          caller  201  404 not_found  404 not_found  400 invalid_id
  PATCH /companion/characters/{companion_id}/memories/{memory_id}   caller  200  404 not_found  404 not_found  400 invalid_id
  DELETE /companion/characters/{companion_id}/memories/{memory_id}  caller  200  404 not_found  404 not_found  400 invalid_id
  PATCH /companion/characters/{companion_id}    caller  200  404 not_found  404 not_found  400 invalid_id
  DELETE /companion/conversation/{conversation_id}         caller  200  404 not_found  404 not_found  400 invalid_id
  DELETE /companion/characters/{companion_id}   caller  200  404 not_found  404 not_found  400 invalid_id
  POST /users/guest                             guest   201
  POST /stream/v1/bots                          caller  201
  PATCH /stream/v1/bots/{bot_id}                caller  200  404 not_found  404 not_found  400 invalid_id
  POST /stream/v1/stream                        caller  200
  POST /chat/streams/{stream_id}/cancel         caller  200  404 not_found  404 not_found  404 not_found
  POST /stream/v1/streams/{stream_id}/cancel    caller  200  404 not_found  404 not_found  404 not_found
  DELETE /stream/v1/bots/{bot_id}               caller  200  404 not_found  404 not_found  400 invalid_id
  PATCH /chat/messages/{message_id}             caller  200  404 not_found  404 not_found  400 invalid_id
  POST /chat/messages/{message_id}/continue     caller  200  404 not_found  404 not_found  400 invalid_id
  POST /chat/messages/{message_id}/regenerate   caller  200  404 not_found  404 not_found  400 invalid_id
  POST /chat/messages/{message_id}/select       caller  200  404 not_found  404 not_found  400 invalid_id
  PATCH /projects/{project_id}                  caller  200  404 not_found  404 not_found  400 invalid_id
  POST /projects                                caller  201
  PATCH /sessions/{session_id}                  caller  200  404 not_found  404 not_found  400 invalid_id
  POST /users                                   caller  200
  POST /sessions/migrate                        caller  200
  POST /tasks/run                               operator  200
  GET /admin/health  anyone  200
  GET /admin/health/ready  anyone  200
  GET /admin/usage  operator  200
  GET /admin/accounts  operator  200
  GET /admin/accounts/{user_id}  operator  200
  PATCH /admin/accounts/{user_id}  operator  200
  GET /admin/erasures  operator  200
  GET /admin/jobs/failed  operator  200
  POST /admin/jobs/{job_id}/retry  operator  404 not_found
  POST /admin/encryption/rotate  operator  200
  PATCH /dossier/{project_id}                                           caller  200  404 not_found  404 not_found  400 invalid_id
  POST /dossier/{project_id}/undo                                       caller  200  404 not_found  404 not_found  400 invalid_id
  POST /dossier/{project_id}/redo                                       caller  200  404 not_found  404 not_found  400 invalid_id
  POST /dossier/{project_id}/questions/{question_id}/resolve            caller  200  404 not_found  404 not_found  400 invalid_id
  POST /dossier/{project_id}/lock                                       caller  200  404 not_found  404 not_found  400 invalid_id
  POST /dossier/{project_id}/unlock                                     caller  200  404 not_found  404 not_found  400 invalid_id
  POST /dossier/{project_id}/characters/{character_id}/split            caller  200  404 not_found  404 not_found  400 invalid_id
  POST /dossier/{project_id}/characters/merge                           caller  200  404 not_found  404 not_found  400 invalid_id
  POST /dossier/{project_id}/proposals/{proposal_id}/accept             caller  200  404 not_found  404 not_found  400 invalid_id
  POST /dossier/{project_id}/proposals/{proposal_id}/reject             caller  200  404 not_found  404 not_found  400 invalid_id
  POST /dossier/{project_id}/proposals                                  caller  200  404 not_found  404 not_found  400 invalid_id
  DELETE /dossier/{project_id}/entries/{entry_id}                       caller  200  404 not_found  404 not_found  400 invalid_id
  PUT /dossier/{project_id}                                             caller  200  404 not_found  404 not_found  400 invalid_id
  POST /dossier/{project_id}/restore/{version}                          caller  200  404 not_found  404 not_found  400 invalid_id
  POST /dossier                                                         caller  201
  DELETE /dossier/{project_id}                                          caller  200  404 not_found  404 not_found  400 invalid_id
  POST /dossier/{project_id}/import             caller  202  404 not_found  404 not_found  400 invalid_id
  DELETE /dossier/{project_id}/import/{task_id}  caller  200  404 not_found  404 not_found  400 invalid_id
  GET /story/cache/stats  caller  200
  GET /story/task/{task_id}/status  caller  200  404 not_found  404 not_found  400 invalid_id
  GET /story/task/{task_id}/result  caller  200  404 not_found  404 not_found  400 invalid_id
  GET /story/task/{task_id}/events  caller  200  404 not_found  404 not_found  400 invalid_id
  GET /story/projects/{project_id}  caller  200  404 not_found  404 not_found  400 invalid_id
  GET /story/projects/{project_id}/scenes/{scene_id}  caller  200  404 not_found  404 not_found  400 invalid_id
  GET /story/projects/{project_id}/premise/versions  caller  200  404 not_found  404 not_found  400 invalid_id
  GET /story/projects/{project_id}/outline/versions  caller  200  404 not_found  404 not_found  400 invalid_id
  GET /story/projects/{project_id}/scenes/{scene_id}/versions  caller  200  404 not_found  404 not_found  400 invalid_id
  GET /story/illustrations/{project_id}  caller  200  404 not_found  404 not_found  400 invalid_id
  DELETE /story/illustrations/{project_id}/{scene_id}  caller  200  404 not_found  404 not_found  400 invalid_id
  POST /story/illustrations  caller  202
  GET /story/export/{project_id}  caller  200  404 not_found  404 not_found  400 invalid_id
  PATCH /story/projects/{project_id}  caller  200  404 not_found  404 not_found  400 invalid_id
  PATCH /story/projects/{project_id}/scenes/{scene_id}  caller  200  404 not_found  404 not_found  400 invalid_id
  PUT /story/projects/{project_id}/premise  caller  200  404 not_found  404 not_found  400 invalid_id
  PUT /story/projects/{project_id}/outline  caller  200  404 not_found  404 not_found  400 invalid_id
  POST /story/projects/{project_id}/premise/versions/{version}/select  caller  200  404 not_found  404 not_found  400 invalid_id
  POST /story/projects/{project_id}/premise/lock  caller  200  404 not_found  404 not_found  400 invalid_id
  POST /story/projects/{project_id}/premise/unlock  caller  200  404 not_found  404 not_found  400 invalid_id
  POST /story/projects/{project_id}/outline/versions/{version}/select  caller  200  404 not_found  404 not_found  400 invalid_id
  POST /story/projects/{project_id}/outline/lock  caller  200  404 not_found  404 not_found  400 invalid_id
  POST /story/projects/{project_id}/outline/unlock  caller  200  404 not_found  404 not_found  400 invalid_id
  POST /story/projects/{project_id}/scenes/{scene_id}/versions/{version}/select  caller  200  404 not_found  404 not_found  400 invalid_id
  POST /story/projects/{project_id}/scenes/{scene_id}/lock  caller  200  404 not_found  404 not_found  400 invalid_id
  POST /story/projects/{project_id}/scenes/{scene_id}/unlock  caller  200  404 not_found  404 not_found  400 invalid_id
  POST /story/projects/{project_id}/scenes  caller  201  404 not_found  404 not_found  400 invalid_id
  POST /story/projects/{project_id}/scenes/{scene_id}/move  caller  200  404 not_found  404 not_found  400 invalid_id
  POST /story/projects/{project_id}/scenes/{scene_id}/regenerate  caller  200  404 not_found  404 not_found  400 invalid_id
  DELETE /story/projects/{project_id}/scenes/{scene_id}  caller  200  404 not_found  404 not_found  400 invalid_id
  POST /story/projects/{project_id}/scenes/{scene_id}/restore  caller  200  404 not_found  404 not_found  400 invalid_id
  POST /story/ideas  guest  200
  POST /story/setup  guest  200
  POST /story/generate-premise  guest  200
  POST /story/generate-outline  guest  200
  POST /story/refine-outline  guest  200
  POST /story/generate-start  guest  200
  POST /story/continue  guest  200
  POST /story/generate-full  guest  202
  POST /story/cache/clear  caller  200
  POST /story/task/{task_id}/cancel  caller  200  404 not_found  404 not_found  400 invalid_id
  POST /story/task/{task_id}/pause  caller  200  404 not_found  404 not_found  400 invalid_id
  POST /story/task/{task_id}/resume  caller  200  404 not_found  404 not_found  400 invalid_id
  POST /story/task/{task_id}/retry  caller  422 invalid_request  404 not_found  404 not_found  400 invalid_id
  DELETE /sessions/{session_id}                 caller  200  404 not_found  404 not_found  400 invalid_id
  DELETE /sessions                              caller  200
  DELETE /projects/{project_id}                 caller  200  404 not_found  404 not_found  400 invalid_id
  DELETE /users/me                              caller  202
`;

// A guest is no account, and cannot take over another guest's data.
const EXCEPTIONS_TABLE = `
  who is calling                 route                   column     gets
  a guest                        POST /sessions/migrate  own        403 forbidden
  another guest                  POST /sessions/migrate  own        403 forbidden
  a guest token that nobody has  GET /chat/streams/{stream_id}               malformed  401 invalid_token
  a guest token that nobody has  GET /stream/v1/streams/{stream_id}          malformed  401 invalid_token
  a guest token that nobody has  POST /chat/streams/{stream_id}/cancel       malformed  401 invalid_token
  a guest token that nobody has  POST /stream/v1/streams/{stream_id}/cancel  malformed  401 invalid_token
  a guest token that nobody has  GET /realtime/sessions/{realtime_session_id}         malformed  401 invalid_token
  a guest token that nobody has  GET /realtime/sessions/{realtime_session_id}/events  malformed  401 invalid_token
  a guest token that nobody has  *                       malformed  400 invalid_id
`;

/** The rows of a table by the names of its columns, which at least two spaces set apart. */
function read(table: string): Record<string, string>[] {
  const [names, ...rows] = table.trim().split("\n").map((line) => line.trim().split(/ {2,}/));
  return rows.map((cells) => Object.fromEntries(cells.map((cell, place) => [names![place]!, cell])));
}

export interface Route {
  /** Such as `GET /sessions/{session_id}`. */
  name: string;
  method: string;
  path: string;
  access: Access;
  /** The results for callers who are let in; routes without an id only have `own`. */
  cells: Partial<Record<Column, string>>;
}

export const ROUTES: readonly Route[] = read(ROUTES_TABLE).map((row) => {
  const { route: name = "", access } = row;
  const [method = "", path = ""] = name.split(" ");
  const cells = COLUMNS.flatMap((column) => (row[column] === undefined ? [] : [[column, row[column]]]));
  return { name, method, path, access: access as Access, cells: Object.fromEntries(cells) };
});

const callers = read(CALLERS_TABLE);
const exceptions = read(EXCEPTIONS_TABLE);

export const CALLERS: readonly string[] = callers.map((row) => row["who is calling"]!);

export interface Cell {
  route: Route;
  caller: string;
  column: Column;
  /** A status, and of a refusal its code. */
  expected: string;
}

/** The routes of stories and dossiers are half of the work: two files test at once. */
export const isAboutStories = ({ path }: Route): boolean => /^\/(story|dossier)(\/|$)/.test(path);

/** All cells of a route. */
export function cellsOf(route: Route): Cell[] {
  return callers.flatMap((row) => {
    const caller = row["who is calling"]!;
    return Object.entries(route.cells).map(([name, cell]): Cell => {
      const column = name as Column;
      const exception = exceptions.find(
        (other) =>
          other["who is calling"] === caller &&
          (other["route"] === route.name || other["route"] === "*") &&
          other["column"] === column,
      );
      const byCaller = row[route.access]!;
      const expected = exception?.["gets"] ?? (byCaller === "let in" ? cell : byCaller);
      return { route, caller, column, expected };
    });
  });
}
