"""What a student fills in: who they are and what they want to learn."""

from learnflow.runtime import Wish, fields


class StudentForm(Wish):
    """Who wants to learn what; all but the first three may be left out."""

    name: fields.PersonName
    grade: fields.Grade
    subject: fields.SubjectCode
    times: fields.Times = ()
    languages: fields.Languages = ()
    budget_band: fields.Band | None = None
    goals: fields.Goals = ()
