import type { ReactNode } from "react";
import { yamlParts } from "./yaml";
import styles from "./Manifest.module.css";

interface ManifestProps {
  title: string;
  file: string;
  yaml: string;
  children?: ReactNode;
}

/** A manifest as it is in the repository. */
export function Manifest({ title, file, yaml, children }: ManifestProps) {
  return (
    <div className={styles.manifest}>
      <h3>{title}</h3>
      {children}
      <p className={styles.file}>{file}</p>
      <pre className={styles.text} tabIndex={0} aria-label={`The text of ${file}`}>
        <code>
          {yamlParts(yaml).map(({ kind, text }, index) => (
            <span key={index} className={styles[kind]}>
              {text}
            </span>
          ))}
        </code>
      </pre>
    </div>
  );
}
