// People's actions on their own data, in either database.
import { describeBots } from "./bot_behaviour.ts";
import { describeDossiers } from "./dossier_behaviour.ts";
import { describeDossierLogs } from "./dossier_log_behaviour.ts";
import { describeDossierPaths } from "./dossier_path_behaviour.ts";
import { describeWhatIsTold } from "./dossier_told_behaviour.ts";
import { describeDossierTurns } from "./dossier_turn_behaviour.ts";
import { describeDossierVersions } from "./dossier_version_behaviour.ts";
import { describeExtraction } from "./extraction_behaviour.ts";
import { describeImports } from "./import_behaviour.ts";
import { describeMessageLists } from "./message_list_behaviour.ts";
import { describeProjects } from "./project_behaviour.ts";
import { describeSessionLists } from "./session_list_behaviour.ts";
import type { Target } from "./target.ts";

/** Defines the tests; the target is asked for when they run. */
export function describeData(target: () => Target): void {
  describeProjects(target);
  describeDossiers(target);
  describeDossierLogs(target);
  describeDossierVersions(target);
  describeDossierPaths(target);
  describeDossierTurns(target);
  describeWhatIsTold(target);
  describeExtraction(target);
  describeImports(target);
  describeSessionLists(target);
  describeMessageLists(target);
  describeBots(target);
}
