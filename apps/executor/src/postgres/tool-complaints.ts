/** So many lines are told. */
const TOLD_LINES = 12;
/** A line of the tool itself; with parallel workers it may begin in the middle of another. */
const OWN = /\bpg_\w+: /;
const COMPLAINT = /\bpg_\w+: (?:(?:error|fatal|detail|hint|warning): |from TOC entry )/;
/** The server's own lines that quote rows. */
const QUOTES_ROWS = /^\s*(?:DETAIL|CONTEXT): /;
const OF_SERVER = /^\s*(?:ERROR|FATAL|HINT|LOCATION|STATEMENT|Command was): /;

/**
 * What a tool wrote to its standard error, as far as a failure tells it: the first of its complaints, which name the
 * cause, or else its last lines. With parallel workers a complaint may lie hundreds of lines before the end. Rows of
 * customers, which the server quotes, are never among them.
 */
export class ToolComplaints {
  private readonly complaints: string[] = [];
  private readonly tail: string[] = [];
  private within: 'progress' | 'complaint' | 'rows' = 'progress';

  hear(line: string): void {
    if (COMPLAINT.test(line)) this.within = 'complaint';
    else if (OWN.test(line)) this.within = 'progress';
    else if (QUOTES_ROWS.test(line)) this.within = 'rows';
    else if (OF_SERVER.test(line)) this.within = 'complaint';
    if (this.within === 'rows') return;
    if (this.within === 'complaint' && this.complaints.length < TOLD_LINES) this.complaints.push(line);
    this.tail.push(line);
    if (this.tail.length > TOLD_LINES) this.tail.shift();
  }

  get lines(): readonly string[] {
    return this.complaints.length > 0 ? this.complaints : this.tail;
  }
}
