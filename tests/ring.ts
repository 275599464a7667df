// Which tests run: those of the short ring at each change, those of the long one (`./scripts/test --all`)
// before a release. A file of the long ring alone is called *.long.test.ts.

export const isLongRing = process.env["FABULA_TEST_RING"] === "long";
