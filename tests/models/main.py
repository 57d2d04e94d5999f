"""Every operation of a service of the embedded engine against AWS's public model: a line for each fault, and a count.

    python main.py http://127.0.0.1:4566 KEY SECRET ACCOUNT SERVICE

`ROWS` has the good calls, `PAGES` the pagers, `FIXTURES` what both need; see `scene`. An operation that the engine has
and the table lacks is a fault. `needs` of a row names what must be there and no input can name; `refusal` is the code
with which a call is refused whose good one nobody can make here, and its bad ones are made all the same.
"""

import importlib
import re
import sys
import traceback

import jmespath

import answers
import errors
import inputs
import pages
import present
import scene
import wire

READING = ("Describe", "Get", "List", "Filter", "Invoke")
# So many bad calls of one operation that are taken are one fault of the operation itself.
ENOUGH = 40


class Examination:
    """One service of an engine, its table, and the faults that were found."""

    def __init__(self, endpoint, key, secret, account, name, protocol=None):
        self.services = wire.Services(endpoint, (key, secret))
        self.service = wire.Service(name, endpoint, (key, secret), protocol)
        self.table = importlib.import_module(f"rows.{name}_rows")
        # `$request` and the like are the words of some services themselves.
        words = {word: f"${word}" for word in getattr(self.table, "WORDS", ())}
        self.constants = {"account": account, "region": wire.REGION, **words}
        self.operations = []
        self.faults = []
        self.calls = 0

    def scene(self):
        return scene.Scene(self.services, self.table.FIXTURES, self.constants)

    def fault(self, operation, kind, sentence):
        line = f"{self.service.name} ({self.service.protocol}) {operation}: {kind}: {sentence}"
        if line not in self.faults:
            self.faults.append(line)
            print(line, flush=True)

    def run(self):
        """Makes all good calls, then all bad ones: what a fault lets in cannot spoil a good answer."""
        faults, self.operations = present.faults_and_operations(self.service)
        for operation, sentence in faults:
            self.fault(operation, "absent", sentence)
        for operation in self.table.ROWS.keys() - self.operations:
            self.fault(operation, "absent", "the table has a call of it, the engine has not")
        for step in (self.take_the_good, self.turn_pages, self.refuse_the_bad):
            for operation in self.operations:
                try:
                    step(operation)
                except Exception as error:  # A row that breaks is a fault of its own; the others go on.
                    place = traceback.extract_tb(error.__traceback__)[-1]
                    self.fault(operation, "broke", f"{type(error).__name__}: {error} ({place.name}:{place.lineno})")

    def rows(self, operation):
        rows = self.table.ROWS.get(operation, [])
        return rows if isinstance(rows, list) else [rows]

    def refuse_the_bad(self, operation):
        """Sends every bad call that the first row's good one can be made into."""
        reads, rows = self.table.READS, self.rows(operation)
        if not rows:
            return

        def setting():
            place = self.scene()
            given = place.given(rows[0])
            return place, place.sees(reads), list(inputs.of(self.service, operation, rows[0], given))

        (place, before, todo), taken = setting(), []
        for number in range(len(todo)):
            bad = todo[number]
            if any(bad.path.startswith(f"{above}.") for above in taken):
                continue
            if len(taken) >= ENOUGH:
                self.fault(operation, "enough", f"{ENOUGH} bad calls were taken, the others are not made")
                break
            answer = self.service.send(bad.draft)
            self.calls += 1
            if not answer.is_success:
                self.check_refusal(operation, bad, answer)
                continue
            if not bad.may_pass:
                self.fault(operation, bad.kind, f"{bad.path} is taken ({answer.status})")
                taken.append(bad.path.removesuffix(f".{inputs.UNKNOWN}"))
            if not operation.startswith(READING):
                # It did what it was asked for, and what it needed may be used up: everything is made anew.
                place, before, todo = setting()
        if place.sees(reads) != before:
            self.fault(operation, "refused and done", "a refused call has changed something")

    def check_refusal(self, operation, bad, answer):
        refusal, faults = errors.read(self.service, answer)
        faults = [*faults, *errors.faults_of(self.service, operation, refusal)]
        for fault in faults:
            self.fault(operation, "error", f"{bad.kind} {bad.path}: {fault}")
        if bad.kind in ("missing member", "unknown enum") and refusal.code == "SerializationException":
            self.fault(operation, bad.kind, f"{bad.path} is no SerializationException")
        if answer.status >= 500 and refusal.code != "NotImplemented":
            self.fault(operation, bad.kind, f"{bad.path} is a {answer.status}")
        if bad.names and not any(refusal.names(known) for known in bad.names):
            self.fault(operation, "unnamed", f"{bad.kind} {bad.path}: {refusal.code}: {shortened(refusal.message)}")

    def take_the_good(self, operation):
        """Makes the good calls, the first once more with `null` for what it leaves out, and looks at the answers."""
        service, rows = self.service, self.rows(operation)
        if not rows:
            self.fault(operation, "no row", "the table has no call of it")
        for row in rows:
            place = self.scene()
            given = place.given(row)
            self.check_answer(operation, row, place, given, service.draft(operation, given))
        for row in rows[:1]:
            place = self.scene()
            given = place.given(row)
            with_nulls = inputs.nulls(service, operation, service.draft(operation, given))
            if with_nulls is not None:
                self.check_answer(operation, row, place, given, with_nulls, "with nulls: ")

    def check_answer(self, operation, row, place, given, draft, when=""):
        service = self.service
        answer = service.send(draft)
        self.calls += 1
        if "refusal" in row:
            code = None if answer.is_success else errors.read(service, answer)[0].code
            if code != row["refusal"]:
                self.fault(operation, "answer", f"{when}the refusal is {code}, not {row['refusal']}")
            return
        if not answer.is_success:
            text = answer.body[:200].decode(errors="replace")
            self.fault(operation, "refused", f"{when}{answer.status} {text}")
            return
        for fault in answers.faults(service, operation, answer):
            self.fault(operation, "answer", f"{when}{fault}")
        parsed = service.parsed(operation, answer)
        for path, expected in row.get("answer", {}).items():
            seen = jmespath.search(path, parsed)
            if seen is None or expected is not ... and seen != place.fill(expected):
                self.fault(operation, "answer", f"{when}{path} is {seen!r}, not {place.fill(expected)!r}")

    def turn_pages(self, operation):
        service, row = self.service, self.table.PAGES.get(operation)
        if row is None:
            if pages.does_page(service, operation):
                self.fault(operation, "no row", "it pages, and the table does not")
            return
        for one in row if isinstance(row, list) else [row]:
            for fault in pages.faults(self.scene, service, operation, one):
                self.fault(operation, "pages", f"of {one.get('input', {})}: {fault}")


def shortened(message):
    return re.sub(r"x{40,}", "xxx", message)[:150]


def main(arguments):
    """Examines a service in each of its protocols."""
    results = [examine(Examination(*arguments, protocol)) for protocol in Examination(*arguments).service.protocols]
    return 0 if all(results) else 1


def examine(examination):
    """Tells whether there are operations, and none has a fault."""
    examination.run()
    service, count, faults = examination.service, len(examination.operations), len(examination.faults)
    print(f"{service.name} ({service.protocol}): {count} operations, {examination.calls} calls, {faults} faults")
    return count > 0 and not faults


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
