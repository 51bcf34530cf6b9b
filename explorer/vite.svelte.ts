// How components are compiled, for the server's page and for the page as one file.
import { svelte } from "@sveltejs/vite-plugin-svelte";
import type { Plugin } from "vite";

export const components = (): Plugin[] => [
  ...(svelte({ compilerOptions: { cssHash: ({ hash, filename }) => `s${hash(filename).slice(0, 4)}` } }) as Plugin[]),
  {
    // No custom elements are made, but Svelte's class for them would stay in the page.
    name: "no-custom-elements",
    load: (id) => (id.endsWith("/dom/elements/custom-element.js") ? "export const create_custom_element = () => {};" : null),
  },
];
