import { describe, expect, it } from "vitest";
import { problemOf, unreachable } from "./problem";
import { failureWords } from "./words/problems";

describe("a problem document", () => {
  it("names the field of each error, also within a list", () => {
    const errors = [
      { where: "/grade", what: "too high" },
      { where: "/times/3", what: "no hour" },
      { where: "/", what: "grade_min is above grade_max" },
      { where: "/", what: "about all" },
    ];
    const problem = problemOf(422, { title: "Invalid input", detail: "breaks 3 rules", errors });
    expect(problem.fields.map(({ field }) => field)).toEqual(["grade", "times", "grade_min", ""]);
    expect(failureWords(problem).title).toBe("4 fields need another look");
  });

  it.each([undefined, null, "<html>", 7, { errors: "none" }, { errors: [null, { where: "/a" }] }])(
    "is readable when the body is %j",
    (body) => {
      const problem = problemOf(500, body);
      expect([problem.title, problem.fields]).toEqual(["Answered 500", []]);
    },
  );

  it("may pass when nobody answered or the server is away, not when it was refused", () => {
    expect([0, 408, 502, 503].every((status) => problemOf(status, {}).passes)).toBe(true);
    expect([400, 404, 409, 412, 422].some((status) => problemOf(status, {}).passes)).toBe(false);
    expect(unreachable().passes).toBe(true);
  });

  it("is told in the server's own words when it is a refusal", () => {
    const problem = problemOf(409, { title: "Rated already", detail: "the first rating stands" });
    expect(failureWords(problem)).toEqual({
      title: "Rated already",
      advice: "The first rating stands",
    });
  });
});
