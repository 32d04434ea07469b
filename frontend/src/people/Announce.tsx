/** Says politely what changed on the page; the words are also seen elsewhere. */
export function Announce({ words }: { words: string }) {
  return (
    <p className="visually-hidden" aria-live="polite" role="status">
      {words}
    </p>
  );
}
