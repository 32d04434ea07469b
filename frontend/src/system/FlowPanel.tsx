import { useMemo, useState } from "react";
import { classes } from "@/ui/classes";
import { Notice } from "@/ui/Notice";
import { Skeleton } from "@/ui/Skeleton";
import { useFlow } from "./Board";
import { linksOf, speakers } from "./flow";
import type { Flow, FlowNode, Link } from "./flow";
import { FlowPicture } from "./FlowPicture";
import { useHeard } from "./live";
import { Manifest } from "./Manifest";
import styles from "./FlowPanel.module.css";

/** Functions and the events between them; each arrow shows the manifest that made it. */
export function FlowPanel() {
  const { data, error } = useFlow();
  return (
    <section aria-labelledby="flow" className={styles.panel}>
      <div className={styles.intro}>
        <h2 id="flow">The flow</h2>
        <p>
          An arrow is a topic: one function says it, another hears it. Choose one to read the
          manifest that made it.
        </p>
      </div>
      {error && (
        <Notice tone="error" title="The flow cannot be read">
          {error.message}
        </Notice>
      )}
      {!data && !error && <Skeleton label="Reading the flow" lines={6} />}
      {data && <Drawn flow={data} />}
    </section>
  );
}

/** What was chosen: an arrow's link, or a function. */
type Chosen = { link: string } | { node: string } | null;

function Drawn({ flow }: { flow: Flow }) {
  const [chosen, choose] = useState<Chosen>(null);
  const links = useMemo(() => linksOf(flow.arrows), [flow]);
  const ids = useMemo(() => speakers(flow), [flow]);
  const link = chosen && "link" in chosen ? links.find((one) => one.id === chosen.link) : undefined;
  const node =
    chosen && "node" in chosen ? flow.nodes.find((one) => one.function === chosen.node) : undefined;
  return (
    <>
      <FlowPicture
        ids={ids}
        links={links}
        chosen={link?.id ?? node?.function}
        onLink={(id) => choose({ link: id })}
        onNode={(id) => choose({ node: id })}
      />
      <LinkList links={links} chosen={link?.id} onLink={(id) => choose({ link: id })} />
      <div aria-live="polite" className={classes(link && styles.wide)}>
        {link && <LinkManifests key={link.id} link={link} />}
        {node && <NodeManifest node={node} />}
      </div>
    </>
  );
}

interface LinkListProps {
  links: readonly Link[];
  chosen: string | undefined;
  onLink: (id: string) => void;
}

/** The same arrows as words, where the picture has no room. */
function LinkList({ links, chosen, onLink }: LinkListProps) {
  const beats = useHeard((heard) => heard.beats);
  return (
    <ul className={styles.links}>
      {links.map((link) => {
        const beat = link.arrows.reduce((sum, one) => sum + (beats.get(one.topic) ?? 0), 0);
        return (
          <li key={link.id}>
            <button
              type="button"
              className={styles.link}
              aria-pressed={link.id === chosen}
              onClick={() => onLink(link.id)}
            >
              {beat > 0 && <span key={beat} className={styles.beat} aria-hidden="true" />}
              {link.from} <span aria-label="to">→</span> {link.to}
              <span className={styles.topics}>
                {link.arrows.map((one) => one.topic).join(", ")}
              </span>
            </button>
            {link.id === chosen && <LinkManifests link={link} />}
          </li>
        );
      })}
    </ul>
  );
}

function LinkManifests({ link }: { link: Link }) {
  const [source, setSource] = useState(link.arrows[0]?.source);
  const arrow = link.arrows.find((one) => one.source === source) ?? link.arrows[0];
  if (!arrow) return null;
  const sources = [...new Map(link.arrows.map((one) => [one.source, one])).values()];
  return (
    <Manifest
      title={`${link.from} says ${link.arrows.map((one) => one.topic).join(", ")}; ${link.to} hears it`}
      file={arrow.file}
      yaml={arrow.yaml}
    >
      {sources.length > 1 && (
        <div className={styles.sources} role="group" aria-label="Sources of this arrow">
          {sources.map((one) => (
            <button
              key={one.source}
              type="button"
              aria-pressed={one === arrow}
              className={styles.source}
              onClick={() => setSource(one.source)}
            >
              {one.topic}
            </button>
          ))}
        </div>
      )}
    </Manifest>
  );
}

function NodeManifest({ node }: { node: FlowNode }) {
  return (
    <Manifest title={node.function} file={node.file} yaml={node.yaml}>
      <p className={styles.story}>{node.story}</p>
    </Manifest>
  );
}
