import Link from "next/link";
import { Button } from "@/ui/Button";
import { addressOf, forget, usePages } from "./pages";
import styles from "./YourPages.module.css";

/** The pages that were opened on this device; nothing while there are none. */
export function YourPages() {
  const pages = usePages();
  if (pages.length === 0) return null;
  return (
    <section className={styles.pages} aria-labelledby="your-pages">
      <h2 id="your-pages">Your pages on this device</h2>
      <ul className={styles.list}>
        {pages.map((page) => (
          <li key={page.id} className={styles.page}>
            <Link href={addressOf(page)} prefetch={false}>
              <bdi>{page.name}</bdi>
            </Link>
            <span className={styles.kind}>{page.kind === "student" ? "Student" : "Tutor"}</span>
            <Button kind="quiet" small onClick={() => forget(page.id)}>
              Forget<span className="visually-hidden"> {page.name}</span>
            </Button>
          </li>
        ))}
      </ul>
    </section>
  );
}
