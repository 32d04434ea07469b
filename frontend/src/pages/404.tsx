import Head from "next/head";
import { ButtonLink } from "@/ui/Button";
import { Empty } from "@/ui/Empty";

export default function NotFound() {
  return (
    <>
      <Head>
        <title>Nothing here · LearnFlow</title>
      </Head>
      <h1>Nothing here</h1>
      <Empty
        title="This address leads nowhere"
        action={<ButtonLink href="/">Start page</ButtonLink>}
      >
        It may be mistyped, or from an older version of this site.
      </Empty>
    </>
  );
}
