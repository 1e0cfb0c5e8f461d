"""What to paste into the platform so that its pages tell how fast they are. A test runs the very same in a browser."""

from __future__ import annotations

SEND = """const url = "%URL%";
const release = %RELEASE%; // the commit that was deployed, if the build knows it
const waiting = new Map();

export function keep({ name, value, delta, id = name + Date.now() + Math.random(), rating, navigationType, tags }) {
  const path = location.pathname;
  waiting.set(id + name, JSON.stringify({ name, value, delta, id, rating, navigationType, tags, path, release }));
  if (waiting.size >= 40) send();
}

function send() {
  const all = [...waiting.values()];
  waiting.clear();
  while (all.length) {
    let some = all.shift();
    while (all.length && some.length + all[0].length < 12000) some += "," + all.shift();
    post(`[${some}]`);
  }
}

%POST%
if (typeof window !== "undefined") { // a server that renders this has none
  addEventListener("visibilitychange", () => document.visibilityState === "hidden" && send());
  addEventListener("pagehide", send);
}
"""
BEACON = """function post(body) {
  if (!navigator.sendBeacon?.(url, body)) {
    fetch(url, { method: "POST", body, keepalive: true, headers: { "Content-Type": "text/plain" } }).catch(() => {});
  }
}
"""
TABLE = """function post(body) {
  const headers = { apikey: key, "Content-Type": "application/json" };
  fetch(url, { method: "POST", body: `{"measured":${body}}`, keepalive: true, headers }).catch(() => {});
}
"""
PLAIN = """import { onCLS, onFCP, onINP, onLCP, onTTFB } from "web-vitals";

%SEND%
for (const on of [onCLS, onFCP, onINP, onLCP, onTTFB]) on(keep);
"""
NEXT = """// app/vitals.js, rendered once in app/layout.js as <Vitals />
"use client";
import { useReportWebVitals } from "next/web-vitals";

%SEND%
export function Vitals() {
  useReportWebVitals(keep);
  return null;
}
"""
REWRITE = """// next.config.js: the same origin, so that the platform's Content-Security-Policy stays as it is
module.exports = {
  async rewrites() {
    return [{ source: "/vitals", destination: "%URL%" }];
  },
};
"""
METRIC = """// anywhere in the pages: the platform's own metrics go the same way
import { keep } from "./vitals"; // where the lines of the other tab are

export async function asked(name, url, options) {
  const begun = performance.now();
  let status = "error";
  try {
    const answer = await fetch(url, options);
    if (answer.ok) status = "success";
    return answer;
  } finally {
    keep({ name, value: performance.now() - begun, tags: { status } });
  }
}
// await asked("api.prescriptions", "/api/prescriptions")
"""


def plain(url: str, release: str = "undefined") -> str:
    """For any page with a bundler; ``release`` is a JavaScript expression."""
    return PLAIN.replace("%SEND%", _send(url, release, BEACON))


def next_js(url: str) -> str:
    """For Next.js, through its own hook."""
    return NEXT.replace("%SEND%", _send(url, "process.env.NEXT_PUBLIC_VERCEL_GIT_COMMIT_SHA", BEACON))


def supabase(url: str, key: str) -> str:
    """Into a table of Supabase, through the function of docs/vitals.md; ``key`` is the one that browsers may have."""
    send = _send(f"{url}/rest/v1/rpc/tell_vitals", "undefined", f'const key = "{key}";\n\n{TABLE}')
    return PLAIN.replace("%SEND%", send)


def rewrite(url: str) -> str:
    """The way over the platform's own origin: the snippet then sends to /vitals."""
    return REWRITE.replace("%URL%", url)


def _send(url: str, release: str, post: str) -> str:
    return SEND.replace("%POST%", post).replace("%URL%", url).replace("%RELEASE%", release)
