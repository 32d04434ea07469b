import Head from "next/head";
import Link from "next/link";
import { Landing } from "@/people/Landing";
import { YourPages } from "@/people/YourPages";

export default function Home() {
  return (
    <>
      <Head>
        <title>LearnFlow: a tutor who suits you, at once</title>
        <meta
          name="description"
          content="Students say what they want to learn, tutors what they teach. LearnFlow finds who suits whom and tells both at once."
        />
      </Head>
      <Landing />
      <YourPages />
      <p>
        Curious how it works?{" "}
        <Link href="/system/" prefetch={false}>
          Watch the system
        </Link>
        : every step is a small function that wakes when it is needed and sleeps again.
      </p>
    </>
  );
}
