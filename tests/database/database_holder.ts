// A process that runs a database until it is killed: node database_holder.js ROOT DATA_DIR
import { startDatabase } from "../../scripts/local/database.ts";
import { databaseOptions } from "./rest_target.ts";

const [root = "", dataDir = ""] = process.argv.slice(2);
const database = await startDatabase(databaseOptions(root, dataDir));
console.log(database.url);
