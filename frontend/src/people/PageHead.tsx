import type { ReactNode, RefObject } from "react";
import Head from "next/head";
import styles from "./PageHead.module.css";

interface PageHeadProps {
  title: string;
  /** What the heading shows where it is more than the title: names keep their direction. */
  heading?: ReactNode;
  eyebrow: ReactNode;
  headingRef?: RefObject<HTMLHeadingElement | null>;
  children?: ReactNode;
}

/** The top of a page: where one is, what it is about, one sentence. */
export function PageHead({ title, heading, eyebrow, headingRef, children }: PageHeadProps) {
  return (
    <div className={styles.head}>
      <Head>
        <title>{`${title} · LearnFlow`}</title>
      </Head>
      <p className={styles.eyebrow}>{eyebrow}</p>
      <h1 ref={headingRef} tabIndex={-1}>
        {heading ?? title}
      </h1>
      {children && <p className={styles.lead}>{children}</p>}
    </div>
  );
}
