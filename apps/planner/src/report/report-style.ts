/** Readable in light and dark, on paper and on a telephone; colours only repeat what a word says. */
export const REPORT_STYLE = `
:root { color-scheme: light dark; --text: #1b1f24; --quiet: #57606a; --line: #d0d7de; --back: #fff; --good: #116329; --bad: #a40e26; --bar: #54718f; --down: #b35900 }
@media (prefers-color-scheme: dark) { :root { --text: #e6edf3; --quiet: #9ba6b2; --line: #3a424c; --back: #12161c; --good: #5fce7b; --bad: #ff8a94; --bar: #6d92b8; --down: #e69138 } }
* { box-sizing: border-box }
body { margin: 0; background: var(--back); color: var(--text); font: 15px/1.5 system-ui, "DejaVu Sans", sans-serif }
main { max-width: 76rem; margin: 0 auto; padding: 2rem 1.25rem 4rem }
header { display: flex; flex-wrap: wrap; align-items: baseline; gap: .5rem 1.25rem; border-bottom: 1px solid var(--line); padding-bottom: .75rem; margin-bottom: 1rem }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0; overflow-wrap: anywhere }
h2 { font-size: 1.15rem; margin: 2.25rem 0 .5rem }
.status { margin: 0; font-weight: 600; padding: .1rem .65rem; border: 1.5px solid currentColor; border-radius: 1rem }
.good.status, .good .state { color: var(--good) }
.bad.status, .bad .state, .why strong { color: var(--bad) }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(30rem, 100%), 1fr)); gap: .35rem 1.5rem; margin: 0 }
dl div { display: flex; gap: .75rem; min-width: 0 }
dt { flex: 0 0 11rem; color: var(--quiet); overflow-wrap: anywhere }
dd { margin: 0; min-width: 0; overflow-wrap: anywhere }
.wide { overflow-x: auto }
table { border-collapse: collapse; width: 100% }
caption { text-align: left; color: var(--quiet); padding-bottom: .35rem }
th, td { text-align: left; vertical-align: top; padding: .3rem .9rem .3rem 0; border-bottom: 1px solid var(--line) }
thead th { color: var(--quiet); font-weight: 600; border-bottom-width: 2px }
tbody th { font-weight: 600; white-space: nowrap }
td { overflow-wrap: break-word }
.state { white-space: nowrap }
h3 { font-size: 1rem; margin: 1.25rem 0 .35rem }
ul { margin: .35rem 0; padding-left: 1.2rem }
li small { display: block; color: var(--quiet); overflow-wrap: anywhere }
.number { font-variant-numeric: tabular-nums; white-space: nowrap; text-align: right }
.when { font-variant-numeric: tabular-nums; white-space: nowrap }
.down { color: var(--down); white-space: nowrap }
.lane { position: relative; width: 22%; min-width: 9rem; padding: 0 }
.bar { position: absolute; top: .65rem; height: .55rem; border-radius: .2rem; background: var(--bar) }
.bar.stopped { background: var(--down) }
@media print { body { font-size: 11px } main { max-width: none; padding: 0 } tr { break-inside: avoid } }
`;
