import { useMemo, useState } from "react";
import type { KeyboardEvent } from "react";
import { classes } from "@/ui/classes";
import { instancesOf } from "./breathing";
import type { FunctionState } from "./documents";
import type { Link } from "./flow";
import { useFunctions, useHeard } from "./live";
import { NODE, pictureOf } from "./picture";
import type { Arrow, Box } from "./picture";
import styles from "./FlowPicture.module.css";

interface FlowPictureProps {
  ids: readonly string[];
  links: readonly Link[];
  /** The id of the chosen link, or the name of the chosen function. */
  chosen: string | undefined;
  onLink: (id: string) => void;
  onNode: (id: string) => void;
}

/** The flow as a picture: boxes fill while functions are awake, arrows pulse when events pass. */
export function FlowPicture({ ids, links, chosen, onLink, onNode }: FlowPictureProps) {
  const picture = useMemo(() => pictureOf(ids, links), [ids, links]);
  const states = new Map(useFunctions().data?.functions.map((one) => [one.function, one]));
  const [near, setNear] = useState<string | null>(null);
  const named = links.find((one) => one.id === (near ?? chosen));
  return (
    <div className={styles.picture}>
      <p className={styles.caption} aria-hidden="true">
        {named ? wordsOf(named) : "Point at an arrow to read what it carries."}
      </p>
      <svg
        viewBox={`0 0 ${picture.width} ${picture.height}`}
        role="group"
        aria-label="Functions and the events between them"
      >
        <defs>
          <marker
            id="tip"
            viewBox="0 0 8 8"
            refX="7"
            refY="4"
            markerUnits="userSpaceOnUse"
            markerWidth="9"
            markerHeight="9"
            orient="auto"
          >
            <path className={styles.tip} d="M0 0.5L7.5 4L0 7.5Z" />
          </marker>
        </defs>
        {picture.arrows.map((arrow) => (
          <Way
            key={arrow.link.id}
            arrow={arrow}
            chosen={arrow.link.id === chosen}
            onChoose={onLink}
            onNear={setNear}
          />
        ))}
        {picture.boxes.map((box) => (
          <FunctionBox
            key={box.id}
            box={box}
            state={states.get(box.id)}
            chosen={box.id === chosen}
            onChoose={onNode}
          />
        ))}
      </svg>
    </div>
  );
}

function wordsOf(link: Link): string {
  return `${link.from} → ${link.arrows.map((one) => one.topic).join(", ")} → ${link.to}`;
}

/** What makes an SVG part a button for mouse and keyboard. */
function pressable(label: string, pressed: boolean, press: () => void) {
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    press();
  };
  const names = { role: "button", "aria-label": label, "aria-pressed": pressed } as const;
  return { ...names, tabIndex: 0, onClick: press, onKeyDown };
}

interface WayProps {
  arrow: Arrow;
  chosen: boolean;
  onChoose: (id: string) => void;
  onNear: (id: string | null) => void;
}

function Way({ arrow: { link, d }, chosen, onChoose, onNear }: WayProps) {
  const beats = useHeard((heard) => heard.beats);
  const beat = link.arrows.reduce((sum, one) => sum + (beats.get(one.topic) ?? 0), 0);
  const near = () => onNear(link.id);
  const far = () => onNear(null);
  return (
    <g
      {...pressable(wordsOf(link), chosen, () => onChoose(link.id))}
      className={classes(styles.way, chosen && styles.chosen)}
      onPointerEnter={near}
      onPointerLeave={far}
      onFocus={near}
      onBlur={far}
    >
      <path className={styles.grip} d={d} />
      <path className={styles.arrow} d={d} markerEnd="url(#tip)" />
      {beat > 0 && <path key={beat} className={styles.pulse} d={d} pathLength={1} />}
    </g>
  );
}

interface FunctionBoxProps {
  box: Box;
  state: FunctionState | undefined;
  chosen: boolean;
  onChoose: (id: string) => void;
}

function FunctionBox({ box, state, chosen, onChoose }: FunctionBoxProps) {
  const live = state ? instancesOf(state) : 0;
  const words = live > 0 ? `${live} awake` : "at zero";
  return (
    <g
      {...pressable(`${box.id}, ${words}`, chosen, () => onChoose(box.id))}
      className={classes(
        styles.box,
        live > 0 ? styles.awake : styles.asleep,
        chosen && styles.chosen,
      )}
      transform={`translate(${box.x} ${box.y})`}
    >
      <rect width={NODE.width} height={NODE.height} rx="8" />
      <text x="12" y="20" className={styles.name}>
        {box.id}
      </text>
      {Array.from({ length: Math.max(1, Math.min(live, 10)) }, (_, nth) => (
        <circle key={nth} cx={16 + nth * 13} cy="33" r="4" />
      ))}
    </g>
  );
}
