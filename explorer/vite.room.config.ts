import { createHash } from "node:crypto";
import { defineConfig, type Plugin } from "vite";
import { components } from "./vite.svelte.ts";

/** Puts script and style into the page, and forbids it every request and every other script. */
function oneFile(): Plugin {
  return {
    name: "one-file",
    enforce: "post",
    generateBundle(_, bundle) {
      const page = bundle["room.html"];
      if (page?.type !== "asset") throw new Error("room.html: the build has no such page.");
      let script = "";
      let style = "";
      for (const [name, part] of Object.entries(bundle)) {
        if (part === page) continue;
        if (part.type === "chunk") script += part.code;
        else if (name.endsWith(".css")) style += String(part.source);
        else throw new Error(`${name}: what the one file needs must be within its script or its style.`);
        delete bundle[name];
      }
      // Neither may end its own element.
      script = script.replaceAll("</script", "<\\/script").replaceAll("<!--", "<\\!--");
      if (style.includes("</style")) throw new Error("The style would end its own element.");
      const hash = createHash("sha256").update(script).digest("base64");
      const policy = `default-src 'none'; script-src 'sha256-${hash}'; style-src 'unsafe-inline'; img-src data: blob:; font-src data:`;
      const html = String(page.source).replace(/\s*<script type="module"[^>]*><\/script>/, "").replace(/\s*<link rel="(stylesheet|modulepreload)"[^>]*>/g, "");
      // The data come before the script that reads them; a function, since `$` in the script means nothing.
      page.source = html
        .replace("<title>", () => `<meta http-equiv="Content-Security-Policy" content="${policy}" />\n    <title>`)
        .replace("</head>", () => `  <style>${style}</style>\n  </head>`)
        .replace("</body>", () => `  <script type="module">${script}</script>\n  </body>`);
    },
  };
}

export default defineConfig({
  plugins: [...components(), oneFile()],
  define: { __ONE_FILE__: true },
  base: "./",
  publicDir: false,
  build: {
    target: "es2022",
    emptyOutDir: false, // beside the server's page
    assetsInlineLimit: 1 << 20,
    cssCodeSplit: false,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 400,
    rollupOptions: { input: "room.html" },
  },
});
