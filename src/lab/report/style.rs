//! What a page looks like.

/// The style of a page; there is nothing that it asks for elsewhere.
pub(super) const STYLE: &str = "
:root { --paper: #ffffff; --ink: #1c2024; --soft: #606870; --mesh: #e3e6e9; --card: #f6f7f8; --good: #18794e; --bad: #cd2b31;
  --c0: #0b68cb; --c1: #c4521b; --c2: #18794e; --c3: #8145b5; --c4: #a87a00; --c5: #0a7f8a; color-scheme: light dark; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #111416; --ink: #e8eaec; --soft: #9aa3ab; --mesh: #2c3236; --card: #1a1e21; --good: #3dd68c; --bad: #ff6a70;
    --c0: #6cb4ff; --c1: #ff9a66; --c2: #4cc38a; --c3: #c597f0; --c4: #e6c04d; --c5: #4ccbd6; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 60rem; padding: 1rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; margin: 0.5rem 0; }
h2 { font-size: 1.15rem; margin: 2rem 0 0.5rem; }
.muted { color: var(--soft); }
.verdict { display: inline-block; padding: 0.1rem 0.6rem; border-radius: 1rem; font-weight: 600; color: var(--paper); }
.verdict.good { background: var(--good); } .verdict.bad { background: var(--bad); }
td.good { color: var(--good); font-weight: 600; } td.bad { color: var(--bad); font-weight: 600; }
table { width: 100%; border-collapse: collapse; }
td, th { text-align: left; vertical-align: top; padding: 0.35rem 0.6rem 0.35rem 0; border-bottom: 1px solid var(--mesh); }
#expectations td:first-child, #timeline td:first-child, td.time { width: 1%; white-space: nowrap; font-variant-numeric: tabular-nums; }
#figures th { width: 35%; }
figure { margin: 1rem 0; padding: 0.8rem; background: var(--card); border-radius: 8px; }
figcaption { font-weight: 600; margin-bottom: 0.4rem; }
figure svg { width: 100%; height: auto; display: block; }
.wide { overflow-x: auto; background: var(--card); border-radius: 8px; padding: 0.4rem; }
.wide svg { display: block; }
table.numbers { font-variant-numeric: tabular-nums; } .numbers th { font-size: 0.85rem; color: var(--soft); vertical-align: bottom; }
.numbers td, .numbers th { text-align: right; white-space: nowrap; padding: 0.35rem 0.6rem; overflow-wrap: normal; }
.numbers th { white-space: normal; } .numbers tr:last-child td { border-bottom: none; }
figure { overflow-x: auto; }
svg text { fill: var(--ink); font-family: system-ui, sans-serif; font-size: 13px; }
.wide svg text { font-size: 11px; fill: var(--soft); }
.tie { stroke: var(--soft); stroke-width: 1.5; fill: none; }
.axis { stroke: var(--soft); stroke-width: 2; } .mark { fill: var(--c0); } .mark.bad { fill: var(--bad); }
.stale { fill-opacity: 0.15; stroke-dasharray: 3 2; } .kept, .stale { stroke-width: 1.5; }
.f0 { fill: var(--c0); stroke: var(--c0); } .f1 { fill: var(--c1); stroke: var(--c1); } .f2 { fill: var(--c2); stroke: var(--c2); }
.f3 { fill: var(--c3); stroke: var(--c3); } .f4 { fill: var(--c4); stroke: var(--c4); } .f5 { fill: var(--c5); stroke: var(--c5); }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 0.2rem 1.2rem; margin: 0.5rem 0 0; padding: 0; font-size: 0.9rem; }
.swatch { display: inline-block; width: 1rem; height: 0.25rem; margin-right: 0.4rem; vertical-align: middle; }
.swatch { background: currentcolor; } .c0 { color: var(--c0); } .c1 { color: var(--c1); } .c2 { color: var(--c2); }
.c3 { color: var(--c3); } .c4 { color: var(--c4); } .c5 { color: var(--c5); }
.swatch.dashed { background: repeating-linear-gradient(90deg, currentcolor 0 4px, transparent 4px 6px); } .swatch.hollow { height: 0.8rem; background: none; border: 1.5px dashed var(--soft); }
@media (max-width: 40rem) { figure svg { min-width: 30rem; } figure svg text { font-size: 17px; } }
";
