import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { LeftOut, StudentView, TutorView } from "@/contract/types.gen";
import { languageCodes, languageName } from "./languages";
import { against, decidedBy, inFavour, leftOut } from "./reasons";
import { between } from "./student";
import { subjectInText, subjectName } from "./subjects";
import { spoken } from "./times";

const student = { times: ["mon-16", "mon-17"], languages: ["de"], goals: ["exam"] } as StudentView;
const tutor = {
  times: ["mon-17", "mon-16"],
  languages: ["en", "de"],
  goals: ["exam"],
  experience_years: 8,
  grade_min: 5,
  grade_max: 9,
} as TutorView;

/** The codes that the rankers of this repository give. */
function rankersCodes(): string[] {
  const source = (name: string) => readFileSync(`../learnflow/ranking/${name}.py`, "utf8");
  const rules =
    source("rules")
      .match(/WEIGHTS[^}]+\}/u)?.[0]
      .match(/"(\w+)":/gu) ?? [];
  const learned = source("learned/catalogue").matchAll(/, -?[01], "(\w+)"\)/gu);
  return [...rules.map((code) => code.slice(1, -2)), ...[...learned].map(([, code]) => code!)];
}

describe("reasons", () => {
  it("have sentences of their own for every code of every ranker", () => {
    const codes = [...new Set(rankersCodes())];
    expect(codes.length).toBeGreaterThan(9);
    const bare = codes.filter((code) => {
      const words = code.replaceAll("_", " ");
      const said = [inFavour({ code, value: 1 }, {}), against({ code, value: 1 })];
      return said.some((one) => one.toLowerCase().startsWith(words));
    });
    expect(bare).toEqual([]);
  });

  it("name what both have in common", () => {
    const said = (code: string) => inFavour({ code, value: 1 }, { student, tutor });
    expect(said("shared_hours")).toBe("Has time when you do: Mon 16:00–18:00");
    expect(said("shared_languages")).toBe("Speaks German, as you do");
    expect(said("shared_goals")).toBe("Teaches for what you want: exams");
    expect(said("experience")).toBe("Has taught for 8 years");
    expect(said("grade_focus")).toBe("Concentrates on grades 5 to 9");
  });

  it("are readable when a newer ranker gives a code that has no sentence", () => {
    expect(inFavour({ code: "left_handed", value: 1 }, {})).toBe("Left handed");
  });

  it("say why the runner-up was not chosen", () => {
    const by = (code: string) => decidedBy([{ code, value: 1 }], "Anna", "Ben");
    expect(by("experience")).toBe("Anna was ahead by more experience.");
    expect(by("no_slot")).toContain("Ben would have suited even better");
    expect(decidedBy([], "Anna", "Ben")).toBe("Anna was ahead by very little.");
    expect(decidedBy([], "שרה", "Ben")).toBe("\u2068שרה\u2069 was ahead by very little.");
  });

  it("count who was left out, the most first, nobody not at all", () => {
    const none: LeftOut = {
      grade: 0,
      languages: 0,
      times: 0,
      budget: 0,
      unavailable: 0,
      no_slot: 0,
      excluded: 0,
    };
    expect(leftOut(none)).toEqual([]);
    expect(leftOut({ ...none, grade: 1, no_slot: 3 })).toEqual([
      "3 have no place left",
      "1 does not teach your grade",
    ]);
  });
});

describe("words", () => {
  it("put hours in a row together, in the order of the week", () => {
    const times = ["wed-09", "mon-17", "mon-16", "mon-19"];
    expect(spoken(times)).toEqual(["Mon 16:00–18:00", "Mon 19:00–20:00", "Wed 09:00–10:00"]);
  });

  it("name languages and read them back, leaving unknown words to the server", () => {
    expect(languageName("uk")).toBe("Ukrainian");
    expect(languageCodes("Українська, Greek, de-AT, Elvish!")).toEqual([
      "uk",
      "el",
      "de-AT",
      "Elvish!",
    ]);
  });

  it("write subjects as people do", () => {
    expect([subjectName("computer-science"), subjectInText("computer-science")]).toEqual([
      "Computer science",
      "computer science",
    ]);
    expect(subjectInText("ancient-greek")).toBe("Ancient Greek");
  });

  it("say how long it took, and nothing when the clock makes no sense", () => {
    const at = (time: string) => `2026-11-23T10:${time}Z`;
    expect(between(at("00:00"), at("00:00.420"))).toBe("0.4 seconds");
    expect(between(at("00:00"), at("04:00"))).toBe("4 minutes");
    expect(between(at("04:00"), at("00:00"))).toBeNull();
  });
});
