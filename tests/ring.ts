// Selects the tests: those of the short ring at each change, those of the long one (`./scripts/test
// --all`) before a release. A file only for the long ring is named *.long.test.ts.

export const isLongRing = process.env["FABULA_TEST_RING"] === "long";
