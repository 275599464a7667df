import type { CoreModule } from "fabula-core";
import { withText } from "./core-memory.ts";
import type {
  Dossier,
  DossierDifference,
  DossierEntry,
  DossierSnapshot,
  DossierThing,
} from "./fabula.ts";

const REFUSED = -1;

export class CoreDossier implements Dossier {
  readonly #core: CoreModule;
  /** The core's object; 0 once its memory is freed. */
  #dossier: number;

  constructor(core: CoreModule) {
    this.#core = core;
    this.#dossier = core._fabula_dossier_create();
  }

  add(entries: readonly DossierEntry[]): number {
    const dossier = this.#open();
    const core = this.#core;
    const { output, result } = withText(core, JSON.stringify(entries), (text) =>
      core._fabula_dossier_add(dossier, text),
    );
    if (result === REFUSED) throw new TypeError(output);
    return result;
  }

  snapshotJson(): string {
    const dossier = this.#open();
    const core = this.#core;
    return withText(core, "", (text) => core._fabula_dossier_snapshot(dossier, text)).output;
  }

  snapshot(): DossierSnapshot {
    return JSON.parse(this.snapshotJson()) as DossierSnapshot;
  }

  thing(id: string): DossierThing | undefined {
    const dossier = this.#open();
    const core = this.#core;
    const { output } = withText(core, id, (text) => core._fabula_dossier_thing(dossier, text));
    return output === "" ? undefined : (JSON.parse(output) as DossierThing);
  }

  dispose(): void {
    if (this.#dossier !== 0) this.#core._fabula_dossier_destroy(this.#dossier);
    this.#dossier = 0;
  }

  #open(): number {
    if (this.#dossier === 0) throw new Error("this Dossier has been disposed");
    return this.#dossier;
  }
}

export function compareDossiers(
  core: CoreModule,
  from: DossierSnapshot,
  to: DossierSnapshot,
): DossierDifference {
  const { output, result } = withText(core, JSON.stringify([from, to]), (text) =>
    core._fabula_dossier_diff(text),
  );
  if (result === REFUSED) throw new TypeError(output);
  return JSON.parse(output) as DossierDifference;
}
