/** Emscripten's output for wasm/browser's C++; scripts/steps/bundle-browser.mjs finds it. */
declare module "fabula-core" {
  /** Addresses and lengths are in bytes; the heap's views are replaced when memory grows. */
  export interface CoreModule {
    readonly HEAPU8: Uint8Array<ArrayBuffer>;
    readonly HEAPU32: Uint32Array<ArrayBuffer>;
    _fabula_stream_create(): number;
    _fabula_stream_destroy(stream: number): void;
    _fabula_stream_piece(stream: number, bytes: number): number;
    _fabula_stream_feed(stream: number): void;
    _fabula_stream_next(stream: number): number;
    _fabula_stream_is_too_large(stream: number): number;
    _fabula_text_create(bytes: number): number;
    _fabula_text_destroy(text: number): void;
    _fabula_text_data(text: number): number;
    _fabula_text_bytes(text: number): number;
    _fabula_session_title(text: number): void;
    _fabula_system_prompt(text: number): void;
    _fabula_dossier_create(): number;
    _fabula_dossier_destroy(dossier: number): void;
    _fabula_dossier_add(dossier: number, text: number): number;
    _fabula_dossier_snapshot(dossier: number, text: number): void;
    _fabula_dossier_thing(dossier: number, text: number): void;
    _fabula_dossier_diff(text: number): number;
  }

  export default function createCore(options: { wasmBinary: ArrayBuffer }): Promise<CoreModule>;
}
