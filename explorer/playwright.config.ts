import { defineConfig } from "@playwright/test";

// Against test data, unless LATENT_URL names a running `latent explore`: then the specs that hold for any data run there.
const PORT = Number(process.env.PORT ?? 4187);
const server = process.env.LATENT_URL;
const pageless = process.argv.includes("--project=unit");

export default defineConfig({
  testDir: "tests",
  timeout: 30_000,
  workers: 1,
  reporter: [["list"]],
  use: {
    baseURL: server ?? `http://localhost:${PORT}/`,
    viewport: { width: 1440, height: 900 },
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: ["--no-sandbox", "--disable-dev-shm-usage", "--enable-unsafe-swiftshader"],
    },
  },
  projects: [
    { name: "unit", testMatch: /tests\/unit\/.*\.spec\.ts/ },
    { name: "page", testMatch: /tests\/page\/.*\.spec\.ts/ },
  ],
  webServer: server || pageless ? undefined : { command: `npx vite preview --outDir dist-test --port ${PORT} --strictPort`, port: PORT, reuseExistingServer: false, stdout: "ignore" },
});
