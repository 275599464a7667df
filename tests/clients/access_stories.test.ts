import { describeAccess } from "./access_matrix.ts";
import { isAboutStories } from "./access_table.ts";

describeAccess("access to stories and dossiers", isAboutStories);
