import type { NextConfig } from "next";

/** A static export: no server of its own, the gateway or any web server gives the files. */
const config: NextConfig = {
  output: "export",
  trailingSlash: true,
  reactStrictMode: true,
  // `npm run check` has tsc, with the tests; a build has neither vitest nor the time.
  typescript: { ignoreBuildErrors: true },
  poweredByHeader: false,
  images: { unoptimized: true },
  outputFileTracingRoot: import.meta.dirname,
};

export default config;
