/** The platform's functions for the two relays in TypeScript. */
export interface RelayPlatform {
  setting(name: "MODEL_URL" | "DATABASE_URL" | "DATABASE_KEY"): string;
  waitUntil(promise: Promise<unknown>): void;
}

export type Relay = (request: Request, platform: RelayPlatform) => Promise<Response>;
