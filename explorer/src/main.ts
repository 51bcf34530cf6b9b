import "@fontsource-variable/inter/wght.css";
import "./style.css";
import { openSource } from "./data/source.ts";
import { start } from "./start.ts";

const here = new URL(location.href);
const store = start(await openSource(here.searchParams));
// The cookie stands for the token from now on; it should not linger in the address.
if (here.searchParams.has("token")) history.replaceState(null, "", store.address());
