import { describeAccess } from "./access_matrix.ts";
import { isAboutStories } from "./access_table.ts";

describeAccess("access", (route) => !isAboutStories(route));
