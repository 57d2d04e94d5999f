"""Every operation of the embedded engine against AWS's public models: prints a line for each fault, and a count.

    python main.py http://127.0.0.1:4566 KEY SECRET ACCOUNT OPERATIONS.json [SERVICE…]

`OPERATIONS.json` says which operations the engine has: {"sts": ["GetCallerIdentity"], …}.
"""

import importlib
import json
import re
import sys
import traceback

import jmespath

import answers
import errors
import inputs
import pages
import scene
import wire

READING = ("Describe", "Get", "List", "Filter", "Invoke")
# So many bad calls of one operation that are taken are one fault of the operation itself.
ENOUGH = 40


class Examination:
    """What the engine has, the tables, and the faults that were found."""

    def __init__(self, endpoint, key, secret, account, operations):
        self.operations = operations
        self.services = {name: wire.Service(name, endpoint, (key, secret)) for name in operations}
        self.tables = {name: importlib.import_module(f"rows.{name}_rows") for name in operations}
        self.fixtures = {}
        for table in self.tables.values():
            self.fixtures |= table.FIXTURES
        self.constants = {"account": account, "region": wire.REGION, "endpoint": endpoint}
        self.faults = []
        self.calls = 0

    def scene(self):
        return scene.Scene(self.services, self.fixtures, self.constants)

    def fault(self, service, operation, kind, sentence):
        line = f"{service} {operation}: {kind}: {sentence}"
        if line not in self.faults:
            self.faults.append(line)
            print(line, flush=True)

    def run(self, wanted):
        """Makes all good calls, then all bad ones: what a fault lets in cannot spoil a good answer."""
        for step in (self.take_the_good, self.turn_pages, self.refuse_the_bad):
            for name in wanted or self.operations:
                for operation in self.operations[name]:
                    try:
                        step(name, operation)
                    except Exception as error:  # A row that breaks is a fault of its own; the others go on.
                        place = traceback.extract_tb(error.__traceback__)[-1]
                        self.fault(name, operation, "broke", f"{type(error).__name__}: {error} ({place.name}:{place.lineno})")
        return self.faults

    def rows(self, name, operation):
        rows = self.tables[name].ROWS.get(operation, [])
        return rows if isinstance(rows, list) else [rows]

    def refuse_the_bad(self, name, operation):
        """Sends every bad call that the first row's good one can be made into."""
        service, reads, rows = self.services[name], self.tables[name].READS, self.rows(name, operation)
        if not rows:
            return

        def setting():
            place = self.scene()
            given = place.fill(rows[0].get("input", {}))
            bad = inputs.of(service, operation, given, service.draft(operation, given))
            return place, place.sees(reads), list(bad)

        (place, before, todo), taken = setting(), []
        for number in range(len(todo)):
            bad = todo[number]
            if any(bad.path.startswith(f"{above}.") for above in taken):
                continue
            if len(taken) >= ENOUGH:
                self.fault(name, operation, "enough", f"{ENOUGH} bad calls were taken, the others are not made")
                break
            answer = service.send(bad.draft)
            self.calls += 1
            if not answer.is_success:
                self.check_refusal(service, operation, bad, answer)
                continue
            if not bad.may_pass:
                self.fault(name, operation, bad.kind, f"{bad.path} is taken ({answer.status})")
                taken.append(bad.path.removesuffix(f".{inputs.UNKNOWN}"))
            if not operation.startswith(READING):
                # It did what it was asked for, and what it needed may be used up: everything is made anew.
                place, before, todo = setting()
        if place.sees(reads) != before:
            self.fault(name, operation, "refused and done", "a refused call has changed something")

    def check_refusal(self, service, operation, bad, answer):
        refusal, faults = errors.read(service, answer)
        faults = [*faults, *errors.faults_of(service, operation, refusal)]
        for fault in faults:
            self.fault(service.name, operation, "error", f"{bad.kind} {bad.path}: {fault}")
        if answer.status >= 500 and refusal.code != "NotImplemented":
            self.fault(service.name, operation, bad.kind, f"{bad.path} is a {answer.status}")
        if bad.names and not any(refusal.names(known) for known in bad.names):
            self.fault(service.name, operation, "unnamed", f"{bad.kind} {bad.path}: {refusal.code}: {shortened(refusal.message)}")

    def take_the_good(self, name, operation):
        """Makes the good calls, the first once more with `null` for what it leaves out, and looks at the answers."""
        service, rows = self.services[name], self.rows(name, operation)
        if not rows:
            self.fault(name, operation, "no row", "the table has no call of it")
        for row in rows:
            place = self.scene()
            given = place.fill(row.get("input", {}))
            self.check_answer(service, operation, row, place, given, service.draft(operation, given))
        for row in rows[:1]:
            place = self.scene()
            given = place.fill(row.get("input", {}))
            with_nulls = inputs.nulls(service, operation, service.draft(operation, given))
            if with_nulls is not None:
                self.check_answer(service, operation, row, place, given, with_nulls, "with nulls: ")

    def check_answer(self, service, operation, row, place, given, draft, when=""):
        answer = service.send(draft)
        self.calls += 1
        if not answer.is_success:
            text = answer.body[:200].decode(errors="replace")
            self.fault(service.name, operation, "refused", f"{when}{answer.status} {text}")
            return
        for fault in answers.faults(service, operation, answer):
            self.fault(service.name, operation, "answer", f"{when}{fault}")
        parsed = service.parsed(operation, answer)
        for path, expected in row.get("answer", {}).items():
            seen = jmespath.search(path, parsed)
            if seen is None or expected is not ... and seen != place.fill(expected):
                self.fault(service.name, operation, "answer", f"{when}{path} is {seen!r}, not {place.fill(expected)!r}")

    def turn_pages(self, name, operation):
        service, row = self.services[name], self.tables[name].PAGES.get(operation)
        if row is None:
            if pages.does_page(service, operation):
                self.fault(name, operation, "no row", "it pages, and the table does not")
            return
        for one in row if isinstance(row, list) else [row]:
            for fault in pages.faults(self.scene, service, operation, one):
                self.fault(name, operation, "pages", fault)


def shortened(message):
    return re.sub(r"x{40,}", "xxx", message)[:150]


def main(arguments):
    endpoint, key, secret, account, operations, *wanted = arguments
    with open(operations, encoding="utf-8") as file:
        examination = Examination(endpoint, key, secret, account, json.load(file))
    faults = examination.run(wanted)
    count = sum(len(names) for names in examination.operations.values())
    print(f"{count} operations, {examination.calls} calls, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
