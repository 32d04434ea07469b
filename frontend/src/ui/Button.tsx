import type { AnchorHTMLAttributes, ButtonHTMLAttributes } from "react";
import Link from "next/link";
import { classes } from "./classes";
import styles from "./Button.module.css";

export type ButtonKind = "primary" | "secondary" | "quiet" | "danger";

interface Look {
  /** How much it asks to be pressed; `secondary` unless told. */
  kind?: ButtonKind;
  small?: boolean;
}

type ButtonProps = Look &
  ButtonHTMLAttributes<HTMLButtonElement> & {
    /** While true the button says `busyText`, stays focusable and ignores presses. */
    busy?: boolean;
    busyText?: string;
  };

/** A button; `type` is button unless told. */
export function Button({
  kind = "secondary",
  small = false,
  busy = false,
  busyText,
  type = "button",
  className,
  children,
  onClick,
  ...rest
}: ButtonProps) {
  return (
    <button
      {...rest}
      type={type}
      aria-disabled={busy || undefined}
      className={classes(styles.button, styles[kind], small && styles.small, className)}
      onClick={(event) => (busy ? event.preventDefault() : onClick?.(event))}
    >
      {busy ? (busyText ?? children) : children}
    </button>
  );
}

type ButtonLinkProps = Look & AnchorHTMLAttributes<HTMLAnchorElement> & { href: string };

/** A link that looks like a button: it goes somewhere, it does nothing. */
export function ButtonLink({ kind = "secondary", small, className, ...rest }: ButtonLinkProps) {
  const look = classes(styles.button, styles[kind], small && styles.small, className);
  return <Link prefetch={false} {...rest} className={look} />;
}
