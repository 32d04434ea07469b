interface Point {
  x: number;
  y: number;
}

/** A curve from left to right, level through the boxes it passes. */
export function forwardPath(start: Point, between: (Point & { width: number })[], end: Point) {
  let d = `M${at(start)}`;
  let last = start;
  for (const box of between) {
    d += bend(last, box);
    last = { x: box.x + box.width, y: box.y };
    d += `L${at(last)}`;
  }
  return d + bend(last, end);
}

/** A curve below the boxes, against the flow. */
export function backPath(start: Point, end: Point): string {
  const depth = 34 + Math.abs(start.x - end.x) * 0.03;
  const low = Math.max(start.y, end.y) + depth;
  return `M${at(start)}C${at({ x: start.x, y: low })} ${at({ x: end.x, y: low })} ${at(end)}`;
}

/** A loop above a box, for what it says to itself. */
export function selfPath(x: number, y: number): string {
  const high = y - 30;
  return `M${at({ x: x + 16, y })}C${at({ x: x + 34, y: high })} ${at({ x: x - 34, y: high })} ${at({ x: x - 16, y })}`;
}

function bend(from: Point, to: Point): string {
  const middle = (from.x + to.x) / 2;
  return `C${at({ x: middle, y: from.y })} ${at({ x: middle, y: to.y })} ${at(to)}`;
}

function at({ x, y }: Point): string {
  return `${Math.round(x * 10) / 10} ${Math.round(y * 10) / 10}`;
}
