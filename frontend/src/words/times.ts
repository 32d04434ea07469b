export const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;

const NAMES = {
  mon: "Monday",
  tue: "Tuesday",
  wed: "Wednesday",
  thu: "Thursday",
  fri: "Friday",
  sat: "Saturday",
  sun: "Sunday",
} as const;

type Day = (typeof DAYS)[number];

export function dayName(day: Day): string {
  return NAMES[day];
}

/** `mon-16` to its parts. */
export function parts(time: string): { day: Day; hour: number } | undefined {
  const [day, hour] = time.split("-");
  const known = DAYS.find((one) => one === day);
  return known && hour ? { day: known, hour: Number(hour) } : undefined;
}

export function clock(hour: number): string {
  return `${String(hour).padStart(2, "0")}:00`;
}

/** Weekly hours as people say them, hours in a row as one: "Mon 16:00–18:00, Wed 17:00–18:00". */
export function spoken(times: readonly string[]): string[] {
  return DAYS.flatMap((day) => {
    const hours = times.flatMap((time) => {
      const known = parts(time);
      return known?.day === day ? [known.hour] : [];
    });
    return runs(hours).map(([from, to]) => `${NAMES[day].slice(0, 3)} ${clock(from)}–${clock(to)}`);
  });
}

function runs(hours: readonly number[]): [number, number][] {
  const found: [number, number][] = [];
  for (const hour of [...hours].sort((one, other) => one - other)) {
    const last = found.at(-1);
    if (last && last[1] === hour) last[1] = hour + 1;
    else found.push([hour, hour + 1]);
  }
  return found;
}
