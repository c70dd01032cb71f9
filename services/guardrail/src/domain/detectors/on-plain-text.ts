import type { Detector } from "../detector.ts";

/**
 * The same detector, reading texts in their plain form: digits of any script, dashes and spaces of any kind, full-width
 * letters, invisible characters between them. What it finds is told in offsets of the original.
 */
export function onPlainText(detector: Detector): Detector {
  return {
    ...detector,
    find(view, report, stage, context) {
      const form = view.plain;
      if (form === undefined) return detector.find(view, report, stage, context);
      detector.find(
        form.view,
        (match) => {
          const { start, end } = form.map.toOriginal(match.start, match.end);
          // One character can stand for several: what began before was told before.
          if (start >= view.from) report({ ...match, start, end });
        },
        stage,
        context,
      );
    },
    undecidedFrom(view) {
      const form = view.plain;
      if (form === undefined) return detector.undecidedFrom(view);
      const open = detector.undecidedFrom(form.view);
      return open < form.view.text.length ? form.map.toOriginal(open, open).start : view.text.length;
    },
  };
}
