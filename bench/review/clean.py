"""Fifty changes without a flaw, close to what an analyser might take for one."""

from bench.review.cases import Case
from bench.review.defects import behind_heads

PYTHON = """
--- dataclass
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Order:
    lines: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)
--- subprocess-list
import subprocess


def archive(folder: str) -> None:
    subprocess.run(["tar", "cf", "backup.tar", "--", folder], check=True)
--- yaml-safe
import yaml


def settings(text: str) -> object:
    return yaml.safe_load(text)
--- parametrised-sql
def find(cursor, name):
    cursor.execute("SELECT * FROM users WHERE name = %s", (name,))
    return cursor.fetchone()
--- comprehension
def prices(items):
    return {item.name: item.price for item in items if item.price is not None}
--- context-manager
from contextlib import contextmanager


@contextmanager
def changed(settings, **values):
    before = {key: settings[key] for key in values}
    settings.update(values)
    try:
        yield settings
    finally:
        settings.update(before)
--- async-client
async def load(client, urls):
    results = []
    for url in urls:
        response = await client.get(url, timeout=5)
        response.raise_for_status()
        results.append(response.json())
    return results
--- match-statement
def area(shape):
    match shape:
        case ("circle", radius):
            return 3.14159 * radius**2
        case ("square", side):
            return side * side
        case _:
            raise ValueError(f"no area for {shape!r}")
--- command-line
import argparse


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--verbose", action="store_true")
    arguments = parser.parse_args()
    print("done" if arguments.verbose else "")
    return 0
--- exception-chained
def number(text):
    try:
        return int(text)
    except ValueError as error:
        raise RuntimeError(f"{text!r} is no number") from error
--- type-hints
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def total(prices: "Iterable[float]") -> float:
    return sum(prices)
--- conditional-import
try:
    import tomllib
except ImportError:
    import tomli as tomllib


def read(path):
    with open(path, "rb") as file:
        return tomllib.load(file)
--- checksum
import hashlib


def checksum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
--- environment
import os


def token() -> str:
    value = os.environ.get("API_TOKEN", "")
    if not value:
        raise RuntimeError("API_TOKEN is not set")
    return value
--- generator
def pages(client):
    cursor = None
    while True:
        page = client.list(after=cursor)
        yield from page.items
        cursor = page.next
        if cursor is None:
            return
--- docstring-of-secrets
def configure(password: str) -> dict[str, str]:
    \"\"\"For example: configure(password="change-me").\"\"\"
    return {"password": password, "placeholder": "<your password>"}
"""
JAVASCRIPT = """
--- fetch
export async function load(url) {
  const response = await fetch(url, { headers: { accept: "application/json" } });
  if (!response.ok) {
    throw new Error(`${url}: ${response.status}`);
  }
  return response.json();
}
--- class
export class Counter {
  #count = 0;
  add(by = 1) {
    this.#count += by;
    return this.#count;
  }
}
--- destructuring
export function summary({ name, ...rest }) {
  const { length } = Object.keys(rest);
  return `${name}: ${length}`;
}
--- express-handler
export function errors(error, request, response, next) {
  response.status(500).json({ message: error.message });
}
--- command-line
export function main(argv) {
  if (argv.length < 3) {
    console.log("usage: tool FILE");
    return 2;
  }
  console.log(`Reading ${argv[2]}`);
  return 0;
}
--- reduce
export const total = (items) => items.reduce((sum, item) => sum + item.price * (item.count ?? 1), 0);
--- assignment-in-loop
export function tokens(pattern, text) {
  const found = [];
  let match;
  while ((match = pattern.exec(text)) !== null) {
    found.push(match[0]);
  }
  return found;
}
--- endless-loop
export async function poll(check, wait) {
  while (true) {
    if (await check()) {
      return;
    }
    await wait();
  }
}
--- switch
export function label(state) {
  switch (state) {
    case "open":
    case "new":
      return "Open";
    default:
      return "Closed";
  }
}
"""
TYPESCRIPT = """
--- interface
export interface Order {
  readonly id: string;
  lines: ReadonlyArray<{ sku: string; count: number }>;
}
export const size = (order: Order): number => order.lines.length;
--- generics
export function group<T, K extends string>(items: T[], key: (item: T) => K): Partial<Record<K, T[]>> {
  const groups: Partial<Record<K, T[]>> = {};
  for (const item of items) {
    (groups[key(item)] ??= []).push(item);
  }
  return groups;
}
--- enum-and-guard
export enum Level {
  Low = 1,
  High = 2,
}
export const isLevel = (value: unknown): value is Level => value === Level.Low || value === Level.High;
--- decorator
import { Injectable } from "@angular/core";

@Injectable({ providedIn: "root" })
export class Clock {
  now(): Date {
    return new Date();
  }
}
--- type-import
import type { Order } from "./order";

export type Orders = Map<string, Order>;
"""
SHELL = """
--- strict-script
set -euo pipefail
cd "$(dirname "$0")"
for name in one two; do
  printf '%s\\n' "$name"
done
--- guarded-removal
folder=${1:?usage: run FOLDER}
rm -rf -- "${folder:?}/cache"
--- array
files=(a.txt b.txt)
tar cf all.tar "${files[@]}"
--- function
log() {
  printf '%s %s\\n' "$(date -u +%FT%TZ)" "$*" >&2
}
log started
--- here-document
cat > config.ini <<EOF
[server]
port = ${PORT:-8080}
EOF
--- case
case "${1:-}" in
  start | stop) echo "$1" ;;
  *) echo "usage: $0 start|stop" >&2; exit 2 ;;
esac
--- trap
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
"""
YAML = """
--- compose
services:
  web:
    image: web:1.2.3
    environment:
      PASSWORD: ${WEB_PASSWORD}
    ports:
      - "8080:80"
--- kubernetes
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
data:
  level: info
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {ports: [{port: 80}]}
--- anchors
defaults: &defaults
  retries: 3
production:
  <<: *defaults
  retries: 5
--- cloudformation
Resources:
  Bucket:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: !Sub "${AWS::StackName}-data"
--- ansible
- name: Install
  ansible.builtin.apt:
    name: "{{ package }}"
    mode: "0644"
  when: package is defined
--- openapi
openapi: 3.1.0
paths:
  /users/{id}:
    get:
      responses: {"200": {description: A user}}
"""
WORKFLOW = """
--- own-action
      - uses: actions/checkout@v4
        with:
          persist-credentials: false
--- title-through-environment
      - run: echo "$TITLE"
        env:
          TITLE: ${{ github.event.pull_request.title }}
--- matrix
      - run: tox -e "$ENVIRONMENT"
        env:
          ENVIRONMENT: ${{ matrix.environment }}
"""
DOCKERFILE = """
--- packages
RUN apt-get update \\
    && apt-get install -y --no-install-recommends git \\
    && rm -rf /var/lib/apt/lists/*
--- stages
COPY requirements.txt ./
RUN pip install --no-cache-dir -r requirements.txt
COPY src/ ./src/
--- health
HEALTHCHECK --interval=30s CMD curl -fsS http://localhost:8080/health || exit 1
USER app
CMD ["python", "-m", "app"]
--- arguments
ARG VERSION=1.2.3
LABEL org.opencontainers.image.version=$VERSION
ENV APP_VERSION=$VERSION
"""


def clean() -> list[Case]:
    written = {
        "python": PYTHON,
        "javascript": JAVASCRIPT,
        "typescript": TYPESCRIPT,
        "shell": SHELL,
        "yaml": YAML,
        "workflow": WORKFLOW,
        "dockerfile": DOCKERFILE,
    }
    return behind_heads(written)
