import { type Detector, span } from "../detector.ts";

const LONGEST = 2048;
const ADDRESS = /(?:https?:\/\/|www\.)[^\s<>"'`)\]}|\\^]{1,2040}/gi;
const OPENINGS = ["https://", "http://", "www."];

/** Web addresses whose host is not on the list; a name allows what is below it too. An empty list allows none. */
export function urlDetector(hosts: readonly string[]): Detector {
  const allowed = hosts.map((host) => host.toLowerCase());
  return {
    name: "output.url",
    category: "url",
    replacement: "[LINK_REDACTED]",
    extent: span(LONGEST),
    find({ text, from }, report) {
      ADDRESS.lastIndex = from;
      for (let found = ADDRESS.exec(text); found !== null; found = ADDRESS.exec(text)) {
        const [address] = found;
        const host = hostOf(address);
        if (host !== undefined && allowed.some((name) => host === name || host.endsWith(`.${name}`))) continue;
        const end = found.index + address.replace(/[.,;:!?]+$/, "").length;
        const explanation = "A web address whose host is not on the policy's list.";
        report({ start: found.index, end, score: 1, explanation });
      }
    },
    undecidedFrom({ text, from }) {
      const lowest = Math.max(from, text.length - LONGEST);
      let start = text.length;
      while (start > lowest && !/\s/.test(text.charAt(start - 1))) start--;
      const tail = text.slice(start).toLowerCase();
      const opened = tail.search(/https?:\/\/|www\./);
      if (opened >= 0) return start + opened;
      for (let i = Math.max(0, tail.length - 8); i < tail.length; i++) {
        if (OPENINGS.some((opening) => opening.startsWith(tail.slice(i)))) return start + i;
      }
      return text.length;
    },
  };
}

// What stands before "@" is a name, however much it looks like a host.
function hostOf(address: string): string | undefined {
  const url = URL.parse(/^www\./i.test(address) ? `http://${address}` : address);
  return url?.hostname.toLowerCase().replace(/\.$/, "");
}
