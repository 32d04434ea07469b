import type { ReactNode } from "react";
import Link from "next/link";
import { useRouter } from "next/router";
import { LiveBadge } from "./LiveBadge";
import { ThemeToggle } from "./ThemeToggle";
import { useShownLive } from "./live-slot";
import styles from "./Layout.module.css";

const PLACES = [
  { href: "/student/", label: "Student" },
  { href: "/tutor/", label: "Tutor" },
  { href: "/system/", label: "System" },
];

function Mark() {
  return (
    <svg className={styles.mark} viewBox="0 0 32 32" aria-hidden="true">
      <path d="M8 22c7 0 9-12 16-12" />
      <circle cx="8" cy="22" r="4" />
      <circle cx="24" cy="10" r="4" className={styles.far} />
    </svg>
  );
}

function Nav() {
  const { pathname } = useRouter();
  return (
    <nav aria-label="Main" className={styles.nav}>
      {PLACES.map(({ href, label }) => (
        <Link
          key={href}
          href={href}
          prefetch={false}
          aria-current={href === `${pathname}/` ? "page" : undefined}
        >
          {label}
        </Link>
      ))}
    </nav>
  );
}

/** Every page: a way past the header, the header, the page, a foot. */
export function Layout({ children }: { children: ReactNode }) {
  const live = useShownLive();
  return (
    <div className={styles.layout}>
      <a className={styles.skip} href="#main">
        Skip to the page
      </a>
      <header className={styles.header}>
        <div className={styles.bar}>
          <Link href="/" prefetch={false} className={styles.name}>
            <Mark />
            LearnFlow
          </Link>
          <Nav />
          <div className={styles.end}>
            {live && <LiveBadge state={live} />}
            <ThemeToggle />
          </div>
        </div>
      </header>
      <main id="main" tabIndex={-1} className={styles.main}>
        {children}
      </main>
      <footer className={styles.footer}>
        <p className={styles.foot}>
          Every operation is one small function that sleeps when nobody needs it.
        </p>
      </footer>
    </div>
  );
}
