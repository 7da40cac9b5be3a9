import Table from 'cli-table3';

export interface Column<Row> {
  readonly title: string;
  /** 0 stays for ever, the highest goes first when the terminal is too narrow. */
  readonly rank: number;
  /** When its column has no room, what it says stands below its row instead of being left out. */
  readonly orBelow?: true;
  readonly cell: (row: Row) => string;
  readonly paint?: (text: string, row: Row) => string;
}

/** Borderless, two blanks between columns; undefined width: nothing is left out. */
export function tableText<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  width: number | undefined,
): string {
  const cells = rows.map((row) => columns.map((column) => column.cell(row).replaceAll(/\s+/g, ' ')));
  const widths = columns.map((column, at) =>
    Math.max(column.title.length, ...cells.map((row) => row[at]?.length ?? 0)),
  );
  const shown = fitting(columns, widths, width);
  const body = rows.map((row, index) =>
    shown.map((at) => columns[at]?.paint?.(cells[index]?.[at] ?? '', row) ?? cells[index]?.[at] ?? ''),
  );
  const titles = shown.map((at) => columns[at]?.title ?? '');
  const below = columns.flatMap(({ orBelow }, at) => (orBelow === true && !shown.includes(at) ? [at] : []));
  const lines = borderless([titles, ...body]).split('\n');
  return lines.flatMap((line, at) => [line, ...belowRow(cells[at - 1] ?? [], below)]).join('\n');
}

function belowRow(cells: readonly string[], columns: readonly number[]): string[] {
  return columns.flatMap((at) => (cells[at] ? [`   ${cells[at]}`] : []));
}

/** Columns that fit, in their order; those of rank 0 always do. */
function fitting<Row>(
  columns: readonly Column<Row>[],
  widths: readonly number[],
  width: number | undefined,
): readonly number[] {
  const shown = columns.map((_, at) => at);
  const needed = () => shown.reduce((sum, at) => sum + (widths[at] ?? 0) + 2, 0);
  while (width !== undefined && needed() > width) {
    const least = Math.max(...shown.map((at) => columns[at]?.rank ?? 0));
    if (least === 0) break;
    shown.splice(
      shown.findLastIndex((at) => columns[at]?.rank === least),
      1,
    );
  }
  return shown;
}

export function borderless(rows: readonly (readonly string[])[]): string {
  const chars: Record<string, string> = { middle: '  ' };
  for (const side of ['top', 'bottom', 'left', 'mid', 'right'])
    for (const end of ['', '-mid', '-left', '-right']) chars[side + end] = '';
  const table = new Table({ chars, style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 } });
  table.push(...rows.map((row) => [...row]));
  return table.toString().replaceAll(/ +$/gm, '');
}
