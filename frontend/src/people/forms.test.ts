import { describe, expect, it } from "vitest";
import { check } from "./checking";
import { availabilityForm, studentForm, tutorForm } from "./forms";

function filled(fields: [string, string][]): FormData {
  const data = new FormData();
  for (const [name, value] of fields) data.append(name, value);
  return data;
}

const LEAST: [string, string][] = [
  ["name", " Ada "],
  ["grade", "7"],
  ["subject", "Computer Science"],
];
const at = (problems: { field: string }[]) => problems.map(({ field }) => field);

describe("a student's form", () => {
  it("says the least in the server's words, and the contract takes it", () => {
    const form = studentForm(filled([...LEAST, ["budget_band", ""], ["more_languages", ""]]));
    expect(form).toEqual({
      name: "Ada",
      grade: 7,
      subject: "computer-science",
      times: [],
      languages: [],
      budget_band: null,
      goals: [],
    });
    expect(check("student", form)).toEqual([]);
  });

  it("takes languages by box, name and code, each once", () => {
    const more: [string, string][] = [
      ["languages", "de"],
      ["more_languages", "German, français; pt-BR"],
    ];
    expect(studentForm(filled([...LEAST, ...more])).languages).toEqual(["de", "fr", "pt-BR"]);
  });

  it("is wrong at each field that is empty, in the order of the form", () => {
    expect(at(check("student", studentForm(filled([]))))).toEqual(["name", "grade", "subject"]);
  });

  it("names a field once however many of its values are wrong", () => {
    const form = { ...studentForm(filled(LEAST)), times: ["mon-25", "noon"] };
    expect(at(check("student", form))).toEqual(["times"]);
  });

  it.each(["Zoë O’Neil", "王明轩", "𠮷田", "محمد", "نگار\u200cجان", "𠮷".repeat(200)])(
    "takes the name %s as the server does",
    (name) => expect(check("student", { ...studentForm(filled(LEAST)), name })).toEqual([]),
  );

  it.each(["", "\u202eevil", "a\u0000b", "𠮷".repeat(201)])("refuses the name %j", (name) => {
    expect(at(check("student", { ...studentForm(filled(LEAST)), name }))).toEqual(["name"]);
  });
});

describe("a tutor's form", () => {
  const fields: [string, string][] = [
    ["name", "Anna"],
    ["subjects", "Mathematics, Computer science, "],
    ["grade_min", "5"],
    ["grade_max", "9"],
    ["capacity", "3"],
    ["available", "on"],
    ["times", "mon-16"],
  ];

  it("says subjects as codes", () => {
    const form = tutorForm(filled(fields));
    expect(form.subjects).toEqual(["mathematics", "computer-science"]);
    expect(check("tutor", form)).toEqual([]);
  });

  it("is wrong at each grade that is none", () => {
    const form = { ...tutorForm(filled(fields)), grade_min: 0, grade_max: 13 };
    expect(at(check("tutor", form))).toEqual(["grade_min", "grade_max"]);
  });

  it("is wrong at the last grade when that is below the first", () => {
    const form = { ...tutorForm(filled(fields)), grade_min: 9, grade_max: 5 };
    expect(at(check("tutor", form))).toEqual(["grade_max"]);
  });

  it("is closed to new students when the box is not checked", () => {
    const form = availabilityForm(filled([["capacity", "2"]]));
    expect(form).toEqual({ available: false, capacity: 2, times: [] });
    expect(at(check("availability", { ...form, capacity: 51 }))).toEqual(["capacity"]);
  });
});
