import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig, type Plugin } from "vite";

/** What the page must live under; the preview of a build answers with it, so that the tests would see a breach. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; font-src 'self'; connect-src 'self'";

export default defineConfig(({ mode }) => ({
  plugins: [svelte() as Plugin[]],
  base: "./",
  build: {
    target: "es2022",
    assetsInlineLimit: 0, // data: fonts and scripts would break the policy
    modulePreload: { polyfill: false },
    sourcemap: mode === "test",
    chunkSizeWarningLimit: 400,
  },
  preview: { headers: { "Content-Security-Policy": POLICY } },
}));
