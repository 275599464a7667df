import { compareWith, SDKS } from "./official_sdks.ts";

compareWith(SDKS.openai);
