import type { ReactNode } from "react";
import { ButtonLink } from "@/ui/Button";
import { Specimen } from "./Specimen";
import styles from "./Landing.module.css";

/** What LearnFlow does, and the two doors. */
export function Landing() {
  return (
    <div className={styles.landing}>
      <div className={styles.opening}>
        <div className={styles.intro}>
          <h1>A tutor who suits you, found while you watch</h1>
          <p>
            Say what you want to learn. LearnFlow compares every tutor who could teach it, books the
            one who suits you best, and tells you why.
          </p>
        </div>
        <Specimen />
      </div>
      <div className={styles.doors}>
        <Door
          title="I am looking for a tutor"
          href="/student/"
          action="Find a tutor"
          kind="primary"
        >
          Name, grade and subject are enough. Your times, languages and budget make it fit better.
        </Door>
        <Door title="I teach" href="/tutor/" action="Offer lessons" kind="secondary">
          Say what and how many you teach. Students come to your page; you accept or decline each.
        </Door>
      </div>
      <ol className={styles.way} aria-label="How it goes">
        <Stage title="You register">No account, no password: a link of your own is the key.</Stage>
        <Stage title="Tutors are compared">
          By hours, languages, goals, price and free places; the reasons are shown to you.
        </Stage>
        <Stage title="Both are told at once">
          If a tutor declines, the next one is booked without you doing anything.
        </Stage>
      </ol>
    </div>
  );
}

interface DoorProps {
  title: string;
  href: string;
  action: string;
  kind: "primary" | "secondary";
  children: ReactNode;
}

function Door({ title, href, action, kind, children }: DoorProps) {
  return (
    <section className={styles.door}>
      <h2>{title}</h2>
      <p>{children}</p>
      <ButtonLink href={href} kind={kind}>
        {action}
      </ButtonLink>
    </section>
  );
}

function Stage({ title, children }: { title: string; children: ReactNode }) {
  return (
    <li className={styles.stage}>
      <strong>{title}</strong>
      <p>{children}</p>
    </li>
  );
}
