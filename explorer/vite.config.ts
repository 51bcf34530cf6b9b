import { defineConfig } from "vite";
import { components } from "./vite.svelte.ts";

/** What the page must live under; the preview of a build answers with it, so that the tests would see a breach. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; font-src 'self'; connect-src 'self'";

export default defineConfig(({ mode }) => ({
  plugins: components(),
  define: { __ONE_FILE__: false },
  base: "./",
  build: {
    target: "es2022",
    assetsInlineLimit: 0, // data: fonts and scripts would break the policy
    modulePreload: { polyfill: false },
    // What rooms fetch when they are shown lies in folders of this name; all else is one file: several would compress less.
    rolldownOptions: { output: { codeSplitting: mode === "test" ? true : { groups: [{ name: "page", test: (id) => !id.includes("/later/") }] } } },
    sourcemap: mode === "test",
    chunkSizeWarningLimit: 400,
  },
  preview: { headers: { "Content-Security-Policy": POLICY } },
}));
