"""A hundred changes with a flaw each, as people make them; some are beyond what any of our analysers can see."""

from collections.abc import Mapping

from bench.review.cases import Case, added_to, snippets

PYTHON = """
--- undefined-name
def total(items):
    return sum(item.price for item in basket)¶
--- missing-import
def now():
    return datetime.now(timezone.utc)¶
--- mutable-default
def collect(item, into=[]):¶
    into.append(item)
    return into
--- late-binding
def handlers(names):
    return [lambda event: (name, event) for name in names]¶
--- shell-true
import subprocess


def archive(folder):
    subprocess.run("tar cf backup.tar " + folder, shell=True)¶
--- eval-input
def compute(expression):
    return eval(expression)¶
--- pickle-loads
import pickle


def restore(blob):
    return pickle.loads(blob)¶
--- yaml-load
import yaml


def settings(text):
    return yaml.load(text, Loader=yaml.Loader)¶
--- no-tls-verification
import requests


def fetch(url):
    return requests.get(url, verify=False, timeout=5)¶
--- bare-except
def safe(call):
    try:
        return call()
    except:¶
        pass
--- exception-not-raised
def check(age):
    if age < 0:
        ValueError("an age is not negative")¶
    return age
--- compare-literal-by-is
def is_admin(role):
    return role is "admin"¶
--- assert-tuple
def check_total(total):
    assert (total > 0, "nothing to pay")¶
--- duplicate-key
COLOURS = {"red": 1, "green": 2, "red": 3}¶
--- format-arguments
def greet(name):
    return "%s, %s!" % (name,)¶
--- f-string-without-placeholder
def label(count):
    return f"count items"¶
--- await-outside-async
def load(client):
    return await client.get("/")¶
--- syntax-error
def broken(a, b:¶
    return a + b
--- unused-variable
def discount(price):
    reduced = price * 0.9¶
    return price
--- unused-import
import collections¶
--- redefined-function
def area(w, h):
    return w * h


def area(w, h):¶
    return w * h / 2
--- strip-of-a-word
def stem(name):
    return name.strip(".json")¶
--- sql-by-format
def find(cursor, name):
    cursor.execute(f"SELECT * FROM users WHERE name = '{name}'")¶
--- raise-without-cause
def number(text):
    try:
        return int(text)
    except ValueError:
        raise RuntimeError("no number")¶
--- debugger
def step(state):
    breakpoint()¶
    return state
--- debug-print
def step_again(state):
    print("DEBUG here", state)¶
    return state
--- md5-for-passwords
import hashlib


def digest(password):
    return hashlib.md5(password.encode()).hexdigest()¶
--- loop-variable-reused
def flatten(rows):
    for row in rows:
        for row in row:¶
            yield row
--- archive-escapes
import tarfile


def unpack(path):
    tarfile.open(path).extractall("/srv/uploads")¶
--- off-by-one
def last(items):
    return items[len(items)]¶
--- wrong-operator
def within(value, low, high):
    return low <= value or value <= high¶
--- wrong-argument
def ratio(part, whole):
    return whole / part¶
--- unfinished
def refund(order):
    # TODO: give the money back¶
    return order
"""
JAVASCRIPT = """
--- assignment-in-condition
export function isReady(state) {
  if (state.ready = true) {¶
    return 1;
  }
  return 0;
}
--- constant-reassigned
const limit = 10;
export function raise() {
  limit = 20;¶
  return limit;
}
--- duplicate-key
export const routes = { home: "/", about: "/about", home: "/start" };¶
--- duplicate-case
export function name(code) {
  switch (code) {
    case 1:
      return "one";
    case 1:¶
      return "uno";
    default:
      return "";
  }
}
--- compare-with-nan
export const missing = (x) => x === NaN;¶
--- typeof-misspelt
export const isText = (x) => typeof x === "strnig";¶
--- debugger
export function trace(x) {
  debugger;¶
  return x;
}
--- eval
export const compute = (text) => eval(text);¶
--- unsafe-finally
export function read(stream) {
  try {
    return stream.read();
  } finally {
    return null;¶
  }
}
--- loop-never-runs
export function count(n) {
  for (let i = 0; i < n; i--) {¶
    n -= 1;
  }
}
--- error-not-thrown
export function check(age) {
  if (age < 0) {
    new Error("an age is not negative");¶
  }
}
--- unreachable
export function early() {
  return 1;
  console.error("late");¶
}
--- unused-variable
export function price(net) {
  const gross = net * 1.19;¶
  return net;
}
--- self-assignment
export function reset(state) {
  state.count = state.count;¶
}
--- negation-before-in
export const lacks = (key, object) => !key in object;¶
--- optional-chain-called
export const first = (list) => (list?.items)[0];¶
--- chained-comparison
export const ascending = (a, b, c) => a < b < c;¶
--- impossible-range
export const teenager = (age) => age < 13 && age > 19;¶
--- async-promise-executor
export const later = () => new Promise(async (resolve) => resolve(await work()));¶
function work() {
  return 1;
}
--- invalid-regexp
export const pattern = new RegExp("[a-");¶
--- syntax-error
export function broken( {¶
  return 1;¶
}
--- constant-binary
export const label = (x) => "item " + x ?? "none";¶
--- logged-variable
export function save(user) {
  console.log(user);¶
  return user;
}
--- missing-super
export class Dog extends Object {
  constructor(name) {¶
    this.name = name;¶
  }
}
--- off-by-one
export const last = (items) => items[items.length];¶
--- missing-await
export async function store(db, row) {
  db.insert(row);¶
  return true;
}
--- wrong-operator
export const within = (value, low, high) => low <= value || value <= high;¶
"""
TYPESCRIPT = """
--- duplicate-enum-value
export enum Level {
  Low = 1,
  High = 1,¶
}
--- syntax-error
export const port: number: string = 1;¶
--- unused-import
import { readFile, writeFile } from "node:fs/promises";¶

export const load = (path: string): Promise<Buffer> => readFile(path);
"""
SHELL = """
--- unquoted-removal
rm -rf "$CACHE_DIR/"*¶
--- test-without-spaces
if [ "$1"="start" ]; then¶
  echo starting
fi
--- always-true
[ -n $NAME ] && echo "$NAME"¶
--- numbers-compared-as-text
if [ "$#" > 2 ]; then¶
  exit 2
fi
--- spaces-around-equals
count = 3¶
--- unclosed-quote
echo "done¶
--- missing-fi
if true; then¶
  echo yes
--- cd-without-exit
cd /srv/app¶
make clean
--- array-as-text
files=(a b c)
cp $files /tmp¶
--- arguments-split
exec python3 app.py $@¶
--- loop-over-ls
for file in $(ls *.txt); do¶
  wc -l "$file"
done
--- redirect-order
make 2>&1 >/dev/null | tee log¶
--- constant-test
if [ "status" = "ok" ]; then¶
  exit 0
fi
--- quoted-tilde
ls "~/backups"¶
--- sudo-redirect
sudo echo 1 > /proc/sys/net/ipv4/ip_forward¶
--- printf-variable
printf "$message"¶
--- wrong-variable
source_folder=$1
cp -r "$source_dir" /backup¶
"""
YAML = """
--- duplicate-key
services:
  web:
    image: web:1
    ports: ["80:80"]
    image: web:2¶
--- unclosed-bracket
servers: [one, two¶
next: 1¶
--- tab-indent
a:
\tb: 1¶
--- alias-of-nothing
default: *base¶
--- wrong-port
service:
  port: 80800¶
"""
WORKFLOW = """
--- title-in-script
      - run: echo "${{ github.event.pull_request.title }}"¶
--- branch-in-script
      - run: git checkout ${{ github.head_ref }}¶
--- issue-body-in-script
      - run: |
          echo "${{ github.event.issue.body }}" > body.txt¶
--- third-party-by-tag
      - uses: someone/deploy@v1¶
--- unsound-condition
      - run: make deploy
        if: |¶
          ${{ github.event_name == 'push' }}
          && ${{ github.ref == 'refs/heads/main' }}
--- step-with-unknown-key
      - ruun: make deploy¶
"""
DOCKERFILE = """
--- copy-of-many-to-a-file
COPY one.txt two.txt target¶
--- unknown-instruction
RUNX make install¶
--- sudo
RUN sudo make install¶
--- removal-of-everything
RUN rm -rf "$PREFIX/"*¶
--- script-does-not-parse
RUN if [ -f x ]; then make¶
"""
_WORKFLOW_HEAD = """\
name: CI
on: pull_request
permissions:
  contents: read
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - run: make test
"""
HEAD = {
    "python": ("app/module.py", '"""A module."""\n\n\n'),
    "javascript": ("src/module.js", 'export const version = "1";\n'),
    "typescript": ("src/module.ts", ""),
    "shell": ("tools/run.sh", "#!/usr/bin/env bash\n"),
    "yaml": ("deploy/config.yaml", ""),
    "workflow": (
        ".github/workflows/ci.yml",
        _WORKFLOW_HEAD,
    ),
    "dockerfile": ("Dockerfile", "FROM debian:12\nWORKDIR /app\n"),
}


def defects() -> list[Case]:
    written = {
        "python": PYTHON,
        "javascript": JAVASCRIPT,
        "typescript": TYPESCRIPT,
        "shell": SHELL,
        "yaml": YAML,
        "workflow": WORKFLOW,
        "dockerfile": DOCKERFILE,
    }
    return [*behind_heads(written), *_about_changes()]


def behind_heads(written: Mapping[str, str]) -> list[Case]:
    """The snippets of each language, behind what a file of it holds."""
    return [
        added_to(language, name, *HEAD[language], snippet)
        for language, text in written.items()
        for name, snippet in snippets(text).items()
    ]


def _about_changes() -> list[Case]:
    test = "def test_a():\n    assert 1\n"
    conflict = "a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> topic\n"
    focused = "it.only('adds', () => {});\n"
    skipped = "import pytest\n\n\n@pytest.mark.skip\ndef test_c():\n    assert 3\n"
    return [
        Case("deleted-test-file", "change", {"test_a.py": test}, {"test_a.py": None}, frozenset({("test_a.py", 1)})),
        Case("conflict", "change", {"notes.txt": "a\n"}, {"notes.txt": conflict}, frozenset({("notes.txt", 2)})),
        Case("focused-test", "change", {"README": "x\n"}, {"a.test.js": focused}, frozenset({("a.test.js", 1)})),
        Case("skipped-test", "change", {"README": "x\n"}, {"test_c.py": skipped}, frozenset({("test_c.py", 4)})),
    ]
