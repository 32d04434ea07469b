import { useState } from "react";
import type { AppProps } from "next/app";
import Head from "next/head";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import "@fontsource-variable/hanken-grotesk/wght.css";
import "@/ui/tokens.css";
import "@/ui/base.css";
import { Problem } from "@/problem";
import { Layout } from "@/ui/Layout";
import { LiveSlotProvider } from "@/ui/live-slot";

/** What may pass by itself is asked again twice; what was refused is not. */
function retry(failures: number, error: Error): boolean {
  return failures < 2 && !(error instanceof Problem && !error.passes);
}

export default function App({ Component, pageProps }: AppProps) {
  const [queries] = useState(
    () => new QueryClient({ defaultOptions: { queries: { retry, networkMode: "always" } } }),
  );
  return (
    <QueryClientProvider client={queries}>
      <Head>
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>LearnFlow</title>
      </Head>
      <LiveSlotProvider>
        <Layout>
          <Component {...pageProps} />
        </Layout>
      </LiveSlotProvider>
    </QueryClientProvider>
  );
}
